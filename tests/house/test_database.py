from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.schema import CreateIndex

import config
from app import audit, create_app, database, i18n, migrations
from app.accounts.models import Person
from app.database import Model, db
from app.editions.models import Edition
from app.forms import clean, day_after
from app.series.models import Series
from scheduler import errors
from scheduler.lifecycle import EditionStatus
from tests.conftest import POSTGRESQL
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask


def test_a_change_without_the_write_lock_fails_at_once() -> None:
    person = make_person()
    db.session.commit()
    assert db.session.query(Series).count() == 0
    person.name = "Changed after a read"
    with pytest.raises(RuntimeError, match="did not open with"):
        db.session.flush()
    db.session.rollback()


def test_taking_the_lock_after_a_change_would_lose_it_and_so_fails() -> None:
    person = make_person()
    db.session.commit()
    person.name = "Changed too early"
    with pytest.raises(RuntimeError, match="before changing anything"):
        database.write(person)
    db.session.rollback()


def test_write_reloads_the_row_it_locks() -> None:
    person = make_person()
    db.session.commit()
    assert person.name == ""
    with db.engine.connect().execution_options(writes=True) as other, other.begin():
        db.session.rollback()
        other.execute(text("UPDATE person SET name = 'of another'"))
    database.write(person)
    assert person.name == "of another"


def test_write_inside_a_write_keeps_what_was_changed() -> None:
    person = make_person()
    database.write(person)
    person.name = "Kept"
    database.write(person)
    db.session.commit()
    assert db.session.get(Person, person.id).name == "Kept"


@pytest.mark.skipif(bool(POSTGRESQL), reason="PostgreSQL wakes who waits by itself")
def test_whoever_waits_for_the_write_lock_of_sqlite_has_it_when_it_is_free(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(commit=True)
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context():
            database.write()
            is_held.set()
            may_end.wait(60)
            db.session.rollback()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(60)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    with pytest.raises(OperationalError, match="database is locked"):
        database.write()
    db.session.rollback()
    monkeypatch.undo()
    threading.Timer(0.2, may_end.set).start()
    database.write()
    assert database.is_writing(db.session())
    assert db.session.scalar(text("PRAGMA busy_timeout")) == database.BUSY_TIMEOUT_MS
    holder.join()


def test_a_moment_must_know_its_zone() -> None:
    with pytest.raises(StatementError, match="must be aware"):
        _store(datetime(2027, 1, 1))  # noqa: DTZ001 - the point
    db.session.rollback()


def _store(moment: datetime) -> Person:
    database.write()
    person = Person(email="clock@example.org", created_at=moment)
    db.session.add(person)
    db.session.flush()
    return person


def test_a_moment_comes_back_as_the_same_one_in_utc() -> None:
    tokyo = datetime(2027, 1, 15, 18, tzinfo=timezone(timedelta(hours=9)))
    person = _store(tokyo)
    db.session.commit()
    assert (person.created_at, person.created_at.tzinfo) == (tokyo, UTC)


def test_the_database_itself_refuses_a_span_that_ends_before_it_starts() -> None:
    edition = make_edition()
    edition.dtend = edition.dtstart
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_the_record_of_acts_holds_who_what_and_why() -> None:
    person, edition = make_person(), make_edition()
    audit.record(
        "edition.moved",
        edition,
        by=person,
        now=OPENING,
        changes={"city": ["", "Rabat"]},
        reason="x" * 3000,
    )
    (entry,) = audit.history(edition)
    assert (entry.at, entry.action, entry.person_id, entry.changes, len(entry.reason)) == (
        OPENING,
        "edition.moved",
        person.id,
        {"city": ["", "Rabat"]},
        2000,
    )


# -- migrations ------------------------------------------------------------------------------


def test_models_and_migrations_agree() -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Model.metadata) == []


def test_the_conditions_of_indexes_agree_too() -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("SQLite keeps the sentences that made its indexes")
    dialect = sqlite.dialect()
    wanted = {
        index.name: str(CreateIndex(index).compile(dialect=dialect))
        for table in Model.metadata.sorted_tables
        for index in table.indexes
    }
    with db.engine.connect() as connection:
        found = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        )
        assert dict(found.all()) == wanted


