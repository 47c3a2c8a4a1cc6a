"""Calendar entries and RFC 5545 bytes, both ways; equal entries give equal bytes.

A feed is its head, the time zones it names and its entries, each encoded alone, so that a caller
may keep the bytes of an entry with its row and only join them: ``encode`` of some entries is
``assemble`` of each one's ``encode_component``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from icalendar import Alarm, Calendar, Component, Event, Timezone
from icalendar.prop import vCalAddress, vCategory, vDDDTypes, vDuration, vGeo, vInt, vText, vUri

from scheduler.errors import N_, DomainError
from scheduler.vtimezone import encode_timezone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PRODID = "-//Symposia//Symposia//EN"
CANCELLED_PREFIX = "CANCELLED: "

# Outlook refuses TZID=UTC, so times in a zone of these names are written with Z.
_UTC = frozenset(
    {"UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"}
)
# A calendar without a component is none (§3.6). Every program knows this zone, nothing uses it.
_EMPTY = encode_timezone("Etc/GMT", 1970)
_END = b"END:VCALENDAR\r\n"
_LIMIT = 75  # octets of a line, its fold's space included (§3.1)
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
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


class CalendarEntryError(DomainError):
    """Values that no calendar can carry."""

    message = N_("This calendar entry is not usable: {problem}")


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
    refresh_interval: timedelta = timedelta(hours=4)
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
    while len(octets) >= _LIMIT:
        end = _LIMIT - 1
        while octets[end] & 0xC0 == 0x80:  # noqa: PLR2004 - within a UTF-8 character
            end -= 1
        head = octets[:end]
        backslashes = end - len(head.rstrip(b"\\"))
        # Carets escape in parameters (RFC 6868).
        if backslashes % 2 or head.endswith(b"^"):
            end -= 1
        pieces.append(octets[:end])
        octets = octets[end:]
    return b"\r\n ".join([*pieces, octets])


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
