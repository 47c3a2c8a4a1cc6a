"""Reading a calendar file: its lines, the components they nest, and the entries in these."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from icalendar.parser import Contentline
from icalendar.prop import vDuration, vGeo
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from scheduler.calendar_entry import (
    CANCELLED_PREFIX,
    COLORS,
    PRODID,
    REFRESH_INTERVAL,
    UTC_NAMES,
    CalendarDataError,
    CalendarEntry,
    CalendarEntryError,
    CalendarHead,
    EntryStatus,
    clean,
    is_utc,
)
from scheduler.errors import DomainError
from scheduler.vtimezone import encode_timezone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ESCAPED = re.compile(r"\\(.)")
_ESCAPED_OR_COMMA = re.compile(r"\\.|,")
_DATE = re.compile(r"\d{8}", re.ASCII)
_DATE_TIME = re.compile(r"\d{8}T\d{6}Z?", re.ASCII)

MOST_FAULTS = 200  # of lines that are none: with more of them it is no calendar
DEEPEST = 20  # components within one another; a calendar has three

Value = TypeVar("Value")


class Repeating(NamedTuple):
    """An event that repeats: the entry is its first occurrence, ``rrule`` stands as in the file."""

    line: int
    entry: CalendarEntry
    rrule: str
    rrule_line: int


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What could be read of a calendar file: entries and faults, each with its line, in order."""

    head: CalendarHead | None
    entries: tuple[tuple[int, CalendarEntry], ...]
    faults: tuple[tuple[int, str], ...]
    repeating: tuple[Repeating, ...] = ()


def decode(data: bytes) -> tuple[CalendarHead | None, list[CalendarEntry]]:
    """Read a calendar file: what its first calendar says of itself, and its events in order.

    There is no head where the calendar has no name. What ``encode`` has written comes back
    equal, but for what it does not write: fractions of seconds, the alarms of cancelled entries
    and whether they took up time. Files from elsewhere may lack what RFC 5545 §3.6.1 lets them
    lack, name zones as Windows does, and hold to-dos and more, which are passed over. Events
    that repeat and times without a zone are faults: an entry is neither.

    Raises:
        CalendarDataError: the file has faults; they all are in its ``faults``.
    """
    found = decode_what_can_be(data)
    faults = [
        *found.faults,
        *((one.rrule_line, "RRULE: only single events are read.") for one in found.repeating),
    ]
    if faults:
        raise CalendarDataError(sorted(faults))
    return found.head, [entry for _, entry in found.entries]


def decode_what_can_be(data: bytes) -> CalendarFile:
    """Read a calendar file like `decode`, but give the sound events beside the faults.

    Events that repeat by one rule, without exceptions, stand apart, their rule unread.
    """
    nodes, faults = _tree(data)
    calendars = [node for node in nodes if node.name == "VCALENDAR"]
    if not calendars:
        missing = ((1, "BEGIN:VCALENDAR is missing."),)
        return CalendarFile(None, (), tuple(faults) or missing)
    head: CalendarHead | None = None
    entries: list[tuple[int, CalendarEntry]] = []
    repeating: list[Repeating] = []
    try:
        head = _read_head(calendars[0])
    except CalendarDataError as error:
        faults += error.faults
    for node in (node for calendar in calendars for node in calendar.children):
        if node.name == "VEVENT" and not node.is_broken:
            try:
                entry, rule = _read_entry(node), _read_rule(node)
                if rule is None:
                    entries.append((node.line, entry))
                else:
                    repeating.append(Repeating(node.line, entry, rule.value.strip(), rule.line))
            except CalendarDataError as error:
                faults += error.faults
    return CalendarFile(head, tuple(entries), tuple(sorted(faults)), tuple(repeating))


class _Property(NamedTuple):
    """A content line: its number in the file, and its parts, the value as it stands there."""

    line: int
    name: str
    params: Mapping[str, str | list[str]]
    value: str


@dataclass(slots=True)
class _Node:
    """A component as it is read, with the line of its BEGIN."""

    line: int
    name: str
    properties: list[_Property] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)
    is_broken: bool = False  # a line of it, or of what it nests, cannot be read

    def all(self, name: str) -> list[_Property]:
        """Return the properties of that ``name``."""
        return [found for found in self.properties if found.name == name]

    def read(self, name: str, reader: Callable[[_Property], Value], default: Value) -> Value:
        """Return what ``reader`` makes of the first property of that ``name``.

        Raises:
            CalendarDataError: ``reader`` refuses it, with a ``ValueError`` or an error of ours.
        """
        for found in self.all(name):
            return _read(found, reader)
        return default

    def need(self, name: str, reader: Callable[[_Property], Value]) -> Value:
        """Return the same of a property that must be there."""
        if not self.all(name):
            raise CalendarDataError([(self.line, f"{self.name} has no {name}.")])
        return _read(self.all(name)[0], reader)


