"""Calendar entries and RFC 5545 bytes, both ways; equal entries give equal bytes.

A feed is its head, the time zones it names and its entries, each encoded alone, so that a caller
may keep the bytes of an entry with its row and only join them: ``encode`` of some entries is
``assemble`` of each one's ``encode_component``.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from icalendar import Timezone

from scheduler.calendar_entry import (
    CANCELLED_PREFIX,
    PRODID,
    REFRESH_INTERVAL,
    UTC_NAMES,
    CalendarDataError,
    CalendarEntry,
    CalendarEntryError,
    CalendarHead,
    EntryStatus,
    Invitation,
    Method,
)
from scheduler.ical_reading import CalendarFile, decode, decode_what_can_be
from scheduler.ical_writing import build_bare_calendar, build_calendar, build_event, write_lines
from scheduler.vtimezone import encode_timezone

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CANCELLED_PREFIX",
    "ENDING",
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

# Raised whenever an entry would be written in other bytes: kept bytes are then written anew.
SERIALISER = "2"

# A calendar without a component is none (§3.6). Every program knows this zone, nothing uses it.
_EMPTY = encode_timezone("Etc/GMT", 1970)
ENDING = b"END:VCALENDAR\r\n"
"""With what a calendar ends."""


def encode(
    head: CalendarHead, entries: Iterable[CalendarEntry], *, method: str | None = None
) -> bytes:
    """Return the calendar of ``entries``, by start and UID whatever their order.

    Raises:
        UnknownTimezoneError: an entry's zone is not in the tz database.
    """
    ordered = _ordered(entries)
    return assemble(head, map(encode_component, ordered), _timezones(ordered), method=method)


def encode_invitation(
    entry: CalendarEntry, invitation: Invitation, tzid: str | None = None
) -> bytes:
    """Return the calendar that is mailed to one person (RFC 5546 §3.2.2, §3.2.5).

    A CANCEL tells the reader that the entry is cancelled, whatever its status is to others; its
    ``sequence`` is greater than the one in the last REQUEST. A zone is described in any case,
    since Exchange takes no CANCEL without: for whole days the one of their place, ``tzid``.

    Raises:
        UnknownTimezoneError: the zone is not in the tz database.
    """
    timezones = _timezones([entry])
    if not timezones and tzid and tzid not in UTC_NAMES:
        timezones = [encode_timezone(tzid, entry.dtstart.year)]
    event = write_lines(build_event(entry, invitation))
    return b"".join([_opening(invitation.method), *(timezones or [_EMPTY]), event, ENDING])


@cache
def _opening(method: Method) -> bytes:
    return write_lines(build_bare_calendar(PRODID, method)).removesuffix(ENDING)


def encode_component(entry: CalendarEntry) -> bytes:
    """Return the VEVENT of ``entry`` alone, its lines ending in CRLF.

    A cancelled entry says so before its summary too, since Outlook shows no status; it takes up
    no time and rings no alarm.
    """
    return write_lines(build_event(entry))


def assemble(
    head: CalendarHead,
    components: Iterable[bytes | memoryview],
    timezones: Iterable[bytes] = (),
    *,
    method: str | None = None,
) -> bytes:
    """Join a calendar of encoded ``timezones`` and ``components``, in the order given.

    Each TZID that a component names needs its ``encode_timezone``, once. Without ``method`` it
    is a feed; a feed with METHOD:PUBLISH would owe an ORGANIZER in each VEVENT (RFC 5546 §3.2.1).
    """
    opening = write_lines(build_calendar(head, method)).removesuffix(ENDING)
    return b"".join([opening, *([*timezones, *components] or [_EMPTY]), ENDING])


def to_jcal(
    head: CalendarHead, entries: Iterable[CalendarEntry], *, method: str | None = None
) -> bytes:
    """Return the calendar of ``encode`` as jCal (RFC 7265): JSON in UTF-8, without spaces.

    Raises:
        UnknownTimezoneError: an entry's zone is not in the tz database.
    """
    ordered = _ordered(entries)
    calendar = build_calendar(head, method)
    for timezone in _timezones(ordered) or ([] if ordered else [_EMPTY]):
        calendar.add_component(Timezone.from_ical(timezone))
    for entry in ordered:
        calendar.add_component(build_event(entry))
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
