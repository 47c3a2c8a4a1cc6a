"""When anything that the world sees last changed: the one row by which feeds are dated.

Whoever writes something public says so here, in the write's own transaction; so no process can
serve old content under a new date, or the reverse.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Instant, Model, db

STAMP_MAX = 2**62


class PublicRevision(Model):
    """The one row; ``stamp`` is another after each change, ``modified_at`` only ever moves on.

    A stamp is random, not a count: after a restored backup a count would come again, and what is
    kept of it would tell the content that was put back.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[int] = mapped_column(BigInteger)
    modified_at: Mapped[Instant]


def touch(*, now: datetime) -> None:
    """Note that something public changed."""
    moment = now.replace(microsecond=0)
    revision = db.session.get(PublicRevision, 1, with_for_update=True)
    if revision is None:
        db.session.add(PublicRevision(id=1, stamp=_new_stamp(), modified_at=moment))
    else:
        revision.stamp = _new_stamp()
        # HTTP dates count in seconds: two changes in one second must not look like one.
        revision.modified_at = max(moment, revision.modified_at + timedelta(seconds=1))
    db.session.flush()


def stamp() -> int:
    """Return the stamp of the last public change, 0 while nothing is public."""
    return db.session.scalar(select(PublicRevision.stamp).where(PublicRevision.id == 1)) or 0


def last_change() -> datetime | None:
    """Return the moment of the last public change, ``None`` while nothing is public."""
    revision = db.session.get(PublicRevision, 1)
    return revision.modified_at if revision else None


def _new_stamp() -> int:
    return secrets.randbelow(STAMP_MAX) + 1
