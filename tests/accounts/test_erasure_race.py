"""Erasing among people who write; the suite runs this on both databases."""

from __future__ import annotations

import threading
import time
from typing import Self

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import OperationalError

from app.accounts import privacy
from app.accounts.models import Person
from app.database import db
from app.editions.models import Edition
from app.hosting.models import HostingOffer
from app.registrations import service as registrations
from app.registrations.models import Registration
from tests.factories import OPENING, make_country, make_edition, make_offer, make_person

PEOPLE = 3
HELD_SECONDS = 0.01  # between a writer's first lock and its second
PAUSE_SECONDS = 0.3


class Writers:
    """Two who write the same rows all the time, in another order than the eraser does."""

    def __init__(self, edition: Edition, offer: HostingOffer) -> None:
        """Keep what they write to; the rows are committed."""
        self.edition_id, self.offer_id = edition.id, offer.id
        self.faults: list[str] = []
        self.rounds = 0
        self.is_over = threading.Event()
        self.engine = db.engine
        self.threads = [threading.Thread(target=self._write) for _ in range(2)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(20)

    def _write(self) -> None:
        while not self.is_over.is_set():
            with self.engine.connect().execution_options(writes=True) as connection:
                try:
                    self._write_once(connection)
                    connection.commit()
                    self.rounds += 1
                except OperationalError as error:
                    self.faults.append(str(error.orig))
            time.sleep(PAUSE_SECONDS)

    def _write_once(self, connection: Connection) -> None:
        for table, key in ((HostingOffer, self.offer_id), (Edition, self.edition_id)):
            connection.execute(update(table).where(table.id == key).values(modified_at=OPENING))
            time.sleep(HELD_SECONDS)
        seats = Registration.edition_id == self.edition_id
        connection.execute(update(Registration).where(seats).values(affiliation="Elsewhere"))


def test_erasing_among_writers_makes_nobody_wait_for_each_other_for_ever() -> None:
    edition = make_edition(capacity=50)
    offer = make_offer(edition, make_country("XAA"))
    people = [make_person(name=f"Ann Number {at}") for at in range(PEOPLE)]
    for person in people:
        registrations.register(edition, person, now=OPENING)
    names = ", ".join(person.name for person in people)
    edition.summary, offer.authority = f"With {names}.", f"Asked by {names}."
    db.session.commit()
    with Writers(edition, offer) as writers:
        for person in people:
            privacy.erase(person, by=None, now=OPENING)
            db.session.commit()
    assert writers.faults == []
    assert writers.rounds > 0
    left = select(func.count()).where(Person.name.startswith("Ann Number"))
    assert db.session.scalar(left) == 0
    db.session.expire_all()
    gone = ", ".join([privacy.ERASED] * PEOPLE)
    assert (edition.summary, offer.authority) == (f"With {gone}.", f"Asked by {gone}.")
