"""Roles over time: offered by invitation, handed over, ended; what was stays as history.

Organisers give and end any role. A national contact gives deputies of the own country and ends
them, and the host team where the country hosts; a deputy gives nothing. Nobody gives a role to
themselves, and the last organiser stays.
Whoever offered a role must still be allowed to when it is taken.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select

from app import audit, audit_proof, database, retention
from app.accounts import queries, service, sessions
from app.accounts.models import Grant, Invitation, Person, Role
from app.accounts.signals import ground_asked, person_data, person_erased
from app.database import db
from app.i18n import lazy_gettext as _l
from scheduler.errors import N_, ConflictError, DomainError, NotFoundError, PermissionDeniedError

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

LIFE = timedelta(days=14)
KEPT = timedelta(days=90)


class InvitationError(NotFoundError):
    """An invitation that is used, withdrawn, expired, somebody else's or never was: all alike."""

    message = N_(
        "This invitation cannot be used. It was used or withdrawn, it has expired, or it went to "
        "another address than yours. Ask whoever invited you for a new one."
    )


class OwnRoleError(DomainError):
    """A role that somebody would give to themselves."""

    message = N_("Nobody gives a role to themselves. Ask another organiser.")


class HeldAlreadyError(ConflictError):
    """A role that the person has."""

    message = N_("{email} has this role already.")


class LastOrganiserStaysError(ConflictError):
    """Ending the role of whoever alone may organise for good."""

    message = N_("Nobody else is organiser without an end. Make somebody else one first.")


class RoleEndedError(ConflictError):
    """A role that is over."""

    message = N_("This role has ended already.")


class EndMissingReasonError(DomainError):
    """An end without a reason."""

    message = N_("Say why: it stands in the history, and the person is told.")


class PastEndError(DomainError):
    """An end that lies behind us."""

    message = N_("The end lies in the past. Choose a day after today, or leave it empty.")


class OthersInvitationError(ConflictError):
    """An organiser's invitation that somebody else would send again, and so vouch for."""

    message = N_(
        "Somebody else invited this organiser, and only they send it again: whoever does counts "
        "as one person with them, for copies of personal data. If you know them, invite the "
        "address yourself."
    )


class NoOrganiserError(DomainError):
    """Confirming somebody who is no organiser."""

    message = N_("{email} is no organiser.")


class Offer(NamedTuple):
    """A role as it is offered; ``ends_at`` is when it is to end."""

    role: Role
    scope_key: str = ""
    is_chair: bool = False
    is_deputy: bool = False
    ends_at: datetime | None = None


# -- who may ---------------------------------------------------------------------------------


def organises(person: Person | None, now: datetime) -> bool:
    """Whether ``person`` is organiser at ``now``."""
    return person is not None and holding(person, Role.ORGANISER, "", now) is not None


def may_give(person: Person | None, offer: Offer | Grant | Invitation, now: datetime) -> bool:
    """Whether ``person`` may give such a role: organisers any, contacts deputies of their own.

    Who else may, a higher feature knows: the host's contact gives the host team.
    """
    if person is None or not person.active:
        return False
    if not offer.is_deputy:
        return organises(person, now) or _has_ground(person, offer, now)
    standing = holding(person, Role.NATIONAL_CONTACT, offer.scope_key, now)
    return standing is not None and not standing.is_deputy


def _has_ground(person: Person, offer: Offer | Grant | Invitation, now: datetime) -> bool:
    answers = ground_asked.send(
        None, person=person, role=offer.role, scope_key=offer.scope_key, now=now
    )
    return any(answer for _listener, answer in answers)


def may_end(person: Person, grant: Grant, now: datetime) -> bool:
    """Whether ``person`` may end ``grant``: organisers, who may give it, and who holds it."""
    may = organises(person, now) or may_give(person, grant, now)
    return may or grant.person_id == person.id


def holding(person: Person, role: Role, scope_key: str, now: datetime) -> Grant | None:
    """Return the grant by which ``person`` holds ``role`` for ``scope_key`` at ``now``."""
    for grant in person.grants:
        if (grant.role, grant.scope_key) == (role, scope_key) and grant.holds(now):
            return grant
    return None


# -- offering a role -------------------------------------------------------------------------


