"""Feeds over HTTP: polls and whole answers, against nginx with the same bytes as a file.

Needs ``nginx`` and ``wrk``; without them it says so. Everything runs on loopback ports, for a
bounded time, from a temporary folder.
"""

from __future__ import annotations

import gzip
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from uuid import UUID

import config
from app import create_app, database, migrations, publication
from app.database import db
from app.editions.models import Edition
from app.feeds import components
from app.series.models import Series, SeriesKind
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
SIZES = (1_000, 10_000)
ROUNDS, SECONDS = 5, 2
CLIENTS = 50
FEED, PAGE = "/feeds/all.ics", "/calendar?view=month&year=2027&month=3"
WORDS = (
    "access", "agency", "border", "city", "control", "culture", "detection", "exercise", "facility",
    "fuel", "guard", "human", "insider", "inspection", "law", "material", "measure", "member",
    "network", "nuclear", "operator", "plan", "policy", "practice", "protection", "reactor",
    "regional", "report", "response", "risk", "security", "site", "state", "system", "team",
    "threat", "training", "transport", "trust", "vetting", "workshop", "year",
)  # fmt: skip
CHANGED_AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
NGINX = """
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; default_type text/calendar; gzip_static on; sendfile on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/static; location / {{}} }} }}
"""


def main() -> None:
    """Measure each size and print requests a second, ours and nginx's, and the ratio."""
    missing = [program for program in ("nginx", "wrk") if shutil.which(program) is None]
    if missing:
        print(f"serving: left out, {' and '.join(missing)} not installed")
        return
    print("\nServing: requests a second, two processes each, interleaved, median of the rounds:\n")
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="symposia-bench-") as name:
            measure(Path(name), size)


def measure(folder: Path, size: int) -> None:
    """Fill a database with ``size`` public editions and measure its feed of all."""
    ports = [free_port(), free_port()]
    environ = os.environ | {
        "SYMPOSIA_SECRET_KEY": "of the benchmark",
        "SYMPOSIA_INSTANCE_PATH": str(folder / "instance"),
        "SYMPOSIA_DATABASE_URL": f"sqlite:///{folder}/symposia.db",
        "SYMPOSIA_BASE_URL": f"http://127.0.0.1:{ports[0]}",
        "SYMPOSIA_RATE_LIMITS": "off",
        "SYMPOSIA_LOG_LEVEL": "warning",
    }
    fill(environ, size)
    weigh(environ, ports[0])
    with ours(environ, ports[0]), nginx(folder, ports[1]):
        compare(folder, ports, FEED, f"{size:,} events", (32, 8))
        compare(folder, ports, PAGE, "a calendar's month", (8,))


def compare(
    folder: Path, ports: Sequence[int], path: str, what: str, connections: Sequence[int]
) -> None:
    """Print how often we and nginx answer polls of ``path``, and give it whole, in gzip."""
    body = fetch(ports[0], path)[1]
    static = folder / "static"
    static.mkdir(exist_ok=True)
    (static / "same").write_bytes(body)
    (static / "same.gz").write_bytes(gzip.compress(body, 6, mtime=0))
    paths = (path, "/same")
    tags = [fetch(*each)[0] for each in zip(ports, paths, strict=True)]
    urls = [f"http://127.0.0.1:{port}{path}" for port, path in zip(ports, paths, strict=True)]
    rows = [("poll answered 304", many, True) for many in connections]
    for kind, many, conditional in (*rows, ("whole answer, gzip", 8, False)):
        rates: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for rate, url, tag in zip(rates, urls, tags, strict=True):
                rate.append(wrk(url, many, tag if conditional else None))
        mine, theirs = (median(rate) for rate in rates)
        print(
            f"{kind}, {many} connections, {what}, {len(body) / 1e6:.2f} MB: "
            f"{mine:,.0f} against {theirs:,.0f}, ratio {mine / theirs:.2f}"
        )


def weigh(environ: dict[str, str], port: int) -> None:
    """Print how much memory a process takes while so many clients read slowly."""
    with ours(environ, port, workers=1) as server:
        [worker] = [int(pid) for pid in children(server)[-1:]]
        size = len(fetch(port, FEED)[1])
        for accepted in ("gzip", "zstd", "identity"):
            before = memory(worker, "VmRSS")
            Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak counts from here
            waited_ms = read_slowly(port, accepted)
            print(
                f"memory, {CLIENTS} slow clients, {accepted}, {size / 1e6:.1f} MB: "
                f"{before:.0f} MB before, {memory(worker, 'VmHWM') - before:+.1f} at most; "
                f"another request beside them waits {waited_ms:.0f} ms"
            )


