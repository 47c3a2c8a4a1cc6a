"""The pages of roles: who is invited, who takes it, who ends it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock, outbox
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.models import Invitation, Person, Role
from app.database import db
from app.editions import disruptions
from app.outbox import OutboxMessage
from app.registrations import service as registrations
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

PEOPLE = "/organise/people"
DAY = timedelta(days=1)


@pytest.fixture
def organiser(client: Client) -> Client:
    """The browser of an organiser."""
    return client.sign_in(make_person("organiser@example.org", role=Role.ORGANISER))


def link_to(email: str) -> str:
    """Return the path of the link that was mailed last."""
    mail = outbox.to(email)[-1]
    found = re.search(r"(/invitations/\S+)", mail.text)
    assert found
    return found[1]


def test_a_role_begins_when_whoever_is_invited_takes_it(client: Client) -> None:
    client.sign_in(make_person("organiser@example.org", name="Olivia", role=Role.ORGANISER))
    make_country("XAA", name="Alboria")
    answer = client.submit(PEOPLE, email="New@Example.org", role="national_contact", country="XAA")
    assert (answer.status_code, answer.location) == (303, PEOPLE)
    assert accounts.find("new@example.org") is None
    assert "new@example.org National contact, Alboria Olivia" in words(client.get(PEOPLE))
    path = link_to("new@example.org")
    client.delete_cookie("session")
    asked = client.get(path)
    assert (asked.status_code, asked.location) == (303, f"/login?next={path}")
    client.sign_in(make_person("new@example.org"))
    assert "Role National contact, Alboria Invited by Olivia" in words(client.get(path))
    assert client.submit(path).location == "/me"
    assert "National contact, Alboria, since" in words(client.get("/me"))
    again = client.get(path)
    assert (again.status_code, "This invitation cannot be used." in again.text) == (404, True)


def test_what_cannot_be_offered_comes_back_with_what_was_typed(organiser: Client) -> None:
    make_country("XAA")
    for typed in (
        {"email": "nobody", "role": "organiser"},
        {"email": "", "role": "organiser"},
        {"email": "a@example.org", "role": "king"},
        {"email": "a@example.org", "role": ""},
        {"email": "a@example.org", "role": "national_contact", "country": ""},
        {"email": "a@example.org", "role": "national_contact", "country": "ZZZ"},
        {"email": "a@example.org", "role": "host_team"},
        {"email": "a@example.org", "role": "committee", "last_day": "2020-01-01"},
        {"email": "organiser@example.org", "role": "committee"},
    ):
        answer = organiser.submit(PEOPLE, **typed)
        assert (answer.status_code, alert(answer) != "") == (422, True), typed
    assert db.session.query(Invitation).count() == db.session.query(OutboxMessage).count() == 0


def test_an_invitation_is_sent_again_and_withdrawn(organiser: Client) -> None:
    organiser.submit(PEOPLE, email="new@example.org", role="committee", is_chair="y")
    row = db.session.query(Invitation).one()
    assert row.is_chair
    first = link_to("new@example.org")
    organiser.submit(f"{PEOPLE}/invitations/{row.id}/resend")
    second = link_to("new@example.org")
    organiser.submit(f"{PEOPLE}/invitations/{row.id}/withdraw")
    organiser.get(PEOPLE)  # tells what was done, and names the address once more
    assert "new@example.org" not in words(organiser.get(PEOPLE))
    organiser.sign_in(make_person("new@example.org"))
    assert [organiser.get(path).status_code for path in (first, second)] == [404, 404]


def test_a_role_that_is_ended_signs_its_holder_out_and_tells_them(client: Client) -> None:
    member = make_person("member@example.org", role=Role.COMMITTEE)
    theirs = client.application.test_client()
    theirs.sign_in(member)  # type: ignore[attr-defined]  # the tests' own client
    assert theirs.get("/organise/plan").status_code == 200
    client.sign_in(make_person(role=Role.ORGANISER))
    end = f"{PEOPLE}/grants/{member.grants[0].id}/end"
    assert alert(client.submit(end, reason="")).startswith("Why: ")
    answer = client.submit(end, reason="The term is over")
    assert answer.location == f"{PEOPLE}/{member.id}"
    page = words(client.get(answer.location))
    assert "Role ended, Steering committee. The term is over" in page
    assert theirs.get("/organise/plan").status_code == 303
    assert "The term is over" in outbox.to("member@example.org")[-1].text


def test_the_last_organiser_is_told_why_they_stay(organiser: Client) -> None:
    person = accounts.find("organiser@example.org")
    assert person
    answer = organiser.submit(f"{PEOPLE}/grants/{person.grants[0].id}/end", reason="Tired")
    assert (answer.status_code, alert(answer)) == (
        422,
        "Nobody else is organiser without an end. Make somebody else one first.",
    )


def test_a_role_is_handed_over_by_the_page(client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    make_country("XAA", name="Alboria")
    old = make_person("old@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")
    path = f"{PEOPLE}/grants/{old.grants[0].id}/hand-over"
    client.submit(path, email="new@example.org", reason="Retires")
    client.sign_in(make_person("new@example.org"))
    taken = link_to("new@example.org")
    assert "You take it over from old@example.org" in words(client.get(taken))
    client.submit(taken)
    db.session.expire_all()
    holders = [person.email for person in accounts.with_role(Role.NATIONAL_CONTACT, "XAA")]
    assert holders == ["new@example.org"]


def test_a_contact_names_deputies_of_the_own_country_alone(client: Client) -> None:
    for code in ("XAA", "XAB"):
        make_country(code)
    contact = make_person("contact@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")
    other = make_person(role=Role.NATIONAL_CONTACT, scope="XAB")
    client.sign_in(contact)
    assert client.submit("/me/deputies", email="d@example.org", country="XAB").status_code == 422
    assert client.submit("/me/deputies", email="d@example.org", country="XAA").status_code == 303
    path = link_to("d@example.org")
    client.sign_in(make_person("d@example.org"))
    client.submit(path)
    assert client.get("/me/deputies").status_code == 403  # a deputy names none
    deputy = accounts.find("d@example.org")
    assert deputy
    end = f"/me/deputies/{deputy.grants[0].id}/end"
    client.sign_in(other)
    assert client.submit(end, reason="x").status_code == 404
    client.sign_in(contact)
    assert "d@example.org" in words(client.get("/me/deputies"))
    assert client.submit(end, reason="Moved on").location == "/me/deputies"
    assert "No deputy yet" in words(client.get("/me/deputies"))
    # Their own role is not among what the page of deputies ends.
    own = f"/me/deputies/{contact.grants[0].id}/end"
    assert client.submit(own, reason="x").status_code == 404


def test_people_are_found_by_name_role_and_scope_page_by_page(organiser: Client) -> None:
    make_country("XAA", name="Alboria")
    make_person("zoe@example.org", name="Zoe", role=Role.NATIONAL_CONTACT, scope="XAA")
    for number in range(60):
        make_person(f"m{number:02}@example.org", role=Role.COMMITTEE)
    first = words(organiser.get(PEOPLE))
    assert ("1–50 of 62" in first, "m49@" in first, "m50@" in first) == (True, True, False)
    second = words(organiser.get(f"{PEOPLE}?page=2"))
    assert ("m59@example.org" in second, "m00@" in second) == (True, False)
    for query in ("words=zoe", "role=national_contact", "scope=XAA"):
        found = words(organiser.get(f"{PEOPLE}?{query}"))
        assert ("zoe@example.org" in found, "m00@example.org" in found) == (True, False)
    assert "Nobody is like that" in words(organiser.get(f"{PEOPLE}?words=100%25&page=x"))


# -- around an edition -----------------------------------------------------------------------


def test_host_team_and_visa_officer_see_people_around_the_edition_and_it_may_move() -> None:
    edition = make_edition()
    host = make_person(role=Role.HOST_TEAM, scope=edition.slug)
    officer = make_person(role=Role.VISA_OFFICER, scope=edition.slug)

    def seen() -> list[list[bool]]:
        days = [
            edition.dtstart - access.BEFORE - DAY,
            edition.dtstart - access.BEFORE,
            edition.dtend + access.AFTER - DAY,
            edition.dtend + access.AFTER,
        ]
        return [
            [permission(person, edition, day) for day in days]
            for permission, person in (
                (access.see_participants, host),
                (access.handle_visas, officer),
                (access.keep_door, host),
                (access.handle_visas, host),
                (access.see_participants, officer),
            )
        ]

    around = [False, True, True, False]
    until = [True, True, True, False]
    expected = [around, until, until, [False] * 4, [False] * 4]
    assert seen() == expected
    disruptions.reschedule(
        edition,
        dtstart=edition.dtstart + 30 * DAY,
        dtend=edition.dtend + 30 * DAY,
        reason="Because",
        by=make_person(),
        now=OPENING,
    )
    assert seen() == expected


def test_a_host_team_reads_who_comes_without_what_they_eat(client: Client) -> None:
    edition = make_edition(dtstart=clock.today() + 30 * DAY)
    guest: Person = make_person("guest@example.org", name="Ana")
    told = registrations.Particulars(dietary_needs="No nuts")
    registrations.register(edition, guest, now=OPENING, told=told)
    client.sign_in(make_person(role=Role.HOST_TEAM, scope=edition.slug))
    path = f"/organise/editions/{edition.slug}/registrations"
    page = client.get(path).text
    assert ("guest@example.org" in page, "No nuts" in page) == (True, False)
    client.sign_in(make_person(role=Role.ORGANISER))
    assert "No nuts" in client.get(path).text


def test_an_organiser_signs_somebody_out_everywhere_and_they_are_told(
    organiser: Client, app: Flask
) -> None:
    person = make_person("lost@example.org", name="Lo Stone", commit=True)
    path = f"{PEOPLE}/{person.id}"
    assert "Nowhere at present." in words(organiser.get(path))
    telephone = app.test_client()
    assert isinstance(telephone, type(organiser))
    telephone.sign_in(person)
    assert telephone.get("/me").status_code == 200
    assert "On one device." in words(organiser.get(path))
    answer = organiser.submit(f"{path}/sign-out")
    assert (answer.status_code, answer.location) == (303, path)
    assert telephone.get("/me").location == "/login?next=/me"
    page = words(organiser.get(path))
    assert "Lo Stone is signed out everywhere, and told so." in page
    assert "Signed out everywhere by an organiser" in page
    assert "An organiser signed you out everywhere." in outbox.to("lost@example.org")[-1].text
    assert organiser.submit(f"{PEOPLE}/999/sign-out").status_code == 404


def test_all_other_organisers_are_told_of_a_new_one(client: Client) -> None:
    client.sign_in(make_person("olivia@example.org", name="Olivia", role=Role.ORGANISER))
    make_person("gregor@example.org", role=Role.ORGANISER)
    client.submit(PEOPLE, email="new@example.org", role="organiser")
    path = link_to("new@example.org")
    client.sign_in(make_person("new@example.org", name="Nora"))
    client.submit(path)
    for email in ("olivia@example.org", "gregor@example.org"):
        mail = outbox.to(email)[-1]
        assert mail.subject == "A new organiser: Nora"
        assert "Nora (new@example.org) is organiser now, invited by Olivia." in mail.text
    assert outbox.to("new@example.org")[-1].subject.startswith("You are invited")


def test_no_role_is_chosen_beforehand(organiser: Client) -> None:
    assert fields(organiser.get(PEOPLE))["role"] == ""
