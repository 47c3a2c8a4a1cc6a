"""Use cases of the committee's decision: a proposal, a secret ballot, what is recorded of it.

A ballot leaves no trace of its voter: nothing is logged, mailed or dated when one is cast
(:mod:`app.sealed`). The rules are :mod:`scheduler.deciding`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app import audit, database, outbox, sealed
from app.accounts import access
from app.database import db
from app.editions import service as editions
from app.hosting import committee, judging, service
from app.hosting import decision_letters as letters
from app.hosting import decision_queries as queries
from app.hosting import queries as hosting_queries
from app.hosting.decision_models import (
    BallotTicket,
    BallotVoter,
    CommitteeRound,
    DecisionWay,
    HostDecision,
    RoundAnswer,
    SealedBallot,
)
from app.hosting.judging_models import Evaluator
from app.hosting.letters import organisers
from app.hosting.models import CHOOSABLE
from app.i18n import gettext as _
from scheduler import deciding, hosting
from scheduler.deciding import RoundStatus
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.models import CallForHosts, HostingOffer
    from app.outbox import Letter
    from scheduler.deciding import Round
    from scheduler.hosting import Count

BALLOT_LIFE = timedelta(days=7)  # of a ballot that nobody opened
WAY_OF = {
    RoundStatus.CONSENSUS_OPEN: DecisionWay.CONSENSUS,
    RoundStatus.COUNTED: DecisionWay.BALLOT,
    RoundStatus.TIED: DecisionWay.CHAIR,
}


class NotEvaluatedError(ConflictError):
    """A proposal for an edition whose offers are not being judged."""

    message = N_("Close the call for hosts of {edition} first; then the committee can be asked.")


class RecusedError(ConflictError):
    """An act of somebody who keeps out of the choice."""

    message = N_(
        "You keep out of this choice: your country has made an offer, or you have declared an "
        "interest. Somebody else has to do this."
    )


class ChoiceError(DomainError):
    """An offer that cannot be chosen, or the same one twice."""

    message = N_("Choose an offer that stands, and another one as reserve.")


class ObjectionError(DomainError):
    """An objection without its reason."""

    message = N_("Say why you object; the committee reads it before it votes.")


class VotedAlreadyError(ConflictError):
    """An interest that is declared after voting."""

    message = N_(
        "You have voted, and since nobody can tell which ballot is yours, none can be taken out. "
        "Write to the organisers."
    )


class NoReserveError(ConflictError):
    """A promotion where nobody stands by."""

    message = N_("No offer is held in reserve for {edition}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen, and why; the end of the days is exclusive."""

    offer: HostingOffer
    reserve: HostingOffer | None
    dtstart: date
    dtend: date
    reason: str
    weighed: str


# -- consensus -------------------------------------------------------------------------------


def propose(
    edition: Edition, choice: Choice, *, closes_at: datetime, by: Person, now: datetime
) -> CommitteeRound:
    """Put ``choice`` to the members of the committee who have a say, and write to them.

    Raises:
        NotEvaluatedError: the offers are not being judged.
        RoundRunningError: there is a round.
        RecusedError, ChoiceError, WindowChoiceError, ReasonMissingError, ClosingError: see there.
    """
    database.write(edition)
    _insist_no_round(edition)
    _insist_on_say(edition, by)
    _check(edition, choice)
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
    _post((person.email for person in members), letters.round_opened(row), now)
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
    standing = _lock(row)
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
        _post(_leaders(), letters.objected(row), now)


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
    judging.declare_interest(evaluator, words, by=person, now=now)


# -- the ballot ------------------------------------------------------------------------------


def open_ballot(
    row: CommitteeRound, *, closes_at: datetime, by: Person | None, now: datetime
) -> None:
    """Open the secret ballot, or open it again where it had no quorum, and write to the voters.

    Raises:
        MoveError: nobody has objected.
        RecusedError, CandidatesError, ClosingError, NotMemberError: see there.
    """
    standing = _lock(row)
    _insist_on_say(row.edition, by)
    is_new = row.status is RoundStatus.OBJECTED
    offers = [offer.public_id for offer in queries.candidates(row.edition)]
    names = offers if is_new else [name for name in row.candidates if name in offers]
    after = deciding.open_ballot(standing, standing.members, names, closes_at=closes_at, now=now)
    row.status, row.closes_at = after.status, closes_at
    if is_new:
        row.candidates, row.voter_count = names, len(after.voters)
        db.session.add_all(BallotVoter(round_id=row.id, person_id=one) for one in after.voters)
    db.session.flush()
    audit.record(
        "edition.ballot_opened" if is_new else "edition.ballot_reopened",
        row.edition,
        by=by,
        now=now,
        changes={"voters": [None, row.voter_count], "offers": [None, len(names)]},
    )
    waiting = after.voters - after.voted
    voters = [person.email for person in committee.members(row.edition) if person.id in waiting]
    _post(voters, letters.ballot_opened(row), now)


