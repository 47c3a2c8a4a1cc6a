"""Tables of calls for hosts, hosting offers and interests."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.countries.models import Country
from app.database import Instant, Model
from app.editions.models import Edition
from app.series.models import Series
from app.uploads import StoredFile
from scheduler.hosting import DEFAULT_WEIGHTS, Criterion
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

BEFORE_SUBMISSION = frozenset({OfferStatus.DRAFT, OfferStatus.RETURNED})
"""Offers that lie with their country; a draft is nobody else's to see."""

CHOOSABLE = UNDECIDED | {OfferStatus.NOT_SELECTED}
"""Offers among which a host can be chosen; a host's withdrawal brings back who lost before."""


def _public_id() -> str:
    return secrets.token_urlsafe(12)


def last_day_before(closes_at: datetime) -> date:
    """Return the last day, in UTC, before ``closes_at``: a midnight closes the day that it ends."""
    return (closes_at - timedelta(microseconds=1)).date()


class CallForHosts(Model):
    """The invitation to host one edition, open until a moment."""

    __table_args__ = (
        CheckConstraint("dates_from < dates_until", name="dates"),
        CheckConstraint("(dates_from IS NULL) = (dates_until IS NULL)", name="both_dates"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    opened_at: Mapped[Instant]
    closes_at: Mapped[Instant]
    text: Mapped[str] = mapped_column(Text, default="")
    is_published: Mapped[bool] = mapped_column(default=False)  # else contacts and committee only
    conditions: Mapped[str] = mapped_column(Text, default="")
    dates_from: Mapped[date | None]  # offered windows lie within these days, the end exclusive
    dates_until: Mapped[date | None]
    own_weights: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # none: the defaults
    is_rolling: Mapped[bool] = mapped_column(default=False)  # of a need; its region alone offers
    extended_at: Mapped[datetime | None]  # once, when nobody had offered
    approached: Mapped[list[str]] = mapped_column(JSON, default=list)  # countries asked directly
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)

    @property
    def weights(self) -> dict[Criterion, int]:
        """What each criterion counts, of a hundred."""
        return {one: self.own_weights.get(one.value, DEFAULT_WEIGHTS[one]) for one in Criterion}

    @property
    def last_day(self) -> date:
        """The last day, in UTC, on which offers are taken."""
        return last_day_before(self.closes_at)

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
    city: Mapped[str] = mapped_column(String(120), default="")
    venue: Mapped[str] = mapped_column(String(200), default="")
    capacity: Mapped[int | None]  # of the plenary room; a draft may not know it yet
    authority: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    submitted_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL")
    )
    submitted_at: Mapped[datetime | None]  # none: a draft
    modified_at: Mapped[Instant]
    # What has no column, by section and field: it is shown and compared, never counted with.
    details: Mapped[dict[str, dict[str, Any]]] = mapped_column(JSON, default=dict)
    returned_at: Mapped[datetime | None]  # once
    resubmit_until: Mapped[date | None]  # the last day to send it in again
    comments: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # by section, as returned
    decision_reason: Mapped[str] = mapped_column(String(2000), default="")
    weighed: Mapped[str] = mapped_column(Text, default="")  # what spoke for and against
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    country: Mapped[Country] = relationship(lazy="joined", innerjoin=True)
    letter: Mapped[StoredFile | None] = relationship()
    submitted_by: Mapped[Person | None] = relationship()
    windows: Mapped[list[OfferWindow]] = relationship(
        order_by="OfferWindow.rank", cascade="all, delete-orphan", lazy="selectin"
    )

    @property
    def is_with_its_country(self) -> bool:
        """Whether the country still works on it: a draft, or returned for changes."""
        return self.status in BEFORE_SUBMISSION


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


class OfferAnnex(Model):
    """A file beside the letter."""

    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(
        ForeignKey("hosting_offer.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(String(120))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)


class OfferVersion(Model):
    """An offer as it was sent in; each change of a submitted offer makes another."""

    __table_args__ = (UniqueConstraint("offer_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("hosting_offer.id", ondelete="CASCADE"))
    number: Mapped[int]
    made_at: Mapped[Instant]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    facts: Mapped[dict[str, dict[str, Any]]] = mapped_column(JSON)


class CostShare(StrEnum):
    """Who would bear the costs of venue and programme."""

    HOST = "host"
    SHARED = "shared"
    GROUP = "group"


class HostingInterest(Model):
    """What a country could host in the years ahead: a word, not yet an offer."""

    __table_args__ = (
        CheckConstraint("first_year <= last_year", name="years"),
        CheckConstraint("use_count BETWEEN 1 AND 9", name="use_count"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=_public_id)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), index=True)
    country_code: Mapped[str] = mapped_column(ForeignKey("country.code"), index=True)
    first_year: Mapped[int]
    last_year: Mapped[int]
    use_count: Mapped[int] = mapped_column(default=1)  # editions it would host, at most
    cost_share: Mapped[CostShare] = mapped_column(Enum(CostShare, native_enum=False, length=10))
    remark: Mapped[str] = mapped_column(Text, default="")
    stated_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    stated_at: Mapped[Instant]
    modified_at: Mapped[Instant]
    withdrawn_at: Mapped[datetime | None]
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    series: Mapped[Series] = relationship(lazy="joined", innerjoin=True)
    country: Mapped[Country] = relationship(lazy="joined", innerjoin=True)
    stated_by: Mapped[Person | None] = relationship()
    windows: Mapped[list[InterestWindow]] = relationship(
        order_by="InterestWindow.dtstart", cascade="all, delete-orphan", lazy="selectin"
    )

    @property
    def stands(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.withdrawn_at is None

    def windows_in(self, year: int) -> list[tuple[date, date]]:
        """Return the days of its windows that begin in ``year``, the ends exclusive."""
        shift = year - self.first_year
        return [
            (
                window.dtstart.replace(year=window.dtstart.year + shift),
                window.dtend.replace(year=window.dtend.year + shift),
            )
            for window in self.windows
        ]


class InterestWindow(Model):
    """Whole months, told by their days in the first year of the interest; the end is exclusive."""

    __table_args__ = (CheckConstraint("dtstart < dtend", name="ends_after_it_starts"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    interest_id: Mapped[int] = mapped_column(
        ForeignKey("hosting_interest.id", ondelete="CASCADE"), index=True
    )
    dtstart: Mapped[date]
    dtend: Mapped[date]
