"""The parts of a RECUR value (RFC 5545 §3.3.10): reading them, and refusing what means nothing.

Everything here is decided from the text alone; no day is computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import IntEnum, StrEnum
from math import prod
from typing import NoReturn

from scheduler.errors import RecurrenceRuleError

MAX_LENGTH = 2000
MAX_INTERVAL = 9999
MAX_COUNT = 50_000
MAX_TIMES_A_DAY = 1440
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EXAMPLE = "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU"


class Frequency(IntEnum):
    """The periods that a rule counts in, by length."""

    DAILY = 0
    WEEKLY = 1
    MONTHLY = 2
    YEARLY = 3


PERIOD_DAYS = {
    Frequency.YEARLY: 365,
    Frequency.MONTHLY: 30,
    Frequency.WEEKLY: 7,
    Frequency.DAILY: 1,
}


class Kind(StrEnum):
    """What a DTSTART is, and so what UNTIL must be."""

    DAY = "a day"
    FLOATING = "a time on the wall clock"
    ZONED = "a time in a zone"


@dataclass(frozen=True, slots=True)
class WeekdayNumber:
    """One value of BYDAY: a weekday (Monday is 0), and which of the period; 0 means each."""

    weekday: int
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Recur:
    """A RECUR value, read. Numbers are sorted and unique; a part that is not there is empty.

    ``until`` is a day for a rule of days, else a naive datetime: on the wall clock of a floating
    rule, in UTC for a zoned one. ``wkst`` is ``None`` where not given and then means Monday.
    """

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: date | None = None
    bymonth: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    bymonthday: tuple[int, ...] = ()
    byday: tuple[WeekdayNumber, ...] = ()
    byhour: tuple[int, ...] = ()
    byminute: tuple[int, ...] = ()
    bysecond: tuple[int, ...] = ()
    bysetpos: tuple[int, ...] = ()
    wkst: int | None = None


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What a list of numbers may hold, and a rule that holds one."""

    low: int
    high: int
    example: str
    from_the_end: bool = False


_NUMBERS = {
    "BYMONTH": _Numbers(1, 12, "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU"),
    "BYWEEKNO": _Numbers(1, 53, "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", from_the_end=True),
    "BYYEARDAY": _Numbers(1, 366, "FREQ=YEARLY;BYYEARDAY=100", from_the_end=True),
    "BYMONTHDAY": _Numbers(1, 31, "FREQ=MONTHLY;BYMONTHDAY=15", from_the_end=True),
    "BYHOUR": _Numbers(0, 23, "FREQ=DAILY;BYHOUR=9"),
    "BYMINUTE": _Numbers(0, 59, "FREQ=DAILY;BYMINUTE=30"),
    "BYSECOND": _Numbers(0, 60, "FREQ=DAILY;BYSECOND=0"),
    "BYSETPOS": _Numbers(1, 366, "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", from_the_end=True),
}
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_OTHERS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST")
_TOO_FAST = ("HOURLY", "MINUTELY", "SECONDLY")
_BYDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_SIGNED = re.compile(r"[+-]?[0-9]{1,3}")
_UNSIGNED = re.compile(r"[0-9]{1,3}")
_COUNTER = re.compile(r"[0-9]{1,9}")
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z)?)?")
_UNTIL_EXAMPLES = {
    Kind.DAY: "FREQ=YEARLY;UNTIL=20400305",
    Kind.FLOATING: "FREQ=YEARLY;UNTIL=20400305T090000",
    Kind.ZONED: "FREQ=YEARLY;UNTIL=20400305T080000Z",
}
_UNTIL_WORDS = {
    Kind.DAY: "a day without a time",
    Kind.FLOATING: "a day with a time, on the same wall clock",
    Kind.ZONED: "a day with a time in UTC, ending in Z",
}


def refuse(problem: str, example: str = EXAMPLE) -> NoReturn:
    """Say what is wrong with a rule, and show one that would be accepted.

    Raises:
        RecurrenceRuleError: always.
    """
    raise RecurrenceRuleError(problem=problem, accepted=f"For example: {example}.")


