"""The host team of an edition: invited by organisers or by the host's national contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from app import outbox
from app.accounts import access, grants
from app.accounts import queries as accounts
from app.accounts.models import Invitation, Role
from app.accounts.signals import ground_asked
from app.database import db
from app.editions import queries as editions
from app.editions.models import Edition
from app.editions.signals import edition_changed
from app.hosting import letters
from app.hosting.checklist import HOSTED
from app.hosting.host_models import HostProposal, ProposalStatus
from app.i18n import gettext as _
from app.outbox import Letter
from scheduler.errors import N_, ConflictError, NotFoundError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Grant, Person

WITH_A_TEAM = HOSTED | {EditionStatus.POSTPONED}


class NoConfirmedHostError(ConflictError):
    """A host team before its host."""

    message = N_("{edition} has no confirmed host yet. A host team is invited once it has.")


@ground_asked.connect
def _of_the_host(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    person: Person,
    role: Role,
    scope_key: str,
    now: datetime,
) -> bool:
    """Let the national contact of a host country, no deputy, say who is on its host team."""
    if role is not Role.HOST_TEAM:
        return False
    edition = editions.find(scope_key)
    if edition is None or edition.country_code is None or not has_team(edition):
        return False
    standing = grants.holding(person, Role.NATIONAL_CONTACT, edition.country_code, now)
    return standing is not None and not standing.is_deputy


def has_team(edition: Edition) -> bool:
    """Whether the host of ``edition`` is confirmed, so that it can have a team."""
    return edition.country_code is not None and edition.status in WITH_A_TEAM


def hosted_by(person: Person | None) -> Sequence[Edition]:
    """Return the editions that ``person`` hosts, for a country or on a team, earliest first."""
    slugs = access.editions_hosted(person)
    codes = access.countries_of(person)
    if not slugs and not codes:
        return []
    query = select(Edition).where(
        Edition.status.in_(WITH_A_TEAM),
        or_(Edition.country_code.in_(codes), Edition.slug.in_(slugs)),
    )
    return db.session.scalars(query.order_by(Edition.dtstart)).all()


def invite(edition: Edition, email: str, *, by: Person, now: datetime) -> Invitation:
    """Invite somebody to the host team of ``edition``; ``now`` is real time, as for every role.

    Raises:
        NoConfirmedHostError: there is no confirmed host.
        EmailError, PermissionDeniedError, OwnRoleError, HeldAlreadyError: see `grants.invite`.
    """
    if not has_team(edition):
        raise NoConfirmedHostError(edition=edition.title)
    offer = grants.Offer(Role.HOST_TEAM, edition.slug)
    invitation, token = grants.invite(email, offer, by=by, now=now)
    letter = Letter(
        subject=_("You are invited to the host team: %(title)s", title=edition.title),
        paragraphs=[
            _(
                "%(name)s invites you to the host team of %(title)s.",
                name=by.display_name,
                title=edition.title,
            ),
            _(
                "Open the page, sign in with this address and take it. "
                "The invitation holds for 14 days and works once."
            ),
        ],
        action=(_("See the invitation"), outbox.address("people.invitation", token=token)),
        days=None if edition.dates_to_follow else (edition.dtstart, edition.dtend),
        event=edition.title,
        place=edition.place,
        closing=[_("If it is not meant for you, do nothing.")],
        is_secret=True,
    )
    outbox.post(invitation.email, letter, now=now)
    return invitation


def members(edition: Edition) -> Sequence[Grant]:
    """Return the roles of the host team of ``edition``."""
    return accounts.standing_grants(Role.HOST_TEAM, edition.slug)


def invitations(edition: Edition, now: datetime) -> list[Invitation]:
    """Return who was invited to the host team of ``edition`` and may still answer."""
    query = select(Invitation).filter_by(
        role=Role.HOST_TEAM, scope_key=edition.slug, closed_at=None
    )
    return [one for one in db.session.scalars(query.order_by(Invitation.id)) if one.is_open(now)]


def find_member(edition: Edition, grant_id: int) -> Grant:
    """Return a role of the host team of ``edition``.

    Raises:
        NotFoundError: it has none such.
    """
    for grant in members(edition):
        if grant.id == grant_id:
            return grant
    raise NotFoundError


def find_invitation(edition: Edition, invitation_id: int, now: datetime) -> Invitation:
    """Return an open invitation to the host team of ``edition``.

    Raises:
        NotFoundError: it has none such.
    """
    for invitation in invitations(edition, now):
        if invitation.id == invitation_id:
            return invitation
    raise NotFoundError


@edition_changed.connect
def _write_to_the_host(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    edition: Edition,
    change: str,
    reason: str,
    former_host: str | None,
    now: datetime,
) -> None:
    """Tell the host what organisers change of its own accord, and a former one that it is over."""
    if former_host is not None:
        for email in _contacts(former_host):
            outbox.post(email, letters.host_no_more(edition, reason), now=now)
    if edition.country_code is None or _is_as_proposed(edition, change):
        return
    team = {grant.person.email for grant in members(edition)}
    for email in sorted(team.union(_contacts(edition.country_code))):
        outbox.post(email, letters.host_told(edition, change, reason), now=now)


def _contacts(country_code: str) -> list[str]:
    return [person.email for person in accounts.with_role(Role.NATIONAL_CONTACT, country_code)]


def _is_as_proposed(edition: Edition, change: str) -> bool:
    """Whether the host has asked for this, and so is written to with the answer."""
    query = select(HostProposal).filter_by(
        edition_id=edition.id, country_code=edition.country_code, status=ProposalStatus.OPEN
    )
    return any(
        (change == "edition.moved" and one.days == (edition.dtstart, edition.dtend))
        or (
            change == "edition.relocated" and (one.city, one.venue) == (edition.city, edition.venue)
        )
        for one in db.session.scalars(query)
    )
