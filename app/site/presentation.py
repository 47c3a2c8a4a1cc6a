"""How calendars and plans are laid out: pure functions between the views' values and the macros.

All spans are days with the end exclusive, as in iCalendar. ``install`` gives the macros what they
call, in the reader's language.
"""

from calendar import Calendar
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias

from babel.dates import format_date, get_day_names
from jinja2 import Environment
from jinja2.runtime import Macro
from markupsafe import Markup

from app.site.dates import (
    DAY,
    Precision,
    date_block_parts,
    format_day,
    format_moment,
    format_short_span,
    format_span,
    month_of_year,
    parse_locale,
)
from app.site.states import series_words, state_of

Look: TypeAlias = Literal[
    "settled", "projected", "call", "postponed", "cancelled", "new", "removed"
]
Sign: TypeAlias = Look | Literal["moved", "milestones"]  # what a legend explains
Change: TypeAlias = Literal["", "new", "moved", "removed"]

WEEK = 7
MILESTONE_WIDTH = 23.0  # the room, in per cent, of a milestone's words


class Clash(NamedTuple):
    """Why an event cannot, or should not, lie where it lies; ``level`` is hard, soft or load."""

    level: str
    text: str


class MilestoneMark(NamedTuple):
    """A day on the way to an event, with its words; ``is_next`` where it is the next to come."""

    day: date
    words: str
    is_next: bool = False


class Event(NamedTuple):
    """An edition as calendars and strips draw it; ``dtend`` is the day after its last one."""

    title: str
    dtstart: date
    dtend: date
    kind: str = "symposium"
    status: str = "announced"
    place: str = ""
    url: str = ""
    precision: Precision = "day"
    call: tuple[date, date] | None = None  # [from, to) between which hosts may offer
    moved_from: date | None = None  # where it lies before the plan that is being looked at
    change: Change = ""  # what that plan does with it
    clash: Clash | None = None
    milestones: tuple[MilestoneMark, ...] = ()
    key: str = ""  # by which another week can be tried; empty where it cannot be moved


@dataclass(frozen=True, slots=True)
class MonthGroup:
    """The events of one month, with its name and year, for lists."""

    title: str
    year: int
    month: int
    events: tuple[Event, ...]


def format_month(year: int, month: int, *, locale: str = "en") -> str:
    """Say a month and its year: ``September 2023``."""
    return month_of_year(date(year, month, 1), parse_locale(locale))


def group_by_month(events: Iterable[Event], *, locale: str = "en") -> tuple[MonthGroup, ...]:
    """Group ``events`` by the month in which they begin, in order of time."""
    ordered = sorted(events, key=lambda event: (event.dtstart, event.title))
    return tuple(
        MonthGroup(month_of_year(date(*key, 1), parse_locale(locale)), *key, tuple(group))
        for key, group in groupby(ordered, lambda event: (event.dtstart.year, event.dtstart.month))
    )


# Months and years as grids


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


# The years ahead


class Lane(NamedTuple):
    """A series or a region in the strip: its name, its rhythm in words, its editions.

    ``kind`` is empty where a lane holds several kinds of series.
    """

    title: str
    kind: str
    events: tuple[Event, ...] = ()
    rhythm: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """An edition's place in the strip; positions and widths in per cent of the whole."""

    event: Event
    look: Look
    x: float
    width: float
    row: int
    label_ends: bool  # the words stand before the bar, since there is no room behind it
    when: str = ""  # its days, where the year is known
    days: str = ""  # its days in full
    offers_until: str = ""  # the last day on which hosts may offer
    call: tuple[float, float] | None = None  # x and width of the call for hosts
    moved_from: float | None = None
    milestones: tuple[tuple[float, MilestoneMark], ...] = ()  # (x, mark)


@dataclass(frozen=True, slots=True)
class StripLane:
    """A lane with its bars, stacked in as many rows as their words need."""

    lane: Lane
    bars: tuple[Bar, ...]
    rows: int

    @property
    def row_height(self) -> int:
        """The pixels of a row: milestones stand below the bars."""
        return 68 if any(bar.milestones for bar in self.bars) else 44


