"""Sessions: rows that a cookie's token names, the proofs behind them, and their end."""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import update

from app import database
from app.accounts import queries
from app.accounts.models import (
    STAFF,
    Method,
    Person,
    SignIn,
)
from app.database import db
from app.outbox import settings

if TYPE_CHECKING:
    from datetime import datetime

LIFE = timedelta(days=14)
FRESH = timedelta(minutes=30)  # how long a proof is enough for a sensitive act
FRESH_TO_BEGIN = timedelta(minutes=20)  # and for its form, so that there is time to fill it in
USE_STEP = timedelta(minutes=5)
IDLE = timedelta(days=7)  # of who acts for nobody else; for all others the settings say
TRIES = 5  # wrong codes before a session must begin anew

# The first that fits: each browser also claims to be those below it.
PROGRAMS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
]


class Stage(StrEnum):
    """How far a session has come."""

    SECOND_FACTOR = "second_factor"  # the second proof is still to come
    SET_UP = "set_up"  # the person needs a second factor and has none
    IDLE = "idle"  # complete, but so long unused that the person proves anew who they are
    COMPLETE = "complete"


def needs_second_factor(person: Person, *, now: datetime) -> bool:
    """Whether ``person`` acts for others and so may not sign in by one proof alone."""
    is_asked = settings().second_factor_required and not person.is_demonstration
    return is_asked and _acts_for_others(person, now)


def _acts_for_others(person: Person, now: datetime) -> bool:
    return any(grant.role in STAFF and grant.holds(now) for grant in person.grants)


def stage_of(sign_in: SignIn, *, now: datetime) -> Stage:
    """Return how far ``sign_in`` has come; a role given meanwhile counts at once."""
    if sign_in.second_factor_at is None:
        if sign_in.person.has_second_factor:
            return Stage.SECOND_FACTOR
        if needs_second_factor(sign_in.person, now=now):
            return Stage.SET_UP
    return Stage.IDLE if _is_idle(sign_in, now) else Stage.COMPLETE


def _is_idle(sign_in: SignIn, now: datetime) -> bool:
    is_staff = _acts_for_others(sign_in.person, now)
    return now - sign_in.used_at >= (
        timedelta(minutes=settings().idle_minutes) if is_staff else IDLE
    )


def open_session(
    person: Person,
    *,
    method: Method,
    device: str,
    now: datetime,
    has_second_factor: bool = False,
) -> str:
    """Begin a session of ``person`` and return the token for its cookie.

    ``has_second_factor``: the proof was two at once, as a passkey that asks for a finger is.
    """
    database.write()
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignIn(
            person_id=person.id,
            token_hash=queries.hashed(token),
            device=device[:200],
            method=method,
            began_at=now,
            used_at=now,
            confirmed_at=now,
            second_factor_at=now if has_second_factor else None,
            expires_at=now + LIFE,
        )
    )
    db.session.flush()
    return token


def confirm(sign_in: SignIn, *, now: datetime, second_factor: bool = False) -> None:
    """Note that the person of ``sign_in`` has just proved again who they are."""
    database.write(sign_in)
    sign_in.confirmed_at, sign_in.used_at, sign_in.failed_count = now, now, 0
    if second_factor:
        sign_in.second_factor_at = now
    db.session.flush()


def renew_token(sign_in: SignIn) -> str:
    """Give ``sign_in`` a new token: a cookie from before a further proof opens nothing more."""
    database.write(sign_in)
    token = secrets.token_urlsafe(32)
    sign_in.token_hash = queries.hashed(token)
    db.session.flush()
    return token


def note_failure(sign_in: SignIn, *, now: datetime) -> None:
    """Count a wrong proof; after a few the session is over and must begin anew."""
    database.write(sign_in)
    sign_in.failed_count += 1
    if sign_in.failed_count >= TRIES:
        sign_in.ended_at = now
    db.session.flush()


def note_use(session_id: int, *, now: datetime) -> None:
    """Note when the session was last used."""
    database.write()
    db.session.execute(update(SignIn).where(SignIn.id == session_id).values(used_at=now))


def is_fresh(sign_in: SignIn, *, within: timedelta, now: datetime) -> bool:
    """Whether the last proof is recent enough for a sensitive act."""
    return now - sign_in.confirmed_at < within


def end_session(token: str, *, now: datetime) -> None:
    """End the session behind ``token``: a copy of its cookie is dead from now on."""
    database.write()
    sign_in = queries.session_of(token, now=now)
    if sign_in is not None:
        sign_in.ended_at = now
        db.session.flush()


def end_sessions(person: Person, *, now: datetime, but: SignIn | None = None) -> None:
    """End every session of ``person``, ``but`` one if it is named."""
    database.write()
    over = update(SignIn).where(SignIn.person_id == person.id, SignIn.ended_at.is_(None))
    if but is not None:
        over = over.where(SignIn.id != but.id)
    db.session.execute(over.values(ended_at=now))


def end_one(person: Person, session_id: int, *, now: datetime) -> None:
    """End one session of ``person``; another's is left alone."""
    database.write()
    db.session.execute(
        update(SignIn)
        .where(SignIn.id == session_id, SignIn.person_id == person.id, SignIn.ended_at.is_(None))
        .values(ended_at=now)
    )


def device_words(user_agent: str) -> str:
    """Return what people call the program behind a User-Agent header.

    >>> device_words("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
    'Firefox, Linux'
    """
    program = next((name for mark, name in PROGRAMS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return ", ".join(filter(None, [program, system]))
