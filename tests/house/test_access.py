"""Who is let through where: every address asks for a permission, and these are the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app import database
from app.accounts import access
from app.accounts.models import Person, Role
from app.registrations import service as registrations
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    OPENING,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
    make_series,
)

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

YES, SIGN_IN, NO, NOTHING = 200, 303, 403, 404
ROLES = ("visitor", "participant", "contact", "committee", "organiser")


def test_every_view_declares_a_permission(app: Flask) -> None:
    silent = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        and not hasattr(app.view_functions[rule.endpoint], "permission")
    ]
    assert silent == []


def test_what_a_visitor_may_use_is_this_and_nothing_more(app: Flask) -> None:
    public = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if getattr(view, "permission", None) is access.anyone
    }
    assert public == {
        "accounts.link",
        "accounts.link_sent",
        "accounts.login",
        "accounts.logout",
        "accounts.request_link",
        "documents.verify",  # who holds the document, which says nothing of its person
        "door.worker",  # a script
        "feeds.code",
        "feeds.deadlines",
        "feeds.everything",
        "feeds.news",
        "feeds.one",
        "feeds.own",  # who knows the secret address
        "feeds.subscribe",
        "hosting.calls",
        "hosting.compare",  # a published call; offers are for the committee
        "registrations.register",
        "site.all_series",
        "site.calendar",
        "site.edition",
        "site.favicon",
        "site.healthz",
        "site.home",
        "site.privacy",
        "site.readyz",
        "site.series",
    }


@pytest.fixture
def people() -> dict[str, Person | None]:
    make_country("XAB")
    return {
        "visitor": None,
        "participant": make_person(),
        "contact": make_person(role=Role.NATIONAL_CONTACT, scope="XAB"),
        "committee": make_person(role=Role.COMMITTEE),
        "organiser": make_person(role=Role.ORGANISER),
    }


def answers(client: Client, people: dict[str, Person | None], path: str) -> list[int]:
    found = []
    for role in ROLES:
        person = people[role]
        if person is None:
            client.delete_cookie("session")
        else:
            client.sign_in(person)
        found.append(client.get(path).status_code)
    return found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", [YES, YES, YES, YES, YES]),
        ("/calendar", [YES, YES, YES, YES, YES]),
        ("/subscribe", [YES, YES, YES, YES, YES]),
        ("/hosting/", [YES, YES, YES, YES, YES]),
        ("/feeds/all.ics", [YES, YES, YES, YES, YES]),
        ("/privacy", [YES, YES, YES, YES, YES]),
        ("/me", [SIGN_IN, YES, YES, YES, YES]),
        ("/me/privacy", [SIGN_IN, YES, YES, YES, YES]),
        ("/me/data.json", [SIGN_IN, YES, YES, YES, YES]),
        ("/me/erase", [SIGN_IN, YES, YES, YES, YES]),
        ("/organise/", [SIGN_IN, NO, NO, YES, YES]),
        ("/organise/plan", [SIGN_IN, NO, NO, YES, YES]),
        ("/organise/rotation/", [SIGN_IN, NO, NO, YES, YES]),
        ("/organise/rotation/settings", [SIGN_IN, NO, NO, NO, YES]),
        ("/hosting/interests/", [SIGN_IN, NO, YES, YES, YES]),
        ("/hosting/interests/new", [SIGN_IN, NO, YES, NO, NO]),
        ("/organise/editions", [SIGN_IN, NO, NO, YES, YES]),
        ("/organise/audit", [SIGN_IN, NO, NO, YES, YES]),
        ("/organise/known-events", [SIGN_IN, NO, NO, YES, YES]),
        ("/organise/known-events/new", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/known-events/import", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/editions/new", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/series", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/series/new", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/people", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/people/erase", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/mail", [SIGN_IN, NO, NO, NO, YES]),
        ("/organise/pieces", [SIGN_IN, NO, NO, NO, YES]),
    ],
)
def test_each_role_is_let_through_where_it_should_be(
    path: str, expected: list[int], client: Client, people: dict[str, Person | None]
) -> None:
    assert answers(client, people, path) == expected


def test_an_edition_is_seen_by_the_world_once_it_is_announced(
    client: Client, people: dict[str, Person | None]
) -> None:
    series = make_series()
    projected = make_edition(series=series, status=EditionStatus.PROJECTED)
    announced = make_edition(series=series, status=EditionStatus.ANNOUNCED)
    for edition, expected in ((projected, [NOTHING] * 5), (announced, [YES] * 5)):
        assert answers(client, people, f"/editions/{edition.slug}") == expected
    manage = f"/organise/editions/{projected.slug}"
    assert answers(client, people, manage) == [SIGN_IN, NO, NO, YES, YES]
    assert answers(client, people, f"{manage}/override") == [SIGN_IN, NO, NO, NO, YES]


def test_a_registration_is_its_persons_and_the_organisers(
    client: Client, people: dict[str, Person | None]
) -> None:
    participant = people["participant"]
    assert participant
    registration = registrations.register(make_edition(), participant, now=OPENING)
    path = f"/registrations/{registration.public_id}"
    assert answers(client, people, path) == [SIGN_IN, YES, NOTHING, NOTHING, YES]
    assert answers(client, people, "/registrations/unknown") == [SIGN_IN, *[NOTHING] * 4]


def test_an_offer_is_its_countrys_the_committees_and_the_organisers(
    client: Client, people: dict[str, Person | None]
) -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN)
    call = make_call(edition)
    own = make_offer(edition, make_country("XAB"))
    foreign = make_offer(edition, make_country("XAA"))
    own_path, foreign_path = (f"/hosting/offers/{offer.public_id}" for offer in (own, foreign))
    assert answers(client, people, own_path) == [SIGN_IN, NO, YES, YES, YES]
    assert answers(client, people, foreign_path) == [SIGN_IN, NO, NOTHING, YES, YES]
    assert answers(client, people, f"{own_path}/edit") == [SIGN_IN, NO, YES, NO, NO]
    assert answers(client, people, f"{foreign_path}/edit") == [SIGN_IN, NO, NOTHING, NO, NO]
    compare = f"/hosting/calls/{edition.slug}"
    assert answers(client, people, compare) == [NOTHING, NOTHING, YES, YES, YES]
    database.write(call)
    call.is_published = True
    assert answers(client, people, compare) == [YES, YES, YES, YES, YES]
    assert answers(client, people, f"{compare}/offer") == [SIGN_IN, NO, YES, NO, NO]
    call = f"/organise/editions/{edition.slug}/call"
    assert answers(client, people, call) == [SIGN_IN, NO, NO, NO, YES]


@pytest.mark.parametrize(
    "path",
    [
        "/organise/plan",
        "/organise/editions/new",
        "/organise/series/new",
        "/organise/people",
        "/organise/series/preview",
    ],
)
def test_a_post_of_somebody_else_changes_nothing(
    path: str, client: Client, people: dict[str, Person | None]
) -> None:
    committee = people["committee"]
    assert committee
    client.sign_in(committee)
    answer = client.submit(path)
    assert answer.status_code == (NOTHING if path == "/organise/plan" else NO)


def test_a_grant_that_has_ended_opens_nothing(client: Client) -> None:
    person = make_person(role=Role.ORGANISER)
    person.grants[0].ends_at = OPENING.replace(year=2020)
    client.sign_in(person)
    assert client.get("/organise/").status_code == NO


def test_the_venue_is_told_only_to_who_has_a_place(client: Client) -> None:
    edition = make_edition(capacity=1, venue="Secret Hall", venue_address="1 Hidden Lane")
    seated, waiting = make_person(), make_person()
    placed = [registrations.register(edition, person, now=OPENING) for person in (seated, waiting)]
    organiser = make_person(role=Role.ORGANISER)
    path = f"/editions/{edition.slug}"
    readers: list[Person | None] = [None, make_person(), waiting, seated, organiser]
    told = []
    for reader in readers:
        if reader:
            client.sign_in(reader)
        page = client.get(path).text
        told.append(("Secret Hall" in page, "1 Hidden Lane" in page))
    assert told == [(False, False)] * 3 + [(True, True)] * 2
    told = []
    for reader, registration in zip((waiting, seated), reversed(placed), strict=True):
        client.sign_in(reader)
        told.append("Secret Hall" in client.get(f"/registrations/{registration.public_id}").text)
    assert told == [False, True]
