"""Reading files of known events, iCalendar or CSV, with the line of each event and fault.

The CSV has the columns of ``app/site/data/events.csv``; its dates are as exact as they are
written: a day, a month or a year. Nothing finer is ever made of them.
"""

from __future__ import annotations

import calendar
import csv
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from app.editions.models import Precision
from app.forms import clean
from app.i18n import gettext as _
from scheduler import ical
from scheduler.errors import N_, DomainError
from scheduler.ical import EntryStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scheduler.ical import CalendarEntry

SIZE_MAX = 1024 * 1024
LINES_MAX = 50_000
EVENTS_MAX = 1_000

CERTAINTIES = ("verified", "recalled", "inferred")
_REQUIRED = ("name", "start", "end")
_EXTRA = ""  # the name of a column without one, and of what stands beyond the last
_BEYOND = "\n"  # where the table's reader puts that, as a list; no column is called so
_MOMENT = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_UNTIL = re.compile(r"\bUNTIL=(\d{8}T\d{6}Z?)", re.ASCII)
_DAY = timedelta(days=1)
_BY_PARTS = {3: Precision.DAY, 2: Precision.MONTH, 1: Precision.YEAR}


class EventFileKindError(DomainError):
    """A file that is neither."""

    message = N_(
        "“{name}” is neither a calendar file (.ics) nor a table (.csv). Export one of the two "
        "and choose it again."
    )


class EventFileSizeError(DomainError):
    """A file that is larger than any list of events needs to be."""

    message = N_("“{name}” is larger than 1 MB. Split it, and import the parts one by one.")


class EventFileEmptyError(DomainError):
    """A file without content."""

    message = N_("There is nothing in “{name}”. Choose the file again.")


class EventFileCountError(DomainError):
    """More than one would ever look through."""

    message = N_("“{name}” has more than {most} {what}. Split it, and import the parts one by one.")


