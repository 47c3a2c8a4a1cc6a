"""Calendar entries and RFC 5545 bytes, both ways; equal entries give equal bytes.

A feed is its head, the time zones it names and its entries, each encoded alone, so that a caller
may keep the bytes of an entry with its row and only join them: ``encode`` of some entries is
``assemble`` of each one's ``encode_component``.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from icalendar import Alarm, Calendar, Component, Event, Timezone
from icalendar.parser import Contentline
from icalendar.prop import vCalAddress, vCategory, vDDDTypes, vDuration, vGeo, vInt, vText, vUri
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from scheduler.errors import N_, DomainError
from scheduler.vtimezone import encode_timezone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "CANCELLED_PREFIX",
    "PRODID",
    "REFRESH_INTERVAL",
    "CalendarDataError",
    "CalendarEntry",
    "CalendarEntryError",
    "CalendarFile",
    "CalendarHead",
    "EntryStatus",
    "Invitation",
    "Method",
    "assemble",
    "decode",
    "decode_what_can_be",
    "encode",
    "encode_component",
    "encode_invitation",
    "encode_timezone",
    "to_jcal",
]

PRODID = "-//Symposia//Symposia//EN"
# Raised whenever an entry would be written in other bytes: kept bytes are then written anew.
SERIALISER = "1"
CANCELLED_PREFIX = "CANCELLED: "
REFRESH_INTERVAL = timedelta(hours=4)

# Outlook refuses TZID=UTC, so times in a zone of these names are written with Z.
_UTC = frozenset(
    {"UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"}
)
# A calendar without a component is none (§3.6). Every program knows this zone, nothing uses it.
_EMPTY = encode_timezone("Etc/GMT", 1970)
_END = b"END:VCALENDAR\r\n"
_LIMIT = 75  # octets of a line, its fold's space included (§3.1)
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_ESCAPED = re.compile(r"\\(.)")
_ESCAPED_OR_COMMA = re.compile(r"\\.|,")
_DATE = re.compile(r"\d{8}", re.ASCII)
_DATE_TIME = re.compile(r"\d{8}T\d{6}Z?", re.ASCII)
_BREAK = re.compile(r"\r\n?")
# Programs stop reading at a control character; a lone surrogate has no octets at all.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_TOKEN = re.compile(r"[A-Za-z0-9-]+")
_TZID = re.compile(r"[\w+/-]+", re.ASCII)
_ADDRESS = re.compile(r"[\x21-\x7e\xa0-\U0010ffff]*")  # no space and no control character
_MAX_UID = 255  # octets (RFC 7986 §5.3)
_COLORS = frozenset(
    """aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue
    blueviolet brown burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson
    cyan darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta
    darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen darkslateblue
    darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey
    dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray
    green greenyellow grey honeydew hotpink indianred indigo ivory khaki lavender lavenderblush
    lawngreen lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen
    lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray lightslategrey
    lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
    mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise
    mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive
    olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred
    papayawhip peachpuff peru pink plum powderblue purple red rosybrown royalblue saddlebrown
    salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray slategrey snow
    springgreen steelblue tan teal thistle tomato turquoise violet wheat white whitesmoke yellow
    yellowgreen""".split()  # noqa: SIM905 - a list of them would be two pages
)


Value = TypeVar("Value")


class CalendarEntryError(DomainError):
    """Values that no calendar can carry."""

    message = N_("This calendar entry is not usable: {problem}")


class CalendarDataError(DomainError):
    """A calendar file with faults: ``faults`` has each with its line, in their order."""

    message = N_("Line {line} of the calendar file: {problem}")

    def __init__(self, faults: Sequence[tuple[int, str]]) -> None:
        """Keep all ``faults``; the message tells the first."""
        line, problem = faults[0]
        super().__init__(line=line, problem=problem)
        self.faults = tuple(faults)


class EntryStatus(StrEnum):
    """What a calendar program is told about an entry (RFC 5545 §3.8.1.11)."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """One event as calendars know it: a VEVENT (RFC 5545 §3.6.1).

    ``dtstart`` and ``dtend`` are both dates, for whole days, or both times; the end is exclusive.
    Times are naive on the clock of ``tzid``, an IANA name, or aware in UTC where that is ``None``.
    A time that ends when it starts has no length (a deadline). ``created`` and ``last_modified``
    are aware UTC; fractions of a second are not published. ``geo`` is latitude and longitude in
    degrees, ``color`` a CSS3 name (RFC 7986 §5.9), ``related_to`` pairs of relation and UID
    (``("SIBLING", uid)``), ``alarms`` pairs of the time before the start and a text: for personal
    feeds only.

    Raises:
        CalendarEntryError: values that do not fit these shapes.
    """

    uid: str
    sequence: int
    created: datetime
    last_modified: datetime
    summary: str
    dtstart: date | datetime
    dtend: date | datetime
    status: EntryStatus
    tzid: str | None = None
    location: str = ""
    geo: tuple[float, float] | None = None
    url: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()
    color: str = ""
    related_to: tuple[tuple[str, str], ...] = ()
    transparent: bool = False
    alarms: tuple[tuple[timedelta, str], ...] = ()

    def __post_init__(self) -> None:
        problem = _time_problem(self) or _value_problem(self)
        if problem:
            raise CalendarEntryError(problem=problem)

    @property
    def all_day(self) -> bool:
        """Whether this is a span of whole days."""
        return not isinstance(self.dtstart, datetime)

    @property
    def timezone(self) -> str | None:
        """The zone that a calendar with this entry must describe, if any."""
        return None if self.tzid in _UTC else self.tzid


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarHead:
    """What a calendar says about itself (RFC 7986 §5); only the name is needed.

    ``refresh_interval`` is how often programs are asked to come back, ``source`` the address of
    the feed itself, which a feed behind a token must not tell.
    """

    name: str
    description: str = ""
    url: str = ""
    source: str = ""
    refresh_interval: timedelta = REFRESH_INTERVAL
    color: str = ""
    last_modified: datetime | None = None
    prodid: str = PRODID

    def __post_init__(self) -> None:
        problem = _head_problem(self)
        if problem:
            raise CalendarEntryError(problem=problem)


class Method(StrEnum):
    """What a mailed invitation asks its reader to do (RFC 5546 §3.2)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Who invites whom by mail: e-mail addresses, and names where they are known.

    ``organizer`` is the address that the mail comes from, else Outlook and Gmail ignore it; the
    one ``attendee`` is its reader, who has accepted by registering.
    """

    method: Method
    organizer: str
    attendee: str
    organizer_name: str = ""
    attendee_name: str = ""

    def __post_init__(self) -> None:
        for address in (self.organizer, self.attendee):
            if "@" not in address or not _ADDRESS.fullmatch(address):
                raise CalendarEntryError(problem=f"“{address}” is no e-mail address.")


def encode(
    head: CalendarHead, entries: Iterable[CalendarEntry], *, method: str | None = None
) -> bytes:
    """Return the calendar of ``entries``, by start and UID whatever their order.

    Raises:
        UnknownTimezoneError: an entry's zone is not in the tz database.
    """
    ordered = _ordered(entries)
    return assemble(head, map(encode_component, ordered), _timezones(ordered), method=method)


def encode_invitation(entry: CalendarEntry, invitation: Invitation) -> bytes:
    """Return the calendar that is mailed to one person (RFC 5546 §3.2.2, §3.2.5).

    A CANCEL tells the reader that the entry is cancelled, whatever its status is to others; its
    ``sequence`` is greater than the one in the last REQUEST.

    Raises:
        UnknownTimezoneError: the entry's zone is not in the tz database.
    """
    opening = _lines(_bare_calendar(PRODID, invitation.method)).removesuffix(_END)
    return b"".join([opening, *_timezones([entry]), _lines(_event(entry, invitation)), _END])


def encode_component(entry: CalendarEntry) -> bytes:
    """Return the VEVENT of ``entry`` alone, its lines ending in CRLF.

    A cancelled entry says so before its summary too, since Outlook shows no status; it takes up
    no time and rings no alarm.
    """
    return _lines(_event(entry))


def assemble(
    head: CalendarHead,
    components: Iterable[bytes],
    timezones: Iterable[bytes] = (),
    *,
    method: str | None = None,
) -> bytes:
    """Join a calendar of encoded ``timezones`` and ``components``, in the order given.

    Each TZID that a component names needs its ``encode_timezone``, once. Without ``method`` it
    is a feed; a feed with METHOD:PUBLISH would owe an ORGANIZER in each VEVENT (RFC 5546 §3.2.1).
    """
    opening = _lines(_calendar(head, method)).removesuffix(_END)
    return b"".join([opening, *([*timezones, *components] or [_EMPTY]), _END])


def to_jcal(
    head: CalendarHead, entries: Iterable[CalendarEntry], *, method: str | None = None
) -> bytes:
    """Return the calendar of ``encode`` as jCal (RFC 7265): JSON in UTF-8, without spaces.

    Raises:
        UnknownTimezoneError: an entry's zone is not in the tz database.
    """
    ordered = _ordered(entries)
    calendar = _calendar(head, method)
    for timezone in _timezones(ordered) or ([] if ordered else [_EMPTY]):
        calendar.add_component(Timezone.from_ical(timezone))
    for entry in ordered:
        calendar.add_component(_event(entry))
    return json.dumps(calendar.to_jcal(), ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What could be read of a calendar file: entries and faults, each with its line, in order."""

    head: CalendarHead | None
    entries: tuple[tuple[int, CalendarEntry], ...]
    faults: tuple[tuple[int, str], ...]


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
    if found.faults:
        raise CalendarDataError(found.faults)
    return found.head, [entry for _, entry in found.entries]