def invite(email: str, offer: Offer, *, by: Person, now: datetime) -> tuple[Invitation, str]:
    """Offer a role to an address; return the invitation and the token of its link.

    An open invitation of the same role to the same address is replaced.

    Raises:
        EmailError, ScopeError: the address or the scope is none.
        PermissionDeniedError: ``by`` may not give this role.
        OwnRoleError: ``by`` has this address.
        HeldAlreadyError: the person has the role.
        PastEndError: its end is over.
    """
    email = service.normalise_email(email)
    kind = service.scope_kind(offer.role, offer.scope_key)
    database.write(by)
    is_contacts = offer.role is Role.NATIONAL_CONTACT or not offer.is_deputy
    if not may_give(by, offer, now) or not is_contacts:
        raise PermissionDeniedError
    if offer.ends_at is not None and offer.ends_at <= now:
        raise PastEndError
    _insist_new(email, offer.role, offer.scope_key, by, now)
    is_chair = offer.is_chair and offer.role is Role.COMMITTEE
    invitation = Invitation(**offer._replace(is_chair=is_chair)._asdict(), scope_kind=kind)
    return invitation, _offer(invitation, email, by=by, now=now)


def hand_over(
    grant: Grant, email: str, *, reason: str, by: Person, now: datetime
) -> tuple[Invitation, str]:
    """Offer somebody's role to an address; the old one ends as the new one is taken.

    Raises:
        EmailError, OwnRoleError, HeldAlreadyError, PermissionDeniedError: as in `invite`.
        EndMissingReasonError: ``reason`` is empty.
        RoleEndedError: the role is over.
    """
    email = service.normalise_email(email)
    _insist_on(reason)
    database.write(by)
    if not organises(by, now):
        raise PermissionDeniedError
    database.write(grant)
    if not grant.holds(now):
        raise RoleEndedError
    _insist_new(email, grant.role, grant.scope_key, by, now)
    invitation = Invitation(
        role=grant.role,
        scope_kind=grant.scope_kind,
        scope_key=grant.scope_key,
        is_chair=grant.is_chair,
        is_deputy=grant.is_deputy,
        ends_at=grant.ends_at,
        replaces=grant,
        reason=reason.strip(),
    )
    return invitation, _offer(invitation, email, by=by, now=now)


def resend(invitation: Invitation, *, by: Person, now: datetime) -> str:
    """Offer the same again, with a new link and a new fortnight; return the token.

    Raises:
        InvitationError: it was taken or withdrawn, or ``by`` may not give it.
        OwnRoleError: it is for ``by``.
        OthersInvitationError: it makes an organiser, and another one made it.
    """
    database.write(by)
    database.write(invitation)
    if invitation.closed_at is not None or not _may_offer(by, invitation, now):
        raise InvitationError
    if by.email == invitation.email:
        raise OwnRoleError
    if invitation.role is Role.ORGANISER and invitation.invited_by_id != by.id:
        raise OthersInvitationError
    token = secrets.token_urlsafe(32)
    invitation.token_hash = queries.hashed(token)
    invitation.invited_by = by
    invitation.expires_at = now + LIFE
    db.session.flush()
    _note("invitation.resent", invitation, by, now)
    return token


def withdraw(invitation: Invitation, *, by: Person, now: datetime) -> None:
    """Take an offer back: its link is dead at once.

    Raises:
        InvitationError: it was taken or withdrawn, or ``by`` may not.
    """
    database.write(by)
    database.write(invitation)
    may = organises(by, now) or _may_offer(by, invitation, now)
    if invitation.closed_at is not None or not may:
        raise InvitationError
    invitation.closed_at = now
    db.session.flush()
    _note("invitation.withdrawn", invitation, by, now)


def find_open(token: str, person: Person, *, now: datetime) -> Invitation:
    """Return the invitation behind ``token`` that ``person`` can take.

    Raises:
        InvitationError: there is none.
    """
    found = db.session.scalar(select(Invitation).filter_by(token_hash=queries.hashed(token)))
    if found is None or not _can_take(found, person, now):
        raise InvitationError
    return found


