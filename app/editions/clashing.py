"""What lies on, or too near, the days of editions: clashes, what is not known, free weeks."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from app.editions import queries, rows
from app.editions.models import Precision
from app.i18n import gettext as _
from app.series.queries import all_series
from scheduler import clashes
from scheduler.known_dates import GENERAL_CONFERENCE, KnownDate, Level
from scheduler.lifecycle import EditionStatus
from scheduler.observances import observances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from app.countries.models import Country
    from app.editions.models import Edition
    from app.editions.rows import EditionRow
    from scheduler.clashes import Clash, FreeWeek

WEEKS_OFFERED = 5
# As far as free weeks are looked for, and as far as events are too near to one another.
NEAR = timedelta(weeks=clashes.SEARCH_WEEKS + clashes.LOAD_WEEKS + 1)
TOO_NEAR = timedelta(weeks=clashes.LOAD_WEEKS)
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class WeekOffer:
    """A week to which a projected edition could be moved, and what is not known of it."""

    week: FreeWeek
    unknown: Sequence[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the days of an edition clash with, what cannot be compared, and where there is room."""

    clashes: Sequence[Clash]
    unknown: Sequence[str] = ()
    weeks: Sequence[WeekOffer] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What the days of one edition are compared with: our own events, and those of others.

    ``own`` may hold the edition itself; ``records`` is what was `recorded`.
    """

    own: Iterable[clashes.OwnEvent]
    records: tuple[KnownDate, ...]

    def others(self, edition: Edition, dtstart: date, dtend: date) -> list[clashes.OwnEvent]:
        """Return our own other events within half a year of these days."""
        first, beyond = dtstart - NEAR, dtend + NEAR
        return [
            other
            for other in self.own
            if other.dtend > first and other.dtstart < beyond and other.key != edition.slug
        ]


def outlook(edition: Edition, today: date, beside: Beside | None = None) -> Outlook:
    """Return the clashes of ``edition``, and for a projection the nearest free weeks.

    Nothing for what is over, or whose days are not known.
    """
    if edition.dtend <= today or edition.precision is not Precision.DAY:
        return Outlook(())
    event, host = own_event(edition), _host(edition)
    beside = beside or _beside(edition, edition.dtstart, edition.dtend)
    others = beside.others(edition, edition.dtstart, edition.dtend)
    first, last = edition.dtstart.year, edition.dtend.year
    if edition.status is not EditionStatus.PROJECTED:
        known = _with_observances(beside.records, first, last)
        return Outlook(clashes.find_clashes(event, known, others, host))
    # The weeks looked through reach half a year away.
    known = _with_observances(beside.records, first - 1, last + 1)
    found = clashes.find_clashes(event, known, others, host)
    weeks = clashes.free_weeks(
        event,
        known,
        others,
        edition.dtstart,
        WEEKS_OFFERED + 1,
        host_country=host,
        not_before=today,
    )
    offers = [
        WeekOffer(
            week,
            clashes.unknowns(event._replace(dtstart=week.dtstart, dtend=week.dtend), known, host),
            _why(week, found),
        )
        for week in weeks
        if week.dtstart != edition.dtstart
    ]
    # Said once, since it holds for every week alike.
    of_host = [] if host else [_("The host is not known, nor are its holidays.")]
    unknown = [*of_host, *clashes.unknowns(event, known, host)]
    return Outlook(found, unknown, offers[:WEEKS_OFFERED])


def _why(week: FreeWeek, found: Sequence[Clash]) -> str:
    """Return the reason that is recorded with a move to ``week``: away from what, and how far."""
    names = dict.fromkeys(clash.name for clash in found if clash.level is not Level.LOAD)
    away = _("Away from %(names)s.", names=", ".join(names)) if names else ""
    said = f"{away} {week.reason[:1].upper()}{week.reason[1:]}".strip()
    return said if len(said) <= REASON_LENGTH else f"{said[: REASON_LENGTH - 1]}…"


def clashes_on(
    edition: Edition, dtstart: date, dtend: date, beside: Beside | None = None
) -> list[Clash]:
    """Return what ``edition`` would clash with on other days, the gravest first.

    ``beside`` is what it is compared with, where that is to be other than what stands.
    """
    beside = beside or _beside(edition, dtstart, dtend)
    event = own_event(edition, dtstart, dtend)
    known = _with_observances(beside.records, dtstart.year, dtend.year)
    others = beside.others(edition, dtstart, dtend)
    return clashes.find_clashes(event, known, others, _host(edition))


def _beside(edition: Edition, dtstart: date, dtend: date) -> Beside:
    return Beside(_others(edition, dtstart, dtend), recorded())


def _others(edition: Edition, dtstart: date, dtend: date) -> list[clashes.OwnEvent]:
    """Return the other events that can matter to one on, or half a year around, these days."""
    near = rows.editions_near(all_series(), dtstart - NEAR, dtend + NEAR)
    return [own_event(other) for other in near if counts(other) and other.id != edition.id]


def _host(edition: Edition) -> str | None:
    """Return the host's code: alpha-2, or what there is of a state that has none."""
    return (edition.country.alpha2 or edition.country.code) if edition.country else None


@dataclass(frozen=True, slots=True)
class TrialSpan:
    """Days ``[dtstart, dtend)`` at a place, on which an edition might be held."""

    dtstart: date
    dtend: date
    country: Country
    city: str


