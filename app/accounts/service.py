"""Use cases of people: find, create, rename, grant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError

from app import audit, database
from app.accounts import letters, queries, sessions
from app.accounts.models import SCOPE_OF, Grant, Person, Role, ScopeKind
from app.database import db
from app.i18n import gettext as _
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from datetime import datetime


class EmailError(DomainError):
    """Not an address that mail could reach."""

    message = N_("“{email}” is not an e-mail address. One looks like name@example.org.")


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


def sign_out(person: Person, *, by: Person, now: datetime) -> None:
    """End every session of ``person``, for instance when their telephone is lost; tell them."""
    database.write(person)
    sessions.end_sessions(person, now=now)
    audit.record("person.signed_out", person, by=by, now=now)
    letters.method_changed(
        person, _("An organiser signed you out everywhere. Sign in anew as you always do."), now=now
    )


def rename(person: Person, name: str, *, now: datetime) -> None:
    """Change how pages and badges call ``person``."""
    database.write()  # what was said last holds: the row need not be read first
    person.name = name.strip()
    db.session.flush()
    audit.record("person.renamed", person, by=person, now=now)
