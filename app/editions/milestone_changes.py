"""What people change of milestones: the template of a series, and records by hand."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from app import audit, database, publication
from app.database import db
from app.editions import milestone_queries
from app.editions.milestone_templates import PlannedStep, in_order, may_be_public, template_of
from app.editions.milestones import (
    AUTOMATIC,
    OFFERS_CLOSE,
    REGISTRATION_CLOSES,
    REGISTRATION_OPENS,
    WITHOUT_A_CALL,
    sync,
)
from app.editions.models import MilestoneStep
from app.series.signals import series_changed
from scheduler.errors import N_, ConflictError, DomainError, NotFoundError
from scheduler.lead_times import Step
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition, EditionMilestone
    from app.series.models import Series

_S = EditionStatus
STEPS_MAX = 60
KEY_MAX = 60


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
    for edition in milestone_queries.editions_with_schedule(now.date(), series=series):
        database.write(edition)
        sync(edition, by=by, now=now)


def _store(series: Series, steps: Iterable[PlannedStep]) -> None:
    for row in milestone_queries.steps_of([series.id]):
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
        (REGISTRATION_OPENS, _S.REGISTRATION_OPEN),
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
    row = milestone_queries.find(edition, key)
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
