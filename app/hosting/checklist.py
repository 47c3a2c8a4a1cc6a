"""The checklist with a host: made from the offer and the milestones, kept by both sides.

It is made when the host is confirmed. The days hang on the edition's first day, so they move with
it. With another host it is made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from app import audit, database
from app.database import db
from app.editions import milestone_templates
from app.editions.signals import edition_revised
from app.hosting import queries
from app.hosting.host_models import HostTask, TaskOwner
from app.hosting.sections import Section, facts_of
from app.i18n import gettext as _
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lead_times import Basis
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import AgreementRecord, Edition

_S = EditionStatus
HOSTED = frozenset({_S.CONFIRMED, _S.ANNOUNCED, _S.REGISTRATION_OPEN, _S.REGISTRATION_CLOSED})
TASKS_MAX = 80
PROMISE_MAX = 500


class TaskReasonError(DomainError):
    """A task waived without a reason."""

    message = N_("Say why it is waived, in a sentence; it stands on the checklist.")


class TaskRecordedError(ConflictError):
    """A task that is done or waived already, or is not."""

    message = N_("“{title}” has been recorded by somebody else in the meantime.")


class TasksFullError(ConflictError):
    """A checklist that nobody would read."""

    message = N_("A checklist has at most {most} items.")


class TaskDayError(DomainError):
    """A task whose day no checklist has."""

    message = N_("The day lies between two years before the event and one year after it.")


@dataclass(frozen=True, slots=True)
class Usual:
    """An item that every checklist has; ``like`` is the milestone whose lead it takes."""

    title: str
    owner: TaskOwner
    like: str
    lead: str  # where the series' template has no such milestone
    promised: tuple[Section, str] | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """What an agreement says is to be done, whose it is and by when."""

    title: str
    owner: TaskOwner
    due_on: date


_HOST, _ORGANISER = TaskOwner.HOST, TaskOwner.ORGANISER
USUAL = (
    Usual(
        N_("Contract with the venue"), _HOST, "agreement_latest", "T-6 months",
        (Section.VENUE, "venue"),
    ),
    Usual(
        N_("Name the security contact"), _HOST, "announcement", "T-7 months",
        (Section.ASSURANCES, "security_contact"),
    ),
    Usual(
        N_("Name the visa contact"), _HOST, "nominations_close", "T-16 weeks",
        (Section.ACCESS, "visa_who"),
    ),
    Usual(
        N_("Agree on rates with hotels"), _HOST, "invitations_sent", "T-14 weeks",
        (Section.VENUE, "hotels"),
    ),
    Usual(
        N_("Walk through the venue for accessibility"), _HOST, "provisional_programme",
        "T-8 weeks", (Section.VENUE, "accessibility"),
    ),
    Usual(
        N_("Book interpretation"), _HOST, "provisional_programme", "T-8 weeks",
        (Section.PROGRAMME, "interpretation"),
    ),
    Usual(
        N_("Rooms, capacity and seating settled"), _HOST, "provisional_programme", "T-8 weeks",
        (Section.VENUE, "breakout_rooms"),
    ),
    Usual(
        N_("Transfers from the airport"), _HOST, "registration_closes", "T-6 weeks",
        (Section.ACCESS, "transfer"),
    ),
    Usual(
        N_("Network and equipment tested"), _HOST, "logistics_note", "T-4 weeks",
        (Section.PROGRAMME, "network"),
    ),
    Usual(N_("Invitations sent"), _ORGANISER, "invitations_sent", "T-14 weeks"),
    Usual(N_("Visa support letters issued"), _ORGANISER, "visa_letters", "T-10 weeks"),
    Usual(N_("Logistics note sent to participants"), _ORGANISER, "logistics_note", "T-4 weeks"),
)  # fmt: skip


@edition_revised.connect
def _follow(sender: object, *, edition: Edition) -> None:  # noqa: ARG001 - the signal's form
    """Make the checklist with a confirmed host, and let go of that with a former one."""
    if edition.status is _S.PROJECTED:
        return
    query = select(HostTask.country_code).filter_by(edition_id=edition.id).limit(1)
    code = db.session.scalar(query)
    if code is not None and code != edition.country_code:
        db.session.execute(delete(HostTask).where(HostTask.edition_id == edition.id))
    if edition.country_code is None or edition.status not in HOSTED:
        return
    # What was agreed before the confirmation is there already, and stays.
    usual = select(HostTask.id).filter_by(edition_id=edition.id, is_added=False).limit(1)
    if db.session.scalar(usual) is None:
        _lay(edition)


def _lay(edition: Edition) -> None:
    leads = {
        planned.step.key: planned.step.lead
        for planned in milestone_templates.template_of(edition.series)
    }
    offer = queries.host_offer(edition)
    facts = facts_of(offer) if offer is not None else {}
    rows = []
    for usual in USUAL:
        lead = leads.get(usual.like)
        section, key = usual.promised or (None, "")
        promise = str(facts[section].get(key) or "") if section in facts else ""
        rows.append(
            {
                "title": usual.title,
                "owner": usual.owner,
                "lead": str(lead) if lead and lead.basis is Basis.OPENING else usual.lead,
                "promise": promise[:PROMISE_MAX],
            }
        )
    database.insert_alike(HostTask, rows, edition_id=edition.id, country_code=edition.country_code)


def tasks(edition: Edition) -> list[HostTask]:
    """Return the checklist of ``edition``, what is due first on top."""
    found = db.session.scalars(select(HostTask).filter_by(edition_id=edition.id)).all()
    return in_order(found)


def in_order(found: Iterable[HostTask]) -> list[HostTask]:
    """Return tasks by their days."""
    return sorted(found, key=lambda task: (task.due_on or task.edition.dtend, task.id))


def overdue_of_organisers(today: date) -> list[HostTask]:
    """Return the organisers' tasks whose day went by, of the editions that lie ahead."""
    query = (
        select(HostTask)
        .join(HostTask.edition)
        .where(
            HostTask.owner == TaskOwner.ORGANISER,
            HostTask.done_on.is_(None),
            HostTask.waived_reason == "",
        )
    )
    found = db.session.scalars(query).all()
    ahead = (task for task in found if task.edition.status in HOSTED)
    return in_order(task for task in ahead if task.is_overdue(today))


