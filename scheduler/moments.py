"""Recurrence rules of moments: times on the wall clock of a zone, or of none.

>>> rule = MomentRule("FREQ=YEARLY;COUNT=3;BYMONTH=3;BYDAY=-1SU", datetime(2026, 3, 29, 2, 30),
...                   "Europe/Paris")
>>> [moment.isoformat() for moment in moments_of_years(rule, 2026, 2028)]
['2026-03-29T01:30:00+00:00', '2027-03-28T01:30:00+00:00', '2028-03-26T01:30:00+00:00']
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING

from scheduler.rrule_expansion import LAST_DAY, Expansion
from scheduler.rrule_parts import Kind, read_recur, refuse
from scheduler.timespan import YearError, check_year, find_zone, instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class MomentRule:
    """A RECUR value (RFC 5545 §3.3.10) counted from a DTSTART with a time.

    All datetimes are naive times of the wall clock, to the second. ``tzid`` is an IANA name, or
    ``None`` for floating times. UNTIL is in UTC, or floating like DTSTART.
    """

    rrule: str
    dtstart: datetime
    tzid: str | None = None
    rdates: tuple[datetime, ...] = ()
    exdates: tuple[datetime, ...] = ()


def validate(rule: MomentRule) -> None:
    """Check that ``rule`` means something, without expanding it.

    Raises:
        RecurrenceRuleError: as for `recurrence.validate`.
        UnknownZoneError: there is no such zone.
        YearError: RDATE or EXDATE leaves the years 1 to 9999 in UTC.
    """
    _Reading.of(rule)


def moments_of_years(rule: MomentRule, first: int, last: int) -> list[datetime]:
    """Return the moments in the years ``first`` to ``last`` of the wall clock, ascending.

    Both years are included. Zoned moments are in UTC, floating ones naive; each comes once,
    gaps and folds resolved as `timespan.instant` does. What has no name in UTC within the years
    1 to 9999 is left out.

    Raises:
        YearError: a year is outside 1 to 9999.
        RecurrenceRuleError, UnknownZoneError: as for `validate`, or the window holds more than
            `rrule_expansion.MAX_OCCURRENCES`.
    """
    start, end = date(check_year(first), 1, 1), date(check_year(last), 12, 31)
    reading = _Reading.of(rule)
    # Bounded before zones are looked at, which cost far more than slots.
    slots = reading.expansion.bounded(start.toordinal(), reading.cut(end.toordinal() + 1))
    added = (reading.read(wall) for wall in rule.rdates if first <= wall.year <= last)
    # Compared as instants: a time in a gap can be the same moment as one after it.
    return sorted(
        {*(moment for _, moment in reading.own(slots)), *added}.difference(reading.removed)
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """A rule that was checked, and how its wall clock is read."""

    expansion: Expansion
    zone: ZoneInfo | None
    until: datetime | None
    removed: frozenset[datetime] = frozenset()

    @classmethod
    def of(cls, rule: MomentRule) -> _Reading:
        """Refuse what `validate` refuses; return the rest, ready to expand."""
        for wall in (rule.dtstart, *rule.rdates, *rule.exdates):
            if wall.tzinfo or wall.microsecond:
                problem = f"{wall.isoformat()} is no time of the wall clock in whole seconds."
                refuse(problem)
        zone = None if rule.tzid is None else find_zone(rule.tzid)
        recur = read_recur(rule.rrule, Kind.FLOATING if zone is None else Kind.ZONED)
        expansion = Expansion.of(recur, rule.dtstart.date(), rule.dtstart.time())
        # Read with a time because DTSTART has one, in UTC because there is a zone.
        until = recur.until if isinstance(recur.until, datetime) else None
        if until and zone:
            until = until.replace(tzinfo=UTC)
        reading = cls(expansion, zone, until)
        reading = replace(reading, removed=frozenset(map(reading.read, rule.exdates)))
        reading.check(rule)
        return reading

    def check(self, rule: MomentRule) -> None:
        """Refuse a rule without moments, or with a DTSTART beside it."""
        first = next(self.own(self.slots()), None)
        if first is None:
            self.expansion.refuse_for_never()
        wall, _ = first
        if wall != rule.dtstart and self.read(rule.dtstart) not in self.removed:
            self.expansion.refuse_for_start(rule.dtstart, wall)
        if self.removed and self.removed.issuperset(map(self.read, rule.rdates)):
            # Two times of the wall clock are one moment at most, so these are enough to decide.
            some = islice(self.own(self.slots()), 2 * len(self.removed) + 1)
            if self.removed.issuperset(moment for _, moment in some):
                refuse("EXDATE removes every occurrence of it.")

    def read(self, wall: datetime) -> datetime:
        """Return the moment at ``wall``, in UTC if there is a zone."""
        return wall if self.zone is None else instant(wall, self.zone)

    def cut(self, upper: int) -> int:
        """Return the ordinal day ``upper``, or an earlier one that UNTIL surely forbids."""
        # No zone is two days from UTC.
        return upper if self.until is None else min(upper, self.until.toordinal() + 2)

    def slots(self) -> Iterator[int]:
        """Yield all slots of the rule, up to two days after UNTIL."""
        return self.expansion.slots(1, self.cut(LAST_DAY + 1))

    def own(self, slots: Iterable[int]) -> Iterator[tuple[datetime, datetime]]:
        """Yield the wall times of ``slots`` until UNTIL, and their moments.

        They are those of the rule alone, without RDATE and EXDATE.
        """
        times, until = self.expansion.times, self.until
        for slot in slots:
            day, index = divmod(slot, len(times))
            wall = datetime.combine(date.fromordinal(day), times[index])
            try:
                moment = self.read(wall)
            except YearError:
                continue
            if until is None or moment <= until:
                yield wall, moment
