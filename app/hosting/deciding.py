"""What ends a round of the committee: a decision and what is recorded of it, or none.

Who may do what and when is :mod:`scheduler.deciding`'s.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import audit, database
from app.accounts import access
from app.database import db
from app.editions import service as editions
from app.hosting import balloting, choosing, committee
from app.hosting import decision_letters as letters
from app.hosting import decision_queries as queries
from app.hosting.choosing import Choice
from app.hosting.decision_models import (
    CommitteeRound,
    DecisionWay,
    HostDecision,
)
from app.hosting.letters import organisers
from app.hosting.models import CHOOSABLE
from app.i18n import gettext as _
from scheduler import deciding
from scheduler.deciding import RoundStatus
from scheduler.errors import N_, ConflictError
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition

BALLOT_LIFE = timedelta(days=7)  # of a ballot that nobody opened
WAY_OF = {
    RoundStatus.CONSENSUS_OPEN: DecisionWay.CONSENSUS,
    RoundStatus.COUNTED: DecisionWay.BALLOT,
    RoundStatus.TIED: DecisionWay.CHAIR,
}


class NoReserveError(ConflictError):
    """A promotion where nobody stands by."""

    message = N_("No offer is held in reserve for {edition}.")


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
    standing = committee.lock(row)
    committee.insist_on_say(row.edition, by)
    editions.insist_on_reason(choice.reason)
    is_chair = access.chair(by) and by is not None and by.id in standing.members
    after = deciding.decide(standing, choice.offer.public_id, is_chair=is_chair, now=now)
    choosing.check(row.edition, choice)
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
    committee.insist_no_round(edition)
    committee.insist_on_say(edition, by)
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
    standing = committee.lock(row)
    committee.insist_on_say(row.edition, by)
    after = deciding.call_off(standing, leads_nowhere=leads_nowhere(row))
    row.status, row.end_reason = after.status, reason
    db.session.flush()
    audit.record("edition.round_called_off", row.edition, by=by, now=now, reason=reason)
    committee.write_to(
        (person.email for person in committee.everyone()), letters.called_off(row), now
    )


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
        balloting.open_ballot(row, closes_at=now + BALLOT_LIFE, by=None, now=now)
    else:
        balloting.close_ballot(row, by=None, now=now)


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
    choosing.select(
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
    committee.write_to(everyone, letters.decided(decision), now)
    return decision
