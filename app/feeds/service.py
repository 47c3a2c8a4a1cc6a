"""Feeds by name: their entries and what they say about themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions import milestone_queries
from app.editions.entries import COLOR_OF, entry_of, summary_of
from app.feeds import components, queries
from app.i18n import gettext as _
from app.outbox import address
from app.series import queries as series_queries
from scheduler import ical
from scheduler.errors import NotFoundError
from scheduler.ical import CalendarEntry, CalendarHead

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import Select

    from app.editions.models import Edition, EditionMilestone
    from app.feeds.components import Joined

ALL, SERIES, REGION, EDITION = "all", "series", "region", "edition"
COUNTRY, ASSOCIATION = "country", "association"
DEADLINES = "deadlines"


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, ready to be written: equal content gives equal bytes.

    ``selection`` picks its editions; their bytes are kept with their rows and only joined.
    """

    head: CalendarHead
    selection: Select[Edition]
    last_modified: datetime | None

    @property
    def entries(self) -> list[CalendarEntry]:
        """The feed's entries, earliest first."""
        return [entry_of(edition) for edition in db.session.scalars(self.selection)]

    def ics(self) -> bytes:
        """Return the feed as ``text/calendar``."""
        return self.joined().body

    def joined(self, former: Joined | None = None) -> Joined:
        """Return the feed as ``text/calendar``, with what ``former`` has of it not read again."""
        return components.join(self.head, self.selection, former)

    def jcal(self) -> bytes:
        """Return the feed as ``application/calendar+json`` (RFC 7265)."""
        return ical.to_jcal(self.head, self.entries)


@dataclass(frozen=True, slots=True)
class DeadlinesFeed:
    """The days by which one must act for public editions; few enough to be written each time."""

    head: CalendarHead
    entries: Sequence[CalendarEntry]
    last_modified: datetime | None

    def ics(self) -> bytes:
        """Return the feed as ``text/calendar``."""
        return ical.encode(self.head, self.entries)

    def jcal(self) -> bytes:
        """Return the feed as ``application/calendar+json`` (RFC 7265)."""
        return ical.to_jcal(self.head, self.entries)


def find(
    kind: str,
    key: str | None = None,
    *,
    today: date,
    series: str | None = None,
    region: str | None = None,
) -> Feed | DeadlinesFeed:
    """Return the feed ``kind``/``key``; ``series`` and ``region`` narrow all, and the deadlines.

    Raises:
        NotFoundError: no such feed. Never an empty feed instead: it would erase a subscriber's
            copy.
    """
    path = feed_path(kind, key, series=series or "", region=region or "")
    if kind == ALL and key is None:
        name, narrowing = selection_name(series, region), {"series": series, "region": region}
    elif kind == DEADLINES and key is None:
        name, narrowing = deadlines_name(series, region), {"series": series, "region": region}
    elif key is not None and kind in NAME_OF:
        name, narrowing = NAME_OF[kind](key, today), {kind: key}
    else:
        raise NotFoundError
    # Before what it dates: PostgreSQL lets others write in between, and old content under a later
    # date would never be asked for again.
    changed_at = queries.last_change(today)
    base = address("site.home").rstrip("/")
    slug = narrowing.get("series")
    of_one = series_queries.find(slug) if slug else None
    head = CalendarHead(
        name=f"Symposia: {name}",
        description=_("Changes, postponements and cancellations arrive by themselves."),
        url=f"{base}/calendar",
        source=f"{base}{path}",
        color=COLOR_OF[of_one.kind] if of_one else "",
    )
    if kind == DEADLINES:
        return DeadlinesFeed(head, deadlines(today, **narrowing), changed_at)
    return Feed(head, queries.in_feed(today, **narrowing), changed_at)


def _series_name(slug: str, today: date) -> str:  # noqa: ARG001 - as its siblings
    found = series_queries.find(slug)
    if found is None:
        raise NotFoundError
    return found.title


def _region_name(slug: str, today: date) -> str:  # noqa: ARG001 - as its siblings
    if slug not in REGION_NAMES:
        raise NotFoundError
    return _("Events in %(place)s", place=REGION_NAMES[slug])


