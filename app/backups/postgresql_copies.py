"""A dump by PostgreSQL's own programs, put back within one transaction of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from app.backups.copies import CopyError, NoProgramError, holds_nothing
from app.database import BUSY_TIMEOUT_MS, db

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO, Any

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

BEFORE = "symposia_before"  # the schema of what is replaced, inside the transaction alone


class Postgresql:
    """A dump by PostgreSQL's own programs, put back within one transaction of ours."""

    kind = "postgresql"
    is_packed = True

    def __init__(self, url: URL) -> None:
        """Copy and put back the database at ``url``."""
        self._url = url

    @contextmanager
    def take(self, target: Path) -> Iterator[Connection]:
        """Dump what one transaction sees, and read the rest in the same."""
        target.touch(mode=0o600)
        engine = create_engine(self._url, isolation_level="REPEATABLE READ")
        try:
            with engine.connect() as connection:
                snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
                self._run(
                    "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                    "--no-publications", "--no-subscriptions", "--no-security-labels",
                    "--no-tablespaces", f"--snapshot={snapshot}", f"--file={target}",
                    f"--dbname={self._address()}",
                )  # fmt: skip
                yield connection
        except DatabaseError as error:
            raise CopyError(reason=_first_line(error.orig)) from error
        finally:
            engine.dispose()

    @contextmanager
    def lay_out(self, copy: Path) -> Iterator[Connection]:
        """Build the tables anew beside those of now, which others go on using meanwhile."""
        engine = create_engine(self._url, hide_parameters=True)
        try:
            with engine.connect().execution_options(writes=True) as connection:
                connection.begin()
                connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {BEFORE}")
                connection.exec_driver_sql(f"ALTER SCHEMA public RENAME TO {BEFORE}")
                connection.exec_driver_sql("CREATE SCHEMA public")
                connection.exec_driver_sql("GRANT USAGE ON SCHEMA public TO PUBLIC")
                self._load(connection, copy)
                connection.exec_driver_sql("RESET ALL")
                yield connection
        except DatabaseError as error:
            raise CopyError(reason=_first_line(error.orig)) from error
        except psycopg.Error as error:
            raise CopyError(reason=_first_line(error)) from error
        finally:
            engine.dispose()

    def put(self, connection: Connection) -> None:
        """Let go of the tables of now; all that was laid out counts from the commit."""
        # Whoever is in the middle of something is waited for, but not for ever.
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}")
        connection.exec_driver_sql(f"DROP SCHEMA {BEFORE} CASCADE")
        connection.commit()

    def check(self, connection: Connection) -> str:  # noqa: ARG002 - the protocol's
        """Nothing: every constraint was built anew on the rows as they were laid out."""
        return ""

    def is_empty(self) -> bool:
        """Whether there are no rows."""
        with db.engine.connect() as connection:
            return holds_nothing(connection)

    def _load(self, connection: Connection, copy: Path) -> None:
        """Run the dump's script on ``connection``."""
        cursor: Any = connection.connection.cursor()
        with (
            self._program(
                "pg_restore", "--file=-", "--no-owner", "--no-privileges", str(copy)
            ) as program,
            cursor,
        ):
            _run_script(program.stdout, cursor)
            _, said = program.communicate()
        if program.returncode:
            raise CopyError(reason=self._scrubbed(said))

    def _run(self, *command: str) -> None:
        with self._program(*command) as program:
            _, said = program.communicate()
        if program.returncode:
            raise CopyError(reason=self._scrubbed(said))

    def _program(self, name: str, *options: str) -> subprocess.Popen[bytes]:
        found = shutil.which(name)
        if found is None:
            raise NoProgramError(program=name)
        # The password is no argument: everybody here can read those.
        secret = {"PGPASSWORD": self._url.password} if self._url.password else {}
        return subprocess.Popen(  # noqa: S603 - PostgreSQL's own  # nosec B603
            [found, *options],
            env={**os.environ, **secret},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def _address(self) -> str:
        bare = self._url.set(drivername="postgresql", password=None)
        return bare.render_as_string(hide_password=False)

    @staticmethod
    def _scrubbed(said: bytes) -> str:
        return " ".join(said.decode(errors="replace").split())[:500]


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0]  # what follows tells of rows


def _run_script(script: IO[bytes] | None, cursor: Any) -> None:  # noqa: ANN401 - psycopg's
    """Run what pg_restore writes: statements, and rows between COPY and a line of its own."""
    statements: list[bytes] = []

    def run() -> None:
        if statements:
            cursor.execute(b"".join(statements))
            statements.clear()

    for line in script or ():
        if line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            run()
            with cursor.copy(line) as copy:
                for row in script or ():
                    if row == b"\\.\n":
                        break
                    copy.write(row)
        # Of psql alone; and a setting that servers before 17 do not know.
        elif not line.startswith((b"\\restrict ", b"\\unrestrict ", b"SET transaction_timeout")):
            statements.append(line)
    run()
