"""Tables of the judgement: gates, evaluators, scores, and the rounds that decide."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model
from app.editions.models import Edition
from app.hosting.models import CallForHosts, HostingOffer
from scheduler.hosting import Gate


class OfferGate(Model):
    """Whether an offer meets one condition, on what evidence, and who checked."""

    __table_args__ = (UniqueConstraint("offer_id", "gate"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("hosting_offer.id", ondelete="CASCADE"))
    gate: Mapped[Gate] = mapped_column(Enum(Gate, native_enum=False, length=20))
    is_passed: Mapped[bool]
    evidence: Mapped[str] = mapped_column(String(1000))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    checked_at: Mapped[Instant]
    person: Mapped[Person | None] = relationship()


class Evaluator(Model):
    """A member of the committee who judges the offers of one call, unless recused."""

    __table_args__ = (UniqueConstraint("call_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call_for_hosts.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))  # of the member
    interest: Mapped[str] = mapped_column(String(1000), default="")  # declared: keeps out
    assigned_at: Mapped[Instant]
    call: Mapped[CallForHosts] = relationship()
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class ScoreSheet(Model):
    """What one evaluator gives one offer: a score and a comment for each criterion."""

    __table_args__ = (UniqueConstraint("offer_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("hosting_offer.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    scores: Mapped[dict[str, int]] = mapped_column(JSON)
    comments: Mapped[dict[str, str]] = mapped_column(JSON)
    given_at: Mapped[Instant]
    offer: Mapped[HostingOffer] = relationship()
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class RoundState(StrEnum):
    """Where a decision stands."""

    CONSENSUS = "consensus"
    AGREED = "agreed"
    BALLOT = "ballot"
    COUNTED = "counted"
    TIED = "tied"
    NO_QUORUM = "no_quorum"


LIVE_ROUNDS = frozenset({RoundState.CONSENSUS, RoundState.BALLOT, RoundState.TIED})


class DecisionRound(Model):
    """A proposal to the committee, and what became of it: agreed, or voted on."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("hosting_offer.id"))
    state: Mapped[RoundState] = mapped_column(Enum(RoundState, native_enum=False, length=12))
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Instant]
    closes_on: Mapped[date]
    candidates: Mapped[list[str]] = mapped_column(JSON)  # public ids of the offers
    # Once counted: every ballot, sorted, and nothing beside them.
    ballots: Mapped[list[Any]] = mapped_column(JSON, default=list)
    chosen_id: Mapped[int | None] = mapped_column(ForeignKey("hosting_offer.id"))
    edition: Mapped[Edition] = relationship()
    offer: Mapped[HostingOffer] = relationship(foreign_keys=[offer_id])
    chosen: Mapped[HostingOffer | None] = relationship(foreign_keys=[chosen_id])


class RoundMember(Model):
    """Who is asked in a round, and what they said in the open; of a ballot, whether they voted.

    It has no time and no order of its own: what was voted lies in the urn.
    """

    round_id: Mapped[int] = mapped_column(
        ForeignKey("decision_round.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    agrees: Mapped[bool | None]
    words: Mapped[str] = mapped_column(Text, default="")
    has_voted: Mapped[bool] = mapped_column(default=False)
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class BallotUrn(Model):
    """The ballots of a round that still runs: one sealed box, written anew with each ballot."""

    round_id: Mapped[int] = mapped_column(
        ForeignKey("decision_round.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
