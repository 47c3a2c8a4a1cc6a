"""``make run``: bring the database up to date, then serve pages and the queue until told to stop.

The web server and the queue's worker are child processes; when one ends, so does the other.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import config

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from config import Config

START_SECONDS = 60
STOP_SECONDS = 10


def main() -> int:
    """Prepare, start, wait; return the exit code."""
    make_secret_key()
    settings = config.read()
    prepare(settings)
    signal.signal(signal.SIGTERM, stop)
    programs = Path(sys.executable).parent
    server: list[str | Path] = [
        programs / "granian",
        "--interface=wsgi",
        f"--host={settings.host}",
        f"--port={settings.port}",
        f"--workers={settings.workers}",
        "--blocking-threads=1",
        "--no-ws",
        "--respawn-failed-workers",
        "--log-level=warning",
        "wsgi:app",
    ]
    children = [start(server), start([programs / "flask", "--app=wsgi", "worker"])]
    try:
        if answers(settings, children):
            say(f"Symposia is at {settings.base_url} (stop it with Ctrl-C)")
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        return next(child.returncode for child in children if child.poll() is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        end(children)


def make_secret_key() -> None:
    """Make the secret key at the very first start."""
    path = config.find_instance_path(os.environ) / "secret_key"
    if os.environ.get("SYMPOSIA_SECRET_KEY") or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))


def prepare(settings: Config) -> None:
    """Migrate the database, and load the demonstration into an empty one."""
    from flask_migrate import upgrade  # noqa: PLC0415 - the children start without this

    from app import create_app  # noqa: PLC0415 - as above
    from app.site import demo  # noqa: PLC0415 - as above

    app = create_app(settings)
    with app.app_context():
        upgrade()
        if demo.is_wanted():
            say("Loading the demonstration …")
            demo.load_and_commit(say)


def start(command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
    """Start a child process in this folder."""
    return subprocess.Popen(command, cwd=config.ROOT)  # noqa: S603 - our own programs


def answers(settings: Config, children: Sequence[subprocess.Popen[bytes]]) -> bool:
    """Wait until the server takes connections; return whether it does."""
    until = time.monotonic() + START_SECONDS
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host  # noqa: S104 - compared, not bound
    while time.monotonic() < until and all(child.poll() is None for child in children):
        try:
            socket.create_connection((host, settings.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the child processes, by force if they do not listen."""
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a handler's form
    """End on SIGTERM as on Ctrl-C."""
    raise KeyboardInterrupt


def say(line: str) -> None:
    """Tell whoever started us."""
    print(line, flush=True)  # noqa: T201 - the newcomer reads it


if __name__ == "__main__":
    try:
        sys.exit(main())
    except config.ConfigError as problem:
        sys.exit(str(problem))
