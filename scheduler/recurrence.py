"""Recurrence rules of days: checked, expanded, and said in words.

A rule is a RECUR value (RFC 5545 §3.3.10) counted from DTSTART, with RDATE and EXDATE
(§3.8.5). `scheduler.moments` does the same for times on a wall clock.

>>> rule = RecurrenceRule("FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU", date(2024, 3, 5))
>>> [day.isoformat() for day in occurrences(rule, date(2027, 1, 1), date(2034, 1, 1))]
['2027-03-02', '2030-03-05', '2033-03-01']
>>> describe(rule, length_days=3)
'every 3 years, first Tuesday of March, 3 days'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from scheduler.rrule_expansion import LAST_DAY, Expansion
from scheduler.rrule_parts import PERIOD_DAYS, complete, read_recur, refuse
from scheduler.rrule_words import say_day, say_rule
from scheduler.timespan import check_year
from scheduler.yearly_pattern import YearlyPattern

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "RecurrenceRule",
    "YearlyPattern",
    "describe",
    "first_occurrence",
    "occurrences",
    "occurrences_of_years",
    "period_days",
    "validate",
]


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """The rhythm of a series: a RECUR value (RFC 5545 §3.3.10) counted from DTSTART.

    COUNT includes DTSTART; UNTIL is a day, included. ``rdates`` are added, then ``exdates``
    taken away, and both are whole days.
    """

    rrule: str
    dtstart: date
    rdates: tuple[date, ...] = ()
    exdates: tuple[date, ...] = ()


def validate(rule: RecurrenceRule) -> None:
    """Check that ``rule`` means something, without expanding it.

    Raises:
        RecurrenceRuleError: it is no RECUR value, never occurs, does not fall on its DTSTART
            (undefined by RFC 5545 §3.8.5.3, so only taken where an EXDATE removes it), or
            EXDATE leaves nothing of it.
    """
    _check(rule)


def occurrences(rule: RecurrenceRule, start: date, end: date) -> list[date]:
    """Return the days of ``[start, end)`` on which ``rule`` falls, ascending, each once.

    Raises:
        RecurrenceRuleError: `validate` refuses ``rule``, or the window holds more than
            `rrule_expansion.MAX_OCCURRENCES`.
    """
    return _between(rule, start.toordinal(), end.toordinal())


def occurrences_of_years(rule: RecurrenceRule, first: int, last: int) -> list[date]:
    """Return the days of the years ``first`` to ``last``, both included, like `occurrences`.

    Raises:
        YearError: a year is not one of 1 to 9999; the last of them has no exclusive end.
        RecurrenceRuleError: as for `occurrences`.
    """
    start, end = date(check_year(first), 1, 1), date(check_year(last), 12, 31)
    return _between(rule, start.toordinal(), end.toordinal() + 1)


@lru_cache(maxsize=1024)  # a page says the same few rules again and again
def describe(rule: RecurrenceRule, length_days: int | None = None) -> str:
    """Say ``rule`` in plain English, every part of it, with the length of each occurrence.

    Raises:
        RecurrenceRuleError: ``rule.rrule`` is no RECUR value.

    >>> describe(RecurrenceRule("FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=-1;COUNT=4", date(2027, 3, 31)))
    'every month, each Monday and Wednesday, only the last of each month, 4 times'
    """
    return say_rule(
        read_recur(rule.rrule), rule.dtstart, rule.rdates, rule.exdates, length_days=length_days
    )


def leaves_day_to_start(rrule: str) -> bool:
    """Whether only DTSTART says on which days ``rrule`` falls.

    >>> leaves_day_to_start("FREQ=YEARLY"), leaves_day_to_start("FREQ=YEARLY;BYMONTH=3;BYDAY=1TU")
    (True, False)

    Raises:
        RecurrenceRuleError: ``rrule`` is no RECUR value.
    """
    recur = read_recur(rrule)
    return complete(recur, date.min) != recur


def first_occurrence(rrule: str, on_or_after: date) -> date:
    """Return the first day from ``on_or_after`` on that can be the DTSTART of ``rrule``.

    INTERVAL counts from DTSTART, so it plays no part in the choice.

    >>> first_occurrence("FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU", date(2026, 5, 1))
    datetime.date(2027, 3, 2)

    Raises:
        RecurrenceRuleError: ``rrule`` is not usable, or never occurs from then on.
    """
    expansion = Expansion.of(replace(read_recur(rrule), interval=1), on_or_after)
    day = next(_own_days(expansion), None)
    if day is None:
        refuse(f"it never occurs from {say_day(on_or_after)} on.")
    return date.fromordinal(day)


def period_days(rule: RecurrenceRule) -> int:
    """Return how many days lie between two occurrences, on average over the first few.

    A rule that occurs once has the period that its FREQ and INTERVAL name.

    >>> period_days(RecurrenceRule("FREQ=YEARLY;BYMONTH=3,9;BYDAY=1TU", date(2027, 3, 2)))
    182

    Raises:
        RecurrenceRuleError: `validate` refuses ``rule``.
    """
    expansion = _check(rule)
    days = list(islice(_own_days(expansion), 9))
    if len(days) > 1:
        return (days[-1] - days[0]) // (len(days) - 1)
    return PERIOD_DAYS[expansion.recur.freq] * expansion.recur.interval


def _between(rule: RecurrenceRule, lower: int, upper: int) -> list[date]:
    """Return the occurrences in the ordinal days ``[lower, upper)``."""
    expansion = _check(rule)
    found = expansion.bounded(lower, _before_until(expansion, upper))
    days = [date.fromordinal(day) for day in found]
    if not rule.rdates and not rule.exdates:
        return days
    added = (day for day in rule.rdates if lower <= day.toordinal() < upper)
    return sorted({*days, *added}.difference(rule.exdates))


def _own_days(expansion: Expansion) -> Iterator[int]:
    """Yield the ordinal days of the rule alone, without RDATE and EXDATE."""
    return expansion.slots(1, _before_until(expansion, LAST_DAY + 1))


def _before_until(expansion: Expansion, upper: int) -> int:
    """Return the end of ``[…, upper)``, cut by UNTIL, which is included."""
    until = expansion.recur.until
    return upper if until is None else min(upper, until.toordinal() + 1)


# An expansion keeps what it worked out.
@lru_cache(maxsize=1024)
def _check(rule: RecurrenceRule) -> Expansion:
    """Refuse what `validate` refuses; return the rest, ready to expand."""
    recur = read_recur(rule.rrule)
    expansion = Expansion.of(recur, rule.dtstart)
    first = next(_own_days(expansion), None)
    if first is None:
        expansion.refuse_for_never()
    if first != rule.dtstart.toordinal() and rule.dtstart not in rule.exdates:
        expansion.refuse_for_start(rule.dtstart, date.fromordinal(first))
    if rule.exdates and set(rule.exdates).issuperset(rule.rdates):
        removed = {day.toordinal() for day in rule.exdates}
        # One more than can be removed decides it.
        if removed.issuperset(islice(_own_days(expansion), len(removed) + 1)):
            refuse("EXDATE removes every occurrence of it.")
    return expansion
