"""The table of registrations."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Enum, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model
from app.editions.models import Edition
from scheduler.lifecycle import LIVE, SEATED, RegistrationStatus

_LIVE_SQL = text(f"status IN ({', '.join(repr(status.name) for status in sorted(LIVE))})")


def _public_id() -> str:
    return secrets.token_urlsafe(12)


class Registration(Model):
    """One person's place at one edition, from nomination to attendance."""

    __table_args__ = (
        # A partial index over the states that hold or await a place; who cancelled may return.
        Index(
            "one_live_place",
            "edition_id",
            "person_id",
            unique=True,
            sqlite_where=_LIVE_SQL,
            postgresql_where=_LIVE_SQL,
        ),
        Index("ix_registration_queue", "edition_id", "status", "registered_at", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=_public_id)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[RegistrationStatus] = mapped_column(
        Enum(RegistrationStatus, native_enum=False, length=20)
    )
    sequence: Mapped[int] = mapped_column(default=0)  # of changes that calendars must learn of
    dietary_needs: Mapped[str] = mapped_column(String(500), default="")
    registered_at: Mapped[Instant]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    modified_at: Mapped[Instant]
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    @property
    def holds_seat(self) -> bool:
        """Whether this registration counts against the edition's capacity."""
        return self.status in SEATED

    @property
    def is_live(self) -> bool:
        """Whether it holds or awaits a place."""
        return self.status in LIVE


class ErasedRegistrations(Model):
    """How many registrations of an edition were erased in which state: all that stays of them."""

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    status: Mapped[RegistrationStatus] = mapped_column(
        Enum(RegistrationStatus, native_enum=False, length=20), primary_key=True
    )
    registration_count: Mapped[int] = mapped_column(default=0)
