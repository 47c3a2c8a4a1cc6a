"""The feeds as the subscribe page offers them: what is in each, what comes next, the ways to it."""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import segno

from app.countries.service import REGION_NAMES
from app.editions import milestone_queries
from app.editions.entries import entry_of
from app.feeds import queries
from app.feeds.service import (
    ALL,
    COUNTRY,
    DEADLINES,
    EDITION,
    REGION,
    SERIES,
    deadline_of,
    deadlines_name,
    feed_path,
    selection_name,
)
from app.outbox import address, settings
from app.series import queries as series_queries
from scheduler.ical import EntryStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.editions.models import Edition
    from app.series.models import SeriesKind
    from scheduler.ical import CalendarEntry

CHOSEN = "chosen"  # the feed of all, narrowed as the calendar was
NEXT_COUNT = 3


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One of the next entries of a feed; ``path`` is the file of its event alone."""

    entry: CalendarEntry
    kind: SeriesKind
    path: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A feed to choose: its name, how many entries it has, the next of them, the ways to it."""

    kind: str
    name: str
    path: str
    code_path: str  # of the QR code that brings a telephone here; "" where there is none
    count: int
    next: Sequence[Upcoming]

    @property
    def address(self) -> str:
        """Where programs subscribe."""
        return f"{settings().base_url}{self.path}"

    @property
    def webcal(self) -> str:
        """The address that opens the reader's own calendar program."""
        return f"webcal://{self.address.partition('://')[2]}"

    @property
    def google(self) -> str:
        """The page of Google's calendar that subscribes to this feed."""
        return f"https://calendar.google.com/calendar/render?cid={quote(self.webcal, safe='')}"

    @property
    def outlook(self) -> str:
        """The page of Outlook.com that subscribes to this feed."""
        return (
            "https://outlook.live.com/calendar/0/addfromweb"
            f"?url={quote(self.address, safe='')}&name={quote(self.name, safe='')}"
        )


def all_offers(today: date, *, series: str = "", region: str = "") -> list[Offer]:
    """Return the feeds to choose from; a filter of the calendar's comes first as its own.

    Raises:
        NotFoundError: no such series or region.
    """
    contents = _Contents(today)

    def offer(kind: str, name: str, path: str, **filters: str) -> Offer:
        count, ahead = contents.of(**filters)
        return Offer(kind, name, path, _code_path(ALL, **filters), count, ahead)

    found = [offer(ALL, selection_name(None, None), feed_path(ALL))]
    if series or region:
        name = selection_name(series or None, region or None)
        path = feed_path(ALL, series=series, region=region)
        found.insert(0, offer(CHOSEN, name, path, series=series, region=region))
    found.append(_deadlines_offer(today, series, region))
    found += [
        offer(SERIES, one.title, feed_path(SERIES, one.slug), series=one.slug)
        for one in series_queries.all_series()
    ]
    found += [
        offer(REGION, name, feed_path(REGION, slug), region=slug)
        for slug, name in REGION_NAMES.items()
    ]
    for code, name in contents.countries():
        count, ahead = contents.of(country=code)
        found.append(Offer(COUNTRY, name, feed_path(COUNTRY, code), "", count, ahead))
    return found


class _Contents:
    """How many editions each feed has, and its next ones: two queries, however many feeds."""

    def __init__(self, today: date) -> None:
        self._counts: dict[tuple[str, str, str], int] = defaultdict(int)
        self._countries: dict[str, str] = {}
        next_ids: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for edition_id, dtend, series, region, code, name in queries.in_feed_by_place(today):
            feeds = [(a, b, "") for a in {series, ""} for b in {region or "", ""}]
            if code is not None and name is not None:
                self._countries[code] = name
                feeds.append(("", "", code))
            for feed in feeds:
                self._counts[feed] += 1
                if dtend > today and len(next_ids[feed]) < NEXT_COUNT:
                    next_ids[feed].append(edition_id)
        wanted = {edition_id for ids in next_ids.values() for edition_id in ids}
        rows = {row.id: row for row in queries.editions_by_id(sorted(wanted))}
        self._next = {
            feed: [_upcoming(rows[edition_id]) for edition_id in ids]
            for feed, ids in next_ids.items()
        }

    def of(
        self, series: str = "", region: str = "", country: str = ""
    ) -> tuple[int, Sequence[Upcoming]]:
        """Return what the feed of all has under these filters, or one country's."""
        feed = (series, region, country)
        return self._counts.get(feed, 0), self._next.get(feed, ())

    def countries(self) -> list[tuple[str, str]]:
        """Return code and name of the countries with events, by name."""
        return sorted(self._countries.items(), key=lambda country: country[1])


def _upcoming(edition: Edition) -> Upcoming:
    return Upcoming(entry_of(edition), edition.series.kind, feed_path(EDITION, edition.slug))


def _deadlines_offer(today: date, series: str, region: str) -> Offer:
    told = milestone_queries.told(today, series=series or None, region=region or None)
    ahead = [
        (row, edition)
        for row, edition in told
        if row.told_on is not None
        and row.told_on >= today
        and row.told_status is not EntryStatus.CANCELLED
    ]
    return Offer(
        DEADLINES,
        deadlines_name(series or None, region or None),
        feed_path(DEADLINES, series=series, region=region),
        _code_path(DEADLINES, series=series, region=region),
        len(told),
        [
            Upcoming(deadline_of(row, edition), edition.series.kind, "")
            for row, edition in ahead[:NEXT_COUNT]
        ],
    )


def _code_path(kind: str, **filters: str) -> str:
    chosen = urlencode(sorted((name, value) for name, value in filters.items() if value))
    return f"/subscribe/{kind}.svg" + (f"?{chosen}" if chosen else "")


def code(kind: str, *, series: str = "", region: str = "") -> bytes:
    """Return the QR code of the subscribe page with this selection, as SVG.

    The page rather than the feed: every telephone opens a page, and there each finds its way.

    Raises:
        NotFoundError: no such series or region.
    """
    selection_name(series or None, region or None)
    page = address("feeds.subscribe", series=series or None, region=region or None)
    written = io.BytesIO()
    segno.make(page + ("#deadlines" if kind == DEADLINES else ""), error="m", micro=False).save(
        written, kind="svg", light="#fff", xmldecl=False, omitsize=True
    )
    return written.getvalue()
