"""The days and times that a RECUR value yields (RFC 5545 §3.3.10), counted from a DTSTART.

Days are proleptic Gregorian ordinals (``date.toordinal``). A *slot* is a day and one of the
rule's times of day in one integer, ``day * len(times) + index``; a rule of days has one time, so
its slots are its days. What a period yields depends only on its kind (a year: its first weekday
and the leap years around it; a month: its first weekday and length), so each kind is worked out
once, and a window far from DTSTART is jumped to.
"""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, date, time
from itertools import islice, pairwise, product, takewhile
from math import gcd
from typing import TYPE_CHECKING, NoReturn

from scheduler.errors import RecurrenceRuleError
from scheduler.rrule_parts import Frequency, Recur, WeekdayNumber, complete, refuse
from scheduler.rrule_words import say_day, say_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_OCCURRENCES = 50_000
"""A window that holds more of a rule is refused; every day of a century fits."""
LAST_DAY = date.max.toordinal()
_COMMON = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_LEAP = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366)
# The calendar repeats after 400 years; a rule that skips a whole cycle never comes back.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
_CYCLE = {
    Frequency.YEARLY: _CYCLE_YEARS,
    Frequency.MONTHLY: 12 * _CYCLE_YEARS,
    Frequency.WEEKLY: _CYCLE_DAYS // 7,
}
_A_WHILE = 14
"""So many empty periods in a row make it worth asking whether the rule can occur at all."""
_DAYS_OF_WEEK_1 = 4
"""A week belongs to the year that holds at least so many of its days."""


def weekday_of(day: int) -> int:
    """Return the weekday of an ordinal day; Monday is 0."""
    return (day - 1) % 7


