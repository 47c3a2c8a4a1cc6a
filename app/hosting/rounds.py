"""Use cases of the decision: a consensus round and, after an objection, a secret ranked ballot."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import audit, database, outbox
from app.database import db
from app.editions import service as editions
from app.hosting import judging, letters, queries, urn
from app.hosting.judging_models import (
    LIVE_ROUNDS,
    BallotUrn,
    DecisionRound,
    RoundMember,
    RoundState,
)
from app.hosting.models import UNDECIDED
from scheduler import hosting
from scheduler.errors import N_, ConflictError, DomainError, PermissionDeniedError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.hosting.models import HostingOffer
    from scheduler.hosting import Count

BALLOT_DAYS = 7


class RoundError(ConflictError):
    """A round where none can be."""

    message = N_("A round can be opened once the call is closed, and while no other one runs.")


class NobodyAskedError(ConflictError):
    """A committee without anybody who may decide."""

    message = N_("Nobody of the committee can decide: there is no member, or all keep out.")


class RoundDayError(DomainError):
    """A closing day that leaves no time."""

    message = N_("The round must close after today and before the event.")


class NotAskedError(ConflictError):
    """A word or a ballot of somebody who is not asked."""

    message = N_("You keep out of this choice, or were not a member when the round began.")


class RoundOverError(ConflictError):
    """A word or a ballot too late."""

    message = N_("This round is over, or not at this step any more. Look again.")


class VotedError(ConflictError):
    """A second ballot."""

    message = N_("You have voted already. A ballot in the urn cannot be told from the others.")


class StillOpenError(ConflictError):
    """A count before the time."""

    message = N_("It runs until {day}, unless everybody has spoken before.")


def open_round(
    offer: HostingOffer, *, reason: str, closes_on: date, by: Person, now: datetime
) -> DecisionRound:
    """Propose ``offer`` to the committee; without an objection by its closing day it is agreed.

    Raises:
        RoundError, NobodyAskedError, RoundDayError, ReasonMissingError: see there.
    """
    editions.insist_on_reason(reason)
    edition = offer.edition
    database.write(edition)
    latest = queries.latest_round(edition)
    is_free = latest is None or latest.state not in LIVE_ROUNDS
    if edition.status is not EditionStatus.UNDER_EVALUATION or not is_free:
        raise RoundError
    if not now.date() < closes_on < edition.dtstart:
        raise RoundDayError
    call = queries.call_of(edition)
    asked = judging.entitled(call) if call is not None else []
    if not asked:
        raise NobodyAskedError
    candidates = [one for one in queries.offers_for(edition) if one.status in UNDECIDED]
    if offer not in candidates:
        raise RoundError
    found = DecisionRound(
        edition=edition,
        offer=offer,
        state=RoundState.CONSENSUS,
        reason=reason,
        opened_at=now,
        closes_on=closes_on,
        candidates=sorted(one.public_id for one in candidates),
    )
    db.session.add(found)
    db.session.flush()
    db.session.add_all(RoundMember(round_id=found.id, person_id=person.id) for person in asked)
    audit.record("edition.round_opened", edition, by=by, now=now, reason=reason)
    for person in asked:
        outbox.post(person.email, letters.round_opened(found), now=now)
    return found


def speak(found: DecisionRound, *, agrees: bool, words: str, by: Person, now: datetime) -> None:
    """Agree to the proposal, or object with a reason; an objection opens the ballot.

    Raises:
        RoundOverError, NotAskedError, ReasonMissingError: see there.
    """
    if not agrees:
        editions.insist_on_reason(words)
    member = _member(found, by, RoundState.CONSENSUS, now)
    member.agrees, member.words = agrees, words
    db.session.flush()
    act = "edition.voice_agreed" if agrees else "edition.voice_objected"
    audit.record(act, found.edition, by=by, now=now, reason=words)
    if not agrees:
        _open_ballot(found, now)


def vote(found: DecisionRound, places: Mapping[str, int], *, by: Person, now: datetime) -> None:
    """Put a ballot into the urn: ``places`` gives offers their place by public id, 1 the best.

    Who voted is noted, and what was voted; never the two together.

    Raises:
        RoundOverError, NotAskedError, VotedError, BallotError: see there.
    """
    ballot = hosting.ballot_of(places)
    hosting.check_ballot(ballot, found.candidates)
    member = _member(found, by, RoundState.BALLOT, now)
    if member.has_voted:
        raise VotedError
    member.has_voted = True
    box = db.session.get_one(BallotUrn, found.id)
    box.sealed = urn.seal(found.id, [*urn.unseal(found.id, box.sealed), ballot])
    db.session.flush()
    # Nobody is named: who has voted stands with the members, without a time.
    audit.record("edition.ballot_cast", found.edition, by=None, now=now)


def close(found: DecisionRound, *, by: Person, now: datetime) -> None:
    """End a step of the round: agreed without an objection, or the ballots counted.

    Raises:
        StillOpenError: its day has not passed, and somebody has not spoken.
        RoundOverError: it is over.
    """
    database.write(found.edition)
    database.write(found)
    members = queries.members_of(found)
    if found.state is RoundState.CONSENSUS:
        has_spoken = all(member.agrees is not None for member in members)
    elif found.state is RoundState.BALLOT:
        has_spoken = all(member.has_voted for member in members)
    else:
        raise RoundOverError
    if not has_spoken and now.date() <= found.closes_on:
        raise StillOpenError(day=found.closes_on.isoformat())
    if found.state is RoundState.CONSENSUS:
        found.state, found.chosen = RoundState.AGREED, found.offer
    else:
        _count(found, len(members))
    db.session.flush()
    audit.record(f"edition.round_{found.state.value}", found.edition, by=by, now=now)


def cast(
    found: DecisionRound, offer: HostingOffer, *, reason: str, by: Person, now: datetime
) -> None:
    """Decide a tie as chair, in the open and with a reason.

    Raises:
        PermissionDeniedError: ``by`` is no chair, or keeps out.
        RoundOverError: there is no tie between this offer and another.
        ReasonMissingError: see there.
    """
    editions.insist_on_reason(reason)
    database.write(found)
    member = queries.member(found, by)
    if member is None or not any(grant.is_chair for grant in by.grants):
        raise PermissionDeniedError
    if found.state is not RoundState.TIED or offer.public_id not in recount(found).winners:
        raise RoundOverError
    found.state, found.chosen = RoundState.COUNTED, offer
    db.session.flush()
    audit.record("edition.tie_decided", found.edition, by=by, now=now, reason=reason)


def recount(found: DecisionRound) -> Count:
    """Count the ballots of a round that is over once more: the same ballots, the same count."""
    return hosting.count_ballots(urn.read(found.ballots), found.candidates)


def _open_ballot(found: DecisionRound, now: datetime) -> None:
    found.state = RoundState.BALLOT
    found.closes_on = max(found.closes_on, now.date() + timedelta(days=BALLOT_DAYS))
    db.session.add(BallotUrn(round_id=found.id, sealed=urn.seal(found.id, [])))
    db.session.flush()
    for member in queries.members_of(found):
        outbox.post(member.person.email, letters.ballot_opened(found), now=now)


def _count(found: DecisionRound, entitled: int) -> None:
    box = db.session.get_one(BallotUrn, found.id)
    ballots = urn.unseal(found.id, box.sealed)
    found.ballots = [[list(group) for group in ballot] for ballot in ballots]
    db.session.delete(box)
    if not hosting.has_quorum(len(ballots), entitled):
        found.state = RoundState.NO_QUORUM
        return
    winners = recount(found).winners
    found.state = RoundState.COUNTED if len(winners) == 1 else RoundState.TIED
    if len(winners) == 1:
        found.chosen = queries.find_offer(winners[0])


def _member(found: DecisionRound, by: Person, state: RoundState, now: datetime) -> RoundMember:
    """Return who speaks, with the round locked and still at ``state``."""
    database.write(found.edition)
    database.write(found)
    if found.state is not state or now.date() > found.closes_on:
        raise RoundOverError
    member = queries.member(found, by)
    call = queries.call_of(found.edition)
    is_out = call is None or judging.recusal(call, by, queries.evaluator(call, by))
    if member is None or is_out:
        raise NotAskedError
    return member
