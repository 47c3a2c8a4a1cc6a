"""Who holds which role: the list and its filter, and what is written to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import url_for
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app import outbox
from app.accounts import queries as accounts
from app.accounts.models import Grant, Invitation, Person, Role
from app.database import db
from app.editions.scopes import role_words, scope_names
from app.forms import clean
from app.i18n import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

PAGE_LENGTH = 50
PAGES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """Which roles are to be shown, as the address says; what makes no sense is no wish."""

    role: str = ""
    scope: str = ""
    words: str = ""
    page: int = 1

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Wish:
        """Read the wish from an address."""
        page = args.get("page", "")
        is_page = page.isdecimal() and page.isascii() and len(page) <= len(str(PAGES_MAX))
        return cls(
            role=args.get("role", "") if args.get("role") in set(Role) else "",
            scope=clean(args.get("scope"))[:80],
            words=clean(args.get("words"))[:200],
            page=min(max(1, int(page)), PAGES_MAX) if is_page else 1,
        )

    @property
    def is_any(self) -> bool:
        """Whether something was chosen."""
        return bool(self.role or self.scope or self.words)

    def url(self, page: int) -> str:
        """Return the address of another page of the same."""
        return url_for(
            "people.index",
            role=self.role or None,
            scope=self.scope or None,
            words=self.words or None,
            page=page,
        )


@dataclass(frozen=True, slots=True)
class Pages:
    """Where to go on to, for the pager."""

    text: str
    previous_url: str | None
    next_url: str | None


def standing(wish: Wish) -> tuple[Sequence[Grant], Pages]:
    """Return the roles in force as wished, by role, scope and address, and the pager."""
    query = select(Grant).join(Grant.person).where(accounts.standing())
    if wish.role:
        query = query.where(Grant.role == Role(wish.role))
    if wish.scope:
        query = query.where(Grant.scope_key == wish.scope)
    if wish.words:
        named = (
            column.icontains(wish.words, autoescape=True) for column in (Person.name, Person.email)
        )
        query = query.where(or_(*named))
    count = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    first = (wish.page - 1) * PAGE_LENGTH
    found = db.session.scalars(
        query.options(joinedload(Grant.person))
        .order_by(Grant.role, Grant.scope_key, Person.email, Grant.id)
        .offset(first)
        .limit(PAGE_LENGTH)
    ).all()
    pages = Pages(
        _("%(first)s–%(last)s of %(count)s", first=first + 1, last=first + len(found), count=count),
        wish.url(wish.page - 1) if wish.page > 1 else None,
        wish.url(wish.page + 1) if first + PAGE_LENGTH < count else None,
    )
    return found, pages


def invitations(country_codes: Sequence[str] | None = None) -> Sequence[Invitation]:
    """Return who was invited and has not answered, expired ones too; a contact's deputies."""
    query = select(Invitation).where(Invitation.closed_at.is_(None))
    if country_codes is not None:
        query = query.where(Invitation.is_deputy, Invitation.scope_key.in_(country_codes))
    return db.session.scalars(
        query.options(joinedload(Invitation.invited_by)).order_by(Invitation.expires_at.desc())
    ).all()


def deputies(country_codes: Sequence[str]) -> Sequence[Grant]:
    """Return the deputies of these countries."""
    return db.session.scalars(
        select(Grant)
        .join(Grant.person)
        .where(accounts.standing(), Grant.is_deputy, Grant.scope_key.in_(country_codes))
        .options(joinedload(Grant.person))
        .order_by(Grant.scope_key, Person.email)
    ).all()


# -- letters ---------------------------------------------------------------------------------


def post_invitation(invitation: Invitation, token: str, *, now: datetime) -> None:
    """Write to whoever is invited; the link leads to a button."""
    role = role_words(invitation, scope_names())
    by = invitation.invited_by.display_name if invitation.invited_by else _("An organiser")
    letter = outbox.Letter(
        subject=_("You are invited: %(role)s", role=role),
        paragraphs=[
            _("%(name)s offers you a role in Symposia: %(role)s.", name=by, role=role),
            _(
                "Open the page, sign in with this address and take it. "
                "The invitation holds for 14 days and works once."
            ),
        ],
        action=(_("See the invitation"), outbox.address("people.invitation", token=token)),
        closing=[_("If it is not meant for you, do nothing.")],
        is_secret=True,
    )
    outbox.post(invitation.email, letter, now=now)


def post_new_organiser(grant: Grant, by: Person | None, *, now: datetime) -> None:
    """Tell the other organisers that there is one more: each may give and end any role."""
    name, email = grant.person.display_name, grant.person.email
    letter = outbox.Letter(
        subject=_("A new organiser: %(name)s", name=name),
        paragraphs=[
            _(
                "%(name)s (%(email)s) is organiser now, invited by %(by)s.",
                name=name,
                email=email,
                by=by.display_name if by else _("an organiser"),
            ),
            _("Do you not know them? Ask, and end the role on the page of people."),
        ],
        action=(_("See the person"), outbox.address("people.person", person_id=grant.person_id)),
    )
    for other in accounts.with_role(Role.ORGANISER):
        if other.id != grant.person_id:
            outbox.post(other.email, letter, now=now)


def post_end(grant: Grant, *, now: datetime) -> None:
    """Tell whoever held a role that it ends, and why."""
    role = role_words(grant, scope_names())
    said = (
        _("Your role has ended: %(role)s.", role=role)
        if grant.ended_at
        else _("Your role is to end: %(role)s.", role=role)
    )
    letter = outbox.Letter(subject=said, paragraphs=[said, grant.end_reason])
    outbox.post(grant.person.email, letter, now=now)
