"""The database that a backup takes the place of: what it knows that the backup cannot know."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from app import migrations
from app.audit import AuditEntry
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@contextmanager
def reading_former(head: str, revision: str) -> Iterator[Connection | None]:
    """Yield a connection on the present database, if the backup is an earlier state of it.

    It is one if the log's ``head`` of the backup is an entry of its log. ``revision``: of
    the schema that this code reads.
    """
    connection = _open(head, revision)
    try:
        yield connection
    finally:
        if connection is not None:
            connection.close()


def _open(head: str, revision: str) -> Connection | None:
    try:
        connection = db.engine.connect()
        is_former = (
            migrations.revision(connection) == revision
            and connection.execute(select(AuditEntry.id).where(AuditEntry.hash == head)).first()
        )
    except (DatabaseError, sqlite3.Error):
        return None
    if is_former:
        return connection
    connection.close()
    return None
