"""Milestones of editions: laid by their series' template, and by what its acts record.

The engine lays the days; here they become rows. An edition's milestones are laid when the work on
it begins and laid anew whenever its days, its state or the template change; what is done keeps its
day. From the first day of the event on nothing is laid any more. What people change by hand is in
:mod:`app.editions.milestone_changes`.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from app import database, publication
from app.database import db
from app.editions import milestone_queries
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
    from collections.abc import Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from app.accounts.models import Person
    from app.editions.milestone_templates import PlannedStep

_S = EditionStatus

CALL_OPENS, OFFERS_CLOSE, DECIDED = "call_opens", "offers_close", "committee_decides"
AGREEMENT = frozenset({"agreement_target", "agreement_latest"})
ANNOUNCEMENT = "announcement"
REGISTRATION_OPENS, REGISTRATION_CLOSES = "registration_opens", "registration_closes"
NOMINATIONS_CLOSE = "nominations_close"

AUTOMATIC = AGREEMENT | {
    CALL_OPENS,
    OFFERS_CLOSE,
    DECIDED,
    ANNOUNCEMENT,
    REGISTRATION_OPENS,
    REGISTRATION_CLOSES,
}
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
    is_begun = schedule is not None
    if schedule is None:
        if edition.status is _S.CANCELLED or now.date() >= edition.dtstart:
            return
        schedule = begin(edition, now)
    rows = {row.key: row for row in milestone_queries.of_editions([edition.id])}
    lies_ahead = now.date() < edition.dtstart or edition.status is _S.POSTPONED
    for row in rows.values():
        _record_act(edition, schedule, row, by, now)  # what is taken back is laid anew
    if edition.status is not _S.CANCELLED and (lies_ahead or not rows):
        _lay(edition, schedule, rows, now)
    if edition.status is _S.REGISTRATION_OPEN and is_begun:
        _settle_registration(edition, schedule, rows)
    for row in rows.values():
        _record_act(edition, schedule, row, by, now)
        if row.key in {REGISTRATION_OPENS, REGISTRATION_CLOSES} and row.done_on and row.due_on:
            row.due_on = min(row.due_on, row.done_on)  # an act before its day is the day
        _tell(edition, row, now)
    db.session.flush()


def begin(edition: Edition, now: datetime) -> EditionSchedule:
    """Note that the work begins; a registration that runs already keeps its days."""
    schedule = EditionSchedule(edition_id=edition.id, begun_on=now.date())
    if edition.status in TAKES_OR_TOOK_REGISTRATIONS:
        schedule.registration_opens_on = edition.registration_opens_on or now.date()
        schedule.registration_closes_on = edition.registration_closes_on
        schedule.nominations_close_on = edition.nominations_close_on
    db.session.add(schedule)
    return schedule


def _settle_registration(
    edition: Edition, schedule: EditionSchedule, rows: Mapping[str, EditionMilestone]
) -> None:
    """Say from when until when one may register and nominate; from there on the clock judges."""

    def day(key: str, is_set: date | None) -> date | None:
        row = rows.get(key)
        has_day = row is not None and not row.is_dropped and not row.waived_reason
        return is_set or (row.due_on if row is not None and has_day else None)

    opens_on = day(REGISTRATION_OPENS, schedule.registration_opens_on)
    closes_on = day(REGISTRATION_CLOSES, schedule.registration_closes_on)
    nominations = day(NOMINATIONS_CLOSE, schedule.nominations_close_on)
    zone = edition.zone
    edition.registration_opens_at = midnight(opens_on, zone) if opens_on else None
    edition.registration_closes_at = end_of(closes_on, zone) if closes_on else None
    edition.nominations_close_at = end_of(nominations, zone) if nominations else None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which ``day`` begins in ``zone``."""
    return datetime.combine(day, time.min, zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which ``day`` ends in ``zone``."""
    return midnight(day + timedelta(days=1), zone)


def note_call(edition: Edition, *, closes_on: date, by: Person, now: datetime) -> None:
    """Note until which day the call for hosts of ``edition`` takes offers."""
    _note(edition, by, now, call_closes_on=closes_on)


def note_offer(edition: Edition, *, by: Person, now: datetime) -> None:
    """Note the first offer for ``edition``; some steps are counted from it."""
    schedule = db.session.get(EditionSchedule, edition.id)
    if schedule is not None and schedule.offered_on is None:
        _note(edition, by, now, offered_on=now.date())


def note_decision_day(edition: Edition, day: date | None, *, now: datetime) -> None:
    """Note by which day offers for ``edition`` are decided on; none where none waits."""
    _note(edition, None, now, decide_by=day)


def lay_all(*, now: datetime) -> int:
    """Lay what is missing for the editions ahead, after an upgrade; return for how many."""
    database.write()
    missing = milestone_queries.editions_with_schedule(now.date(), without_milestones=True)
    for edition in missing:
        sync(edition, by=None, now=now)
    if missing:
        publication.touch(now=now)
    return len(missing)


def _note(edition: Edition, by: Person | None, now: datetime, **facts: date | None) -> None:
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


def laid_days(edition: Edition, schedule: EditionSchedule) -> dict[str, date]:
    """Return the days that the template alone gives the milestones of ``edition``."""
    laid = lay_days(template_of(edition.series), edition, schedule)
    return {item.key: item.due_on for item in laid if item.due_on is not None}


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
    if schedule.decide_by is not None:
        found[DECIDED] = schedule.decide_by
    if edition.status in TAKES_OR_TOOK_REGISTRATIONS:
        eve = edition.dtstart - timedelta(days=1)
        set_days = {
            REGISTRATION_OPENS: schedule.registration_opens_on,
            NOMINATIONS_CLOSE: schedule.nominations_close_on,
            REGISTRATION_CLOSES: schedule.registration_closes_on,
        }
        # Whatever is set, nobody registers once the event has begun.
        found |= {key: min(day, eve) for key, day in set_days.items() if day is not None}
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
    happened = _has_happened(edition, schedule, row.key, now)
    if happened and row.done_on is None:
        row.done_on, row.waived_reason = now.date(), ""
    elif happened is False and row.done_on is not None:
        row.done_on = None
    elif not happened and not row.is_recorded and _needs_no_call(edition, schedule, row.key):
        row.waived_reason = WITHOUT_A_CALL
    else:
        return
    row.person_id = by.id if by is not None else None
    row.recorded_at = now


def _has_happened(
    edition: Edition, schedule: EditionSchedule, key: str, now: datetime
) -> bool | None:
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
        REGISTRATION_OPENS: status in CONFIRMED_TO_ALL - {_S.ANNOUNCED}
        and not _is_ahead(edition, now),
        REGISTRATION_CLOSES: status in CONFIRMED_TO_ALL - {_S.ANNOUNCED, _S.REGISTRATION_OPEN},
    }[key]


def _is_ahead(edition: Edition, now: datetime) -> bool:
    """Whether registration was let open, and its first day is still to come."""
    opens_at = edition.registration_opens_at
    return edition.status is _S.REGISTRATION_OPEN and opens_at is not None and now < opens_at


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
