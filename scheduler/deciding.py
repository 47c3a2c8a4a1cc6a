"""How a committee decides on a host: consensus first, else a secret ranked ballot.

A round begins with a proposal. Who agrees or objects does so by name; without an objection the
proposal is the decision when the round closes. One objection is enough for the ballot: who may
vote is fixed when it opens, each votes once, two thirds must. What it comes to is
:func:`scheduler.hosting.count_ballots`'s; a tie is broken by a chair.

A :class:`Round` is a value; each act returns the round that follows, or raises. No act leads to
``DECIDED`` but :func:`decide`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from scheduler.errors import N_, ConflictError
from scheduler.hosting import has_quorum
from scheduler.lifecycle import move

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

CANDIDATES_MIN = 2


class RoundStatus(StrEnum):
    """Where a round of the committee stands."""

    CONSENSUS_OPEN = "consensus_open"
    OBJECTED = "objected"
    BALLOT_OPEN = "ballot_open"
    LAPSED = "lapsed"
    COUNTED = "counted"
    TIED = "tied"
    DECIDED = "decided"
    CALLED_OFF = "called_off"


_S = RoundStatus

ROUND_MOVES: Mapping[RoundStatus, frozenset[RoundStatus]] = {
    _S.CONSENSUS_OPEN: frozenset({_S.OBJECTED, _S.DECIDED, _S.CALLED_OFF}),
    _S.OBJECTED: frozenset({_S.BALLOT_OPEN, _S.CALLED_OFF}),
    _S.BALLOT_OPEN: frozenset({_S.LAPSED, _S.COUNTED, _S.TIED, _S.CALLED_OFF}),
    # Without a quorum the same ballot opens again: who has voted has voted.
    _S.LAPSED: frozenset({_S.BALLOT_OPEN, _S.CALLED_OFF}),
    _S.COUNTED: frozenset({_S.DECIDED, _S.CALLED_OFF}),
    _S.TIED: frozenset({_S.DECIDED, _S.CALLED_OFF}),
    _S.DECIDED: frozenset(),
    _S.CALLED_OFF: frozenset(),
}

RUNNING = frozenset(_S) - {_S.DECIDED, _S.CALLED_OFF}
"""Rounds that may still lead to a decision; an edition has at most one."""

ANSWERABLE = frozenset({_S.CONSENSUS_OPEN, _S.OBJECTED})

VOTED_ON = frozenset({_S.BALLOT_OPEN, _S.COUNTED, _S.TIED})
"""Rounds whose ballot runs or has a result; nobody throws that away."""


class NotMemberError(ConflictError):
    """An answer or a ballot of somebody who has none to give."""

    message = N_(
        "You have no say in this choice: you are not on the committee, your country has made an "
        "offer, or you have declared an interest."
    )


class NotVoterError(ConflictError):
    """A ballot of somebody who joined after it was opened."""

    message = N_("Who may vote was fixed when the ballot opened, and you were not among them.")


class AnsweringClosedError(ConflictError):
    """An answer to a proposal that no longer takes any."""

    message = N_("The proposal takes no more answers.")


class AnsweredError(ConflictError):
    """A second answer."""

    message = N_("You have objected already; an objection stands.")


class AgreedError(ConflictError):
    """The same answer again."""

    message = N_("You have agreed already. Until the round closes you can still object.")


class VotingClosedError(ConflictError):
    """A ballot before or after the time for it."""

    message = N_("No ballot is taken now: the vote has not begun, or it is over.")


class VotedError(ConflictError):
    """A second ballot."""

    message = N_("You have voted already. Since nobody can tell which ballot is yours, it stays.")


class StillOpenError(ConflictError):
    """A round that is ended before its time."""

    message = N_("This is still open. It can be ended once its closing moment has passed.")


class CandidatesError(ConflictError):
    """A ballot about nothing."""

    message = N_(
        "A ballot needs two offers or more. Call the round off, then open the call again or select "
        "the host with a reason."
    )


class ClosingError(ConflictError):
    """A closing moment that gives nobody time."""

    message = N_("Choose a closing day that lies ahead.")


class ChairError(ConflictError):
    """A tie broken by somebody who has no casting vote."""

    message = N_("A tie is broken by a chair of the committee who has a say in this choice.")


class WinnerError(ConflictError):
    """A decision for an offer that did not win."""

    message = N_("The decision follows the committee: choose the offer it has chosen.")


class UnderWayError(ConflictError):
    """A ballot that would be thrown away."""

    message = N_(
        "The committee votes, or has voted. Only a vote that can lead nowhere is called off."
    )


@dataclass(frozen=True, slots=True)
class Round:
    """Where one round stands: who may act, who has, and what came of it.

    ``members`` may answer; ``voters`` may vote, and are fixed when the ballot opens. ``chosen`` are
    the offers that the decision may fall on.
    """

    status: RoundStatus
    closes_at: datetime
    chosen: tuple[str, ...]
    members: frozenset[int]
    agreed: frozenset[int] = field(default=frozenset())
    objected: frozenset[int] = field(default=frozenset())
    voters: frozenset[int] = field(default=frozenset())
    voted: frozenset[int] = field(default=frozenset())

    @property
    def is_unanimous(self) -> bool:
        """Whether everybody who has a say has agreed, so that nothing is left to wait for."""
        return bool(self.members) and self.members <= self.agreed

    def is_over(self, now: datetime) -> bool:
        """Whether its closing moment has passed, or all have done what it waits for."""
        if self.status is _S.CONSENSUS_OPEN and self.is_unanimous:
            return True
        if self.status is _S.BALLOT_OPEN and self.voters <= self.voted:
            return True
        return now >= self.closes_at


def begin(proposed: str, members: Collection[int], *, closes_at: datetime, now: datetime) -> Round:
    """Put an offer to the committee.

    Raises:
        ClosingError: ``closes_at`` does not lie ahead.
        NotMemberError: nobody has a say.
    """
    if not members:
        raise NotMemberError
    if closes_at <= now:
        raise ClosingError
    return Round(_S.CONSENSUS_OPEN, closes_at, (proposed,), frozenset(members))


def answer(standing: Round, person: int, *, agrees: bool, now: datetime) -> Round:
    """Take a member's answer. Who has agreed may still object; an objection stands.

    Raises:
        AnsweringClosedError, NotMemberError, AnsweredError, AgreedError: it is not to be taken.
    """
    if person not in standing.members:
        raise NotMemberError
    if person in standing.objected:
        raise AnsweredError
    if standing.status not in ANSWERABLE or now >= standing.closes_at:
        raise AnsweringClosedError
    if agrees:
        if person in standing.agreed:
            raise AgreedError
        return replace(standing, agreed=standing.agreed | {person})
    status = standing.status
    if status is _S.CONSENSUS_OPEN:
        status = move(ROUND_MOVES, status, _S.OBJECTED)
    return replace(
        standing,
        status=status,
        agreed=standing.agreed - {person},
        objected=standing.objected | {person},
    )


def open_ballot(
    standing: Round,
    voters: Collection[int],
    candidates: Collection[str],
    *,
    closes_at: datetime,
    now: datetime,
) -> Round:
    """Open the ballot after an objection, or again where it had no quorum.

    The voters are fixed the first time; they, and the ballots they cast, stay.

    Raises:
        MoveError: there is no objection, or the ballot is open.
        ClosingError, CandidatesError, NotMemberError: see there.
    """
    status = move(ROUND_MOVES, standing.status, _S.BALLOT_OPEN)
    if closes_at <= now:
        raise ClosingError
    if len(candidates) < CANDIDATES_MIN:
        raise CandidatesError
    fixed = standing.voters if standing.status is _S.LAPSED else frozenset(voters)
    if not fixed:
        raise NotMemberError
    return replace(standing, status=status, closes_at=closes_at, voters=fixed, chosen=())


def cast(standing: Round, person: int, *, now: datetime) -> Round:
    """Let a voter vote, once; what the ballot says is nobody's business here.

    Raises:
        NotMemberError, NotVoterError, VotingClosedError, VotedError: the ballot is not to be taken.
    """
    if person in standing.voted:
        raise VotedError
    if standing.status is not _S.BALLOT_OPEN or now >= standing.closes_at:
        raise VotingClosedError
    if person not in standing.members:
        raise NotMemberError
    if person not in standing.voters:
        raise NotVoterError
    return replace(standing, voted=standing.voted | {person})


def close_ballot(
    standing: Round, winners: Collection[str], *, cast_count: int, voter_count: int, now: datetime
) -> Round:
    """End the ballot: without a quorum it lapses, else ``winners`` stand; several are a tie.

    Raises:
        VotingClosedError: no ballot is open.
        StillOpenError: people may still vote.
    """
    if standing.status is not _S.BALLOT_OPEN:
        raise VotingClosedError
    if not standing.is_over(now):
        raise StillOpenError
    if not has_quorum(cast_count, voter_count) or not winners:
        return replace(standing, status=move(ROUND_MOVES, standing.status, _S.LAPSED))
    target = _S.COUNTED if len(winners) == 1 else _S.TIED
    return replace(
        standing, status=move(ROUND_MOVES, standing.status, target), chosen=tuple(sorted(winners))
    )


def decide(standing: Round, offer: str, *, is_chair: bool, now: datetime) -> Round:
    """Record ``offer`` as what the committee decided; ``is_chair``: a chair who has a say acts.

    Raises:
        StillOpenError: the proposal may still be objected to.
        MoveError: nothing has been decided.
        WinnerError: the committee chose otherwise.
        ChairError: the offers are tied.
    """
    if standing.status is _S.CONSENSUS_OPEN and not standing.is_over(now):
        raise StillOpenError
    status = move(ROUND_MOVES, standing.status, _S.DECIDED)
    if offer not in standing.chosen:
        raise WinnerError
    if standing.status is _S.TIED and not is_chair:
        raise ChairError
    return replace(standing, status=status, chosen=(offer,))


def call_off(standing: Round, *, leads_nowhere: bool) -> Round:
    """End the round without a decision; a vote only if it ``leads_nowhere`` any more.

    Raises:
        MoveError: it has ended.
        UnderWayError: the vote stands.
    """
    status = move(ROUND_MOVES, standing.status, _S.CALLED_OFF)
    if standing.status in VOTED_ON and not leads_nowhere:
        raise UnderWayError
    return replace(standing, status=status)