def children(pid: int) -> list[str]:
    """Return the ids of the processes that ``pid`` started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def memory(pid: int, key: str) -> float:
    """Return what the kernel says of a process's memory, in MB."""
    found = re.search(rf"{key}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


def read_slowly(port: int, accepted: str) -> float:
    """Ask with many clients at once who begin to read when all have asked.

    Return how many milliseconds somebody else waits for an answer in between.
    """
    request = (
        f"GET {FEED} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: {accepted}\r\n"
        "Connection: close\r\n\r\n"
    )
    clients = []
    for _ in range(CLIENTS):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(request.encode())
        clients.append(client)
    time.sleep(SECONDS)
    began = time.perf_counter()
    fetch(port, FEED)
    waited_ms = (time.perf_counter() - began) * 1000
    for client in clients:
        with client:
            while client.recv(1 << 20):
                pass
    return waited_ms


def fill(environ: dict[str, str], size: int) -> None:
    """Make the database and its public editions."""
    app = create_app(config.read(environ))
    with app.app_context():
        migrations.upgrade()
        database.write()
        series = Series(
            slug="symposium",
            title="Symposium",
            kind=SeriesKind.SYMPOSIUM,
            created_at=CHANGED_AT,
            modified_at=CHANGED_AT,
        )
        db.session.add(series)
        db.session.add_all(edition(series, number) for number in range(size))
        publication.touch(now=CHANGED_AT)
        components.keep_all(now=CHANGED_AT)
        db.session.commit()
        db.engine.dispose()


def edition(series: Series, number: int) -> Edition:
    """Make one announced edition; no two say the same, or they would pack like none do."""
    chance = random.Random(number)  # noqa: S311 - the same at each run
    dtstart = date(2027, 1, 1) + timedelta(days=number % 3000)
    words = " ".join(chance.choices(WORDS, k=30))
    return Edition(
        series=series,
        slug=f"symposium-{number}",
        uid=f"{UUID(int=chance.getrandbits(128), version=4)}@symposia.example.org",
        status=EditionStatus.ANNOUNCED,
        own_title=f"Symposium number {number}, {' '.join(chance.choices(WORDS, k=4))}",
        city=chance.choice(WORDS).title(),
        summary=f"{words.capitalize()}.",
        dtstart=dtstart,
        dtend=dtstart + timedelta(days=3),
        public_since=CHANGED_AT,
        created_at=CHANGED_AT,
        modified_at=CHANGED_AT,
    )


@contextmanager
def ours(environ: dict[str, str], port: int, workers: int = 2) -> Iterator[int]:
    """Serve the application as ``make run`` does, without the queue's worker."""
    program = "import config, serve; serve.serve_pages(config.read(), '127.0.0.1')"
    bound = {"SYMPOSIA_BIND": f"127.0.0.1:{port}", "SYMPOSIA_WORKERS": str(workers)}
    with running([sys.executable, "-c", program], port, environ | bound) as pid:
        for path in (FEED, PAGE) * 20:  # every process keeps them from now on
            fetch(port, path)
        yield pid


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[None]:
    """Serve ``folder/static`` by nginx."""
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port))
    folder.chmod(0o755)
    with running(["nginx", "-c", str(settings), "-e", f"{folder}/error.log"], port, os.environ):
        yield


@contextmanager
def running(command: Sequence[str], port: int, environ: object) -> Iterator[int]:
    """Run ``command`` until the block ends; it serves ``port``."""
    process = subprocess.Popen(command, cwd=ROOT, env=environ)  # type: ignore[call-overload]
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def fetch(port: int, path: str) -> tuple[str, bytes]:
    """Return the tag of the gzip coding and the plain body."""
    address = f"http://127.0.0.1:{port}{path}"
    request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        body = answer.read()
        packed = answer.headers.get("Content-Encoding") == "gzip"
        return answer.headers["ETag"], gzip.decompress(body) if packed else body


def wrk(url: str, connections: int, tag: str | None) -> float:
    """Return the requests a second that ``url`` answers."""
    headers = ["-H", "Accept-Encoding: gzip"]
    if tag is not None:
        headers += ["-H", f"If-None-Match: {tag}"]
    out = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", *headers, url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", out)
    assert found is not None, out
    assert "Non-2xx or 3xx" not in out, out
    return float(found[1])


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
