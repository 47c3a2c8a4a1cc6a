"""When anything that the world sees last changed: the one row by which feeds are dated.

Whoever writes something public says so here, in the write's own transaction; so no process can
serve old content under a new date, or the reverse.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Instant, Model, db


class PublicRevision(Model):
    """The one row; ``number`` counts changes, ``modified_at`` only ever moves on."""

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    modified_at: Mapped[Instant]


def touch(*, now: datetime) -> None:
    """Note that something public changed."""
    moment = now.replace(microsecond=0)
    revision = db.session.get(PublicRevision, 1, with_for_update=True)
    if revision is None:
        db.session.add(PublicRevision(id=1, number=1, modified_at=moment))
    else:
        revision.number += 1
        # HTTP dates count in seconds: two changes in one second must not look like one.
        revision.modified_at = max(moment, revision.modified_at + timedelta(seconds=1))
    db.session.flush()


def number() -> int:
    """Return how many public changes there were, 0 while nothing is public."""
    return db.session.scalar(select(PublicRevision.number).where(PublicRevision.id == 1)) or 0


def last_change() -> datetime | None:
    """Return the moment of the last public change, ``None`` while nothing is public."""
    revision = db.session.get(PublicRevision, 1)
    return revision.modified_at if revision else None
