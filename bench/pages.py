"""Public pages made anew: CPU, statements, size; with few events and three times as many."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.database import db
from bench.desk import count_queries
from bench.installation import make, seed_editions
from bench.measuring import ROUNDS, Figure, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

SERIES, EDITIONS = 6, 50  # so many events of each series; the reference has three times as many
REPEATS = 10
PAGES = (
    ("/", "the first page"),
    ("/calendar", "the calendar of a year"),
    ("/calendar?view=list", "the calendar as a list"),
    ("/calendar?view=month", "the calendar of a month"),
    ("/series", "all series"),
    ("/series/series-0", "a series"),
    ("/editions/edition-0-0", "an event"),
    ("/hosting/", "open calls"),
    ("/subscribe", "every feed"),
)


def measure() -> list[Figure]:
    """Measure each page in a process that has served it before."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="symposia-bench-") as folder:
        apps = [make_app(Path(folder), count) for count in (EDITIONS, 3 * EDITIONS)]
        for path, what in PAGES:
            few, many = (shower(app, path) for app in apps)
            few()
            many()
            gc.freeze()  # as wsgi.py does
            queries = count_queries(apps[1], many) // REPEATS
            size = len(apps[1].test_client().get(path, follow_redirects=True).data) / 1000
            few_ms, many_ms = interleaved([[few, many]] * ROUNDS)
            given = f"{3 * EDITIONS * SERIES} events, {queries} statements, {size:.0f} KB"
            reference = f"the same with {EDITIONS * SERIES} events"
            figures.append(
                Figure(f"page: {what}", given, many_ms / REPEATS, reference, few_ms / REPEATS)
            )
        for app in apps:
            with app.app_context():
                db.engine.dispose()
    return figures


def make_app(folder: Path, count: int) -> Flask:
    """Make an application with so many events of each series."""
    app = make(folder, f"with-{count}").make_app()
    for _ in range(SERIES):
        seed_editions(app, count, capacity=100)
    return app


def shower(app: Flask, path: str) -> Callable[[], None]:
    """Return what asks for a page a few times, as a visitor to whom none is kept."""
    client = app.test_client()
    client.set_cookie("of", "another site")

    def show() -> None:
        for _ in range(REPEATS):
            assert client.get(path, follow_redirects=True).status_code == 200  # noqa: PLR2004 - HTTP's

    return show
