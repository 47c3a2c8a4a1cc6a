"""Months and years as grids of weeks: where each event's bar lies, and what found no lane."""

from calendar import Calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date, get_day_names

from app.site.dates import DAY, month_of_year, parse_locale
from app.site.drawn_events import Event

WEEK = 7


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of days in one lane of a week: an event's bar, or room where ``event`` is None."""

    span: int
    event: Event | None = None
    starts: bool = True  # False: the bar goes on from the week before
    ends: bool = True  # False: the bar goes on in the week after


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a grid; ``hidden`` counts the events that found no lane ("+2 more")."""

    date: date
    is_in_month: bool
    is_today: bool
    hidden: int = 0
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from Monday on, and the lanes of bars below them."""

    days: tuple[Day, ...]
    lanes: tuple[tuple[Segment, ...], ...]


@dataclass(frozen=True, slots=True)
class Month:
    """One month as a grid of whole weeks, with the events that touch it."""

    year: int
    month: int
    title: str
    name: str
    weekdays: tuple[tuple[str, str], ...]  # (short, full)
    weeks: tuple[Week, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months."""

    year: int
    months: tuple[Month, ...]


def lay_out_month(
    year: int,
    month: int,
    events: Iterable[Event],
    *,
    today: date | None = None,
    max_lanes: int = 3,
    locale: str = "en",
) -> Month:
    """Lay ``events`` into the weeks of a month, one bar a week, longer bars in the upper lanes.

    Events known only to the month or year have no day and appear in ``events`` alone.
    """
    place = parse_locale(locale)
    ordered = sorted(events, key=lambda event: (event.dtstart, -event.dtend.toordinal()))
    dated = [event for event in ordered if event.precision == "day"]
    first = date(year, month, 1)
    after = (first + 31 * DAY).replace(day=1)
    short, full = (get_day_names(width, locale=place) for width in ("abbreviated", "wide"))
    return Month(
        year=year,
        month=month,
        title=month_of_year(first, place),
        name=format_date(first, "LLLL", locale=place),
        weekdays=tuple((short[day], full[day]) for day in range(WEEK)),
        weeks=tuple(
            _lay_out_week(days, month, dated, today, max_lanes)
            for days in Calendar(firstweekday=0).monthdatescalendar(year, month)
        ),
        events=tuple(event for event in ordered if event.dtstart < after and event.dtend > first),
    )


def lay_out_year(
    year: int, events: Iterable[Event], *, today: date | None = None, locale: str = "en"
) -> Year:
    """Lay ``events`` into twelve months."""
    every = list(events)
    layouts = (
        lay_out_month(year, month, every, today=today, max_lanes=2, locale=locale)
        for month in range(1, 13)
    )
    return Year(year, tuple(layouts))


def _lay_out_week(
    days: Sequence[date], month: int, events: Iterable[Event], today: date | None, max_lanes: int
) -> Week:
    start, end = days[0], days[-1] + DAY
    lanes: list[list[Event]] = []
    hidden: list[Event] = []
    here = [event for event in events if event.dtstart < end and event.dtend > start]
    for event in here:
        lane = next((lane for lane in lanes if lane[-1].dtend <= event.dtstart), None)
        if lane is not None:
            lane.append(event)
        elif len(lanes) < max_lanes:
            lanes.append([event])
        else:
            hidden.append(event)
    return Week(
        days=tuple(
            Day(
                day,
                is_in_month=day.month == month,
                is_today=day == today,
                hidden=len(_on(day, hidden)),
                events=_on(day, here),
            )
            for day in days
        ),
        lanes=tuple(_segments(lane, start, end) for lane in lanes),
    )


def _on(day: date, events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(event for event in events if event.dtstart <= day < event.dtend)


def _segments(lane: Iterable[Event], start: date, end: date) -> tuple[Segment, ...]:
    segments = []
    free_from = start
    for event in lane:
        first, after = max(event.dtstart, start), min(event.dtend, end)
        if first > free_from:
            segments.append(Segment((first - free_from).days))
        segments.append(
            Segment((after - first).days, event, event.dtstart >= start, event.dtend <= end)
        )
        free_from = after
    if free_from < end:
        segments.append(Segment((end - free_from).days))
    return tuple(segments)
