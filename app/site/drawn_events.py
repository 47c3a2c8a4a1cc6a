"""What calendars and strips draw: editions as values, with what is said beside them.

All spans are days with the end exclusive, as in iCalendar.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from app.site.dates import Precision, month_of_year, parse_locale

Change: TypeAlias = Literal["", "new", "moved", "removed"]


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


def group_by_month(events: Iterable[Event], *, locale: str = "en") -> tuple[MonthGroup, ...]:
    """Group ``events`` by the month in which they begin, in order of time."""
    ordered = sorted(events, key=lambda event: (event.dtstart, event.title))
    return tuple(
        MonthGroup(month_of_year(date(*key, 1), parse_locale(locale)), *key, tuple(group))
        for key, group in groupby(ordered, lambda event: (event.dtstart.year, event.dtstart.month))
    )