def decode_what_can_be(data: bytes) -> CalendarFile:
    """Read a calendar file like `decode`, but give the sound events beside the faults."""
    try:
        nodes = _tree(data)
    except CalendarDataError as error:
        return CalendarFile(None, (), error.faults)
    calendars = [node for node in nodes if node.name == "VCALENDAR"]
    if not calendars:
        return CalendarFile(None, (), ((1, "BEGIN:VCALENDAR is missing."),))
    head: CalendarHead | None = None
    entries: list[tuple[int, CalendarEntry]] = []
    faults: list[tuple[int, str]] = []
    try:
        head = _read_head(calendars[0])
    except CalendarDataError as error:
        faults += error.faults
    for node in (node for calendar in calendars for node in calendar.children):
        if node.name == "VEVENT":
            try:
                entries.append((node.line, _read_entry(node)))
            except CalendarDataError as error:
                faults += error.faults
    return CalendarFile(head, tuple(entries), tuple(sorted(faults)))


def _ordered(entries: Iterable[CalendarEntry]) -> list[CalendarEntry]:
    """Sort by the start as it is written, then by UID; the rest only settles what is left."""
    return sorted(
        entries, key=lambda entry: (entry.dtstart.isoformat()[:19], entry.uid, repr(entry))
    )


def _timezones(entries: Iterable[CalendarEntry]) -> list[bytes]:
    """Encode the zones that ``entries`` name, each from the year of its first entry."""
    first_years: dict[str, int] = {}
    for entry in entries:
        if entry.timezone:
            year = entry.dtstart.year
            first_years[entry.timezone] = min(first_years.get(entry.timezone, year), year)
    return [encode_timezone(tzid, year) for tzid, year in sorted(first_years.items())]


