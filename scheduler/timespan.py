"""Days, moments and zones: the one place that resolves gaps and folds of the wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


class UnknownZoneError(DomainError):
    """A zone that the pinned tzdata does not have."""

    message = N_("There is no time zone “{tzid}”. Zones are named as in Europe/Paris or UTC.")


class YearError(DomainError):
    """A year that the calendar here does not reach."""

    message = N_("The year {year} is out of reach: years run from 1 to 9999.")


class EmptySpanError(DomainError):
    """A span that ends before its first day is over."""

    message = N_("The last day, {last_day}, lies before the first, {dtstart}.")


@dataclass(frozen=True, slots=True, order=True)
class DaySpan:
    """Whole days ``[dtstart, dtend)``; like DTEND of RFC 5545 §3.6.1, the end is exclusive.

    >>> span = DaySpan(date(2027, 3, 2), date(2027, 3, 5))
    >>> span.days, span.last_day
    (3, datetime.date(2027, 3, 4))

    Raises:
        EmptySpanError: it holds no day.
    """

    dtstart: date
    dtend: date

    def __post_init__(self) -> None:
        if self.dtend <= self.dtstart:
            raise EmptySpanError(dtstart=self.dtstart, last_day=self.dtend - timedelta(days=1))

    @classmethod
    def of(cls, dtstart: date, days: int) -> DaySpan:
        """Return the span of ``days`` days from ``dtstart`` on.

        Raises:
            YearError: it would end after the year 9999.
        """
        return cls(dtstart, day_after(dtstart, days))

    @property
    def days(self) -> int:
        """How many days the span holds."""
        return (self.dtend - self.dtstart).days

    @property
    def last_day(self) -> date:
        """The last day, which people read; ``dtend`` is the day after."""
        return self.dtend - timedelta(days=1)

    def overlaps(self, other: DaySpan) -> bool:
        """Whether both spans hold some day; spans that only touch do not."""
        return self.dtstart < other.dtend and other.dtstart < self.dtend


def day_after(day: date, days: int = 1) -> date:
    """Return the day ``days`` days after ``day``.

    Raises:
        YearError: it lies beyond the years 1 to 9999.
    """
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise YearError(year=MAXYEAR + 1 if days > 0 else MINYEAR - 1) from error


def check_year(year: int) -> int:
    """Return ``year`` if days in it can be named.

    Raises:
        YearError: it lies outside 1 to 9999.
    """
    if not MINYEAR <= year <= MAXYEAR:
        raise YearError(year=year)
    return year


@lru_cache(maxsize=1)
def _zone_names() -> AbstractSet[str]:
    return frozenset(available_timezones())


def find_zone(tzid: str) -> ZoneInfo:
    """Return the zone of an IANA name.

    Raises:
        UnknownZoneError: there is none of that name.
    """
    # ZoneInfo("Europe") or ("../x") fail in a handful of other ways; the list knows all names.
    if tzid not in _zone_names():
        raise UnknownZoneError(tzid=tzid[:60])
    return ZoneInfo(tzid)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC moment at which clocks in ``zone`` show ``wall`` (RFC 5545 §3.3.5, form 3).

    A time that occurs twice means the first; one that is skipped is read with the offset before
    the gap, so it lands as long after the change as it meant to be.

    >>> paris = find_zone("Europe/Paris")
    >>> instant(datetime(2027, 3, 28, 2, 30), paris).isoformat()  # skipped: 03:30 summer time
    '2027-03-28T01:30:00+00:00'
    >>> instant(datetime(2027, 10, 31, 2, 30), paris).isoformat()  # twice: the first
    '2027-10-31T00:30:00+00:00'

    Raises:
        YearError: the moment lies beyond the years 1 to 9999 in UTC.
    """
    try:
        return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except OverflowError as error:
        raise YearError(year=0 if wall.year == MINYEAR else MAXYEAR + 1) from error
