"""Making a backup, proving it, putting it back."""

from __future__ import annotations

import fcntl
import shutil
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import func, inspect, select, table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import audit_proof, migrations, uploads
from app.backups import aftermath, archive
from app.backups.copies import CopyError
from app.backups.former import reading_former
from app.backups.sqlite_copies import Sqlite
from app.database import db
from app.outbox import settings
from app.version import VERSION
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from app.backups.archive import Archive
    from app.backups.copies import Copying

TRIES = 5  # should files go while they are copied
PATIENCE_SECONDS = 3
WORK, LOCK = "backup.work", "backup.lock"


class AtWorkError(DomainError):
    """Another backup is being made or put back here."""

    message = N_("Another backup is being made or put back here. Wait until it is done.")


class NothingError(DomainError):
    """There is no database to be copied."""

    message = N_("There is nothing to back up: the database has no tables.")


class RestlessError(DomainError):
    """Files went again and again while they were copied."""

    message = N_("Files are being deleted all the time. Try again in a few minutes.")


class NotEmptyError(DomainError):
    """A backup would take the place of what is there."""

    message = N_(
        "The database is not empty, or cannot be read. Stop the service, make a backup of what is "
        "there if you may need it, and use --replace: then it is replaced."
    )


@dataclass(frozen=True, slots=True)
class Made:
    """What is in a backup."""

    made_at: str
    revision: str
    row_count: int
    file_count: int
    audit_count: int
    head: str
    missing: Sequence[str]  # files that were lost before it was made
    damaged: Sequence[str]  # files that were not what was uploaded any more

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> Made:
        """Read it from a manifest."""
        return cls(
            made_at=manifest["made_at"],
            revision=manifest["revision"],
            row_count=sum(manifest["counts"].values()),
            file_count=len(manifest["parts"]) - 1,
            audit_count=manifest["audit"]["entries"],
            head=manifest["audit"]["head"],
            missing=manifest["missing"],
            damaged=manifest.get("damaged", ()),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What a copy of the database holds, as the manifest says it."""

    revision: str
    counts: dict[str, int]
    audit: dict[str, Any]
    files: dict[str, str]  # digest by stored name


# -- making ----------------------------------------------------------------------------------


def create(path: Path, *, now: datetime) -> Made:
    """Write everything into the new file ``path``; others go on writing meanwhile.

    Raises:
        FileTakenError, UnwritableError: the file cannot be made.
        AtWorkError, NothingError, RestlessError, CopyError: there is no copy to be had.
    """
    with archive.writing(path) as writer, _workplace() as folder:
        copying = _copying()
        copy = folder / archive.DATABASES[copying.kind]
        for _try in range(TRIES):
            copy.unlink(missing_ok=True)
            shutil.rmtree(folder / "files", ignore_errors=True)
            with copying.take(copy) as connection:
                facts = _facts(connection)
                version = ".".join(map(str, connection.dialect.server_version_info or ()))
            kept, gone = _link_files(facts.files, folder / "files")
            missing = _still_named(gone)
            if len(missing) == len(gone):
                break
        else:
            raise RestlessError
        writer.add(copy.name, copy, packed=not copying.is_packed)
        digests = {
            name: writer.add(f"files/{name}", folder / "files" / name, packed=False).sha256
            for name in kept
        }
        manifest = {
            "made_at": now.isoformat(timespec="seconds"),
            "application": VERSION,
            "database": copying.kind,
            "database_version": version,
            "revision": facts.revision,
            "counts": facts.counts,
            "audit": facts.audit,
            "missing": missing,
            # As it is, it comes back: one broken file must not keep all the rest from it.
            "damaged": [name for name in kept if digests[name] != facts.files[name]],
        }
        writer.finish(manifest, settings().secret_key)
        return Made.of({**manifest, "parts": writer.parts})


def _facts(connection: Connection) -> Facts:
    names = sorted(inspect(connection).get_table_names())
    if "alembic_version" not in names or "audit_head" not in names:
        raise NothingError
    head = connection.execute(text("SELECT number, hash FROM audit_head WHERE id = 1")).one()
    files = connection.execute(text("SELECT stored_name, sha256 FROM stored_file"))
    return Facts(
        revision=str(migrations.revision(connection)),
        counts={
            name: connection.scalar(select(func.count()).select_from(table(name))) or 0
            for name in names
        },
        audit={"entries": head.number, "head": head.hash},
        files={row.stored_name: row.sha256 for row in files},
    )


def _link_files(names: dict[str, str], folder: Path) -> tuple[list[str], list[str]]:
    """Hold the files fast, so that they stay while they are read; return which are there or not."""
    source = uploads.folder()
    folder.mkdir(mode=0o700)
    kept, gone = [], []
    for name in sorted(names):
        try:
            _hold_fast(source / name, folder / name)
        except FileNotFoundError:
            gone.append(name)
        else:
            kept.append(name)
    return kept, gone


def _hold_fast(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:  # no hard links there; it may go in this very moment, too
        shutil.copyfile(source, target)


def _still_named(names: Sequence[str]) -> list[str]:
    """Return which files the database names even now: they are lost, not deleted meanwhile."""
    column = uploads.StoredFile.stored_name
    found = db.session.scalars(select(column).where(column.in_(names))).all() if names else []
    db.session.rollback()
    return sorted(found)


# -- proving ---------------------------------------------------------------------------------


def verify(path: Path, *, other_key: bool = False) -> Made:
    """Prove that a backup can be put back: every part, the database laid out, its log.

    Nothing of the installation is changed. PostgreSQL's is laid out in its server, in a
    transaction that is undone.

    Raises:
        UnusableBackupError, OtherKeyError: it cannot be put back, or is not what was written.
        CopyError: the database cannot be laid out here.
    """
    with (
        archive.reading(path, settings().secret_key, other_key=other_key) as backup,
        _workplace() as folder,
    ):
        for name in backup.parts:
            if name.startswith("files/"):
                backup.check(name)
        with _laid_out(backup, folder) as connection:
            _prove(backup, connection)
        return Made.of(backup.manifest)


@contextmanager
def _laid_out(backup: Archive, folder: Path) -> Iterator[Connection]:
    """Yield a connection on the tables of ``backup``, whose transaction is undone at the end."""
    copying = _copying()
    kind, revision = backup.manifest["database"], backup.manifest["revision"]
    if kind != copying.kind:
        sentence = f"it holds a database of {kind}, and this installation has {copying.kind}"
        backup.refuse(sentence)
    if revision not in migrations.revisions():
        sentence = (
            f"it was made by a newer version of Symposia (schema {revision}, application "
            f"{backup.manifest['application']}): install that one first"
        )
        backup.refuse(sentence)
    copy = folder / archive.DATABASES[kind]
    backup.extract(copy.name, copy)
    with copying.lay_out(copy) as connection:
        yield connection


def _prove(backup: Archive, connection: Connection) -> None:
    """Compare what is laid out with the manifest, then bring its tables up to date.

    Raises:
        UnusableBackupError: something is not as it was.
    """
    manifest = backup.manifest
    fault = _copying().check(connection)
    if fault:
        backup.refuse(fault)
    facts = _facts(connection)
    for name in ("revision", "counts", "audit"):
        if getattr(facts, name) != manifest[name]:
            backup.refuse(f"its database does not have the {name} that its manifest tells")
    for stored_name, digest in facts.files.items():
        name = f"files/{stored_name}"
        if name not in backup.parts and stored_name not in manifest["missing"]:
            backup.refuse(f"{name}, which a row names, is not in it")
        is_known = stored_name in manifest.get("damaged", ())
        if name in backup.parts and backup.parts[name].sha256 != digest and not is_known:
            backup.refuse(f"{name} is not the file that was uploaded")
    strangers = {name for name in backup.parts if name.startswith("files/")} - {
        f"files/{name}" for name in facts.files
    }
    if strangers:
        backup.refuse(f"{min(strangers)} belongs to no row")
    migrations.upgrade_within(connection)
    with _speaking_for(connection):
        proof = audit_proof.verify(manifest["audit"]["head"])
    if not proof.holds:
        backup.refuse(f"its audit log does not hold. {proof.fault}")


# -- putting back ----------------------------------------------------------------------------


def restore(
    path: Path,
    *,
    now: datetime,
    real_now: datetime,
    replaces: bool = False,
    other_key: bool = False,
) -> tuple[Made, aftermath.Told]:
    """Put a backup in the place of the database, whole or not at all.

    Raises:
        NotEmptyError: there is something, and ``replaces`` is not said.
        UnusableBackupError, OtherKeyError, CopyError: as :func:`verify`.
        AtWorkError, BusyError: another backup is at work here, or others write all the time.
    """
    with (
        archive.reading(path, settings().secret_key, other_key=other_key) as backup,
        _workplace() as folder,
    ):
        copying = _copying()
        is_empty = _is_empty(copying)
        if not is_empty and not replaces:
            raise NotEmptyError
        files = {name: folder / name for name in backup.parts if name.startswith("files/")}
        (folder / "files").mkdir(mode=0o700)
        for name, target in files.items():
            backup.extract(name, target)
        made = Made.of(backup.manifest)
        with _laid_out(backup, folder) as connection:
            _prove(backup, connection)
            with (
                nullcontext()
                if is_empty
                else reading_former(made.head, migrations.revisions()[-1]) as former,
                _speaking_for(connection),
            ):
                told = aftermath.settle(former, made_at=made.made_at, now=now, real_now=real_now)
                named = set(db.session.scalars(select(uploads.StoredFile.stored_name)))
                db.session.commit()
            # Before the rows that name them: a file that no row names is let go of at night.
            uploads.put_back(target for target in files.values() if target.name in named)
            copying.put(connection)
        return made, told


def _is_empty(copying: Copying) -> bool:
    """Whether the database holds nothing; a server that refuses the question is told in words."""
    try:
        return copying.is_empty()
    except OperationalError as error:
        raise CopyError(reason=str(error.orig).partition("\n")[0]) from error


@contextmanager
def _speaking_for(connection: Connection) -> Iterator[None]:
    """Let ``db.session`` work on ``connection``, within its transaction, which stays open."""
    db.session.remove()
    session = Session(bind=connection, join_transaction_mode="rollback_only")
    db.session.registry.set(session)  # type: ignore[arg-type]  # any will do
    try:
        yield
    finally:
        session.close()
        db.session.registry.clear()


# -- both ------------------------------------------------------------------------------------


def _copying() -> Copying:
    url = db.engine.url  # a path in it is whole
    if url.get_backend_name() == "sqlite":
        return Sqlite(Path(url.database or ""))
    from app.backups.postgresql_copies import Postgresql  # noqa: PLC0415 - not needed on SQLite

    return Postgresql(url)


def _take(lock: IO[bytes]) -> None:
    """Lock a file; a child of one that was killed lets go of it a moment later."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise AtWorkError from None
            time.sleep(0.1)
        else:
            return


@contextmanager
def _workplace() -> Iterator[Path]:
    """Yield an empty folder for us alone; what a process left that was killed goes first."""
    instance_path = settings().instance_path
    instance_path.mkdir(0o700, parents=True, exist_ok=True)
    folder = instance_path / WORK
    with (instance_path / LOCK).open("wb") as lock:
        _take(lock)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        except OSError as error:  # no room, say
            raise CopyError(reason=error.strerror or error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
