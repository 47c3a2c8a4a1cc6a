"""Every message once: into a folder, to a mail server, past a mail server that was away."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.controller import Controller

from app import create_app, database, outbox
from app.accounts.models import Person
from app.clock import real_utcnow, utcnow
from app.database import db
from app.editions.models import Edition
from app.outbox import Letter, OutboxMessage
from app.registrations import service
from scheduler.errors import DomainError
from tests import processes
from tests.factories import OPENING, make_edition, make_person
from tests.processes import FORKS, PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session
    from flask import Flask

    from config import Config

LETTER = Letter(
    subject="Your place at the Symposium",
    paragraphs=["You have a place – and Ünal's question is <answered>."],
    action=("See your registration", "https://symposia.example.org/registrations/abc?x=1&y=2"),
)


class Mailbox:
    """A mail server on a loopback port that keeps what it is given."""

    def __init__(self) -> None:
        self.port = processes.free_port()
        self.received: list[EmailMessage] = []
        self.refused_count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        if self.refused_count:
            self.refused_count -= 1
            return "451 try again later"
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> Controller:
        """Begin to take mail; the answer has ``stop()``."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        return controller


@pytest.fixture
def mailbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """A mail server that is away until opened; the application sends there."""
    found = Mailbox()
    settings = replace(app.config["SYMPOSIA"], smtp_url=found.url)
    monkeypatch.setitem(app.config, "SYMPOSIA", settings)
    return found


@pytest.fixture
def open_mailbox(mailbox: Mailbox) -> Iterator[Mailbox]:
    controller = mailbox.open()
    yield mailbox
    controller.stop()


def post(count: int = 1) -> list[int]:
    """Put letters to different people into the outbox."""
    database.write()
    ids = [outbox.post(f"p{n}@example.org", LETTER, now=OPENING) for n in range(count)]
    db.session.commit()
    return ids


def texts(mail: EmailMessage) -> tuple[str, str]:
    """Return the plain and the HTML body."""
    return (
        mail.get_body(("plain",)).get_content(),
        mail.get_body(("html",)).get_content(),
    )


