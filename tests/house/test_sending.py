"""Slow readers of long answers hold nobody up, cost no copies, and get what they asked for."""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

import sending
from tests import processes
from tests.house.long_answers import BODY, PIECE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

READERS = 20


class Server:
    """Granian with the application of this test."""

    def __init__(self, workers: int = 1) -> None:
        self.port = processes.free_port()
        command = [sys.executable, "-m", "tests.house.long_answers", str(self.port), str(workers)]
        self.process = processes.start(command)
        assert processes.until(self.answers, seconds=60)

    def answers(self) -> bool:
        try:
            self.fetch("/closed")
        except OSError:
            return False
        return True

    def fetch(self, path: str) -> bytes:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            body: bytes = answer.read()
            return body

    def ask(self, path: str) -> socket.socket:
        """Ask for ``path`` and read nothing yet."""
        reader = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        reader.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return reader

    def memory_mb(self, key: str) -> float:
        """Return what the kernel says of the worker's memory."""
        status = Path(f"/proc/{self.workers()[-1]}/status").read_text()
        found = re.search(rf"{key}:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1000

    def workers(self) -> list[int]:
        """Return the ids of the workers' processes."""
        own = self.process.pid
        return [int(one) for one in Path(f"/proc/{own}/task/{own}/children").read_text().split()]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    processes.end(found.process)


def read_to_the_end(reader: socket.socket) -> bytes:
    with reader:
        return b"".join(iter(lambda: reader.recv(1 << 20), b"")).partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
def test_who_asks_beside_slow_readers_is_answered_at_once(server: Server, path: str) -> None:
    before = server.memory_mb("VmRSS")
    readers = [server.ask(path) for _ in range(READERS)]
    time.sleep(0.5)
    began = time.monotonic()
    server.fetch("/closed")
    waited = time.monotonic() - began
    grown = server.memory_mb("VmRSS") - before
    assert [read_to_the_end(reader) == BODY for reader in readers] == [True] * READERS
    assert waited < 5
    # Copies of the bodies would be as many times eight.
    assert grown < 4 * len(BODY) / 1_000_000


def test_who_comes_when_no_sender_is_free_is_sent_a_copy(server: Server) -> None:
    readers = [server.ask("/whole") for _ in range(sending.SENDERS_MAX + 3)]
    time.sleep(0.5)
    late = server.ask("/pieces")
    assert server.fetch("/whole") == BODY
    assert read_to_the_end(late) == BODY
    assert {read_to_the_end(reader) == BODY for reader in readers} == {True}


def test_short_answers_come_whole_and_everything_is_let_go_of(server: Server) -> None:
    gone = server.ask("/gone")
    assert server.fetch("/short") == BODY[: 3 * PIECE]
    assert server.fetch("/long") == BODY
    with gone:
        assert gone.recv(100)
    assert processes.until(lambda: {"/short", "/long", "/gone"} <= told(server))


def told(server: Server) -> set[str]:
    return set(server.fetch("/closed").decode().split())


def test_what_breaks_before_anything_was_sent_is_a_fault(server: Server) -> None:
    with pytest.raises(HTTPError) as caught:
        server.fetch("/broken")
    assert caught.value.code == 500
    caught.value.close()
    assert "/broken" in told(server)


def test_a_server_with_slow_readers_ends_when_told_to() -> None:
    server = Server()
    readers = [server.ask("/whole") for _ in range(5)]
    time.sleep(0.3)
    began = time.monotonic()
    code = processes.end(server.process)
    for reader in readers:
        reader.close()
    assert (code, time.monotonic() - began < processes.STOP_SECONDS) == (0, True)


def test_each_worker_keeps_to_a_core_of_its_own() -> None:
    server = Server(workers=2)
    try:
        kept = [os.sched_getaffinity(worker) for worker in server.workers()]
    finally:
        processes.end(server.process)
    assert [len(cores) for cores in kept] == [1, 1]
    assert len(set.union(*kept)) == min(2, len(os.sched_getaffinity(0)))


def test_where_cores_are_not_ours_to_choose_a_worker_runs_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    sending.keep_to_one_core(1)
    monkeypatch.delattr(os, "sched_setaffinity")  # as on other systems
    sending.keep_to_one_core(1)


def test_the_application_is_told_of_the_request_and_not_of_our_surroundings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A variable must not pass for a header, nor a setting for something to be shown."""
    monkeypatch.setenv("HTTP_IF_NONE_MATCH", "*")
    told: dict[str, Any] = {}
    sent: list[tuple[int, list[tuple[str, str]], bytes]] = []

    class Told:
        def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            sent.append((status, headers, body))

        def response_iter(self, *_args: object) -> None:
            raise AssertionError

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        told.update(environ)
        start_response("418 I'M A TEAPOT", [("X-Kind", "tea")])
        return iter([b"short ", b"and stout"])

    sending.answering(app)(Told(), {"PATH_INFO": "/", "REQUEST_METHOD": "GET"})
    assert sent == [(418, [("X-Kind", "tea")], b"short and stout")]
    assert (told["PATH_INFO"], told["wsgi.version"], told["SCRIPT_NAME"]) == ("/", (1, 0), "")
    assert not set(os.environ) & set(told)
