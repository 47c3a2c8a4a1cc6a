"""Feeds as they go over the wire: kept whole per public revision, answered conditionally.

One room for HTTP's rules (RFC 9110 §8.8, §13): Flask's view and the layer before Flask both
answer from here, so they cannot differ.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.http import parse_accept_header

from app.headers import CSP

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_AGE_SECONDS = 300
GZIP_LEVEL = 6
FEEDS_MAX = 512  # of one process; more are built on each request


@dataclass(slots=True)
class KeptFeed:
    """A feed's bytes as of one public revision and day; strong tags, one a coding."""

    body: bytes
    content_type: str
    filename: str
    last_modified: datetime | None
    revision: int
    day: date
    tag: str = field(init=False)
    _gzipped: bytes | None = field(default=None, init=False)
    _made: dict[bool, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = field(
        default_factory=dict, init=False
    )

    def __post_init__(self) -> None:
        """Digest the body: equal bytes have one tag, in every process and after every start."""
        self.tag = hashlib.sha256(self.body).hexdigest()[:32]

    def gzipped(self) -> bytes:
        """Return the body compressed, once; without a time in it, so equal in every process."""
        if self._gzipped is None:
            self._gzipped = gzip.compress(self.body, GZIP_LEVEL, mtime=0)
        return self._gzipped

    def answer(self, environ: Mapping[str, str]) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
        """Return status, headers and body for a GET or HEAD with the WSGI ``environ``."""
        takes_gzip = _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        unchanged, whole = self._headers(takes_gzip=takes_gzip)
        if self._is_unchanged(environ):
            return HTTPStatus.NOT_MODIFIED, unchanged, b""
        body = self.gzipped() if takes_gzip else self.body
        return HTTPStatus.OK, whole, b"" if environ["REQUEST_METHOD"] == "HEAD" else body

    def _headers(self, *, takes_gzip: bool) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return the headers of a 304 and of a 200 in this coding, made once."""
        made = self._made.get(takes_gzip)
        if made is None:
            unchanged = [
                ("ETag", f'"{self.tag}-gz"' if takes_gzip else f'"{self.tag}"'),
                ("Cache-Control", f"public, max-age={MAX_AGE_SECONDS}"),
                ("Vary", "Accept-Encoding"),
                *ALWAYS,
            ]
            if self.last_modified is not None:
                moment = format_datetime(self.last_modified, usegmt=True)
                unchanged.append(("Last-Modified", moment))
            length = len(self.gzipped() if takes_gzip else self.body)
            whole = [
                *unchanged,
                *([("Content-Encoding", "gzip")] if takes_gzip else []),
                ("Content-Type", self.content_type),
                ("Content-Length", str(length)),
                ("Content-Disposition", f'inline; filename="{self.filename}"'),
            ]
            made = self._made[takes_gzip] = unchanged, whole
        return made

    def _is_unchanged(self, environ: Mapping[str, str]) -> bool:
        """Compare weakly with If-None-Match, which wins; else with If-Modified-Since."""
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            if tags.strip() == "*":
                return True
            # Either coding's tag will do: the content is the same.
            if tags in {f'"{self.tag}"', f'"{self.tag}-gz"'}:
                return True
            given = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
            return bool(given & {self.tag, f"{self.tag}-gz"})
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        if not since or self.last_modified is None:
            return False
        try:
            moment = parsedate_to_datetime(since)
        except ValueError:
            return False
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return self.last_modified <= moment


class KeptFeeds:
    """The feeds that this process has built, by their normalised address."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kept: dict[str, KeptFeed] = {}
        self._lock = Lock()

    def get(self, address: str) -> KeptFeed | None:
        """Return what is kept under ``address``, of whichever revision."""
        return self._kept.get(address)

    def clear(self) -> None:
        """Forget every feed."""
        with self._lock:
            self._kept.clear()

    def put(self, address: str, feed: KeptFeed) -> None:
        """Keep ``feed``; the oldest makes room."""
        with self._lock:
            self._kept.pop(address, None)
            while len(self._kept) >= FEEDS_MAX:
                self._kept.pop(next(iter(self._kept)))
            self._kept[address] = feed


ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", CSP),
    ("Referrer-Policy", "same-origin"),
    # Web calendars read feeds from pages of their own.
    ("Access-Control-Allow-Origin", "*"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
]


def _takes_gzip(accepted: str) -> bool:
    if accepted in {"gzip", "gzip, deflate", "gzip, deflate, br", "gzip, deflate, br, zstd"}:
        return True  # what nearly everybody sends
    return "gzip" in accepted and parse_accept_header(accepted).quality("gzip") > 0
