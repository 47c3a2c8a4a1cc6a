"""The numbers of an installation: for whoever watches it, right over processes, about nobody."""

from __future__ import annotations

import re
import resource
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import counts, create_app, database, outbox
from app.clock import utcnow
from app.counts import Counts
from app.database import db
from app.outbox import Letter
from app.registrations import service
from app.version import VERSION
from tests.factories import make_edition, make_person
from tests.processes import FORKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.conftest import Client

TOKEN = "a-long-random-text-of-the-tests"
LETTER = Letter(subject="News", paragraphs=["Read this."])


@pytest.fixture(autouse=True)
def own_counts(app: Flask, tmp_path: Path) -> None:
    """Let each test begin to count anew."""
    found: Counts = app.extensions["counts"]
    found.folder = tmp_path / "metrics"
    found._forget()  # noqa: SLF001 - as a process that begins


def numbers(client: Client) -> dict[str, float]:
    """Return each sample by its name and labels, as Prometheus's own library reads them."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        " ".join([sample.name, *(f"{name}={value}" for name, value in sample.labels.items())]): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_told_by_their_route_and_never_by_what_was_asked(client: Client) -> None:
    make_edition(commit=True)
    client.get("/series/symposium?secret=1")
    client.get("/series/nobody-knows")
    client.get("/no/such/page")
    client.open("/", method="SECRET")
    found = numbers(client)
    request = "symposia_http_requests_total route={} method={} status={}"
    assert found[request.format("/series/<slug>", "GET", 200)] == 1
    assert found[request.format("/series/<slug>", "GET", 404)] == 1
    assert found[request.format("(none)", "GET", 404)] == 1
    assert found[request.format("(none)", "other", 405)] == 1
    assert found["symposia_http_request_seconds_count route=/series/<slug>"] == 2
    assert found["symposia_http_request_seconds_bucket route=/series/<slug> le=+Inf"] == 2
    assert 0 < found["symposia_http_request_seconds_sum route=/series/<slug>"] < 60
    told = client.get("/metrics").text
    assert not re.search("secret|nobody-knows|no/such", told, re.IGNORECASE)


def test_buckets_hold_those_before_them(client: Client, app: Flask) -> None:
    found: Counts = app.extensions["counts"]
    for seconds in (0.001, 0.005, 0.3, 60):
        found.observe(counts.LOCK_WAITS, seconds)
    told = numbers(client)
    name = "symposia_write_lock_wait_seconds"
    buckets = [told[f"{name}_bucket le={le}"] for le in ("0.005", "0.25", "0.5", "10", "+Inf")]
    assert buckets == [2, 2, 3, 3, 4]
    assert (told[f"{name}_count"], told[f"{name}_sum"]) == (4, pytest.approx(60.306))


def test_what_an_older_version_counted_or_the_power_cut_off_is_left_out(
    client: Client, app: Flask
) -> None:
    found: Counts = app.extensions["counts"]
    for name in ("symposia_of_old_seconds_sum", "symposia_of_old_total", ""):
        found.add(name)
    found.add(f"{counts.LOCK_WAITS}_sum")
    assert not {name for name in numbers(client) if "of_old" in name}


def test_feeds_are_counted_by_their_answer(client: Client) -> None:
    make_edition(commit=True)
    tag = client.get("/feeds/all.ics").headers["ETag"]
    for _time in range(3):
        client.get("/feeds/all.ics", headers={"If-None-Match": tag})
    client.get("/feeds/all.ics")
    found = numbers(client)
    told = {name: value for name, value in found.items() if name.startswith("symposia_feed")}
    assert told == {
        "symposia_feed_answers_total status=200 source=view": 1,
        "symposia_feed_answers_total status=304 source=memory": 3,
        "symposia_feed_answers_total status=200 source=memory": 1,
    }


def test_the_outbox_and_places_are_counted_without_their_events(client: Client) -> None:
    edition = make_edition(capacity=1)
    for name in "ab":
        service.register(edition, make_person(f"{name}@example.org"), now=utcnow())
    database.write()
    outbox.hold_unsent()
    outbox.post("c@example.org", LETTER, now=utcnow() - timedelta(hours=1))
    db.session.commit()
    found = numbers(client)
    assert found["symposia_registrations status=confirmed"] == 1
    assert found["symposia_registrations status=waitlisted"] == 1
    assert (found["symposia_outbox_waiting"], found["symposia_outbox_held"]) == (1, 2)
    assert 3600 <= found["symposia_outbox_oldest_seconds"] < 3700
    build = next(name for name in found if name.startswith("symposia_build_info"))
    assert f"version={VERSION}" in build
    assert f"tzdata={metadata.version('tzdata')}" in build
    assert "example.org" not in client.get("/metrics").text


def test_a_writer_that_waits_for_its_turn_is_counted(client: Client) -> None:
    numbers(client)  # this process serves
    database.write()
    db.session.rollback()
    assert numbers(client)["symposia_write_lock_wait_seconds_count"] == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 200),
        ({"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}, 404),
        ({"environ_base": {"REMOTE_ADDR": "::1"}}, 200),
        ({"headers": {"X-Forwarded-For": "127.0.0.1"}}, 404),
        ({"headers": {"Forwarded": "for=127.0.0.1"}}, 404),
        ({"headers": {"Via": "1.1 cache"}}, 404),
        ({"headers": {"Host": "127.0.0.1:8000"}}, 200),
        ({"headers": {"Authorization": f"Bearer {TOKEN}"}}, 200),
    ],
)
def test_without_a_token_only_this_machine_reads_them(
    client: Client, asked: dict[str, dict[str, str]], status: int
) -> None:
    answer = client.get("/metrics", **asked)  # type: ignore[arg-type]
    assert answer.status_code == status


@contextmanager
def served(**otherwise: object) -> Iterator[FlaskClient]:
    """The application under other settings, on the database of the test."""
    other = create_app(replace(outbox.settings(), **otherwise))  # type: ignore[arg-type]
    yield other.test_client()
    with other.app_context():
        db.engine.dispose()


def test_what_asks_under_the_public_name_comes_from_elsewhere() -> None:
    with served(base_url="https://symposia.example.net", proxy_count=1) as public:
        asked = [
            public.get("/metrics", base_url=url).status_code
            for url in ("https://symposia.example.net", "http://localhost")
        ]
    assert asked == [404, 200]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("Bearer another-random-text-of-the-tests", 404),
        (f"Basic {TOKEN}", 404),
        ("Bearer \xe9", 404),
        ("", 404),
    ],
)
def test_with_a_token_only_who_sends_it_reads_them(given: str, status: int) -> None:
    far = {"REMOTE_ADDR": "192.0.2.7"}
    with served(metrics_token=TOKEN) as client:
        answer = client.get("/metrics", headers={"Authorization": given}, environ_base=far)
    assert answer.status_code == status
    assert answer.status_code == 404 or answer.headers["Cache-Control"] == "no-store"


def count_much(folder: Path, number: int) -> None:
    found = Counts(folder)
    count = found.counter(counts.FEEDS, status="304", source="memory")
    for _time in range(number):
        count()


def test_processes_lose_nothing_not_even_what_one_counted_that_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    processes = [FORKS.Process(target=count_much, args=(folder, 20_000)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    endless = FORKS.Process(target=count_much, args=(folder, 10**9))
    endless.start()
    told = 'symposia_feed_answers_total{status="304",source="memory"}'
    deadline = time.monotonic() + 30
    while Counts(folder).total()[told] <= 80_000 and time.monotonic() < deadline:
        time.sleep(0.02)
    endless.kill()
    endless.join()
    kept = Counts(folder).total()[told]
    assert kept > 80_000
    assert Counts(folder).total()[told] == kept


def test_every_route_has_room_for_its_name(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        told = counts._told(  # noqa: SLF001 - what is kept
            f"{counts.REQUESTS}", {"route": rule.rule, "method": "OPTIONS", "status": "404"}
        )
        assert len(told.encode()) <= counts.NAME_BYTES
        assert not {'"', "\\", "\n"} & set(rule.rule)


def test_a_file_that_is_full_counts_on_without_breaking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "RECORDS", 3)
    found = Counts(tmp_path / "small")
    for number in range(9):
        found.add("symposia_feed_answers_total", status=str(number))
    assert sorted(found.total()) == [
        'symposia_feed_answers_total{status="0"}',
        'symposia_feed_answers_total{status="1"}',
    ]


def test_a_full_disk_ends_the_counting_of_what_is_new_and_nothing_else(tmp_path: Path) -> None:
    found, late = Counts(tmp_path / "small"), Counts(tmp_path / "late")
    found.add("symposia_feed_answers_total", status="200")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The nearest to a full disk that a test can be: no file may grow beyond a few bytes. Beyond
    # them a write to mapped memory would, on a disk that is truly full, kill the process.
    resource.setrlimit(resource.RLIMIT_FSIZE, (counts.RECORD_BYTES * 2, hard))
    try:
        for status in ("200", "304", "412"):
            found.add("symposia_feed_answers_total", status=status)
            late.add("symposia_feed_answers_total", status=status)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert found.total() == {'symposia_feed_answers_total{status="200"}': 2}
    late.add("symposia_feed_answers_total", status="304")
    assert late.total() == {'symposia_feed_answers_total{status="304"}': 1}