def accept(token: str, person: Person, *, now: datetime) -> Grant:
    """Take the role behind ``token``, once; the role that it replaces ends.

    Raises:
        InvitationError: it cannot be used by ``person``.
    """
    _lock_organisers()
    database.write(person)
    invitation = find_open(token, person, now=now)
    database.write(invitation)
    if not _can_take(invitation, person, now):
        raise InvitationError
    _note_expired_ends(person, now)
    grant = Grant(
        role=invitation.role,
        scope_kind=invitation.scope_kind,
        scope_key=invitation.scope_key,
        is_chair=invitation.is_chair,
        is_deputy=invitation.is_deputy,
        granted_at=now,
        ends_at=invitation.ends_at,
    )
    giver = invitation.invited_by
    origin = holding(giver, Role.ORGANISER, "", now) if giver is not None else None
    if grant.role is Role.ORGANISER and origin is not None:
        grant.origin = origin.origin
    person.grants.append(grant)
    invitation.closed_at, invitation.is_taken = now, True
    db.session.flush()
    _note_role("person.role_granted", grant, invitation.invited_by, now, is_given=True)
    if invitation.replaces is not None:
        _end(invitation.replaces, invitation.reason, by=invitation.invited_by, now=now)
    return grant


def are_two(one: Person, other: Person, now: datetime) -> bool:
    """Whether two organisers are surely two people: neither brought the other in, nor a third both.

    One person could hold any number of accounts that they made organisers themselves.
    """
    both = [holding(person, Role.ORGANISER, "", now) for person in (one, other)]
    return len({grant.origin for grant in both if grant is not None}) == len(both)


def confirm(person: Person, *, now: datetime) -> None:
    """Record that who runs the site knows ``person``: an organiser of nobody else's making.

    Raises:
        NoOrganiserError: they organise nothing.
    """
    database.write(person)
    grant = holding(person, Role.ORGANISER, "", now)
    if grant is None:
        raise NoOrganiserError(email=person.email)
    grant.origin = secrets.token_hex(16)
    db.session.flush()
    audit.record("person.organiser_confirmed", person, by=None, now=now)


# -- ending a role ---------------------------------------------------------------------------


def end(
    grant: Grant, *, reason: str, by: Person, now: datetime, at: datetime | None = None
) -> None:
    """End a role now, or at a moment to come; its person is signed out everywhere at once.

    Raises:
        EndMissingReasonError: ``reason`` is empty.
        NotFoundError: ``by`` may not end it.
        RoleEndedError: it is over.
        LastOrganiserStaysError: nobody else is organiser without an end.
        PastEndError: ``at`` is over.
    """
    _insist_on(reason)
    if at is not None and at <= now:
        raise PastEndError
    _lock_organisers()
    database.write(by)
    database.write(grant)
    if not may_end(by, grant, now):
        raise NotFoundError
    if not grant.holds(now):
        raise RoleEndedError
    if grant.role is Role.ORGANISER and not _others_organise(grant):
        raise LastOrganiserStaysError
    if at is None:
        _end(grant, reason, by=by, now=now)
        return
    grant.ends_at, grant.end_reason = at, reason.strip()
    db.session.flush()
    _note_role("person.role_end_set", grant, by, now, is_given=False, reason=reason)


def end_all(role: Role, scope_key: str, *, reason: str, by: Person | None, now: datetime) -> None:
    """End a role for a scope that is gone, whoever holds or was offered it.

    ``now`` may be the domain's, whose acts take scopes away; whether a role stands is told by
    real time, as everywhere.
    """
    for grant in queries.standing_grants(role, scope_key):
        _end(grant, reason, by=by, now=now)
    open_ones = select(Invitation).filter_by(role=role, scope_key=scope_key, closed_at=None)
    for invitation in db.session.scalars(open_ones).all():
        invitation.closed_at = now
        _note("invitation.withdrawn", invitation, by, now)
    db.session.flush()


def _end(grant: Grant, reason: str, *, by: Person | None, now: datetime) -> None:
    grant.ends_at = grant.ended_at = now
    grant.end_reason = reason.strip()
    db.session.flush()
    sessions.end_sessions(grant.person, now=now)
    _note_role("person.role_ended", grant, by, now, is_given=False, reason=reason)


# -- inside ----------------------------------------------------------------------------------


