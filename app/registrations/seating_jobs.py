"""Work behind the pages: offered places that nobody took go on, as do parties at the closing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from huey import crontab

from app import clock
from app.database import db
from app.registrations import parties, service

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Set up the task on the queue of ``app``."""

    @app.extensions["huey"].periodic_task(crontab(minute="*"))
    def lapse_offers() -> None:
        with app.app_context():
            service.lapse_offers(now=clock.utcnow())
            db.session.commit()

    @app.extensions["huey"].periodic_task(crontab(minute="*"))
    def close_late_parties() -> None:
        with app.app_context():
            parties.close_late(now=clock.utcnow())
            db.session.commit()
