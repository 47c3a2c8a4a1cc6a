# ruff: noqa: S608 - the statements are the tests' own
from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

import config
from app import audit, audit_proof, create_app, database, migrations
from app.accounts import service as accounts
from app.accounts.models import Person
from app.database import db
from app.editions.models import Edition
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from app.audit import AuditEntry


def make_entries(count: int, **facts: object) -> list[AuditEntry]:
    edition, person = make_edition(), make_person("ada@example.org", name="Ada Lovelace")
    for number in range(count):
        told = {"changes": {"city": ["", f"City {number}"]}, "reason": "Why not"} | facts
        audit.record("edition.described", edition, by=person, now=OPENING, **told)
    db.session.commit()
    return list(audit.history(edition))


def without_guard(statement: str) -> None:
    """Change rows as somebody would who owns the database."""
    database.write()
    if db.engine.dialect.name == "sqlite":
        kept = db.session.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        ).all()
        for name, _sql in kept:
            db.session.execute(text(f"DROP TRIGGER {name}"))
        db.session.execute(text(statement))
        for _name, sql in kept:
            db.session.execute(text(sql))
    else:
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(text(statement))
    db.session.commit()


def test_a_log_that_nobody_touched_holds() -> None:
    entries = make_entries(3)
    proof = audit_proof.verify()
    assert (proof.holds, proof.entry_count, proof.erased_count) == (True, entries[-1].id, 0)
    assert proof.head == entries[-1].hash
    assert audit_proof.verify(entries[0].hash).holds


def test_an_empty_log_holds() -> None:
    assert audit_proof.verify() == audit_proof.Proof(0, 0, "")


def test_an_act_is_seen_at_once_in_its_own_transaction() -> None:
    edition = make_edition()
    audit.record("edition.described", edition, by=None, now=OPENING)
    assert [entry.action for entry in audit.history(edition)] == ["edition.described"]


def test_an_act_that_is_undone_leaves_no_entry() -> None:
    edition = make_edition()
    db.session.commit()
    database.write(edition)
    audit.record("edition.described", edition, by=None, now=OPENING)
    db.session.rollback()
    database.write(edition)
    audit.record("edition.announced", edition, by=None, now=OPENING)
    with db.session.begin_nested() as savepoint:
        audit.record("edition.described", edition, by=None, now=OPENING)
        savepoint.rollback()
    with db.session.begin_nested():
        audit.record("edition.moved", edition, by=None, now=OPENING)
    db.session.commit()
    actions = [entry.action for entry in audit.history(edition)]
    assert actions == ["edition.announced", "edition.moved"]
    assert audit_proof.verify().holds


def test_an_act_outside_a_write_is_refused() -> None:
    edition = make_edition(commit=True)
    with pytest.raises(RuntimeError, match="did not open with"):
        audit.record("edition.described", edition, by=None, now=OPENING)


@pytest.mark.parametrize("field", sorted(audit.NOT_FOR_THE_LOG))
def test_secrets_and_special_data_are_refused(field: str) -> None:
    edition = make_edition()
    with pytest.raises(RuntimeError, match="not for the log"):
        audit.record("edition.described", edition, by=None, now=OPENING, changes={field: ["", "x"]})


# -- what the proof finds --------------------------------------------------------------------

