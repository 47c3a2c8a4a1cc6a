"""Work behind the pages: huey carries ids, the rows in the database are the truth.

Should the queue lose an id, or be away, the sweep that runs every minute finds the row.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import redis
from huey import RedisHuey, SqliteHuey, crontab
from sqlalchemy import event

from app import clock, outbox
from app.database import db

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from config import Config


def init_app(app: Flask, settings: Config) -> None:
    """Set up the queue of ``app`` and the tasks that its worker runs."""
    if settings.redis_url:
        huey = RedisHuey("symposia", url=settings.redis_url)
    else:
        settings.instance_path.mkdir(parents=True, exist_ok=True)
        huey = SqliteHuey("symposia", filename=str(settings.instance_path / "queue.db"))
    app.extensions["huey"] = huey

    @huey.task()
    def deliver_mail(message_id: int) -> None:
        with app.app_context():
            outbox.deliver(message_id, now=clock.utcnow())

    @huey.periodic_task(crontab(minute="*"))
    def sweep_outbox() -> None:
        with app.app_context():
            outbox.deliver_due(now=clock.utcnow())

    def enqueue(session: Session) -> None:
        for message_id in session.info.pop(outbox.PENDING_KEY, ()):
            try:
                deliver_mail(message_id)
            except (redis.RedisError, sqlite3.Error, OSError):
                app.logger.warning("queue away; the sweep will find the mail", exc_info=True)

    def forget(session: Session) -> None:
        session.info.pop(outbox.PENDING_KEY, None)

    with app.app_context():
        event.listen(db.session, "after_commit", enqueue)
        event.listen(db.session, "after_rollback", forget)


def run_worker(app: Flask) -> None:
    """Deliver what is due, then serve the queue until told to stop."""
    huey: Any = app.extensions["huey"]
    with app.app_context():
        outbox.deliver_due(now=clock.utcnow())
    huey.create_consumer(workers=1, check_worker_health=True).run()
