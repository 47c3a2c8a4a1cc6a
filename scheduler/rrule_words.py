"""Recurrence rules in plain English, every part of them named."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from scheduler.rrule_parts import Frequency, Recur, WeekdayNumber, complete
from scheduler.yearly_pattern import full_week

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Not strftime: its words follow the machine's locale.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)
_UNITS = {
    Frequency.YEARLY: "year",
    Frequency.MONTHLY: "month",
    Frequency.WEEKLY: "week",
    Frequency.DAILY: "day",
}
_LISTED = 3
_WORKING_WEEK = 5


def say_rule(
    recur: Recur,
    dtstart: date,
    rdates: Sequence[date] = (),
    exdates: Sequence[date] = (),
    *,
    length_days: int | None = None,
) -> str:
    """Say ``recur``, counted from ``dtstart``, and the length of each occurrence."""
    unit = _UNITS[recur.freq]
    words = [f"every {unit}" if recur.interval == 1 else f"every {recur.interval} {unit}s"]
    words += _say_days(complete(recur, dtstart))
    if recur.bysetpos:
        words.append(f"only the {_join(map(_ordinal, _forwards(recur.bysetpos)))} of each {unit}")
    if length_days is not None:
        words.append(_count(length_days, "day"))
    if recur.count is not None:
        words.append(_count(recur.count, "time"))
    if recur.until is not None:
        words.append(f"until {say_day(recur.until)}")
    if recur.wkst is not None:
        words.append(f"weeks start on {_WEEKDAYS[recur.wkst]}")
    if rdates:
        words.append(f"also on {_say_dates(rdates)}")
    if exdates:
        words.append(f"except {_say_dates(exdates)}")
    return ", ".join(words)


def say_day(day: date) -> str:
    """Say a day.

    >>> say_day(date(2040, 3, 5))
    '5 March 2040'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def say_start(day: date) -> str:
    """Say a day with its weekday, and its time if it has one.

    >>> say_start(datetime(2040, 3, 5, 9))
    'Monday 5 March 2040 at 09:00:00'
    """
    clock = f" at {day.time()}" if isinstance(day, datetime) else ""
    return f"{_WEEKDAYS[day.weekday()]} {say_day(day)}{clock}"


def _say_days(recur: Recur) -> list[str]:
    """Say which days of a period the rule names; a complete rule names some."""
    months = _join(_MONTHS[month - 1] for month in recur.bymonth)
    if recur.freq <= Frequency.WEEKLY:
        return _say_short_period(recur, months)
    week = full_week(recur)
    if week and recur.freq == Frequency.YEARLY and not recur.byyearday and not recur.byweekno:
        kind = "working week (Monday to Friday)" if week[1] == _WORKING_WEEK else "week"
        return [f"Monday of the {_ordinal(week[0])} full {kind} of {months}"]
    names = []
    if recur.byday:
        names.append(_say_weekdays(recur.byday))
    if recur.bymonthday:
        names.append(_say_month_days(recur.bymonthday))
    if recur.byyearday:
        names.append(_join(_place(day, "day {} of the year") for day in _forwards(recur.byyearday)))
    # "each Friday that is the 13th"
    words = " that is ".join(names)
    if recur.byweekno:
        words += " in " + _join(
            _place(week, "week {} of the year") for week in _forwards(recur.byweekno)
        )
    if months:
        single = recur.freq == Frequency.YEARLY and len(names) == 1 and recur.bymonthday
        if single and len(recur.bymonth) == 1 and recur.bymonthday[0] > 0:
            return [f"{_join(map(str, recur.bymonthday))} {months}"]
        return [f"{words} {'in' if recur.byyearday or recur.byweekno else 'of'} {months}"]
    numbered = any(item.ordinal for item in recur.byday)
    if recur.bymonthday or (numbered and recur.freq == Frequency.MONTHLY):
        return [f"{words} of the month"]
    return [f"{words} of the year" if numbered else words]


def _say_short_period(recur: Recur, months: str) -> list[str]:
    """Say the days of a weekly or daily rule, which chooses among them instead of naming them."""
    words = []
    if recur.byday and recur.freq == Frequency.WEEKLY:
        words.append(_say_weekdays(recur.byday))
    elif recur.byday:
        words.append("only on " + _join((_WEEKDAYS[d.weekday] for d in recur.byday), "or"))
    if recur.bymonthday:
        words.append(f"only on {_say_month_days(recur.bymonthday, 'or')} of the month")
    if months:
        words.append(f"only in {months}")
    return words


def _say_weekdays(byday: Sequence[WeekdayNumber]) -> str:
    each = _join(_WEEKDAYS[item.weekday] for item in byday if not item.ordinal)
    numbered = [
        f"{_ordinal(ordinal)} {_WEEKDAYS[item.weekday]}"
        for ordinal in _forwards({item.ordinal for item in byday} - {0})
        for item in byday
        if item.ordinal == ordinal
    ]
    return _join([*numbered, f"each {each}"] if each else numbered)


def _say_month_days(days: Iterable[int], word: str = "and") -> str:
    return _join(
        (f"the {_th(day)}" if day > 0 else f"the {_ordinal(day)} day" for day in _forwards(days)),
        word,
    )


def _place(number: int, words: str) -> str:
    """Say ``number`` in ``words``; from the end, it is an ordinal before them."""
    if number > 0:
        return words.format(number)
    return f"the {_ordinal(number)} " + words.replace(" {}", "")


def _say_dates(days: Sequence[date]) -> str:
    unique = sorted(set(days))
    return _join(map(say_day, unique)) if len(unique) <= _LISTED else f"{len(unique)} days"


def _forwards(numbers: Iterable[int]) -> list[int]:
    """Sort as a period runs: from its start, then those counted from its end."""
    return sorted(numbers, key=lambda number: (number < 0, number))


def _ordinal(number: int) -> str:
    if number == -1:
        return "last"
    size = abs(number)
    word = _ORDINALS[size - 1] if size <= len(_ORDINALS) else _th(size)
    return word if number > 0 else f"{word} last"


def _th(number: int) -> str:
    teens = range(11, 14)
    suffix = "th" if number % 100 in teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _join(words: Iterable[str], word: str = "and") -> str:
    *head, last = [*words] or [""]
    return f"{', '.join(head)} {word} {last}" if head else last
