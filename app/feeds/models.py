"""The bytes of calendar components, kept with what they are made from."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Model


class FeedComponent(Model):
    """One edition's VEVENT as every feed carries it, written in the transaction of its change.

    ``key`` names what else the bytes depend on: the serialiser, the zone data and our address.
    """

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)
