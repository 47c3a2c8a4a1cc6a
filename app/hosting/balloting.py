"""The secret ballot: opened, cast, counted, and counted again.

A ballot leaves no trace of its voter: nothing is logged, mailed or dated when one is cast
(:mod:`app.sealed`). The rules are :mod:`scheduler.deciding`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import audit, database, sealed
from app.database import db
from app.hosting import committee
from app.hosting import decision_letters as letters
from app.hosting import decision_queries as queries
from app.hosting.decision_models import BallotTicket, BallotVoter, CommitteeRound, SealedBallot
from scheduler import deciding, hosting
from scheduler.deciding import RoundStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from scheduler.hosting import Count


def open_ballot(
    row: CommitteeRound, *, closes_at: datetime, by: Person | None, now: datetime
) -> None:
    """Open the secret ballot, or open it again where it had no quorum, and write to the voters.

    Raises:
        MoveError: nobody has objected.
        RecusedError, CandidatesError, ClosingError, NotMemberError: see there.
    """
    standing = committee.lock(row)
    committee.insist_on_say(row.edition, by)
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
    committee.write_to(voters, letters.ballot_opened(row), now)


def cast(row: CommitteeRound, person: Person, places: Mapping[str, int], *, now: datetime) -> None:
    """Put a ballot into the box; who has voted is kept apart, and nothing of it is logged.

    ``places`` are those given to offers, by public id; 1 is the best, equals are equal.

    Raises:
        NotMemberError, NotVoterError, VotingClosedError, VotedError: it is not to be taken.
        BallotError: it ranks nothing, or what is not to be voted on.
    """
    standing = committee.lock(row)
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
    standing = committee.lock(row)
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
    committee.write_to(committee.leaders(), letters.ballot_ended(row), now)


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


def scrub() -> None:
    """Leave no trace in the database's files of how the box filled; after the commit of a ballot.

    Its write-ahead log would tell, one transaction after the other, who voted and which ballot
    was new.
    """
    database.scrub(SealedBallot, BallotTicket)
