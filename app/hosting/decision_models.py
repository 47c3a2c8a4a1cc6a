"""Tables of decisions on hosts: rounds of the committee, ballots that know no person, decisions."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app import sealed
from app.accounts.models import Person
from app.database import Instant, Model
from app.editions.models import Edition
from app.hosting.models import HostingOffer, last_day_before
from scheduler.deciding import RUNNING, RoundStatus

_RUNNING_SQL = ", ".join(f"'{status.name}'" for status in sorted(RUNNING))


class CommitteeRound(Model):
    """One proposal put to the committee, and what came of it; an edition has one at a time."""

    __table_args__ = (
        CheckConstraint("dtstart < dtend", name="ends_after_it_starts"),
        CheckConstraint("offer_id <> reserve_id", name="reserve"),
        Index(
            "one_running_round",
            "edition_id",
            unique=True,
            sqlite_where=text(f"status IN ({_RUNNING_SQL})"),
            postgresql_where=text(f"status IN ({_RUNNING_SQL})"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    status: Mapped[RoundStatus] = mapped_column(Enum(RoundStatus, native_enum=False, length=20))
    opened_at: Mapped[Instant]
    closes_at: Mapped[Instant]  # of the proposal, then of the ballot
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    # What is proposed.
    offer_id: Mapped[int] = mapped_column(ForeignKey("hosting_offer.id"))
    reserve_id: Mapped[int | None] = mapped_column(ForeignKey("hosting_offer.id"))
    dtstart: Mapped[date]  # the days of the edition, inside a window of the offer; end exclusive
    dtend: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    weighed: Mapped[str] = mapped_column(Text)
    # The ballot: offers by their public ids, and how many may vote; fixed when it opens.
    candidates: Mapped[list[str]] = mapped_column(JSON, default=list)
    voter_count: Mapped[int] = mapped_column(default=0)
    # The count: the best first, equals together; and what proves the sealed ballots.
    count_order: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    ballot_count: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    end_reason: Mapped[str] = mapped_column(Text, default="")  # where it was called off
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    offer: Mapped[HostingOffer] = relationship(foreign_keys=[offer_id])
    reserve: Mapped[HostingOffer | None] = relationship(foreign_keys=[reserve_id])
    opened_by: Mapped[Person | None] = relationship()

    @property
    def last_day(self) -> date:
        """The last day, in UTC, on which it can be answered."""
        return last_day_before(self.closes_at)


class RoundAnswer(Model):
    """What one member said to a proposal, by name; an objection says why."""

    round_id: Mapped[int] = mapped_column(
        ForeignKey("committee_round.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    agrees: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[Instant]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    round: Mapped[CommitteeRound] = relationship()


class BallotVoter(Model):
    """Somebody who may vote in a ballot."""

    __table_args__ = sealed.NO_ROW_NUMBERS
    round_id: Mapped[int] = mapped_column(
        ForeignKey("committee_round.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )


class BallotTicket(Model):
    """Somebody who has voted: who, and nothing of what or when."""

    __table_args__ = sealed.NO_ROW_NUMBERS
    round_id: Mapped[int] = mapped_column(
        ForeignKey("committee_round.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )


class SealedBallot(Model):
    """One ballot under a random key: groups of offers from the best down."""

    __table_args__ = sealed.NO_ROW_NUMBERS
    id: Mapped[str] = mapped_column(sealed.KEY, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("committee_round.id", ondelete="CASCADE"))
    ranking: Mapped[list[list[str]]] = mapped_column(JSON)


class DecisionWay(StrEnum):
    """How a decision came about."""

    CONSENSUS = "consensus"
    BALLOT = "ballot"
    CHAIR = "chair"  # a tie, broken
    RESERVE = "reserve"  # the selected host withdrew


class HostDecision(Model):
    """A decision on the host as it was recorded; it is never changed."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("committee_round.id"))
    way: Mapped[DecisionWay] = mapped_column(Enum(DecisionWay, native_enum=False, length=20))
    offer_id: Mapped[int] = mapped_column(ForeignKey("hosting_offer.id"))
    reserve_id: Mapped[int | None] = mapped_column(ForeignKey("hosting_offer.id"))
    reason: Mapped[str] = mapped_column(Text)
    weighed: Mapped[str] = mapped_column(Text)
    # Who took part, as counts: entitled, agreed, objected; voters, ballots.
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    decided_at: Mapped[Instant]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    offer: Mapped[HostingOffer] = relationship(foreign_keys=[offer_id])
    reserve: Mapped[HostingOffer | None] = relationship(foreign_keys=[reserve_id])
    decided_by: Mapped[Person | None] = relationship()
    round: Mapped[CommitteeRound | None] = relationship()
