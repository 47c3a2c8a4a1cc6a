"""The log: one event a line on the standard error, with nothing in it that is not for the log.

Requests are told by the pattern of their route, never by their path: paths carry tokens. What
else is written, by us or by a library, passes :func:`scrub`. A log that nobody reads must not
stop the service: where the pipe is full, lines are dropped and counted.
"""

from __future__ import annotations

import logging
import re
import select
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, g, request

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from types import TracebackType

    from flask import Response
    from structlog.typing import Processor

    from config import Config

    Event = MutableMapping[str, Any]

PIPE_ATOMIC_BYTES = 4096  # PIPE_BUF of Linux: select promises room for that many
SCRUBBED = [
    # In the order in which they are taken out; the first two know what they are by their place.
    (re.compile(r"(?i)(://)[^\s/@:]*:[^\s/@]*@"), r"\1(password)@"),
    (
        re.compile(
            r"(?i)((?:password|passwd|secret|token|cookie|authorization|csrf)[\w-]*[\"']?\s*[:=]\s*)"
            r"(?:bearer\s+)?(?:\"[^\"]*\"|'[^']*'|[^\s,;&)}\]]+)"
        ),
        r"\1(hidden)",
    ),
    (re.compile(r"(?i)(/(?:link|personal|invitations?)/)[\w.~%-]+"), r"\1(token)"),
    (re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*"), "(mail address)"),
    # Random text: a long word of letters in both cases and digits.
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{20,}"), "(token)"),
    (re.compile(r"(?<![\w-])[0-9a-f]{32,}(?![\w-])"), "(token)"),
    (re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"), "(address)"),
    (
        re.compile(
            r"(?<![\w:])(?=[0-9a-fA-F:]*::[0-9a-fA-F]|(?:[0-9a-fA-F]{1,4}:){7})[0-9a-fA-F:]{3,39}"
        ),
        "(address)",
    ),
    # What PostgreSQL tells of a row that it refuses.
    (re.compile(r"DETAIL: .*"), "DETAIL: (left out)"),
]
log = structlog.stdlib.get_logger("app.requests")


class LoggedFlask(Flask):
    """Flask, but it logs a fault without the path of its request."""

    def log_exception(
        self,
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> None:
        """Log a fault that the error page has told in general words."""
        log.error("fault", exc_info=exc_info)


class LineHandler(logging.Handler):
    """Writes lines to the standard error of the moment, and never waits for its reader long."""

    def __init__(self) -> None:
        """Begin with nothing dropped."""
        super().__init__()
        self.dropped_count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record``, or drop it."""
        try:
            line = self.format(record)
            if self.dropped_count:
                line = f"({self.dropped_count} lines were dropped: nobody read them)\n{line}"
            if self._write(f"{line}\n".encode(errors="replace")):
                self.dropped_count = 0
            else:
                self.dropped_count += 1
        except (OSError, ValueError):  # closed
            self.dropped_count += 1

    @staticmethod
    def _write(line: bytes) -> bool:
        try:
            descriptor = sys.stderr.fileno()
        except OSError:  # no file, as under tests
            sys.stderr.write(line.decode())
            return True
        for start in range(0, len(line), PIPE_ATOMIC_BYTES):
            if not select.select([], [descriptor], [], 1.0 if start else 0)[1]:
                return False
            sys.stderr.buffer.write(line[start : start + PIPE_ATOMIC_BYTES])
            sys.stderr.buffer.flush()
        return True


def init_app(app: Flask, settings: Config) -> None:
    """Log every request of ``app``, and set up the log of the process."""
    _set_up(settings)
    app.before_request(_begin)
    app.after_request(_tell)


def scrub(text: str) -> str:
    """Return ``text`` without passwords, tokens, addresses of mail and of machines.

    >>> scrub("GET /feeds/personal/abc.ics by ann@example.org from 192.0.2.7")
    'GET /feeds/personal/(token) by (mail address) from (address)'
    """
    for pattern, instead in SCRUBBED:
        text = pattern.sub(instead, text)
    return text


def _begin() -> None:
    g.begun_at = time.perf_counter()
    g.request_id = uuid.uuid4().hex[:12]
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        request_id=g.request_id,
        method=request.method if request.method in _METHODS else "other",
        route=request.url_rule.rule if request.url_rule else "(none)",
    )


_UNTOLD = {"static", "site.healthz", "site.metrics"}  # asked all the time
_METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}


def _tell(response: Response) -> Response:
    begun_at = g.get("begun_at")
    if begun_at is not None and request.endpoint not in _UNTOLD:
        ms = round((time.perf_counter() - begun_at) * 1000, 1)
        log.info("request", status=response.status_code, ms=ms)
    return response


def _scrub_event(_logger: object, _name: str, event: Event) -> Event:
    for key, value in event.items():
        # What we count and name ourselves holds nothing to be hidden.
        if key not in _OWN and isinstance(value, str):
            event[key] = scrub(value)
    return event


_OWN = {"level", "timestamp", "request_id", "method", "route", "logger"}


def _set_up(settings: Config) -> None:
    as_text = settings.log_format == "text" or (not settings.log_format and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = LineHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _scrub_event,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, LineHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    logging.getLogger("app").setLevel(settings.log_level.upper())
