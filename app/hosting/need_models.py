"""Tables of needs for regional engagements, and of who supports them."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.countries.models import Association
from app.database import Instant, Model
from app.editions.models import Edition
from app.series.models import Series
from scheduler.engagements import NeedStatus


def _public_id() -> str:
    return secrets.token_urlsafe(12)


class EngagementNeed(Model):
    """What a region needs, roughly when and why; ``[dtstart, dtend)`` are whole months.

    Its edition is made with the first offer: a wish that nobody takes up stands in no plan.
    """

    __table_args__ = (CheckConstraint("dtstart < dtend", name="ends_after_it_starts"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=_public_id)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    dtstart: Mapped[date]
    dtend: Mapped[date]
    last_day: Mapped[date]  # of offers
    association_slug: Mapped[str | None] = mapped_column(ForeignKey("association.slug"))
    status: Mapped[NeedStatus] = mapped_column(
        Enum(NeedStatus, native_enum=False, length=10), index=True
    )
    proposed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True
    )
    proposed_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(500), default="")
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"), unique=True)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    series: Mapped[Series] = relationship(lazy="joined", innerjoin=True)
    association: Mapped[Association | None] = relationship(lazy="joined")
    proposed_by: Mapped[Person | None] = relationship()
    edition: Mapped[Edition | None] = relationship()


class NeedSupport(Model):
    """One person's support of a need; taken back, it is gone."""

    need_id: Mapped[int] = mapped_column(
        ForeignKey("engagement_need.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))  # a contact's
    remark: Mapped[str] = mapped_column(String(500), default="")
    supported_at: Mapped[Instant]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    need: Mapped[EngagementNeed] = relationship()
