"""Answers as they go over the wire: feeds and pages, kept whole, answered conditionally.

One room for HTTP's rules (RFC 9110 §8.8, §12.5.3, §13): Flask's views and the layers before Flask
all answer from here, so they cannot differ.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from werkzeug.http import parse_accept_header

from app.headers import CSP

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.feeds.components import Joined

    Headers = list[tuple[str, str]]

MAX_AGE_SECONDS = 300
GZIP_LEVEL, ZSTD_LEVEL = 6, 3
FEEDS_MAX = 512  # of one process; more are built on each request
BYTES_MAX = 48 * 1024 * 1024  # of one process, compressed forms among them

ACCEPT_MAX = 200  # characters of a header that are looked at
IDENTITY, GZIP, ZSTD = "identity", "gzip", "zstd"
SUFFIXES = {IDENTITY: "", GZIP: "-gz", ZSTD: "-zst"}


@dataclass(slots=True)
class Kept:
    """The bytes of an answer; strong tags, one a coding."""

    body: bytes
    headers: Headers  # of a whole answer
    terms: Headers  # of every answer: for how long, and for whom
    last_modified: datetime | None = None
    digest: str = ""
    _packed: dict[str, bytes] = field(default_factory=dict, init=False)
    _unchanged: dict[str, Headers] = field(default_factory=dict, init=False)
    _whole: dict[str, Headers] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        """Digest the body: equal bytes have one tag, in every process and after every start."""
        self.digest = self.digest or hashlib.sha256(self.body).hexdigest()[:32]
        for coding in SUFFIXES:
            self._unchanged[coding] = [("ETag", self.tag(coding)), *self.terms]

    @property
    def size(self) -> int:
        """How many bytes of memory this takes."""
        return len(self.body) + sum(map(len, self._packed.values()))

    def tag(self, coding: str) -> str:
        """Return the strong tag of the body in ``coding``."""
        return f'"{self.digest}{SUFFIXES[coding]}"'

    def packed(self, coding: str) -> bytes:
        """Return the body in ``coding``, compressed once; equal in every process."""
        if coding == IDENTITY:
            return self.body
        with self._lock:
            if coding not in self._packed:
                self._packed[coding] = (
                    # Without a time in it.
                    gzip.compress(self.body, GZIP_LEVEL, mtime=0)
                    if coding == GZIP
                    else zstd.compress(self.body, ZSTD_LEVEL)
                )
            return self._packed[coding]

    def take_over(self, former: Kept) -> None:
        """Take what was compressed of ``former``, if the change behind was not in this answer."""
        if former.digest == self.digest:
            self._packed.update(former._packed)

    def answer(self, environ: Mapping[str, str]) -> tuple[HTTPStatus, Headers, bytes]:
        """Return status, headers and body for a GET or HEAD with the WSGI ``environ``."""
        coding = coding_for(environ.get("HTTP_ACCEPT_ENCODING", "")[:ACCEPT_MAX])
        if not self._is_wanted(environ):
            return HTTPStatus.PRECONDITION_FAILED, [*self._unchanged[coding], *EMPTY], b""
        known = self._known_coding(environ, coding)
        if known is not None:
            return HTTPStatus.NOT_MODIFIED, self._unchanged[known], b""
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else self.packed(coding)
        return HTTPStatus.OK, self._whole.get(coding) or self._make_whole(coding), body

    def _make_whole(self, coding: str) -> Headers:
        """Return the headers of a 200 in ``coding``, made once."""
        made = [*self._unchanged[coding], *self.headers]
        if self.last_modified is not None:
            made.append(("Last-Modified", format_datetime(self.last_modified, usegmt=True)))
        if coding != IDENTITY:
            made.append(("Content-Encoding", coding))
        made.append(("Content-Length", str(len(self.packed(coding)))))
        self._whole[coding] = made
        return made

    def _is_wanted(self, environ: Mapping[str, str]) -> bool:
        """Return whether this is still what the client asks for, where it says what that is."""
        tags = environ.get("HTTP_IF_MATCH")
        if tags is not None:
            given = {tag.strip() for tag in tags.split(",")}  # strong: a weak one is never ours
            return tags.strip() == "*" or any(self.tag(coding) in given for coding in SUFFIXES)
        until = environ.get("HTTP_IF_UNMODIFIED_SINCE")
        moment = moment_of(until) if until else None
        return moment is None or self.last_modified is None or self.last_modified <= moment

    def _known_coding(self, environ: Mapping[str, str], coding: str) -> str | None:
        """Return the coding in which the client has this very content, ``None`` if in none.

        If-None-Match wins, compared weakly; without it If-Modified-Since. The tag of another
        coding will do: the client has the content, and is told the tag that it has it under.
        A date counts only if it is the very one that we told: once a backup is put back, what a
        client has may be younger than all we know, and not be ours any more.
        """
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            if tags == self._unchanged[coding][0][1] or tags.strip() == "*":
                return coding
            given = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return next((one for one in (coding, *SUFFIXES) if self.tag(one) in given), None)
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        if not since or self.last_modified is None:
            return None
        return coding if self.last_modified == moment_of(since) else None


class KeptFeed(Kept):
    """A feed's bytes as of one public stamp and day."""

    def __init__(  # noqa: PLR0913, PLR0917 - each a fact of the feed
        self,
        body: bytes,
        content_type: str,
        filename: str,
        last_modified: datetime | None,
        stamp: int,
        day: date,
        joined: Joined | None = None,  # of what the body was joined, if it was
    ) -> None:
        """Take a feed as it was built."""
        own = [
            ("Content-Type", content_type),
            ("Content-Disposition", f'inline; filename="{filename}"'),
        ]
        digest = joined.digest if joined else ""
        super().__init__(body, [*ALWAYS, *own], FEED_TERMS, last_modified, digest)
        self.stamp, self.day, self.joined = stamp, day, joined

    @property
    def size(self) -> int:
        """How many bytes of memory this takes, with the table of its parts."""
        return super().size + (self.joined.table_size if self.joined else 0)


