"""A process that registers one person after another and acknowledges each, until it is killed."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from app import create_app
from app.accounts import service as accounts
from app.clock import utcnow
from app.database import db
from app.editions.models import Edition
from app.registrations import service

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from config import Config


def write(settings: Config, edition_id: int, name: str, acknowledged: Connection) -> None:
    """Register people called after ``name``; send each one's address once it is committed."""
    with create_app(settings).app_context():
        for number in count():
            now = utcnow()
            email = f"{name}-{number}@example.org"
            person = accounts.find_or_create(email, now=now)
            person.verified_at = now
            db.session.commit()
            service.register(db.session.get_one(Edition, edition_id), person, now=now)
            db.session.commit()
            acknowledged.send(email)
