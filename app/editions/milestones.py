"""Milestones of editions: laid by their series' template, recorded by people and by acts.

The engine lays the days; here they become rows. An edition's milestones are laid when the work on
it begins and laid anew whenever its days, its state or the template change; what is done keeps its
day. From the first day of the event on nothing is laid any more.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app import audit, database, publication
from app.database import db
from app.editions import queries
from app.editions.models import (
    CONFIRMED_TO_ALL,
    Edition,
    EditionMilestone,
    EditionSchedule,
    MilestoneStep,
    Precision,
)
from app.series.signals import series_changed
from scheduler import milestones
from scheduler.errors import N_, ConflictError, DomainError, NotFoundError
from scheduler.ical import EntryStatus
from scheduler.lead_times import TEMPLATES, Lead, Step, Template
from scheduler.lifecycle import EditionStatus
from scheduler.milestones import Milestone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.series.models import Series

_S = EditionStatus

CALL_OPENS, OFFERS_CLOSE, DECIDED = "call_opens", "offers_close", "committee_decides"
AGREEMENT = frozenset({"agreement_target", "agreement_latest"})
ANNOUNCEMENT, REGISTRATION_CLOSES = "announcement", "registration_closes"

AUTOMATIC = AGREEMENT | {CALL_OPENS, OFFERS_CLOSE, DECIDED, ANNOUNCEMENT, REGISTRATION_CLOSES}
"""Milestones that an act fulfils; nobody is asked to mark them as well."""

PUBLIC = frozenset(
    {
        "contributions_close",
        "authors_told",
        "nominations_close",
        "visa_letters",
        REGISTRATION_CLOSES,
        "provisional_programme",
    }
)
"""Of the standard milestones, those whose day the world may know."""

INTERNAL = (
    frozenset(step.key for template in TEMPLATES.values() for step in template.steps) - PUBLIC
)
"""Standard milestones that stay with organisers and committee, whatever a template says."""

STEPS_MAX = 60
KEY_MAX = 60
WITHOUT_A_CALL = N_("The host was named without a call.")
_BEFORE_ITS_HOST = frozenset({_S.CALL_OPEN, _S.UNDER_EVALUATION})
TAKES_OR_TOOK_REGISTRATIONS = frozenset({_S.REGISTRATION_OPEN, _S.REGISTRATION_CLOSED})


class ByItselfError(ConflictError):
    """A record by hand of what an act records."""

    message = N_("“{title}” is recorded by itself when it happens; there is nothing to mark.")


class NotYetError(DomainError):
    """Something done on a day that has not come."""

    message = N_("A milestone can be done today or before, not on a day to come.")


class WaiverReasonError(DomainError):
    """A waiver without its reason."""

    message = N_("Say why it is waived, in a sentence; it stands in the history.")


class TemplateSizeError(DomainError):
    """A template of nothing, or without end."""

    message = N_(
        "A template has one to {most} milestones. To have the usual ones again, go back to the "
        "defaults."
    )


# -- templates -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a series' template; ``is_public``: the world may know its day."""

    step: Step
    is_public: bool = False


def template_of(series: Series) -> list[PlannedStep]:
    """Return the template of ``series``: its own, else the defaults of its kind."""
    return templates([series])[series.id]


def templates(series: Sequence[Series]) -> dict[int, list[PlannedStep]]:
    """Return the templates of these series by their ids, in one query."""
    own: dict[int, list[PlannedStep]] = {}
    for row in queries.milestone_steps([one.id for one in series]):
        own.setdefault(row.series_id, []).append(_planned(row))
    return {one.id: own.get(one.id) or defaults(one) for one in series}


def defaults(series: Series) -> list[PlannedStep]:
    """Return the template that the kind of ``series`` has."""
    return [PlannedStep(step, step.key in PUBLIC) for step in TEMPLATES[series.kind.value].steps]


def has_own_template(series: Series) -> bool:
    """Whether an organiser has changed the template of ``series``."""
    return bool(queries.milestone_steps([series.id]))