def _bare_calendar(prodid: str, method: str | None) -> Calendar:
    """Build a VCALENDAR that says no more than it must (RFC 5545 §3.6)."""
    calendar = Calendar()
    calendar["VERSION"] = _text("2.0")
    calendar["PRODID"] = _text(prodid)
    calendar["CALSCALE"] = _text("GREGORIAN")
    if method:
        calendar["METHOD"] = _text(method)
    return calendar


def _calendar(head: CalendarHead, method: str | None) -> Calendar:
    """Build a VCALENDAR without components, nor a UID: vdirsyncer takes that for an event's."""
    calendar = _bare_calendar(head.prodid, method)
    # As texts of ours: the library writes what it has no type for without any escape.
    calendar["NAME"] = calendar["X-WR-CALNAME"] = _text(head.name)
    if head.description:
        calendar["DESCRIPTION"] = calendar["X-WR-CALDESC"] = _text(head.description)
    if head.last_modified:
        calendar["LAST-MODIFIED"] = _moment(head.last_modified)
    if head.url:
        calendar["URL"] = vUri(head.url)
    if head.source:
        calendar["SOURCE"] = vUri(head.source, params={"VALUE": "URI"})
    interval = head.refresh_interval
    calendar["REFRESH-INTERVAL"] = vDuration(interval, params={"VALUE": "DURATION"})
    calendar["X-PUBLISHED-TTL"] = vDuration(interval)
    if head.color:
        calendar["COLOR"] = _text(head.color)
    return calendar


