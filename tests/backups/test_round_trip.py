"""What is backed up can be put back: here, elsewhere, into an older or a newer schema."""

from __future__ import annotations

import fcntl
import json
import resource
import shutil
import signal
import stat
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app import audit_proof, create_app, database, migrations, outbox, uploads
from app.accounts.models import Person
from app.audit import AuditEntry
from app.backups import archive, service
from app.database import db
from app.editions import service as editions
from app.publication import PublicRevision
from app.registrations.models import Registration
from tests.backups.conftest import contents
from tests.factories import OPENING, PDF, make_edition, make_person
from tests.house.writer import write
from tests.processes import FORKS

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from app.uploads import StoredFile
    from tests.backups.conftest import Run

ANOTHER = PDF.replace(b"A letter", b"Another letter")
SETTLED = {"audit_entry", "audit_head", "public_revision"}  # what putting back itself writes


def make_file(content: bytes = PDF) -> StoredFile:
    database.write()
    stored = uploads.store(content, "letter.pdf", now=OPENING)
    db.session.commit()
    return stored


@pytest.fixture
def elsewhere(tmp_path: Path) -> Flask:
    """Another machine with the same key: its database has no tables."""
    settings = outbox.settings()
    url = f"sqlite:///{tmp_path / 'elsewhere' / 'symposia.db'}"
    if db.engine.dialect.name == "postgresql":
        name = f"{db.engine.url.database}_elsewhere"
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        url = db.engine.url.set(database=name).render_as_string(hide_password=False)
    return create_app(replace(settings, instance_path=tmp_path / "elsewhere", database_url=url))


def test_a_backup_is_for_its_owner_alone_and_says_what_is_in_it(flask: Run, file: Path) -> None:
    make_file()
    said = flask("create", file)
    assert "1 files" in said
    assert "The secret key is not in it" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    manifest = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    assert (manifest["format"], manifest["application"]) == ("symposia-backup", "0.1.0")
    assert manifest["counts"]["stored_file"] == 1
    assert outbox.settings().secret_key.encode() not in file.read_bytes()


def test_every_row_and_file_comes_back_as_it_was(flask: Run, file: Path) -> None:
    edition = make_edition(title="As it is")
    editions.describe(edition, title="As it was", summary="", by=make_person(), now=OPENING)
    make_file()
    dropped = make_file(ANOTHER)
    person = make_person("ann@example.org", commit=True)
    before = contents()
    flask("create", file)

    database.write()
    uploads.remove(db.session.merge(dropped))
    db.session.merge(person).name = "Changed"
    db.session.commit()
    later = make_file(PDF).path
    flask("restore", "--replace", file)

    after = contents()
    assert {name for name in before if before[name] != after[name]} == SETTLED
    assert after["audit_entry"][: len(before["audit_entry"])] == before["audit_entry"]
    assert [stored.path.read_bytes() for stored in db.session.query(uploads.StoredFile)] == [
        PDF,
        ANOTHER,
    ]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in uploads.folder().iterdir()}
    assert modes == {0o600}
    # What nobody names any more goes at night, as after a machine that stopped.
    assert later.exists()


def test_putting_back_is_an_entry_of_a_log_that_holds_and_a_public_change(
    flask: Run, file: Path
) -> None:
    make_edition(commit=True)
    flask("create", file)
    stamp = db.session.get_one(PublicRevision, 1).stamp
    flask("restore", "--replace", file)
    entry = db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert entry is not None
    assert (entry.action, entry.reason[:8]) == ("backup.restored", "As of 20")
    assert audit_proof.verify().holds
    assert db.session.get_one(PublicRevision, 1).stamp != stamp


def test_a_backup_is_put_back_on_another_machine(flask: Run, file: Path, elsewhere: Flask) -> None:
    make_edition(title="Carried", commit=True)
    name = make_file().stored_name
    before = contents()
    flask("create", file)
    said = flask("restore", file, of=elsewhere)
    assert "What ended after that moment is not known here" in said
    with elsewhere.app_context():
        after = contents()
        # Calendars may have seen more of its event than it tells.
        revised = {"edition", "edition_milestone", "feed_component"}
        assert {name for name in before if before[name] != after[name]} == SETTLED | revised
        assert db.session.query(uploads.StoredFile).one().path.read_bytes() == PDF
        assert (
            db.session.query(uploads.StoredFile).one().path
            == elsewhere.config["SYMPOSIA"].instance_path / "files" / name
        )
        db.session.remove()
        db.engine.dispose()


