"""Several processes serve the feeds while one writes: none tells the old under the new."""

from __future__ import annotations

import gzip
import re
import sqlite3
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from app import database
from app.database import db
from app.editions import service
from app.editions.models import Edition
from app.feeds import personal
from app.feeds.models import FeedComponent, PersonalFeed
from app.publication import PublicRevision
from tests import processes
from tests.factories import OPENING, make_edition, make_person
from tests.feeds import server

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

    from flask import Flask

SERVERS, WRITES = 3, 12
UNPACK = {"": bytes, "gzip": gzip.decompress, "zstd": zstd.decompress}
VERSION = re.compile(rb"Version (\d+)")
PATHS = ("/feeds/all.ics", "/editions/symposium-2027", "/")


@pytest.fixture
def ports(app: Flask) -> Iterator[list[int]]:
    """Servers of one process each, on the database of the test."""
    found = [processes.free_port() for _ in range(SERVERS)]
    servers = [
        processes.FORKS.Process(target=server.serve, args=(app.config["SYMPOSIA"], port))
        for port in found
    ]
    try:
        for one in servers:
            one.start()
        for port in found:
            assert processes.until(lambda port=port: answers(port), seconds=60)
        yield found
    finally:
        for one in servers:
            one.terminate()
            one.join(10)


def answers(port: int) -> bool:
    try:
        return fetch(port, path="/healthz")[0] == 200
    except OSError:
        return False


def fetch(
    port: int, *, path: str = "/feeds/all.ics", **headers: str
) -> tuple[int, str, str, bytes]:
    """Return status, tag, coding and body."""
    status, told, body = ask(port, path, headers)
    return status, told.get("ETag", ""), told.get("Content-Encoding", ""), body


def ask(port: int, path: str, headers: dict[str, str]) -> tuple[int, Message, bytes]:
    """Return status, headers and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def version_of(body: bytes) -> int:
    (number,) = set(VERSION.findall(body))
    return int(number)


@pytest.mark.parametrize("path", PATHS)
def test_after_each_write_every_process_tells_the_new_under_its_own_tag(
    path: str, ports: list[int]
) -> None:
    edition, organiser = make_edition(title="Version 0"), make_person(commit=True)
    former = {port: fetch(port, path=path)[1] for port in ports}
    assert len(set(former.values())) == 1
    slowest = 0.0
    for number in range(1, WRITES + 1):
        service.describe(edition, title=f"Version {number}", summary="", by=organiser, now=OPENING)
        db.session.commit()
        tags = set()
        for port in ports:
            began = time.monotonic()
            status, tag, _coding, body = fetch(port, path=path, If_None_Match=former[port])
            slowest = max(slowest, time.monotonic() - began)
            assert (status, version_of(body)) == (200, number)
            for coding, suffix in (("gzip", "-gz"), ("zstd", "-zst")):
                _status, other, told, packed = fetch(port, path=path, Accept_Encoding=coding)
                assert (other, told) == (f'{tag[:-1]}{suffix}"', coding)
                assert UNPACK[told](packed) == body
            assert fetch(port, path=path, If_None_Match=tag)[:2] == (304, tag)
            former[port] = tag
            tags.add((tag, body))
        assert len(tags) == 1
    assert slowest < 5


@pytest.mark.parametrize("path", PATHS)
def test_whoever_polls_while_others_write_never_goes_back(path: str, ports: list[int]) -> None:
    edition, organiser = make_edition(title="Version 0"), make_person(commit=True)
    committed, is_over = 0, threading.Event()
    seen: list[tuple[str, bytes]] = []
    problems: list[str] = []

    def poll(port: int, coding: str) -> None:
        tag, last = "", 0
        is_last = False
        while not is_last:
            is_last = is_over.is_set()  # whoever asks after the last write is told of it
            at_least = committed
            status, told, packing, body = fetch(
                port, path=path, Accept_Encoding=coding, If_None_Match=tag or '"none"'
            )
            if status == 200:
                plain = UNPACK[packing](body)
                last, tag = version_of(plain), told
                seen.append((told.strip('"').partition("-")[0], plain))
            elif (status, told) != (304, tag):
                problems.append(f"{status} under {told} for {tag}")
            if last < at_least:
                problems.append(f"{port} told {last} after {at_least} was written")

    pollers = [
        threading.Thread(target=poll, args=(port, coding)) for port in ports for coding in UNPACK
    ]
    for poller in pollers:
        poller.start()
    try:
        for number in range(1, WRITES + 1):
            service.describe(
                edition, title=f"Version {number}", summary="", by=organiser, now=OPENING
            )
            db.session.commit()
            committed = number
            time.sleep(0.1)
    finally:
        is_over.set()
        for poller in pollers:
            poller.join(20)
    assert problems == []
    pairs = set(seen)
    # One tag, one content; and the reverse.
    assert len({tag for tag, _body in pairs}) == len({body for _tag, body in pairs}) == len(pairs)
    assert {version_of(body) for _tag, body in pairs} >= {WRITES}


def test_a_secret_address_ends_in_every_process_at_once(ports: list[int]) -> None:
    person = make_person(commit=True)
    token = personal.make(person, "Phone", has_alarms=False, now=OPENING)
    db.session.commit()

    def told(token: str) -> list[int]:
        return [fetch(port, path=f"/feeds/personal/{token}.ics")[0] for port in ports]

    assert told(token) == [200] * SERVERS
    (feed,) = db.session.query(PersonalFeed).all()
    fresh = personal.rotate(feed, now=OPENING)
    db.session.commit()
    assert (told(token), told(fresh)) == ([404] * SERVERS, [200] * SERVERS)
    personal.revoke(feed, now=OPENING)
    db.session.commit()
    assert told(fresh) == [404] * SERVERS


# -- a backup is put back ---------------------------------------------------------------------


def copy_rows(app: Flask) -> Callable[[], None]:
    """Copy what feeds are made of; return what puts it back, as a dump of PostgreSQL does."""
    del app
    kept = [
        (model, db.session.execute(select(*model.__table__.columns)).mappings().one())
        for model in (Edition, FeedComponent, PublicRevision)
    ]

    def put_back() -> None:
        database.write()
        for model, row in kept:
            db.session.execute(update(model.__table__).values(**row))
        db.session.commit()

    return put_back


def copy_file(app: Flask) -> tuple[Path, Path]:
    """Copy SQLite's file; return the file and its copy."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("SQLite is one file")
    path = Path(app.instance_path) / "symposia.db"
    copy = path.with_suffix(".backup")
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return path, copy