def _read(found: _Property, reader: Callable[[_Property], Value]) -> Value:
    """Return ``reader(found)``, its refusal as a fault of the property's line."""
    try:
        return reader(found)
    except DomainError as error:
        raise CalendarDataError([(found.line, f"{found.name}: {error}")]) from error
    except (ValueError, OverflowError) as error:
        problem = f"{found.name} cannot be “{found.value[:80]}”."
        raise CalendarDataError([(found.line, problem)]) from error


def _tree(data: bytes) -> tuple[list[_Node], list[tuple[int, str]]]:
    """Nest the components of a file, and say where that fails; what is sound stays usable.

    A line that cannot be read, an END too many or too few breaks the components around it.
    """
    tree = _Tree()
    for line, octets in _unfolded(data):
        if len(tree.faults) >= MOST_FAULTS or len(tree.path) > DEEPEST:
            return [], [*tree.faults, (line, "This is no calendar: the rest is not read.")]
        found = _content_line(line, octets)
        if found is None:
            said = octets[:80].decode(errors="replace")
            tree.break_at(line, f"“{said}” is no line of a calendar.")
        else:
            tree.add(found)
    if len(tree.path) > 1:
        tree.end_unended()
    return tree.path[0].children, tree.faults


class _Tree:
    """The components as far as they were read; ``path`` are those that are open."""

    def __init__(self) -> None:
        self.path = [_Node(0, "")]
        self.faults: list[tuple[int, str]] = []

    def add(self, found: _Property) -> None:
        """Take one content line up: it opens a component, ends one, or belongs to one."""
        top = self.path[-1]
        component = found.value.strip().upper()
        if found.name == "BEGIN":
            if component == top.name == "VEVENT":  # which nests none of its kind
                self.end_unended()
            node = _Node(found.line, component)
            self.path[-1].children.append(node)
            self.path.append(node)
        elif found.name == "END":
            self._end(found.line, component)
        else:
            top.properties.append(found)

    def _end(self, line: int, component: str) -> None:
        if component in {node.name for node in self.path[1:]}:
            while self.path[-1].name != component:
                self.end_unended()
            self.path.pop()
            return
        self.break_at(line, f"END:{component} ends nothing here.")
        if self.path[-1].name not in {"", "VCALENDAR"}:  # it was meant to end this one
            self.path.pop()

    def end_unended(self) -> None:
        """Close the innermost component, which the file never ends."""
        self.break_at(self.path[-1].line, f"{self.path[-1].name} has no END.")
        self.path.pop()

    def break_at(self, line: int, problem: str) -> None:
        """Note a fault; nothing around it can be used."""
        self.faults.append((line, problem))
        for node in self.path:
            node.is_broken = True


def _content_line(line: int, octets: bytes) -> _Property | None:
    """Read one unfolded content line (RFC 5545 §3.1), ``None`` where it is none."""
    try:
        content = Contentline(octets.decode())  # type: ignore[no-untyped-call]
        name, params, value = content.raw_parts()
    except ValueError:
        return None
    return _Property(line, name.upper(), params, value)


def _unfolded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each content line with the number of its first line."""
    first, pieces = 1, list[bytes]()
    # Folds may cut a character in two, so octets are joined and then decoded.
    for number, octets in enumerate(data.removeprefix(BOM_UTF8).splitlines(), start=1):
        if octets[:1] in {b" ", b"\t"} and pieces:
            pieces.append(octets[1:])
        elif octets:
            if pieces:
                yield first, b"".join(pieces)
            first, pieces = number, [octets]
    if pieces:
        yield first, b"".join(pieces)


def _read_head(node: _Node) -> CalendarHead | None:
    """Read a VCALENDAR's own properties (RFC 7986 §5), or what was used before them."""
    name = node.read("NAME", _read_text, "") or node.read("X-WR-CALNAME", _read_text, "")
    if not name:
        return None
    ttl = node.read("X-PUBLISHED-TTL", _read_duration, REFRESH_INTERVAL)
    try:
        return CalendarHead(
            name=name,
            description=node.read("DESCRIPTION", _read_text, "")
            or node.read("X-WR-CALDESC", _read_text, ""),
            url=node.read("URL", _read_uri, ""),
            source=node.read("SOURCE", _read_uri, ""),
            refresh_interval=node.read("REFRESH-INTERVAL", _read_duration, ttl),
            color=node.read("COLOR", _read_color, ""),
            last_modified=node.read("LAST-MODIFIED", _read_instant, None),
            prodid=node.read("PRODID", _read_text, PRODID),
        )
    except CalendarEntryError as error:
        raise CalendarDataError([(node.line, str(error))]) from error