def test_without_a_mail_server_each_message_becomes_one_file(instance_path: Path) -> None:
    post(3)
    assert outbox.deliver_due(now=OPENING) == 3
    assert outbox.deliver_due(now=OPENING + timedelta(days=1)) == 0
    files = sorted((instance_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml"] * 3
    assert [path.stat().st_mode & 0o077 for path in (files[0].parent, *files)] == [0] * 4
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert [mail["To"] for mail in mails] == [f"p{n}@example.org" for n in range(3)]
    assert len({mail["Message-ID"] for mail in mails}) == 3
    mail = mails[0]
    assert (mail["Subject"], mail["Auto-Submitted"]) == (LETTER.subject, "auto-generated")
    assert mail["Date"].datetime == OPENING
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = texts(mail)
    assert LETTER.paragraphs[0] in plain
    assert LETTER.action[1] in plain
    assert "Ünal&#39;s question is &lt;answered&gt;" in html
    assert 'href="https://symposia.example.org/registrations/abc?x=1&amp;y=2"' in html


def test_a_mail_server_is_given_each_message_once(open_mailbox: Mailbox) -> None:
    post(2)
    assert outbox.deliver_due(now=OPENING) == 2
    assert outbox.deliver_due(now=OPENING + timedelta(days=1)) == 0
    assert [mail["To"] for mail in open_mailbox.received] == ["p0@example.org", "p1@example.org"]
    plain, html = texts(open_mailbox.received[0])
    assert LETTER.paragraphs[0] in plain
    assert "&lt;answered&gt;" in html


def test_while_the_mail_server_is_away_messages_wait_longer_each_time(mailbox: Mailbox) -> None:
    ids = post(5)
    moment, waits = OPENING, []
    while moment < OPENING + timedelta(hours=1):
        assert outbox.deliver_due(now=moment) == 0
        message = outbox.find(ids[0])
        assert message.error.startswith("ConnectionRefusedError")
        waits.append(message.due_at - moment)
        assert outbox.deliver_due(now=message.due_at - timedelta(seconds=1)) == 0
        moment = message.due_at
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert waits == sorted(waits)
    assert max(waits) <= outbox.LAST_RETRY

    controller = mailbox.open()
    try:
        assert outbox.deliver_due(now=moment) == 5
        assert outbox.deliver_due(now=moment + timedelta(days=1)) == 0
    finally:
        controller.stop()
    assert Counter(mail["To"] for mail in mailbox.received) == {
        f"p{n}@example.org": 1 for n in range(5)
    }
    assert [outbox.find(row_id).error for row_id in ids] == [""] * 5


def test_a_message_refused_for_now_does_not_hold_up_the_others(open_mailbox: Mailbox) -> None:
    refused, taken = post(2)
    open_mailbox.refused_count = 1
    assert outbox.deliver_due(now=OPENING) == 1
    assert "451" in outbox.find(refused).error
    assert outbox.find(taken).sent_at == OPENING
    assert outbox.deliver_due(now=OPENING + outbox.FIRST_RETRY) == 1
    assert [mail["To"] for mail in open_mailbox.received] == ["p1@example.org", "p0@example.org"]


def deliver_all(settings: Config, ids: list[int], at_once: object) -> None:
    """Be a worker that was handed every message."""
    with create_app(settings).app_context():
        at_once.wait(60)
        for message_id in ids:
            outbox.deliver(message_id, now=real_utcnow())


def test_workers_that_are_handed_the_same_messages_send_each_once(open_mailbox: Mailbox) -> None:
    ids = post(15)
    db.session.remove()
    at_once = FORKS.Barrier(3)
    workers = [
        FORKS.Process(target=deliver_all, args=(outbox.settings(), ids, at_once)) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert sorted(Counter(mail["To"] for mail in open_mailbox.received).values()) == [1] * 15
    assert {message.attempt_count for message in db.session.query(OutboxMessage)} == {1}


def test_a_worker_that_dies_with_a_message_in_hand_leaves_it_to_another(
    open_mailbox: Mailbox,
) -> None:
    (message_id,) = post()
    outbox._claim(message_id, now=OPENING)  # noqa: SLF001 - as far as the dead one came
    assert not outbox.deliver(message_id, now=OPENING + timedelta(minutes=4))
    assert outbox.deliver(message_id, now=OPENING + outbox.CLAIM_LIFE)
    assert len(open_mailbox.received) == 1


def test_what_is_rolled_back_leaves_no_mail_and_what_is_committed_is_queued(app: Flask) -> None:
    queue = app.extensions["huey"]
    queue.flush()
    edition, person = make_edition(capacity=1, commit=True), make_person(commit=True)
    service.register(edition, person, now=OPENING)
    db.session.rollback()
    assert (db.session.query(OutboxMessage).count(), queue.pending_count()) == (0, 0)

    service.register(edition, person, now=OPENING)
    assert queue.pending_count() == 0  # not before it is safe
    db.session.commit()
    assert (db.session.query(OutboxMessage).count(), queue.pending_count()) == (1, 1)

    with pytest.raises(DomainError):
        service.register(edition, person, now=OPENING)
    db.session.rollback()
    assert (db.session.query(OutboxMessage).count(), queue.pending_count()) == (1, 1)
    queue.flush()


def test_a_mail_goes_out_at_once_whichever_clock_its_cause_was_dated_by() -> None:
    database.write()
    for moment in (real_utcnow(), utcnow(), real_utcnow() + timedelta(days=900)):
        outbox.post("somebody@example.org", LETTER, now=moment)
    db.session.commit()
    assert outbox.deliver_due(now=real_utcnow()) == 3


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str | None]:
    with processes.redis_server() as url:
        yield url


@pytest.mark.parametrize("queue", ["SQLite", "Redis"])
def test_the_worker_delivers_a_registrations_mail_in_seconds_and_stops_when_told(
    app: Flask, instance_path: Path, redis_url: str | None, queue: str
) -> None:
    if queue == "Redis" and redis_url is None:
        pytest.skip("neither SYMPOSIA_TEST_REDIS_URL nor redis-server is there")
    settings = app.config["SYMPOSIA"]
    if queue == "Redis":
        settings = replace(settings, redis_url=redis_url)
    edition_id = make_edition(capacity=1, commit=True).id
    person = make_person("waiting@example.org", commit=True)
    person_id = person.id
    post()
    posting = create_app(settings)
    with posting.app_context():
        db.session.info.clear()
        worker = processes.start(
            [PROGRAMS / "flask", "--app=wsgi", "worker"], processes.environment(settings)
        )
        try:
            # What was due before is delivered at the start; from now on the queue must carry it.
            assert processes.until(lambda: mails_to(instance_path, "p0@") == 1, seconds=60)
            service.register(
                db.session.get_one(Edition, edition_id),
                db.session.get_one(Person, person_id),
                now=utcnow(),
            )
            db.session.commit()
            assert processes.until(lambda: mails_to(instance_path, "waiting@") == 1, seconds=60)
            worker.terminate()
            assert worker.wait(60) == 0
        except subprocess.TimeoutExpired:
            pytest.fail("the worker did not stop")
        finally:
            processes.end(worker)
            db.session.remove()
            db.engine.dispose()
            storage = posting.extensions["huey"].storage
            storage.pool.disconnect() if queue == "Redis" else storage.close()


def mails_to(instance_path: Path, start: str) -> int:
    """Return how many mail files are addressed to ``start``…"""
    files = (instance_path / "mail").glob("*.eml")
    return sum(bool(re.search(rf"^To: {start}", file.read_text(), re.MULTILINE)) for file in files)
