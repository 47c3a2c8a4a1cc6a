"""An installation that is measured over HTTP, as ``make run`` serves it, on each database.

Everything runs on loopback ports and from a temporary folder. People, their sessions and the
events are made by the application's own services; from then on everything is asked over HTTP.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flask.sessions import SecureCookieSessionInterface

import config
from app import create_app, database, migrations, publication
from app.accounts import access, sessions
from app.accounts import service as accounts
from app.accounts.models import Method
from app.clock import real_utcnow, utcnow
from app.database import db
from app.editions.models import Edition
from app.series.models import Series, SeriesKind
from scheduler.lifecycle import EditionStatus
from tests import postgresql, processes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

    from flask import Flask

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
People = list[tuple[int, str]]  # the id and the cookie of each


@dataclass(frozen=True, slots=True)
class Installation:
    """One database, its settings, and the address under which it is served."""

    name: str
    environ: dict[str, str]
    port: int

    def make_app(self) -> Flask:
        """Make the application, in this process, on the installation's database."""
        return create_app(config.read(self.environ))


@contextmanager
def installations() -> Iterator[list[Installation]]:
    """Yield a migrated installation on each database there is; PostgreSQL is a private cluster."""
    with tempfile.TemporaryDirectory(prefix="symposia-bench-") as name:
        folder = Path(name)
        binaries = postgresql.find_binaries()
        if binaries is None:
            print("PostgreSQL: left out, no initdb is installed")
            yield [make(folder, "SQLite")]
            return
        with postgresql.cluster(binaries, is_durable=True) as url:
            yield [make(folder, "SQLite"), make(folder, "PostgreSQL", url)]


def make(folder: Path, name: str, url: str = "") -> Installation:
    """Migrate an empty database."""
    port = processes.free_port()
    environ = {
        "SYMPOSIA_SECRET_KEY": "of the benchmark",
        "SYMPOSIA_INSTANCE_PATH": str(folder / name),
        "SYMPOSIA_DATABASE_URL": url,
        "SYMPOSIA_BIND": f"127.0.0.1:{port}",
        "SYMPOSIA_RATE_LIMITS": "off",
        "SYMPOSIA_LOG_LEVEL": "warning",
    }
    made = Installation(name, environ, port)
    app = made.make_app()
    with app.app_context():
        migrations.upgrade()
        app.test_cli_runner().invoke(args=["countries", "load"], catch_exceptions=False)
        db.session.remove()
        db.engine.dispose()
    return made


@contextmanager
def served(installation: Installation) -> Iterator[Popen[str]]:
    """Serve pages by two workers, and the queue, until the block ends."""
    server = start(installation)
    try:
        yield server
    finally:
        processes.end(server)


def start(installation: Installation) -> Popen[str]:
    """Start an installation; return once it takes connections."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SYMPOSIA_")}
    server = processes.start([sys.executable, "serve.py"], bare | installation.environ)
    assert server.stdout is not None
    said = server.stdout.readline()
    assert str(installation.port) in said, said + server.stdout.read()
    return server


def seed_people(app: Flask, count: int, name: str = "guest") -> People:
    """Make people who have signed in; return the id and the cookie of each."""
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    made = []
    with app.app_context():
        database.write()
        for number in range(count):
            person = accounts.find_or_create(f"{name}-{number}@example.org", now=utcnow())
            person.verified_at, person.name = utcnow(), f"Guest number {number}"
            token = sessions.open_session(
                person, method=Method.LINK, device="bench", now=real_utcnow()
            )
            made.append((person.id, f"session={serializer.dumps({access.SESSION_KEY: token})}"))
        db.session.commit()
        db.session.remove()
    return made


def seed_editions(app: Flask, count: int, *, capacity: int | None) -> list[tuple[int, str]]:
    """Make public editions that take registrations; return the id and the slug of each."""
    with app.app_context():
        database.write()
        now = utcnow()
        number = db.session.query(Series).count()
        series = Series(
            slug=f"series-{number}",
            title=f"Regional Engagement {number}",
            kind=SeriesKind.REGIONAL_ENGAGEMENT,
            region=("africa", "americas", "asia-pacific", "europe")[number % 4],
            created_at=now,
            modified_at=now,
        )
        db.session.add(series)
        editions = [_edition(series, number, place, capacity, now) for place in range(count)]
        db.session.add_all(editions)
        publication.touch(now=now)
        db.session.flush()
        made = [(edition.id, edition.slug) for edition in editions]
        db.session.commit()
        db.session.remove()
    return made


def _edition(
    series: Series, number: int, place: int, capacity: int | None, now: datetime
) -> Edition:
    dtstart = now.date() + timedelta(days=120 + place % 1500)
    return Edition(
        series=series,
        slug=f"edition-{number}-{place}",
        uid=f"00000000-0000-4000-8000-{number:06}{place:06}@symposia.example.org",
        status=EditionStatus.REGISTRATION_OPEN,
        own_title=f"Regional Engagement {number}, number {place}",
        city="Brussels",
        summary="Registration, travel and rooms are described on its page. " * 4,
        dtstart=dtstart,
        dtend=dtstart + timedelta(days=3),
        capacity=capacity,
        public_since=now,
        announced_at=now,
        created_at=now,
        modified_at=now,
    )


def tree_of(pid: int) -> list[int]:
    """Return ``pid`` and every process below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += tree_of(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the tree of ``pid`` has taken."""
    ticks = 0
    for each in tree_of(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_A_SECOND


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def load() -> str:
    """Say when it was measured and how busy the machine was."""
    return f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC, load average {os.getloadavg()[0]:.1f}"