def _country_name(code: str, today: date) -> str:  # noqa: ARG001 - as its siblings
    country = countries.find(code)
    if country is None or country.code != code:
        raise NotFoundError
    return _("Events in %(place)s", place=country.name)


def _association_name(slug: str, today: date) -> str:  # noqa: ARG001 - as its siblings
    association = countries.find_association(slug)
    if association is None:
        raise NotFoundError
    return _("Events in countries of %(name)s", name=association.name)


def _edition_name(slug: str, today: date) -> str:
    edition = db.session.scalar(queries.in_feed(today, edition=slug))
    if edition is None:
        raise NotFoundError
    return edition.title


NAME_OF = {
    SERIES: _series_name,
    REGION: _region_name,
    COUNTRY: _country_name,
    ASSOCIATION: _association_name,
    EDITION: _edition_name,
}
"""What a feed is called, by its kind; each raises NotFoundError for a key that names nothing."""


def by_name(name: str, *, today: date) -> Feed | DeadlinesFeed:
    """Return the feed with a name such as ``all`` or ``series/symposium``.

    Raises:
        NotFoundError: no such feed.
    """
    kind, _slash, key = name.removesuffix(".ics").strip("/").partition("/")
    return find(kind, key or None, today=today)


def deadlines(
    today: date, *, series: str | None = None, region: str | None = None
) -> list[CalendarEntry]:
    """Return the milestones that the world may know, earliest first."""
    told = milestone_queries.told(today, series=series, region=region)
    return [deadline_of(row, edition) for row, edition in told]


def deadline_of(milestone: EditionMilestone, edition: Edition) -> CalendarEntry:
    """Return a told ``milestone`` of ``edition`` as the world's calendars show it: a whole day."""
    if milestone.told_on is None or milestone.told_status is None:
        raise NotFoundError
    return CalendarEntry(
        uid=milestone.uid,
        sequence=milestone.sequence,
        created=milestone.created_at,
        # Its words carry the titles of edition and series, so it is revised with both.
        last_modified=max(milestone.modified_at, edition.modified_at, edition.series.modified_at),
        summary=_(
            "%(milestone)s: %(event)s", milestone=_(milestone.title), event=summary_of(edition)
        ),
        dtstart=milestone.told_on,
        dtend=milestone.told_on + timedelta(days=1),
        status=milestone.told_status,
        url=address("site.edition", slug=edition.slug),
        description=_("Demonstration data.") if edition.is_demonstration else "",
        categories=(edition.series.title,),
        color=COLOR_OF[edition.series.kind],
        related_to=(("PARENT", edition.uid),),
        transparent=True,
    )


def feed_path(kind: str, key: str | None = None, *, suffix: str = "ics", **filters: str) -> str:
    """Return the path of a feed; equal filters give one address."""
    path = f"/feeds/{kind}/{key}.{suffix}" if key else f"/feeds/{kind}.{suffix}"
    query = urlencode(sorted((name, value) for name, value in filters.items() if value))
    return f"{path}?{query}" if query else path


def selection_name(series: str | None, region: str | None) -> str:
    """Return what the feed of all is called with these filters.

    Raises:
        NotFoundError: no such series or region.
    """
    parts = []
    if series is not None:
        found = series_queries.find(series)
        if found is None:
            raise NotFoundError
        parts.append(found.title)
    if region is not None:
        if region not in REGION_NAMES:
            raise NotFoundError
        parts.append(REGION_NAMES[region])
    return ": ".join(parts) or _("All events")


def deadlines_name(series: str | None, region: str | None) -> str:
    """Return what the feed of deadlines is called with these filters.

    Raises:
        NotFoundError: no such series or region.
    """
    if series is None and region is None:
        return _("Deadlines")
    return _("Deadlines: %(name)s", name=selection_name(series, region))


def feed_of_edition(edition: Edition, today: date) -> str | None:
    """Return the path of the edition's own feed, ``None`` where it stands in none."""
    found = db.session.scalar(queries.in_feed(today, edition=edition.slug))
    return feed_path(EDITION, edition.slug) if found else None