@dataclass(frozen=True, slots=True)
class Strip:
    """Years as columns, series as lanes; ``today`` is a position, or None outside."""

    years: tuple[tuple[int, float], ...]  # (year, x)
    lanes: tuple[StripLane, ...]
    today: float | None
    start: date
    end: date

    @property
    def by_year(self) -> tuple[tuple[int, tuple[tuple[Lane, Event], ...]], ...]:
        """The same as lists, one a year, in order of time."""
        in_order = sorted(
            ((drawn.lane, bar.event) for drawn in self.lanes for bar in drawn.bars),
            key=lambda item: (item[1].dtstart, item[0].title),
        )
        return tuple(
            (year, tuple(group))
            for year, group in groupby(in_order, lambda item: item[1].dtstart.year)
        )

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Every bar, whatever its lane."""
        return tuple(bar for lane in self.lanes for bar in lane.bars)


LOOKS: dict[str, Look] = {
    "projected": "projected",
    "call_open": "call",
    "under_evaluation": "call",
    "postponed": "postponed",
    "cancelled": "cancelled",
}


def lay_out_strip(
    lanes: Iterable[Lane],
    first_year: int,
    last_year: int,
    *,
    today: date | None = None,
    label_width: float = 12.0,
    locale: str = "en",
) -> Strip:
    """Lay the editions of ``first_year`` to ``last_year`` (both included) into a strip.

    ``label_width`` is the room, in per cent, that the words of one bar take; bars whose words would
    meet go to rows of their own.
    """
    start, end = date(first_year, 1, 1), date(last_year + 1, 1, 1)
    position = partial(_position, start=start, end=end)
    return Strip(
        years=tuple(
            (year, position(date(year, 1, 1))) for year in range(first_year, last_year + 1)
        ),
        lanes=tuple(_lay_out_lane(lane, position, label_width, locale) for lane in lanes),
        today=position(today) if today and start <= today < end else None,
        start=start,
        end=end,
    )


def signs_of(lanes: Iterable[Lane], first_year: int, last_year: int) -> set[Sign]:
    """Return what the strip of these years shows and a legend explains."""
    years = range(first_year, last_year + 1)
    found: set[Sign] = set()
    for lane in lanes:
        for event in lane.events:
            if event.dtstart.year in years:
                found.add(look_of(event))
                if event.moved_from is not None:
                    found.add("moved")
                if event.milestones:
                    found.add("milestones")
    return found


def look_of(event: Event) -> Look:
    """Return how the bar of ``event`` looks: what a plan does with it comes before its state."""
    if event.change in {"new", "removed"}:
        return "new" if event.change == "new" else "removed"
    return LOOKS.get(event.status, "settled")


def _position(day: date, start: date, end: date) -> float:
    clipped = min(max(day, start), end)
    return round(100 * (clipped - start).days / (end - start).days, 2)


def _lay_out_lane(
    lane: Lane, position: partial[float], label_width: float, locale: str
) -> StripLane:
    start, end = position.keywords["start"], position.keywords["end"]
    bars: list[Bar] = []
    taken_to: list[float] = []  # per row, the per cent up to which it is full
    visible = (event for event in lane.events if start <= event.dtstart < end)
    for event in sorted(visible, key=lambda event: event.dtstart):
        x = position(event.dtstart)
        width = round(position(event.dtend) - x, 2)
        old = position(event.moved_from) if event.moved_from else None
        # The words stand away from the old place, if there is room.
        label_ends = x + label_width > 100 or (old is not None and label_width < x < old)  # noqa: PLR2004 - per cent
        call = event.call and _stretch(event.call, position)
        marks = tuple(
            (position(mark.day), mark) for mark in event.milestones if start <= mark.day < end
        )
        beside = [place for place in (old, call and call[0], *(x for x, _ in marks)) if place]
        if marks:  # the words of the next one stand before the first, else behind the last
            has_room = marks[0][0] > MILESTONE_WIDTH
            beside.append(
                marks[0][0] - MILESTONE_WIDTH if has_room else marks[-1][0] + MILESTONE_WIDTH
            )
        left = min([x - label_width if label_ends else x, *beside])
        right = max([x + width if label_ends else x + max(width, label_width), *beside])
        row = next((row for row, full in enumerate(taken_to) if full <= left), len(taken_to))
        taken_to[row : row + 1] = [right]
        bars.append(
            Bar(
                event,
                look_of(event),
                x,
                width,
                row,
                label_ends,
                format_short_span(event.dtstart, event.dtend, event.precision, locale=locale),
                format_span(event.dtstart, event.dtend, event.precision, locale=locale),
                format_day(event.call[1] - DAY, locale=locale) if event.call else "",
                call,
                old,
                marks,
            )
        )
    return StripLane(lane, tuple(bars), max(1, len(taken_to)))


def _stretch(
    days: tuple[date, date], position: Callable[[date], float]
) -> tuple[float, float] | None:
    """Return x and width of ``[from, to)``, None where nothing of it is in the strip."""
    x, beyond = (position(day) for day in days)
    return (x, round(beyond - x, 2)) if x < beyond else None


@lru_cache(maxsize=512)
def _kept(_locale: str, macro: Macro, *values: Hashable) -> Markup:
    """Draw ``macro`` once for equal ``values``; all that it draws from is among them.

    A plan of fifty lanes is drawn again after a change, and then only the lane that changed.
    """
    return Markup(macro(*values))  # noqa: S704 - what an escaping macro returns  # nosec B704


def install(environment: Environment, current_locale: Callable[[], str]) -> None:
    """Give the macros of ``environment`` what they call, in the locale of the moment."""

    def localized(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: object, **options: object) -> object:
            return function(*args, **options, locale=current_locale())

        return call

    def kept(macro: Macro, *values: Hashable) -> Markup:
        return _kept(current_locale(), macro, *values)

    environment.globals["kept"] = kept
    for function in (
        date_block_parts,
        format_day,
        format_moment,
        format_month,
        format_short_span,
        format_span,
        group_by_month,
        lay_out_month,
        lay_out_strip,
        lay_out_year,
    ):
        environment.globals[function.__name__] = localized(function)
    environment.globals.update(
        signs_of=signs_of,
        parse_day=date.fromisoformat,
        series_words=series_words,
        state_of=state_of,
    )