def test_the_migrations_go_down_and_up_again(tmp_path: Path) -> None:
    app = create_app(
        config.read(
            {
                "SYMPOSIA_SECRET_KEY": "of this test",
                "SYMPOSIA_INSTANCE_PATH": str(tmp_path),
            }
        )
    )
    with app.app_context():
        found = []
        for step in (
            migrations.upgrade,
            lambda: migrations.library().downgrade(revision="base"),
            migrations.upgrade,
        ):
            step()
            found.append(set(inspect(db.engine).get_table_names()) - {"alembic_version"})
            db.engine.dispose()
    tables = {table.name for table in Model.metadata.sorted_tables}
    assert found == [tables, set(), tables]


def test_an_upgrade_links_the_events_that_the_world_knows(tmp_path: Path) -> None:
    app = create_app(
        config.read(
            {
                "SYMPOSIA_SECRET_KEY": "of this test",
                "SYMPOSIA_INSTANCE_PATH": str(tmp_path),
                "SYMPOSIA_NOW": OPENING.isoformat(),  # a rehearsal: dated by its own clock
            }
        )
    )
    facts = {"public_since": OPENING, "status": EditionStatus.COMPLETED}
    with app.app_context():
        migrations.upgrade()
        first = make_edition(dtstart=date(2021, 6, 8), **facts)
        make_edition(dtstart=date(2022, 6, 8), **facts | {"status": EditionStatus.CANCELLED})
        make_edition(dtstart=date(2023, 6, 8), **facts | {"public_since": None})
        second = make_edition(dtstart=date(2024, 6, 8), **facts)
        known, known_since = [first.id, second.id], OPENING - timedelta(days=1)
        first.modified_at = second.modified_at = known_since
        db.session.commit()
        db.session.remove()
        migrations.library().downgrade(revision="0034")
        migrations.upgrade()
        first, second = (db.session.get_one(Edition, number) for number in known)
        assert (first.sibling_uid, second.sibling_uid) == (None, first.uid)
        assert first.modified_at == known_since
        assert OPENING <= second.modified_at < OPENING + timedelta(hours=1)
        assert (first.component_tag is None, second.component_tag) == (False, None)
        db.session.remove()
        db.engine.dispose()


def test_the_names_of_the_migrations_are_their_order(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["db", "heads"]).exit_code == 0
    scripts = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
    order = [script.revision for script in scripts.walk_revisions()]
    assert order[::-1] == migrations.revisions()


# -- words -----------------------------------------------------------------------------------


def _kinds(kind: type[errors.DomainError]) -> list[type[errors.DomainError]]:
    return [found for child in kind.__subclasses__() for found in (child, *_kinds(child))]


def test_every_error_of_the_domain_has_its_own_sentence() -> None:
    kinds = [kind for kind in _kinds(errors.DomainError) if kind.__module__.startswith("app.")]
    assert [kind for kind in kinds if not kind.message.endswith(".")] == []
    assert len({kind.message for kind in kinds}) == len(kinds)


def test_an_error_is_told_with_its_values() -> None:
    class FullError(errors.ConflictError):
        message = "{edition} is 100% full."

    assert i18n.user_message(FullError(edition="Symposium {2027}")) == (
        "Symposium {2027} is 100% full."
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (None, ""),
        ("  a  ", "a"),
        ("a\x00b\x0bc\x7f", "abc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("Ana \u202eevil\u2066", "Ana evil"),  # turns what stands after it on a badge
        ("אנה\u200f 日本", "אנה\u200f 日本"),
        ("\u200b \u00a0\u2060", ""),  # nobody reads it
        ("a\ufffe\uffff\ud800b", "ab"),  # no XML holds these, and no database the last
    ],
)
def test_typed_text_loses_its_control_characters(typed: str | None, kept: str) -> None:
    assert clean(typed) == kept


def test_the_end_is_the_day_after_the_last() -> None:
    assert day_after(date(2027, 2, 28)) == date(2027, 3, 1)
    # A last day that has none after it is refused by its year, not by a fault.
    assert day_after(date.max) == date.max