def clashes_of_spans(edition: Edition, spans: Mapping[str, TrialSpan]) -> dict[str, list[Clash]]:
    """Return what ``edition`` would clash with on each of ``spans``, by their keys."""
    if not spans:
        return {}
    own = own_event(edition)
    tried = [
        own._replace(
            key=key,
            dtstart=span.dtstart,
            dtend=span.dtend,
            city=span.city,
            country_code=span.country.code,
        )
        for key, span in spans.items()
    ]
    years = {day.year for event in tried for day in (event.dtstart, event.dtend)}
    hosts = {key: span.country.alpha2 for key, span in spans.items() if span.country.alpha2}
    known = known_dates(min(years), max(years))
    first, beyond = min(event.dtstart for event in tried), max(event.dtend for event in tried)
    return clashes.find_all_clashes(tried, known, _others(edition, first, beyond), hosts)


def clashes_by_slug(
    editions: Sequence[Edition | EditionRow],
    today: date,
    records: tuple[KnownDate, ...] | None = None,
) -> Mapping[str, Sequence[Clash]]:
    """Return the clashes of each edition that lies ahead, by slug; all of them can be met."""
    taken = [edition for edition in editions if counts(edition)]
    hosts = {edition.slug: code for edition in taken if (code := edition.alpha2)}
    own = [own_event(edition) for edition in taken]
    return clashes_among([event for event in own if event.dtend > today], own, hosts, records)


def recorded() -> tuple[KnownDate, ...]:
    """Return the events of others that were recorded."""
    return tuple(event.known_date for event in queries.known_events())


def clashes_among(
    events: Sequence[clashes.OwnEvent],
    own: Sequence[clashes.OwnEvent],
    hosts: Mapping[str, str],
    records: tuple[KnownDate, ...] | None = None,
) -> Mapping[str, Sequence[Clash]]:
    """Return the clashes of each of ``events`` by its key; ``own`` are the events beside them.

    ``records`` are what was `recorded`, where the caller has looked already.
    """
    known = _one_object(recorded() if records is None else records)
    beside = _InOrder.of(own)
    found: dict[str, Sequence[Clash]] = {}
    for _year, group in groupby(sorted(events, key=_first_day), lambda event: event.dtstart.year):
        these = tuple(group)
        met = beside.near(these[0].dtstart, max(event.dtend for event in these))
        found |= _clashes_of_year(these, met, tuple(hosts.get(one.key) for one in these), known)
    return found


_first_day = attrgetter("dtstart")


@dataclass(frozen=True, slots=True)
class _InOrder:
    """Our own events by their first days, and how long the longest of them is."""

    events: Sequence[clashes.OwnEvent]
    longest: timedelta

    @classmethod
    def of(cls, events: Iterable[clashes.OwnEvent]) -> _InOrder:
        in_order = sorted(events, key=_first_day)
        lengths = (event.dtend - event.dtstart for event in in_order)
        return cls(in_order, max(lengths, default=timedelta(0)))

    def near(self, first: date, beyond: date) -> tuple[clashes.OwnEvent, ...]:
        """Return those that can matter to events within ``[first, beyond)``."""
        start = bisect_left(self.events, first - TOO_NEAR - self.longest, key=_first_day)
        end = bisect_left(self.events, beyond + TOO_NEAR, key=_first_day)
        return tuple(self.events[start:end])


@dataclass(frozen=True, slots=True, eq=False)
class _Recorded:
    """What was recorded, compared as one object: a year's key is not to hash it all again."""

    days: tuple[KnownDate, ...]


@lru_cache(maxsize=8)
def _one_object(days: tuple[KnownDate, ...]) -> _Recorded:
    return _Recorded(days)


# Kept by the values themselves: whatever is changed makes another key, so nothing goes stale; by
# years, so that one edition moved does not make anew what lies decades away.
@lru_cache(maxsize=128)
def _clashes_of_year(
    events: tuple[clashes.OwnEvent, ...],
    own: tuple[clashes.OwnEvent, ...],
    hosts: tuple[str | None, ...],
    known: _Recorded,
) -> Mapping[str, Sequence[Clash]]:
    last = max(event.dtend for event in events)
    days = _with_observances(known.days, events[0].dtstart.year, last.year)
    codes = {event.key: host for event, host in zip(events, hosts, strict=True) if host}
    return clashes.find_all_clashes(events, days, own, codes)


def known_dates(first_year: int, last_year: int) -> list[KnownDate]:
    """Return observances and the recorded events of others, the General Conference among them.

    What is built in of the conference gives way to a recorded rule of the same kind.
    """
    return _with_observances(recorded(), first_year, last_year)


def _with_observances(
    records: Sequence[KnownDate], first_year: int, last_year: int
) -> list[KnownDate]:
    return [*observances(first_year, last_year), *built_in(records), *records]


def built_in(records: Iterable[KnownDate]) -> list[KnownDate]:
    """Return the known dates that no record replaces."""
    ruled = {record.kind for record in records if record.rule is not None}
    return [] if GENERAL_CONFERENCE.kind in ruled else [GENERAL_CONFERENCE]


def counts(edition: Edition | EditionRow) -> bool:
    """Whether the edition's days are taken: known to the day, and not called off."""
    return edition.precision is Precision.DAY and edition.status is not EditionStatus.CANCELLED


def own_event(
    edition: Edition | EditionRow, dtstart: date | None = None, dtend: date | None = None
) -> clashes.OwnEvent:
    """Return ``edition`` as the engine compares it, on other days where they are given."""
    return clashes.OwnEvent(
        edition.slug,
        edition.title,
        edition.series.slug,
        dtstart or edition.dtstart,
        dtend or edition.dtend,
        edition.city,
        edition.country_code or "",
    )
