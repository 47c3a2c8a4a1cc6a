"""``make run``: bring the database up to date, then serve pages and the queue until told to stop.

The application is imported once, here; the web server with its workers and the queue's worker are
forks, which start at once and share its memory. When one ends, so does the other.
"""

from __future__ import annotations

import ctypes
import errno
import multiprocessing
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from multiprocessing import connection
from typing import TYPE_CHECKING, NoReturn

import config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.process import BaseProcess
    from types import FrameType

    from flask import Flask

    from config import Config

START_SECONDS = 60
STOP_SECONDS = 10
PORT_SECONDS = 3  # for whoever served there before to let go
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def main() -> int:
    """Prepare, start, wait; return the exit code."""
    make_secret_key()
    settings = config.read()
    address = find_address(settings)
    wait_for_port(settings, address)
    app = prepare()
    signal.signal(signal.SIGTERM, stop)
    tie_forks()
    children: list[BaseProcess] = []
    try:
        children.append(start("web server", serve_pages, settings, address[0]))
        children.append(start("queue's worker", serve_queue, app))
        if answers(settings, children):
            say(f"Symposia is at {settings.base_url} (stop it with Ctrl-C)")
        # Seen a moment before the child can be waited for: `is_alive` might still say yes.
        ended = connection.wait([child.sentinel for child in children])
    except KeyboardInterrupt:
        return 0
    finally:
        end(children)
    name = next(child.name for child in children if child.sentinel in ended)
    print(f"The {name} ended by itself, so everything stops.", file=sys.stderr)  # noqa: T201 - as in say
    return 1


def make_secret_key() -> None:
    """Make the secret key at the very first start."""
    path = config.find_instance_path(os.environ) / "secret_key"
    if os.environ.get("SYMPOSIA_SECRET_KEY") or path.exists():
        return
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))


def find_address(settings: Config) -> tuple[str, int, socket.AddressFamily]:
    """Return the numeric address, the port and the family that ``settings.bind`` names.

    Raises:
        ConfigError: it names none.
    """
    host = settings.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)
    except (OSError, OverflowError) as error:
        problem = f"SYMPOSIA_BIND={settings.bind} is no address of this machine: {error}"
        raise config.ConfigError(problem) from None
    family, _, _, _, address = found[0]
    return str(address[0]), settings.port, family


def wait_for_port(settings: Config, address: tuple[str, int, socket.AddressFamily]) -> None:
    """Make sure that nobody listens where we are going to.

    Raises:
        ConfigError: the port is taken, or is not ours to take.
    """
    host, port, family = address
    until = time.monotonic() + PORT_SECONDS
    while True:
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < until:
                time.sleep(0.1)
                continue
            reason = "in use" if error.errno == errno.EADDRINUSE else error.strerror
            problem = (
                f"{settings.bind} cannot be served: {reason}. Stop what listens there, "
                "or set SYMPOSIA_BIND to another address, such as 127.0.0.1:8001"
            )
            raise config.ConfigError(problem) from None
        return


def prepare() -> Flask:
    """Migrate the database, load the demonstration into an empty one; return the application."""
    # Not at the top: a taken port or a missing secret is told without half a second of imports.
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - as said

    from app import clock, database, migrations  # noqa: PLC0415 - as said
    from app.editions import opening  # noqa: PLC0415 - as said
    from app.feeds import components  # noqa: PLC0415 - as said
    from app.site import demo  # noqa: PLC0415 - as said
    from wsgi import app  # noqa: PLC0415 - as said

    shutil.rmtree(app.extensions["counts"].folder, ignore_errors=True)  # of the life before
    with app.app_context():
        try:
            database.db.engine.connect().close()
        except OperationalError as error:
            problem = f"The database of SYMPOSIA_DATABASE_URL cannot be reached: {error.orig}"
            raise config.ConfigError(problem) from None
        migrations.upgrade()
        if demo.is_wanted():
            say("Loading the demonstration …")
            demo.load_and_commit(say)
        # What hangs on the version of ours, or of the zone data.
        now = clock.utcnow()
        opening.follow_zones(now=now)
        components.keep_all(now=now)
        database.db.session.commit()
        # A connection must not cross a fork: each child opens its own.
        database.db.session.remove()
        database.db.engine.dispose()
        app.extensions["huey"].storage.close()
    return app


def start(name: str, run: Callable[..., None], *args: object) -> BaseProcess:
    """Fork a child that does ``run``."""
    context = multiprocessing.get_context("fork")
    child = context.Process(name=name, target=run, args=args)
    child.start()
    return child


def serve_pages(settings: Config, host: str) -> None:
    """Be the web server."""
    from granian import Granian  # noqa: PLC0415 - only this child needs it
    from granian.constants import Interfaces  # noqa: PLC0415 - as above
    from granian.log import LogLevels  # noqa: PLC0415 - as above

    import sending  # noqa: PLC0415 - as above

    Granian(
        "wsgi:app",
        address=host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=1,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS // 2,  # whoever reads slowly is not waited for longer
        log_level=LogLevels.warning,
    ).serve(spawn_target=sending.run_worker)


def serve_queue(app: Flask) -> None:
    """Be the queue's worker."""
    from app import jobs  # noqa: PLC0415 - imported long since, by the application

    end_with_parent(signal.SIGTERM)  # the mail in hand is finished and noted first
    jobs.run_worker(app)


def tie_forks() -> None:
    """Let no process that is forked from here on outlive its parent, even a killed one."""
    parent_id = os.getpid()

    def note_parent() -> None:
        nonlocal parent_id
        parent_id = os.getpid()

    def tie() -> None:
        # A handler of the parent's would swallow what is meant for the child.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        end_with_parent(signal.SIGKILL)
        if os.getppid() != parent_id:  # it went before it was said
            os._exit(1)

    os.register_at_fork(before=note_parent, after_in_child=tie)


def end_with_parent(number: int) -> None:
    """Ask the kernel to send this process the signal ``number`` when its parent is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def answers(settings: Config, children: Sequence[BaseProcess]) -> bool:
    """Wait until the server takes connections; return whether it does."""
    until = time.monotonic() + START_SECONDS
    anywhere = {"0.0.0.0": "127.0.0.1", "[::]": "::1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not bound  # nosec B104
    host = anywhere.get(settings.host, settings.host.strip("[]"))
    while time.monotonic() < until and all(child.is_alive() for child in children):
        try:
            socket.create_connection((host, settings.port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False


def end(children: Sequence[BaseProcess]) -> None:
    """End the child processes, by force if they do not listen."""
    # Told once is enough: a second signal would leave children behind.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for child in children:
        child.terminate()
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        child.join(max(0, until - time.monotonic()))
        if child.is_alive():
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
