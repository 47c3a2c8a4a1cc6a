"""The record of what was changed, by whom and why: only added to, and chained by hashes.

An act is noted while its change is made and written at the commit, in the same transaction.
Each entry's hash covers the hash before it, so that nothing can be changed, left out or cut off
unseen (:mod:`app.audit_proof`). Who and what are covered through salted hashes of their own:
erasing a person takes the value and its salt away, and the chain still holds.

**Order of locks:** the head of the chain is taken last, in ``before_commit``, after everything
else is flushed. Whoever holds it waits for no other lock, so it cannot be part of a deadlock; and
parallel writers queue for it only while they commit. No key leads from here to ``person``, or
adding an entry would have to wait for that person's row.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Index, String, and_, event, insert, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import database
from app.database import Instant, Model, db

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import SessionTransaction

REASON_MAX = 2000
PENDING_KEY = "audit_entries"
NOT_FOR_THE_LOG = frozenset(
    ("password", "token", "secret", "dietary_needs", "access_needs", "passport", "visa", "answers")
)
"""Secrets and special data: a change of such a field is never told, not even that it was empty."""


class AuditEntry(Model):
    """One act on one thing; ``id`` counts the chain without a gap.

    Where ``actor_salt`` or ``salt`` is ``None``, who or what was erased; triggers in the database
    allow no other change.
    """

    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    action: Mapped[str] = mapped_column(String(60))  # "edition.postponed"
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(index=True)  # None: the system, or erased
    reason: Mapped[str] = mapped_column(String(REASON_MAX), default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {field: [was, is]}
    actor_salt: Mapped[str | None] = mapped_column(String(32))
    salt: Mapped[str | None] = mapped_column(String(32))
    actor_hash: Mapped[str] = mapped_column(String(64))
    content_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def is_erased(self) -> bool:
        """Whether what was done named somebody who has been erased."""
        return self.salt is None


class AuditHead(Model):
    """The one row that ends the chain; a trigger moves it on with each entry."""

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default="")


# Used under a lock that everybody needs: rows, not entities.
_ENTRIES, _HEAD = (Model.metadata.tables[name] for name in ("audit_entry", "audit_head"))
_READ_HEAD = select(_HEAD.c.number, _HEAD.c.hash).with_for_update()
_ADD_ENTRY = insert(_ENTRIES)


def record(
    action: str,
    subject: Any,  # noqa: ANN401 - any mapped row with an id
    *,
    by: Any | None,  # noqa: ANN401 - a Person, which lies above this module
    now: datetime,
    changes: Mapping[str, Sequence[Any]] | None = None,
    reason: str = "",
) -> None:
    """Write down that ``by`` (``None``: the system) did ``action`` to ``subject``.

    ``changes`` maps a field to ``[was, is]``, both fit for JSON.

    Raises:
        RuntimeError: the transaction does not write, or a field is not for the log.
    """
    session = db.session()
    database.insist_on_writing(session)
    if NOT_FOR_THE_LOG & set(changes or ()):
        problem = f"not for the log: {sorted(NOT_FOR_THE_LOG & set(changes or ()))}"
        raise RuntimeError(problem)
    if subject.id is None:
        session.flush()
    session.info.setdefault(PENDING_KEY, []).append(
        {
            "transaction": session.get_nested_transaction(),
            "at": now,
            "action": action,
            "subject_kind": subject.__tablename__,
            "subject_id": subject.id,
            "person_id": by.id if by is not None else None,
            "reason": reason[:REASON_MAX],
            "changes": {field: list(pair) for field, pair in (changes or {}).items()},
        }
    )


def settle() -> None:
    """Add what was recorded in this transaction to the chain."""
    session = db.session()
    if not session.info.get(PENDING_KEY) or session.in_nested_transaction():
        return  # within a savepoint, which may be undone without the rest, it waits
    pending = session.info.pop(PENDING_KEY)
    session.flush()  # what is still to be written takes its locks before ours
    number, previous = session.execute(_READ_HEAD).one()
    for number, entry in enumerate(pending, number + 1):  # noqa: B020 - counts on from the head
        del entry["transaction"]
        entry |= {
            "id": number,
            "actor_salt": secrets.token_hex(16),
            "salt": secrets.token_hex(16),
        }
        entry["actor_hash"] = actor_hash(entry["actor_salt"], entry["person_id"])
        entry["content_hash"] = content_hash(
            entry["salt"], entry["subject_id"], entry["reason"], entry["changes"]
        )
        previous = entry["hash"] = chain_hash(previous, entry)
    session.execute(_ADD_ENTRY, pending)


def actor_hash(salt: str, person_id: int | None) -> str:
    """Return what the chain holds of who acted."""
    return _digest([salt, person_id])


def content_hash(
    salt: str, subject_id: int, reason: str, changes: Mapping[str, Sequence[Any]]
) -> str:
    """Return what the chain holds of what was done."""
    return _digest([salt, subject_id, reason, changes])


def chain_hash(previous: str, entry: Mapping[str, Any]) -> str:
    """Return the hash of ``entry``, which covers everything before it too."""
    moment = entry["at"].astimezone(UTC).isoformat()
    names = ("id", "action", "subject_kind", "actor_hash", "content_hash")
    return _digest([previous, moment, *(entry[name] for name in names)])


def _digest(parts: Sequence[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@event.listens_for(Session, "before_commit")
def _settle_last(session: Session) -> None:  # noqa: ARG001 - the event's signature
    """Write what was recorded."""
    settle()


@event.listens_for(Session, "after_soft_rollback")
def _forget_what_did_not_happen(session: Session, undone: SessionTransaction) -> None:
    """Let go of what was recorded in a transaction, or a savepoint, that is undone."""
    pending = session.info.pop(PENDING_KEY, ())
    if undone.nested:
        kept = [entry for entry in pending if undone not in _savepoints(entry["transaction"])]
        session.info[PENDING_KEY] = kept


def _savepoints(transaction: SessionTransaction | None) -> Iterable[SessionTransaction]:
    while transaction is not None:
        yield transaction
        transaction = transaction.parent


def history(subject: Any) -> Sequence[AuditEntry]:  # noqa: ANN401 - any mapped row with an id
    """Return what happened to ``subject``, oldest first."""
    settle()
    return db.session.scalars(
        select(AuditEntry)
        .filter_by(subject_kind=subject.__tablename__, subject_id=subject.id)
        .order_by(AuditEntry.id)
    ).all()


def latest(limit: int) -> Sequence[AuditEntry]:
    """Return the ``limit`` newest entries, newest first."""
    settle()
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)).all()


def concerning(person: Any) -> Sequence[AuditEntry]:  # noqa: ANN401 - a Person, as in record
    """Return what ``person`` did and what was done to them, oldest first."""
    settle()
    is_subject = and_(
        AuditEntry.subject_kind == person.__tablename__, AuditEntry.subject_id == person.id
    )
    return db.session.scalars(
        select(AuditEntry)
        .where(or_(AuditEntry.person_id == person.id, is_subject))
        .order_by(AuditEntry.id)
    ).all()
