"""Passwords: checked in the same time for everybody, and refused where they are easily guessed."""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING

from flask_security import hash_password, verify_password

from app import audit, database
from app.accounts import letters, queries, sessions
from app.accounts.models import Person
from app.database import db
from app.i18n import gettext as _
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import SignIn

LENGTH_MIN = 12
JUDGED_LENGTH = 72  # the judge's time grows with the length; what is longer is not common
SCORE_MIN = 3  # of 4: at least 10^8 guesses (zxcvbn)


@cache
def decoy_hash() -> str:
    """Return what is checked when the address is unknown, so that both answers take as long."""
    return hash_password(secrets.token_urlsafe())


class SignInError(DomainError):
    """Wrong address or wrong password; which of the two is not said."""

    message = N_("The address or the password is not right.")


class PasswordError(DomainError):
    """A password that is too short."""

    message = N_("The password needs at least {length} characters.")


class CommonPasswordError(DomainError):
    """A password that stands on the lists which are tried first."""

    message = N_(
        "This password is easily guessed: it is, or is made of, what many people use. Four words "
        "that have nothing to do with each other are a good one."
    )


def check_password(email: str, password: str) -> Person:
    """Return the person whom address and password name.

    Raises:
        SignInError: they do not match, or the person has no password.
    """
    nobodys = decoy_hash()  # for everybody: the first to need it would be seen to wait
    found = queries.password_of(email)
    fits = verify_password(password, found[1] if found is not None else nobodys)
    if found is None or not fits:
        raise SignInError
    return db.session.get_one(Person, found[0])


def matches(person: Person, password: str) -> bool:
    """Whether ``password`` is the person's own."""
    return bool(person.password and verify_password(password, person.password))


def set_password(
    person: Person, password: str, *, now: datetime, keeping: SignIn | None = None
) -> None:
    """Give ``person`` a password and end every session of theirs, but the one named.

    Raises:
        PasswordError: it is too short.
        CommonPasswordError: it is too easily guessed.
    """
    judge(password, person)
    password_hash = hash_password(password)
    database.write(person)
    person.password = password_hash
    sessions.end_sessions(person, now=now, but=keeping)
    audit.record("person.password_changed", person, by=person, now=now)
    letters.method_changed(person, _("A new password was set."), now=now)


def remove_password(person: Person, *, now: datetime, keeping: SignIn | None = None) -> None:
    """Take the password away: links, codes and passkeys remain."""
    database.write(person)
    if person.password is None:
        return
    person.password = None
    sessions.end_sessions(person, now=now, but=keeping)
    audit.record("person.password_removed", person, by=person, now=now)
    letters.method_changed(person, _("The password was removed."), now=now)


def judge(password: str, person: Person) -> None:
    """Refuse a password that others would guess.

    Raises:
        PasswordError: it is too short.
        CommonPasswordError: it is on the lists, or is made from them or from the person's name.
    """
    if len(password) < LENGTH_MIN:
        raise PasswordError(length=LENGTH_MIN)
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take 12 MB, and few choose a password

    own_words = ["symposia", *person.email.replace("@", ".").split("."), *person.name.split()]
    judged = zxcvbn(password[:JUDGED_LENGTH], own_words)
    if judged["score"] < SCORE_MIN:
        raise CommonPasswordError