def find(edition: Edition, task_id: int) -> HostTask | None:
    """Return an item of the checklist of ``edition``."""
    return db.session.scalar(select(HostTask).filter_by(edition_id=edition.id, id=task_id))


def title_of(task: HostTask) -> str:
    """Return what the item is called: a usual one in the reader's language."""
    return task.title if task.is_added else _(task.title)


def add(
    edition: Edition, title: str, owner: TaskOwner, due_on: date, *, by: Person, now: datetime
) -> HostTask:
    """Add an item to the checklist of ``edition``; its day moves with the event from now on.

    Raises:
        TasksFullError, TaskDayError: see there.
    """
    database.write(edition)
    days = (due_on - edition.dtstart).days
    if not -730 <= days <= 365:  # noqa: PLR2004 - as the sentence says
        raise TaskDayError
    if len(tasks(edition)) >= TASKS_MAX:
        raise TasksFullError(most=TASKS_MAX)
    task = HostTask(
        edition_id=edition.id,
        country_code=edition.country_code,
        title=title,
        owner=owner,
        lead=f"T{days:+d} days",
        is_added=True,
    )
    db.session.add(task)
    db.session.flush()
    _note("edition.task_added", task, by, now)
    return task


def add_agreed(
    edition: Edition, record: AgreementRecord, terms: Iterable[Term], *, by: Person, now: datetime
) -> None:
    """Put what an agreement, or its amendment, says on the checklist; errors as in `add`."""
    version = _("version %(number)s", number=record.version)
    for term in terms:
        task = add(edition, term.title, term.owner, term.due_on, by=by, now=now)
        task.promise = f"{version}, {record.note}"[:PROMISE_MAX] if record.note else version
        db.session.flush()


def mark_done(task: HostTask, *, by: Person, now: datetime) -> None:
    """Record that ``task`` is done today.

    Raises:
        TaskRecordedError: it is done or waived.
    """
    _turn(task, was_open=True)
    task.done_on = task.edition.day_at(now)
    _sign(task, "edition.task_done", by, now)


def waive(task: HostTask, reason: str, *, by: Person, now: datetime) -> None:
    """Record that ``task`` need not be done, and why.

    Raises:
        TaskReasonError: no reason is given.
        TaskRecordedError: it is done or waived.
    """
    if not reason.strip():
        raise TaskReasonError
    _turn(task, was_open=True)
    task.waived_reason = reason.strip()
    _sign(task, "edition.task_waived", by, now, reason)


def reopen(task: HostTask, *, by: Person, now: datetime) -> None:
    """Take back that ``task`` is done or waived.

    Raises:
        TaskRecordedError: it is open.
    """
    _turn(task, was_open=False)
    task.done_on, task.waived_reason = None, ""
    _sign(task, "edition.task_reopened", by, now)


def _turn(task: HostTask, *, was_open: bool) -> None:
    database.write(task)
    if task.is_open is not was_open:
        raise TaskRecordedError(title=title_of(task))


def _sign(task: HostTask, action: str, by: Person, now: datetime, reason: str = "") -> None:
    task.person_id, task.recorded_at = by.id, now
    db.session.flush()
    _note(action, task, by, now, reason)


def _note(action: str, task: HostTask, by: Person, now: datetime, reason: str = "") -> None:
    edition: Edition = task.edition
    changes: dict[str, Sequence[str | None]] = {"task": [None, task.title]}
    audit.record(action, edition, by=by, now=now, changes=changes, reason=reason)
