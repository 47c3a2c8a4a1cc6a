"""An id counts in the address of its own thing alone, whoever asks: nothing is reached sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app import clock
from app.accounts import service as accounts
from app.accounts.models import Person, Role
from app.countries import queries as countries
from app.database import db
from app.editions.models import Edition
from app.registrations import service as registrations
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import make_call, make_country, make_edition, make_offer, make_person
from tests.house import matrix
from tests.world import make_world

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Client

# What stands in these addresses belongs to what is named before it.
INSIDE = {
    "a file sent as an answer",
    "a letter of the agreement",
    "a proposal",
    "an item of the host",
    "an item of ours",
    "an item to waive",
    "a member of the host team",
    "an invitation to the team",
    "an annex",
    "a registration of the edition",
    "a question",
    "a question to move",
    "a visa request",
}


def who_may_everything(other: Edition) -> Person:
    """Return somebody with every role for everything, so that only the address is in question."""
    person = make_person("everything@example.org")
    slugs = [edition.slug for edition in db.session.scalars(select(Edition))]
    for role, scopes in {
        Role.ORGANISER: [""],
        Role.COMMITTEE: [""],
        Role.NATIONAL_CONTACT: [code for code, _name in countries.names()],
        Role.HOST_TEAM: slugs,
        Role.VISA_OFFICER: slugs,
    }.items():
        for scope in scopes:
            accounts.grant(person, role, scope, now=person.created_at, is_chair=True)
    registrations.register(other, person, now=clock.utcnow())
    return person


@pytest.fixture
def things() -> Mapping[str, Mapping[str, object]]:
    return make_world().things


def rows() -> list[matrix.Row]:
    return [row for row in matrix.rows() if row.thing in INSIDE]


def test_an_id_inside_the_address_of_another_thing_names_nothing(
    client: Client, things: Mapping[str, Mapping[str, object]]
) -> None:
    own = things["an announced edition"]["slug"]
    other = db.session.scalars(
        select(Edition).where(
            Edition.slug != own, Edition.status == EditionStatus.REGISTRATION_OPEN
        )
    ).first()
    assert other is not None
    person = who_may_everything(other)
    registration = registrations.queries.find(other, person)
    called = make_edition(status=EditionStatus.CALL_OPEN)
    make_call(called)
    offer = make_offer(called, make_country("XAB"))
    offer.status = OfferStatus.DRAFT  # whose annexes can still be taken out
    assert registration is not None
    db.session.commit()
    client.sign_in(person)
    answers = {}
    for row in rows():
        values = dict(things[row.thing])
        if "slug" in values:
            values["slug"] = other.slug
        elif row.thing == "an annex":
            values["public_id"] = offer.public_id
        else:
            values["public_id"] = registration.public_id
        path = matrix.address(row, {row.thing: values})
        for method in row.methods:
            data = {"csrf_token": client.csrf_token()} if method == "POST" else None
            answers[method, path] = client.open(path, method=method, data=data).status_code
    assert {key: status for key, status in answers.items() if status != 404} == {}
    assert len(answers) >= 20
