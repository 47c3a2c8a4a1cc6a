"""Asked again who one is, half an hour after the last proof, and nothing typed is lost by it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from app import retention
from app.accounts import held, passwords, privacy
from app.accounts.models import HeldForm, Invitation, Person, Role, SignIn
from app.clock import real_utcnow
from app.database import db
from app.editions import agreements
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from app.editions.models import Edition
    from tests.conftest import Client

PASSWORD = "correct horse battery"
# Sensitive without being of signing in: roles, publishing, copies of data, erasure.
GUARDED = {
    "people.index",
    "people.end",
    "people.sign_out",
    "people.hand_over",
    "people.change_invitation",
    "people.deputies",
    "people.end_deputy",
    "people.change_deputys_invitation",
    "privacy.data",
    "privacy.erase_me",
    "privacy.erase_person",
    "accounts.password",
    "accounts.remove_password",
    "accounts.remove_app",
    "accounts.remove_passkey",
    "accounts.add_passkey",
    "accounts.new_recovery_codes",
    "accounts.held_form",
}


@pytest.fixture
def organiser(client: Client) -> Person:
    """An organiser with a password, signed in, whose last proof is 40 minutes old."""
    person = make_person("olga@example.org", role=Role.ORGANISER)
    passwords.set_password(person, PASSWORD, now=OPENING)
    client.sign_in(person)
    age_proof(40)
    return person


def age_proof(minutes: int) -> None:
    db.session.execute(
        update(SignIn).values(confirmed_at=real_utcnow() - timedelta(minutes=minutes)),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()


def agreed_edition() -> Edition:
    """Return an edition that nothing keeps from being announced."""
    edition = make_edition(status=EditionStatus.CONFIRMED)
    agreements.record_agreement(
        edition, waiver="By letter", by=make_person(role=Role.ORGANISER), now=OPENING
    )
    return edition


def prove(client: Client, asked: TestResponse) -> str:
    """Answer the question to which ``asked`` leads, and return where it goes on to."""
    assert asked.location.startswith("/confirm?next=")
    done = client.submit("/confirm", password=PASSWORD, next=asked.location.partition("next=")[2])
    assert done.status_code == 303
    return done.location


def press(client: Client, path: str) -> TestResponse:
    """Send what the page at ``path`` has kept, as its button does."""
    page = client.get(path).text
    form = page[page.index("<main") :]
    action = re.search(r'<form method="post" action="([^"]+)"', form)
    assert action
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    data = {name: html.unescape(value) for name, value in fields}
    return client.post(html.unescape(action[1]), data=data)


def test_what_asks_again_is_what_is_meant_to(app: Flask) -> None:
    asking = {name for name, view in app.view_functions.items() if getattr(view, "is_fresh", False)}
    assert asking >= GUARDED


@pytest.mark.usefixtures("organiser")
def test_the_list_of_people_is_read_without_being_asked(client: Client) -> None:
    assert client.get("/organise/people").status_code == 200


@pytest.mark.usefixtures("organiser")
def test_a_role_waits_for_the_proof_and_is_offered_with_what_was_typed(client: Client) -> None:
    make_country("XAA")
    asked = client.submit(
        "/organise/people",
        email="New+1@Example.org",
        role="national_contact",
        country="XAA",
        submit="1",
    )
    kept = prove(client, asked)
    assert "E-mail address New+1@Example.org" in words(client.get(kept))
    assert db.session.query(Invitation).count() == 0
    assert press(client, kept).location == "/organise/people"
    invited = db.session.query(Invitation).one()
    assert (invited.email, invited.role, invited.scope_key) == (
        "new+1@example.org",
        Role.NATIONAL_CONTACT,
        "XAA",
    )


@pytest.mark.usefixtures("organiser")
def test_erasing_somebody_asks_first_and_keeps_the_reason(client: Client) -> None:
    make_person("gone@example.org", name="Gone Person")
    assert client.get("/organise/people/erase").location == "/confirm?next=/organise/people/erase"
    typed = {"email": "gone@example.org", "reason": "Asked by <letter> & phone", "confirms": "y"}
    kept = prove(client, client.submit("/organise/people/erase", **typed))
    assert "Asked by <letter> & phone" in html.unescape(client.get(kept).text)
    assert press(client, kept).location == "/organise/people"
    assert db.session.query(Person).filter_by(email="gone@example.org").count() == 0


@pytest.mark.usefixtures("organiser")
@pytest.mark.parametrize("act", ["announce", "save-the-date"])
def test_publishing_an_edition_asks_first(act: str, client: Client) -> None:
    edition = agreed_edition()
    path = f"/organise/editions/{edition.slug}/{act}"
    assert client.get(path).location == f"/confirm?next={path}"
    asked = client.submit(path, submit="1")
    db.session.expire_all()
    assert (edition.status, edition.is_public) == (EditionStatus.CONFIRMED, False)
    # Nothing was typed: the button waits on its own page.
    assert prove(client, asked) == path
    assert client.submit(path, submit="1").location == f"/organise/editions/{edition.slug}"
    db.session.expire_all()
    assert edition.is_public


@pytest.mark.usefixtures("organiser")
def test_other_acts_on_an_edition_do_not_ask(client: Client) -> None:
    edition = make_edition(status=EditionStatus.CONFIRMED)
    assert client.get(f"/organise/editions/{edition.slug}/describe").status_code == 200


@pytest.mark.usefixtures("organiser")
def test_a_form_begun_in_time_may_be_sent_ten_minutes_later(client: Client) -> None:
    path = f"/organise/editions/{agreed_edition().slug}/announce"
    age_proof(19)
    assert client.get(path).status_code == 200
    age_proof(29)
    assert client.submit(path).location == path.removesuffix("/announce")


def test_a_password_is_never_kept(client: Client, organiser: Person) -> None:
    before = organiser.password
    asked = client.post(
        "/me/sign-in/password",
        data={
            "csrf_token": client.csrf_token(),
            "password": "a b c d e f g",
            "ends_addresses": "y",
        },
        headers={"Referer": "http://localhost/me/sign-in/password"},
    )
    assert asked.location == "/confirm?next=/me/sign-in/password"
    db.session.expire_all()
    assert (db.session.query(HeldForm).count(), organiser.password) == (0, before)


@pytest.mark.usefixtures("organiser")
def test_what_was_kept_is_for_its_session_alone_and_for_a_quarter_of_an_hour(
    client: Client,
) -> None:
    kept = prove(client, client.submit("/organise/people", email="new@example.org"))
    other = client.application.test_client()
    assert isinstance(other, type(client))
    other.sign_in(make_person(role=Role.ORGANISER))
    assert [browser.get(kept).status_code for browser in (client, other)] == [200, 404]
    db.session.execute(update(HeldForm).values(expires_at=real_utcnow() - timedelta(seconds=1)))
    assert client.get(kept).status_code == 404
    assert {str(rule.data): count for rule, count in retention.run() if count} == {
        "What you typed before you proved who you are": 1
    }


@pytest.mark.usefixtures("organiser")
def test_what_was_kept_asks_for_the_proof_itself(client: Client) -> None:
    asked = client.submit("/organise/people", email="new@example.org")
    kept = asked.location.partition("next=")[2]
    assert client.get(kept).location == f"/confirm?next={kept}"


def test_who_signs_out_or_is_erased_leaves_nothing_kept(client: Client, organiser: Person) -> None:
    make_person(role=Role.ORGANISER)
    client.submit("/organise/people", email="somebody@example.org", name="Somebody Else")
    assert db.session.query(HeldForm).count() == 1
    person = make_person("somebody@example.org", name="Somebody Else")
    privacy.erase(person, by=organiser, now=OPENING)
    db.session.commit()
    assert "omebody" not in str(db.session.query(HeldForm).one().fields)
    privacy.erase(organiser, by=organiser, now=OPENING)
    assert db.session.query(HeldForm).count() == 0


def test_a_form_too_large_to_keep_is_typed_again() -> None:
    assert held.typed([("reason", "x" * 49_000)])
    assert held.typed([("reason", "x" * 50_000)]) == []


def test_the_question_names_its_field_and_takes_no_empty_answer(
    client: Client, organiser: Person
) -> None:
    assert "optional" not in words(client.get("/confirm")).lower()
    for _ in range(6):  # nothing was tried, so nothing is counted
        empty = client.submit("/confirm", next="/organise/people")
        assert (empty.status_code, "Give one of these proofs" in alert(empty)) == (422, True)
    db.session.expire_all()
    assert [sign_in.ended_at for sign_in in db.session.query(SignIn)] == [None]
    assert organiser.password