def read_recur(text: str, kind: Kind = Kind.DAY) -> Recur:
    """Return the parts of ``text``, the value of an RRULE whose DTSTART is of ``kind``.

    Names may be in lower case, in any order.

    >>> read_recur("FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU").interval
    3

    Raises:
        RecurrenceRuleError: it is no RECUR value, or its parts do not go together.
    """
    parts = _split(text)
    freq = _read_frequency(parts)
    recur = Recur(
        freq=freq,
        interval=_read_counter(parts, "INTERVAL", MAX_INTERVAL) or 1,
        count=_read_counter(parts, "COUNT", MAX_COUNT),
        until=_read_until(parts["UNTIL"], kind) if "UNTIL" in parts else None,
        byday=_read_byday(parts["BYDAY"]) if "BYDAY" in parts else (),
        wkst=_read_wkst(parts["WKST"]) if "WKST" in parts else None,
        **{name.lower(): _read_numbers(parts, name) for name in _NUMBERS},
    )
    _check_together(recur, parts, kind)
    return recur


def complete(recur: Recur, dtstart: date) -> Recur:
    """Return ``recur`` with the day that it leaves to ``dtstart`` filled in (RFC 5545 §3.3.10)."""
    if recur.bymonthday or recur.byyearday or recur.byday or recur.freq == Frequency.DAILY:
        return recur
    if recur.freq == Frequency.WEEKLY or recur.byweekno:
        return replace(recur, byday=(WeekdayNumber(dtstart.weekday()),))
    if recur.freq == Frequency.YEARLY:
        months = recur.bymonth or (dtstart.month,)
        return replace(recur, bymonth=months, bymonthday=(dtstart.day,))
    return replace(recur, bymonthday=(dtstart.day,))


def _split(text: str) -> dict[str, str]:
    """Return the parts by name, in capitals."""
    if not text:
        refuse("it is empty, so nothing recurs.")
    if len(text) > MAX_LENGTH:
        refuse(f"it has {len(text):,} characters, and {MAX_LENGTH:,} are plenty.")
    # Checked before upper(), which turns some other letters into ASCII ones.
    if not text.isascii() or not text.isprintable() or " " in text:
        refuse("it may hold only ASCII letters, digits and signs: one line, no spaces.")
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, equals, value = part.partition("=")
        if name.startswith(("RRULE:", "DTSTART")):
            refuse("only the value is wanted, without “RRULE:” or other properties.")
        if not equals or not value:
            refuse(f"“{part[:40]}” is no part; a part is a name, “=” and a value.")
        if name not in _NUMBERS and name not in _OTHERS:
            refuse(f"there is no part “{name[:40]}”.")
        if name in parts:
            refuse(f"{name} stands in it twice.")
        parts[name] = value
    return parts


def _read_frequency(parts: dict[str, str]) -> Frequency:
    value = parts.get("FREQ")
    if value is None:
        refuse("FREQ is missing, so it does not say what it counts in.")
    if value in _TOO_FAST:
        problem = f"FREQ={value} is too fast; DAILY, WEEKLY, MONTHLY and YEARLY are taken."
        refuse(problem, "FREQ=DAILY")
    if value not in Frequency.__members__:
        problem = f"FREQ cannot be “{value[:40]}”; it is DAILY, WEEKLY, MONTHLY or YEARLY."
        refuse(problem)
    return Frequency[value]


def _read_counter(parts: dict[str, str], name: str, most: int) -> int | None:
    value = parts.get(name)
    if value is None:
        return None
    number = int(value) if _COUNTER.fullmatch(value) else 0
    if not 1 <= number <= most:
        problem = f"{name} is a whole number from 1 to {most:,}, not “{value[:40]}”."
        refuse(problem, f"FREQ=YEARLY;{name}=3")
    return number


def _read_numbers(parts: dict[str, str], name: str) -> tuple[int, ...]:
    if name not in parts:
        return ()
    allowed = _NUMBERS[name]
    pattern = _SIGNED if allowed.from_the_end else _UNSIGNED
    numbers = set()
    for value in parts[name].split(","):
        number = int(value) if pattern.fullmatch(value) else -1000
        if not allowed.low <= (abs(number) if allowed.from_the_end else number) <= allowed.high:
            back = f" or -1 to -{allowed.high}" if allowed.from_the_end else ""
            problem = f"{name} takes {allowed.low} to {allowed.high}{back}, not “{value[:40]}”."
            refuse(problem, allowed.example)
        numbers.add(number)
    # Clocks here know no leap second; RFC 5545 §3.3.12 reads a 60 as 59.
    if name == "BYSECOND":
        numbers = {min(number, 59) for number in numbers}
    return tuple(sorted(numbers))