def _offer(invitation: Invitation, email: str, *, by: Person, now: datetime) -> str:
    standing = db.session.scalar(
        select(Invitation).filter_by(
            email=email, role=invitation.role, scope_key=invitation.scope_key, closed_at=None
        )
    )
    if standing is not None:
        standing.closed_at = now
        db.session.flush()
    token = secrets.token_urlsafe(32)
    invitation.email, invitation.invited_by = email, by
    invitation.token_hash = queries.hashed(token)
    invitation.made_at, invitation.expires_at = now, now + LIFE
    db.session.add(invitation)
    db.session.flush()
    _note("invitation.made", invitation, by, now)
    return token


def _can_take(invitation: Invitation, person: Person, now: datetime) -> bool:
    replaced = invitation.replaces
    return (
        invitation.is_open(now)
        and invitation.email == person.email
        and person.active
        and _may_offer(invitation.invited_by, invitation, now)
        and (invitation.ends_at is None or now < invitation.ends_at)
        and (replaced is None or replaced.holds(now))
        and holding(person, invitation.role, invitation.scope_key, now) is None
    )


def _may_offer(person: Person | None, invitation: Invitation, now: datetime) -> bool:
    if invitation.replaces_id is not None:
        return person is not None and person.active and organises(person, now)
    return may_give(person, invitation, now)


def _insist_new(email: str, role: Role, scope_key: str, by: Person, now: datetime) -> None:
    if email == by.email:
        raise OwnRoleError
    person = queries.find(email)
    if person is not None and holding(person, role, scope_key, now) is not None:
        raise HeldAlreadyError(email=email)


def _insist_on(reason: str) -> None:
    if not reason.strip():
        raise EndMissingReasonError


def _note_expired_ends(person: Person, now: datetime) -> None:
    """Close what ended by its day, so that the same role can begin again."""
    for grant in person.grants:
        if grant.ended_at is None and not grant.holds(now):
            grant.ended_at = grant.ends_at
    db.session.flush()


def _lock_organisers() -> None:
    """Let two organisers who end each other's role do it one after the other."""
    database.write()
    query = select(Grant.id).where(Grant.role == Role.ORGANISER, Grant.ended_at.is_(None))
    db.session.execute(query.order_by(Grant.id).with_for_update()).all()


def _others_organise(grant: Grant) -> bool:
    query = (
        select(Grant.id)
        .join(Grant.person)
        .where(
            Grant.role == Role.ORGANISER,
            Grant.ended_at.is_(None),
            Grant.ends_at.is_(None),
            Grant.id != grant.id,
            Person.active,
        )
    )
    return db.session.scalar(query.limit(1)) is not None


def _note(action: str, invitation: Invitation, by: Person | None, now: datetime) -> None:
    changes = {
        "role": [None, invitation.role.value],
        "scope": [None, invitation.scope_key],
    }
    audit.record(action, invitation, by=by, now=now, changes=changes, reason=invitation.reason)


def _note_role(
    action: str,
    grant: Grant,
    by: Person | None,
    now: datetime,
    *,
    is_given: bool,
    reason: str = "",
) -> None:
    pairs = {"role": grant.role.value, "scope": grant.scope_key}
    changes = {
        field: [None, value] if is_given else [value, None] for field, value in pairs.items()
    }
    audit.record(action, grant.person, by=by, now=now, changes=changes, reason=reason)


@person_data.connect
def _tell(sender: object, *, person: Person) -> tuple[str, list[dict[str, Any]]]:  # noqa: ARG001 - the signal's form
    """Tell a person what was offered to their address."""
    rows = db.session.scalars(select(Invitation).filter_by(email=person.email))
    return "invitations", [
        {
            "role": row.role.value,
            "for": row.scope_key,
            "made_at": row.made_at.isoformat(),
            "expires_at": row.expires_at.isoformat(),
        }
        for row in rows.all()
    ]


@person_erased.connect
def _erase(sender: object, *, person: Person, now: datetime) -> None:  # noqa: ARG001 - the signal's form
    """Delete what was offered to a person's address."""
    for row in db.session.scalars(select(Invitation).filter_by(email=person.email)).all():
        audit_proof.forget(row)
        db.session.delete(row)
    db.session.flush()


@retention.rule(_l("Invitations to a role"), _l("90 days after they are made"), real_time=True)
def _let_go(now: datetime) -> int:
    """Delete invitations that nobody can take any more."""
    return retention.rows(
        db.session.execute(delete(Invitation).where(Invitation.made_at < now - KEPT))
    )
