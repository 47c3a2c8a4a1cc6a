"""Feeds by name: their entries and what they say about themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.countries.service import REGION_NAMES
from app.feeds import queries
from app.i18n import gettext as _
from app.outbox import address
from app.series import queries as series_queries
from app.series.models import SeriesKind
from scheduler import ical
from scheduler.errors import NotFoundError
from scheduler.ical import CalendarEntry, CalendarHead
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.editions.models import Edition

COLOR_OF = {
    SeriesKind.SYMPOSIUM: "steelblue",
    SeriesKind.PRACTITIONER_WORKSHOP: "teal",
    SeriesKind.REGIONAL_ENGAGEMENT: "plum",
}
ALL, SERIES, REGION, EDITION = "all", "series", "region", "edition"
CHOSEN = "chosen"  # the feed of all, narrowed as the calendar was
NEXT_COUNT = 3


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, ready to be written: equal feeds give equal bytes."""

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
) -> Feed:
    """Return the feed ``kind``/``key``; ``series`` and ``region`` narrow the feed of all.

    Raises:
        NotFoundError: no such feed. Never an empty feed instead: it would erase a subscriber's
            copy.
    """
    if kind == ALL and key is None:
        name = _check_filters(series, region)
        rows = queries.editions_in_feed(today, series=series, region=region)
        return _feed(name, rows, today, kind, key, series=series, region=region)
    if kind == SERIES and key is not None:
        found = series_queries.find(key)
        if found is None:
            raise NotFoundError
        rows = queries.editions_in_feed(today, series=key)
        return _feed(found.title, rows, today, kind, key, color=COLOR_OF[found.kind])
    if kind == REGION and key in REGION_NAMES:
        rows = queries.editions_in_feed(today, region=key)
        name = _("Events in %(region)s", region=REGION_NAMES[key])
        return _feed(name, rows, today, kind, key)
    if kind == EDITION and key is not None:
        rows = queries.editions_in_feed(today, slug=key)
        if not rows:
            raise NotFoundError
        return _feed(rows[0].title, rows, today, kind, key)
    raise NotFoundError


def by_name(name: str, *, today: date) -> Feed:
    """Return the feed with a name such as ``all`` or ``series/symposium``.

    Raises:
        NotFoundError: no such feed.
    """
    kind, _slash, key = name.removesuffix(".ics").strip("/").partition("/")
    return find(kind, key or None, today=today)


def entry_of(edition: Edition) -> CalendarEntry:
    """Return ``edition`` as the world's calendars show it."""
    return CalendarEntry(
        uid=edition.uid,
        sequence=edition.sequence,
        created=edition.created_at,
        last_modified=edition.modified_at,
        summary=_summary(edition),
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        status=edition.public_entry_status,
        location=edition.place,
        url=address("site.edition", slug=edition.slug),
        description=_description(edition),
        categories=(edition.series.title,),
        color=COLOR_OF[edition.series.kind],
        transparent=True,
    )


def feed_path(kind: str, key: str | None = None, *, suffix: str = "ics", **filters: str) -> str:
    """Return the path of a feed; equal filters give one address."""
    path = f"/feeds/{kind}/{key}.{suffix}" if key else f"/feeds/{kind}.{suffix}"
    query = urlencode(sorted((name, value) for name, value in filters.items() if value))
    return f"{path}?{query}" if query else path


def _description(edition: Edition) -> str:
    if not edition.is_demonstration:
        return edition.summary
    return "\n".join(filter(None, [_("Demonstration data."), edition.summary]))


def _summary(edition: Edition) -> str:
    if edition.status is not EditionStatus.POSTPONED:
        return edition.title
    if edition.dates_to_follow:
        return _("%(title)s (postponed, new dates to follow)", title=edition.title)
    return _("%(title)s (postponed to these days)", title=edition.title)


def _check_filters(series: str | None, region: str | None) -> str:
    """Return what the filtered feed is called."""
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


def _feed(  # noqa: PLR0913 - a feed's parts
    name: str,
    rows: Sequence[Edition],
    today: date,
    kind: str,
    key: str | None,
    *,
    color: str = "",
    series: str | None = None,
    region: str | None = None,
) -> Feed:
    base = address("site.home").rstrip("/")
    path = feed_path(kind, key, series=series or "", region=region or "")
    head = CalendarHead(
        name=f"Symposia: {name}",
        description=_("Changes, postponements and cancellations arrive by themselves."),
        url=f"{base}/calendar",
        source=f"{base}{path}",
        color=color,
        last_modified=queries.last_change(today),
    )
    return Feed(head, [entry_of(edition) for edition in rows], head.last_modified)


@dataclass(frozen=True, slots=True)
class Offer:
    """A feed as the subscribe page offers it: its name, its path, and what is in it."""

    kind: str
    name: str
    path: str
    count: int
    next: Sequence[CalendarEntry]


def offers(today: date, *, series: str = "", region: str = "") -> list[Offer]:
    """Return the feeds to choose from; a filter of the calendar's comes first as its own.

    Raises:
        NotFoundError: no such series or region.
    """
    rows = queries.editions_in_feed(today)

    def offer(kind: str, name: str, path: str, *, series: str = "", region: str = "") -> Offer:
        within = [
            row for row in rows if series in {"", row.series.slug} and region in {"", row.region}
        ]
        ahead = [row for row in within if row.dtend > today]
        return Offer(kind, name, path, len(within), [entry_of(row) for row in ahead[:NEXT_COUNT]])

    found = [offer(ALL, _check_filters(None, None), feed_path(ALL))]
    if series or region:
        name = _check_filters(series or None, region or None)
        path = feed_path(ALL, series=series, region=region)
        found.insert(0, offer(CHOSEN, name, path, series=series, region=region))
    found += [
        offer(SERIES, one.title, feed_path(SERIES, one.slug), series=one.slug)
        for one in series_queries.all_series()
    ]
    found += [
        offer(REGION, name, feed_path(REGION, slug), region=slug)
        for slug, name in REGION_NAMES.items()
    ]
    return found


def feed_of_edition(edition: Edition, today: date) -> str | None:
    """Return the path of the edition's own feed, ``None`` where it stands in none."""
    rows = queries.editions_in_feed(today, slug=edition.slug)
    return feed_path(EDITION, edition.slug) if rows else None
