"""Milestones of editions: laid by their series' template, and by what its acts record.

The engine lays the days; here they become rows. An edition's milestones are laid when the work on
it begins and laid anew whenever its days, its state or the template change; what is done keeps its
day. From the first day of the event on nothing is laid any more. What people change by hand is in
:mod:`app.editions.milestone_changes`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app import database, publication
from app.database import db
from app.editions import queries
from app.editions.milestone_templates import engine_template, template_of
from app.editions.models import (
    CONFIRMED_TO_ALL,
    Edition,
    EditionMilestone,
    EditionSchedule,
    Precision,
)
from scheduler import milestones
from scheduler.errors import N_
from scheduler.ical import EntryStatus
from scheduler.lifecycle import EditionStatus
from scheduler.milestones import Milestone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.milestone_templates import PlannedStep

_S = EditionStatus

CALL_OPENS, OFFERS_CLOSE, DECIDED = "call_opens", "offers_close", "committee_decides"
AGREEMENT = frozenset({"agreement_target", "agreement_latest"})
ANNOUNCEMENT, REGISTRATION_CLOSES = "announcement", "registration_closes"

AUTOMATIC = AGREEMENT | {CALL_OPENS, OFFERS_CLOSE, DECIDED, ANNOUNCEMENT, REGISTRATION_CLOSES}
"""Milestones that an act fulfils; nobody is asked to mark them as well."""

WITHOUT_A_CALL = N_("The host was named without a call.")
_BEFORE_ITS_HOST = frozenset({_S.CALL_OPEN, _S.UNDER_EVALUATION})
TAKES_OR_TOOK_REGISTRATIONS = frozenset({_S.REGISTRATION_OPEN, _S.REGISTRATION_CLOSED})


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
