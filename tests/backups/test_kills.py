"""``kill -9`` while a backup is made or put back: the old or the new, and nothing in between."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from app import outbox
from app.accounts.models import Person
from app.database import db
from app.uploads import StoredFile
from tests.backups.conftest import contents
from tests.backups.killed import run
from tests.backups.test_round_trip import make_file
from tests.factories import make_person
from tests.processes import FORKS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from tests.backups.conftest import Run

KILLS = 5
PATIENCE_SECONDS = 60
OLD, NEW = ["old@example.org"], ["new@example.org", "old@example.org"]


def start(*words: object) -> tuple[ForkServerProcess, Connection]:
    """Start the command and return once it begins."""
    db.session.remove()
    db.engine.dispose()
    ours, theirs = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=run, args=(outbox.settings(), list(map(str, words)), theirs))
    process.start()
    theirs.close()
    assert ours.poll(PATIENCE_SECONDS)
    assert ours.recv() == "begins"
    return process, ours


def length_of(*words: object) -> float:
    """Return how many seconds the command takes when nobody kills it."""
    process, told = start(*words)
    began = time.monotonic()
    assert told.recv() == 0
    length = time.monotonic() - began
    process.join()
    told.close()
    return length


def kill_after(seconds: float, *words: object) -> None:
    process, told = start(*words)
    time.sleep(seconds)
    process.kill()
    process.join()
    told.close()


def test_a_killed_backup_has_no_name_and_the_next_one_clears_up(flask: Run, tmp_path: Path) -> None:
    make_person(commit=True)
    make_file()
    length = length_of("create", tmp_path / "first")
    for number in range(KILLS):
        moment = random.uniform(0, length)  # noqa: S311 - not a secret
        kill_after(moment, "create", tmp_path / str(number))
        if (tmp_path / str(number)).exists():
            flask("verify", tmp_path / str(number))
    flask("create", tmp_path / "last")
    flask("verify", tmp_path / "last")
    assert not list(tmp_path.glob(".symposia-backup-*"))
    assert not (outbox.settings().instance_path / "backup.work").exists()


def test_a_killed_restore_leaves_the_old_or_the_new(flask: Run, tmp_path: Path) -> None:
    make_person("old@example.org", commit=True)
    make_file()
    flask("create", tmp_path / "old")
    make_person("new@example.org", commit=True)
    make_file()
    flask("create", tmp_path / "new")
    length = length_of("restore", "--replace", tmp_path / "new")
    for number in range(KILLS):
        flask("restore", "--replace", tmp_path / "new")
        entries = len(contents()["audit_entry"])
        # Half of them near the end, where it is put in its place.
        moment = random.uniform(length * 0.7 * (number % 2), length)  # noqa: S311 - as above
        kill_after(moment, "restore", "--replace", tmp_path / "old")
        emails = sorted(db.session.scalars(db.select(Person.email)))
        assert emails in (OLD, NEW)
        found = len(contents()["audit_entry"])
        assert found in ({entries} if emails == NEW else set(range(1, 20)))
        assert_files_are_there()
        if db.engine.dialect.name == "sqlite":
            assert db.session.scalar(db.text("PRAGMA integrity_check")) == "ok"
            db.session.remove()
    flask("restore", "--replace", tmp_path / "old")
    assert sorted(db.session.scalars(db.select(Person.email))) == OLD


def assert_files_are_there() -> None:
    for stored in db.session.query(StoredFile):
        assert stored.path.exists()