@dataclass(slots=True)
class Expansion:
    """A RECUR value laid on the DTSTART that it counts from.

    ``times`` are the rule's times of day, ascending; a rule of days has the one time midnight.
    ``first`` is the slot of DTSTART, or of the next time on its day or after.
    """

    recur: Recur
    dtstart: date
    times: tuple[time, ...]
    first: int
    _kinds: dict[tuple[int, ...], tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, recur: Recur, dtstart: date, clock: time = time.min) -> Expansion:
        """Lay ``recur`` on ``dtstart`` at ``clock``, which fill in what the rule leaves open."""
        recur = complete(recur, dtstart)
        times = tuple(
            time(*parts)
            for parts in product(
                recur.byhour or (clock.hour,),
                recur.byminute or (clock.minute,),
                recur.bysecond or (clock.second,),
            )
        )
        if recur.freq == Frequency.DAILY and recur.bysetpos:
            # The set of a day is its times, the same every day.
            times = tuple(times[index] for index in _positions(recur.bysetpos, len(times)))
            recur = replace(recur, bysetpos=())
        before_clock = sum(moment < clock for moment in times)
        return cls(recur, dtstart, times, dtstart.toordinal() * len(times) + before_clock)

    def slots(self, lower: int, upper: int) -> Iterator[int]:
        """Yield the rule's slots of the days ``[lower, upper)``, ascending.

        COUNT is counted from DTSTART, UNTIL is the caller's: zones are none of our business.
        """
        lower, upper = lower * len(self.times), upper * len(self.times)
        if self.recur.count is None:
            slots = self._from(max(lower, self.first))
        else:
            counted = islice(self._from(self.first), self.recur.count)
            slots = (slot for slot in counted if slot >= lower)
        return takewhile(upper.__gt__, slots)

    def bounded(self, lower: int, upper: int) -> list[int]:
        """Return the rule's slots of the days ``[lower, upper)``, like `slots`.

        Raises:
            RecurrenceRuleError: they are more than `MAX_OCCURRENCES`.
        """
        too_much = self._is_too_much(lower, upper)
        slots = [] if too_much else list(islice(self.slots(lower, upper), MAX_OCCURRENCES + 1))
        if too_much or len(slots) > MAX_OCCURRENCES:
            refuse(f"it occurs more than {MAX_OCCURRENCES:,} times in the days asked for.")
        return slots

    def _is_too_much(self, lower: int, upper: int) -> bool:
        """Whether whole periods alone are too many; a look at their sizes, without their slots."""
        count = len(self.times)
        if self.recur.count is not None or (upper - lower) * count <= MAX_OCCURRENCES:
            return False
        size = 0
        for base, days in self._periods(max(lower, self.dtstart.toordinal())):
            if base + _LEAP[-1] > upper or size > MAX_OCCURRENCES:
                break
            if base >= lower:
                size += len(self._choose(days)) if self.recur.bysetpos else len(days) * count
        return size > MAX_OCCURRENCES

    def refuse_for_never(self) -> NoReturn:
        """Say that nothing is left of the rule.

        Raises:
            RecurrenceRuleError: always.
        """
        until = self.recur.until
        if until is not None and until.toordinal() < self.dtstart.toordinal():
            problem = f"it ends on {say_day(until)}, before it starts on {say_day(self.dtstart)}."
            refuse(problem, "FREQ=YEARLY;COUNT=10")
        refuse(f"it never occurs from {say_day(self.dtstart)} on.")

    def refuse_for_start(self, start: date, first: date) -> NoReturn:
        """Say that DTSTART does not fall on the rule (undefined by RFC 5545 §3.8.5.3).

        Raises:
            RecurrenceRuleError: always.
        """
        raise RecurrenceRuleError(
            problem=f"it does not fall on its own start, {say_start(start)}.",
            accepted=f"It could start on {say_start(first)}.",
        )

    def _from(self, lower: int) -> Iterator[int]:
        """Yield all slots from ``lower`` on, to the end of the calendar."""
        count = len(self.times)
        if not count:
            return
        upper = (LAST_DAY + 1) * count
        first_day, empty, patience = lower // count, 0, self._patience()
        for base, days in self._periods(first_day):
            slots: Iterable[int]
            named = days
            if self.recur.bysetpos:
                slots = named = self._choose(days)
            elif count == 1:
                slots = days
            else:
                # Lazily: a year of minutes is half a million slots.
                later = (day for day in days if base + day >= first_day)
                slots = (day * count + index for day in later for index in range(count))
            empty = 0 if named else empty + 1
            if empty > patience or (empty == _A_WHILE and not self._can_occur()):
                return
            for slot in slots:
                if lower <= (absolute := base * count + slot) < upper:
                    yield absolute

    def _patience(self) -> int:
        """Return how many empty periods in a row prove that nothing follows."""
        interval = self.recur.interval
        if self.recur.freq == Frequency.DAILY:
            return _CYCLE_YEARS * interval // gcd(interval, _CYCLE_DAYS)
        cycle = _CYCLE[self.recur.freq]
        return cycle // gcd(interval, cycle)

    def _can_occur(self) -> bool:
        """Whether some kind of period yields anything; a quick look, so never wrongly false."""
        recur = self.recur
        match recur.freq:
            case Frequency.WEEKLY if recur.bysetpos:
                return bool(_positions(recur.bysetpos, len(recur.byday) * len(self.times)))
            case Frequency.MONTHLY:
                lengths = {
                    starts[month + 1] - starts[month]
                    for month in self._months_met()
                    for starts in (_COMMON, _LEAP)
                }
                kinds = product(range(7), lengths)
                days = map(self._days_of_month, *zip(*kinds, strict=True))
                return any(map(self._choose, days) if recur.bysetpos else days)
            case Frequency.DAILY if recur.byday and recur.interval % 7 == 0:
                return WeekdayNumber(self.dtstart.weekday()) in recur.byday
            case Frequency.DAILY if recur.interval > 1 and recur.bymonthday:
                # In 28 years without a leap day left out, each kind of year comes.
                return any(map(self._days_of_year, range(2000, 2028)))
        return True

    def _choose(self, days: Sequence[int]) -> list[int]:
        """Return the slots of one period that BYSETPOS chooses."""
        count = len(self.times)
        chosen = _positions(self.recur.bysetpos, len(days) * count)
        return [days[index // count] * count + index % count for index in chosen]

    def _periods(self, day: int) -> Iterator[tuple[int, Sequence[int]]]:
        """Yield each period from the one of ``day`` on: a base day, and its days from there."""
        match self.recur.freq:
            case Frequency.YEARLY:
                return self._years(date.fromordinal(day).year)
            case Frequency.MONTHLY:
                return self._months(date.fromordinal(day))
            case Frequency.WEEKLY:
                return self._weeks(day)
            case _:
                return self._days(day)

    def _years(self, year: int) -> Iterator[tuple[int, Sequence[int]]]:
        first, interval = self.dtstart.year, self.recur.interval
        for number in range(year - (year - first) % interval, MAXYEAR + 1, interval):
            yield date(number, 1, 1).toordinal(), self._days_of_year(number)

    def _months(self, day: date) -> Iterator[tuple[int, Sequence[int]]]:
        first, interval = self.dtstart.year * 12 + self.dtstart.month - 1, self.recur.interval
        month = day.year * 12 + day.month - 1
        wanted = self._months_met()
        if not wanted:
            return
        for number in range(month - (month - first) % interval, (MAXYEAR + 1) * 12, interval):
            year, index = divmod(number, 12)
            if index not in wanted:
                continue
            starts = _LEAP if isleap(year) else _COMMON
            base, length = date(year, index + 1, 1).toordinal(), starts[index + 1] - starts[index]
            kind = (weekday_of(base), length)
            days = self._kinds.get(kind)
            if days is None:
                days = self._kinds[kind] = self._days_of_month(*kind)
            yield base, days

    def _months_met(self) -> set[int]:
        """Return the months, January is 0, that BYMONTH names and the interval meets."""
        step = gcd(12, self.recur.interval)
        met = range((self.dtstart.month - 1) % step, 12, step)
        return {month for month in met if not self.recur.bymonth or month + 1 in self.recur.bymonth}

    def _weeks(self, day: int) -> Iterator[tuple[int, Sequence[int]]]:
        wkst, step = self.recur.wkst or 0, 7 * self.recur.interval
        origin = self.dtstart.toordinal()
        origin -= (weekday_of(origin) - wkst) % 7
        offsets = sorted((item.weekday - wkst) % 7 for item in self.recur.byday)
        months = self.recur.bymonth
        for base in range(day - (day - origin) % step, LAST_DAY + 1, step):
            if months:
                days = [offset for offset in offsets if _month_of(base + offset) in months]
                yield base, days
            else:
                yield base, offsets

    def _days(self, day: int) -> Iterator[tuple[int, Sequence[int]]]:
        """Yield years here too: a year's days that the interval meets."""
        recur, origin = self.recur, self.dtstart.toordinal()
        every_day = not (recur.bymonth or recur.bymonthday or recur.byday)
        for year in range(date.fromordinal(day).year, MAXYEAR + 1):
            base = date(year, 1, 1).toordinal()
            length = 366 if isleap(year) else 365
            met = range((origin - base) % recur.interval, length, recur.interval)
            if every_day or not met:
                yield base, met
            elif recur.interval == 1:
                yield base, self._days_of_year(year)
            else:
                yield base, [offset for offset in self._days_of_year(year) if offset in met]

    def _days_of_year(self, year: int) -> tuple[int, ...]:
        # Weeks reach over New Year, so the years on both sides matter too.
        kind = (
            weekday_of(date(year, 1, 1).toordinal()),
            366 if isleap(year - 1) else 365,
            366 if isleap(year) else 365,
            366 if isleap(year + 1) else 365,
        )
        days = self._kinds.get(kind)
        if days is None:
            days = self._kinds[kind] = self._work_out_year(kind[0], kind[1:])
        return days

    def _work_out_year(self, weekday: int, lengths: tuple[int, int, int]) -> tuple[int, ...]:
        """Return the days of one kind of year, as offsets from 1 January, a ``weekday``.

        ``lengths`` are the days of the year before, the year itself and the one after.
        """
        recur, length = self.recur, lengths[1]
        starts = _LEAP if length == _LEAP[-1] else _COMMON
        months = [(starts[m - 1], starts[m]) for m in recur.bymonth or range(1, 13)]
        sets = []
        if recur.byyearday:
            sets.append({day - 1 if day > 0 else length + day for day in recur.byyearday})
        if recur.bymonthday:
            sets.append({day for span in months for day in _month_days(recur.bymonthday, *span)})
        if recur.byweekno:
            sets.append(_week_days(recur.byweekno, recur.wkst or 0, weekday, lengths))
        if recur.byday:
            spans = months if recur.bymonth else [(0, length)]
            sets.append({day for span in spans for day in _weekdays(recur.byday, weekday, *span)})
        if recur.bymonth and (recur.byyearday or not (recur.bymonthday or recur.byday)):
            sets.append({day for span in months for day in range(*span)})
        return tuple(sorted(set.intersection(*sets, set(range(length)))))

    def _days_of_month(self, weekday: int, length: int) -> tuple[int, ...]:
        """Return the days of one kind of month, as offsets from its 1st, a ``weekday``."""
        sets = []
        if self.recur.bymonthday:
            sets.append(set(_month_days(self.recur.bymonthday, 0, length)))
        if self.recur.byday:
            sets.append(set(_weekdays(self.recur.byday, weekday, 0, length)))
        return tuple(sorted(set.intersection(*sets)))


def _positions(bysetpos: Sequence[int], size: int) -> list[int]:
    """Return the indexes that BYSETPOS chooses in a set of ``size``, ascending."""
    indexes = {number - 1 if number > 0 else size + number for number in bysetpos}
    return sorted(index for index in indexes if 0 <= index < size)


def _month_of(day: int) -> int:
    # The last week may run over the end of the calendar.
    return date.fromordinal(day).month if 1 <= day <= LAST_DAY else 0


def _month_days(bymonthday: Sequence[int], start: int, end: int) -> Iterator[int]:
    """Yield the offsets of days of the month; the month lies at the offsets ``[start, end)``."""
    for number in bymonthday:
        day = start + number - 1 if number > 0 else end + number
        if start <= day < end:
            yield day


def _weekdays(byday: Sequence[WeekdayNumber], weekday: int, start: int, end: int) -> Iterator[int]:
    """Yield the offsets of weekdays in ``[start, end)``; the offset 0 falls on ``weekday``."""
    for item in byday:
        days = range(start + (item.weekday - weekday - start) % 7, end, 7)
        if not item.ordinal:
            yield from days
        elif abs(item.ordinal) <= len(days):
            yield days[item.ordinal - 1 if item.ordinal > 0 else item.ordinal]


def _week_days(
    byweekno: Sequence[int], wkst: int, weekday: int, lengths: tuple[int, int, int]
) -> set[int]:
    """Return the offsets of all days of the numbered weeks; some may lie outside the year.

    ``lengths`` are as in `Expansion._work_out_year`: the first days of January can belong to the
    last week of the year before, the last of December to week 1 of the next.
    """

    def week_1(first_weekday: int) -> int:
        lead = (first_weekday - wkst) % 7
        return -lead if 7 - lead >= _DAYS_OF_WEEK_1 else 7 - lead

    before, length, after = lengths
    starts = [
        week_1((weekday - before) % 7) - before,
        week_1(weekday),
        week_1((weekday + length) % 7) + length,
        week_1((weekday + length + after) % 7) + length + after,
    ]
    days: set[int] = set()
    for start, end in pairwise(starts):
        weeks = (end - start) // 7
        for number in byweekno:
            index = number - 1 if number > 0 else weeks + number
            if 0 <= index < weeks:
                days.update(range(start + 7 * index, start + 7 * index + 7))
    return days
