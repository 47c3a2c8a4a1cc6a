"""Reads over people and the ways in which they sign in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.accounts.models import (
    Grant,
    Identity,
    Method,
    Passkey,
    Person,
    RecoveryCode,
    Role,
    SignIn,
    SignInLink,
)
from app.clock import real_utcnow
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement


def hashed(token: str) -> str:
    """Return the form in which a token is stored; it has 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(email: str) -> Person | None:
    """Return the person with this address, in any case."""
    return db.session.scalar(select(Person).filter_by(email=email.strip().lower()))


def password_of(email: str) -> tuple[int, str] | None:
    """Return the id and the hash of whoever signs in by password with this address.

    No more than that is read: what the row of a person costs would tell that there is one.
    """
    row = db.session.execute(
        select(Person.id, Person.password).where(
            Person.email == email.strip().lower(), Person.active, Person.password.is_not(None)
        )
    ).first()
    return (row.id, row.password or "") if row is not None else None


# Made once: every page of somebody signed in asks it.
_SESSION = (
    select(SignIn)
    .join(SignIn.person)
    .where(
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > bindparam("now"),
        Person.active,
    )
    .options(contains_eager(SignIn.person).selectinload(Person.grants))
)


def session_of(token: str, *, now: datetime) -> SignIn | None:
    """Return the live session behind a cookie's token, its person loaded with it."""
    return db.session.scalar(_SESSION, {"token_hash": hashed(token), "now": now})


def sessions_of(person: Person, *, now: datetime) -> Sequence[SignIn]:
    """Return the person's live sessions, the one used last first."""
    return db.session.scalars(
        select(SignIn)
        .where(SignIn.person_id == person.id, SignIn.ended_at.is_(None), SignIn.expires_at > now)
        .order_by(SignIn.used_at.desc(), SignIn.id.desc())
    ).all()


def count_failures(person: Person, method: Method, *, since: datetime) -> int:
    """Return how many wrong codes followed a first proof by ``method``."""
    return (
        db.session.scalar(
            select(func.sum(SignIn.failed_count)).where(
                SignIn.person_id == person.id, SignIn.method == method, SignIn.began_at > since
            )
        )
        or 0
    )


def passkeys_of(person: Person) -> Sequence[Passkey]:
    """Return the person's passkeys, oldest first."""
    return db.session.scalars(
        select(Passkey).where(Passkey.person_id == person.id).order_by(Passkey.id)
    ).all()


def passkey(credential_id: str) -> Passkey | None:
    """Return the passkey that a browser answered with, its person loaded with it."""
    return db.session.scalar(
        select(Passkey)
        .where(Passkey.credential_id == credential_id)
        .options(joinedload(Passkey.person).selectinload(Person.grants))
    )


def count_recovery_codes(person: Person) -> int:
    """Return how many recovery codes are left."""
    return (
        db.session.scalar(
            select(func.count()).where(
                RecoveryCode.person_id == person.id, RecoveryCode.used_at.is_(None)
            )
        )
        or 0
    )


def identity(issuer: str, subject: str) -> Identity | None:
    """Return the person's identity at a provider, its person loaded with it."""
    return db.session.scalar(
        select(Identity)
        .where(Identity.issuer == issuer, Identity.subject == subject)
        .options(joinedload(Identity.person).selectinload(Person.grants))
    )


def identities_of(person: Person) -> Sequence[Identity]:
    """Return the person's identities at providers."""
    return db.session.scalars(
        select(Identity).where(Identity.person_id == person.id).order_by(Identity.id)
    ).all()


def live_link(token: str, *, now: datetime) -> SignInLink | None:
    """Return the unspent, unexpired link with this token, locked so that it is spent once."""
    return db.session.scalar(
        select(SignInLink)
        .where(
            SignInLink.token_hash == hashed(token),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .with_for_update()
    )


def link_of_browser(browser: str, *, now: datetime) -> SignInLink | None:
    """Return the unspent, unexpired link that this browser asked for, locked."""
    return db.session.scalar(
        select(SignInLink)
        .where(
            SignInLink.browser_hash == hashed(browser),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .with_for_update()
    )


def live_links(email: str, *, now: datetime) -> Sequence[datetime]:
    """Return when the links of this address were made that could be used at ``now``, newest first.

    Those that whoever runs the site made are not among them.
    """
    return db.session.scalars(
        select(SignInLink.created_at)
        .where(
            SignInLink.email == email,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
            SignInLink.is_vouched.is_(False),
        )
        .order_by(SignInLink.created_at.desc())
    ).all()


def staff() -> Sequence[Grant]:
    """Return every role that stands with its person, by role, then address."""
    return db.session.scalars(
        select(Grant)
        .join(Grant.person)
        .where(standing())
        .options(joinedload(Grant.person))
        .order_by(Grant.role, Grant.scope_key, Person.email)
    ).all()


def standing_grants(role: Role, scope_key: str) -> Sequence[Grant]:
    """Return every grant of ``role`` for ``scope_key`` that stands, with its person, by address."""
    return db.session.scalars(
        select(Grant)
        .join(Grant.person)
        .where(Grant.role == role, Grant.scope_key == scope_key, standing())
        .options(joinedload(Grant.person))
        .order_by(Person.email)
    ).all()


def standing() -> ColumnElement[bool]:
    """Return the condition that a role has not ended.

    What is to end by a day is judged in real time, as permissions are.
    """
    ends_later = Grant.ends_at.is_(None) | (Grant.ends_at > real_utcnow())
    return and_(Grant.ended_at.is_(None), ends_later)


def with_role(role: Role, scope_key: str = "") -> Sequence[Person]:
    """Return the active people who hold ``role`` for ``scope_key``, by address."""
    return db.session.scalars(
        select(Person)
        .join(Person.grants)
        .where(Grant.role == role, Grant.scope_key == scope_key, standing(), Person.active)
        .options(selectinload(Person.grants))
        .order_by(Person.email)
    ).all()


def contacts_of(country_codes: Sequence[str]) -> Sequence[Person]:
    """Return the active national contacts of these countries, by address."""
    return db.session.scalars(
        select(Person)
        .where(
            Person.id.in_(
                select(Grant.person_id).where(
                    Grant.role == Role.NATIONAL_CONTACT,
                    Grant.scope_key.in_(country_codes),
                    standing(),
                )
            ),
            Person.active,
        )
        .order_by(Person.email)
    ).all()


def display_names(ids: Iterable[int | None]) -> dict[int | None, str]:
    """Return what these people are called, by id."""
    people = db.session.scalars(select(Person).where(Person.id.in_([*filter(None, ids)])))
    return {person.id: person.display_name for person in people}
