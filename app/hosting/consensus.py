"""Consensus first: a proposal is put to the committee, and its members answer by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import audit, database
from app.database import db
from app.hosting import choosing, committee, deadlines, judges
from app.hosting import decision_letters as letters
from app.hosting import decision_queries as queries
from app.hosting import queries as hosting_queries
from app.hosting.decision_models import BallotTicket, CommitteeRound, RoundAnswer
from app.hosting.judging_models import Evaluator
from app.hosting.models import last_day_before
from scheduler import deciding
from scheduler.deciding import RoundStatus
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.choosing import Choice
    from app.hosting.models import CallForHosts


class ObjectionError(DomainError):
    """An objection without its reason."""

    message = N_("Say why you object; the committee reads it before it votes.")


class VotedAlreadyError(ConflictError):
    """An interest that is declared after voting."""

    message = N_(
        "You have voted, and since nobody can tell which ballot is yours, none can be taken out. "
        "Write to the organisers."
    )


def propose(
    edition: Edition, choice: Choice, *, closes_at: datetime, by: Person, now: datetime
) -> CommitteeRound:
    """Put ``choice`` to the members of the committee who have a say, and write to them.

    Raises:
        NotEvaluatedError: the offers are not being judged.
        RoundRunningError: there is a round.
        RecusedError, ChoiceError, WindowChoiceError, ReasonMissingError, ClosingError: see there.
        LateDecisionError: it would close after the day to decide by.
    """
    database.write(edition)
    committee.insist_no_round(edition)
    committee.insist_on_say(edition, by)
    choosing.check(edition, choice)
    deadlines.insist_in_time(edition, last_day_before(closes_at))
    members = committee.members(edition)
    deciding.begin(
        choice.offer.public_id, {person.id for person in members}, closes_at=closes_at, now=now
    )
    row = CommitteeRound(
        edition=edition,
        status=RoundStatus.CONSENSUS_OPEN,
        opened_at=now,
        closes_at=closes_at,
        opened_by=by,
        offer=choice.offer,
        reserve=choice.reserve,
        dtstart=choice.dtstart,
        dtend=choice.dtend,
        reason=choice.reason,
        weighed=choice.weighed,
    )
    db.session.add(row)
    db.session.flush()
    changes: dict[str, list[object]] = {
        "offer": [None, choice.offer.country.name],
        "members": [None, len(members)],
    }
    audit.record(
        "edition.host_proposed", row.edition, by=by, now=now, changes=changes, reason=choice.reason
    )
    committee.write_to((person.email for person in members), letters.round_opened(row), now)
    return row


def answer(
    row: CommitteeRound, person: Person, *, agrees: bool, reason: str, now: datetime
) -> None:
    """Take a member's answer, by name; the first objection makes a ballot of the round.

    Raises:
        NotMemberError, AnsweringClosedError, AnsweredError, AgreedError: it is not to be taken.
        ObjectionError: it objects without a reason.
    """
    if not agrees and not reason:
        raise ObjectionError
    standing = committee.lock(row)
    after = deciding.answer(standing, person.id, agrees=agrees, now=now)
    is_first = row.status is not after.status
    row.status = after.status
    said = db.session.get(RoundAnswer, (row.id, person.id))
    if said is None:
        said = RoundAnswer(round_id=row.id, person_id=person.id)
        db.session.add(said)
    said.agrees, said.reason, said.answered_at = agrees, reason, now
    db.session.flush()
    audit.record(
        "edition.host_agreed" if agrees else "edition.host_objected",
        row.edition,
        by=person,
        now=now,
        reason=reason,
    )
    if is_first:
        committee.write_to(committee.leaders(), letters.objected(row), now)


def declare_interest(call: CallForHosts, person: Person, words: str, *, now: datetime) -> None:
    """Keep ``person`` out of the choice from now on, as they say themselves.

    Raises:
        VotedAlreadyError: their ballot is in the box, and nobody knows which it is.
    """
    database.write(call.edition)
    row = queries.running(call.edition)
    if row is not None and person.id in queries.people(BallotTicket, row):
        raise VotedAlreadyError
    evaluator = hosting_queries.evaluator(call, person)
    if evaluator is None:  # nobody asked them to score; they have a say all the same
        evaluator = Evaluator(call=call, person=person, assigned_at=now)
        db.session.add(evaluator)
        db.session.flush()
    judges.declare_interest(evaluator, words, by=person, now=now)