FORGERIES = {
    "the moment": "SET at = '2020-01-01 00:00:00'",
    "the act": "SET action = 'edition.cancelled'",
    "the subject": "SET subject_id = subject_id + 1",
    "the kind": "SET subject_kind = 'offer'",
    "the person": "SET person_id = person_id + 1",
    "the system instead": "SET person_id = NULL",
    "the reason": "SET reason = 'Another'",
    "the change": """SET changes = '{"city": ["", "Else"]}'""",
    "the reason and its salt": "SET reason = 'Another', salt = NULL",
    "a salt": "SET salt = 'ffffffffffffffffffffffffffffffff'",
    "a hash": "SET content_hash = hash",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_the_database_refuses_and_the_proof_finds_a_change_of(forgery: str) -> None:
    entry = make_entries(3)[1]
    statement = f"UPDATE audit_entry {FORGERIES[forgery]} WHERE id = {entry.id}"
    database.write()
    with pytest.raises(DatabaseError, match="only added to"):
        db.session.execute(text(statement))
    db.session.rollback()
    assert audit_proof.verify().holds
    without_guard(statement)
    assert audit_proof.verify().fault.startswith(f"Entry {entry.id} (")


def test_the_database_refuses_and_the_proof_finds_a_gap() -> None:
    entries = make_entries(3)
    statement = f"DELETE FROM audit_entry WHERE id = {entries[1].id}"
    database.write()
    with pytest.raises(DatabaseError, match="only added to"):
        db.session.execute(text(statement))
    db.session.rollback()
    without_guard(statement)
    fault = audit_proof.verify().fault
    assert fault == (
        f"Entry {entries[2].id} (edition.described) does not follow from the entry before it."
    )


def test_the_proof_finds_a_log_that_was_cut_off() -> None:
    last = make_entries(3)[2].id
    without_guard(f"DELETE FROM audit_entry WHERE id = {last}")
    assert audit_proof.verify().fault == (
        f"The log ends with entry {last - 1}, but its head is entry {last}."
    )


def test_a_noted_head_finds_a_log_that_was_cut_off_with_its_head() -> None:
    entries = make_entries(3)
    noted, end = entries[2].hash, (entries[1].id, entries[1].hash)
    without_guard(f"DELETE FROM audit_entry WHERE id = {end[0] + 1}")
    without_guard(f"UPDATE audit_head SET number = {end[0]}, hash = '{end[1]}'")
    assert audit_proof.verify().holds
    assert audit_proof.verify(noted).fault == f"No entry has the hash {noted}."


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_head",
        "UPDATE audit_head SET number = number + 2",
        "UPDATE audit_head SET number = 0",
        """INSERT INTO audit_entry (id, at, action, subject_kind, subject_id, reason, changes,
        actor_hash, content_hash, hash)
        VALUES (99, '2027-01-01 00:00:00', 'x', 'x', 1, '', '{}', '', '', '')""",
    ],
)
def test_the_database_refuses(statement: str) -> None:
    make_entries(2)
    database.write()
    with pytest.raises(DatabaseError, match="only added to"):
        db.session.execute(text(statement))
    db.session.rollback()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["ada@example.org", "Ada Lovelace", "nobody"]),
            st.dictionaries(
                st.text(max_size=5).map(lambda name: f"field {name}"),
                st.lists(st.none() | st.booleans() | st.integers() | st.text(), min_size=2),
            ).filter(lambda changes: "\\u0000" not in str(changes) and "\0" not in str(changes)),
        ),
        min_size=1,
    )
)
def test_whatever_is_recorded_and_erased_the_log_holds(
    acts: list[tuple[str, dict[str, list[object]]]],
) -> None:
    edition, person = make_edition(title="One"), make_person("ada@example.org")
    for reason, changes in acts:
        audit.record(
            "edition.described", edition, by=person, now=OPENING, changes=changes, reason=reason
        )
    db.session.commit()
    db.session.expire_all()
    assert audit_proof.verify().holds
    database.write()
    audit_proof.forget_words(["ada@example.org"])
    audit_proof.forget_actor(person.id)
    db.session.commit()
    assert audit_proof.verify().holds


# -- erasing ---------------------------------------------------------------------------------


def test_erasing_who_acted_leaves_what_was_done() -> None:
    first, second = make_entries(2)
    database.write()
    audit_proof.forget_actor(first.person_id)
    db.session.commit()
    for entry in (first, second):
        assert (entry.person_id, entry.reason, entry.is_erased) == (None, "Why not", False)
    proof = audit_proof.verify()
    assert (proof.holds, proof.erased_count) == (True, 2)


