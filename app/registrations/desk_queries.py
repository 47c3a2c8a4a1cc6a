"""Reads of the selection desk: a filtered page of registrations, counts, and why each waits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Person
from app.countries.models import Country
from app.database import db
from app.registrations.models import (
    Answer,
    AttendeeRole,
    GrantStatus,
    Question,
    Registration,
    TravelGrant,
)
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Select

    from app.editions.models import Edition


@dataclass(frozen=True, slots=True)
class Choice:
    """What the list is narrowed to; empty values narrow nothing."""

    status: str = ""
    country: str = ""
    region: str = ""
    role: str = ""
    text: str = ""
    grant: str = ""
    answer: str = ""  # the question's number, a colon, what was chosen
    party: str = ""  # of whom: the public id of one of them

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Choice:
        """Read it from an address; what names nothing narrows nothing."""
        status, role = args.get("status", ""), args.get("role", "")
        return cls(
            status if status in set(RegistrationStatus) else "",
            args.get("country", ""),
            args.get("region", ""),
            role if role in set(AttendeeRole) else "",
            args.get("text", "").strip()[:100],
            args.get("grant", "") if args.get("grant") in set(GrantStatus) else "",
            args.get("answer", "")[:200],
            args.get("party", "")[:24],
        )

    def conditions(self, edition: Edition) -> list[ColumnElement[bool]]:
        """Return it as conditions on registrations joined with person and country."""
        found: list[ColumnElement[bool]] = [Registration.edition_id == edition.id]
        if self.status:
            found.append(Registration.status == RegistrationStatus(self.status))
        if self.country:
            found.append(Registration.country_code == self.country)
        if self.region:
            found.append(Country.region == self.region)
        if self.role:
            found.append(Registration.role == AttendeeRole(self.role))
        if self.grant:
            is_so = TravelGrant.status == GrantStatus(self.grant)
            found.append(Registration.travel_grant.has(is_so))
        if self.answer:
            found.append(_answered(edition, self.answer))
        if self.party:
            one = aliased(Registration)
            of_party = select(one.party_id).where(one.public_id == self.party)
            found.append(Registration.party_id == of_party.scalar_subquery())
        if self.text:
            words = self.text.lower()
            found.append(
                or_(
                    func.lower(Person.name).contains(words, autoescape=True),
                    Person.email.contains(words, autoescape=True),
                    func.lower(Registration.affiliation).contains(words, autoescape=True),
                )
            )
        return found


def _answered(edition: Edition, chosen: str) -> ColumnElement[bool]:
    """Return the condition that somebody gave an answer; a question of others was put to nobody."""
    number, _colon, option = chosen.partition(":")
    lines = literal("\n") + Answer.value + literal("\n")
    return Registration.id.in_(
        select(Answer.registration_id)
        .join(Answer.question)
        .where(
            Question.edition_id == edition.id,
            Question.id == (int(number) if re.fullmatch(r"[0-9]{1,9}", number) else 0),
            lines.contains(f"\n{option}\n", autoescape=True),
        )
    )


def _joined(what: Any, edition: Edition, choice: Choice) -> Select[Any]:  # noqa: ANN401 - columns or a row
    return (
        select(*what)
        .select_from(Registration)
        .join(Registration.person)
        .outerjoin(Registration.country)
        .where(*choice.conditions(edition))
    )


def count(edition: Edition, choice: Choice) -> int:
    """Return how many registrations ``choice`` leaves."""
    return db.session.scalar(_joined([func.count(Registration.id)], edition, choice)) or 0


def page(edition: Edition, choice: Choice, first: int, beyond: int) -> Sequence[Registration]:
    """Return some of them, in order of arrival."""
    return db.session.scalars(
        _joined([Registration], edition, choice)
        .order_by(Registration.queued_at, Registration.id)
        .offset(first)
        .limit(beyond - first)
        .options(joinedload(Registration.country), joinedload(Registration.travel_grant))
    ).all()


def public_ids(edition: Edition, choice: Choice) -> list[str]:
    """Return the public ids of all that ``choice`` leaves, in order of arrival."""
    found = _joined([Registration.public_id], edition, choice)
    return list(db.session.scalars(found.order_by(Registration.queued_at, Registration.id)))


def chosen(edition: Edition, ids: Sequence[str]) -> Sequence[Registration]:
    """Return the registrations of ``edition`` with these public ids; others are left out."""
    return db.session.scalars(
        select(Registration).where(
            Registration.edition_id == edition.id, Registration.public_id.in_(ids[:1000])
        )
    ).all()


def tallies(edition: Edition) -> dict[str, list[tuple[str, int]]]:
    """Return how many stand where: by state, country, region and role, the most first."""
    columns = {
        "status": Registration.status,
        "country": Country.name,
        "region": Country.region,
        "role": Registration.role,
    }
    found = {}
    for name, column in columns.items():
        rows = db.session.execute(
            _joined([column, func.count(Registration.id)], edition, Choice())
            .group_by(column)
            .order_by(func.count(Registration.id).desc(), column)
        )
        found[name] = [(getattr(key, "value", key) or "", number) for key, number in rows]
    return found
