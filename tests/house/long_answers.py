"""An application with answers longer than any socket holds, served as ours is: one thread."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

import sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BODY = b"0123456789abcdef" * (512 * 1024)
PIECE = 100_000
closed: list[str] = []


class Pieces:
    """What a file is sent by, noting when it is let go of; one named ``/broken`` breaks off."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __iter__(self) -> Iterator[bytes]:
        body = BODY[: 3 * PIECE] if self.path == "/short" else BODY
        for start in range(0, len(body), PIECE):
            if self.path == "/broken" and start:
                raise OSError(self.path)
            yield body[start : start + PIECE]

    def close(self) -> None:
        closed.append(self.path)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with a whole body, one in pieces, or what was closed so far."""
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    match path:
        case "/closed":
            return [" ".join(sorted(closed)).encode()]
        case "/whole":
            return [BODY]
        case _:
            return Pieces(path)


if __name__ == "__main__":
    Granian(
        "tests.house.long_answers:app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=int(sys.argv[2]),
        blocking_threads=1,
        websockets=False,
        workers_kill_timeout=2,
        log_level=LogLevels.critical,
    ).serve(spawn_target=sending.run_worker)