def may_be_public(key: str) -> bool:
    """Whether the world may know the day of this milestone, if the template says so."""
    return key not in INTERNAL


def in_order(steps: Sequence[PlannedStep], series: Series) -> list[PlannedStep]:
    """Return ``steps`` by their distance from the opening; one without a day stays in its place."""
    by_key = {planned.step.key: planned for planned in steps}
    laid = milestones.due_days(engine_template(steps, series), series.modified_at.date())
    return [by_key[item.key] for item in laid]


def change_template(
    series: Series, steps: Sequence[PlannedStep], *, by: Person, now: datetime
) -> None:
    """Give ``series`` a template of its own; a step without a key is a new one.

    What is not done of its editions ahead is laid anew.

    Raises:
        MilestoneError, TemplateSizeError: see there.
    """
    if not 1 <= len(steps) <= STEPS_MAX:
        raise TemplateSizeError(most=STEPS_MAX)
    database.write(series)
    was = template_of(series)
    ordered = in_order(_with_keys(steps), series)
    _store(series, ordered)
    _after_change(series, was, by=by, now=now)


def reset_template(series: Series, *, by: Person, now: datetime) -> None:
    """Go back to the defaults of the kind of ``series``."""
    database.write(series)
    was = template_of(series)
    _store(series, [])
    _after_change(series, was, by=by, now=now)


@series_changed.connect
def _follow_kind(sender: object, *, series: Series, by: Person, now: datetime) -> None:  # noqa: ARG001 - the signal's form
    """Lay the editions ahead anew: the defaults of another kind are others."""
    _lay_ahead(series, by=by, now=now)


def _lay_ahead(series: Series, *, by: Person, now: datetime) -> None:
    for edition in queries.editions_with_schedule(now.date(), series=series):
        database.write(edition)
        sync(edition, by=by, now=now)


def _store(series: Series, steps: Iterable[PlannedStep]) -> None:
    for row in queries.milestone_steps([series.id]):
        db.session.delete(row)
    db.session.flush()
    for position, planned in enumerate(steps):
        db.session.add(
            MilestoneStep(
                series_id=series.id,
                position=position,
                key=planned.step.key,
                title=planned.step.title,
                lead=str(planned.step.lead),
                minimum_weeks=planned.step.minimum_weeks,
                is_optional=planned.step.is_optional,
                is_public=planned.is_public and may_be_public(planned.step.key),
            )
        )
    db.session.flush()


def _after_change(series: Series, was: Sequence[PlannedStep], *, by: Person, now: datetime) -> None:
    _lay_ahead(series, by=by, now=now)
    publication.touch(now=now)
    before = {planned.step.key: _words(planned) for planned in was}
    after = {planned.step.key: _words(planned) for planned in template_of(series)}
    changes = {
        key: [before.get(key), after.get(key)]
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    }
    audit.record("series.milestones_changed", series, by=by, now=now, changes=changes)


def _words(planned: PlannedStep) -> str:
    step = planned.step
    marks = [f"{step.minimum_weeks} weeks at least"] if step.minimum_weeks else []
    marks += ["optional"] if step.is_optional else []
    marks += ["public"] if planned.is_public else []
    return ", ".join([f"{step.title}: {step.lead}", *marks])


def _planned(row: MilestoneStep) -> PlannedStep:
    lead = Lead.parse(row.lead, name=row.title)
    step = Step(row.key, row.title, lead, row.minimum_weeks, is_optional=row.is_optional)
    return PlannedStep(step, row.is_public)


def engine_template(steps: Iterable[PlannedStep], series: Series) -> Template:
    """Return ``steps`` as the engine takes them."""
    return Template(series.kind.value, tuple(planned.step for planned in steps))


def _with_keys(steps: Sequence[PlannedStep]) -> list[PlannedStep]:
    taken = {planned.step.key for planned in steps} - {""}
    keyed = []
    for planned in steps:
        step = planned.step
        key = step.key or _free_key(step.title, taken)
        taken.add(key)
        step = Step(key, step.title, step.lead, step.minimum_weeks, is_optional=step.is_optional)
        keyed.append(PlannedStep(step, planned.is_public))
    return keyed