def _read_byday(value: str) -> tuple[WeekdayNumber, ...]:
    days = set()
    for item in value.split(","):
        match = _BYDAY.fullmatch(item)
        ordinal = int(match[1]) if match and match[1] else 0
        if not match or (match[1] and not 1 <= abs(ordinal) <= 53):  # noqa: PLR2004 - weeks
            problem = f"BYDAY takes MO to SU, with 1 to 53 or -1 to -53 before, not “{item[:40]}”."
            refuse(problem)
        days.add((ordinal, WEEKDAYS.index(match[2])))
    return tuple(WeekdayNumber(weekday, ordinal) for ordinal, weekday in sorted(days))


def _read_wkst(value: str) -> int:
    if value not in WEEKDAYS:
        problem = f"WKST is one of MO to SU, not “{value[:40]}”."
        refuse(problem, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU")
    return WEEKDAYS.index(value)


def _read_until(value: str, kind: Kind) -> date:
    match = _UNTIL.fullmatch(value)
    if not match:
        refuse(f"UNTIL cannot be “{value[:40]}”.", _UNTIL_EXAMPLES[kind])
    if kind is not (Kind.DAY if not match[4] else Kind.ZONED if match[7] else Kind.FLOATING):
        # RFC 5545 §3.3.10 wants the type of DTSTART; implementations guess differently.
        problem = f"the rule starts on {kind}, so UNTIL is {_UNTIL_WORDS[kind]}, not “{value}”."
        refuse(problem, _UNTIL_EXAMPLES[kind])
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        clock = time(int(match[4]), int(match[5]), int(match[6])) if match[4] else None
    except ValueError:
        refuse(f"UNTIL={value} is not in the calendar.", _UNTIL_EXAMPLES[kind])
    return day if clock is None else datetime.combine(day, clock)


def _check_together(recur: Recur, parts: dict[str, str], kind: Kind) -> None:
    """Refuse parts that exclude each other (the table and notes of RFC 5545 §3.3.10)."""
    freq, yearly = recur.freq.name, recur.freq == Frequency.YEARLY
    numbered = any(day.ordinal for day in recur.byday)
    others = any(name.startswith("BY") for name in parts if name != "BYSETPOS")
    times = prod(max(1, len(part)) for part in (recur.byhour, recur.byminute, recur.bysecond))
    for wrong, problem, example in (
        (
            "COUNT" in parts and "UNTIL" in parts,
            "COUNT and UNTIL exclude each other.",
            "FREQ=YEARLY;COUNT=10",
        ),
        (
            kind is Kind.DAY and any(name in parts for name in _TIMES),
            "it starts on a day without a time, so BYHOUR, BYMINUTE and BYSECOND say nothing.",
            "FREQ=DAILY",
        ),
        (
            recur.byweekno and not yearly,
            f"BYWEEKNO goes with YEARLY, not with {freq}.",
            _NUMBERS["BYWEEKNO"].example,
        ),
        (
            recur.byyearday and not yearly,
            f"BYYEARDAY goes with YEARLY, not with {freq}.",
            _NUMBERS["BYYEARDAY"].example,
        ),
        (
            recur.bymonthday and recur.freq == Frequency.WEEKLY,
            "BYMONTHDAY goes with YEARLY, MONTHLY or DAILY, not with WEEKLY.",
            _NUMBERS["BYMONTHDAY"].example,
        ),
        (
            numbered and recur.freq < Frequency.MONTHLY,
            f"a number before a weekday goes with YEARLY or MONTHLY, not with {freq}.",
            f"FREQ={freq};BYDAY=MO",
        ),
        (
            numbered and recur.byweekno,
            "a number before a weekday does not go with BYWEEKNO.",
            _NUMBERS["BYWEEKNO"].example,
        ),
        (
            recur.bysetpos and not others,
            "BYSETPOS chooses among days that another BY part names, and there is none.",
            _NUMBERS["BYSETPOS"].example,
        ),
        (
            times > MAX_TIMES_A_DAY,
            f"it names {times:,} times a day, and {MAX_TIMES_A_DAY:,} are plenty.",
            "FREQ=DAILY;BYHOUR=9,13;BYMINUTE=0,30",
        ),
    ):
        if wrong:
            refuse(problem, example)