def _read_entry(node: _Node) -> CalendarEntry:
    """Read a VEVENT (RFC 5545 §3.6.1)."""
    dtstart, tzid = node.need("DTSTART", _read_moment)
    dtstamp = node.need("DTSTAMP", _read_instant)
    last_modified = node.read("LAST-MODIFIED", _read_instant, dtstamp)
    status = node.read("STATUS", _read_status, EntryStatus.CONFIRMED)
    cancelled = status is EntryStatus.CANCELLED
    summary = node.read("SUMMARY", _read_text, "")
    try:
        return CalendarEntry(
            uid=node.need("UID", _read_text),
            sequence=node.read("SEQUENCE", _read_integer, 0),
            created=node.read("CREATED", _read_instant, last_modified),
            last_modified=last_modified,
            summary=summary.removeprefix(CANCELLED_PREFIX) if cancelled else summary,
            dtstart=dtstart,
            dtend=_read_end(node, dtstart, tzid),
            tzid=tzid,
            status=status,
            location=node.read("LOCATION", _read_text, ""),
            geo=node.read("GEO", _read_geo, None),
            url=node.read("URL", _read_uri, ""),
            description=node.read("DESCRIPTION", _read_text, ""),
            categories=tuple(
                name for found in node.all("CATEGORIES") for name in _read_texts(found)
            ),
            color=node.read("COLOR", _read_color, ""),
            related_to=tuple(
                (str(found.params.get("RELTYPE", "PARENT")), _read_text(found))
                for found in node.all("RELATED-TO")
            ),
            transparent=not cancelled and node.read("TRANSP", _read_text, "") == "TRANSPARENT",
            alarms=tuple(alarm for child in node.children for alarm in _read_alarms(child)),
        )
    except CalendarEntryError as error:
        raise CalendarDataError([(node.line, str(error))]) from error


def _read_rule(node: _Node) -> _Property | None:
    """Return the rule by which a VEVENT repeats, if it does."""
    rules = node.all("RRULE")
    for found in node.all("RDATE") + node.all("RECURRENCE-ID"):
        problem = f"{found.name}: only single events, and those of one rule, are read."
        raise CalendarDataError([(found.line, problem)])
    for found in rules and node.all("EXDATE"):
        raise CalendarDataError([(found.line, "EXDATE: a rule with exceptions is not read.")])
    for found in rules[1:]:
        raise CalendarDataError([(found.line, "RRULE: an event has one rule.")])
    return rules[0] if rules else None


def _read_end(node: _Node, dtstart: date | datetime, tzid: str | None) -> date | datetime:
    """Read the exclusive end; without one, a day lasts a day and a time no time."""
    for found in node.all("DTEND"):
        dtend, end_tzid = _read(found, _read_moment)
        if end_tzid != tzid:
            raise CalendarDataError([(found.line, "DTEND is in another time zone than DTSTART.")])
        return dtend
    for found in node.all("DURATION"):
        return _read(found, lambda found: dtstart + _read_duration(found))
    if isinstance(dtstart, datetime):
        return dtstart
    return node.need("DTSTART", lambda _: dtstart + timedelta(days=1))


def _read_alarms(node: _Node) -> Iterator[tuple[timedelta, str]]:
    """Yield the alarm of a VALARM that counts from the start."""
    for found in node.all("TRIGGER") if node.name == "VALARM" else ():
        if found.params.get("VALUE") != "DATE-TIME" and found.params.get("RELATED") != "END":
            yield -_read(found, _read_duration), node.read("DESCRIPTION", _read_text, "")


def _read_moment(found: _Property) -> tuple[date | datetime, str | None]:
    """Read a date, or a time and its zone (RFC 5545 §3.3.4, §3.3.5)."""
    if _DATE.fullmatch(found.value):
        return date.fromisoformat(found.value), None
    if not _DATE_TIME.fullmatch(found.value):
        raise ValueError(found.value)
    moment = datetime.fromisoformat(found.value)
    if moment.tzinfo:
        return moment, None
    name = str(found.params.get("TZID", ""))
    if not name:
        raise ValueError(found.value)
    tzid = WINDOWS_TO_OLSON.get(name, name)
    if tzid in UTC_NAMES:
        return moment.replace(tzinfo=UTC), None
    encode_timezone(tzid, moment.year)  # refuses a zone that we could not write
    return moment, tzid


def _read_instant(found: _Property) -> datetime:
    """Read a time in UTC."""
    moment, _ = _read_moment(found)
    if not isinstance(moment, datetime) or not is_utc(moment):
        raise ValueError(found.value)
    return moment


def _read_text(found: _Property) -> str:
    """Read a TEXT (RFC 5545 §3.3.11)."""
    text = _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], found.value)
    return clean(text)


def _read_texts(found: _Property) -> list[str]:
    """Read TEXTs between commas."""
    # No text has a NUL, so it may stand for the commas between texts.
    parts = _ESCAPED_OR_COMMA.sub(
        lambda match: match[0].replace(",", "\0", match[0] == ","), found.value
    )
    return [_read_text(found._replace(value=value)) for value in parts.split("\0")]


def _read_status(found: _Property) -> EntryStatus:
    return EntryStatus(_read_text(found).upper())


def _read_color(found: _Property) -> str:
    """Read a colour, or none where the file has another notation than CSS3 names."""
    color = _read_text(found).lower()
    return color if color in COLORS else ""


def _read_uri(found: _Property) -> str:
    return found.value


def _read_integer(found: _Property) -> int:
    return int(found.value)


def _read_duration(found: _Property) -> timedelta:
    duration: timedelta = vDuration.from_ical(found.value)  # type: ignore[no-untyped-call]
    return duration


def _read_geo(found: _Property) -> tuple[float, float]:
    return vGeo.from_ical(found.value)
