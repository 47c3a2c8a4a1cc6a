"""Writing calendar values: the components they make, and the folded lines of these."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from icalendar import Alarm, Calendar, Component, Event
from icalendar.prop import vCalAddress, vCategory, vDDDTypes, vDuration, vGeo, vInt, vText, vUri

from scheduler.calendar_entry import (
    CANCELLED_PREFIX,
    UTC_NAMES,
    CalendarEntry,
    CalendarHead,
    EntryStatus,
    Invitation,
    Method,
    clean,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LIMIT = 75  # octets of a line, its fold's space included (§3.1)
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def build_bare_calendar(prodid: str, method: str | None) -> Calendar:
    """Build a VCALENDAR that says no more than it must (RFC 5545 §3.6)."""
    calendar = Calendar()
    calendar["VERSION"] = _text("2.0")
    calendar["PRODID"] = _text(prodid)
    calendar["CALSCALE"] = _text("GREGORIAN")
    if method:
        calendar["METHOD"] = _text(method)
    return calendar


def build_calendar(head: CalendarHead, method: str | None) -> Calendar:
    """Build a VCALENDAR without components, nor a UID: vdirsyncer takes that for an event's."""
    calendar = build_bare_calendar(head.prodid, method)
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


def build_event(entry: CalendarEntry, invitation: Invitation | None = None) -> Event:
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
    summary = _text(CANCELLED_PREFIX + entry.summary if cancelled else entry.summary)
    if summary:  # libical takes a property without a value for a fault
        event["SUMMARY"] = summary
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
    # Programs show one line.
    place = _text(", ".join(filter(str.strip, clean(entry.location).split("\n"))))
    if place:
        yield "LOCATION", place
    if entry.geo:
        yield "GEO", _Geo(entry.geo)
    if entry.url:
        yield "URL", vUri(entry.url)
    description = _text(entry.description)
    if description:
        yield "DESCRIPTION", description
    categories = _categories(entry.categories)
    if categories.cats:
        yield "CATEGORIES", categories
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


_PLAIN = frozenset({_Text, vInt, vDDDTypes})
"""Types whose values hold no line break once they are written."""


class _Geo(vGeo):
    """GEO with six decimal places: a float may be 1e-05, which RFC 5545 §3.3.7 does not know."""

    def to_ical(self) -> str:
        return f"{_decimal(self.latitude)};{_decimal(self.longitude)}"


def _decimal(degrees: float) -> str:
    """Return ``degrees`` as a decimal fraction with a digit behind the point."""
    text = f"{degrees:.6f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def _text(value: str, params: dict[str, str] | None = None) -> _Text:
    """Return ``value`` as TEXT, without the blanks at its ends: readers differ about them."""
    return _Text(clean(value).strip(), params=params)


def _categories(names: Iterable[str]) -> vCategory:
    """Return one CATEGORIES of ``names``, a comma within a name escaped, without empty ones."""
    categories = vCategory([])
    categories.cats = [name for name in map(_text, names) if name]
    return categories


def _person(address: str, name: str, params: Mapping[str, str] | None = None) -> vCalAddress:
    """Return a ``mailto:`` address with its parameters."""
    named = {"CN": " ".join(clean(name).split())} if name else {}
    return vCalAddress(f"mailto:{address}", params={**named, **(params or {})})


def _moment(value: date | datetime, tzid: str | None = None) -> vDDDTypes:
    """Return a date, a time on the clock of ``tzid``, or a time in UTC."""
    if tzid is None:
        return vDDDTypes(value)
    if tzid in UTC_NAMES and isinstance(value, datetime):
        return vDDDTypes(value.replace(tzinfo=UTC))
    moment = vDDDTypes(value)
    moment.params["TZID"] = tzid
    return moment


def write_lines(component: Component) -> bytes:
    """Write ``component`` as folded lines with CRLF."""
    lines = (_line(component, *each) for each in component.property_items(sorted=False))
    return b"".join(_fold(line) + b"\r\n" for line in lines)


def _line(component: Component, name: str, value: Any) -> bytes:  # noqa: ANN401 - the library's
    """Write one property; the library's way takes five times as long and is left to the others."""
    if isinstance(value, bytes):  # BEGIN and END
        return b"%s:%s" % (name.encode(), value)
    if type(value) not in _PLAIN:
        return str(component.content_line(name, value, sorted=False)).encode()
    written = value.to_ical()
    octets = written if isinstance(written, bytes) else written.encode()
    params = value.params and value.params.to_ical(sorted=False)
    return (
        b"%s;%s:%s" % (name.encode(), params, octets)
        if params
        else b"%s:%s" % (name.encode(), octets)
    )


def _fold(octets: bytes) -> bytes:
    r"""Fold a line to 75 octets (RFC 5545 §3.1), between characters and never in an escape.

    The library's own is slower and cuts ``\\`` in two; elsewhere the folds are the same.
    """
    if len(octets) < _LIMIT:
        return octets
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
