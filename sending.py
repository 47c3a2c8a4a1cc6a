"""granian's WSGI workers, but no slow reader holds up who asks next, nor costs a copy of the body.

granian runs the application in one thread of a process and sends from it: a whole answer is
copied and the thread is free at once, an iterable keeps the thread until the reader has taken
nearly all of it. Here short answers go out whole, however they were made, and a long one is sent
by a thread of its own, piece by piece, from the one body that all who ask for it share.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from granian.server import mp

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    Headers = list[tuple[str, str]]
    Application = Callable[[dict[str, Any], Callable[..., None]], Iterable[bytes]]

LONG_BYTES = 256 * 1024
PIECE_BYTES_MIN, PIECE_BYTES_MAX = 8 * 1024, 128 * 1024  # up to sixteen wait for each reader
SENDERS_MAX = 64  # threads of a process; whoever comes then is sent a copy


class Body(Protocol):
    """What granian sends piece by piece."""

    def __next__(self) -> bytes:
        """Return the next piece."""

    def close(self) -> None:
        """Let go of what the pieces come from."""


class Request(Protocol):
    """What granian hands over with each request, answered by one of the two."""

    def response_bytes(self, status: int, headers: Headers, body: bytes, /) -> None:
        """Send a copy of ``body``."""

    def response_iter(self, status: int, headers: Headers, body: Body, /) -> None:
        """Send what ``body`` yields as the reader takes it, and close it."""


class Senders:
    """How many threads send long answers at this moment."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Count one more; return whether there was room for it."""
        with self._lock:
            has_room = self._count < SENDERS_MAX
            self._count += has_room
        return has_room

    def end(self) -> None:
        """Count one less."""
        with self._lock:
            self._count -= 1

    def piece_bytes(self) -> int:
        """Return how much to send at once: the more readers there are, the less waits for each."""
        return max(PIECE_BYTES_MIN, PIECE_BYTES_MAX // max(1, self._count))


_senders = Senders()


def answering(
    application: Application,
    options: Mapping[str, Any] = MappingProxyType({}),  # granian's own; we set none of them
    access_log_format: str | None = None,
) -> Callable[[Request, dict[str, Any]], None]:
    """Return what answers granian's requests by ``application``."""
    del options, access_log_format
    always = {
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": "granian",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": True,
        "wsgi.multithread": True,  # a long answer is read by a thread of its own
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }

    def answer(request: Request, scope: dict[str, Any]) -> None:
        status, headers = 200, []

        def start(line: str, given: Headers, exc_info: object = None) -> None:
            nonlocal status, headers
            del exc_info
            status, headers = int(line[:3]), given

        scope |= always
        body = application(scope, start)
        if isinstance(body, list):
            send_whole(request, status, headers, b"".join(body))
        else:
            send_pieces(request, status, headers, body)

    return answer


def send_whole(request: Request, status: int, headers: Headers, body: bytes) -> None:
    """Send ``body``; a long one is not copied."""
    if len(body) <= LONG_BYTES or not _send_apart(request, status, headers, pieces_of([body])):
        request.response_bytes(status, headers, body)


def send_pieces(request: Request, status: int, headers: Headers, body: Iterable[bytes]) -> None:
    """Send what ``body`` yields: whole if that is little, else as the reader takes it."""
    begun, size, rest = [], 0, iter(body)
    let_go: Callable[[], None] = getattr(body, "close", lambda: None)
    try:
        for piece in rest:
            begun.append(piece)
            size += len(piece)
            if size > LONG_BYTES and _send_apart(
                request, status, headers, pieces_of(chain(begun, rest), let_go)
            ):
                return
        request.response_bytes(status, headers, b"".join(begun))
    except BaseException:
        let_go()
        raise
    let_go()


def _send_apart(request: Request, status: int, headers: Headers, body: Body) -> bool:
    """Send ``body`` by a thread of its own; return whether one was to be had."""
    if not _senders.begin():
        return False

    def send() -> None:
        try:
            request.response_iter(status, headers, body)
        finally:
            _senders.end()

    threading.Thread(target=send, name="sender", daemon=True).start()
    return True


def pieces_of(
    bodies: Iterable[bytes], let_go: Callable[[], None] = lambda: None
) -> Generator[bytes]:
    """Yield ``bodies`` in pieces, then say that they can be let go of."""
    try:
        for body in bodies:
            view, start = memoryview(body), 0
            while start < len(view):
                end = start + _senders.piece_bytes()
                yield bytes(view[start:end])
                start = end
    finally:
        let_go()


def keep_to_one_core(number: int) -> None:
    """Let the worker ``number`` run on one of the machine's cores, each worker on another.

    Two threads of a worker take turns at each request: granian's, which reads and writes, and the
    one that runs Python. Where each is woken on another core, the waking takes as long as the rest.
    """
    if not hasattr(os, "sched_setaffinity"):  # Linux alone has it
        return
    cores = sorted(os.sched_getaffinity(0))
    with suppress(OSError):  # it is not ours to choose
        # By the server's id: several servers do not all begin with the first.
        os.sched_setaffinity(0, {cores[(os.getppid() + number) % len(cores)]})


def run_worker(number: int, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - granian's own
    """Be granian's WSGI worker ``number``, with answers sent as said above."""
    keep_to_one_core(number)
    # It has no other place to step in.
    mp._wsgi_call_wrap = answering  # type: ignore[attr-defined, assignment]  # noqa: SLF001 - as said
    mp.MPServer._spawn_wsgi_worker(number, *args, **kwargs)  # noqa: SLF001 - as above
