"""Programs beside the tests: the application's own, each in its process, ended by its id."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from config import Config

ROOT = Path(__file__).parent.parent
PROGRAMS = Path(sys.executable).parent
STOP_SECONDS = 10
# A server that has imported the application forks each process: they begin clean, and at once.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app"])


def free_port() -> int:
    """Return a loopback port that nobody listens on.

    Below those that the system gives to connections, or one of them might have it before its
    server; each worker of a run looks in a part of its own.
    """
    while True:
        port = next(_PORTS)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 10_000 + worker % 40 * 500
    ports = list(range(first, first + 500))
    begin = os.getpid() % 500  # two runs on one machine should not meet either
    return itertools.cycle(ports[begin:] + ports[:begin])


_PORTS = _ports()


def environment(settings: Config, **changes: str) -> dict[str, str]:
    """Return the variables under which a program finds the installation of ``settings``."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SYMPOSIA_")}
    own = {
        "SECRET_KEY": settings.secret_key,
        "INSTANCE_PATH": str(settings.instance_path),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url or "",
        "SMTP_URL": settings.smtp_url or "",
        "BASE_URL": settings.base_url,
        "RATE_LIMITS": "off",
        "BIND": settings.bind,
        "WORKERS": str(settings.workers),
        "LOG_LEVEL": "warning",
    }
    return bare | {f"SYMPOSIA_{name}": value for name, value in (own | changes).items()}


def start(
    command: Sequence[str | Path], environ: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a program in the project's folder; what it says is kept, errors among it."""
    return subprocess.Popen(  # noqa: S603 - our own programs
        command,
        cwd=ROOT,
        env=environ,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> int:
    """End a program politely, by force if it does not listen; return its exit code."""
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def until(holds: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Wait until something ``holds``, at most ``seconds``; return whether it does."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def content_of(folder: Path) -> list[tuple[str, bytes]]:
    """Return name and content of every file under ``folder``, databases among them.

    Another process copies them first: to open and close a database's file here would let go of
    the locks by which SQLite knows that this process has it open (POSIX, fcntl).
    """
    with tempfile.TemporaryDirectory() as copies:
        subprocess.run(["cp", "-a", folder, copies], check=True)  # noqa: S603, S607 - coreutils
        files = [path for path in Path(copies).rglob("*") if path.is_file()]
        return [(path.name, path.read_bytes()) for path in files]


@contextmanager
def redis_server() -> Iterator[str | None]:
    """Yield the URL of a Redis: ``SYMPOSIA_TEST_REDIS_URL``, else a private one, else ``None``."""
    given, program = os.environ.get("SYMPOSIA_TEST_REDIS_URL"), shutil.which("redis-server")
    if given or not program:
        yield given
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = start([program, *options])
        try:
            client = redis.Redis(port=port)
            until(lambda: _answers(client))
            client.close()
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            end(server)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
