"""Reads over messages to many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from app.database import db
from app.messages.models import GroupMessage, GroupMessageRecipient, MessageStatus
from app.registrations.models import AttendeeRole, Registration
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from app.editions.models import Edition


@dataclass(frozen=True, slots=True)
class Group:
    """Whom a message is for: states, and countries and roles, of which none means whichever."""

    statuses: Sequence[str]
    countries: Sequence[str] = ()
    roles: Sequence[str] = ()


def group_of(message: GroupMessage) -> Group:
    """Return whom ``message`` is for."""
    return Group(message.statuses, message.countries, message.roles)


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
    return _counts(edition, Registration.status)


def counts_by_country(edition: Edition) -> dict[str, int]:
    """Return how many registrations of ``edition`` each country has, by its code."""
    return _counts(edition, Registration.country_code, Registration.country_code.is_not(None))


def counts_by_role(edition: Edition) -> dict[AttendeeRole, int]:
    """Return how many come to ``edition`` in each role that anybody has."""
    return _counts(edition, Registration.role)


def _counts(edition: Edition, column: Any, *conditions: ColumnElement[bool]) -> dict[Any, int]:  # noqa: ANN401 - a column
    rows = db.session.execute(
        select(column, func.count())
        .where(_is_newest(edition), *conditions)
        .group_by(column)
        .order_by(column)
    )
    return dict(rows.all())


def _is_newest(edition: Edition) -> ColumnElement[bool]:
    """Return the condition that a registration says where its person stands at ``edition``.

    Who cancelled and came back is nobody who cancelled, and is written to once.
    """
    newest = (
        select(func.max(Registration.id))
        .where(Registration.edition_id == edition.id)
        .group_by(Registration.person_id)
    )
    return Registration.id.in_(newest)


def meant(edition: Edition, group: Group) -> Sequence[Registration]:
    """Return the registrations of ``edition`` that ``group`` means, in order of arrival."""
    chosen = select(Registration).where(
        _is_newest(edition),
        Registration.status.in_([RegistrationStatus(status) for status in group.statuses]),
    )
    if group.countries:
        chosen = chosen.where(Registration.country_code.in_(group.countries))
    if group.roles:
        chosen = chosen.where(Registration.role.in_([AttendeeRole(role) for role in group.roles]))
    return db.session.scalars(chosen.order_by(Registration.registered_at, Registration.id)).all()


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
