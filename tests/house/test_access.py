"""Who is let through where: every address asks for a permission, and these are the answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from app.accounts import access
from app.accounts.models import Person, Role
from app.registrations import service as registrations
from tests.conftest import POSTGRESQL
from tests.factories import OPENING, make_edition, make_person
from tests.house import matrix
from tests.world import make_world

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client


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
        "accounts.passkey_options",
        "accounts.provider_back",
        "accounts.provider_begin",
        "accounts.request_link",
        "accounts.use_passkey",
        "documents.verify",  # who holds the document, which says nothing of its person
        "door.reader",  # a script
        "door.worker",
        "feeds.code",  # the same as feeds.one
        "feeds.deadlines",
        "feeds.everything",
        "feeds.news",
        "feeds.one",
        "feeds.own",  # who knows the secret address
        "feeds.subscribe",
        "host_history.show",
        "hosting.calls",
        "hosting.compare",  # a published call; offers are for the committee
        "registrations.register",
        "site.all_series",
        "site.calendar",
        "site.edition",
        "site.favicon",
        "site.healthz",
        "site.home",
        "site.metrics",  # on this machine, or by its token
        "site.privacy",
        "site.readyz",
        "site.series",
    }


# Not made for whoever asks: the same for all, or for whoever knows a secret address.
EVERYBODYS = {
    "/door/reader.js",
    "/feeds/all.<suffix>",
    "/feeds/<kind>/<key>.<suffix>",
    "/feeds/deadlines.<suffix>",
    "/feeds/news.atom",
    "/feeds/personal/<token>.ics",
    "/static/<filename>",
    "/subscribe/<kind>.svg",
}


@pytest.mark.skipif(bool(POSTGRESQL), reason="permissions are the same; the file is put back here")
def test_every_route_answers_every_role_as_the_document_says(
    app: Flask, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "app.requests")  # two thousand lines hide what failed
    documented = {(row.route, method) for row in matrix.rows() for method in row.methods}
    asker = matrix.Asker(app, client)
    problems = [
        f"docs/access.md has no line for {method} {route}. At present the application answers\n"
        f"  {asker.proposal(route, method)}\n"
        "If that is as it should be, add it to the tables of routes."
        for route, method in sorted(matrix.routes(app) - documented)
    ]
    problems += [
        f"docs/access.md has a line for {method} {route}, which is no route: take it out."
        for route, method in sorted(documented - matrix.routes(app))
    ]
    for row in matrix.rows():
        if (row.route, row.methods[0]) not in matrix.routes(app):
            continue
        if matrix.address(row, asker.world.things) is None:
            problems.append(f"{row}\n  names no thing of tests/world.py that fills the address.")
        else:
            problems += [f"{row}\n  {told}" for told in matrix.differences(row, asker)]
    problems += [
        f"A browser may keep what {route} answers to people: let it say no-store."
        for route in sorted(asker.kept - EVERYBODYS)
    ]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)  # an assertion would cut them short


def test_no_form_is_taken_without_its_token(client: Client) -> None:
    world = make_world()
    organiser = world.people["organiser"]
    assert organiser
    client.sign_in(organiser)
    addresses = {
        matrix.address(row, world.things) for row in matrix.rows() if "POST" in row.methods
    }
    assert [one for one in addresses if client.post(one or "").status_code != 400] == []


def test_a_grant_that_has_ended_opens_nothing(client: Client) -> None:
    person = make_person(role=Role.ORGANISER)
    person.grants[0].ends_at = OPENING.replace(year=2020)
    client.sign_in(person)
    assert client.get("/organise/").status_code == 403


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