def copy_within(app: Flask) -> Callable[[], None]:
    """Return what writes the copy into the file that all processes have open."""
    path, copy = copy_file(app)

    def put_back() -> None:
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)

    return put_back


def copy_beside(app: Flask) -> Callable[[], None]:
    """Return what puts the copy in the place of the file."""
    path, copy = copy_file(app)

    def put_back() -> None:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        copy.replace(path)

    return put_back


@pytest.mark.parametrize("copy", [copy_rows, copy_within, copy_beside])
def test_after_a_backup_was_put_back_nobody_keeps_what_it_does_not_have(
    app: Flask, ports: list[int], copy: Callable[[Flask], Callable[[], None]]
) -> None:
    edition, organiser = make_edition(title="Version 1"), make_person(commit=True)

    def describe(number: int) -> None:
        service.describe(
            edition,
            title=f"Version {number}",
            summary="",
            by=organiser,
            now=OPENING + timedelta(hours=number),
        )
        db.session.commit()

    def conditions() -> dict[str, str]:
        """Ask every process, each time it must be the same; return what a client would ask with."""
        found = {
            (told["ETag"], told["Last-Modified"], version_of(body))
            for _status, told, body in (ask(port, "/feeds/all.ics", {}) for port in ports)
        }
        assert len(found) == 1
        tag, date, number = found.pop()
        return {"If-None-Match": tag, "If-Modified-Since": date, "number": str(number)}

    def statuses(known: dict[str, str], number: int) -> list[int]:
        """Return how each process answers each of the conditions alone, always with ``number``."""
        answers = [
            ask(port, "/feeds/all.ics", {name: known[name]})
            for port in ports
            for name in ("If-None-Match", "If-Modified-Since")
        ]
        assert {version_of(body) for _status, _told, body in answers if body} <= {number}
        return [status for status, _told, _body in answers]

    old = conditions()
    db.session.rollback()
    put_back = copy(app)
    db.session.rollback()
    describe(2)
    lost = conditions()
    assert statuses(lost, 2) == [304] * 2 * SERVERS
    db.session.rollback()
    put_back()
    db.session.expire_all()
    assert conditions() == old
    assert (statuses(lost, 1), statuses(old, 1)) == ([200] * 2 * SERVERS, [304] * 2 * SERVERS)
    describe(3)
    new = conditions()
    assert (old["number"], lost["number"], new["number"]) == ("1", "2", "3")
    for known in (old, lost):
        assert statuses(known, 3) == [200] * 2 * SERVERS
    assert statuses(new, 3) == [304] * 2 * SERVERS


def test_a_backup_put_back_by_the_command_is_served_by_every_process_at_once(
    app: Flask, ports: list[int], tmp_path: Path
) -> None:
    edition, organiser = make_edition(title="Version 1"), make_person(commit=True)

    def run(*words: str) -> None:
        db.session.remove()
        result = app.test_cli_runner().invoke(args=["backup", *words, str(tmp_path / "backup")])
        assert (result.exit_code, result.exception) == (0, None), result.output

    def told() -> list[tuple[int, str, int]]:
        return [
            (status, headers["ETag"], version_of(body))
            for status, headers, body in (ask(port, "/feeds/all.ics", {}) for port in ports)
        ]

    [(status, old, _number)] = set(told())
    assert status == 200
    run("create")
    service.describe(
        db.session.merge(edition), title="Version 2", summary="", by=db.session.merge(organiser),
        now=OPENING + timedelta(hours=1),
    )  # fmt: skip
    db.session.commit()
    [(_status, lost, number)] = set(told())
    assert number == 2
    run("restore", "--replace")
    [(status, new, number)] = set(told())
    # What is put back is told as newer than what came after it.
    assert (status, number, new in {old, lost}) == (200, 1, False)
    asked = [
        ask(port, "/feeds/all.ics", {"If-None-Match": known})[0]
        for port in ports
        for known in (old, lost)
    ]
    assert asked == [200] * 2 * SERVERS
