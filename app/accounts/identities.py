"""Identities at a provider (OpenID Connect): whom its answer signs in, and whom it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app import audit, database
from app.accounts import letters, queries, sessions
from app.accounts.models import STAFF, Identity
from app.accounts.service import find_or_create
from app.database import db
from app.forms import one_line
from app.i18n import gettext as _
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.accounts.models import Person, SignIn


class ProviderError(DomainError):
    """The provider's answer is missing, forged, stale or refused; all read the same."""

    message = N_("Signing in there did not work. Try again, or take another way.")


class UnverifiedError(DomainError):
    """The provider does not vouch for the address."""

    message = N_(
        "Your provider does not say that your e-mail address is yours. Sign in by a link first, "
        "then connect the provider on “How you sign in”."
    )


class StandingPersonError(DomainError):
    """The address belongs to somebody who acts for others; an address alone will not do."""

    message = N_(
        "This account is not connected to your provider yet. Sign in as before, then connect it "
        "on “How you sign in”."
    )


class TakenIdentityError(DomainError):
    """The identity is somebody else's already."""

    message = N_("This identity signs in to another account here.")


def person_of(claims: Mapping[str, Any], *, now: datetime) -> Person:
    """Return whom the claims of a checked ID token sign in; a new address makes an account.

    Raises:
        UnverifiedError: the identity is new, and its address not vouched for.
        StandingPersonError: the identity is new, and its address a staff person's.
        ProviderError: the person is switched off.
        EmailError: the address is none.
    """
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    database.write()
    identity = queries.identity(issuer, subject)
    if identity is None:
        # The text "true" from some providers is not the statement that the standard asks for.
        if claims.get("email_verified") is not True or not claims.get("email"):
            raise UnverifiedError
        person = find_or_create(str(claims["email"]), now=now)
        if not person.active:
            raise ProviderError
        if any(grant.role in STAFF for grant in person.grants) or person.has_second_factor:
            raise StandingPersonError
        person.verified_at = person.verified_at or now
        person.name = person.name or one_line(str(claims.get("name") or ""))[:200]
        identity = _connect(person, issuer, subject, now=now)
    if not identity.person.active:
        raise ProviderError
    identity.used_at = now
    db.session.flush()
    return identity.person


def connect(sign_in: SignIn, claims: Mapping[str, Any], *, now: datetime) -> None:
    """Connect the identity of ``claims`` to the person who is signed in.

    Raises:
        TakenIdentityError: it is another person's.
    """
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    database.write(sign_in.person)
    standing = queries.identity(issuer, subject)
    if standing is not None:
        if standing.person_id != sign_in.person_id:
            raise TakenIdentityError
        return
    _connect(sign_in.person, issuer, subject, now=now)
    sessions.end_sessions(sign_in.person, now=now, but=sign_in)


def disconnect(sign_in: SignIn, identity_id: int, *, now: datetime) -> None:
    """Forget one identity of the person."""
    person = sign_in.person
    database.write(person)
    found = next((one for one in queries.identities_of(person) if one.id == identity_id), None)
    if found is None:
        return
    db.session.delete(found)
    db.session.flush()
    sessions.end_sessions(person, now=now, but=sign_in)
    audit.record("person.identity_removed", person, by=person, now=now)
    letters.method_changed(person, _("An identity provider was disconnected."), now=now)


def _connect(person: Person, issuer: str, subject: str, *, now: datetime) -> Identity:
    identity = Identity(person=person, issuer=issuer, subject=subject, made_at=now, used_at=now)
    db.session.add(identity)
    db.session.flush()
    audit.record("person.identity_added", person, by=person, now=now)
    letters.method_changed(person, _("An identity provider was connected."), now=now)
    return identity
