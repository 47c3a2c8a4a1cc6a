"""Tables of the work with a host: the checklist, and what the host proposes to change."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model
from app.editions.models import Edition
from scheduler.lead_times import Lead


class TaskOwner(StrEnum):
    """Whose a task is."""

    HOST = "host"
    ORGANISER = "organiser"


class HostTask(Model):
    """One item of the checklist with a host; its day hangs on the edition's first day."""

    __table_args__ = (
        CheckConstraint("done_on IS NULL OR waived_reason = ''", name="done_or_waived"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), index=True
    )
    country_code: Mapped[str] = mapped_column(ForeignKey("country.code"))  # the host's
    title: Mapped[str] = mapped_column(String(120))
    promise: Mapped[str] = mapped_column(String(500), default="")  # what the offer says of it
    owner: Mapped[TaskOwner] = mapped_column(Enum(TaskOwner, native_enum=False, length=10))
    lead: Mapped[str] = mapped_column(String(30))  # as `scheduler.lead_times.Lead` writes it
    is_added: Mapped[bool] = mapped_column(default=False)  # by an organiser
    done_on: Mapped[date | None]
    waived_reason: Mapped[str] = mapped_column(String(500), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime | None]
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether it is neither done nor waived."""
        return self.done_on is None and not self.waived_reason

    @property
    def due_on(self) -> date | None:
        """Its day, which moves with the edition; none while new dates are to follow."""
        if self.edition.dates_to_follow:
            return None
        return Lead.parse(self.lead).due_on(self.edition.dtstart)

    def is_overdue(self, today: date) -> bool:
        """Whether its day went by and it is still open."""
        return self.is_open and self.due_on is not None and self.due_on < today


class ProposalStatus(StrEnum):
    """Where a proposal of the host stands."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"  # by a newer one of the same kind


class HostProposal(Model):
    """Other days, or another place in the same country, as the host proposes them."""

    __table_args__ = (
        UniqueConstraint("edition_id", "number"),
        CheckConstraint("(dtstart IS NULL) = (dtend IS NULL)", name="both_days"),
        CheckConstraint("(dtstart IS NULL) <> (city = '')", name="days_or_place"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    number: Mapped[int]  # within its edition
    country_code: Mapped[str] = mapped_column(ForeignKey("country.code"))  # the host's
    status: Mapped[ProposalStatus] = mapped_column(
        Enum(ProposalStatus, native_enum=False, length=10), default=ProposalStatus.OPEN
    )
    dtstart: Mapped[date | None]
    dtend: Mapped[date | None]  # exclusive
    city: Mapped[str] = mapped_column(String(120), default="")
    venue: Mapped[str] = mapped_column(String(200), default="")
    venue_address: Mapped[str] = mapped_column(String(500), default="")
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    made_at: Mapped[Instant]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(500), default="")
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.status is ProposalStatus.OPEN

    @property
    def days(self) -> tuple[date, date] | None:
        """The days it proposes, the end exclusive."""
        return (self.dtstart, self.dtend) if self.dtstart and self.dtend else None