def cast(row: CommitteeRound, person: Person, places: Mapping[str, int], *, now: datetime) -> None:
    """Put a ballot into the box; who has voted is kept apart, and nothing of it is logged.

    ``places`` are those given to offers, by public id; 1 is the best, equals are equal.

    Raises:
        NotMemberError, NotVoterError, VotingClosedError, VotedError: it is not to be taken.
        BallotError: it ranks nothing, or what is not to be voted on.
    """
    standing = _lock(row)
    deciding.cast(standing, person.id, now=now)
    ballot = hosting.ballot_of(places)
    hosting.check_ballot(ballot, row.candidates)
    db.session.add(BallotTicket(round_id=row.id, person_id=person.id))
    sealed.add(SealedBallot, {"round_id": row.id}, ranking=[list(group) for group in ballot])


def close_ballot(row: CommitteeRound, *, by: Person | None, now: datetime) -> None:
    """End the ballot and count it; what proves the sealed ballots goes into the log.

    An offer that was withdrawn meanwhile is left out of the count.

    Raises:
        VotingClosedError, StillOpenError: no ballot is open, or people may still vote.
    """
    standing = _lock(row)
    ballots = queries.ballots(row)
    offers = {offer.public_id for offer in queries.candidates(row.edition)}
    names = [name for name in row.candidates if name in offers]
    count = _count(ballots, names)
    after = deciding.close_ballot(
        standing, count.winners, cast_count=len(ballots), voter_count=row.voter_count, now=now
    )
    row.status, row.ballot_count = after.status, len(ballots)
    changes: dict[str, list[object]] = {
        "ballots": [None, len(ballots)],
        "voters": [None, row.voter_count],
    }
    if after.status is not RoundStatus.LAPSED:
        row.candidates = names
        row.count_order = [list(group) for group in count.order]
        row.digest = sealed.digest(ballots)
        changes["digest"] = [None, row.digest]
    db.session.flush()
    has_lapsed = after.status is RoundStatus.LAPSED
    audit.record(
        "edition.ballot_lapsed" if has_lapsed else "edition.ballot_counted",
        row.edition,
        by=by,
        now=now,
        changes=changes,
    )
    _post(_leaders(), letters.ballot_ended(row), now)


@dataclass(frozen=True, slots=True)
class Recount:
    """What the sealed ballots come to when they are counted again."""

    count: Count
    digest: str
    is_same: bool  # as recorded: the ballots, and the order of the offers


def recount(row: CommitteeRound) -> Recount:
    """Count the sealed ballots of a counted round again."""
    ballots = queries.ballots(row)
    count, digest = _count(ballots, row.candidates), sealed.digest(ballots)
    order = [list(group) for group in count.order]
    return Recount(count, digest, (order, digest) == (row.count_order, row.digest))


def _count(ballots: Sequence[tuple[str, list[list[str]]]], names: Sequence[str]) -> Count:
    cast = (tuple(tuple(group) for group in ranking) for _key, ranking in ballots)
    return hosting.count_ballots(cast, names)


# -- the decision ----------------------------------------------------------------------------


def settle(row: CommitteeRound, *, by: Person | None, now: datetime) -> HostDecision:
    """Record the proposal, to which nobody has objected, as the decision.

    Raises:
        StillOpenError: somebody may still object.
        RecusedError, MoveError, ChoiceError: see there.
    """
    choice = Choice(
        offer=row.offer,
        reserve=row.reserve
        if row.reserve is not None and row.reserve.status in CHOOSABLE
        else None,
        dtstart=row.dtstart,
        dtend=row.dtend,
        reason=row.reason,
        weighed=row.weighed,
    )
    return record(row, choice, by=by, now=now)


def record(
    row: CommitteeRound, choice: Choice, *, by: Person | None, now: datetime
) -> HostDecision:
    """Record what the committee decided: the host is selected, the reserve stands by, all are told.

    Raises:
        StillOpenError, MoveError: nothing is decided yet.
        WinnerError, ChairError: the committee chose otherwise, or its chairs have to.
        RecusedError, ChoiceError, WindowChoiceError, ReasonMissingError: see there.
    """
    standing = _lock(row)
    _insist_on_say(row.edition, by)
    editions.insist_on_reason(choice.reason)
    is_chair = access.chair(by) and by is not None and by.id in standing.members
    after = deciding.decide(standing, choice.offer.public_id, is_chair=is_chair, now=now)
    _check(row.edition, choice)
    way = WAY_OF[row.status]
    row.status = after.status
    db.session.flush()
    counts = {
        "entitled": len(standing.members | standing.agreed | standing.objected),
        "agreed": len(standing.agreed),
        "objected": len(standing.objected),
        "voters": row.voter_count,
        "ballots": row.ballot_count,
    }
    return _decide(row.edition, choice, way, row=row, counts=counts, by=by, now=now)


def promote_reserve(edition: Edition, choice: Choice, *, by: Person, now: datetime) -> HostDecision:
    """Make the offer in reserve the host after the selected one has withdrawn.

    Raises:
        NoReserveError: no offer stands by, or ``choice`` is another one.
        RoundRunningError, RecusedError, WindowChoiceError, ReasonMissingError: see there.
    """
    database.write(edition)
    _insist_no_round(edition)
    _insist_on_say(edition, by)
    if choice.offer.status is not OfferStatus.RESERVE or choice.offer.edition_id != edition.id:
        raise NoReserveError(edition=edition.title)
    return _decide(edition, choice, DecisionWay.RESERVE, row=None, counts={}, by=by, now=now)


