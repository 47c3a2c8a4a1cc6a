"""Tables of who came on which day, and of who came without a registration."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model
from app.registrations.models import Registration


class WalkIn(Model):
    """Somebody registered at the door; ``key`` is the device's, so that it counts once."""

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    made_at: Mapped[Instant]
    registration: Mapped[Registration] = relationship()


class Attendance(Model):
    """One person seen at the door on one day; a second scan of that day adds nothing."""

    __table_args__ = (UniqueConstraint("registration_id", "day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    day: Mapped[date]  # on the calendar of the edition's place
    seen_at: Mapped[Instant]  # as the door's clock said, never later than when we heard of it
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    registration: Mapped[Registration] = relationship()
    recorded_by: Mapped[Person | None] = relationship()
