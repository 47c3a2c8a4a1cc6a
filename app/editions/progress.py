"""Where the milestones of editions stand: done, next or overdue, and whether their days leave room.

Reads alone; what is laid and recorded is in :mod:`app.editions.milestones`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.database import db
from app.editions import milestone_queries, milestone_templates, milestones
from app.editions.models import EditionSchedule
from app.i18n import gettext as _
from scheduler import milestones as engine
from scheduler.lead_times import Basis, Lead
from scheduler.lifecycle import EditionStatus
from scheduler.milestones import Milestone, Progress, Record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from app.editions.milestone_templates import PlannedStep
    from app.editions.models import Edition, EditionMilestone

_S = EditionStatus
_BEFORE_ANNOUNCED = frozenset(
    {
        _S.PROJECTED,
        _S.CALL_OPEN,
        _S.UNDER_EVALUATION,
        _S.HOST_SELECTED,
        _S.CONFIRMED,
        _S.POSTPONED,
    }
)

_BY_THE_CLOCK = frozenset(
    {
        milestones.REGISTRATION_OPENS,
        milestones.NOMINATIONS_CLOSE,
        milestones.REGISTRATION_CLOSES,
    }
)


def follow(edition: Edition, rows: Iterable[EditionMilestone], today: date) -> list[Progress]:
    """Say of each of the ``rows`` of ``edition`` where it stands on ``today``, by due day."""
    standing = [row for row in rows if not row.is_dropped]
    placed: list[tuple[date, Milestone]] = []
    place = edition.dtstart - timedelta(days=36_500)
    for row in sorted(standing, key=lambda row: row.position):
        place = row.due_on or place
        # The old days of what is postponed without new ones bind nobody.
        has_day = row.is_recorded or not edition.dates_to_follow
        says = Lead.parse(row.lead).says
        milestone = Milestone(
            row.key, row.title, row.due_on if has_day else None, says, row.is_optional
        )
        placed.append((place, milestone))
    records = [record for row in standing if (record := _record(edition, row, today))]
    ordered = [item for _place, item in sorted(placed, key=lambda item: item[0])]
    return engine.follow(ordered, records, today)


def _record(edition: Edition, row: EditionMilestone, today: date) -> Record | None:
    if row.is_recorded:
        return Record(row.key, row.done_on, row.waived_reason)
    has_passed = row.due_on is not None and row.due_on < today
    took_registrations = edition.status in milestones.TAKES_OR_TOOK_REGISTRATIONS
    if row.key in _BY_THE_CLOCK and took_registrations and has_passed:
        return Record(row.key, row.due_on)
    if edition.has_begun(today) and (row.due_on is None or row.due_on < edition.dtstart):
        return Record(row.key, waived_reason=_("Not recorded before the event began."))
    return None


@dataclass(frozen=True, slots=True)
class Headroom:
    """Whether the days of an edition leave room for what is to be done before them.

    ``problem`` says why not; ``earliest_dtstart`` is then the first opening that would do.
    """

    is_compressed: bool = False
    problem: str = ""
    earliest_dtstart: date | None = None


def headroom(edition: Edition, today: date) -> Headroom:
    """Say whether what is not done of ``edition`` can still be done in time.

    Asked until it is announced; of a projected one as if the work began on ``today``.
    """
    if edition.status not in _BEFORE_ANNOUNCED or edition.dates_to_follow or today >= edition.dtend:
        return Headroom()
    schedule = db.session.get(EditionSchedule, edition.id) if edition.is_settled else None
    rows = milestone_queries.of_editions([edition.id]) if schedule else []
    steps = milestone_templates.template_of(edition.series)
    begun_on = schedule.begun_on if schedule else today
    done = {row.key for row in rows if row.is_recorded}
    remaining = [planned for planned in steps if planned.step.key not in done]
    if remaining:
        left = engine.schedule(
            milestone_templates.engine_template(remaining, edition.series), edition.dtstart, today
        )
        if not left.can_be_met:
            return Headroom(problem=left.problem, earliest_dtstart=left.earliest_dtstart)
    plan = engine.schedule(
        milestone_templates.engine_template(steps, edition.series), edition.dtstart, begun_on
    )
    return Headroom(is_compressed=plan.is_compressed)


def earliest_opening(steps: Iterable[PlannedStep], begun_on: date) -> date:
    """Return the first opening that keeps every minimum lead, if the work begins on ``begun_on``.

    One day is left even where no step has a minimum.
    """
    weeks = max((planned.step.minimum_weeks for planned in steps), default=0)
    return begun_on + timedelta(days=max(weeks * 7, 1))


def call_lead(steps: Iterable[PlannedStep]) -> Lead | None:
    """Return how long before the opening the call for hosts is due, if that can be said."""
    for planned in steps:
        if planned.step.key == milestones.CALL_OPENS and planned.step.lead.basis is Basis.OPENING:
            return planned.step.lead
    return None


def preview(edition: Edition, today: date) -> list[Progress]:
    """Return the milestones that a projected ``edition`` would have if the work began today."""
    steps = milestone_templates.template_of(edition.series)
    laid = milestones.lay_days(
        steps, edition, EditionSchedule(edition_id=edition.id, begun_on=today)
    )
    return engine.follow(laid, [], today)