def call_off(row: CommitteeRound, *, reason: str, by: Person | None, now: datetime) -> None:
    """End the round without a decision.

    Raises:
        UnderWayError: the committee votes, or has.
        RecusedError, ReasonMissingError: see there.
    """
    editions.insist_on_reason(reason)
    standing = _lock(row)
    _insist_on_say(row.edition, by)
    after = deciding.call_off(standing, leads_nowhere=leads_nowhere(row))
    row.status, row.end_reason = after.status, reason
    db.session.flush()
    audit.record("edition.round_called_off", row.edition, by=by, now=now, reason=reason)
    _post((person.email for person in committee.everyone()), letters.called_off(row), now)


def leads_nowhere(row: CommitteeRound) -> bool:
    """Whether the round cannot end in a decision: no offer, no chair for a tie, another state."""
    if row.edition.status is not EditionStatus.UNDER_EVALUATION:
        return True
    standing_offers = {offer.public_id for offer in queries.candidates(row.edition)}
    if row.status in {RoundStatus.COUNTED, RoundStatus.TIED}:
        possible = set(row.count_order[0])
    elif row.status is RoundStatus.CONSENSUS_OPEN:
        possible = {row.offer.public_id}
    else:
        possible = set(row.candidates) or standing_offers
    if not possible & standing_offers:
        return True
    has_chair = any(access.chair(person) for person in committee.members(row.edition))
    return row.status is RoundStatus.TIED and not has_chair


def work(row: CommitteeRound, *, now: datetime) -> None:
    """Move a round on whose closing moment has passed, as its rules say; nobody has to.

    Raises:
        DomainError: somebody has to look at it.
    """
    if leads_nowhere(row):
        call_off(row, reason=_("What was proposed no longer stands."), by=None, now=now)
    elif row.status is RoundStatus.CONSENSUS_OPEN:
        settle(row, by=None, now=now)
    elif row.status is RoundStatus.OBJECTED:
        open_ballot(row, closes_at=now + BALLOT_LIFE, by=None, now=now)
    else:
        close_ballot(row, by=None, now=now)


# -- what these share ------------------------------------------------------------------------


def _lock(row: CommitteeRound) -> Round:
    database.write(row.edition)  # first, as everywhere
    database.write(row)
    return committee.standing(row)


def _insist_no_round(edition: Edition) -> None:
    if queries.running(edition) is not None:
        raise service.RoundRunningError(edition=edition.title)
    if edition.status is not EditionStatus.UNDER_EVALUATION:
        raise NotEvaluatedError(edition=edition.title)


def _insist_on_say(edition: Edition, by: Person | None) -> None:
    if by is not None and committee.recusal(edition, by):
        raise RecusedError


def _check(edition: Edition, choice: Choice) -> None:
    """Insist on an offer of ``edition`` that stands, on days it offered, and another as reserve."""
    editions.insist_on_reason(choice.reason)
    chosen = [choice.offer, *([choice.reserve] if choice.reserve is not None else [])]
    if any(offer.edition_id != edition.id or offer.status not in CHOOSABLE for offer in chosen):
        raise ChoiceError
    if len({offer.id for offer in chosen}) != len(chosen):
        raise ChoiceError
    service.insist_offered(choice.offer, choice.dtstart, choice.dtend)


def _decide(  # noqa: PLR0913 - what is recorded
    edition: Edition,
    choice: Choice,
    way: DecisionWay,
    *,
    row: CommitteeRound | None,
    counts: dict[str, int],
    by: Person | None,
    now: datetime,
) -> HostDecision:
    service.select(
        choice.offer,
        dtstart=choice.dtstart,
        dtend=choice.dtend,
        reason=choice.reason,
        reserve=choice.reserve,
        weighed=choice.weighed,
        by=by,
        now=now,
    )
    decision = HostDecision(
        edition_id=edition.id,
        round=row,
        way=way,
        offer=choice.offer,
        reserve=choice.reserve,
        reason=choice.reason,
        weighed=choice.weighed,
        counts=counts,
        decided_at=now,
        decided_by=by,
    )
    db.session.add(decision)
    db.session.flush()
    changes = {key: [None, number] for key, number in counts.items()} | {"way": [None, way.value]}
    audit.record(
        "edition.host_decided", edition, by=by, now=now, changes=changes, reason=choice.reason
    )
    everyone = {*organisers(), *(person.email for person in committee.everyone())}
    _post(everyone, letters.decided(decision), now)
    return decision


def _leaders() -> set[str]:
    chairs = {person.email for person in committee.everyone() if access.chair(person)}
    return chairs | set(organisers())


def _post(addresses: Iterable[str], letter: Letter, now: datetime) -> None:
    for address in sorted(set(addresses)):
        outbox.post(address, letter, now=now)
