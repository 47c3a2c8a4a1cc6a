"""Plans against what is stored: a century of series in the database, and the way written first."""

from __future__ import annotations

import gc
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from app import database
from app.database import db
from app.editions import planning, service
from app.editions.models import Edition
from app.series.models import Series, SeriesKind
from bench.desk import make_app
from bench.measuring import ROUNDS, Figure, interleaved
from bench.planning import expand_by_dateutil, make_rules
from scheduler.lifecycle import EditionStatus
from scheduler.recurrence import occurrences

FIRST_YEAR, YEARS = 2027, 100
UNTIL = FIRST_YEAR + YEARS - 1
NOW = datetime(FIRST_YEAR, 1, 15, 9, tzinfo=UTC)
TODAY = NOW.date()
FEW, MANY = 30, 1_000  # one entity at a time, a thousand series take half a minute


def measure() -> list[Figure]:
    """Measure the plan of few series against entities one at a time, of many against dateutil."""
    return [*_few(), *_many()]


def reconcile_entities() -> int:
    """Bring editions in step with the rules the way one writes it first; return how many."""
    changed = 0
    for series in db.session.scalars(select(Series)).all():
        assert series.rule is not None
        wanted = set()
        for moment in expand_by_dateutil(series.rule, TODAY, date(UNTIL, 12, 31)):
            day = moment.date()
            wanted.add(day)
            edition = db.session.scalars(
                select(Edition).filter_by(series_id=series.id, recurrence_id=day)
            ).one_or_none()
            end = day + timedelta(days=series.length_days)
            if edition is None:
                slug = service.free_slug(series, day.year)
                service.make(series, day, end, now=NOW, slug=slug, recurrence_id=day)
                changed += 1
            elif edition.status is EditionStatus.PROJECTED and (
                (edition.dtstart, edition.dtend) != (day, end)
            ):
                edition.dtstart, edition.dtend = day, end
                edition.sequence += 1
                changed += 1
        for edition in db.session.scalars(select(Edition).filter_by(series_id=series.id)):
            is_ahead = edition.status is EditionStatus.PROJECTED and edition.dtstart >= TODAY
            if is_ahead and edition.recurrence_id not in wanted:
                db.session.delete(edition)
                changed += 1
    return changed


def find_nothing() -> None:
    """Compare what is in step."""
    assert planning.propose(until=UNTIL, today=TODAY).pending == []
    db.session.remove()


def find_nothing_by_entities() -> None:
    """The same, one entity at a time."""
    assert reconcile_entities() == 0
    db.session.remove()


def plan_and_apply() -> None:
    """Plan and apply into an empty table."""
    proposal = planning.propose(until=UNTIL, today=TODAY)
    planning.apply(proposal, by=None, now=NOW)
    db.session.commit()
    db.session.remove()


def empty_table() -> None:
    """Take all editions away."""
    database.write()
    db.session.execute(delete(Edition))
    db.session.commit()
    db.session.remove()


def _few() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, make_app(Path(folder)).app_context():
        _found_series(FEW)
        plan_and_apply()
        ours_ms, naive_ms = interleaved([[find_nothing, find_nothing_by_entities]] * ROUNDS)
        given = _given(FEW)
        db.engine.dispose()
    return [Figure("stored plan: nothing to do", given, ours_ms, "one entity a time", naive_ms)]


def _many() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, make_app(Path(folder)).app_context():
        _found_series(MANY)
        rules = make_rules(FIRST_YEAR, MANY)
        start, end = TODAY, date(UNTIL, 12, 31)

        def expand() -> None:
            for rule in rules:
                expand_by_dateutil(rule, start, end)

        def expand_kept() -> None:
            for rule in rules:
                occurrences(rule, start, end)

        expand_kept()
        gc.freeze()  # as wsgi.py does
        _, first_ms, nothing_ms, reference_ms = interleaved(
            [[empty_table, plan_and_apply, find_nothing, expand]] * ROUNDS
        )
        given = _given(MANY)
        db.engine.dispose()
    reference = "dateutil: the same rules, expanded only"
    return [
        Figure("stored plan: first, applied", given, first_ms, reference, reference_ms),
        Figure("stored plan: nothing to do", given, nothing_ms, reference, reference_ms),
    ]


def _given(series_count: int) -> str:
    count = db.session.scalar(select(func.count()).select_from(Edition))
    return f"{series_count:,} series over {YEARS} years, {count:,} editions"


def _found_series(count: int) -> None:
    database.write()
    for number, rule in enumerate(make_rules(FIRST_YEAR, count)):
        db.session.add(
            Series(
                slug=f"series-{number}",
                title=f"Series {number}",
                kind=SeriesKind.SYMPOSIUM,
                rrule=rule.rrule,
                dtstart=rule.dtstart,
                created_at=NOW,
                modified_at=NOW,
            )
        )
    db.session.commit()
