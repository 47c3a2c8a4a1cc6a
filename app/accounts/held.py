"""What was typed into a form whose act must wait until the person has proved who they are."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from app import database
from app.accounts import queries
from app.accounts.models import HeldForm
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import SignIn

LIFE = timedelta(minutes=15)
SIZE_MAX = 50_000  # characters; no form of a sensitive act comes near
OURS = {"csrf_token", "submit", "next"}  # not typed by anybody
SECRETS = {"password", "code", "mailed_code", "answer", "token"}

Fields = list[tuple[str, str]]


def typed(fields: Fields) -> Fields:
    """Return of the ``fields`` of a form what may be kept: what somebody typed, and no secret."""
    kept = [(name, value) for name, value in fields if name not in OURS | SECRETS and value]
    size = sum(len(name) + len(value) for name, value in kept)
    return kept if size <= SIZE_MAX else []


def keep(sign_in: SignIn, path: str, fields: Fields, *, back: str, now: datetime) -> str:
    """Keep ``fields`` for this session alone, and return the token that finds them again.

    ``back`` is the page on which they were typed.
    """
    database.write()
    let_go(now)
    token = secrets.token_urlsafe(24)
    db.session.add(
        HeldForm(
            sign_in_id=sign_in.id,
            token_hash=queries.hashed(token),
            path=path[:500],
            back=back[:500],
            fields=[list(field) for field in fields],
            expires_at=now + LIFE,
        )
    )
    db.session.flush()
    return token


def find(sign_in: SignIn, token: str, *, now: datetime) -> HeldForm | None:
    """Return what this session typed, while it is kept."""
    return db.session.scalar(
        select(HeldForm).where(
            HeldForm.token_hash == queries.hashed(token),
            HeldForm.sign_in_id == sign_in.id,
            HeldForm.expires_at > now,
        )
    )


def let_go(now: datetime) -> Sequence[int]:
    """Delete what has waited too long; return whose rows they were."""
    return db.session.scalars(
        delete(HeldForm).where(HeldForm.expires_at <= now).returning(HeldForm.sign_in_id)
    ).all()
