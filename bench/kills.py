"""``kill -9`` of a whole installation while people register, again and again.

``python -m bench.kills CYCLES [SQLite|PostgreSQL]`` does it that often; ``make bench`` a few times.
What was acknowledged must be there once, with one mail and one entry in the log.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import partial
from http.client import HTTPException
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import select, text

import serve
from app import audit_proof, outbox
from app.accounts.models import Person
from app.audit import AuditEntry
from app.clock import real_utcnow
from app.database import db
from app.outbox import OutboxMessage
from app.registrations.models import Registration
from bench.installation import installations, load, seed_editions, seed_people, tree_of
from tests import processes
from tests.clients import Browser

if TYPE_CHECKING:
    from flask import Flask

    from bench.installation import Installation, People

CYCLES = 3
CLIENTS, EACH = 6, 12  # so many at once, one person after the other
LONGEST = 1.5  # seconds from the first acknowledgement until it is killed
START_SECONDS = 60


def main(cycle_count: int = CYCLES, name: str = "") -> None:
    """Kill each installation in turn, or the one of that name, and print what came of it."""
    print(f"\nkill -9, {load()}:\n")
    with installations() as found:
        for installation in found:
            if name in {"", installation.name}:
                measure(installation, cycle_count)


def measure(installation: Installation, cycle_count: int) -> None:
    """Kill, look, go on."""
    app = installation.make_app()
    [(_, slug)] = seed_editions(app, 1, capacity=1_000)
    acknowledged: list[int] = []
    starts: list[float] = []
    for cycle in range(cycle_count):
        people = seed_people(app, CLIENTS * EACH, f"cycle-{cycle}")
        began = time.perf_counter()
        server = processes.FORKS.Process(target=serve_anew, args=(installation.environ,))
        server.start()
        assert server.pid is not None
        assert processes.until(lambda: is_ready(installation.port), seconds=START_SECONDS)
        starts.append(time.perf_counter() - began)
        before = len(acknowledged)
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [
                pool.submit(
                    register_each, installation.port, people[first::CLIENTS], slug, acknowledged
                )
                for first in range(CLIENTS)
            ]
            assert processes.until(partial(has_more, acknowledged, before), seconds=START_SECONDS)
            time.sleep(random.uniform(0, LONGEST))  # noqa: S311 - a moment, not a secret
            for pid in tree_of(server.pid):
                os.kill(pid, signal.SIGKILL)
            for client in clients:
                client.result()
        server.join()
        with app.app_context():
            look(acknowledged, cycle + 1)
    with app.app_context():
        proof = audit_proof.verify()
        assert proof.holds, proof.fault
        if installation.name == "SQLite":
            assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"
        written = db.session.query(Registration).count()
        db.session.remove()
    mails = deliver(app)
    print(
        f"{installation.name}: killed {cycle_count} times, {len(acknowledged):,} registrations "
        f"acknowledged, {written:,} written, none lost, none doubled; one mail and one entry for "
        f"each, the log's {proof.entry_count:,} entries hold, {mails:,} mails delivered once; "
        f"from a start to the first answer {median(starts):.1f} s, at most {max(starts):.1f}"
    )


def serve_anew(environ: dict[str, str]) -> None:
    """Be ``make run``, in a process that has imported the application already."""
    os.environ.update(environ)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        serve.main()


def is_ready(port: int) -> bool:
    """Whether the installation answers that it is ready."""
    browser = Browser(port)
    try:
        return browser.get("/readyz").status == 200  # noqa: PLR2004 - HTTP's
    except (OSError, HTTPException):
        return False
    finally:
        browser.close()


def register_each(port: int, people: People, slug: str, acknowledged: list[int]) -> None:
    """Register one person after the other; note whose registration was acknowledged."""
    path = f"/editions/{slug}/register"
    try:
        for row_id, cookie in people:
            browser = Browser(port, cookie)
            browser.get(path)
            reply = browser.post(path, accepts_terms="y")
            browser.close()
            assert reply.status == 303, reply.text  # noqa: PLR2004 - HTTP's
            acknowledged.append(row_id)
    except (OSError, HTTPException):
        pass  # it was killed


def has_more(acknowledged: list[int], than: int) -> bool:
    """Whether more were acknowledged."""
    return len(acknowledged) > than


def look(acknowledged: list[int], kill_count: int) -> None:
    """Insist that all is there once, and that nothing was half done."""
    registered = Counter(db.session.scalars(select(Registration.person_id)))
    assert set(registered.values()) <= {1}
    assert [row_id for row_id in acknowledged if row_id not in registered] == []
    # What was in the servers' hands may have been written and not told: one a worker.
    assert len(registered) - len(acknowledged) <= 2 * kill_count
    addresses = select(Person.email).join(Registration, Registration.person_id == Person.id)
    mails = Counter(db.session.scalars(select(OutboxMessage.to_address)))
    assert mails == Counter(db.session.scalars(addresses))
    entries = select(AuditEntry.subject_id).filter_by(subject_kind="registration")
    assert Counter(db.session.scalars(entries)) == Counter(
        db.session.scalars(select(Registration.id))
    )
    db.session.remove()


def deliver(app: Flask) -> int:
    """Send what waits; return how many mails there are, each once.

    What was in hand when it was killed is due again only after a while, so that comes first.
    """
    with app.app_context():
        while outbox.deliver_due(now=real_utcnow() + 2 * outbox.CLAIM_LIFE):
            pass  # so many at a time
        known = Counter(db.session.scalars(select(OutboxMessage.message_id)))
        db.session.remove()
        db.engine.dispose()
    folder: Path = app.config["SYMPOSIA"].instance_path / "mail"
    found = Counter(
        line.partition(": ")[2]
        for file in folder.glob("*.eml")
        for line in file.read_text().splitlines()
        if line.startswith("Message-ID: ")
    )
    assert found == known
    return len(found)


if __name__ == "__main__":
    count, name, *_ = [*sys.argv[1:], "", ""]
    main(int(count or CYCLES), name)
