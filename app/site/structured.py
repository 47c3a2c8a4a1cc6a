"""An edition as search engines and assistants read it: schema.org's Event, as JSON-LD."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.editions.models import Precision
from app.outbox import address
from scheduler.ical import EntryStatus
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.audit import AuditEntry
    from app.editions.models import Edition

SCHEMA = "https://schema.org"


def event_of(edition: Edition, changes: Sequence[AuditEntry]) -> dict[str, Any] | None:
    """Return what the world may know of ``edition``, the place to the city; ``changes`` are public.

    ``None`` where the days are not known: a guess would be taken for a fact.
    """
    if edition.precision is not Precision.DAY:
        return None
    page = address("site.edition", slug=edition.slug)
    former = _former_starts(edition, changes)
    found = {
        "@context": SCHEMA,
        "@type": "Event",
        "@id": page,
        "url": page,
        "name": edition.title,
        "description": edition.summary or edition.series.summary,
        "startDate": edition.dtstart.isoformat(),
        # The last day: a date of schema.org is not exclusive as DTEND is.
        "endDate": (edition.dtend - timedelta(days=1)).isoformat(),
        "eventStatus": f"{SCHEMA}/{_status(edition, former)}",
        "previousStartDate": former,
        "eventAttendanceMode": f"{SCHEMA}/OfflineEventAttendanceMode" if edition.city else "",
        "location": _place(edition),
        "organizer": {"@type": "Organization", "name": "Symposia", "url": address("site.home")},
        "superEvent": {
            "@type": "EventSeries",
            "name": edition.series.title,
            "url": address("site.series", slug=edition.series.slug),
        },
    }
    return {name: value for name, value in found.items() if value}


def _status(edition: Edition, former: Sequence[str]) -> str:
    if edition.public_entry_status is EntryStatus.CANCELLED:
        return "EventCancelled"
    if edition.status is EditionStatus.POSTPONED and edition.dates_to_follow:
        return "EventPostponed"  # the days that it had stay, until it has new ones
    return "EventRescheduled" if former else "EventScheduled"


def _former_starts(edition: Edition, changes: Sequence[AuditEntry]) -> list[str]:
    """Return the days on which the world was told that it would start, oldest first."""
    moves = [entry.changes["dtstart"] for entry in changes if "dtstart" in entry.changes]
    was = dict.fromkeys(start for start, _now in moves if start)
    was.pop(edition.dtstart.isoformat(), None)
    return list(was)


def _place(edition: Edition) -> dict[str, Any] | None:
    if not edition.place:
        return None
    country = edition.country
    found = {
        "addressLocality": edition.city,
        # A fictional country has no ISO code that anybody would know.
        "addressCountry": (country.alpha2 or country.name) if country else "",
    }
    parts = {name: value for name, value in found.items() if value}
    place = {
        "@type": "Place",
        "name": edition.place,
        "address": {"@type": "PostalAddress", **parts},
    }
    if edition.geo:
        latitude, longitude = edition.geo
        place["geo"] = {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}
    return place
