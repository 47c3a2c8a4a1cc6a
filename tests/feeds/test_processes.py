"""Several processes serve the feeds while one writes: none tells the old under the new."""

from __future__ import annotations

import gzip
import re
import sys
import threading
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from app.database import db
from app.editions import service
from app.feeds import personal
from app.feeds.models import PersonalFeed
from tests import processes
from tests.factories import OPENING, make_edition, make_person
from tests.feeds import server

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

SERVERS, WRITES = 3, 12
UNPACK = {"": bytes, "gzip": gzip.decompress, "zstd": zstd.decompress}
VERSION = re.compile(rb"SUMMARY:Version (\d+)\r\n")


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
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        body = answer.read()
        told = answer.headers
        return answer.status, told.get("ETag", ""), told.get("Content-Encoding", ""), body
    finally:
        connection.close()


def version_of(body: bytes) -> int:
    (number,) = VERSION.findall(body)
    return int(number)


def test_after_each_write_every_process_tells_the_new_under_its_own_tag(ports: list[int]) -> None:
    edition, organiser = make_edition(title="Version 0"), make_person(commit=True)
    former = {port: fetch(port)[1] for port in ports}
    assert len(set(former.values())) == 1
    slowest = 0.0
    for number in range(1, WRITES + 1):
        service.describe(edition, title=f"Version {number}", summary="", by=organiser, now=OPENING)
        db.session.commit()
        tags = set()
        for port in ports:
            began = time.monotonic()
            status, tag, _coding, body = fetch(port, If_None_Match=former[port])
            slowest = max(slowest, time.monotonic() - began)
            assert (status, version_of(body)) == (200, number)
            for coding, suffix in (("gzip", "-gz"), ("zstd", "-zst")):
                _status, other, told, packed = fetch(port, Accept_Encoding=coding)
                assert (other, told) == (f'{tag[:-1]}{suffix}"', coding)
                assert UNPACK[told](packed) == body
            assert fetch(port, If_None_Match=tag)[:2] == (304, tag)
            former[port] = tag
            tags.add((tag, body))
        assert len(tags) == 1
    assert slowest < 5


def test_whoever_polls_while_others_write_never_goes_back(ports: list[int]) -> None:
    edition, organiser = make_edition(title="Version 0"), make_person(commit=True)
    committed, is_over = 0, threading.Event()
    seen: list[tuple[str, bytes]] = []
    problems: list[str] = []

    def poll(port: int, coding: str) -> None:
        tag, last = "", 0
        while not is_over.is_set():
            at_least = committed
            status, told, packing, body = fetch(
                port, Accept_Encoding=coding, If_None_Match=tag or '"none"'
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
