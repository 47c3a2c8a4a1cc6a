"""What becomes of a need: decided with its edition, put off, declined, withdrawn.

The committee has sixty days from the first complete offer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import audit, database
from app.database import db
from app.editions import disruptions, milestone_queries, milestones
from app.editions import service as editions
from app.editions.signals import edition_revised
from app.hosting import (
    choosing,
    committee,
    decision_queries,
    need_people,
    need_queries,
    needs,
    service,
)
from app.hosting import need_letters as letters
from app.hosting.signals import offers_changed
from app.series.models import SeriesKind
from scheduler import engagements, lifecycle
from scheduler.engagements import ENDED, NEED_MOVES, NeedStatus
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.need_models import EngagementNeed


class OfferWaitsError(ConflictError):
    """The withdrawal of a need for which a country has offered."""

    message = N_(
        "A country has made an offer for “{title}”; the committee decides on it by {day}. It can "
        "no longer be withdrawn."
    )


class NotWaitingError(ConflictError):
    """A new day for a decision that nobody waits for."""

    message = N_("No complete offer waits for “{title}”, so there is no decision to put off.")


class PutOffError(DomainError):
    """A new day that is none."""

    message = N_("Choose a day after {day} and before the first possible day, {first}.")


def withdraw(need: EngagementNeed, reason: str, *, by: Person, now: datetime) -> None:
    """Withdraw a need, as long as no complete offer waits.

    Raises:
        NeedEndedError, OfferWaitsError, ReasonMissingError: see there.
    """
    editions.insist_on_reason(reason)
    _lock(need, now)
    if need.status is not NeedStatus.OPEN:
        day = decision_day(need) or need.last_day
        raise OfferWaitsError(title=need.title, day=day)
    _end(need, NeedStatus.WITHDRAWN, reason, by=by, now=now)


def decline(need: EngagementNeed, reason: str, *, by: Person, now: datetime) -> None:
    """Record that the committee does not want it; the countries that offered are thanked.

    Raises:
        NeedEndedError, MoveError, RoundRunningError, ReasonMissingError: see there.
        RecusedError: who records it keeps out of the choice.
    """
    editions.insist_on_reason(reason)
    _lock(need, now)
    if need.edition is not None:
        committee.insist_on_say(need.edition, by)
        if decision_queries.running(need.edition) is not None:
            raise choosing.RoundRunningError(edition=need.edition.title)
    _end(need, NeedStatus.DECLINED, reason, by=by, now=now)


def put_off(need: EngagementNeed, until: date, reason: str, *, by: Person, now: datetime) -> None:
    """Give the committee until another day to decide, and say why.

    Raises:
        NotWaitingError, PutOffError, ReasonMissingError: see there.
    """
    editions.insist_on_reason(reason)
    _lock(need, now)
    was, edition = decision_day(need), need.edition
    if need.status is not NeedStatus.OFFERED or was is None or edition is None:
        raise NotWaitingError(title=need.title)
    earliest = max(was, now.date())
    if not earliest < until < need.dtstart:
        raise PutOffError(day=earliest, first=need.dtstart)
    milestones.note_decision_day(edition, until, now=now)
    changes = {"decide_by": [was.isoformat(), until.isoformat()]}
    audit.record("need.decision_put_off", need, by=by, now=now, changes=changes, reason=reason)
    waiting = need_queries.waiting_offers(edition)
    offering = {address for one in waiting for address in service.contacts_of(one)}
    told = {*need_people.leaders(), *need_people.members(), *offering}
    committee.write_to(told, letters.put_off(need, until, reason), now)


def decision_day(need: EngagementNeed) -> date | None:
    """Return the day by which the committee decides; none while no complete offer waits."""
    schedule = milestone_queries.schedule_of(need.edition) if need.edition is not None else None
    return schedule.decide_by if schedule is not None else None


@offers_changed.connect
def _follow_offers(sender: object, *, edition: Edition, now: datetime) -> None:  # noqa: ARG001
    _follow(edition, now)


@edition_revised.connect
def _follow_edition(sender: object, *, edition: Edition) -> None:  # noqa: ARG001
    # A rule's own occurrences are no needs; most editions cost no look.
    if edition.series.kind is SeriesKind.REGIONAL_ENGAGEMENT and edition.recurrence_id is None:
        _follow(edition, edition.modified_at)


def _follow(edition: Edition, now: datetime) -> None:
    """Bring the need of ``edition`` in step with it and its offers; its write lock is held."""
    need = need_queries.of_edition(edition)
    if need is None or need.status in ENDED:
        return
    waiting = need_queries.waiting_offers(edition)
    target = engagements.follow(need.status, edition.status, len(waiting))
    if target is need.status:
        return
    need.status = lifecycle.move(NEED_MOVES, need.status, target)
    if target is NeedStatus.DECLINED:
        need.ended_at = now
    db.session.flush()
    audit.record(f"need.{target.value}", need, by=None, now=now)
    decide_by = engagements.decide_by(now.date()) if target is NeedStatus.OFFERED else None
    milestones.note_decision_day(edition, decide_by, now=now)
    if decide_by is not None:
        told = {*need_people.leaders(), *need_people.proposer(need)}
        committee.write_to(told, letters.offered(need, decide_by), now)
    elif target is NeedStatus.DECIDED and edition.country is not None:
        committee.write_to(need_people.concerned(need), letters.decided(need), now)


def _end(
    need: EngagementNeed, status: NeedStatus, reason: str, *, by: Person, now: datetime
) -> None:
    need.status = lifecycle.move(NEED_MOVES, need.status, status)
    need.ended_at, need.end_reason = now, reason.strip()
    db.session.flush()
    audit.record(f"need.{status.value}", need, by=by, now=now, reason=need.end_reason)
    edition = need.edition
    if edition is not None:
        # Before it is cancelled, or its countries would read that, and not of the need.
        service.let_go(
            edition, reason, lambda offer: letters.offer_ended(need, offer), by=by, now=now
        )
        disruptions.cancel(edition, reason=reason, by=by, now=now)
    told = {*need_people.leaders(), *need_people.concerned(need)}
    committee.write_to(told, letters.ended(need), now)


def _lock(need: EngagementNeed, now: datetime) -> None:
    if need.edition is not None:
        database.write(need.edition)  # first, as everywhere
    database.write(need)
    needs.insist_stands(need, now)
