"""Tables of calls for hosts and hosting offers."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.countries.models import Country
from app.database import Instant, Model
from app.editions.models import Edition
from app.uploads import StoredFile
from scheduler.lifecycle import OfferStatus

STANDING = frozenset(OfferStatus) - {
    OfferStatus.WITHDRAWN,
    OfferStatus.LAPSED,
    OfferStatus.NOT_SELECTED,
}
"""Offers that are in the running or have won; a country has at most one for an edition."""

UNDECIDED = frozenset(
    {
        OfferStatus.SUBMITTED,
        OfferStatus.ELIGIBLE,
        OfferStatus.EVALUATED,
        OfferStatus.SHORTLISTED,
        OfferStatus.RECOMMENDED,
        OfferStatus.RESERVE,
    }
)
"""Offers that wait for the decision."""

CHOOSABLE = UNDECIDED | {OfferStatus.NOT_SELECTED}
"""Offers among which a host can be chosen; a host's withdrawal brings back who lost before."""


def _public_id() -> str:
    return secrets.token_urlsafe(12)


class CallForHosts(Model):
    """The invitation to host one edition, open until a moment."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    opened_at: Mapped[Instant]
    closes_at: Mapped[Instant]
    text: Mapped[str] = mapped_column(Text, default="")
    is_published: Mapped[bool] = mapped_column(default=False)  # else contacts and committee only
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)

    @property
    def last_day(self) -> date:
        """The last day, in UTC, on which offers are taken."""
        return (self.closes_at - timedelta(microseconds=1)).date()

    def is_open(self, now: datetime) -> bool:
        """Whether offers are taken at ``now``."""
        return now < self.closes_at


_STANDING_SQL = ", ".join(f"'{status.name}'" for status in sorted(STANDING))


class HostingOffer(Model):
    """What one country offers for one edition."""

    __table_args__ = (
        CheckConstraint("capacity > 0", name="capacity"),
        Index(
            "one_standing_offer",
            "edition_id",
            "country_code",
            unique=True,
            sqlite_where=text(f"status IN ({_STANDING_SQL})"),
            postgresql_where=text(f"status IN ({_STANDING_SQL})"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=_public_id)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    country_code: Mapped[str] = mapped_column(ForeignKey("country.code"), index=True)
    status: Mapped[OfferStatus] = mapped_column(Enum(OfferStatus, native_enum=False, length=20))
    city: Mapped[str] = mapped_column(String(120))
    venue: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[int]
    authority: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    submitted_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL")
    )
    submitted_at: Mapped[Instant]
    modified_at: Mapped[Instant]
    decision_reason: Mapped[str] = mapped_column(String(2000), default="")
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    country: Mapped[Country] = relationship(lazy="joined", innerjoin=True)
    letter: Mapped[StoredFile | None] = relationship()
    submitted_by: Mapped[Person | None] = relationship()
    windows: Mapped[list[OfferWindow]] = relationship(
        order_by="OfferWindow.rank", cascade="all, delete-orphan", lazy="selectin"
    )


class OfferWindow(Model):
    """Days on which the country could host, in order of its wish; the end is exclusive."""

    __table_args__ = (CheckConstraint("dtstart < dtend", name="ends_after_it_starts"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(
        ForeignKey("hosting_offer.id", ondelete="CASCADE"), index=True
    )
    rank: Mapped[int]
    dtstart: Mapped[date]
    dtend: Mapped[date]
