"""The table of what was asked for, by whom, and who granted it."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Enum, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model
from app.editions.models import Edition
from app.outbox import settings

if TYPE_CHECKING:
    from pathlib import Path


class ReleaseKind(StrEnum):
    """What is released."""

    CSV = "csv"
    XLSX = "xlsx"
    LIST = "list"  # of those who agreed, shown to the participants


class ReleaseStatus(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    GRANTED = "granted"
    DECLINED = "declined"
    ENDED = "ended"  # the file is gone, or the list is taken down


def _public_id() -> str:
    return secrets.token_urlsafe(12)


class Release(Model):
    """One wish to have the personal data of an edition's people in bulk."""

    __table_args__ = (
        CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_persons"
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=_public_id)
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[ReleaseKind] = mapped_column(Enum(ReleaseKind, native_enum=False, length=10))
    status: Mapped[ReleaseStatus] = mapped_column(Enum(ReleaseStatus, native_enum=False, length=10))
    reason: Mapped[str] = mapped_column(String(1000))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    asked_at: Mapped[Instant]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]
    stored_name: Mapped[str] = mapped_column(String(64), default="")  # while there is a file
    expires_at: Mapped[datetime | None]  # real time
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])

    @property
    def path(self) -> Path:
        """Where the file lies, outside of what is served."""
        return settings().instance_path / "exports" / self.stored_name
