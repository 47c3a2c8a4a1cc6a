"""What lies on, or too near, the days of editions: clashes, what is not known, free weeks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
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


def outlook(edition: Edition, today: date) -> Outlook:
    """Return the clashes of ``edition``, and for a projection the nearest free weeks.

    Nothing for what is over, or whose days are not known.
    """
    if edition.dtend <= today or edition.precision is not Precision.DAY:
        return Outlook(())
    event, host = own_event(edition), _host(edition)
    others = _others(edition, edition.dtstart, edition.dtend)
    first, last = edition.dtstart.year, edition.dtend.year
    if edition.status is not EditionStatus.PROJECTED:
        return Outlook(clashes.find_clashes(event, known_dates(first, last), others, host))
    known = known_dates(first - 1, last + 1)  # the weeks looked through reach half a year away
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
            clashes.unknowns(replace(event, dtstart=week.dtstart, dtend=week.dtend), known, host),
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
    edition: Edition,
    dtstart: date,
    dtend: date,
    own: Iterable[clashes.OwnEvent] | None = None,
) -> list[Clash]:
    """Return what ``edition`` would clash with on other days, the gravest first.

    ``own`` are our own events, where they are to be others than those that stand.
    """
    event, known = own_event(edition, dtstart, dtend), known_dates(dtstart.year, dtend.year)
    if own is None:
        others = _others(edition, dtstart, dtend)
    else:
        others = [other for other in own if other.key != edition.slug]
    return clashes.find_clashes(event, known, others, _host(edition))


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
        replace(
            own,
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
    """Return the clashes of each edition that lies ahead, by slug, in one sweep."""
    ahead = [edition for edition in editions if edition.dtend > today and counts(edition)]
    hosts = {edition.slug: code for edition in ahead if (code := edition.alpha2)}
    events = [own_event(edition) for edition in ahead]
    return clashes_among(events, events, hosts, records)


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
    known = recorded() if records is None else records
    return _clashes_among(tuple(events), tuple(own), tuple(hosts.items()), known)


@lru_cache(maxsize=8)
def _clashes_among(
    events: tuple[clashes.OwnEvent, ...],
    own: tuple[clashes.OwnEvent, ...],
    hosts: tuple[tuple[str, str], ...],
    records: tuple[KnownDate, ...],
) -> Mapping[str, Sequence[Clash]]:
    # Kept by the values themselves: whatever is changed makes another key, so nothing goes stale.
    if not events:
        return {}
    years = {day.year for event in events for day in (event.dtstart, event.dtend)}
    known = _with_observances(records, min(years), max(years))
    return clashes.find_all_clashes(events, known, own, dict(hosts))


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