AnyKept = TypeVar("AnyKept", bound=Kept)


class KeptAnswers(Generic[AnyKept]):
    """What this process has made, by its normalised address."""

    def __init__(self, number_max: int = FEEDS_MAX, bytes_max: int = BYTES_MAX) -> None:
        """Begin empty."""
        self._kept: dict[str, AnyKept] = {}
        self._number_max, self._bytes_max = number_max, bytes_max
        self._lock = Lock()

    def get(self, address: str) -> AnyKept | None:
        """Return what is kept under ``address``, however old."""
        return self._kept.get(address)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def put(self, address: str, made: AnyKept) -> None:
        """Keep ``made``; the oldest make room, by number and by bytes."""
        with self._lock:
            former = self._kept.pop(address, None)
            if former is not None:
                made.take_over(former)
            room = self._bytes_max - made.size - sum(kept.size for kept in self._kept.values())
            while self._kept and (len(self._kept) >= self._number_max or room < 0):
                room += self._kept.pop(next(iter(self._kept))).size
            self._kept[address] = made


KeptFeeds = KeptAnswers[KeptFeed]
FEED_TERMS = [
    ("Cache-Control", f"public, max-age={MAX_AGE_SECONDS}"),
    ("Vary", "Accept-Encoding"),
]
ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", CSP),
    ("Referrer-Policy", "same-origin"),
    # Web calendars read feeds from pages of their own.
    ("Access-Control-Allow-Origin", "*"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
]
"""What a whole answer carries; one that says "not modified" is shorter, since most are."""
EMPTY = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")]


def moment_of(text: str) -> datetime | None:
    """Return the moment of an HTTP date in any of its forms (RFC 9110 §5.6.7), if it is one."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def coding_for(accepted: str) -> str:
    """Return the coding that an Accept-Encoding asks for; ours decides between equals.

    >>> [coding_for(text) for text in ("gzip, deflate, br, zstd", "gzip, zstd;q=0.1", "*", "br")]
    ['zstd', 'gzip', 'gzip', 'identity']
    """
    asked = {name.lower().removeprefix("x-"): q for name, q in parse_accept_header(accepted)}
    # Whoever takes anything is given what everybody can read; and no one is refused.
    wishes = {
        ZSTD: asked.get(ZSTD, 0),
        GZIP: asked.get(GZIP, asked.get("*", 0)),
        IDENTITY: asked.get(IDENTITY, 0),
    }
    best = max(wishes, key=lambda coding: wishes[coding])
    return best if wishes[best] > 0 else IDENTITY
