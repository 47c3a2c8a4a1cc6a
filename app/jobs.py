"""Work behind the pages: huey carries ids, the rows in the database are the truth.

Should the queue lose an id, or be away, the sweep that runs every minute finds the row. Delivery
keeps real time: a mail server knows nothing of ``SYMPOSIA_NOW``.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

from flask import current_app
from huey import Huey, crontab
from huey.storage import SqliteStorage
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import clock, outbox

if TYPE_CHECKING:
    from flask import Flask

    from config import Config

POLL_SECONDS = 0.5  # of the embedded queue; Redis wakes the worker itself
WORKERS = 2  # a plan of hosts takes one for a minute, the mail has the other
NICE = 10
FINISH_SECONDS = 8  # for the mail in hand, when told to stop


class QueueFile(SqliteStorage):
    """The embedded queue; it may lose ids with the power, so nothing waits for the disk."""

    def _create_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._create_connection()
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def init_app(app: Flask, settings: Config) -> None:
    """Set up the queue of ``app`` and the tasks that its worker runs."""
    if settings.redis_url:
        huey = Huey("symposia", storage_class=_redis_storage(), url=settings.redis_url)
    else:
        settings.instance_path.mkdir(0o700, parents=True, exist_ok=True)
        path = settings.instance_path / "queue.db"
        huey = Huey("symposia", storage_class=QueueFile, filename=str(path))

    @huey.task()
    def deliver_mail(message_id: int) -> None:
        with app.app_context():
            outbox.deliver(message_id, now=clock.real_utcnow())

    @huey.periodic_task(crontab(minute="*"))
    def sweep_outbox() -> None:
        with app.app_context():
            outbox.deliver_due(now=clock.real_utcnow())

    app.extensions["huey"] = huey
    app.extensions["deliver_mail"] = deliver_mail


def _redis_storage() -> Any:  # noqa: ANN401 - a class of a module's second copy
    """Return huey's queue in Redis, from a copy of its module that was read with the client.

    The first was read without (:mod:`app.lean`), and stays as it is: our queue's class is of it.
    """
    spec: Any = find_spec("huey.storage")
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy.RedisStorage


def failures() -> tuple[type[Exception], ...]:
    """Return what a queue that is away raises, of whichever kind it is."""
    redis = sys.modules.get("redis")
    return (sqlite3.Error, OSError, *([redis.RedisError] if redis else []))


@event.listens_for(Session, "after_commit")
def _enqueue(session: Session) -> None:
    """Hand the mail of a transaction to the worker once the transaction is safe."""
    for message_id in session.info.pop(outbox.PENDING_KEY, ()):
        try:
            current_app.extensions["deliver_mail"](message_id)
        except failures():
            current_app.logger.warning("queue away; the sweep will find the mail", exc_info=True)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    """Let go of mail whose cause did not happen."""
    session.info.pop(outbox.PENDING_KEY, None)


def run_worker(app: Flask) -> None:
    """Deliver what is due, then serve the queue until told to stop.

    Where there is little of the machine to share, pages go first: a letter can wait a second.
    """
    os.nice(NICE)
    huey: Any = app.extensions["huey"]
    with app.app_context():
        outbox.deliver_due(now=clock.real_utcnow())
    huey.create_consumer(
        workers=WORKERS,
        max_delay=POLL_SECONDS,
        check_worker_health=True,
        graceful_signal="TERM",
        shutdown_timeout=FINISH_SECONDS,
    ).run()
