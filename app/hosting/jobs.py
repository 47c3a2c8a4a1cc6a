"""The worker's part of decisions: a round moves on when its closing moment has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from huey import crontab

from app import clock
from app.database import db
from app.hosting import deciding
from app.hosting import decision_queries as queries
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the task to the queue of ``app``."""
    huey = app.extensions["huey"]

    @huey.periodic_task(crontab(minute="*"))
    def move_rounds_on() -> None:
        with app.app_context():
            work(now=clock.utcnow())


def work(*, now: datetime) -> int:
    """Move on every round whose closing moment has passed; commits each. Return how many did.

    What cannot move by itself, a ballot about a single offer, waits for an organiser.
    """
    moved = 0
    for row in queries.due(now):
        try:
            deciding.work(row, now=now)
        except DomainError:
            db.session.rollback()
        else:
            db.session.commit()
            moved += 1
    return moved
