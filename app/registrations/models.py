"""Tables of registrations, of what they count against, and of what people are asked."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from enum import StrEnum

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
from app.uploads import StoredFile
from scheduler.admission import Order
from scheduler.lifecycle import LIVE, SEATED, TAKEN, RegistrationStatus
from scheduler.questions import Ask

TERMS_VERSION = 1
"""Of the words in ``forms.TermsForm``: whoever changes them raises it, and all are asked anew."""

LIVE_SQL = text(f"status IN ({', '.join(repr(status.name) for status in sorted(LIVE))})")


class AttendeeRole(StrEnum):
    """As what somebody comes; places can be reserved and limited by it."""

    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    HOST = "host"
    COMMITTEE = "committee"
    OBSERVER = "observer"


class QuotaScope(StrEnum):
    """What a number of places is told for."""

    COUNTRY = "country"  # at most so many of it
    REGION = "region"
    ROLE = "role"
    RESERVED = "reserved"  # so many places are kept for a role


class QuestionKind(StrEnum):
    """What an answer looks like."""

    TEXT = "text"
    PROSE = "prose"
    CHOICE = "choice"  # one of several
    CHOICES = "choices"  # any of several
    YES_NO = "yes_no"
    DATE = "date"
    FILE = "file"


CHOOSING = frozenset({QuestionKind.CHOICE, QuestionKind.CHOICES, QuestionKind.YES_NO})
"""Kinds whose answers can be counted, and decide whether another question is asked."""


class WalkIns(StrEnum):
    """What the door may do with somebody who comes without a registration."""

    NEVER = "never"
    FREE = "free"  # a place where one is free, else the queue
    APPROVAL = "approval"  # an organiser decides


class GrantStatus(StrEnum):
    """Where a travel grant stands."""

    REQUESTED = "requested"
    GIVEN = "given"
    DECLINED = "declined"


def _public_id() -> str:
    return secrets.token_urlsafe(12)


class Profile(Model):
    """What a person told once, and need not tell again for the next event."""

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))
    affiliation: Mapped[str] = mapped_column(String(200), default="")
    position: Mapped[str] = mapped_column(String(200), default="")
    modified_at: Mapped[Instant]


class Party(Model):
    """People who come together or not at all."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), index=True
    )
    # Who knows it may join; none where a country or an organiser put the party together.
    code: Mapped[str | None] = mapped_column(String(24), unique=True)
    size: Mapped[int | None]  # it is not complete before so many are in it
    made_at: Mapped[Instant]
    edition: Mapped[Edition] = relationship()