def _free_key(title: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: KEY_MAX - 4] or "milestone"
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}_{number}", number + 1
    return key


# -- laying ----------------------------------------------------------------------------------


def sync(edition: Edition, *, by: Person | None, now: datetime) -> None:
    """Bring the milestones of a settled ``edition`` in step with its state, days and template.

    The caller holds its write lock. The first call is the day on which the work begins; what was
    recorded after it had begun, a past edition, has no milestones.
    """
    if not edition.is_settled:
        return
    schedule = db.session.get(EditionSchedule, edition.id)
    if schedule is None:
        if edition.status is _S.CANCELLED or now.date() >= edition.dtstart:
            return
        schedule = EditionSchedule(edition_id=edition.id, begun_on=now.date())
        db.session.add(schedule)
    rows = {row.key: row for row in queries.milestones_of([edition.id])}
    lies_ahead = now.date() < edition.dtstart or edition.status is _S.POSTPONED
    if edition.status is not _S.CANCELLED and (lies_ahead or not rows):
        _lay(edition, schedule, rows, now)
    for row in rows.values():
        _record_act(edition, schedule, row, by, now)
        _tell(edition, row, now)
    db.session.flush()


def note_call(edition: Edition, *, closes_on: date, by: Person, now: datetime) -> None:
    """Note until which day the call for hosts of ``edition`` takes offers."""
    _note(edition, by, now, call_closes_on=closes_on)


def note_offer(edition: Edition, *, by: Person, now: datetime) -> None:
    """Note the first offer for ``edition``; some steps are counted from it."""
    schedule = db.session.get(EditionSchedule, edition.id)
    if schedule is not None and schedule.offered_on is None:
        _note(edition, by, now, offered_on=now.date())


def lay_all(*, now: datetime) -> int:
    """Lay what is missing for the editions ahead, after an upgrade; return for how many."""
    database.write()
    missing = queries.editions_with_schedule(now.date(), without_milestones=True)
    for edition in missing:
        sync(edition, by=None, now=now)
    if missing:
        publication.touch(now=now)
    return len(missing)


def _note(edition: Edition, by: Person, now: datetime, **facts: date) -> None:
    schedule = db.session.get(EditionSchedule, edition.id)
    if schedule is None:
        return
    for name, value in facts.items():
        setattr(schedule, name, value)
    db.session.flush()
    sync(edition, by=by, now=now)


def _lay(
    edition: Edition, schedule: EditionSchedule, rows: dict[str, EditionMilestone], now: datetime
) -> None:
    """Make, move and drop the rows of ``edition`` as its template and days ask."""
    steps = template_of(edition.series)
    planned = {one.step.key: one for one in steps}
    for key, row in rows.items():
        row.is_dropped = key not in planned
    facts = _days_by_facts(edition, schedule)
    for position, item in enumerate(lay_days(steps, edition, schedule)):
        found = planned[item.key]
        row = rows.get(item.key) or _new_row(edition, item.key, now)
        rows[item.key] = row
        if row.title != found.step.title and row.told_on is not None:
            row.modified_at = max(now, row.modified_at)
        row.title, row.lead = found.step.title, str(found.step.lead)
        row.position = position
        row.is_optional, row.is_public = found.step.is_optional, found.is_public
        if not row.is_recorded:
            row.due_on = facts.get(item.key, item.due_on)


def lay_days(
    steps: Sequence[PlannedStep], edition: Edition, schedule: EditionSchedule
) -> list[Milestone]:
    """Return the milestones that ``steps`` give ``edition``, by its days and its ``schedule``."""
    template = engine_template(steps, edition.series)
    plan = milestones.schedule(
        template, edition.dtstart, schedule.begun_on, offered_on=schedule.offered_on
    )
    if plan.can_be_met:
        return list(plan.milestones)
    # No days would keep the minimum leads: what comes before the opening has none.
    return [
        Milestone(item.key, item.title, None, item.says, item.is_optional)
        if item.due_on is not None and item.due_on < edition.dtstart
        else item
        for item in milestones.due_days(template, edition.dtstart, offered_on=schedule.offered_on)
    ]


