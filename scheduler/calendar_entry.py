"""The values of calendars: entries, heads and invitations, checked when they are made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

PRODID = "-//Symposia//Symposia//EN"
CANCELLED_PREFIX = "CANCELLED: "
REFRESH_INTERVAL = timedelta(hours=4)

# Outlook refuses TZID=UTC, so times in a zone of these names are written with Z.
UTC_NAMES = frozenset(
    {"UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"}
)
_BREAK = re.compile(r"\r\n?")
# Programs stop reading at a control character; a lone surrogate has no octets at all; a byte order
# mark is read by some and dropped by others.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff]")
_TOKEN = re.compile(r"[A-Za-z0-9-]+")
_TZID = re.compile(r"[\w+/-]+", re.ASCII)
_ADDRESS = re.compile(r"[\x21-\x7e\xa0-\U0010ffff]*")  # no space and no control character
_MAX_UID = 255  # octets (RFC 7986 §5.3)
COLORS = frozenset(
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
        return None if self.tzid in UTC_NAMES else self.tzid


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


def clean(value: str) -> str:
    """Return ``value`` with one kind of line break, and without what no program reads."""
    return _UNPRINTABLE.sub("", _BREAK.sub("\n", value))


def is_utc(moment: date | datetime) -> bool:
    """Return whether ``moment`` is a time in UTC."""
    return isinstance(moment, datetime) and moment.utcoffset() == timedelta(0)


def _time_problem(entry: CalendarEntry) -> str | None:
    """Say what is wrong with the times of ``entry``."""
    start, end = entry.dtstart, entry.dtend
    if not (is_utc(entry.created) and is_utc(entry.last_modified)):
        return "created and last_modified are times in UTC."
    if isinstance(start, datetime) and isinstance(end, datetime):
        if entry.tzid is None and not (is_utc(start) and is_utc(end)):
            return "a time without a time zone is one in UTC."
        if entry.tzid is not None and (start.tzinfo or end.tzinfo):
            return "a time in a time zone is one on its clock, without an offset."
        return None if start <= end else "it ends before it begins."
    if isinstance(start, datetime) or isinstance(end, datetime) or entry.tzid is not None:
        return "start and end are two times, or two dates without a time zone."
    return None if start < end else "it ends before it begins (the end is the day after its last)."


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
    if head.last_modified and not is_utc(head.last_modified):
        return "last_modified is a time in UTC."
    return _address_problem(head.url) or _address_problem(head.source) or _color_problem(head.color)


def _address_problem(url: str) -> str | None:
    # An address is written as it is, so a line break in it would begin a line of its own.
    return None if _ADDRESS.fullmatch(url) else f"“{url}” is no address: it has spaces."


def _color_problem(color: str) -> str | None:
    if not color or color in COLORS:
        return None
    return f"“{color}” is no CSS3 colour name such as steelblue."