def test_an_older_schema_is_brought_up_to_date(
    flask: Run, file: Path, elsewhere: Flask, app: Flask
) -> None:
    with elsewhere.app_context():
        migrations.library().upgrade(revision="0028")
        db.engine.dispose()
    flask("create", file, of=elsewhere)
    assert "schema 0028" in flask("verify", file)
    flask("restore", "--replace", file)
    with app.app_context():
        newest = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        assert (newest or "") > "0028"
    make_edition(commit=True)


def test_a_newer_schema_is_refused(flask: Run, file: Path, tmp_path: Path) -> None:
    flask("create", file)
    newer = tmp_path / "newer"
    rewrite(file, newer, {"revision": "9999"})
    assert "newer version of Symposia" in flask("verify", newer, fails=1)
    assert "newer version of Symposia" in flask("restore", "--replace", newer, fails=1)


def rewrite(file: Path, target: Path, changes: dict[str, object]) -> None:
    """Write the backup anew with another manifest, sealed as ours are."""
    with zipfile.ZipFile(file) as old:
        manifest = json.loads(old.read("manifest.json")) | changes
        parts = {part["name"]: old.read(part["name"]) for part in manifest.pop("parts")}
    with archive.writing(target) as writer:
        for number, (name, content) in enumerate(parts.items()):
            source = target.with_suffix(f".{number}")
            source.write_bytes(content)
            writer.add(name, source, packed=False)
        writer.finish(manifest, outbox.settings().secret_key)


def test_what_is_not_empty_is_replaced_only_by_wish(flask: Run, file: Path) -> None:
    make_person(commit=True)
    flask("create", file)
    make_person("later@example.org", commit=True)
    before = contents()
    assert "use --replace" in flask("restore", file, fails=1)
    assert contents() == before


def test_a_file_that_is_there_stays(flask: Run, file: Path, tmp_path: Path) -> None:
    file.write_text("mine")
    assert "is there already" in flask("create", file, fails=1)
    assert file.read_text() == "mine"
    assert "cannot be written" in flask("create", tmp_path / "no" / "such", fails=1)
    assert "is there already" in flask("create", tmp_path, fails=1)


def test_what_is_wrongly_asked_says_how_to_ask(flask: Run) -> None:
    assert "Usage" in flask("create", fails=2)
    assert "Usage" in flask("restore", fails=2)
    assert "is not a backup" in flask("verify", "/nowhere/at/all", fails=1)


def test_while_others_write_each_backup_is_of_one_moment(flask: Run, tmp_path: Path) -> None:
    edition_id = make_edition(capacity=1000, commit=True).id
    db.session.remove()
    ours, theirs = FORKS.Pipe(duplex=False)
    writer = FORKS.Process(target=write, args=(outbox.settings(), edition_id, "w", theirs))
    writer.start()
    theirs.close()
    assert ours.poll(30)
    counts = []
    try:
        for number in range(4):
            flask("create", tmp_path / str(number))
            manifest = json.loads(zipfile.ZipFile(tmp_path / str(number)).read("manifest.json"))
            counts.append(manifest["counts"])
            while ours.poll():
                ours.recv()
            flask("verify", tmp_path / str(number))
            assert ours.poll(), "nobody could write while it was proved"
    finally:
        writer.kill()
        writer.join()
        ours.close()
    assert counts[0]["registration"] < counts[-1]["registration"]
    for number, count in enumerate(counts):
        # Each place has its mail and its entry in the log, in the copy as in the original.
        assert count["registration"] == count["outbox_message"], number
    flask("restore", "--replace", tmp_path / "0")
    assert db.session.query(Registration).count() == counts[0]["registration"]


