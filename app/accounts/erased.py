"""Who was erased, by a word that tells nothing: so that no backup brings them back.

The words are in a file beside the database, which a backup does not replace; once a person is
erased, nothing here has their word any more but backups from before.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.database import db
from app.outbox import settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from app.accounts.models import Person

NOTED_KEY = "erased_words"
ERASED, KEPT = "+", "-"


def path() -> Path:
    """Return where the words stand."""
    return settings().instance_path / "erased"


def note(person: Person) -> None:
    """Note, before the transaction ends, that ``person`` is erased by it."""
    _add(ERASED, [person.fs_uniquifier])
    db.session.info.setdefault(NOTED_KEY, []).append(person.fs_uniquifier)


def words() -> set[str]:
    """Return the words of all who were erased."""
    found: set[str] = set()
    if path().exists():
        for line in path().read_text().splitlines():
            mark, _, word = line.partition(" ")
            (found.add if mark == ERASED else found.discard)(word)
    return found


def _add(mark: str, noted: Iterable[str]) -> None:
    descriptor = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{mark} {word}\n" for word in noted)
        file.flush()
        os.fsync(file.fileno())


@event.listens_for(Session, "after_commit")
def _follow_commit(session: Session) -> None:
    session.info.pop(NOTED_KEY, None)


@event.listens_for(Session, "after_rollback")
def _follow_rollback(session: Session) -> None:
    noted = session.info.pop(NOTED_KEY, ())
    if noted:
        _add(KEPT, noted)
