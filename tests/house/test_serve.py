"""``make run``, as a newcomer meets it: a fresh folder, an address, a clean end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests import processes
from tests.conftest import POSTGRESQL

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    bool(POSTGRESQL), reason="makes an installation of its own, on SQLite"
)

PASSWORD = "of the demonstration"
START_SECONDS = 60


class Server:
    """``python serve.py`` on a port of its own; ``said`` is what it printed until it was ready."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = processes.free_port()
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith("SYMPOSIA_")
        } | {
            "SYMPOSIA_INSTANCE_PATH": str(folder),
            "SYMPOSIA_BIND": f"127.0.0.1:{self.port}",
            "SYMPOSIA_DEMO_PASSWORD": PASSWORD,
            **settings,
        }
        self.process = processes.start([sys.executable, "serve.py"], self.environ)
        self.said: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> Server:
        for line in self.process.stdout:
            self.said.append(line.strip())
            if self.url in line:
                return self
        pytest.fail(f"serve.py ended: {self.said}")

    def family(self) -> list[int]:
        """Return the process ids of the server and of all that it started."""
        found = [self.process.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found += [int(child) for child in children.read_text().split()]
        return found

    def has_ended(self) -> bool:
        return self.process.poll() is not None


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def fetch(url: str) -> tuple[int, str, bytes]:
    with urlopen(url, timeout=30) as response:  # noqa: S310 - loopback
        return response.status, response.headers.get_content_type(), response.read()


def answers(url: str) -> bool:
    """Whether a page comes, rather than a connection that breaks."""
    try:
        return fetch(url)[0] == HTTPStatus.OK
    except OSError:
        return False


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("fresh") / "instance")
    try:
        yield server.wait_until_ready()
    finally:
        processes.end(server.process)


@pytest.fixture
def server(first_start: Server) -> Iterator[Server]:
    """A further start on the data of the first, which has ended."""
    if not first_start.has_ended():
        processes.end(first_start.process)
    again = Server(Path(first_start.environ["SYMPOSIA_INSTANCE_PATH"]))
    try:
        yield again
    finally:
        processes.end(again.process)


def test_a_fresh_start_loads_the_demonstration_and_answers(first_start: Server) -> None:
    assert first_start.said[-1] == f"Symposia is at {first_start.url} (stop it with Ctrl-C)"
    assert any("organiser@symposia.example.org" in line for line in first_start.said)
    status, kind, page = fetch(f"{first_start.url}/")
    assert (status, kind) == (200, "text/html")
    assert b"International Symposium" in page
    status, kind, feed = fetch(f"{first_start.url}/feeds/all.ics")
    assert (status, kind) == (200, "text/calendar")
    assert feed.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"BEGIN:VEVENT\r\n" in feed
    folder = Path(first_start.environ["SYMPOSIA_INSTANCE_PATH"])
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700  # database, mails and letters lie in it


def test_a_second_start_finds_the_data_of_the_first(server: Server) -> None:
    server.wait_until_ready()
    assert server.said == [f"Symposia is at {server.url} (stop it with Ctrl-C)"]
    assert b"International Symposium" in fetch(f"{server.url}/")[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_with_all_its_children(server: Server, number: int) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("these tests were begun deaf to it, and all that they start is")
    server.wait_until_ready()
    fetch(f"{server.url}/")
    family = server.family()
    assert len(family) >= 5  # itself, the web server and its two workers, the queue's worker
    server.process.send_signal(number)
    assert server.process.wait(START_SECONDS) == 0
    assert [pid for pid in family if lives(pid)] == []


def test_even_killed_it_leaves_no_children_and_the_next_start_works(server: Server) -> None:
    server.wait_until_ready()
    family = server.family()
    server.process.kill()
    assert processes.until(lambda: not any(lives(pid) for pid in family))
    again = Server(Path(server.environ["SYMPOSIA_INSTANCE_PATH"]))
    try:
        assert fetch(f"{again.wait_until_ready().url}/readyz")[0] == 200
    finally:
        processes.end(again.process)


def test_one_child_that_ends_takes_the_others_with_it(server: Server) -> None:
    server.wait_until_ready()
    family = server.family()
    os.kill(family[1], signal.SIGKILL)
    rest, _ = server.process.communicate(timeout=START_SECONDS)
    assert server.process.returncode == 1
    assert "web server ended by itself" in rest
    assert processes.until(lambda: not any(lives(pid) for pid in family))


def test_a_web_worker_that_dies_is_replaced(server: Server) -> None:
    server.wait_until_ready()
    before = server.family()
    web_server, queue_worker = before[1:3]
    workers = [pid for pid in before[3:] if pid != queue_worker]
    os.kill(workers[0], signal.SIGKILL)
    assert processes.until(
        lambda: set(server.family()) - set(before) != set(), seconds=START_SECONDS
    )
    assert {web_server, queue_worker} < set(server.family())
    # What the dead one had accepted is reset; whoever asks again is answered.
    assert processes.until(lambda: answers(f"{server.url}/"))


def refused(folder: Path, **settings: str) -> str:
    """Return what a start that must fail says."""
    server = Server(folder, **settings)
    said, _ = server.process.communicate(timeout=START_SECONDS)
    assert server.process.returncode == 1
    return said


def test_a_port_in_use_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        began = time.monotonic()
        said = refused(tmp_path, SYMPOSIA_BIND=bind)
        assert time.monotonic() - began < START_SECONDS
    assert said.startswith(f"{bind} cannot be served: in use.")
    assert "SYMPOSIA_BIND" in said
    assert not (tmp_path / "symposia.db").exists()


@pytest.mark.parametrize("bind", ["127.0.0.1:99999", "192.0.2.1:8000"])
def test_an_address_that_is_not_ours_is_told(tmp_path: Path, bind: str) -> None:
    said = refused(tmp_path, SYMPOSIA_BIND=bind)
    assert bind in said
    assert said.count("\n") == 1
    assert "SYMPOSIA_BIND" in said


def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    url = f"postgresql://symposia:word@127.0.0.1:{processes.free_port()}/symposia"
    said = refused(tmp_path, SYMPOSIA_DATABASE_URL=url)
    assert said.startswith("The database of SYMPOSIA_DATABASE_URL cannot be reached: ")
    assert "Traceback" not in said
    assert "word" not in said


def test_the_application_without_a_secret_names_the_variable(tmp_path: Path) -> None:
    environ = os.environ | {"SYMPOSIA_INSTANCE_PATH": str(tmp_path), "SYMPOSIA_SECRET_KEY": ""}
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=processes.ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("SYMPOSIA_SECRET_KEY")