def test_one_backup_is_made_at_a_time(flask: Run, file: Path, instance_path: Path) -> None:
    with (instance_path / "backup.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another backup is being made" in flask("create", file, fails=1)
    assert list(file.parent.iterdir()) == []
    flask("create", file)


def test_a_file_that_was_lost_is_told_and_stops_nothing(flask: Run, file: Path) -> None:
    lost = make_file()
    lost.path.unlink()
    told = f"Lost before: files/{lost.stored_name}"
    assert told in flask("create", file)
    assert "Lost before it was made" in flask("verify", file)
    flask("restore", "--replace", file)


def test_a_file_that_was_damaged_is_told_and_keeps_nothing_from_coming_back(
    flask: Run, file: Path
) -> None:
    whole, damaged = make_file(), make_file(ANOTHER)
    db.session.commit()
    damaged.path.write_bytes(b"")  # as the power's failing leaves it
    paths = whole.path, damaged.path
    told = f"files/{damaged.stored_name}"
    assert f"Damaged before: {told}" in flask("create", file)
    assert f"Damaged before it was made: {told}" in flask("verify", file)
    for path in paths:
        path.unlink()
    flask("restore", "--replace", file)
    assert [path.read_bytes() for path in paths] == [PDF, b""]


def test_a_file_deleted_meanwhile_is_in_neither_rows_nor_parts(
    flask: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = make_file()
    path = going.path
    original = service._link_files  # noqa: SLF001 - the moment between
    tries = []

    def link(names: dict[str, str], folder: Path) -> tuple[list[str], list[str]]:
        if not tries:  # between the copy and the files
            database.write()
            uploads.remove(db.session.query(uploads.StoredFile).one())
            db.session.commit()
            db.session.remove()
        tries.append(len(names))
        return original(names, folder)

    monkeypatch.setattr(service, "_link_files", link)
    assert "0 files" in flask("create", file)
    assert (tries, path.exists()) == ([1, 0], False)
    flask("verify", file)


def test_a_damaged_database_is_replaced_and_kept_aside(
    flask: Run, file: Path, instance_path: Path
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks after its own files")
    make_person("ann@example.org", commit=True)
    flask("create", file)
    db.engine.dispose()
    path = instance_path / "symposia.db"
    path.write_bytes(b"not a database at all" * 1000)
    (instance_path / "symposia.db-wal").write_bytes(b"of another life")
    assert "use --replace" in flask("restore", file, fails=1)
    flask("restore", "--replace", file)
    assert [person.email for person in db.session.query(Person)] == ["ann@example.org"]
    aside = list(instance_path.glob("symposia.db.damaged-*"))
    assert aside
    for found in aside:
        found.unlink()


def test_a_log_left_behind_by_a_lost_database_is_not_its_successors(
    flask: Run, file: Path, instance_path: Path
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("SQLite's log lies beside it")
    make_person("ann@example.org", commit=True)
    flask("create", file)
    make_person("bob@example.org", commit=True)
    log = instance_path / "symposia.db-wal"
    kept = log.with_suffix(".kept")
    shutil.copy(log, kept)
    db.session.remove()
    db.engine.dispose()
    (instance_path / "symposia.db").unlink()
    kept.replace(log)
    flask("restore", file)
    assert [person.email for person in db.session.query(Person)] == ["ann@example.org"]
    assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_without_its_programs_postgresql_says_what_is_missing(
    flask: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite needs none")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "pg_dump is not installed here" in flask("create", file, fails=1)
    assert not file.exists()


def test_a_backup_of_the_other_kind_of_database_is_refused(
    flask: Run, file: Path, tmp_path: Path
) -> None:
    flask("create", file)
    kind, other = (
        ("sqlite", "postgresql") if db.engine.dialect.name == "sqlite" else ("postgresql", "sqlite")
    )
    with zipfile.ZipFile(file) as old:
        manifest = json.loads(old.read("manifest.json"))
        content = old.read(archive.DATABASES[kind])
    source, target = tmp_path / "part", tmp_path / "other"
    source.write_bytes(content)
    del manifest["parts"]
    with archive.writing(target) as writer:
        writer.add(archive.DATABASES[other], source, packed=False)
        writer.finish(manifest | {"database": other}, outbox.settings().secret_key)
    assert f"a database of {other}, and this installation has {kind}" in flask(
        "verify", target, fails=1
    )


def test_a_full_disk_is_told_and_changes_nothing(flask: Run, file: Path) -> None:
    make_file()
    make_person(commit=True)
    flask("create", file)
    before = contents()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The nearest to a full disk that a test can be: no file may grow beyond a few bytes.
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        said = [flask("verify", file, fails=1), flask("restore", "--replace", file, fails=1)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert all("The copy of the database failed" in words for words in said)
    assert contents() == before
    assert not (outbox.settings().instance_path / "backup.work").exists()
