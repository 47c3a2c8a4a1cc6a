"""Tables of the judgement: gates, evaluators, scores."""

from __future__ import annotations

from sqlalchemy import JSON, Enum, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model
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
