"""Use cases of people: sign in by password or link, sign out, create, grant."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password, verify_password
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app import audit, database, outbox
from app.accounts import queries
from app.accounts.models import SCOPE_OF, Grant, Person, Role, ScopeKind, SignIn, SignInLink
from app.database import db
from app.i18n import gettext as _
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from datetime import datetime

MAILED_LINK_LIFE = timedelta(minutes=15)
COMMANDED_LINK_LIFE = timedelta(days=1)
SESSION_LIFE = timedelta(days=14)
PASSWORD_LENGTH_MIN = 12
LIVE_LINKS_MAX = 20

# Checked when the address is unknown, so that both answers take the same time.
_nobodys_hash: list[str] = []


class SignInError(DomainError):
    """Wrong address or wrong password; which of the two is not said."""

    message = N_("The address or the password is not right.")


class LinkError(DomainError):
    """A sign-in link that is used, expired or never was; all three read the same."""

    message = N_("This link has been used or has expired. Ask for a new one.")


class EmailError(DomainError):
    """Not an address that mail could reach."""

    message = N_("“{email}” is not an e-mail address. One looks like name@example.org.")


class PasswordError(DomainError):
    """A password that is too easy to guess."""

    message = N_("The password needs at least {length} characters.")


class ScopeError(DomainError):
    """A role with the wrong kind of scope."""

    message = N_(
        "Say for which country a national contact acts, and for which edition a host team or a "
        "visa officer; every other role holds everywhere."
    )


def normalise_email(email: str) -> str:
    """Return ``email`` as it is stored: trimmed, in lower case.

    Raises:
        EmailError: it is not an address.
    """
    try:
        # Letters of other alphabets before the @ look alike, and hardly any server takes them.
        found = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise EmailError(email=email[:80]) from error
    return (found.ascii_email or found.normalized).lower()


def find_or_create(email: str, *, now: datetime) -> Person:
    """Return the person with this address, new if need be.

    Raises:
        EmailError: it is not an address.
    """
    email = normalise_email(email)
    database.write()
    person = queries.find(email)
    if person is None:
        person = Person(email=email, created_at=now)
        try:
            with db.session.begin_nested():
                db.session.add(person)
        except IntegrityError:
            # PostgreSQL lets two transactions look at once; the other one was first to write.
            return find_or_create(email, now=now)
    return person


def check_password(email: str, password: str) -> Person:
    """Return the person whom address and password name.

    Raises:
        SignInError: they do not match, or the person has no password.
    """
    person = queries.find(email)
    if person is None or not person.password or not person.active:
        if not _nobodys_hash:
            _nobodys_hash.append(hash_password(secrets.token_urlsafe()))
        verify_password(password, _nobodys_hash[0])
        raise SignInError
    if not verify_password(password, person.password):
        raise SignInError
    return person


def set_password(person: Person, password: str, *, now: datetime) -> None:
    """Give ``person`` a password and end every session of theirs.

    Raises:
        PasswordError: it is too short.
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        raise PasswordError(length=PASSWORD_LENGTH_MIN)
    password_hash = hash_password(password)
    database.write(person)
    person.password = password_hash
    end_sessions(person, now=now)
    audit.record("person.password_changed", person, by=person, now=now)


def open_session(person: Person, *, device: str, now: datetime) -> str:
    """Begin a session of ``person`` and return the token for its cookie."""
    database.write()
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignIn(
            person_id=person.id,
            token_hash=queries.hashed(token),
            device=device[:200],
            began_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    db.session.flush()
    return token


def end_session(token: str, *, now: datetime) -> None:
    """End the session behind ``token``: a copy of its cookie is dead from now on."""
    database.write()
    sign_in = queries.session_of(token, now=now)
    if sign_in is not None:
        sign_in.ended_at = now
        db.session.flush()


def end_sessions(person: Person, *, now: datetime) -> None:
    """End every session of ``person``."""
    database.write()
    db.session.execute(
        update(SignIn)
        .where(SignIn.person_id == person.id, SignIn.ended_at.is_(None))
        .values(ended_at=now)
    )


def make_link(email: str, *, life: timedelta, now: datetime, next_path: str = "") -> str:
    """Make a one-time sign-in link for ``email`` and return its token.

    Raises:
        EmailError: it is not an address.
    """
    email = normalise_email(email)
    database.write()
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignInLink(
            email=email,
            token_hash=queries.hashed(token),
            next_path=next_path[:500],
            created_at=now,
            expires_at=now + life,
        )
    )
    db.session.flush()
    return token


def mail_link(email: str, *, now: datetime, next_path: str = "") -> None:
    """Send a sign-in link to ``email``.

    Known and unknown addresses are treated alike: the link signs a new person up.

    Raises:
        EmailError: it is not an address.
    """
    if queries.count_live_links(normalise_email(email), now=now) >= LIVE_LINKS_MAX:
        return  # as many as anybody needs: whoever asks for more only fills somebody's mailbox
    token = make_link(email, life=MAILED_LINK_LIFE, now=now, next_path=next_path)
    minutes = int(MAILED_LINK_LIFE.total_seconds() // 60)
    letter = outbox.Letter(
        subject=_("Your sign-in link"),
        paragraphs=[
            _(
                "Open this link within %(minutes)s minutes to sign in. It works once.",
                minutes=minutes,
            )
        ],
        action=(_("Sign in"), outbox.address("accounts.link", token=token)),
        closing=[_("If you did not ask for it, do nothing: nobody is signed in without it.")],
        is_secret=True,
    )
    outbox.post(normalise_email(email), letter, now=now)


def spend_link(token: str, *, now: datetime) -> tuple[Person, str]:
    """Use up the link with ``token``; return its person and the path it leads on to.

    Raises:
        LinkError: the link is used, expired or unknown.
    """
    database.write()
    link = queries.live_link(token, now=now)
    if link is None:
        raise LinkError
    person = find_or_create(link.email, now=now)
    if not person.active:
        raise LinkError
    link.used_at = now
    person.verified_at = person.verified_at or now
    db.session.flush()
    return person, link.next_path


def grant(
    person: Person,
    role: Role,
    scope_key: str = "",
    *,
    now: datetime,
    by: Person | None = None,
    is_chair: bool = False,
) -> bool:
    """Give ``person`` a role for a scope; return whether that is new.

    Raises:
        ScopeError: the role needs another kind of scope.
    """
    kind = scope_kind(role, scope_key)
    database.write(person)
    for standing in person.grants:
        if (standing.role, standing.scope_key) != (role, scope_key) or standing.ended_at:
            continue
        if standing.holds(now):
            return False
        standing.ended_at = standing.ends_at
    db.session.flush()
    person.grants.append(
        Grant(role=role, scope_kind=kind, scope_key=scope_key, granted_at=now, is_chair=is_chair)
    )
    db.session.flush()
    audit.record(
        "person.role_granted",
        person,
        by=by,
        now=now,
        changes={"role": [None, role.value], "scope": [None, scope_key]},
    )
    return True


def scope_kind(role: Role, scope_key: str) -> ScopeKind:
    """Return the kind of scope that ``role`` takes.

    Raises:
        ScopeError: ``scope_key`` is missing, or there is one too many.
    """
    kind = SCOPE_OF[role]
    if (kind is ScopeKind.EVERYTHING) != (scope_key == ""):
        raise ScopeError
    return kind


def rename(person: Person, name: str, *, now: datetime) -> None:
    """Change how pages and badges call ``person``."""
    database.write(person)
    person.name = name.strip()
    db.session.flush()
    audit.record("person.renamed", person, by=person, now=now)
