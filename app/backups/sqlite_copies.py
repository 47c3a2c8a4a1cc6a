"""SQLite's one file, copied and put back within SQLite's own transactions."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError

from app.backups.copies import CopyError, holds_nothing
from app.database import BUSY_TIMEOUT_MS, BusyError, db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

SIDE_FILES = ("-wal", "-shm", "-journal")


class Sqlite:
    """One file, copied and put back within SQLite's own transactions."""

    kind = "sqlite"
    is_packed = False

    def __init__(self, path: Path) -> None:
        """Copy and put back the database at ``path``."""
        self.path = path

    @contextmanager
    def take(self, target: Path) -> Iterator[Connection]:
        """Copy the database without its free pages, so nothing that was erased comes along."""
        try:
            with closing(sqlite3.connect(self.path, isolation_level=None)) as source:
                source.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                source.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise CopyError(reason=error) from error
        target.chmod(0o600)
        engine = create_engine(f"sqlite:///{target}")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def lay_out(self, copy: Path) -> Iterator[Connection]:
        """Open the copy itself."""
        engine = create_engine(f"sqlite:///{copy}")
        try:
            with engine.connect().execution_options(writes=True) as connection:
                connection.begin()
                yield connection
        except (DatabaseError, sqlite3.Error) as error:
            raise CopyError(reason=getattr(error, "orig", error)) from error
        finally:
            engine.dispose()

    def put(self, connection: Connection) -> None:
        """Write the copy over the database: one transaction, whoever else has it open."""
        copy = Path(connection.engine.url.database or "")
        connection.commit()
        with closing(sqlite3.connect(copy, isolation_level=None)) as source:
            source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if not self._is_readable():
                self._set_aside()
            self.path.touch(mode=0o600)
            with closing(sqlite3.connect(self.path, isolation_level=None)) as target:
                for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                    target.execute(f"PRAGMA {pragma}")
                _copy_pages(source, target)
                target.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def check(self, connection: Connection) -> str:
        """Let SQLite read every page, and look for keys that lead nowhere."""
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if found != "ok":
            return f"SQLite says: {found}"
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        return (
            f"a row of {broken[0]} names a row of {broken[2]} that is not there" if broken else ""
        )

    def is_empty(self) -> bool:
        """Whether there is no file, or one without rows."""
        if not self.path.exists():
            for suffix in SIDE_FILES:  # left by a file that somebody took away
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            return True
        try:
            with db.engine.connect() as connection:
                return holds_nothing(connection)
        except (DatabaseError, sqlite3.Error):
            return False

    def _is_readable(self) -> bool:
        if not self.path.exists():
            return True
        try:
            with closing(sqlite3.connect(self.path)) as found:
                return bool(found.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        except sqlite3.OperationalError:  # somebody has it open
            return True
        except sqlite3.DatabaseError:
            return False

    def _set_aside(self) -> None:
        """Give a file that SQLite cannot read another name; what lay beside it is part of it."""
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        self.path.rename(aside)
        for suffix in SIDE_FILES:
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).rename(f"{aside}{suffix}")


def _copy_pages(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000

    def give_up(status: int, _remaining: int, _total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > until:
            raise BusyError

    try:
        source.backup(target, progress=give_up, sleep=0.05)
    except sqlite3.Error as error:
        raise CopyError(reason=error) from error
