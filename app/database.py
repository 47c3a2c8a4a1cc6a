"""The database: the declarative base, aware moments, and the write lock.

Two databases are served alike: SQLite (embedded, the default) and PostgreSQL.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    DateTime,
    Engine,
    MetaData,
    bindparam,
    event,
    insert,
    literal,
    literal_column,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, declared_attr, mapped_column
from sqlalchemy.pool import Pool
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeDecorator

from app import counts
from scheduler.errors import N_, ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.orm import UOWTransaction

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_TIMEOUT_MS = 30_000
BUSY_STEP_SECONDS = 0.001
LOCK_PATIENCE = "100ms"  # well below the second after which PostgreSQL looks for a deadlock
LOCK_REFUSALS = {"55P03", "40P01"}  # lock not available; a deadlock, ended by our giving up
GIVE_WAY_TRIES = 40


class BusyError(ConflictError):
    """Others are writing the same rows, time and again."""

    message = N_("Others are writing at the same moment. Nothing was done: try again in a minute.")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment; stored in UTC. SQLite keeps no zone, so it is given back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values: whose midnight they mean is a guess."""
        if value is not None and value.tzinfo is None:
            problem = f"a recorded moment must be aware, got {value!r}"
            raise ValueError(problem)
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the interface's
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Instant = Annotated[datetime, mapped_column(UtcDateTime)]


