"""Several clients in several processes press a button at the same moment."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from app import create_app, database
from app.accounts.models import Person
from app.clock import utcnow
from app.database import db
from app.editions.models import Edition
from app.registrations import queries, seating, service
from app.registrations.models import Registration
from app.registrations.service import Particulars
from scheduler.errors import DomainError
from tests.processes import FORKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config import Config

PROCESS_COUNT = 4
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What one client was told."""

    id: int
    status: str = ""
    position: int | None = None
    refused: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Race:
    """What everybody does, and where they wait for each other."""

    settings: Config
    act: str  # "register", "tell": the ids are people; "cancel": they are registrations
    edition_id: int
    at_once: Any
    counted: Any  # a barrier between counting and writing: the lock is dropped; else None
    answers: Any


def race(
    settings: Config, act: str, edition_id: int, ids: Sequence[int], *, drops_lock: bool = False
) -> list[Answer]:
    """Let one client an id press at once; return what each was told."""
    given = Race(
        settings,
        act,
        edition_id,
        at_once=FORKS.Barrier(len(ids)),
        counted=FORKS.Barrier(len(ids)) if drops_lock else None,
        answers=FORKS.Queue(),
    )
    shares = [ids[start::PROCESS_COUNT] for start in range(min(PROCESS_COUNT, len(ids)))]
    racers = [FORKS.Process(target=take_part, args=(given, share)) for share in shares]
    for racer in racers:
        racer.start()
    try:
        answers = [given.answers.get(timeout=PATIENCE_SECONDS) for _ in ids]
        for racer in racers:
            racer.join(PATIENCE_SECONDS)
        return answers
    finally:
        for racer in racers:
            racer.kill()


def take_part(given: Race, ids: Sequence[int]) -> None:
    """Be one process: a thread for each client."""
    try:
        app = create_app(given.settings)
    except Exception as error:
        for row_id in ids:  # or the test would wait for answers that never come
            given.answers.put(Answer(row_id, error=repr(error)))
        given.at_once.abort()
        raise
    if given.counted:
        drop_lock(given)

    def press(row_id: int) -> None:
        with app.app_context():
            db.session.get(Edition, given.edition_id)  # a connection, as in a warm process
            db.session.rollback()
            try:
                given.at_once.wait(PATIENCE_SECONDS)
            except threading.BrokenBarrierError:
                given.answers.put(Answer(row_id, error="another process did not come"))
                return
            given.answers.put(answer(given, row_id))

    clients = [threading.Thread(target=press, args=(row_id,)) for row_id in ids]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def answer(given: Race, row_id: int) -> Answer:
    """Do what a view does, and return what it would have told."""
    act = {"register": register, "tell": tell, "cancel": cancel}[given.act]
    try:
        told = act(given, row_id)
        db.session.commit()
    except DomainError as refusal:
        db.session.rollback()
        return Answer(row_id, refused=type(refusal).__name__)
    except Exception as error:  # noqa: BLE001 - the test shows whatever it is
        db.session.rollback()
        return Answer(row_id, error=repr(error))
    return told


def register(given: Race, person_id: int) -> Answer:
    edition = db.session.get_one(Edition, given.edition_id)
    person = db.session.get_one(Person, person_id)
    made = service.register(edition, person, now=utcnow())
    return Answer(person_id, made.status.value, queries.position(made))


def tell(given: Race, person_id: int) -> Answer:  # noqa: ARG001 - the form of an act
    database.write()  # each registration locks its own edition, and nobody waits here
    person = db.session.get_one(Person, person_id)
    service.keep_profile(person, Particulars(affiliation="A laboratory"), now=utcnow())
    return Answer(person_id)


def cancel(given: Race, registration_id: int) -> Answer:  # noqa: ARG001 - the form of an act
    registration = db.session.get_one(Registration, registration_id)
    service.cancel(registration, by=registration.person, now=utcnow())
    return Answer(registration_id, registration.status.value)


def drop_lock(given: Race) -> None:
    """Count in a transaction that only reads; take the lock when everybody has counted.

    Whatever is decided, a seat for one or for a party, is then decided on what was counted.
    """
    count = seating._cells  # noqa: SLF001 - where all counting is done
    counted = threading.local()

    def count_then_lock(edition: Edition, *, still: Sequence[object]) -> None:  # noqa: ARG001 - none waits
        db.session.rollback()
        db.session.refresh(edition)
        counted.cells = count(edition)
        given.counted.wait(PATIENCE_SECONDS)
        database.write()

    service.database = SimpleNamespace(write=count_then_lock)
    seating._cells = lambda edition: counted.cells  # noqa: ARG005, SLF001 - as it was counted
