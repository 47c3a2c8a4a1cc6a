"""Tables of feeds: the bytes of components, kept with what they are made from; secret addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model


class FeedComponent(Model):
    """One edition's VEVENT as every feed carries it, written in the transaction of its change.

    ``key`` names what else the bytes depend on: the serialiser, the zone data and our address.
    """

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class PersonalFeed(Model):
    """One secret address of one person's own calendar, for one device; the token is kept hashed."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))  # "My phone"
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    has_alarms: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[Instant]
    used_at: Mapped[datetime | None]  # to the day: a poll should seldom write
    revoked_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