class Fault(NamedTuple):
    """What is wrong with an event of a file, and the line where it stands."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvent:
    """One event of a file: days ``[dtstart, dtend)`` as exactly as ``precision`` says.

    With an ``rrule``, these are the days of its first occurrence.
    """

    line: int
    name: str
    dtstart: date
    dtend: date
    precision: Precision = Precision.DAY
    rrule: str = ""
    city: str = ""
    country: str = ""  # an ISO 3166-1 code, as the file has it
    source: str = ""
    certainty: str = ""
    series: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a file, and what was not understood."""

    events: list[FoundEvent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class _RowError(Exception):
    """A row that makes no event; its text is the problem."""


def read_file(name: str, content: bytes) -> Reading:
    """Read the file of that ``name``, whichever of the two it is.

    Raises:
        EventFileKindError, EventFileSizeError, EventFileEmptyError, EventFileCountError: see there.
    """
    name = name[-120:]
    if not content.strip():
        raise EventFileEmptyError(name=name)
    if len(content) > SIZE_MAX:
        raise EventFileSizeError(name=name)
    if content.count(b"\n") + content.count(b"\r") > 2 * LINES_MAX:
        raise EventFileCountError(name=name, most=LINES_MAX, what=_("lines"))
    ending = name.lower().rpartition(".")[2]
    if b"BEGIN:VCALENDAR" in content[:1024].upper() or ending == "ics":
        count, read = content.upper().count(b"BEGIN:VEVENT"), read_ics
    elif ending == "csv":
        count, read = max(content.count(b"\n"), content.count(b"\r")) - 1, read_csv
    else:
        raise EventFileKindError(name=name)
    if count > EVENTS_MAX:
        raise EventFileCountError(name=name, most=EVENTS_MAX, what=_("events"))
    return read(content)


# -- iCalendar -------------------------------------------------------------------------------


def read_ics(content: bytes) -> Reading:
    """Read the events of a calendar file, single ones and those that recur by a rule."""
    found = ical.decode_what_can_be(content)
    reading = Reading(
        faults=[Fault(line, _in_our_words(problem)) for line, problem in found.faults]
    )
    every = [(line, entry, "") for line, entry in found.entries]
    every += [(one.line, one.entry, one.rrule) for one in found.repeating]
    for line, entry, rrule in sorted(every, key=lambda each: each[0]):
        name = _line(entry.summary)
        if _day(entry.dtend) == date.max:
            reading.faults.append(Fault(line, _("“%(text)s” is too far ahead.", text=date.max)))
            continue
        if not name:
            reading.faults.append(Fault(line, _("The event has no name (SUMMARY).")))
        elif entry.status is EntryStatus.CANCELLED:
            reading.faults.append(Fault(line, _("“%(name)s” is cancelled.", name=name)))
        else:
            reading.events.append(_of_entry(line, name, entry, rrule))
    reading.faults.sort()
    return reading


def _in_our_words(problem: str) -> str:
    if problem == "VEVENT has no DTSTART.":
        return _("The event has no day: DTSTART is missing.")
    if problem.startswith("EXDATE:"):
        return _(
            "The event recurs with exceptions (EXDATE), which a rule here cannot have. Add it by "
            "hand: the rule alone, or each of its days."
        )
    if problem.startswith("RDATE:"):
        return _("The event recurs on listed days (RDATE). Add each of them by hand.")
    if problem.startswith("RECURRENCE-ID:"):
        return _(
            "This moves one occurrence of an event that recurs (RECURRENCE-ID). Add its days by "
            "hand; with the same name in “Recurs as” they replace what the rule expects."
        )
    return problem


def _of_entry(line: int, name: str, entry: CalendarEntry, rrule: str) -> FoundEvent:
    dtstart, dtend = _day(entry.dtstart), _day(entry.dtend)
    # The end of days is exclusive; that of times is so only at midnight.
    if isinstance(entry.dtend, datetime) and entry.dtend.time() > time.min:
        dtend += _DAY
    place = _line(entry.location)
    is_city = not re.search(r"[,\d]", place)
    return FoundEvent(
        line=line,
        name=name,
        dtstart=dtstart,
        dtend=max(dtend, dtstart + _DAY),
        rrule=_by_days(rrule, entry),
        city=place if is_city else "",
        source=(_line(entry.url) or ("" if is_city else place))[:300],
        certainty="inferred" if entry.status is EntryStatus.TENTATIVE else "",
    )


def _by_days(rrule: str, entry: CalendarEntry) -> str:
    """Return ``rrule`` for whole days: an UNTIL in UTC becomes the day it is at the event."""

    def day(found: re.Match[str]) -> str:
        try:
            until = datetime.fromisoformat(found[1])
        except ValueError:  # the engine says what is wrong with it
            return found[0]
        if until.tzinfo and entry.tzid:
            with suppress(OverflowError):  # the last day of all is the last everywhere
                until = until.astimezone(ZoneInfo(entry.tzid))
        return f"UNTIL={until:%Y%m%d}"

    return _UNTIL.sub(day, rrule.upper()) if isinstance(entry.dtstart, datetime) else rrule.upper()


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


# -- CSV -------------------------------------------------------------------------------------


def read_csv(content: bytes) -> Reading:
    """Read a table whose first line names its columns."""
    reading = Reading()
    try:
        lines = content.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Reading(faults=[Fault(line, _("This is no UTF-8 text. Save the table as UTF-8."))])
    # Where a comma is the decimal point, spreadsheets separate by semicolons.
    delimiter = ";" if lines and ";" in lines[0] and "," not in lines[0] else ","
    rows = csv.DictReader(lines, delimiter=delimiter, restkey=_BEYOND, restval="", strict=True)
    try:
        missing = [name for name in _REQUIRED if name not in (rows.fieldnames or ())]
        if missing:
            problem = _(
                "The first line must name the columns; missing: %(names)s.",
                names=", ".join(missing),
            )
            return Reading(faults=[Fault(1, problem)])
        for line, row in _numbered(rows):
            try:
                reading.events.append(_of_row(line, row))
            except _RowError as error:
                reading.faults.append(Fault(line, str(error)))
    except csv.Error as error:
        problem = _("This is no row of a table (%(error)s).", error=error)
        reading.faults.append(Fault(rows.line_num + 1, problem))
    return reading


def _numbered(rows: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with the line on which it begins: a field may hold line breaks."""
    line = rows.line_num + 1
    for row in rows:
        found = {key: _line(value) for key, value in row.items() if isinstance(value, str)}
        found[_EXTRA] = _line(" ".join([*row.get(_BEYOND, ()), found.get(_EXTRA, "")]))
        yield line, found
        line = rows.line_num + 1


def _of_row(line: int, row: Mapping[str, str]) -> FoundEvent:
    if row[_EXTRA]:
        raise _RowError(
            _(
                "“%(text)s” stands under no column that has a name. A text with a comma needs "
                "double quotes around it.",
                text=row[_EXTRA][:40],
            )
        )
    if not row["name"]:
        raise _RowError(_("The event has no name."))
    certainty = row.get("certainty", "")
    if certainty and certainty not in CERTAINTIES:
        raise _RowError(
            _(
                "“%(word)s” is no certainty: write verified, recalled or inferred.",
                word=certainty[:40],
            )
        )
    dtstart, dtend, precision = _span(row["start"], row["end"], row.get("precision", ""))
    return FoundEvent(
        line=line,
        name=row["name"],
        dtstart=dtstart,
        dtend=dtend,
        precision=precision,
        city=row.get("city", ""),
        country=row.get("country", ""),
        source=row.get("source", ""),
        certainty=certainty,
        series=row.get("series", ""),
        note=row.get("note", ""),
    )


def _span(start: str, end: str, precision: str) -> tuple[date, date, Precision]:
    """Return the outer days ``[dtstart, dtend)`` of what is written, and how exact it is."""
    if not start:
        raise _RowError(
            _(
                "The event has no day. Write 2027-03-02, or 2027-03 or 2027 where only the month "
                "or the year is known."
            )
        )
    parts = {_parts(start), _parts(end or start)}
    if precision and precision not in set(Precision):
        raise _RowError(
            _(
                "“%(word)s” is no precision: write day, month, year or window.",
                word=precision[:40],
            )
        )
    exact = Precision(precision) if precision else _natural(start, end or start, parts)
    if exact is Precision.DAY and parts != {3}:
        raise _RowError(
            _(
                "“%(text)s” names no day. Write it as 2027-03-02, or give month, year or window as "
                "precision.",
                text=start if _parts(start) < 3 else end,  # noqa: PLR2004 - year, month, day
            )
        )
    dtstart, last_day = _first_day(start), _last_day(end or start)
    if last_day < dtstart:
        raise _RowError(_("The last day lies before the first."))
    if last_day == date.max:
        raise _RowError(_("“%(text)s” is too far ahead.", text=end))
    return dtstart, last_day + _DAY, exact


def _natural(start: str, end: str, parts: set[int]) -> Precision:
    if parts == {3} or (len(parts) == 1 and start == end):
        return _BY_PARTS[max(parts)]
    return Precision.WINDOW


def _parts(text: str) -> int:
    if not _MOMENT.fullmatch(text):
        raise _RowError(_("“%(text)s” is not a day. Write it as 2027-03-02.", text=text[:40]))
    return text.count("-") + 1


def _first_day(text: str) -> date:
    return _date(text, f"{text}-01-01"[:10])


def _last_day(text: str) -> date:
    match [int(part) for part in text.split("-")]:
        case [year]:
            return _date(text, f"{year:04}-12-31")
        case [year, month] if 1 <= month <= 12 and year >= 1:  # noqa: PLR2004 - a year's months
            return date(year, month, calendar.monthrange(year, month)[1])
        case _:
            return _date(text, text)


def _date(text: str, day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise _RowError(_("“%(text)s” is not a day of the calendar.", text=text)) from error


def _line(text: str) -> str:
    return " ".join(clean(text).split())
