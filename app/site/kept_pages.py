"""Public pages as visitors see them, kept whole and answered before Flask.

A visitor's page tells nothing of its reader, so one serves all for as long as nothing is written
at all: the database itself says whether anything was committed since. What the clock changes, such
as the opening of a registration, comes with the next minute. Whoever sends a cookie is answered by
the views.
"""

from __future__ import annotations

from itertools import count
from threading import local
from time import time as real_seconds
from typing import TYPE_CHECKING, Any, cast

from flask import Response, request
from werkzeug.sansio.utils import host_is_trusted

from app.counts import PAGES
from app.feeds.edge import STATUS_LINES, driver_of, reader
from app.feeds.kept import Kept, KeptAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta

    from flask import Flask

    from app.counts import Counts
    from config import Config

    State = tuple[object, ...]
    StartResponse = Callable[..., Any]

KEPT = frozenset(
    {
        "site.home",
        "site.calendar",
        "site.all_series",
        "site.series",
        "site.edition",
        "site.privacy",
        "feeds.subscribe",
        "hosting.calls",
    }
)
"""The pages that visitors see alike."""

PAGES_MAX = 256  # of one process
BYTES_MAX = 16 * 1024 * 1024
ADDRESS_MAX = 300  # characters; longer ones are made up
OURS = frozenset({"cache-control", "vary", "content-length"})
TERMS = [("Cache-Control", "no-cache"), ("Vary", "Accept-Encoding, Cookie")]
MAY_BE_KEPT = "symposia.may_be_kept"
SQLITE_STATE = "PRAGMA data_version"  # another once any other connection has committed
POSTGRESQL_STATE = "SELECT pg_current_snapshot()::text"  # another once anybody writes or commits


def init_app(app: Flask, config: Config) -> None:
    """Put the layer in front of ``app``."""
    pages: KeptAnswers[KeptPage] = KeptAnswers(PAGES_MAX, BYTES_MAX)
    app.extensions["kept_pages"] = pages
    app.after_request(_mark)
    app.wsgi_app = PageEdge(app, app.wsgi_app, pages, config)  # type: ignore[method-assign]  # as Flask advises


def _mark(response: Response) -> Response:
    """Say of a page that it is the same for every visitor."""
    request.environ[MAY_BE_KEPT] = request.endpoint in KEPT
    return response


class KeptPage(Kept):
    """A page, and the state of database and clock that it was made of, or of a later one."""

    state: State = ()


class PageEdge:
    """WSGI middleware in front of ``app``."""

    def __init__(
        self,
        app: Flask,
        wsgi_app: Any,  # noqa: ANN401 - any WSGI application
        pages: KeptAnswers[KeptPage],
        config: Config,
    ) -> None:
        """Wrap ``wsgi_app``; the state is read where ``config`` has its database."""
        self._wsgi_app = wsgi_app
        self._pages = pages
        self._read_state = state_reader(
            config.database_url, cast("timedelta", app.extensions["clock_offset"])
        )
        self._trusted_hosts = config.trusted_hosts
        counts: Counts = app.extensions["counts"]
        self._count = {status: counts.counter(PAGES, status=str(status)) for status in STATUS_LINES}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory where that is right, else pass on and keep what may be kept."""
        address = self._address_of(environ)
        state = self._read_state() if address else None
        page = self._pages.get(address) if address else None
        if page is None or page.state != state:
            answer, page = self._ask(environ, start_response, state)
            if page is None:
                return answer
            self._pages.put(cast("str", address), page)
            status, headers, body = page.answer(environ)
        else:
            status, headers, body = page.answer(environ)
            self._count[status]()
        start_response(STATUS_LINES[status], headers)
        return [body]

    def _address_of(self, environ: dict[str, Any]) -> str | None:
        """Return under what a visitor's page is kept; ``None`` for what is not one."""
        path = environ["PATH_INFO"]
        if (
            environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
            or "HTTP_COOKIE" in environ
            or path.startswith(("/feeds/", "/static/"))
        ):
            return None
        host = environ.get("HTTP_HOST", "")
        address = f"{host}{path}?{environ.get('QUERY_STRING', '')}"
        is_fine = len(address) <= ADDRESS_MAX and host_is_trusted(host, self._trusted_hosts)
        return address if is_fine else None

    def _ask(
        self, environ: dict[str, Any], start_response: StartResponse, state: State | None
    ) -> tuple[Iterable[bytes], KeptPage | None]:
        """Return the answer of the views, or the page to keep of it as of ``state``."""
        told: list[Any] = []
        answer = self._wsgi_app(environ, lambda *given: told.extend(given))
        status, headers, *fault = told
        names = {name.lower() for name, _value in headers}
        if (
            state is None
            or not environ.get(MAY_BE_KEPT)
            or not status.startswith("200")
            or "set-cookie" in names
            or environ["REQUEST_METHOD"] == "HEAD"
        ):
            start_response(status, headers, *fault)
            return answer, None
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        page = KeptPage(body, [each for each in headers if each[0].lower() not in OURS], TERMS)
        page.state = state
        return (), page


def state_reader(database_url: str, offset: timedelta) -> Callable[[], State | None]:
    """Return a function that tells the state of the database and the domain's minute.

    Two equal states have the same committed rows: on SQLite for one connection, which is part of
    the state. ``None`` where the database does not answer.
    """
    connect, failure, identity = driver_of(database_url)
    seconds, connections, here = offset.total_seconds(), count(), local()

    def connect_anew() -> Any:  # noqa: ANN401 - any driver's
        here.connection = next(connections)
        return connect()

    is_sqlite = database_url.startswith("sqlite")
    read = reader(SQLITE_STATE if is_sqlite else POSTGRESQL_STATE, connect_anew, failure, identity)

    def state() -> State | None:
        version = read()
        minute = int(real_seconds() + seconds) // 60
        return None if version == -1 else (version, here.connection, minute)

    return state
