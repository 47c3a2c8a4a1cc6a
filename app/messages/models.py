"""Tables of messages to many, of who gets them, and of reminders that went out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.database import Instant, Model
from app.editions.models import Edition
from app.registrations.models import Registration


class MessageStatus(StrEnum):
    """Where a message to many stands."""

    DRAFT = "draft"
    SENDING = "sending"
    STOPPED = "stopped"
    SENT = "sent"


class GroupMessage(Model):
    """What an organiser writes to some of the people of one edition."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), index=True
    )
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    statuses: Mapped[list[Any]] = mapped_column(JSON)  # of registrations, by name
    countries: Mapped[list[Any]] = mapped_column(JSON, default=list)  # codes; none: of whichever
    roles: Mapped[list[Any]] = mapped_column(JSON, default=list)  # by name; none: in whichever
    status: Mapped[MessageStatus] = mapped_column(Enum(MessageStatus, native_enum=False, length=10))
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    written_at: Mapped[Instant]
    leaves_at: Mapped[datetime | None]  # real time; from here on the worker sends
    ended_at: Mapped[datetime | None]
    edition: Mapped[Edition] = relationship()
    written_by: Mapped[Person | None] = relationship()


class GroupMessageRecipient(Model):
    """One person whom a message is for; ``posted_at`` says that it is in the outbox."""

    message_id: Mapped[int] = mapped_column(
        ForeignKey("group_message.id", ondelete="CASCADE"), primary_key=True
    )
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    posted_at: Mapped[datetime | None]
    registration: Mapped[Registration] = relationship(lazy="joined", innerjoin=True)


class Reminder(Model):
    """One reminder that one person was sent; it never goes out twice."""

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)  # with the day it is about
    posted_at: Mapped[Instant]