def _event(entry: CalendarEntry, invitation: Invitation | None = None) -> Event:
    """Build the VEVENT of ``entry``, for ``invitation``'s attendee if there is one."""
    cancels = invitation is not None and invitation.method == Method.CANCEL
    status = EntryStatus.CANCELLED if cancels else entry.status
    cancelled = status == EntryStatus.CANCELLED
    event = Event()
    event["UID"] = _text(entry.uid)
    # Without METHOD this is the last revision (§3.8.7.2); the time of writing would spoil ETags.
    event["DTSTAMP"] = _moment(entry.last_modified)
    event["CREATED"] = _moment(entry.created)
    event["LAST-MODIFIED"] = _moment(entry.last_modified)
    event["SEQUENCE"] = vInt(entry.sequence)
    event["DTSTART"] = _moment(entry.dtstart, entry.tzid)
    # The end must lie after the start (§3.8.2.2); without one, a time ends when it starts.
    if entry.dtend != entry.dtstart:
        event["DTEND"] = _moment(entry.dtend, entry.tzid)
    event["SUMMARY"] = _text(CANCELLED_PREFIX + entry.summary if cancelled else entry.summary)
    event["STATUS"] = _text(status)
    if cancelled or entry.transparent:
        event["TRANSP"] = _text("TRANSPARENT")
    event["CLASS"] = _text("PUBLIC")
    event.update(_details(entry))
    if invitation:
        event["ORGANIZER"] = _person(invitation.organizer, invitation.organizer_name)
        event["ATTENDEE"] = _person(
            invitation.attendee,
            invitation.attendee_name,
            # They registered with us, so no answer is asked for.
            {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"},
        )
    for before, text in () if cancelled else entry.alarms:
        event.add_component(_alarm(before, text))
    return event


def _details(entry: CalendarEntry) -> Iterator[tuple[str, object]]:
    """Yield the properties of ``entry`` that may be missing."""
    if entry.location:
        # Programs show one line.
        yield "LOCATION", _text(", ".join(_clean(entry.location).split("\n")))
    if entry.geo:
        yield "GEO", _Geo(entry.geo)
    if entry.url:
        yield "URL", vUri(entry.url)
    if entry.description:
        yield "DESCRIPTION", _text(entry.description)
    if entry.categories:
        yield "CATEGORIES", _categories(entry.categories)
    if entry.color:
        yield "COLOR", _text(entry.color)
    if entry.related_to:
        yield "RELATED-TO", [_text(uid, {"RELTYPE": kind}) for kind, uid in entry.related_to]


def _alarm(before: timedelta, text: str) -> Alarm:
    """Build the VALARM that shows ``text`` so long before the start (RFC 5545 §3.6.6)."""
    alarm = Alarm()
    alarm["ACTION"] = _text("DISPLAY")
    alarm["TRIGGER"] = vDuration(-before)
    alarm["DESCRIPTION"] = _text(text)
    return alarm


class _Text(vText):
    r"""TEXT (RFC 5545 §3.3.11), escaped once; the library's own writes ``\N`` as a newline."""

    __slots__ = ()

    def to_ical(self) -> bytes:
        return self.translate(_ESCAPES).encode()


class _Geo(vGeo):
    """GEO with six decimal places: a float may be 1e-05, which RFC 5545 §3.3.7 does not know."""

    def to_ical(self) -> str:
        return f"{_decimal(self.latitude)};{_decimal(self.longitude)}"


def _decimal(degrees: float) -> str:
    """Return ``degrees`` as a decimal fraction with a digit behind the point."""
    text = f"{degrees:.6f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def _clean(value: str) -> str:
    """Return ``value`` with one kind of line break, and without what no program reads."""
    return _UNPRINTABLE.sub("", _BREAK.sub("\n", value))


def _text(value: str, params: dict[str, str] | None = None) -> _Text:
    """Return ``value`` as TEXT."""
    return _Text(_clean(value), params=params)


def _categories(names: Iterable[str]) -> vCategory:
    """Return one CATEGORIES of ``names``, a comma within a name escaped."""
    categories = vCategory([])
    categories.cats = [_text(name) for name in names]
    return categories


def _person(address: str, name: str, params: Mapping[str, str] | None = None) -> vCalAddress:
    """Return a ``mailto:`` address with its parameters."""
    named = {"CN": " ".join(_clean(name).split())} if name else {}
    return vCalAddress(f"mailto:{address}", params={**named, **(params or {})})


def _moment(value: date | datetime, tzid: str | None = None) -> vDDDTypes:
    """Return a date, a time on the clock of ``tzid``, or a time in UTC."""
    if tzid is None:
        return vDDDTypes(value)
    if tzid in _UTC and isinstance(value, datetime):
        return vDDDTypes(value.replace(tzinfo=UTC))
    moment = vDDDTypes(value)
    moment.params["TZID"] = tzid
    return moment


def _lines(component: Component) -> bytes:
    """Write ``component`` as folded lines with CRLF."""
    lines = (
        component.content_line(name, value, sorted=False)
        for name, value in component.property_items(sorted=False)
    )
    return b"".join(_fold(line) + b"\r\n" for line in lines)


def _fold(line: str) -> bytes:
    r"""Fold ``line`` to 75 octets (RFC 5545 §3.1), between characters and never in an escape.

    The library's own is slower and cuts ``\\`` in two; elsewhere the folds are the same.
    """
    octets = line.encode()
    pieces = []
    start, end = 0, _LIMIT - 1
    while end < len(octets):
        while octets[end] & 0xC0 == 0x80:  # noqa: PLR2004 - within a UTF-8 character
            end -= 1
        piece = octets[start:end]
        backslashes = len(piece) - len(piece.rstrip(b"\\"))
        # Carets escape in parameters (RFC 6868).
        if backslashes % 2 or piece.endswith(b"^"):
            end -= 1
        pieces.append(octets[start:end])
        start, end = end, end + _LIMIT - 1
    return b"\r\n ".join([*pieces, octets[start:]])


def _time_problem(entry: CalendarEntry) -> str | None:
    """Say what is wrong with the times of ``entry``."""
    start, end = entry.dtstart, entry.dtend
    if not (_is_utc(entry.created) and _is_utc(entry.last_modified)):
        return "created and last_modified are times in UTC."
    if isinstance(start, datetime) and isinstance(end, datetime):
        if entry.tzid is None and not (_is_utc(start) and _is_utc(end)):
            return "a time without a time zone is one in UTC."
        if entry.tzid is not None and (start.tzinfo or end.tzinfo):
            return "a time in a time zone is one on its clock, without an offset."
        return None if start <= end else "the end does not lie before the start."
    if isinstance(start, datetime) or isinstance(end, datetime) or entry.tzid is not None:
        return "start and end are two times, or two dates without a time zone."
    return None if start < end else "the end is the day after the last one."


def _value_problem(entry: CalendarEntry) -> str | None:
    """Say what is wrong with the other values of ``entry``."""
    if not entry.uid or _UNPRINTABLE.search(entry.uid) or len(entry.uid.encode()) > _MAX_UID:
        return f"a UID has 1 to {_MAX_UID} printable octets."
    if entry.tzid is not None and not _TZID.fullmatch(entry.tzid):
        return f"“{entry.tzid}” is no name of a time zone."
    if entry.geo and not (abs(entry.geo[0]) <= 90 and abs(entry.geo[1]) <= 180):  # noqa: PLR2004
        return "latitude and longitude are degrees within ±90 and ±180."
    if not all(_TOKEN.fullmatch(reltype) for reltype, _ in entry.related_to):
        return "a relation is a word such as SIBLING."
    return _address_problem(entry.url) or _color_problem(entry.color)


def _head_problem(head: CalendarHead) -> str | None:
    """Say what is wrong with ``head``."""
    if head.refresh_interval <= timedelta(0):
        return "the interval between two polls is positive."
    if head.last_modified and not _is_utc(head.last_modified):
        return "last_modified is a time in UTC."
    return _address_problem(head.url) or _address_problem(head.source) or _color_problem(head.color)


def _address_problem(url: str) -> str | None:
    # An address is written as it is, so a line break in it would begin a line of its own.
    return None if _ADDRESS.fullmatch(url) else f"“{url}” is no address: it has spaces."


def _color_problem(color: str) -> str | None:
    if not color or color in _COLORS:
        return None
    return f"“{color}” is no CSS3 colour name such as steelblue."


def _is_utc(moment: date | datetime) -> bool:
    return isinstance(moment, datetime) and moment.utcoffset() == timedelta(0)


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


def _tree(data: bytes) -> list[_Node]:
    """Nest the components of a file; every BEGIN has its END."""
    root = _Node(0, "")
    path = [root]
    for found in _properties(data):
        if found.name == "BEGIN":
            node = _Node(found.line, found.value.strip().upper())
            path[-1].children.append(node)
            path.append(node)
        elif found.name != "END":
            path[-1].properties.append(found)
        elif path.pop().name != found.value.strip().upper() or not path:
            raise CalendarDataError([(found.line, f"END:{found.value} ends nothing here.")])
    if path[-1] is not root:
        raise CalendarDataError([(path[-1].line, f"{path[-1].name} has no END.")])
    return root.children


def _properties(data: bytes) -> Iterator[_Property]:
    """Yield the content lines of a file, unfolded (RFC 5545 §3.1)."""
    for line, octets in _unfolded(data):
        try:
            content = Contentline(octets.decode())  # type: ignore[no-untyped-call]
            name, params, value = content.raw_parts()
        except ValueError as error:
            problem = f"“{octets[:80].decode(errors='replace')}” is no line of a calendar."
            raise CalendarDataError([(line, problem)]) from error
        yield _Property(line, name.upper(), params, value)


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
    for name in ("RRULE", "RDATE", "RECURRENCE-ID"):
        for found in node.all(name):
            raise CalendarDataError([(found.line, f"{name}: only single events are read.")])
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
    if tzid in _UTC:
        return moment.replace(tzinfo=UTC), None
    encode_timezone(tzid, moment.year)  # refuses a zone that we could not write
    return moment, tzid


def _read_instant(found: _Property) -> datetime:
    """Read a time in UTC."""
    moment, _ = _read_moment(found)
    if not isinstance(moment, datetime) or not _is_utc(moment):
        raise ValueError(found.value)
    return moment


def _read_text(found: _Property) -> str:
    """Read a TEXT (RFC 5545 §3.3.11)."""
    text = _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], found.value)
    return _clean(text)


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
    return color if color in _COLORS else ""


def _read_uri(found: _Property) -> str:
    return found.value


def _read_integer(found: _Property) -> int:
    return int(found.value)


def _read_duration(found: _Property) -> timedelta:
    duration: timedelta = vDuration.from_ical(found.value)  # type: ignore[no-untyped-call]
    return duration


def _read_geo(found: _Property) -> tuple[float, float]:
    return vGeo.from_ical(found.value)
