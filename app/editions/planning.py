"""The plan of the years ahead: what the engine proposes against what stands, and applying it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from app import audit, database
from app.database import db
from app.editions import clashing, numbering, override_queries, queries, rows, service
from app.editions.models import Edition
from app.series.queries import all_series
from app.series.signals import Difference, DifferenceLine, rule_tried
from scheduler import clashes, planning, recurrence
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus
from scheduler.planning import Action, Change, Override, SeriesRule, StandingEdition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.rows import EditionRow
    from app.series.models import Series
    from app.series.service import SeriesFacts
    from scheduler.clashes import Clash
    from scheduler.known_dates import KnownDate

DEFAULT_UNTIL = 2040
UNTIL_MAX = 2126


class StalePlanError(ConflictError):
    """The plan is not the one that was looked at."""

    message = N_("The plan has changed since you looked. Look at it again, then apply it.")


class HorizonError(DomainError):
    """A horizon that no plan reaches."""

    message = N_("The plan can reach from {first} to {last}.")


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One line of the plan as people read it. ``dtend`` is exclusive, ``edition`` a slug."""

    change: Change
    edition: str
    series: Series
    proposal: Proposal = field(repr=False, compare=False)

    @property
    def action(self) -> Action:
        """What is done."""
        return self.change.action

    @property
    def clashes(self) -> Sequence[Clash]:
        """What the edition would clash with, were the plan applied; the gravest first."""
        return self.proposal.clashes.get(self.edition, ())


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a plan is made from, by the ids of the series; equal facts give an equal plan."""

    rules: Mapping[int, SeriesRule]
    standing: Mapping[int, Sequence[StandingEdition]]
    decided: Sequence[Override]
    today: date
    until: int

    @classmethod
    def read(cls, series: Sequence[Series], *, until: int, today: date) -> _Facts:
        standing = queries.standing({one.id: one.slug for one in series})
        rules = {one.id: SeriesRule(one.slug, one.rule, one.length_days) for one in series}
        return cls(rules, standing, override_queries.decided(), today, until)

    def is_in_step(self, series: Series, decided: AbstractSet[str]) -> bool:
        rule, editions = self.rules[series.id], self.standing[series.id]
        return series.slug not in decided and planning.is_in_step(
            rule, editions, today=self.today, until=self.until
        )


class Proposal:
    """The difference between what stands and what the rules say, up to a year inclusive.

    What stays as it is, editions and clashes are looked up when they are asked for: most plans
    change nothing, and then the comparison alone is wanted.
    """

    def __init__(self, facts: _Facts, series: Sequence[Series]) -> None:
        """Compare; series that are in step at a glance are not planned."""
        self.facts, self.series, self.until = facts, series, facts.until
        decided = {override.series for override in facts.decided}
        others = [one for one in series if not facts.is_in_step(one, decided)]
        lines = self._plan(others) if others else []
        self.pending = [line for line in lines if line.change.action is not Action.KEEP]

    @cached_property
    def changes(self) -> Sequence[PlannedChange]:
        """Every line of the plan, those that keep an edition as it is included."""
        return self._plan(self.series)

    def changes_of(self, series: Series) -> Sequence[PlannedChange]:
        """Return the lines of one series."""
        return self._plan([series])

    @cached_property
    def editions(self) -> Sequence[EditionRow]:
        """Every edition that was compared, earliest first."""
        return rows.editions_of(self.series)

    @cached_property
    def clashes(self) -> Mapping[str, Sequence[Clash]]:
        """What each edition ahead clashes with, by slug, as the plan would have it."""
        return _find_clashes(self.pending, self.editions, self.facts.today, self.recorded)

    @cached_property
    def clashes_now(self) -> Mapping[str, Sequence[Clash]]:
        """What each edition ahead clashes with, by slug, as it stands."""
        if not self.pending:
            return self.clashes
        return clashing.clashes_by_slug(self.editions, self.facts.today, self.recorded)

    @cached_property
    def recorded(self) -> tuple[KnownDate, ...]:
        """The events of others that were recorded."""
        return clashing.recorded()

    def _plan(self, series: Sequence[Series]) -> list[PlannedChange]:
        """Plan some of the series, and give what is to be created its slugs."""
        facts, by_slug = self.facts, {one.slug: one for one in series}
        plan = planning.plan(
            [facts.rules[one.id] for one in series],
            [edition for one in series for edition in facts.standing[one.id]],
            [override for override in facts.decided if override.series in by_slug],
            today=facts.today,
            until=facts.until,
        )
        taken = {edition.edition for found in facts.standing.values() for edition in found}
        lines = []
        for change in plan.changes:
            one = by_slug[change.series]
            slug = change.edition or service.free_slug(one, change.dtstart.year, taken)
            taken.add(slug)
            lines.append(PlannedChange(change, slug, one, self))
        return lines

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
    series = all_series()
    facts = _Facts.read(series, until=until, today=today)
    if with_rule is not None:
        one, tried = with_rule
        rule = None
        if tried.rrule is not None and tried.dtstart is not None:
            rule = recurrence.RecurrenceRule(tried.rrule, tried.dtstart)
            recurrence.validate(rule)
        rules = {**facts.rules, one.id: SeriesRule(one.slug, rule, tried.length_days)}
        facts = replace(facts, rules=rules)
    return Proposal(facts, series)


@rule_tried.connect
def _answer_tried_rule(
    _sender: object, *, series: Series, facts: SeriesFacts, today: date
) -> Difference:
    """Say what the plan of ``series`` would change if ``facts`` were saved."""
    proposal = propose(until=DEFAULT_UNTIL, today=today, with_rule=(series, facts))
    titles = {edition.slug: edition.title for edition in queries.of_series(series)}
    of_series = proposal.changes_of(series)
    kept = Counter(line.change.reason for line in of_series if line.action is Action.KEEP)
    lines = [
        DifferenceLine(
            line.action.value,
            titles.get(line.edition, f"{series.title} {line.change.dtstart.year}"),
            line.change.dtstart,
            line.change.dtend,
            line.change.was,
            line.change.reason,
        )
        for line in of_series
        if line.action is not Action.KEEP
    ]
    return Difference(proposal.until, lines, kept)


def apply(proposal: Proposal, *, by: Person | None, now: datetime) -> int:
    """Make what stands agree with the plan; return how many editions changed.

    What the plan was made from is read again under the lock, so nothing is applied that was not
    looked at.

    Raises:
        StalePlanError: what stands, or a rule, has changed since ``proposal`` was made.
    """
    # What takes long comes before the lock.
    created = _rows(proposal)
    others = [line for line in proposal.pending if line.change.action is not Action.CREATE]
    database.write()
    # On PostgreSQL these rows are the lock: two plans are applied one after the other, and nobody
    # settles meanwhile what is moved.
    series = all_series(locked=True)
    editions = queries.lock_by_slugs([line.edition for line in others])
    current = _Facts.read(series, until=proposal.until, today=now.date())
    if current != proposal.facts and Proposal(current, series).fingerprint != proposal.fingerprint:
        raise StalePlanError
    database.insert_alike(
        Edition, created, status=EditionStatus.PROJECTED, created_at=now, modified_at=now
    )
    decided = {(override.series, override.recurrence_id) for override in current.decided}
    for line in others:
        edition = editions[line.edition]
        if (line.change.series, edition.recurrence_id) in decided:
            _keep_override(line, edition)
        _apply_one(line, edition, now)
    db.session.flush()
    _record(proposal, by=by, now=now)
    return len(proposal.pending)


def _record(proposal: Proposal, *, by: Person | None, now: datetime) -> None:
    """Number what was planned of each series, and write down how much it was."""
    found = Counter((line.series, line.change.action) for line in proposal.pending)
    counts: dict[Series, dict[str, tuple[int, int]]] = {}
    for (series, action), count in found.items():
        counts.setdefault(series, {})[action.value] = (0, count)
    numbered = queries.numbered_series()
    for series, changes in counts.items():
        if series.id in numbered:  # a number only follows from a number
            numbering.renumber(series)
        audit.record("series.plan_applied", series, by=by, now=now, changes=changes)


def _keep_override(line: PlannedChange, edition: Edition) -> None:
    """Let what was decided of an edition follow it to its new occurrence.

    The plan finds it there anyway; so does whoever wants to see, replace or release it.
    """
    change = line.change
    if change.action is not Action.MOVE or change.recurrence_id is None:
        return
    decided = override_queries.of_edition(edition)
    if (
        decided
        and (decided.dtstart, decided.dtend) == (change.dtstart, change.dtend)
        and override_queries.find(edition.series_id, change.recurrence_id) is None
    ):
        decided.recurrence_id = change.recurrence_id


def _rows(proposal: Proposal) -> list[dict[str, Any]]:
    """Return what each edition that is to be created has for itself."""
    ids = {one.slug: one.id for one in proposal.series}
    return [
        {
            "series_id": ids[line.change.series],
            "slug": line.edition,
            "uid": service.new_uid(),
            "recurrence_id": line.change.recurrence_id,
            "dtstart": line.change.dtstart,
            "dtend": line.change.dtend,
        }
        for line in proposal.pending
        if line.change.action is Action.CREATE
    ]


def _apply_one(line: PlannedChange, edition: Edition, now: datetime) -> None:
    change = line.change
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


def _find_clashes(
    lines: Sequence[PlannedChange],
    editions: Sequence[EditionRow],
    today: date,
    records: tuple[KnownDate, ...],
) -> Mapping[str, Sequence[Clash]]:
    planned = events_as_planned(lines, editions)
    hosts = {
        edition.slug: edition.alpha2
        for edition in editions
        if clashing.counts(edition) and edition.alpha2
    }
    ahead = [event for event in planned.values() if event.dtend > today]
    return clashing.clashes_among(ahead, list(planned.values()), hosts, records)


def events_as_planned(
    lines: Sequence[PlannedChange], editions: Sequence[Edition | EditionRow]
) -> dict[str, clashes.OwnEvent]:
    """Return our own events by their slugs, as the plan would have them."""
    planned = {
        edition.slug: clashing.own_event(edition)
        for edition in editions
        if clashing.counts(edition)
    }
    for line in lines:
        change, slug = line.change, line.edition
        if change.action is Action.RETIRE:
            planned.pop(slug, None)
        elif change.action is Action.KEEP:
            continue
        elif slug in planned:
            planned[slug] = planned[slug]._replace(dtstart=change.dtstart, dtend=change.dtend)
        elif change.action is Action.CREATE:
            title = f"{line.series.title} {change.dtstart.year}"
            planned[slug] = clashes.OwnEvent(
                slug, title, change.series, change.dtstart, change.dtend
            )
    return planned
