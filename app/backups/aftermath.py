"""What is done to a backup's rows before they count: nothing that has ended begins again.

Where the database that is replaced can be read, what ended there ends here too. Where it cannot,
whatever might have ended meanwhile and can be begun again is ended; what is left must be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, tuple_, update

from app import audit, outbox, publication
from app.accounts import erased, privacy
from app.accounts.models import (
    Consent,
    Grant,
    HeldForm,
    Identity,
    Invitation,
    Passkey,
    PasskeyChallenge,
    Person,
    RecoveryCode,
    SignIn,
    SignInLink,
)
from app.accounts.privacy import LastOrganiserError
from app.backups import calendars
from app.database import Model, db
from app.documents.models import IssuedDocument
from app.feeds.models import PersonalFeed
from app.messages import reminders
from app.messages.models import GroupMessage, GroupMessageRecipient, MessageStatus, Reminder
from app.outbox import OutboxMessage
from app.retention import rows

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

# By what a row is known in both databases, and what of it is as it was last.
CARRIED: tuple[tuple[type[Model], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        Person,
        ("fs_uniquifier",),
        ("password", "totp_secret", "totp_step", "has_second_factor", "active"),
    ),
    (Grant, ("id", "person_id", "granted_at"), ("ends_at", "ended_at", "end_reason")),
    (Invitation, ("id", "made_at"), ("token_hash", "expires_at", "closed_at", "is_taken")),
    (Consent, ("id", "person_id", "given_at"), ("withdrawn_at",)),
    (IssuedDocument, ("code",), ("revoked_at",)),
    (GroupMessageRecipient, ("message_id", "registration_id"), ("posted_at",)),
    (OutboxMessage, ("message_id",), ("sent_at",)),
)
# What is no longer there was done with: a mail that left long ago, a withdrawn invitation.
GONE: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Invitation, ("id", "made_at")),
    (OutboxMessage, ("message_id",)),
)
# By what people prove who they are, or are known by: all as it was last.
REPLACED: tuple[type[Model], ...] = (Passkey, RecoveryCode, Identity, PersonalFeed)


@dataclass(slots=True, kw_only=True)
class Told:
    """What was done, for whoever puts a backup back."""

    knows_former: bool  # the replaced database could be asked
    sessions: int = 0
    invitations: int = 0
    erased: int = 0
    not_erased: int = 0  # since nobody could organise any more
    held_letters: int = 0
    stopped_messages: int = 0
    reminders: int = 0
    revised: int = 0  # events, for calendars that have seen more of them


class _Backup:
    """What the log names as the subject."""

    __tablename__ = "backup"
    id = 0


def settle(former: Connection | None, *, made_at: str, now: datetime, real_now: datetime) -> Told:
    """Bring the rows in the session up to what is known to have happened since ``made_at``."""
    told = Told(knows_former=former is not None)
    gone = erased.words()
    if former is not None:
        for model, keys, names in CARRIED:
            _carry(former, model, keys, names)
        for model, keys in GONE:
            _drop_absent(former, model, keys)
        for model in REPLACED:
            _replace(former, model)
        _carry_reminders(former)
        gone |= _words_of(db.session.connection()) - _words_of(former)
    else:
        told.invitations = _count(
            update(Invitation).where(Invitation.closed_at.is_(None)).values(closed_at=real_now)
        )
        told.held_letters = outbox.hold_unsent()
        told.reminders = reminders.note_due(now=now)
    # Whoever wrote one sees whom it has not reached, and lets it go on.
    told.stopped_messages = _count(
        update(GroupMessage)
        .where(GroupMessage.status == MessageStatus.SENDING)
        .values(status=MessageStatus.STOPPED)
    )
    for table in (HeldForm, SignInLink, PasskeyChallenge):
        db.session.execute(delete(table))
    told.sessions = _count(
        update(SignIn)
        .where(SignIn.ended_at.is_(None), SignIn.expires_at > real_now)
        .values(ended_at=real_now)
    )
    db.session.expire_all()
    _erase(gone, told, now)
    told.revised = calendars.outdo(former, now=now)
    told.held_letters += outbox.hold_new()
    audit.record(
        "backup.restored",
        _Backup,
        by=None,
        now=now,
        reason=f"As of {made_at[:16].replace('T', ' ')} UTC",
    )
    publication.touch(now=now)
    return told


def _erase(words: set[str], told: Told, now: datetime) -> None:
    """Erase once more who was erased after the backup was made."""
    for word in sorted(words):
        person = db.session.scalar(select(Person).filter_by(fs_uniquifier=word))
        if person is None:
            continue
        try:
            privacy.erase(person, by=None, now=now, reason="Erased before the backup was put back")
        except LastOrganiserError:
            told.not_erased += 1
        else:
            told.erased += 1


def _carry(
    former: Connection, model: type[Model], keys: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """Give the columns ``names`` what they hold in ``former``, in rows that are in both."""
    columns = model.__table__.c
    known_by = [columns[key] for key in keys]
    wanted = select(*known_by, *(columns[name] for name in names))
    there = {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in former.execute(wanted)}
    for row in db.session.execute(wanted).all():
        key, was = tuple(row[: len(keys)]), tuple(row[len(keys) :])
        if there.get(key, was) != was:
            last = dict(zip(names, there[key], strict=True))
            db.session.execute(update(model).where(tuple_(*known_by) == key).values(last))


def _drop_absent(former: Connection, model: type[Model], keys: tuple[str, ...]) -> None:
    """Delete rows that ``former`` does not have any more."""
    known_by = [model.__table__.c[key] for key in keys]
    there = {tuple(row) for row in former.execute(select(*known_by))}
    here = {tuple(row) for row in db.session.execute(select(*known_by))}
    for key in here - there:
        db.session.execute(delete(model).where(tuple_(*known_by) == key))


def _replace(former: Connection, model: type[Model]) -> None:
    """Let people have the rows that they have in ``former``, and no others."""
    people = select(Person.id, Person.fs_uniquifier)
    here, there = ({tuple(row) for row in found.execute(people)} for found in (db.session, former))
    ids = {number for number, _word in here & there}
    rows_of = select(model.__table__)
    last = [dict(row) for row in former.execute(rows_of).mappings() if row["person_id"] in ids]
    db.session.execute(delete(model))
    if last:
        db.session.execute(insert(Model.metadata.tables[model.__tablename__]), last)
    if former.dialect.name == "postgresql":  # which counts on from where it was
        name = model.__tablename__
        db.session.execute(
            select(
                func.setval(
                    func.pg_get_serial_sequence(name, "id"),
                    select(func.coalesce(func.max(model.__table__.c.id), 1)).scalar_subquery(),
                )
            )
        )


def _carry_reminders(former: Connection) -> None:
    """Note the reminders that went out since; a place that is not here any more has none."""
    table, registration = Reminder.__table__, Model.metadata.tables["registration"]
    known = select(registration.c.id, registration.c.public_id)
    here = {row.public_id: row.id for row in db.session.execute(known)}
    noted = {
        tuple(row) for row in db.session.execute(select(table.c.registration_id, table.c.kind))
    }
    sent = select(registration.c.public_id, table.c.kind, table.c.posted_at).join_from(
        table, registration
    )
    for public_id, kind, posted_at in former.execute(sent):
        if public_id in here and (here[public_id], kind) not in noted:
            db.session.execute(
                insert(Reminder).values(
                    registration_id=here[public_id], kind=kind, posted_at=posted_at
                )
            )


def _words_of(connection: Connection) -> set[str]:
    return set(connection.scalars(select(Person.fs_uniquifier)))


def _count(statement: Any) -> int:  # noqa: ANN401 - a statement
    return rows(db.session.execute(statement))
