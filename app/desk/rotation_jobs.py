"""The worker's part of the rotation: it plans and explains what pages have asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from huey import crontab

from app import clock, jobs
from app.desk import rotation_answers

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the tasks to the queue of ``app``; a task only wakes the worker, rows say what waits."""
    huey = app.extensions["huey"]

    @huey.task()
    def plan_rotation() -> None:
        with app.app_context():
            rotation_answers.work(now=clock.real_utcnow, today=clock.today())

    @huey.periodic_task(crontab(minute="*"))
    def sweep_rotation() -> None:
        with app.app_context():
            rotation_answers.work(now=clock.real_utcnow, today=clock.today())

    app.extensions["plan_rotation"] = plan_rotation


def wake() -> None:
    """Wake the worker once the question is committed; should the queue be away, the sweep does."""
    try:
        current_app.extensions["plan_rotation"]()
    except jobs.failures():
        current_app.logger.warning("queue away; the sweep will find the run", exc_info=True)
