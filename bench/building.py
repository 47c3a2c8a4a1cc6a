"""The feed of all from the database: one event is edited, the next request gets the new bytes."""

from __future__ import annotations

import gc
import os
import tempfile
from datetime import timedelta
from itertools import count
from pathlib import Path

import config
from app import create_app
from app.accounts import service as accounts
from app.accounts.models import Person
from app.database import db
from app.editions import service as editions
from app.editions.models import Edition
from app.feeds import service as feeds
from bench.feeds import encode_by_icalendar
from bench.measuring import ROUNDS, Figure, interleaved
from bench.serving import CHANGED_AT, fill

SIZES = (1_000, 10_000)
FEED = "/feeds/all.ics"


def measure() -> list[Figure]:
    """Measure each size on SQLite, through Flask, in a process that served the feed before."""
    found = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            found += measure_size(Path(folder), size)
    return found


def measure_size(folder: Path, size: int) -> list[Figure]:
    """Measure the feed of ``size`` events."""
    environ = os.environ | {
        "SYMPOSIA_SECRET_KEY": "of the benchmark",
        "SYMPOSIA_INSTANCE_PATH": str(folder),
        "SYMPOSIA_DATABASE_URL": f"sqlite:///{folder}/symposia.db",
        "SYMPOSIA_BASE_URL": "http://127.0.0.1:8000",
        "SYMPOSIA_RATE_LIMITS": "off",
    }
    fill(environ, size)
    app = create_app(config.read(environ))
    client = app.test_client()
    with app.app_context():
        editor_id = accounts.find_or_create("editor@example.org", now=CHANGED_AT).id
        db.session.commit()
        entries = feeds.find("all", today=CHANGED_AT.date()).entries
    numbers = count(1)

    def edit() -> None:
        number = next(numbers)
        with app.app_context():
            # Always the same one: its milestones are laid by the first edit, as any edition's are.
            editions.describe(
                db.session.get_one(Edition, size // 2),
                title=f"Edited, number {number}",
                summary="",
                by=db.session.get_one(Person, editor_id),
                now=CHANGED_AT + timedelta(hours=number),
            )
            db.session.commit()

    def edit_and_ask() -> None:
        edit()
        assert client.get(FEED).status_code == 200  # noqa: PLR2004 - HTTP's

    edit_and_ask()
    body = client.get(FEED).data
    gc.freeze()  # as wsgi.py does
    edit_ms, both_ms, reference_ms = interleaved(
        [[edit, edit_and_ask, lambda: encode_by_icalendar(entries)]] * ROUNDS
    )
    with app.app_context():
        db.engine.dispose()
    gc.unfreeze()
    given = f"{size:,} events, {len(body) / 1_000_000:.1f} MB"
    reference = "icalendar used naively"
    return [
        Figure("feed: an edit and the next answer", given, both_ms, reference, reference_ms),
        Figure("feed: that answer alone", given, both_ms - edit_ms, reference, reference_ms),
    ]
