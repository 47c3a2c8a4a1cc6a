"""The layer before Flask that answers feeds from memory: one raw read of a stamp, no more.

A feed that is not kept, or not of the present stamp and day, goes on to Flask, whose view
builds and keeps it. Correctness does not rest on this layer: it can only repeat what a view made
for the very stamp that the database holds now.
"""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.engine import make_url
from werkzeug.sansio.utils import host_is_trusted

from app import clock
from app.counts import FEEDS
from app.feeds.kept import KeptFeeds
from app.headers import HSTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask
    from sqlalchemy.engine import URL

    from app.counts import Counts
    from config import Config

    Driver = tuple[Callable[[], Any], type[Exception], Callable[[], object]]

STAMP_SQL = "SELECT stamp FROM public_revision WHERE id = 1"
HOSTS_MAX = 64
LOOK_SECONDS = 0.02  # a look takes a fifth of a poll, and a restore longer than this
MEMORY = "memory"  # answered here, not by a view
STATUS_LINES = {200: "200 OK", 304: "304 NOT MODIFIED", 412: "412 PRECONDITION FAILED"}


def init_app(app: Flask, config: Config) -> None:
    """Put the layer in front of ``app``."""
    kept = app.extensions["kept_feeds"] = KeptFeeds()
    app.wsgi_app = FeedEdge(app, app.wsgi_app, kept, config)  # type: ignore[method-assign]  # as Flask advises


class FeedEdge:
    """WSGI middleware in front of ``app``."""

    def __init__(self, app: Flask, wsgi_app: Any, kept: KeptFeeds, config: Config) -> None:  # noqa: ANN401 - any WSGI application
        """Wrap ``wsgi_app``; the stamp is read where ``config`` has its database."""
        self._wsgi_app = wsgi_app
        self._kept = kept
        self._read_stamp = stamp_reader(config.database_url)
        self._today = clock.day_of(app)
        self._trusted_hosts = config.trusted_hosts
        self._hosts: set[str] = set()  # as they were asked under, ports included; all trusted
        self._own_headers = [HSTS] if config.is_https else []
        counts: Counts = app.extensions["counts"]
        self._count = {
            status: counts.counter(FEEDS, status=str(status), source=MEMORY)
            for status in STATUS_LINES
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer from memory where that is right, else pass on."""
        path = environ["PATH_INFO"]
        if "HTTP_HOST" in environ:
            # As somebody typed it: names know no case (RFC 9110 §4.2.3), comparisons do.
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()
        if path.startswith("/feeds/") and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            query = environ.get("QUERY_STRING")
            feed = self._kept.get(address_of(path, query) if query else path)
            host = environ.get("HTTP_HOST", "")
            if (
                feed is not None
                and (host in self._hosts or self._is_trusted(host))
                and feed.stamp == self._read_stamp()
                and feed.day == self._today()
            ):
                status, headers, body = feed.answer(environ)
                self._count[status]()
                start_response(STATUS_LINES[status], headers + self._own_headers)
                return [body]
        passed_on: Iterable[bytes] = self._wsgi_app(environ, start_response)
        return passed_on

    def _is_trusted(self, host: str) -> bool:
        """Return whether requests are taken under ``host``; Flask refuses the others."""
        if not host_is_trusted(host, self._trusted_hosts):
            return False
        if len(self._hosts) < HOSTS_MAX:  # a port may be anything
            self._hosts.add(host)
        return True


def address_of(path: str, query: str) -> str:
    """Return the address under which a feed is kept: equal filters are one feed."""
    if not query:
        return path
    pairs = sorted((name, value) for name, value in parse_qsl(query) if value)
    return f"{path}?{urlencode(pairs)}"


def stamp_reader(database_url: str) -> Callable[[], int]:
    """Return a function that reads the stamp of what is public, past pool and ORM; 0 for none.

    Each thread has a connection of its own, outside any transaction, so it sees every commit.
    Where the database does not answer, -1: no feed has that stamp, so Flask answers.
    """
    return reader(STAMP_SQL, *driver_of(database_url))


def driver_of(database_url: str) -> Driver:
    """Return how to connect past pool and ORM, what fails then, and to what one is connected."""
    url = make_url(database_url)
    return _sqlite(url.database or "") if url.get_backend_name() == "sqlite" else _postgresql(url)


class _Held:
    """A connection that is closed when nobody holds it any more: its thread has ended."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - any driver's
        # One cursor for all: a quarter of a microsecond each time.
        self.execute = connection.cursor().execute
        weakref.finalize(self, connection.close)


class _Local(threading.local):
    """What one thread is connected by, and to."""

    held: tuple[_Held, object] | None = None


def reader(
    sql: str,
    connect: Callable[[], Any],
    failure: type[Exception],
    identity: Callable[[], object],
) -> Callable[[], int]:
    """Return what reads by a connection of the thread's own, made anew when it fails or is old."""
    local = _Local()

    def read() -> int:
        for _attempt in range(2):
            try:
                target = identity()
                held = local.held
                if held is None or held[1] != target:
                    held = local.held = _Held(connect()), target
                row = held[0].execute(sql).fetchone()
            except (failure, OSError):
                local.held = None
            else:
                return row[0] if row else 0
        return -1

    return read


def _sqlite(path: str) -> Driver:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)

    looked_at, number = -math.inf, 0

    def identity() -> int:
        """Tell a restored backup, another file under the same name, within a moment."""
        nonlocal looked_at, number
        now = time.monotonic()
        if now - looked_at > LOOK_SECONDS:
            number, looked_at = os.stat(path).st_ino, now  # noqa: PTH116 - half the time of Path's
        return number

    return connect, sqlite3.Error, identity


def _postgresql(url: URL) -> Driver:
    import psycopg  # noqa: PLC0415 - not needed on SQLite

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return lambda: psycopg.connect(address, autocommit=True), psycopg.Error, lambda: address
