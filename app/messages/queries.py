"""Reads over messages to many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.database import db
from app.messages.models import GroupMessage, GroupMessageRecipient, MessageStatus
from app.registrations.models import Registration
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.editions.models import Edition


def find(message_id: int) -> GroupMessage | None:
    """Return one message."""
    return db.session.get(GroupMessage, message_id)


def of_edition(edition: Edition) -> Sequence[GroupMessage]:
    """Return the messages to the people of ``edition``, the newest first."""
    return db.session.scalars(
        select(GroupMessage).filter_by(edition_id=edition.id).order_by(GroupMessage.id.desc())
    ).all()


def counts_by_status(edition: Edition) -> dict[RegistrationStatus, int]:
    """Return how many registrations of ``edition`` stand in each state that any is in."""
    rows = db.session.execute(
        select(Registration.status, func.count())
        .where(Registration.edition_id == edition.id)
        .group_by(Registration.status)
    )
    return dict(rows.all())


def meant(edition: Edition, statuses: Iterable[str]) -> Sequence[Registration]:
    """Return the registrations of ``edition`` in one of ``statuses``, in order of arrival."""
    return db.session.scalars(
        select(Registration)
        .where(
            Registration.edition_id == edition.id,
            Registration.status.in_([RegistrationStatus(status) for status in statuses]),
        )
        .order_by(Registration.registered_at, Registration.id)
    ).all()


def progress(message: GroupMessage) -> tuple[int, int]:
    """Return how many recipients of ``message`` are served, and how many there are."""
    posted, everyone = db.session.execute(
        select(func.count(GroupMessageRecipient.posted_at), func.count()).where(
            GroupMessageRecipient.message_id == message.id
        )
    ).one()
    return posted, everyone


def unserved(message: GroupMessage, limit: int) -> Sequence[GroupMessageRecipient]:
    """Return up to ``limit`` recipients of ``message`` who were not written to yet."""
    return db.session.scalars(
        select(GroupMessageRecipient)
        .filter_by(message_id=message.id, posted_at=None)
        .order_by(GroupMessageRecipient.registration_id)
        .limit(limit)
    ).all()


def leaving(now: datetime) -> Sequence[int]:
    """Return the ids of messages that are to be sent at ``now`` and are not through."""
    return db.session.scalars(
        select(GroupMessage.id)
        .where(GroupMessage.status == MessageStatus.SENDING, GroupMessage.leaves_at <= now)
        .order_by(GroupMessage.id)
    ).all()
