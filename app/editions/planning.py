"""The plan of the years ahead: what the engine proposes against what stands, and applying it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database
from app.database import db
from app.editions import queries, service
from app.editions.models import Edition, EditionOverride, Precision
from app.series.models import Series
from app.series.queries import all_series
from scheduler import clashes, planning, recurrence
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.known_dates import GENERAL_CONFERENCE, KnownDate
from scheduler.lifecycle import EditionStatus
from scheduler.observances import observances
from scheduler.planning import Action, Change, Override, SeriesRule, StandingEdition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.series.service import SeriesFacts
    from scheduler.clashes import Clash

DEFAULT_UNTIL = 2040
UNTIL_MAX = 2126


class StalePlanError(ConflictError):
    """The plan is not the one that was looked at."""

    message = N_("The plan has changed since you looked. Look at it again, then apply it.")


class NotProjectedError(ConflictError):
    """An override for an edition that only people move."""

    message = N_("{edition} is settled: move it on its own page, with its reason.")


class HorizonError(DomainError):
    """A horizon that no plan reaches."""

    message = N_("The plan can reach from {first} to {last}.")


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One line of the plan as people read it. ``dtend`` is exclusive, ``edition`` a slug."""

    change: Change
    edition: str
    series: Series
    clashes: Sequence[Clash]

    @property
    def action(self) -> Action:
        """What is done."""
        return self.change.action


@dataclass(frozen=True, slots=True)
class Proposal:
    """The difference between what stands and what the rules say, up to a year inclusive."""

    until: int
    changes: Sequence[PlannedChange]

    @property
    def pending(self) -> Sequence[PlannedChange]:
        """What applying would change."""
        return [line for line in self.changes if line.action is not Action.KEEP]

    @property
    def fingerprint(self) -> str:
        """A short text that differs when the pending changes do."""
        told = "\n".join(
            f"{line.action}|{line.edition}|{line.change.dtstart}|{line.change.dtend}"
            f"|{line.change.recurrence_id}"
            for line in self.pending
        )
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def check_until(until: int, today: date) -> int:
    """Return ``until`` if a plan can reach that year.

    Raises:
        HorizonError: it cannot.
    """
    if not today.year <= until <= UNTIL_MAX:
        raise HorizonError(first=today.year, last=UNTIL_MAX)
    return until


def propose(
    *, until: int, today: date, with_rule: tuple[Series, SeriesFacts] | None = None
) -> Proposal:
    """Compare every series' rule with its editions, up to the year ``until`` inclusive.

    ``with_rule`` tries a series' facts before they are saved.

    Raises:
        HorizonError: no plan reaches that year.
        RecurrenceRuleError: the rule that is tried is not one we take.
    """
    check_until(until, today)
    series_by_slug = {series.slug: series for series in all_series()}
    rules = {slug: _rule_of(series) for slug, series in series_by_slug.items()}
    if with_rule is not None:
        series, facts = with_rule
        tried = None
        if facts.rrule is not None and facts.dtstart is not None:
            tried = recurrence.RecurrenceRule(facts.rrule, facts.dtstart)
            recurrence.validate(tried)
        rules[series.slug] = replace(rules[series.slug], rule=tried, length_days=facts.length_days)
    editions = queries.every_edition()
    moves = [
        Override(
            override.series.slug,
            override.recurrence_id,
            override.dtstart,
            override.dtend,
            override.reason,
        )
        for override in queries.overrides()
    ]
    plan = planning.plan(
        list(rules.values()),
        [_standing(edition) for edition in editions],
        moves,
        today=today,
        until=until,
    )
    return _named(plan, series_by_slug, editions, until, today)


def apply(proposal: Proposal, *, by: Person | None, now: datetime) -> int:
    """Make what stands agree with the plan; return how many editions changed.

    The plan is made anew under the lock, so nothing is applied that was not looked at.

    Raises:
        StalePlanError: what stands, or a rule, has changed since ``proposal`` was made.
    """
    database.write()
    # On PostgreSQL the series' rows are the lock: two plans are applied one after the other.
    db.session.scalars(select(Series).order_by(Series.id).with_for_update()).all()
    db.session.expire_all()
    current = propose(until=proposal.until, today=now.date())
    if current.fingerprint != proposal.fingerprint:
        raise StalePlanError
    editions = {edition.slug: edition for edition in queries.every_edition()}
    counts: dict[Series, dict[str, list[int]]] = {}
    for line in current.pending:
        _apply_one(line, editions, now)
        tally = counts.setdefault(line.series, {})
        tally[line.action.value] = [0, tally.get(line.action.value, [0, 0])[1] + 1]
    db.session.flush()
    for series, tally in counts.items():
        renumber(series)
        audit.record("series.plan_applied", series, by=by, now=now, changes=tally)
    return len(current.pending)


