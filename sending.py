"""granian's WSGI workers, but no slow reader holds up who asks next, nor costs a copy of the body.

granian runs the application in one thread of a process and sends from it: a whole answer is
copied and the thread is free at once, an iterable keeps the thread until the reader has taken
nearly all of it. Here short answers go out whole, however they were made, and a long one is sent
by a thread of its own, piece by piece, from the one body that all who ask for it share.
"""

from __future__ import annotations

import threading
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from granian.server import mp

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    Headers = list[tuple[str, str]]

LONG_BYTES = 256 * 1024
PIECE_BYTES = 8 * 1024  # up to sixteen wait for each reader
SENDERS_MAX = 64  # threads of a process; whoever comes then is sent a copy
_free = threading.BoundedSemaphore(SENDERS_MAX)


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


class Sender:
    """A request whose answer does not keep the thread that made it."""

    def __init__(self, request: Request) -> None:
        """Answer ``request``."""
        self._request = request

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Send ``body``; a long one is not copied."""
        if len(body) <= LONG_BYTES or not self._send_apart(status, headers, pieces_of([body])):
            self._request.response_bytes(status, headers, body)

    def response_iter(self, status: int, headers: Headers, body: Body) -> None:
        """Send what ``body`` yields: whole if that is little, else as the reader takes it."""
        begun, size, rest = [], 0, iter(body.__next__, None)
        try:
            for piece in rest:
                begun.append(piece)
                size += len(piece)
                if size > LONG_BYTES and self._send_apart(status, headers, pieces_of(begun, body)):
                    return
            self._request.response_bytes(status, headers, b"".join(begun))
        except BaseException:
            body.close()
            raise
        body.close()

    def _send_apart(self, status: int, headers: Headers, body: Body) -> bool:
        """Send ``body`` by a thread of its own; return whether one was to be had."""
        if not _free.acquire(blocking=False):
            return False

        def send() -> None:
            try:
                self._request.response_iter(status, headers, body)
            finally:
                _free.release()

        threading.Thread(target=send, name="sender", daemon=True).start()
        return True


def pieces_of(begun: Iterable[bytes], rest: Body | None = None) -> Generator[bytes]:
    """Yield what there is of ``begun`` and then of ``rest``, in pieces; close ``rest``."""
    try:
        for body in chain(begun, iter(rest.__next__, None) if rest else ()):
            view = memoryview(body)
            for start in range(0, len(view), PIECE_BYTES):
                yield bytes(view[start : start + PIECE_BYTES])
    finally:
        if rest:
            rest.close()


def run_worker(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - granian's own
    """Be one of granian's WSGI workers, with answers sent as said above."""
    # It has no other place to step in.
    wrap = mp._wsgi_call_wrap  # type: ignore[attr-defined]  # noqa: SLF001 - as said

    def wrap_sending(*args: Any, **kwargs: Any) -> Callable[[Request, object], object]:  # noqa: ANN401 - as above
        answer = wrap(*args, **kwargs)
        return lambda request, scope: answer(Sender(request), scope)

    mp._wsgi_call_wrap = wrap_sending  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    mp.MPServer._spawn_wsgi_worker(*args, **kwargs)  # noqa: SLF001 - as above
