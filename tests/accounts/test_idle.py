"""Away for long: the session waits for a proof, and nothing typed is lost by it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from app.accounts import passwords
from app.accounts.models import Person, Role, SignIn
from app.clock import real_utcnow
from app.database import db
from tests.factories import OPENING, make_edition, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from tests.conftest import Client

PASSWORD = "correct horse battery"
STAFF_MINUTES = 60


@pytest.fixture
def organiser(client: Client) -> Person:
    person = make_person("olga@example.org", name="Olga", role=Role.ORGANISER)
    passwords.set_password(person, PASSWORD, now=OPENING)
    client.sign_in(person)
    return person


def be_away(**time: int) -> None:
    """Let every session be unused, and every proof old, for so long."""
    since = real_utcnow() - timedelta(**time)
    db.session.execute(
        update(SignIn).values(used_at=since, confirmed_at=since),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()
    db.session.expire_all()


@pytest.mark.usefixtures("organiser")
def test_who_was_away_proves_who_they_are_and_goes_on_where_they_were(client: Client) -> None:
    be_away(minutes=STAFF_MINUTES - 1)
    assert client.get("/organise/").status_code == 200
    be_away(minutes=STAFF_MINUTES)
    asked = client.get("/organise/audit?who=olga")
    assert (asked.status_code, asked.location) == (
        303,
        "/confirm?next=/organise/audit?who%3Dolga",
    )
    page = client.get(asked.location)
    assert "You have not been here for a while." in words(page)
    wrong = client.submit("/confirm", password="another")
    assert (wrong.status_code, client.get("/organise/").status_code) == (422, 303)
    right = client.submit("/confirm", password=PASSWORD, next="/organise/audit")
    assert (right.status_code, right.location) == (303, "/organise/audit")
    assert client.get(right.location).status_code == 200


@pytest.mark.usefixtures("organiser")
def test_looking_about_does_not_wake_a_session_that_was_left(client: Client) -> None:
    be_away(minutes=STAFF_MINUTES)
    for path in ("/", "/calendar", "/organise/", "/confirm"):
        client.get(path)
    assert "Olga" not in client.get("/").text
    assert client.get("/login").location == "/confirm"
    assert client.get("/organise/").location == "/confirm?next=/organise/"
    assert client.submit("/logout").status_code == 303
    assert client.get("/organise/").location == "/login?next=/organise/"


@pytest.mark.usefixtures("organiser")
def test_what_was_typed_before_is_kept_and_can_be_sent(client: Client) -> None:
    edition = make_edition(title="Workshop 2027")
    path = f"/organise/editions/{edition.slug}"
    token = client.csrf_token()
    be_away(hours=3)
    asked = client.post(
        f"{path}/describe",
        data={"csrf_token": token, "summary": "Three days of talks"},
        headers={"Referer": f"http://localhost:8000{path}"},
    )
    assert asked.status_code == 303
    assert db.session.query(type(edition)).one().summary != "Three days of talks"
    found = re.fullmatch(r"/confirm\?next=(/confirm/form/\S+)", asked.location)
    assert found
    assert client.get(found[1]).location.startswith("/confirm?")
    kept = "What you have typed is kept for a quarter of an hour."
    assert kept in words(client.get(asked.location))
    assert kept not in words(client.get("/confirm?next=/organise/"))
    client.submit("/confirm", password=PASSWORD, next=found[1])
    assert 'value="Three days of talks"' in client.get(found[1]).text


def test_a_participant_may_be_away_for_days(client: Client) -> None:
    person = make_person("ann@example.org")
    client.sign_in(person)
    be_away(days=6)
    assert client.get("/me").status_code == 200
    be_away(days=7)
    assert client.get("/me").location == "/confirm?next=/me"


def test_use_is_noted_every_five_minutes(client: Client) -> None:
    client.sign_in(make_person("ann@example.org"))
    be_away(minutes=4)
    before = db.session.query(SignIn).one().used_at
    client.get("/me")
    db.session.expire_all()
    assert db.session.query(SignIn).one().used_at == before
    be_away(minutes=6)
    client.get("/me")
    db.session.expire_all()
    assert real_utcnow() - db.session.query(SignIn).one().used_at < timedelta(minutes=1)


@pytest.mark.usefixtures("organiser")
def test_a_session_that_was_left_ends_after_five_wrong_proofs(client: Client) -> None:
    be_away(minutes=STAFF_MINUTES)
    five = [client.submit("/confirm", password="another") for _ in range(5)]
    assert [answer.status_code for answer in five] == [422] * 4 + [303]
    assert "That did not fit several times" in alert(client.get(five[-1].location))
