"""What was acknowledged survives ``kill -9``; the suite runs this on both databases."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import text

from app import outbox
from app.accounts.models import Person
from app.audit import AuditEntry
from app.clock import utcnow
from app.database import db
from app.editions.models import Edition
from app.outbox import OutboxMessage
from app.registrations import service
from app.registrations.models import Registration
from tests.factories import make_edition, make_person
from tests.house.writer import write
from tests.processes import FORKS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

CYCLE_COUNT = 6
FIRST_SECONDS = 30  # for the first acknowledgement, on a busy machine


def everything_received(end: Connection) -> list[str]:
    """Return what was sent through ``end`` before the other side went."""
    received = []
    try:
        while True:
            received.append(end.recv())
    except (EOFError, OSError):
        return received


def test_a_killed_writer_loses_doubles_and_halves_nothing() -> None:
    edition_id = make_edition(capacity=25, commit=True).id
    settings = outbox.settings()
    acknowledged: list[str] = []
    for cycle in range(CYCLE_COUNT):
        db.session.remove()
        ours, theirs = FORKS.Pipe(duplex=False)
        writer = FORKS.Process(target=write, args=(settings, edition_id, f"c{cycle}", theirs))
        writer.start()
        theirs.close()
        assert ours.poll(FIRST_SECONDS)
        time.sleep(random.uniform(0, 0.4))  # noqa: S311 - a moment, not a secret
        writer.kill()
        writer.join()
        acknowledged += everything_received(ours)
        ours.close()

        # Usable at once: one more registration, which waits for nobody's lock.
        began = time.monotonic()
        person = make_person(f"after-{cycle}@example.org")
        service.register(db.session.get_one(Edition, edition_id), person, now=utcnow())
        db.session.commit()
        assert time.monotonic() - began < 5
        acknowledged.append(person.email)

        found = Counter(
            db.session.scalars(
                db.select(Person.email).select_from(Registration).join(Registration.person)
            )
        )
        assert set(found.values()) == {1}
        assert [email for email in acknowledged if email not in found] == []
        # At most the one that was in hand, in each cycle, was committed without being told.
        assert len(found) - len(acknowledged) <= cycle + 1
        assert_in_step()
    if db.engine.dialect.name == "sqlite":
        assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"


def assert_in_step() -> None:
    """Every registration has its one mail and its one audit entry, and there are no others."""
    rows = db.session.query(Registration).all()
    mails = Counter(mail.to_address for mail in db.session.query(OutboxMessage))
    entries = Counter(
        entry.subject_id
        for entry in db.session.query(AuditEntry).filter_by(subject_kind="registration")
    )
    assert mails == Counter(row.person.email for row in rows)
    assert entries == Counter(row.id for row in rows)