class Registration(Model):
    """One person's place at one edition, from nomination to attendance."""

    __table_args__ = (
        # A partial index over the states that hold or await a place; who cancelled may return.
        Index(
            "one_live_place",
            "edition_id",
            "person_id",
            unique=True,
            sqlite_where=LIVE_SQL,
            postgresql_where=LIVE_SQL,
        ),
        Index("ix_registration_queue", "edition_id", "status", "queued_at", "id"),
        Index(
            "ix_registration_answer_due",
            "answer_by",
            sqlite_where=text("answer_by IS NOT NULL"),
            postgresql_where=text("answer_by IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=_public_id)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[RegistrationStatus] = mapped_column(
        Enum(RegistrationStatus, native_enum=False, length=20)
    )
    sequence: Mapped[int] = mapped_column(default=0)  # of changes that calendars must learn of
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))
    role: Mapped[AttendeeRole] = mapped_column(
        Enum(AttendeeRole, native_enum=False, length=20), default=AttendeeRole.PARTICIPANT
    )
    affiliation: Mapped[str] = mapped_column(String(200), default="")
    position: Mapped[str] = mapped_column(String(200), default="")
    dietary_needs: Mapped[str] = mapped_column(String(500), default="")
    access_needs: Mapped[str] = mapped_column(String(500), default="")
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True)
    rank: Mapped[int | None]  # among the nominees of a country, by its contact
    is_held: Mapped[bool] = mapped_column(default=False)  # waits until an organiser lets it move up
    nominated_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    nominated_as: Mapped[str] = mapped_column(String(200), default="")  # as the contact typed it
    entry_reason: Mapped[str] = mapped_column(String(500), default="")  # why past the usual way
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"))
    terms_version: Mapped[int | None]  # that the person accepted; none where nobody asked them yet
    answer_by: Mapped[datetime | None]  # an offered place is kept until then
    registered_at: Mapped[Instant]
    queued_at: Mapped[Instant]  # one's own turn; a party stands where its last member stands
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    modified_at: Mapped[Instant]
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person] = relationship(
        lazy="joined", innerjoin=True, foreign_keys="Registration.person_id"
    )
    country: Mapped[Country | None] = relationship()
    visa_request: Mapped[VisaRequest | None] = relationship(
        back_populates="registration", cascade="all, delete-orphan", passive_deletes=True
    )
    travel_grant: Mapped[TravelGrant | None] = relationship(
        back_populates="registration", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def holds_seat(self) -> bool:
        """Whether this registration counts against the edition's capacity."""
        return self.status in SEATED

    @property
    def is_sent_by_country(self) -> bool:
        """Whether a country nominated the person, who cannot come for another then."""
        return self.nominated_by_id is not None and self.country_code is not None

    @property
    def is_confirmed(self) -> bool:
        """Whether the person has registered or taken a place themself."""
        return self.terms_version is not None

    @property
    def name_for_contact(self) -> str:
        """How a national contact reads the person: as they typed it until the person confirms.

        What is stored of an address, by another country or by the person, is not theirs to learn.
        """
        if self.is_confirmed:
            return self.person.display_name
        return self.nominated_as or self.person.email

    @property
    def has_place(self) -> bool:
        """Whether the person has the place; one that is offered is theirs once they take it."""
        return self.status in TAKEN

    @property
    def answer_on(self) -> date | None:
        """The last day, at the place of the event, on which an offered place can be taken."""
        if self.answer_by is None:
            return None
        return self.edition.day_at(self.answer_by - timedelta(seconds=1))

    @property
    def accepts_terms(self) -> bool:
        """Whether the person has accepted the terms, in their present words."""
        return self.terms_version == TERMS_VERSION

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


class SeatCount(Model):
    """How many of one kind sit and wait at an edition; kept by :mod:`app.registrations.tally`."""

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    country_code: Mapped[str] = mapped_column(String(3), primary_key=True)  # "": not told
    role: Mapped[AttendeeRole] = mapped_column(
        Enum(AttendeeRole, native_enum=False, length=20), primary_key=True
    )
    seated_count: Mapped[int] = mapped_column(default=0)
    waiting_count: Mapped[int] = mapped_column(default=0)


class AdmissionSettings(Model):
    """How an edition takes people in, and what it asks them; without a row the defaults hold."""

    __table_args__ = (
        CheckConstraint("answer_days BETWEEN 1 AND 60", name="answer_days"),
        CheckConstraint("grants_per_country BETWEEN 0 AND 1000", name="grants"),
    )
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    queue_order: Mapped[Order] = mapped_column(
        Enum(Order, native_enum=False, length=10), default=Order.TIME
    )
    answer_days: Mapped[int | None]  # a place from the queue is offered for so long; none: given
    walk_ins: Mapped[WalkIns] = mapped_column(
        Enum(WalkIns, native_enum=False, length=10), default=WalkIns.NEVER
    )
    asks_country: Mapped[bool] = mapped_column(default=False)  # else it may stay empty
    offers_visa_letters: Mapped[bool] = mapped_column(default=False)
    offers_grants: Mapped[bool] = mapped_column(default=False)
    grants_per_country: Mapped[int] = mapped_column(default=1)
    modified_at: Mapped[Instant]


class Quota(Model):
    """A number of places for a country, a region or a role; ``key`` empty means each of them."""

    __table_args__ = (
        UniqueConstraint("edition_id", "scope", "key"),
        CheckConstraint("places >= 0", name="places"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    scope: Mapped[QuotaScope] = mapped_column(Enum(QuotaScope, native_enum=False, length=10))
    key: Mapped[str] = mapped_column(String(20), default="")
    places: Mapped[int]


class Question(Model):
    """Something an organiser asks everybody who registers for one edition."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), index=True
    )
    sort: Mapped[int] = mapped_column(default=0)
    kind: Mapped[QuestionKind] = mapped_column(Enum(QuestionKind, native_enum=False, length=10))
    label: Mapped[str] = mapped_column(String(200))
    help_text: Mapped[str] = mapped_column(String(500), default="")
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    is_required: Mapped[bool] = mapped_column(default=False)
    # Asked only of who answered another question so.
    depends_on_id: Mapped[int | None] = mapped_column(
        ForeignKey("question.id", ondelete="SET NULL")
    )
    depends_on_answer: Mapped[str] = mapped_column(String(200), default="")
    purpose: Mapped[str] = mapped_column(String(300))
    keep_days: Mapped[int] = mapped_column(default=30)  # after the last day of the event
    is_retired: Mapped[bool] = mapped_column(default=False)  # no longer asked; answers stay

    @property
    def offered(self) -> list[str]:
        """The answers one can choose from, as they are kept; none where one writes."""
        return ["yes", "no"] if self.kind is QuestionKind.YES_NO else self.options

    @property
    def ask(self) -> Ask:
        """The question as the engine takes it."""
        return Ask(self.id, self.depends_on_id, self.depends_on_answer)


class Answer(Model):
    """What one registration answered to one question; several choices stand one a line."""

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    question_id: Mapped[int] = mapped_column(
        ForeignKey("question.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    value: Mapped[str] = mapped_column(Text, default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    question: Mapped[Question] = relationship(lazy="joined", innerjoin=True)
    file: Mapped[StoredFile | None] = relationship(lazy="joined")

    @property
    def values(self) -> tuple[str, ...]:
        """What was chosen, or the one thing that was written."""
        if self.question.kind is QuestionKind.CHOICES:
            return tuple(self.value.split("\n"))
        return (self.value,) if self.value else ()


class VisaRequest(Model):
    """What a visa letter needs; special data in a table of its own, gone 30 days after the event.

    Seen by the person and the edition's visa officer, never in lists, mails or the log.
    """

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    full_name: Mapped[str] = mapped_column(String(200))  # as in the passport
    nationality_code: Mapped[str] = mapped_column(ForeignKey("country.code"))
    passport_number: Mapped[str] = mapped_column(String(40))
    passport_expires_on: Mapped[date]
    born_on: Mapped[date]
    consulate: Mapped[str] = mapped_column(String(120), default="")  # where the visa is asked for
    requested_at: Mapped[Instant]
    returned_because: Mapped[str] = mapped_column(String(500), default="")  # until it is answered
    registration: Mapped[Registration] = relationship(back_populates="visa_request")


class TravelGrant(Model):
    """Money for the journey: asked for, given or declined, and why."""

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[GrantStatus] = mapped_column(Enum(GrantStatus, native_enum=False, length=10))
    request: Mapped[str] = mapped_column(String(1000), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    requested_at: Mapped[Instant]
    decided_at: Mapped[datetime | None]
    registration: Mapped[Registration] = relationship(back_populates="travel_grant")
