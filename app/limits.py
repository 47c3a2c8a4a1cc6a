"""Rate limits on what strangers could try in bulk; real time, per address of the caller.

The counts are shared by all processes of an installation: in Redis, or in a small file.
"""

from __future__ import annotations

import hashlib
import math
import os
import sqlite3
import threading
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, ClassVar

from flask import request
from flask_limiter import Limiter
from limits.storage import Storage

from app import clock
from app.outbox import settings

if TYPE_CHECKING:
    from flask import Flask, Response

    from config import Config

SIGN_IN = "30 per minute"
# Of one caller for one address: the caller must wait, the person may still sign in elsewhere.
SIGN_IN_EACH = "10 per 5 minutes"
LINKS = "20 per minute"
LINKS_EACH = "5 per 15 minutes"  # as long as a link lives
REGISTRATION = "60 per minute"
FEED_TOKENS = "120 per minute"
PARTY_CODES = "60 per minute"  # looked at or joined
BUSY_TIMEOUT_SECONDS = 5
SWEEP_EVERY = 500  # counts, between deletions of what has run out

IPV6_PREFIX = 64  # what one subscriber is given; whoever counted single addresses counts nothing


def caller() -> str:
    """Return whose requests are counted together: an IPv4 address, or an IPv6 network."""
    address = request.remote_addr or "127.0.0.1"
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if known.version == 4:  # noqa: PLR2004 - IPv4
        return address
    known = known.ipv4_mapped or known
    if known.version == 4:  # noqa: PLR2004 - IPv4
        return str(known)
    return str(ip_network((int(known), IPV6_PREFIX), strict=False))


limiter = Limiter(key_func=caller)


class CountsFile(Storage):
    """Counts in a SQLite file, for processes that have no Redis to share theirs in."""

    STORAGE_SCHEME: ClassVar[list[str]] = ["counts-file"]  # type: ignore[misc]  # theirs

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: float | str) -> None:  # noqa: FBT001, FBT002 - theirs
        super().__init__(uri, wrap_exceptions, **options)
        self.path = uri.partition("://")[2]
        self.here = threading.local()
        self.count = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong below."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to the count of ``key``, which runs out ``expiry`` seconds after its first."""
        now = self._now()
        self.count += 1
        if self.count % SWEEP_EVERY == 0:
            self._file().execute("DELETE FROM count WHERE ends_at <= ?", (now,))
        (found,) = (
            self._file()
            .execute(
                "INSERT INTO count VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
                " value = CASE WHEN ends_at <= ? THEN 0 ELSE value END + excluded.value,"
                " ends_at = CASE WHEN ends_at <= ? THEN excluded.ends_at ELSE ends_at END"
                " RETURNING value",
                (key, amount, now + expiry, now, now),
            )
            .fetchone()
        )
        return int(found)

    def get(self, key: str) -> int:
        """Return the count of ``key``."""
        return int(self._one("value", key))

    def get_expiry(self, key: str) -> float:
        """Return when the count of ``key`` runs out, in seconds since 1970."""
        return float(self._one("ends_at", key)) or self._now()

    def check(self) -> bool:
        """Whether the file can be read."""
        return self.get("") == 0

    def reset(self) -> int | None:
        """Forget every count."""
        return int(self._file().execute("DELETE FROM count").rowcount)

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._file().execute("DELETE FROM count WHERE key = ?", (key,))

    def _one(self, column: str, key: str) -> float:
        found = (
            self._file()
            .execute(
                f"SELECT {column} FROM count WHERE key = ? AND ends_at > ?",  # noqa: S608 # nosec B608 - our word
                (key, self._now()),
            )
            .fetchone()
        )
        return found[0] if found else 0

    def _file(self) -> sqlite3.Connection:
        # One a thread, and none across a fork: a connection must not be shared by either.
        if getattr(self.here, "process_id", None) != os.getpid():
            self.here.process_id = os.getpid()
            file = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = OFF")  # a count lost with the power is no loss
            file.execute(
                "CREATE TABLE IF NOT EXISTS count"
                " (key TEXT PRIMARY KEY, value INTEGER, ends_at REAL) WITHOUT ROWID"
            )
            self.here.file = file
        found: sqlite3.Connection = self.here.file
        return found

    @staticmethod
    def _now() -> float:
        return clock.real_utcnow().timestamp()


def per_address() -> str:
    """Return what is counted where somebody guesses at one address: it and the caller.

    As a digest: an address must not lie in the file of counts.
    """
    email = request.form.get("email", "").strip().lower()[:254]
    digest = hashlib.sha256(f"{settings().secret_key}:{email}".encode()).hexdigest()
    return f"{digest} {caller()}"


@limiter.request_filter
def _is_off() -> bool:
    # Asked of the application that answers: the limiter is one for all of a process.
    return not settings().rate_limits


def init_app(app: Flask, config: Config) -> None:
    """Put the limits in force, unless the settings say otherwise (load tests do)."""
    config.instance_path.mkdir(0o700, parents=True, exist_ok=True)
    app.config["RATELIMIT_STORAGE_URI"] = (
        config.redis_url or f"counts-file://{config.instance_path / 'limits.db'}"
    )
    app.config["RATELIMIT_HEADERS_ENABLED"] = False
    # Whoever cannot count does not stop people from signing in.
    app.config["RATELIMIT_SWALLOW_ERRORS"] = True
    limiter.init_app(app)

    @app.after_request
    def tell_when(response: Response) -> Response:
        limit = limiter.current_limit
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and limit is not None:
            seconds = math.ceil(limit.reset_at - clock.real_utcnow().timestamp())
            response.headers["Retry-After"] = str(max(1, seconds))
        return response
