from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app import database, logs
from app.accounts import links
from app.accounts.models import Person, Role
from app.clock import real_utcnow
from app.database import db
from app.feeds import personal
from tests import processes
from tests.conftest import POSTGRESQL
from tests.factories import OPENING, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Client

TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=43)


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, object]]]:
    """Return what the log has said since it was last asked."""
    capfd.readouterr()
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.fixture
def faulty(client: Client) -> Iterator[str]:
    """An address at which our own code fails, and says too much as it does."""
    app = client.application
    app.testing = False
    make_person("organiser@example.org", role=Role.ORGANISER)
    edition = make_edition(registration_closes_at=OPENING)
    edition.tzid = "ann@example.org/Nowhere"
    yield f"/organise/editions/{edition.slug}/change-registration"
    app.testing = True


def test_a_request_is_one_line_by_the_pattern_of_its_route(
    client: Client, lines: Callable[[], list[dict[str, object]]]
) -> None:
    edition = make_edition()
    client.get(f"/editions/{edition.slug}?secret=1")
    client.get("/feeds/personal/a-token.ics")
    client.get("/nowhere/at/all")
    told = lines()
    assert [(line["method"], line["route"], line["status"]) for line in told] == [
        ("GET", "/editions/<slug>", 200),
        ("GET", "/feeds/personal/<token>.ics", 404),
        ("GET", "(none)", 404),
    ]
    assert {key for line in told for key in line} == {
        "event", "level", "logger", "method", "ms", "request_id", "route", "status", "timestamp",
    }  # fmt: skip
    assert len({line["request_id"] for line in told}) == 3


def test_a_fault_is_logged_under_the_number_that_its_page_shows(
    client: Client, faulty: str, lines: Callable[[], list[dict[str, object]]]
) -> None:
    client.sign_in(db.session.query(Person).filter_by(email="organiser@example.org").one())
    lines()
    page = client.get(faulty)
    assert page.status_code == 500
    number = re.search(r"please quote ([0-9a-f]{12})", words(page)).group(1)
    fault, request = lines()
    assert (fault["event"], fault["level"], fault["request_id"]) == ("fault", "error", number)
    assert (request["status"], request["request_id"]) == (500, number)
    assert "Traceback (most recent call last)" in fault["exception"]
    assert "ZoneInfoNotFoundError" in fault["exception"]
    assert "ann@" not in json.dumps([fault, request])


def test_a_refusal_by_the_database_tells_no_values(
    client: Client, lines: Callable[[], list[dict[str, object]]]
) -> None:
    make_person("ann@example.org", name="Ann Lee", commit=True)
    database.write()
    try:
        db.session.execute(
            text("INSERT INTO person (email, name) VALUES (:email, :name)"),
            {"email": "ann@example.org", "name": "Ann Lee"},
        )
    except Exception:
        client.application.logger.exception("refused")
    db.session.rollback()
    (line,) = lines()
    assert "IntegrityError" in line["exception"]
    assert [word for word in ("ann@", "Ann Lee") if word in json.dumps(line)] == []


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("to ann.lee+x@mail.example.org, bob@example.org", "to (mail address), (mail address)"),
        ("email=ann%40example.org", "email=(mail address)"),
        ("from 192.0.2.7 and 2001:db8::8:800:200c:417a", "from (address) and (address)"),
        ("postgresql://user:word@db/name", "postgresql://(password)@db/name"),
        ("password='a b c', more", "password=(hidden), more"),
        ('{"csrf_token": "abc", "x": 1}', '{"csrf_token": (hidden), "x": 1}'),
        ("Cookie: session=abc.def", "Cookie: (hidden)"),
        ("Authorization: Bearer abc", "Authorization: (hidden)"),
        ("/login/link/abc?next=/me", "/login/link/(token)?next=/me"),
        ("/feeds/personal/abc.ics", "/feeds/personal/(token)"),
        ("DETAIL: Key (name)=(Ann Lee) exists.", "DETAIL: (left out)"),
        ("a" * 64, "(token)"),
        ("version 2.1.9 of test_a_long_name_of_a_function", ) * 2,
        ("2027-01-15T09:00:00.000000+00:00", ) * 2,
        ('File "app/registrations/service.py", line 76, in register', ) * 2,
    ],
)  # fmt: skip
def test_what_is_scrubbed(said: str, written: str) -> None:
    assert logs.scrub(said) == written


@given(token=TOKENS)
def test_no_random_token_passes(token: str) -> None:
    has_all = all(any(kind(c) for c in token) for kind in (str.isdigit, str.isupper, str.islower))
    for said in (f"/feeds/personal/{token}.ics", f"token={token}", f"/login/link/{token}"):
        assert token not in logs.scrub(said)
    if has_all:
        assert token not in logs.scrub(f"No row {token} in the table")


def test_no_secret_of_a_whole_visit_is_in_the_log(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("werkzeug").setLevel(logging.INFO)
    email, password = "canary@example.org", "canary-of-a-password"
    link = links.make_link(email, life=timedelta(minutes=5), now=real_utcnow())
    client.submit(f"/login/link/{link}")
    person = db.session.query(Person).filter_by(email=email).one()
    feed = personal.make(person, "Phone", has_alarms=False, now=real_utcnow())
    client.submit("/me/sign-in/password", password=password)
    client.submit("/login", email=email, password=password)
    client.submit("/login/link", email=email)
    client.get(f"/feeds/personal/{feed}.ics")
    client.get(f"/feeds/personal/{feed}x.ics?token={feed}")
    said = capfd.readouterr().err
    assert said.count('"event": "request"') >= 6
    secrets = [email, email.partition("@")[0], password, link, feed, "127.0.0.1"]
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.skipif(bool(POSTGRESQL), reason="starts an installation of its own, on SQLite")
def test_the_server_logs_no_path_and_no_address(tmp_path: pytest.TempPathFactory) -> None:
    port, token = processes.free_port(), "Canary0fAToken" + "x" * 30
    environ = {name: value for name, value in os.environ.items() if "SYMPOSIA" not in name} | {
        "SYMPOSIA_INSTANCE_PATH": str(tmp_path),
        "SYMPOSIA_BIND": f"127.0.0.1:{port}",
    }
    server = processes.start([sys.executable, "serve.py"], environ)
    try:
        for line in server.stdout:
            if f"127.0.0.1:{port}" in line:
                break
        for path in (f"/feeds/personal/{token}.ics", f"/login/link/{token}?q={token}", "/calendar"):
            try:
                urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).close()
            except HTTPError as refusal:
                assert refusal.code == 404  # noqa: PT017 - some are, some are not
        server.terminate()
        said = server.stdout.read()
    finally:
        processes.end(server)
    routes = [json.loads(line)["route"] for line in said.splitlines() if '"request"' in line]
    assert routes == ["/feeds/personal/<token>.ics", "/login/link/<token>", "/calendar"]
    assert (token in said, "127.0.0.1" in said) == (False, False)


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    program = (
        "import logging; from app import logs\n"
        "handler = logs.LineHandler()\n"
        "record = logging.makeLogRecord({'msg': 'x' * 1000})\n"
        "for _ in range(500): handler.handle(record)\n"
        "print(handler.dropped_count)\n"
    )
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        cwd=processes.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,  # never read
    )
    assert 0 < int(process.stdout.readline()) < 500
    assert process.wait(60) == 0
    process.stdout.close()
    process.stderr.close()