def _days_by_facts(edition: Edition, schedule: EditionSchedule) -> dict[str, date]:
    """Return the days that people have set; they go before what a template would say."""
    found = {}
    if schedule.call_closes_on is not None:
        found[OFFERS_CLOSE] = schedule.call_closes_on
    if edition.status in TAKES_OR_TOOK_REGISTRATIONS:
        # Whatever is set, nobody registers once the event has begun.
        last_day = edition.dtstart - timedelta(days=1)
        if edition.registration_closes_at is not None:
            zone = ZoneInfo(edition.tzid or "UTC")
            moment = edition.registration_closes_at.astimezone(zone) - timedelta(seconds=1)
            last_day = min(moment.date(), last_day)
        found[REGISTRATION_CLOSES] = last_day
    return found


def _new_row(edition: Edition, key: str, now: datetime) -> EditionMilestone:
    name, _at, domain = edition.uid.partition("@")
    row = EditionMilestone(
        edition_id=edition.id,
        key=key,
        uid=f"{name}.{key}@{domain}",
        sequence=0,
        waived_reason="",
        is_dropped=False,
        created_at=now,
        modified_at=now,
    )
    db.session.add(row)
    return row


def _record_act(
    edition: Edition,
    schedule: EditionSchedule,
    row: EditionMilestone,
    by: Person | None,
    now: datetime,
) -> None:
    """Record what the state of ``edition`` shows to be done, and take back what it does not."""
    if row.key not in AUTOMATIC:
        return
    happened = _has_happened(edition, schedule, row.key)
    if happened and row.done_on is None:
        row.done_on, row.waived_reason = now.date(), ""
        if row.due_on is not None and row.key == REGISTRATION_CLOSES:
            row.due_on = min(row.due_on, row.done_on)
    elif happened is False and row.done_on is not None:
        row.done_on = None
    elif not happened and not row.is_recorded and _needs_no_call(edition, schedule, row.key):
        row.waived_reason = WITHOUT_A_CALL
    else:
        return
    row.person_id = by.id if by is not None else None
    row.recorded_at = now


def _has_happened(edition: Edition, schedule: EditionSchedule, key: str) -> bool | None:
    """Whether the act behind ``key`` has happened; ``None``: leave it as it is."""
    status = edition.status
    if status in {_S.POSTPONED, _S.CANCELLED}:
        # The state no longer tells how far it had come; host and agreement do.
        facts = {DECIDED: edition.country_code is not None}
        facts |= dict.fromkeys(AGREEMENT, edition.has_agreement)
        return facts.get(key) or None
    if key in AGREEMENT:
        return edition.has_agreement
    had_call = schedule.call_closes_on is not None
    return {
        CALL_OPENS: status is _S.CALL_OPEN or had_call,
        OFFERS_CLOSE: status is not _S.CALL_OPEN and had_call,
        DECIDED: status not in _BEFORE_ITS_HOST,
        ANNOUNCEMENT: status in CONFIRMED_TO_ALL,
        REGISTRATION_CLOSES: status in CONFIRMED_TO_ALL - {_S.ANNOUNCED, _S.REGISTRATION_OPEN},
    }[key]


def _needs_no_call(edition: Edition, schedule: EditionSchedule, key: str) -> bool:
    return (
        key in {CALL_OPENS, OFFERS_CLOSE}
        and schedule.call_closes_on is None
        and edition.status not in _BEFORE_ITS_HOST | {_S.POSTPONED, _S.CANCELLED}
    )


