"""Reads of decisions: rounds of the committee, ballots in no order, what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.database import db
from app.hosting.decision_models import (
    BallotTicket,
    BallotVoter,
    CommitteeRound,
    HostDecision,
    RoundAnswer,
    SealedBallot,
)
from app.hosting.models import CHOOSABLE, HostingOffer
from scheduler.deciding import RUNNING, RoundStatus
from scheduler.lifecycle import OfferStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.editions.models import Edition


def candidates(edition: Edition) -> Sequence[HostingOffer]:
    """Return the offers among which a host can be chosen, by country."""
    return db.session.scalars(
        select(HostingOffer)
        .where(HostingOffer.edition_id == edition.id, HostingOffer.status.in_(CHOOSABLE))
        .order_by(HostingOffer.country_code, HostingOffer.id)
    ).all()


# -- rounds ----------------------------------------------------------------------------------


def running(edition: Edition) -> CommitteeRound | None:
    """Return the round that may still lead to a decision."""
    return db.session.scalar(
        select(CommitteeRound).where(
            CommitteeRound.edition_id == edition.id, CommitteeRound.status.in_(RUNNING)
        )
    )


def running_rounds(edition_ids: Sequence[int]) -> dict[int, CommitteeRound]:
    """Return the rounds that may still lead to a decision, by edition."""
    rows = db.session.scalars(
        select(CommitteeRound)
        .where(CommitteeRound.edition_id.in_(edition_ids), CommitteeRound.status.in_(RUNNING))
        .options(joinedload(CommitteeRound.offer))
    )
    return {row.edition_id: row for row in rows}


def running_of(edition_ids: Sequence[int]) -> Sequence[CommitteeRound]:
    """Return the rounds of these editions that may still lead to a decision."""
    return db.session.scalars(
        select(CommitteeRound).where(
            CommitteeRound.edition_id.in_(edition_ids), CommitteeRound.status.in_(RUNNING)
        )
    ).all()


def count_agreed(found: Sequence[CommitteeRound]) -> dict[int, int]:
    """Return how many agree in each of these rounds."""
    query = (
        select(RoundAnswer.round_id, func.count())
        .where(RoundAnswer.round_id.in_([row.id for row in found]), RoundAnswer.agrees)
        .group_by(RoundAnswer.round_id)
    )
    return {key: count for key, count in db.session.execute(query)}  # noqa: C416 - of rows


def count_voted(found: Sequence[CommitteeRound]) -> dict[int, int]:
    """Return how many have voted in each of these rounds."""
    query = (
        select(BallotTicket.round_id, func.count())
        .where(BallotTicket.round_id.in_([row.id for row in found]))
        .group_by(BallotTicket.round_id)
    )
    return {key: count for key, count in db.session.execute(query)}  # noqa: C416 - of rows


def latest(edition: Edition) -> CommitteeRound | None:
    """Return the round that runs, else the one that ended last."""
    return db.session.scalar(
        select(CommitteeRound)
        .filter_by(edition_id=edition.id)
        .order_by(CommitteeRound.id.desc())
        .limit(1)
    )


def last_counted(edition: Edition) -> CommitteeRound | None:
    """Return the round whose ballots were counted last."""
    return db.session.scalar(
        select(CommitteeRound)
        .where(CommitteeRound.edition_id == edition.id, CommitteeRound.digest != "")
        .order_by(CommitteeRound.id.desc())
        .limit(1)
    )


def due(now: datetime) -> Sequence[CommitteeRound]:
    """Return the rounds whose closing moment has passed, and that move on by themselves."""
    waiting = (RoundStatus.CONSENSUS_OPEN, RoundStatus.OBJECTED, RoundStatus.BALLOT_OPEN)
    return db.session.scalars(
        select(CommitteeRound)
        .where(CommitteeRound.status.in_(waiting), CommitteeRound.closes_at <= now)
        .order_by(CommitteeRound.id)
    ).all()


def answers(row: CommitteeRound) -> Sequence[RoundAnswer]:
    """Return what members said to the proposal, in the order in which they did."""
    return db.session.scalars(
        select(RoundAnswer)
        .filter_by(round_id=row.id)
        .order_by(RoundAnswer.answered_at, RoundAnswer.person_id)
    ).all()


def ballots(row: CommitteeRound) -> list[tuple[str, list[list[str]]]]:
    """Return the sealed ballots with their random keys."""
    found = db.session.execute(
        select(SealedBallot.id, SealedBallot.ranking).filter_by(round_id=row.id)
    )
    return [(key, ranking) for key, ranking in found]


def count_ballots(row: CommitteeRound) -> int:
    """Return how many have voted."""
    query = select(func.count()).select_from(SealedBallot).filter_by(round_id=row.id)
    return db.session.scalar(query) or 0


def people(model: type[BallotVoter | BallotTicket], row: CommitteeRound) -> frozenset[int]:
    """Return who may vote, or who has voted."""
    return frozenset(db.session.scalars(select(model.person_id).filter_by(round_id=row.id)))


# -- decisions -------------------------------------------------------------------------------


def decisions(edition: Edition) -> Sequence[HostDecision]:
    """Return the decisions on the host of ``edition``, the newest first."""
    return db.session.scalars(
        select(HostDecision).filter_by(edition_id=edition.id).order_by(HostDecision.id.desc())
    ).all()


def last_decisions(edition_ids: Sequence[int]) -> dict[int, HostDecision]:
    """Return the newest decision on the host of each of these editions, by edition."""
    rows = db.session.scalars(
        select(HostDecision)
        .where(HostDecision.edition_id.in_(edition_ids))
        .order_by(HostDecision.id)
        .options(joinedload(HostDecision.offer))
    )
    return {row.edition_id: row for row in rows}


def reserve(edition: Edition) -> HostingOffer | None:
    """Return the offer held in reserve."""
    return db.session.scalar(
        select(HostingOffer)
        .filter_by(edition_id=edition.id, status=OfferStatus.RESERVE)
        .order_by(HostingOffer.id.desc())
        .limit(1)
    )
