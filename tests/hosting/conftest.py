"""Who offers, who organises and who decides, and what they decide on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from app.accounts import service as accounts
from app.accounts.models import Role
from app.hosting.choosing import Choice
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_call, make_country, make_edition, make_person

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.models import HostingOffer


@pytest.fixture
def contact() -> Person:
    """The national contact of Alboria."""
    make_country("XAA", name="Alboria")
    return make_person("contact@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")


@pytest.fixture
def organiser() -> Person:
    return make_person("organiser@example.org", role=Role.ORGANISER)


@pytest.fixture
def edition() -> Edition:
    """An edition whose call is open to the middle of March."""
    found = make_edition(status=EditionStatus.CALL_OPEN, dtstart=date(2027, 9, 13), days=5)
    make_call(found)
    return found


def under_evaluation() -> Edition:
    """Make an edition whose offers are judged."""
    edition = make_edition(status=EditionStatus.UNDER_EVALUATION, title="Fourth Symposium")
    make_call(edition)
    return edition


def make_committee(count: int) -> list[Person]:
    """Make so many members; the first is the chair."""
    found = []
    for number in range(count):
        person = make_person(f"member{number}@example.org", name=f"Member {number}")
        accounts.grant(person, Role.COMMITTEE, now=OPENING, is_chair=number == 0)
        found.append(person)
    return found


def make_recused() -> Person:
    """Make a member who is the contact of XAA."""
    person = make_person("recused@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")
    accounts.grant(person, Role.COMMITTEE, now=OPENING)
    return person


def choice(offers: list[HostingOffer], chosen: int = 0, reserve: int | None = 1) -> Choice:
    edition = offers[0].edition
    return Choice(
        offer=offers[chosen],
        reserve=offers[reserve] if reserve is not None else None,
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        reason="The best venue.",
        weighed="Costs against access.",
    )