def _tell(edition: Edition, row: EditionMilestone, now: datetime) -> None:
    """Settle what public calendars show of ``row``: SEQUENCE rises with day and STATUS."""
    is_open = (
        edition.is_public
        and edition.precision is Precision.DAY
        and row.is_public
        and not row.is_dropped
        and not row.waived_reason
    )
    told: tuple[date | None, EntryStatus | None] = (row.told_on, row.told_status)
    if is_open and row.due_on is not None:
        status = edition.public_entry_status
        if row.told_on is not None or status is not EntryStatus.CANCELLED:
            told = (row.due_on, status)
    elif row.told_on is not None:
        # Subscribers have it: it does not vanish, it is called off.
        told = (row.told_on, EntryStatus.CANCELLED)
    if told == (row.told_on, row.told_status):
        return
    if row.told_on is not None:
        row.sequence += 1
    row.told_on, row.told_status = told
    row.modified_at = max(now, row.modified_at)


# -- records ---------------------------------------------------------------------------------


def mark_done(edition: Edition, key: str, *, on: date, by: Person, now: datetime) -> None:
    """Record that a milestone of ``edition`` was done on a day.

    Raises:
        NotFoundError: the edition has no such milestone.
        ByItselfError, NotYetError: see there.
    """
    if on > now.date():
        raise NotYetError
    row = _open(edition, key)
    if key in AUTOMATIC:
        raise ByItselfError(title=row.title)
    row.done_on, row.waived_reason = on, ""
    _close(edition, row, "edition.milestone_done", by=by, now=now)


def waive(edition: Edition, key: str, *, reason: str, by: Person, now: datetime) -> None:
    """Record that a milestone of ``edition`` is not needed, and why.

    Raises:
        NotFoundError: the edition has no such milestone.
        ByItselfError: its act has happened, or is sure to.
        WaiverReasonError: there is no reason.
    """
    if not reason.strip():
        raise WaiverReasonError
    row = _open(edition, key)
    if not may_waive(edition, row):
        raise ByItselfError(title=row.title)
    row.done_on, row.waived_reason = None, reason.strip()
    _close(edition, row, "edition.milestone_waived", by=by, now=now, reason=row.waived_reason)


def reopen(edition: Edition, key: str, *, by: Person, now: datetime) -> None:
    """Take back the record of a milestone of ``edition``; its day is laid anew.

    Raises:
        NotFoundError: the edition has no such milestone.
        ByItselfError: an act recorded it.
    """
    row = _open(edition, key)
    if not may_reopen(row):
        raise ByItselfError(title=row.title)
    row.done_on, row.waived_reason = None, ""
    _close(edition, row, "edition.milestone_reopened", by=by, now=now)


def may_waive(edition: Edition, row: EditionMilestone) -> bool:
    """Whether one can do without this: not where its act has happened, or a day is set for it."""
    is_set = (row.key, edition.status) in {
        (OFFERS_CLOSE, _S.CALL_OPEN),
        (REGISTRATION_CLOSES, _S.REGISTRATION_OPEN),
    }
    return row.key not in AUTOMATIC or (row.done_on is None and not is_set)


def may_reopen(row: EditionMilestone) -> bool:
    """Whether people recorded this, so that people can take it back."""
    if row.key not in AUTOMATIC:
        return row.is_recorded
    return bool(row.waived_reason) and row.waived_reason != WITHOUT_A_CALL


def _open(edition: Edition, key: str) -> EditionMilestone:
    database.write(edition)
    row = queries.milestone(edition, key)
    if row is None or edition.status is _S.CANCELLED:
        raise NotFoundError
    return row


def _close(
    edition: Edition,
    row: EditionMilestone,
    action: str,
    *,
    by: Person,
    now: datetime,
    reason: str = "",
) -> None:
    row.person_id, row.recorded_at = by.id, now
    db.session.flush()
    sync(edition, by=by, now=now)
    if edition.is_public:
        publication.touch(now=now)
    done_on = row.done_on.isoformat() if row.done_on else ""
    changes: Mapping[str, Sequence[str]] = {
        "milestone": ["", row.title],
        "done_on": ["", done_on],
    }
    audit.record(action, edition, by=by, now=now, changes=changes, reason=reason)
