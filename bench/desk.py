"""The desk with 50 series over 24 years, as an organiser sees it: its first page, and the plan."""

from __future__ import annotations

import gc
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import event

import config
from app import clock, create_app, database, migrations
from app.accounts import access, sessions
from app.accounts import service as accounts
from app.accounts.models import Method, Role
from app.database import db
from app.editions import planning
from app.editions.models import Edition
from app.series.models import Series, SeriesKind
from bench.measuring import ROUNDS, Figure, interleaved
from bench.planning import expand_by_dateutil, make_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

    from scheduler.recurrence import RecurrenceRule

SERIES_COUNT = 50
RULES = 1_152  # as many as `make_rules` has forms
FIRST_YEAR, YEARS = 2027, 24
UNTIL = FIRST_YEAR + YEARS - 1
NOW = datetime(FIRST_YEAR, 1, 15, 9, tzinfo=UTC)
REGIONS = (None, "africa", "americas", "asia-pacific", "europe")
HOME = "/organise/"
PAGE = f"/organise/plan?years={YEARS}&until={UNTIL}"
WHAT_IF = f"{PAGE}&try=series-1-2032&day=2032-06-01"


def measure() -> list[Figure]:
    """Measure the pages in a process that has served them before, and the plan after a change."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Path(folder))
        with app.app_context():
            count = seed()
        client = make_client(app)
        rules = some_rules()
        start, end = date(FIRST_YEAR, 1, 1), date(UNTIL + 1, 1, 1)

        def show(page: str) -> Callable[[], None]:
            def work() -> None:
                assert client.get(page).status_code == 200  # noqa: PLR2004 - HTTP's

            return work

        home, plan, what_if = (show(page) for page in (HOME, PAGE, WHAT_IF))

        def plan_after_a_move() -> None:
            move_alone()
            plan()

        def move_alone() -> None:
            with app.app_context():
                move_one()

        def expand() -> None:
            for rule in rules:
                expand_by_dateutil(rule, start, end)

        for work in (home, plan, what_if):
            work()
        gc.freeze()  # as wsgi.py does
        given = f"{SERIES_COUNT} series, {YEARS} years, {count} editions"
        queries = [f"{given}, {count_queries(app, work)} queries" for work in (home, plan, what_if)]
        move_ms, changed_ms, home_ms, plan_ms, what_if_ms, reference_ms = interleaved(
            [[move_alone, plan_after_a_move, home, plan, what_if, expand]] * ROUNDS
        )
        reference = "dateutil: the same rules, expanded only"
        with app.app_context():
            db.engine.dispose()
    return [
        Figure("desk: the first page", queries[0], home_ms, reference, reference_ms),
        Figure("plan page", queries[1], plan_ms, reference, reference_ms),
        Figure("plan page after a move", queries[1], changed_ms - move_ms, reference, reference_ms),
        Figure("plan page, another week tried", queries[2], what_if_ms, reference, reference_ms),
    ]


def make_app(folder: Path) -> Flask:
    """Make an application on an empty database in ``folder``."""
    settings = config.read(
        {
            "SYMPOSIA_SECRET_KEY": "of the benchmark alone",
            "SYMPOSIA_INSTANCE_PATH": str(folder),
            "SYMPOSIA_RATE_LIMITS": "off",
            "SYMPOSIA_LOG_LEVEL": "warning",
            "SYMPOSIA_NOW": NOW.isoformat(),
        }
    )
    app = create_app(settings)
    with app.app_context():
        migrations.upgrade()
    return app


def some_rules() -> list[RecurrenceRule]:
    """Return rules every one to four years, spread over the months."""
    every = make_rules(FIRST_YEAR, RULES)
    return every[:: RULES // SERIES_COUNT][:SERIES_COUNT]


def seed() -> int:
    """Found the series and apply their plan; return how many editions there are."""
    database.write()
    rules = some_rules()
    kinds = list(SeriesKind)
    for number, rule in enumerate(rules):
        db.session.add(
            Series(
                slug=f"series-{number}",
                title=f"Regional Engagement on Insider Threats {number}",
                kind=kinds[number % len(kinds)],
                region=REGIONS[number % len(REGIONS)],
                rrule=rule.rrule,
                dtstart=rule.dtstart,
                created_at=NOW,
                modified_at=NOW,
            )
        )
    db.session.commit()
    proposal = planning.propose(until=UNTIL, today=NOW.date())
    count = planning.apply(proposal, by=None, now=NOW)
    db.session.commit()
    return count


def make_client(app: Flask) -> FlaskClient:
    """Return the browser of an organiser who has signed in."""
    with app.app_context():
        database.write()
        person = accounts.find_or_create("organiser@example.org", now=NOW)
        accounts.grant(person, Role.ORGANISER, now=NOW)
        token = sessions.open_session(
            person,
            method=Method.LINK,
            device="bench",
            now=clock.real_utcnow(),
            has_second_factor=True,
        )
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session[access.SESSION_KEY] = token
    return client


def move_one() -> None:
    """Change one edition a little, so that nothing kept of the whole plan holds."""
    database.write()
    edition = db.session.query(Edition).order_by(Edition.id.desc()).first()
    assert edition is not None
    edition.city += "a"
    db.session.commit()


def count_queries(app: Flask, work: Callable[[], None]) -> int:
    """Return how many statements reach the database in ``work``."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)
