"""What each kind of database does in its own way: be copied while others write, and be put back.

A copy is as of one moment, and put back in one transaction: whoever is stopped halfway leaves
what was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import inspect, select, table, text

from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection

NEVER_EMPTY = {"alembic_version", "audit_head"}


class CopyError(DomainError):
    """The database cannot be copied, or a copy cannot be laid out."""

    message = N_("The copy of the database failed ({reason}).")


class NoProgramError(DomainError):
    """A program of PostgreSQL is not installed here."""

    message = N_(
        "{program} is not installed here. A backup of PostgreSQL is made by its own programs: "
        "install those of the server’s version (on Debian: postgresql-client)."
    )


class Copying(Protocol):
    """What each kind of database does in its own way."""

    kind: str
    is_packed: bool  # a copy is packed already

    def take(self, target: Path) -> AbstractContextManager[Connection]:
        """Copy the database to ``target``; yield a connection that reads what was copied."""

    def lay_out(self, copy: Path) -> AbstractContextManager[Connection]:
        """Yield a connection, within a transaction that writes, on what ``copy`` holds.

        The database is as it was when the block ends, unless :meth:`put` was called.
        """

    def put(self, connection: Connection) -> None:
        """Put what ``connection`` has laid out in the place of the database."""

    def check(self, connection: Connection) -> str:
        """Return what is wrong inside, in a sentence; nothing if all is well."""

    def is_empty(self) -> bool:
        """Whether the database holds nothing; one that cannot be read is not empty."""


def holds_nothing(connection: Connection) -> bool:
    """Return whether no table has a row, but for what the migrations themselves write."""
    names = set(inspect(connection).get_table_names()) - NEVER_EMPTY
    return not any(
        connection.execute(select(text("1")).select_from(table(name)).limit(1)).first()
        for name in sorted(names)
    )