class Model(DeclarativeBase):
    """The base of every table, named after its class in snake case."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - a class-level attribute of SQLAlchemy's
        name = cls.__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


db = SQLAlchemy(metadata=Model.metadata)


def write(row: Model | None = None, *, still: Sequence[Model] = ()) -> None:
    """Take the write lock, so that what is counted next still holds when it is written.

    Ends the read transaction and begins one that writes: ``BEGIN IMMEDIATE`` on SQLite (a
    transaction that read first could not upgrade once another has written), the lock of ``row``
    on PostgreSQL. ``row`` is reloaded, and all else when it is used next but for ``still``: rows of
    which what was read is good enough. Inside a transaction that writes already, only the row is
    locked.

    Raises:
        RuntimeError: something was changed before; ending the read transaction would lose it.
    """
    session, began = db.session, time.perf_counter()
    if is_writing(session()):
        session.flush()
    elif session.new or session.dirty or session.deleted:
        problem = "take the write lock before changing anything"
        raise RuntimeError(problem)
    else:
        for each in still:  # out of the session, a row outlives the transaction it was read in
            session.expunge(each)
        session.rollback()
        session.add_all(still)
        session.connection(execution_options={"writes": True})
    if row is not None:
        # Only the row itself: what is joined to it (a series, a country) stays free for others,
        # and PostgreSQL locks nothing on the far side of an outer join.
        session.refresh(row, with_for_update={"of": type(row)})
    counts.note_lock_wait(time.perf_counter() - began)


def give_way(act: Callable[[], None]) -> None:
    """Run ``act``, which opens a transaction that writes and locks rows in an order of its own.

    Most writers lock in one order, so none waits for another that waits for it. Whoever cannot
    must not wait while it holds something: on PostgreSQL a lock that is not to be had soon undoes
    the transaction, and ``act`` begins again. Nothing else may have been written in it before.

    Raises:
        BusyError: others were in the way every time.
    """
    is_patient = db.engine.dialect.name == "sqlite"  # one writer at a time: nobody waits halfway
    for tries_left in reversed(range(GIVE_WAY_TRIES)):
        write()
        try:
            patience = None if is_patient else _set_patience(LOCK_PATIENCE)
            act()
            if patience is not None:
                _set_patience(patience)  # the commit takes the head of the log, which is soon free
        except OperationalError as error:
            db.session.rollback()
            if getattr(error.orig, "sqlstate", "") not in LOCK_REFUSALS:
                raise
            if not tries_left:
                raise BusyError from error
            time.sleep((50 + secrets.randbelow(250)) / 1000)
        else:
            return


def _set_patience(wanted: str) -> str:
    """Say how long this transaction waits for a lock; return how long it would have waited."""
    was = str(db.session.scalar(text("SELECT current_setting('lock_timeout')")))
    db.session.execute(text("SELECT set_config('lock_timeout', :wanted, true)"), {"wanted": wanted})
    return was


def insert_alike(
    model: type[Model],
    rows: Sequence[Mapping[str, Any]],
    **alike: Any,  # noqa: ANN401 - columns
) -> None:
    """Insert many ``rows`` in one statement; ``alike`` is the same in all, as are the defaults.

    No text that is alike holds a percent sign: to some drivers it is more than text.
    """
    if not rows:
        return
    columns, connection = model.__table__.columns, db.session.connection()
    same = {
        column.name: column.default.arg
        for column in columns
        if isinstance(column.default, ScalarElementColumnDefault)
    } | alike
    # Written into the statement: bound again for each row, they take half of the time.
    said = {
        name: literal(value, columns[name].type).compile(
            connection, compile_kwargs={"literal_binds": True}
        )
        for name, value in same.items()
    }
    values: dict[str, Any] = {name: literal_column(str(value)) for name, value in said.items()}
    values |= {name: bindparam(name, type_=columns[name].type) for name in rows[0]}
    connection.execute(insert(model).values(values), rows)


def inserting(model: type[Model]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into ``model`` that can say what to do where the row is there already."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    return sqlite.insert(model) if is_sqlite else postgresql.insert(model)


def insist_on_writing(session: Session) -> None:
    """Fail at once where a service forgot ``write``: under load SQLite would fail now and then.

    Raises:
        RuntimeError: the transaction of ``session`` has not taken the write lock.
    """
    if not is_writing(session):
        problem = "this transaction did not open with database.write()"
        raise RuntimeError(problem)


def is_writing(session: Session) -> bool:
    """Return whether the transaction of ``session`` has taken the write lock."""
    return session.in_transaction() and bool(
        session.connection().get_execution_options().get("writes")
    )


def scrub(*models: type[Model]) -> None:
    """Take out of the database's files what was deleted before; outside any transaction.

    SQLite overwrites deleted rows (``secure_delete``), and its write-ahead log is folded into the
    database and cut to nothing; a reader in the way leaves that to the next time. PostgreSQL
    frees dead rows for others to overwrite, of ``models`` alone where some are named.
    """
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        # Past SQLAlchemy, which would open a transaction first.
        raw = db.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        names = ", ".join(model.__tablename__ for model in models)
        connection.exec_driver_sql(f"VACUUM {names}")


@event.listens_for(Session, "before_flush")
def _insist_on_write_lock(
    session: Session,
    flush_context: UOWTransaction,  # noqa: ARG001 - the event's signature
    instances: object,  # noqa: ARG001 - the event's signature
) -> None:
    if not session.in_transaction() or is_writing(session):
        return
    if session.connection().in_transaction() and session.new | session.dirty | session.deleted:
        insist_on_writing(session)


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: Any, record: object) -> None:  # noqa: ANN401, ARG001 - any driver's
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # NORMAL may lose the last commits when the power fails
        "foreign_keys = ON",
        "secure_delete = ON",  # who is erased is not to be read in free pages
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        # In KiB, taken as it is needed; with the default of 2,000, thousands of rows at once
        # (a plan of a century) cost half as much again.
        "cache_size = -8000",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Pool, "checkout")
def _leave_replaced_file(connection: Any, record: Any, proxy: object) -> None:  # noqa: ANN401, ARG001 - any driver's
    """Connect anew where a backup was put in the place of SQLite's file; the old one is gone."""
    if not isinstance(connection, sqlite3.Connection):
        return
    if "path" not in record.info:
        record.info["path"] = connection.execute("PRAGMA database_list").fetchone()[2]
    path = record.info["path"]
    inode = os.stat(path).st_ino if path else 0  # noqa: PTH116 - asked at every checkout
    if record.info.setdefault("inode", inode) != inode:
        raise DisconnectionError


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if connection.get_execution_options().get("writes"):
        _begin_in_turn(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_in_turn(connection: Connection) -> None:
    """Take SQLite's write lock as soon as it is free.

    SQLite's own waiting sleeps longer each time, up to 0.1 s: between writers of a few
    milliseconds who waited longest comes last, and the lock lies idle.
    """
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    # Past SQLAlchemy, whose errors cost more than the asking.
    file: Any = connection.connection.driver_connection
    file.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > until:
                    break
                time.sleep(BUSY_STEP_SECONDS)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # refused once more, in SQLAlchemy's words
    finally:
        file.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