def override(
    edition: Edition,
    *,
    dtstart: date,
    dtend: date,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Move one projected edition to other days; plans keep it there.

    Raises:
        NotProjectedError: the edition is settled.
        SpanError, YearError, ReasonMissingError: see ``editions.service``.
    """
    service.check_span(dtstart, dtend)
    if not reason.strip():
        raise service.ReasonMissingError
    with service.revising(edition, "edition.overridden", by=by, now=now, reason=reason):
        if edition.status is not EditionStatus.PROJECTED:
            raise NotProjectedError(edition=edition.title)
        if edition.recurrence_id is not None:
            standing = queries.override_of(edition) or EditionOverride(
                series_id=edition.series_id, recurrence_id=edition.recurrence_id
            )
            standing.dtstart, standing.dtend = dtstart, dtend
            standing.reason, standing.made_at = reason, now
            standing.person_id = by.id
            db.session.add(standing)
        edition.dtstart, edition.dtend = dtstart, dtend
    renumber(edition.series)


def release_override(edition: Edition, *, by: Person, now: datetime) -> None:
    """Let a projected edition follow its rule again, from the next plan on."""
    with service.revising(edition, "edition.override_released", by=by, now=now):
        standing = queries.override_of(edition)
        if standing is not None:
            db.session.delete(standing)


def renumber(series: Series) -> None:
    """Count the editions ahead on from what was held.

    A number follows from the number before it, and stops being known once an occurrence of the
    rule went by unrecorded. What the world was already told keeps its number.
    """
    number: int | None = None
    occurrences = _occurrences_so_far(series)
    for edition in queries.of_series(series):
        if edition.status is EditionStatus.CANCELLED:
            if edition.recurrence_id is not None:
                occurrences.discard(edition.recurrence_id)
            continue
        unrecorded = {
            day for day in occurrences if day < (edition.recurrence_id or edition.dtstart)
        }
        occurrences -= unrecorded
        if edition.recurrence_id is not None:
            occurrences.discard(edition.recurrence_id)
        if edition.is_public and edition.ordinal is not None:
            number = edition.ordinal
            continue
        number = None if number is None or unrecorded else number + 1
        if edition.ordinal != number and not edition.is_public:
            edition.ordinal = number
    db.session.flush()


def _occurrences_so_far(series: Series) -> set[date]:
    last = max((edition.dtstart for edition in queries.of_series(series)), default=None)
    if series.rule is None or last is None or last < series.rule.dtstart:
        return set()
    skipped = {
        override.recurrence_id
        for override in queries.overrides()
        if override.series_id == series.id and override.dtstart is None
    }
    return set(recurrence.occurrences(series.rule, series.rule.dtstart, last)) - skipped


def _rule_of(series: Series) -> SeriesRule:
    return SeriesRule(series.slug, series.rule, series.length_days)


def _standing(edition: Edition) -> StandingEdition:
    return StandingEdition(
        edition.slug,
        edition.series.slug,
        edition.recurrence_id,
        edition.dtstart,
        edition.dtend,
        edition.status.value,
        edition.is_settled,
    )


def _named(
    plan: planning.Plan,
    series_by_slug: dict[str, Series],
    editions: Sequence[Edition],
    until: int,
    today: date,
) -> Proposal:
    """Give every line its slug and its clashes."""
    by_slug = {edition.slug: edition for edition in editions}
    taken = set(by_slug)
    named: list[tuple[Change, str]] = []
    for change in plan.changes:
        slug = change.edition or service.free_slug(
            series_by_slug[change.series], change.dtstart.year, taken
        )
        taken.add(slug)
        named.append((change, slug))
    found = _find_clashes(named, series_by_slug, by_slug, today)
    lines = [
        PlannedChange(change, slug, series_by_slug[change.series], found.get(slug, ()))
        for change, slug in named
    ]
    return Proposal(until, lines)


def _apply_one(line: PlannedChange, editions: dict[str, Edition], now: datetime) -> None:
    change = line.change
    if change.action is Action.CREATE:
        db.session.add(
            Edition(
                series=line.series,
                slug=line.edition,
                uid=service.new_uid(),
                status=EditionStatus.PROJECTED,
                recurrence_id=change.recurrence_id,
                dtstart=change.dtstart,
                dtend=change.dtend,
                created_at=now,
                modified_at=now,
            )
        )
        return
    edition = editions[line.edition]
    if change.action is Action.RETIRE:
        db.session.delete(edition)
        return
    was = edition.dtstart.year
    if (edition.dtstart, edition.dtend) != (change.dtstart, change.dtend):
        edition.dtstart, edition.dtend = change.dtstart, change.dtend
        edition.sequence += 1
    edition.recurrence_id = change.recurrence_id
    edition.modified_at = now
    if edition.dtstart.year != was:
        edition.slug = service.free_slug(line.series, edition.dtstart.year)


# -- clashes ---------------------------------------------------------------------------------


def clashes_of(edition: Edition) -> list[Clash]:
    """Return what the days of ``edition`` clash with, the gravest first."""
    event = _own_event(edition)
    known = known_dates(edition.dtstart.year, edition.dtend.year)
    host = edition.country.alpha2 if edition.country else None
    standing = [_own_event(other) for other in queries.every_edition() if _counts(other)]
    return clashes.find_clashes(event, known, standing, host)


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
    own = _own_event(edition)
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
    others = [
        _own_event(other)
        for other in queries.every_edition()
        if _counts(other) and other.id != edition.id
    ]
    hosts = {key: span.country.alpha2 for key, span in spans.items() if span.country.alpha2}
    return clashes.find_all_clashes(tried, known_dates(min(years), max(years)), others, hosts)


def clashes_by_slug(editions: Sequence[Edition], today: date) -> dict[str, list[Clash]]:
    """Return the clashes of each edition that lies ahead, by slug, in one sweep."""
    ahead = [edition for edition in editions if edition.dtend > today and _counts(edition)]
    if not ahead:
        return {}
    hosts = {
        edition.slug: edition.country.alpha2
        for edition in ahead
        if edition.country and edition.country.alpha2
    }
    events = [_own_event(edition) for edition in ahead]
    years = {day.year for event in events for day in (event.dtstart, event.dtend)}
    return clashes.find_all_clashes(events, known_dates(min(years), max(years)), events, hosts)


def known_dates(first_year: int, last_year: int) -> list[KnownDate]:
    """Return observances, the General Conference and the recorded events of others.

    Only what is known to the day: a month or a window never clashes.
    """
    records = [
        KnownDate(
            name=event.name,
            dtstart=event.dtstart,
            dtend=event.dtend,
            estimated=event.certainty == "inferred",
            city=event.city,
            kind=event.kind,
            source=event.source,
        )
        for event in queries.known_events()
        if event.precision is Precision.DAY
    ]
    return [*observances(first_year, last_year), GENERAL_CONFERENCE, *records]


def _counts(edition: Edition) -> bool:
    """Whether the edition's days are taken: known to the day, and not called off."""
    return edition.precision is Precision.DAY and edition.status is not EditionStatus.CANCELLED


def _own_event(edition: Edition) -> clashes.OwnEvent:
    return clashes.OwnEvent(
        edition.slug,
        edition.title,
        edition.series.slug,
        edition.dtstart,
        edition.dtend,
        edition.city,
        edition.country_code or "",
    )


def _find_clashes(
    lines: Sequence[tuple[Change, str]],
    series_by_slug: dict[str, Series],
    editions: dict[str, Edition],
    today: date,
) -> dict[str, list[Clash]]:
    """Return the clashes of the plan as it would stand, by slug."""
    planned: dict[str, clashes.OwnEvent] = {}
    hosts: dict[str, str] = {}
    for slug, edition in editions.items():
        if _counts(edition):
            planned[slug] = _own_event(edition)
            if edition.country and edition.country.alpha2:
                hosts[slug] = edition.country.alpha2
    for change, slug in lines:
        if change.action is Action.RETIRE:
            planned.pop(slug, None)
        elif slug in planned:
            planned[slug] = replace(planned[slug], dtstart=change.dtstart, dtend=change.dtend)
        elif change.action is Action.CREATE:
            title = f"{series_by_slug[change.series].title} {change.dtstart.year}"
            planned[slug] = clashes.OwnEvent(
                slug, title, change.series, change.dtstart, change.dtend
            )
    ahead = [event for event in planned.values() if event.dtend > today]
    if not ahead:
        return {}
    years = {day.year for event in ahead for day in (event.dtstart, event.dtend)}
    return clashes.find_all_clashes(
        ahead, known_dates(min(years), max(years)), list(planned.values()), hosts
    )
