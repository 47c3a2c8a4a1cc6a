"""The record of what was changed, by whom and why, written in the change's own transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Instant, Model, db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class AuditEntry(Model):
    """One act on one thing; rows are only ever added."""

    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    action: Mapped[str] = mapped_column(String(60))  # "edition.postponed"
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True
    )
    reason: Mapped[str] = mapped_column(String(2000), default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {field: [was, is]}


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

    ``changes`` maps a field to ``[was, is]``, both fit for JSON; secrets and special data never.
    """
    db.session.add(
        AuditEntry(
            at=now,
            action=action,
            subject_kind=subject.__tablename__,
            subject_id=subject.id,
            person_id=by.id if by is not None else None,
            reason=reason[:2000],
            changes={field: list(pair) for field, pair in (changes or {}).items()},
        )
    )
    db.session.flush()


def history(subject: Any) -> Sequence[AuditEntry]:  # noqa: ANN401 - any mapped row with an id
    """Return what happened to ``subject``, oldest first."""
    return db.session.scalars(
        select(AuditEntry)
        .filter_by(subject_kind=subject.__tablename__, subject_id=subject.id)
        .order_by(AuditEntry.id)
    ).all()


def latest(limit: int) -> Sequence[AuditEntry]:
    """Return the ``limit`` newest entries, newest first."""
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)).all()