def test_erasing_a_subject_leaves_that_something_was_done() -> None:
    entries = make_entries(2)
    database.write()
    audit_proof.forget(db.session.get(Edition, entries[0].subject_id))
    db.session.commit()
    for entry in entries:
        assert (entry.action, entry.subject_id, entry.reason, entry.changes) == (
            "edition.described",
            0,
            "",
            {},
        )
        assert entry.person_id is not None
    assert audit_proof.verify().holds


def test_erasing_words_leaves_what_only_looks_like_them() -> None:
    edition = make_edition()
    reasons = ["As ANN@example.org asked", "joann@example.org", "For Ann Léger.", "Ann Légerbach"]
    for reason in reasons:
        changes = {"city": ["", reason]}
        audit.record("edition.described", edition, by=None, now=OPENING, changes=changes)
        audit.record("edition.described", edition, by=None, now=OPENING, reason=reason)
    audit_proof.forget_words(["ann@example.org", "Ann Léger"])
    db.session.commit()
    kept = [entry.reason or entry.changes["city"][1] for entry in audit.history(edition)]
    assert kept == [reasons[1], reasons[1], reasons[3], reasons[3]]
    assert audit_proof.verify().holds


# -- many at once ----------------------------------------------------------------------------


def test_many_who_write_at_once_make_one_chain_and_no_deadlock(app: Flask) -> None:
    """Each holds a person's row, acts as somebody else, and ends with the head of the chain."""
    people = [make_person(commit=True).id for _ in range(4)]
    started = audit_proof.verify().entry_count
    rounds = 10
    faults: list[Exception] = []

    def act(number: int) -> None:
        with app.app_context():
            for _ in range(rounds):
                try:
                    person = db.session.get(Person, people[number])
                    other = db.session.get(Person, people[(number + 1) % len(people)])
                    accounts.rename(person, "A name", now=OPENING)
                    audit.record("person.role_granted", person, by=other, now=OPENING)
                    db.session.commit()
                except DatabaseError as fault:
                    faults.append(fault)
                    db.session.rollback()

    threads = [threading.Thread(target=act, args=[number]) for number in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    proof = audit_proof.verify()
    assert faults == []
    assert (proof.fault, proof.entry_count) == ("", started + 2 * rounds * len(people))


# -- upgrading and the command ---------------------------------------------------------------


def test_entries_from_before_the_chain_are_chained(tmp_path: Path) -> None:
    app = create_app(
        config.read({"SYMPOSIA_SECRET_KEY": "x", "SYMPOSIA_INSTANCE_PATH": str(tmp_path)})
    )
    with app.app_context():
        migrations.library().upgrade(revision="0004")
        database.write()
        for number in (3, 7):  # as PostgreSQL counts when some were undone
            db.session.execute(
                text(
                    "INSERT INTO audit_entry (id, at, action, subject_kind, subject_id, reason,"
                    " changes) VALUES (:number, '2026-05-01 10:00:00.000000', 'edition.moved',"
                    """ 'edition', 4, 'Why', '{"b": [1, 2], "a": ["é", null]}')"""
                ),
                {"number": number},
            )
        db.session.commit()
        migrations.upgrade()
        proof = audit_proof.verify()
        assert (proof.fault, proof.entry_count) == ("", 2)
        database.write()
        audit.record("edition.moved", make_person(), by=None, now=OPENING)
        db.session.commit()
        assert [entry.id for entry in audit.latest(9)] == [8, 7, 3]
        assert audit_proof.verify().holds
        db.session.remove()
        db.engine.dispose()


def test_the_command_proves_the_log_and_tells_the_first_fault(app: Flask) -> None:
    entries = make_entries(2)
    run = app.test_cli_runner().invoke
    found = run(args=["audit", "verify", "--head", entries[0].hash])
    assert found.exit_code == 0
    assert found.output.splitlines() == [
        f"{entries[-1].id} entries hold, 0 of them partly erased.",
        f"head {entries[-1].hash}",
    ]
    assert run(args=["audit", "verify", "--head", "0" * 64]).exit_code == 1
    without_guard("UPDATE audit_entry SET reason = 'Another'")
    found = run(args=["audit", "verify"])
    assert found.exit_code == 1
    assert "tells another thing than when it was written." in found.output
