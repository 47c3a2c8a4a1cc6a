"""The worker's part of messages: what leaves now, and reminders once an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from huey import crontab

from app import clock, jobs
from app.messages import reminders, service

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the tasks to the queue of ``app``; rows say what there is to do."""
    huey = app.extensions["huey"]

    @huey.task()
    def send_messages() -> None:
        with app.app_context():
            service.work(now=clock.utcnow(), real_now=clock.real_utcnow())

    @huey.periodic_task(crontab(minute="*"))
    def sweep_messages() -> None:
        with app.app_context():
            service.work(now=clock.utcnow(), real_now=clock.real_utcnow())

    @huey.periodic_task(crontab(minute="7"))
    def remind() -> None:
        with app.app_context():
            reminders.work(now=clock.utcnow())

    app.extensions["send_messages"] = send_messages


def wake() -> None:
    """Let the worker send when the message's minute is over; the sweep does should this be lost."""
    try:
        current_app.extensions["send_messages"].schedule(delay=service.HOLD.total_seconds() + 1)
    except jobs.failures():
        current_app.logger.warning("queue away; the sweep will find the message", exc_info=True)
