"""The years ahead as a strip: lanes of bars, their places and widths in per cent of the whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from app.site.dates import DAY, format_day, format_short_span, format_span
from app.site.drawn_events import Event, MilestoneMark

Look: TypeAlias = Literal[
    "settled", "projected", "call", "postponed", "cancelled", "new", "removed"
]
Sign: TypeAlias = Look | Literal["moved", "milestones"]  # what a legend explains

MILESTONE_WIDTH = 23.0  # the room, in per cent, of a milestone's words


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
