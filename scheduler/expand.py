"""``python -m scheduler expand``: recurrence rules in JSON, their occurrences out.

A list of ``{id, dtstart, tz, rrule, rdates, exdates, window: [year, year]}`` becomes a list of
``{id, occurrences}`` or ``{id, error}``, in the same order. Days and times are written as in RFC
5545 §3.3.4 and §3.3.5, on the wall clock of ``tz``: an IANA name, ``""`` for floating times, or
``DATE`` for whole days. Both years of the window are included.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING, TextIO

from scheduler.errors import N_, DomainError
from scheduler.moments import MomentRule, moments_of_years
from scheduler.recurrence import RecurrenceRule, occurrences_of_years

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEEDED = ("id", "dtstart", "tz", "rrule", "window")
_KEYS = {*_NEEDED, "rdates", "exdates"}
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MOMENT = re.compile(_DAY.pattern + r"T([0-9]{2})([0-9]{2})([0-9]{2})")
_ALL_DAY = "DATE"
_FLOATING = ""
_SHOWN = 40
_DIGITS = 18


class _Doubled(dict[str, object]):
    """An object that names ``key`` twice, so that nobody can say which value was meant."""

    key = ""


class ExpandItemError(DomainError):
    """An item that is not of the shape that ``expand`` reads."""

    message = N_("{problem}")


def main(stdin: TextIO, stdout: TextIO) -> int:
    """Expand the items of ``stdin`` to ``stdout``; return 1 if they are no JSON list, else 0."""
    try:
        items = json.load(
            stdin,
            parse_int=_read_int,
            parse_constant=_refuse_constant,
            object_pairs_hook=_read_object,
        )
    # A deep nest of brackets exhausts the parser's stack.
    except (ValueError, RecursionError) as error:
        sys.stderr.write(f"The input is no JSON list: {error}.\n")
        return 1
    if not isinstance(items, list):
        sys.stderr.write("The input is no JSON list.\n")
        return 1
    json.dump([expand_item(item) for item in items], stdout)
    stdout.write("\n")
    return 0


def expand_item(item: object) -> dict[str, object]:
    """Return ``{id, occurrences}`` for one item, or ``{id, error}`` with a sentence.

    >>> expand_item({"id": 1, "dtstart": "20240305", "tz": "DATE", "window": [2024, 2027],
    ...              "rrule": "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU"})
    {'id': 1, 'occurrences': ['20240305', '20270302']}
    """
    if not isinstance(item, dict):
        return {"id": None, "error": "An item is an object with id, dtstart, tz, rrule and window."}
    name = item.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int):
        return {"id": None, "error": "The item has no “id” that is a string or a whole number."}
    try:
        return {"id": name, "occurrences": _expand(item)}
    except DomainError as error:
        return {"id": name, "error": str(error)}


def _read_int(text: str) -> int | str:
    # Python refuses to read thousands of digits, and one such item would lose all others.
    return int(text) if len(text) <= _DIGITS else text


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled = _Doubled(found)
    counts = Counter(name for name, _ in pairs)
    doubled.key = next(name for name, count in counts.items() if count > 1)
    return doubled


def _refuse_constant(text: str) -> None:
    message = f"{text} is no JSON"
    raise ValueError(message)


def _expand(item: dict[str, object]) -> list[str]:
    _check_keys(item)
    tz, rrule = _read_text(item, "tz"), _read_text(item, "rrule")
    first, last = _read_window(item["window"])
    dtstart = _read_text(item, "dtstart")
    rdates, exdates = _read_list(item, "rdates"), _read_list(item, "exdates")
    if tz == _ALL_DAY:
        rule = RecurrenceRule(
            rrule,
            _read_day(dtstart),
            tuple(map(_read_day, rdates)),
            tuple(map(_read_day, exdates)),
        )
        return [day.isoformat().replace("-", "") for day in occurrences_of_years(rule, first, last)]
    moment_rule = MomentRule(
        rrule,
        _read_moment(dtstart),
        None if tz == _FLOATING else tz,
        tuple(map(_read_moment, rdates)),
        tuple(map(_read_moment, exdates)),
    )
    return [_write(moment) for moment in moments_of_years(moment_rule, first, last)]


def _check_keys(item: Mapping[str, object]) -> None:
    if isinstance(item, _Doubled):
        raise ExpandItemError(problem=f"“{item.key[:_SHOWN]}” stands in the item twice.")
    for key in _NEEDED:
        if key not in item:
            raise ExpandItemError(problem=f"The item has no “{key}”.")
    for key in item:
        if key not in _KEYS:
            raise ExpandItemError(problem=f"“{key[:_SHOWN]}” is no key of an item.")


def _read_text(item: Mapping[str, object], key: str) -> str:
    value = item[key]
    if not isinstance(value, str):
        raise ExpandItemError(problem=f"“{key}” has to be a string.")
    return value


def _read_list(item: Mapping[str, object], key: str) -> list[str]:
    value = item.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ExpandItemError(problem=f"“{key}” has to be a list of strings.")
    return value


def _read_window(value: object) -> tuple[int, int]:
    match value:
        # True and False are whole numbers to Python, not to JSON.
        case [int(first), int(last)] if first <= last and not {type(first), type(last)} & {bool}:
            return first, last
    raise ExpandItemError(problem="“window” has to be a list of two years in order.")


def _read_day(text: str) -> date:
    match = _DAY.fullmatch(text)
    try:
        if match:
            return date(*map(int, match.groups()))
    except ValueError:
        pass
    raise ExpandItemError(problem=f"“{text[:_SHOWN]}” is no day like 20270302.")


def _read_moment(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    try:
        if match:
            year, month, day, hour, minute, second = map(int, match.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - wall clock
    except ValueError:
        pass
    raise ExpandItemError(problem=f"“{text[:_SHOWN]}” is no time like 20270302T090000.")


def _write(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
