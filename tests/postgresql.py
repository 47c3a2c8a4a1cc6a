"""Run the application's tests on PostgreSQL too: ``python -m tests.postgresql [pytest options]``.

The server is the one that ``SYMPOSIA_TEST_POSTGRESQL_URL`` names (its database is emptied), else a
private cluster in a temporary folder, made from the installed binaries and gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.processes import ROOT, end, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

GIVEN_URL = "SYMPOSIA_TEST_POSTGRESQL_URL"
URL = "SYMPOSIA_TEST_DATABASE_URL"  # which database the suite is run on
FOLDERS_OF_BINARIES = "/usr/lib/postgresql/*/bin"  # where Debian keeps what is not on the PATH
USER = "postgres"
AT_ONCE = ("--numprocesses=auto", "--dist=worksteal")  # as `make test` does
START_SECONDS = 30


def main() -> int:
    """Run pytest against PostgreSQL, or say why not; return the exit code."""
    given = os.environ.get(GIVEN_URL)
    if given:
        return run_tests(given)
    binaries = find_binaries()
    if binaries is None:
        say(f"PostgreSQL: left out, {GIVEN_URL} is not set and no initdb is installed")
        return 0
    with cluster(binaries) as url:
        return run_tests(url)


def run_tests(url: str) -> int:
    """Run the tests that use a database on the one at ``url``."""
    say("The application's tests on PostgreSQL:")
    # The engine knows no database: its tests have run already.
    chosen = sys.argv[1:] or ["tests", "--ignore=tests/scheduler", *AT_ONCE]
    return subprocess.run(  # noqa: S603 - pytest, with the caller's own options
        [sys.executable, "-m", "pytest", *chosen],
        cwd=ROOT,
        env=os.environ | {URL: url},
        check=False,
    ).returncode


def find_binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest if there are several."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    folders = [path.parent for path in Path("/").glob(f"{FOLDERS_OF_BINARIES[1:]}/initdb")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


@contextmanager
def cluster(binaries: Path, *, is_durable: bool = False) -> Iterator[str]:
    """Yield the URL of a database on a new private server, which ends with the block.

    Nothing in it outlives the block, so nothing waits for the disk, unless it is ``is_durable``.
    """
    user = USER if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="symposia-postgresql-") as folder:
        if user:
            shutil.chown(folder, user)
        data = Path(folder) / "data"
        making = [binaries / "initdb", "--pgdata", data, "--username", USER, "--auth", "trust"]
        subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [*making, "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        port = free_port()
        options = [] if is_durable else ["fsync=off", "full_page_writes=off"]
        options += [f"port={port}", "listen_addresses=127.0.0.1"]
        options += [f"unix_socket_directories={folder}", "max_connections=200"]
        server = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            [binaries / "postgres", "-D", data, *(f"--{option}" for option in options)],
            user=user, cwd=folder,
            stdout=subprocess.DEVNULL, stderr=(Path(folder) / "log").open("wb"),
        )  # fmt: skip
        try:
            url = f"postgresql://{USER}@127.0.0.1:{port}/postgres"
            wait_for(url, server)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # the fast shutdown, which waits for no client
            end(server)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server takes connections.

    Raises:
        RuntimeError: it ended, or took too long.
    """
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    problem = f"PostgreSQL did not start on {url}"
    raise RuntimeError(problem)


def say(line: str) -> None:
    """Tell whoever runs the tests."""
    print(line, flush=True)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    sys.exit(main())
