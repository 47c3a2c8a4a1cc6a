"""The feeds as the subscribe page offers them: what is in each, what comes next, the ways to it."""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import segno

from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.editions import milestone_queries
from app.editions.entries import entry_of
from app.feeds import queries
from app.feeds.service import (
    ALL,
    ASSOCIATION,
    COUNTRY,
    DEADLINES,
    EDITION,
    NAME_OF,
    REGION,
    SERIES,
    deadline_of,
    deadlines_name,
    feed_path,
    selection_name,
)
from app.i18n import gettext as _
from app.outbox import address, settings
from app.series import queries as series_queries
from scheduler.errors import NotFoundError
from scheduler.ical import EntryStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.editions.models import Edition
    from app.series.models import SeriesKind
    from scheduler.ical import CalendarEntry

PERSONAL = "personal"
CHOSEN = "chosen"  # the feed of all, narrowed as the calendar was
NEXT_COUNT = 3
Key = tuple[tuple[str, str], ...]  # the filters of a feed, in order


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
    code_path: str  # of the QR code that brings a telephone there; "" where there is none
    count: int
    next: Sequence[Upcoming]

    @property
    def key(self) -> str:
        """What names the feed within its kind."""
        return self.path.rpartition("/")[2].removesuffix(".ics")

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


def all_offers(today: date, **selection: str) -> list[Offer]:
    """Return the feeds to choose from; what ``selection`` names comes first as its own.

    Of countries and associations, which may be many, those with events, without what comes next.

    Raises:
        NotFoundError: no such feed.
    """
    name = chosen_name(today, **selection)
    contents = _Contents(today, _key(**selection))

    def offer(kind: str, name: str, path: str, **filters: str) -> Offer:
        count, ahead = contents.of(**filters)
        return Offer(kind, name, path, _code_path(ALL, **filters), count, ahead)

    found = [offer(ALL, selection_name(None, None), feed_path(ALL))]
    if name:
        found.insert(0, offer(CHOSEN, name, _chosen_path(**selection), **selection))
    found.append(_deadlines_offer(today, selection.get(SERIES, ""), selection.get(REGION, "")))
    found += [
        offer(SERIES, one.title, feed_path(SERIES, one.slug), series=one.slug)
        for one in series_queries.all_series()
    ]
    found += [
        offer(REGION, name, feed_path(REGION, slug), region=slug)
        for slug, name in REGION_NAMES.items()
    ]
    found += [
        Offer(kind, name, feed_path(kind, key), "", count, ())
        for kind in (COUNTRY, ASSOCIATION)
        for key, name, count in contents.places(kind)
    ]
    return found


def chosen_name(today: date, **selection: str) -> str:
    """Return what the feed that ``selection`` names is called, nothing where it names none.

    Raises:
        NotFoundError: no such feed; that of a country or an association has no other filter.
    """
    given = {kind: key for kind, key in selection.items() if key}
    for kind in given.keys() & {COUNTRY, ASSOCIATION}:
        if len(given) > 1:
            raise NotFoundError
        return NAME_OF[kind](given[kind], today)
    return selection_name(given.get(SERIES), given.get(REGION)) if given else ""


def _chosen_path(**selection: str) -> str:
    for kind in (COUNTRY, ASSOCIATION):
        if selection.get(kind):
            return feed_path(kind, selection[kind])
    return feed_path(ALL, **selection)


class _Contents:
    """How many editions each feed has, and its next ones: three queries, however many feeds."""

    def __init__(self, today: date, chosen: Key) -> None:
        members = countries.members_of_associations()
        self._counts: dict[Key, int] = defaultdict(int)
        self._names: dict[Key, str] = {}
        next_ids: dict[Key, list[int]] = defaultdict(list)
        for edition_id, dtend, series, region, code, name in queries.in_feed_by_place(today):
            feeds: list[Key] = [(), ((SERIES, series),)]
            if region is not None:
                feeds += [((REGION, region),), ((REGION, region), (SERIES, series))]
            if code is not None and name is not None:
                places = [
                    (((COUNTRY, code),), name),
                    *((((ASSOCIATION, slug),), title) for slug, title in members.get(code, ())),
                ]
                self._names.update(places)
                feeds += [feed for feed, _name in places]
            for feed in feeds:
                self._counts[feed] += 1
                is_shown = feed not in self._names or feed == chosen
                if is_shown and dtend > today and len(next_ids[feed]) < NEXT_COUNT:
                    next_ids[feed].append(edition_id)
        wanted = {edition_id for ids in next_ids.values() for edition_id in ids}
        rows = {row.id: row for row in queries.editions_by_id(sorted(wanted))}
        self._next = {
            feed: [_upcoming(rows[edition_id]) for edition_id in ids]
            for feed, ids in next_ids.items()
        }

    def of(self, **filters: str) -> tuple[int, Sequence[Upcoming]]:
        """Return what the feed with these filters has, and its next entries."""
        feed = _key(**filters)
        return self._counts.get(feed, 0), self._next.get(feed, ())

    def places(self, kind: str) -> list[tuple[str, str, int]]:
        """Return key, name and count of the countries or associations with events, by name."""
        found = [
            (feed[0][1], name, self._counts[feed])
            for feed, name in self._names.items()
            if feed[0][0] == kind
        ]
        return sorted(found, key=lambda place: place[1])


def _key(**filters: str) -> Key:
    return tuple(sorted((name, value) for name, value in filters.items() if value))


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
    chosen = urlencode(_key(**filters))
    return f"/subscribe/{kind}.svg" + (f"?{chosen}" if chosen else "")


def code(kind: str, today: date, **selection: str) -> bytes:
    """Return the QR code of the subscribe page with this selection, as SVG.

    The page rather than the feed: every telephone opens a page, and there each finds its way.

    Raises:
        NotFoundError: no such feed.
    """
    chosen_name(today, **selection)
    page = address("feeds.subscribe", **{name: key or None for name, key in selection.items()})
    written = io.BytesIO()
    segno.make(page + ("#deadlines" if kind == DEADLINES else ""), error="m", micro=False).save(
        written, kind="svg", light="#fff", xmldecl=False, omitsize=True
    )
    return written.getvalue()


def own(token: str) -> Offer:
    """Return a personal feed as it is offered this once: its code brings the address itself."""
    offer = Offer(PERSONAL, _("My calendar"), feed_path(PERSONAL, token), "", 0, ())
    code = segno.make(offer.webcal, error="m", micro=False)
    return replace(offer, code_path=code.svg_data_uri(light="#fff", omitsize=True))
