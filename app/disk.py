"""Files that follow the transaction: kept unless it rolls back, dropped once it has committed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.orm import Session

from app import clock
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WRITTEN_KEY = "disk_written"
DROPPED_KEY = "disk_dropped"
STRAY_AFTER = timedelta(hours=1)


def write(path: Path, content: bytes) -> None:
    """Write a file that only we can read; a rollback takes it away again."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    db.session.info.setdefault(WRITTEN_KEY, []).append(path)
    path.touch(mode=0o600)
    path.write_bytes(content)


def drop(path: Path) -> None:
    """Delete a file once the transaction is safe."""
    db.session.info.setdefault(DROPPED_KEY, []).append(path)


def drop_strays(strays: Iterable[Path]) -> int:
    """Drop files that no row knows: a machine that stops between file and row leaves one behind.

    One of the last hour may belong to a transaction that is under way. Return how many go.
    """
    dropped = db.session.info.get(DROPPED_KEY, [])
    old = (clock.real_utcnow() - STRAY_AFTER).timestamp()
    going = [path for path in strays if path not in dropped and path.stat().st_mtime < old]
    for path in going:
        drop(path)
    return len(going)


@event.listens_for(Session, "after_commit")
def _follow_commit(session: Session) -> None:
    session.info.pop(WRITTEN_KEY, None)
    for path in session.info.pop(DROPPED_KEY, ()):
        path.unlink(missing_ok=True)


@event.listens_for(Session, "after_rollback")
def _follow_rollback(session: Session) -> None:
    session.info.pop(DROPPED_KEY, None)
    for path in session.info.pop(WRITTEN_KEY, ()):
        path.unlink(missing_ok=True)
