"""Files that follow the transaction: kept unless it rolls back, dropped once it has committed."""

from __future__ import annotations

import math
import os
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
    """Write a file that only we can read; a rollback takes it away again.

    It is safe before the row that names it: a database keeps its commits when the power fails.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    db.session.info.setdefault(WRITTEN_KEY, []).append(path)
    path.touch(mode=0o600)
    path.write_bytes(content)
    sync(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until the disk itself has the content of a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drop(path: Path) -> None:
    """Delete a file once the transaction is safe."""
    db.session.info.setdefault(DROPPED_KEY, []).append(path)


def drop_strays(strays: Iterable[Path]) -> int:
    """Drop files that no row knows: a machine that stops between file and row leaves one behind.

    One of the last hour may belong to a transaction that is under way. Return how many go.
    """
    dropped = db.session.info.get(DROPPED_KEY, [])
    old = (clock.real_utcnow() - STRAY_AFTER).timestamp()
    going = [path for path in strays if path not in dropped and _written_at(path) < old]
    for path in going:
        drop(path)
    return len(going)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # named, or taken away by a rollback, since its folder was read
        return math.inf


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
