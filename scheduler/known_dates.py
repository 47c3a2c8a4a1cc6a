"""Days of the world that an edition should keep clear of: fixed, or by rule and give or take days.

A known date never claims more than is known: a month, a year or a window is no day, and a rule
may be off by some days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from scheduler.errors import N_, DomainError
from scheduler.recurrence import RecurrenceRule, occurrences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Precision: TypeAlias = Literal["day", "month", "year", "window"]

EN_DASH = "\N{EN DASH}"

MAX_MARGIN_DAYS = 31
MAX_LENGTH_DAYS = 366

_DAY = timedelta(days=1)
# strftime and calendar.month_name follow the process's locale; the engine's sentences do not.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class KnownDateError(DomainError):
    """A known date that cannot be compared with an edition's days."""

    message = N_("The known date “{name}” is not usable: {problem}")


class Level(StrEnum):
    """How much a clash weighs; ``severity`` is 0 for the gravest."""

    HARD = "hard"
    SOFT = "soft"
    LOAD = "load"

    @property
    def severity(self) -> int:
        """The place of this level in a sorted list, the gravest first."""
        return _SEVERITY[self]


_SEVERITY = {level: place for place, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class KnownDate:
    """Days that are taken: ``[dtstart, dtend)``, or each occurrence of ``rule``.

    ``margin_days`` is the uncertainty before and after: there a clash is only possible.
    ``estimated`` marks days that nobody has announced yet. Only ``precision`` "day" ever clashes;
    a month, a year or a window gives the outer days and no more. ``kind`` names what recurs
    ("IAEA-GC"), so that an announced date replaces the one its rule expects.

    Raises:
        KnownDateError: neither days nor a rule, or both; days that end before they start; a
            margin or a length that no longer says which days are meant.
    """

    name: str
    dtstart: date | None = None
    dtend: date | None = None
    rule: RecurrenceRule | None = None
    length_days: int = 1
    margin_days: int = 0
    level: Level = Level.SOFT
    estimated: bool = False
    precision: Precision = "day"
    city: str = ""
    kind: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be compared with days."""
        if problem := self._problem():
            raise KnownDateError(name=self.name, problem=problem)

    def _problem(self) -> str:
        if self.rule is None and (self.dtstart is None or self.dtend is None):
            return "give a first and a last day, or a rule."
        if self.rule is not None and (self.dtstart is not None or self.dtend is not None):
            return "give days or a rule, not both."
        if self.dtstart is not None and self.dtend is not None and self.dtend <= self.dtstart:
            return "it ends before it starts."
        if not 0 <= self.margin_days <= MAX_MARGIN_DAYS:
            return (
                f"an uncertainty of ± {self.margin_days} days does not say which days are meant; "
                f"0 to {MAX_MARGIN_DAYS} days are accepted. For less certain dates give the "
                "month or the year as precision."
            )
        if not 1 <= self.length_days <= MAX_LENGTH_DAYS:
            return f"a length of {self.length_days} days; 1 to {MAX_LENGTH_DAYS} are accepted."
        return ""


def expand(known: Iterable[KnownDate], start: date, end: date) -> list[KnownDate]:
    """Return the known dates that may touch ``[start, end)``, margins included, by their days.

    Each rule becomes one date an occurrence, without a rule. Dates of one ``kind`` are told once:
    an announced day replaces the occurrence it settles (the one less than its margin away), and
    an estimated day gives way to the rule that says the same.

    >>> weeks = expand([GENERAL_CONFERENCE], date(2026, 1, 1), date(2028, 1, 1))
    >>> [week.dtstart.isoformat() for week in weeks]
    ['2026-09-21', '2027-09-20']

    Raises:
        RecurrenceRuleError: a rule is not usable.
    """
    dates = list(known)
    rules = [day for day in dates if day.rule is not None]
    fixed = [day for day in dates if day.rule is None]
    settled = [day for day in fixed if day.kind and not day.estimated]
    told = [
        day
        for day in fixed
        if _touches(day, start, end) and not (day.estimated and _repeats(day, rules))
    ]
    for item in rules:
        told += [day for day in _occurrences(item, start, end) if not _is_settled(day, settled)]
    return told


def span(known: KnownDate) -> tuple[date, date]:
    """Return ``[dtstart, dtend)`` of a known date that has been expanded.

    Raises:
        KnownDateError: it is still a rule.
    """
    if known.dtstart is None or known.dtend is None:
        raise KnownDateError(name=known.name, problem="it is a rule; expand it first.")
    return known.dtstart, known.dtend


def reach(known: KnownDate) -> tuple[date, date]:
    """Return ``[dtstart, dtend)`` widened by the margin on both sides."""
    margin = timedelta(days=known.margin_days)
    dtstart, dtend = span(known)
    return dtstart - margin, dtend + margin


@lru_cache(maxsize=4096)  # a plan says the same days of each edition to all its neighbours
def say_days(dtstart: date, dtend: date) -> str:
    r"""Say ``[dtstart, dtend)`` as people do, with the last day.

    >>> say_days(date(2027, 3, 9), date(2027, 3, 10))
    '9 March 2027'
    >>> ascii(say_days(date(2027, 3, 2), date(2027, 3, 5)))
    "'2\\u20134 March 2027'"
    """
    last = dtend - _DAY
    if dtstart == last:
        return say_day(last)
    if (dtstart.year, dtstart.month) == (last.year, last.month):
        return f"{dtstart.day}{EN_DASH}{say_day(last)}"
    first = f"{dtstart.day} {_MONTHS[dtstart.month - 1]}"
    if dtstart.year != last.year:
        first = say_day(dtstart)
    return f"{first} {EN_DASH} {say_day(last)}"


def say_day(day: date) -> str:
    """Say one day: ``9 March 2027``."""
    return f"{day.day} {say_month(day)}"


def say_month(day: date) -> str:
    """Say the month of a day: ``March 2027``."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def _occurrences(item: KnownDate, start: date, end: date) -> list[KnownDate]:
    if item.rule is None:
        return []
    length, margin = timedelta(days=item.length_days), timedelta(days=item.margin_days)
    # An occurrence that began earlier may still reach in: look back by its length and margin.
    days = occurrences(item.rule, start - length - margin + _DAY, end + margin)
    return [replace(item, rule=None, dtstart=day, dtend=day + length) for day in days]


def _touches(known: KnownDate, start: date, end: date) -> bool:
    first, beyond = reach(known)
    return first < end and start < beyond


def _is_settled(expected: KnownDate, settled: Sequence[KnownDate]) -> bool:
    return any(
        day.kind == expected.kind and day.precision == "day" and _touches(expected, *span(day))
        for day in settled
    )


def _repeats(estimate: KnownDate, rules: Sequence[KnownDate]) -> bool:
    return bool(estimate.kind) and any(
        rule.kind == estimate.kind and _occurrences(rule, *span(estimate)) for rule in rules
    )


# The third Monday of September fits most years (2015 was a week earlier, 2016, 2022 and
# 2023 a week later), hence the margin of a week each way.
GENERAL_CONFERENCE = KnownDate(
    name="IAEA General Conference",
    rule=RecurrenceRule("FREQ=YEARLY;BYMONTH=9;BYDAY=3MO", date(2024, 9, 16)),
    length_days=5,
    margin_days=7,
    level=Level.HARD,
    estimated=True,
    city="Vienna",
    kind="IAEA-GC",
    source="third Monday of September, ± 7 days",
)
