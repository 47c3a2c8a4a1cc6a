from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask_security.utils import hash_password

from app import audit, create_app, database, outbox
from app.accounts import links, passwords, queries
from app.accounts.models import Person, Role, SignIn
from app.clock import real_utcnow
from app.database import db
from app.feeds import personal
from app.feeds import queries as feeds
from tests.factories import OPENING, make_country, make_person
from tests.pages import alert, fields

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

PASSWORD = "correct horse battery"
WRONG = "The address or the password is not right."


@pytest.fixture
def organiser() -> Person:
    """An organiser with a password alone."""
    person = make_person("organiser@example.org", role=Role.ORGANISER)
    person.is_demonstration = True
    passwords.set_password(person, PASSWORD, now=OPENING)
    db.session.commit()
    return person


def test_the_right_password_signs_in_and_leads_home(organiser: Person, client: Client) -> None:
    answer = client.submit("/login", email=" Organiser@Example.org ", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/organise/")
    assert client.get("/organise/").status_code == 200
    sign_in = db.session.query(SignIn).one()
    assert (sign_in.person_id, sign_in.ended_at) == (organiser.id, None)


def test_a_guess_at_a_stolen_hash_costs_64_mib_and_three_passes(app: Flask) -> None:
    with create_app(app.config["SYMPOSIA"]).app_context():  # the tests' own is made cheap
        assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_wrong_unknown_and_switched_off_read_the_same(organiser: Person, client: Client) -> None:
    make_person("linked@example.org")
    answers = [
        client.submit("/login", email="organiser@example.org", password="not it at all"),
        client.submit("/login", email="nobody@example.org", password=PASSWORD),
        client.submit("/login", email="linked@example.org", password=PASSWORD),
    ]
    database.write(organiser)
    organiser.active = False
    answers.append(client.submit("/login", email=organiser.email, password=PASSWORD))
    assert [(answer.status_code, alert(answer)) for answer in answers] == [(422, WRONG)] * 4
    assert db.session.query(SignIn).count() == 0


def test_a_refusal_keeps_the_address_and_the_way_on_but_not_the_password(client: Client) -> None:
    answer = client.submit(
        "/login", email="who@example.org", password="a long secret", next="/calendar"
    )
    kept = fields(answer)
    assert (kept["email"], kept["next"], kept["password"]) == ("who@example.org", "/calendar", "")


@pytest.mark.parametrize("missing", ["email", "password"])
def test_both_fields_are_needed(missing: str, client: Client) -> None:
    typed = {"email": "who@example.org", "password": "a long secret"} | {missing: ""}
    answer = client.submit("/login", **typed)
    assert answer.status_code == 422
    assert "This field is required." in alert(answer)


def test_who_asked_for_a_page_is_led_there_but_never_off_the_site(
    organiser: Person, client: Client
) -> None:
    refused = client.get("/organise/plan?until=2035")
    assert (refused.status_code, refused.location) == (
        303,
        "/login?next=/organise/plan?until%3D2035",
    )
    form = fields(client.get(refused.location))
    assert form["next"] == "/organise/plan?until=2035"
    typed = {"email": organiser.email, "password": PASSWORD}
    assert client.submit("/login", **typed, next=form["next"]).location == form["next"]
    for elsewhere in ("//evil.example", "//["):
        assert client.submit("/login", **typed, next=elsewhere).location == "/organise/"


def test_each_role_has_its_home(client: Client) -> None:
    make_country("XAA")
    homes = {
        Role.ORGANISER: "/organise/",
        Role.COMMITTEE: "/organise/",
        Role.NATIONAL_CONTACT: "/hosting/",
        Role.PARTICIPANT: "/me",
    }
    reached = {}
    for role in homes:
        person = make_person(role=role, scope="XAA" if role is Role.NATIONAL_CONTACT else "")
        token = links.make_link(
            person.email, life=timedelta(minutes=1), now=real_utcnow(), is_vouched=True
        )
        reached[role] = client.submit(f"/login/link/{token}").location
    assert reached == homes


def test_a_copied_cookie_is_dead_after_sign_out(client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert client.get("/organise/").status_code == 200
    answer = client.submit("/logout")
    assert (answer.status_code, answer.location) == (303, "/")
    client.set_cookie("session", cookie.value)
    assert client.get("/organise/").status_code == 303


def test_signing_in_leaves_nothing_of_the_session_before(client: Client) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    token = links.make_link("new@example.org", life=timedelta(minutes=1), now=real_utcnow())
    client.submit(f"/login/link/{token}")
    with client.session_transaction() as session:
        assert sorted(set(session) - {"_permanent", "_flashes"}) == ["sign_in"]


def test_a_session_ends_by_itself_after_two_weeks(client: Client) -> None:
    client.sign_in(make_person())
    database.write()
    sign_in = db.session.query(SignIn).one()
    assert sign_in.expires_at - sign_in.began_at == timedelta(days=14)
    sign_in.expires_at = real_utcnow()
    assert client.get("/me").status_code == 303


def test_sign_out_everywhere_ends_every_device(client: Client) -> None:
    person = make_person()
    other = client.application.test_client()
    assert isinstance(other, type(client))
    other.sign_in(person)
    client.sign_in(person)
    assert client.submit("/me/sign-out-everywhere").location == "/login"
    assert [device.get("/me").status_code for device in (client, other)] == [303, 303]


def test_a_new_password_ends_every_other_session_and_the_new_one_counts(
    organiser: Person, client: Client
) -> None:
    other = client.application.test_client()
    assert isinstance(other, type(client))
    other.sign_in(organiser)
    client.sign_in(organiser)
    answer = client.submit("/me/sign-in/password", password="another long one")
    assert (answer.status_code, answer.location) == (303, "/me/sign-in")
    assert [device.get("/me").status_code for device in (client, other)] == [200, 303]
    assert outbox.latest()[0].subject == "Your sign-in has changed"
    tries = [
        client.submit("/login", email=organiser.email, password=password).status_code
        for password in (PASSWORD, "another long one")
    ]
    assert tries == [422, 303]


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x" * 11, "at least 12 characters"),
        ("passwordpassword", "easily guessed"),
        ("qwertyuiop12", "easily guessed"),
        ("iloveyou1234", "easily guessed"),
        ("Symposia2027", "easily guessed"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(
    password: str, said: str, client: Client
) -> None:
    person = make_person("ada.byron@example.org", name="Ada Byron")
    client.sign_in(person)
    answer = client.submit("/me/sign-in/password", password=password)
    assert answer.status_code == 422
    assert said in alert(answer)
    found = queries.find(person.email)
    assert (found and found.password, client.get("/me").status_code) == (None, 200)


def test_a_password_can_be_taken_away(organiser: Person, client: Client) -> None:
    client.sign_in(organiser)
    assert client.submit("/me/sign-in/password/remove").status_code == 303
    assert client.submit("/login", email=organiser.email, password=PASSWORD).status_code == 422


def test_a_long_password_is_judged_in_no_time() -> None:
    passwords.judge("four unrelated words and so on " * 30, make_person())


def test_who_is_switched_off_is_signed_out_at_once(client: Client) -> None:
    person = make_person(role=Role.ORGANISER)
    client.sign_in(person)
    database.write(person)
    person.active = False
    assert client.get("/organise/").status_code == 303


def test_a_new_name_is_in_the_log_without_the_name_itself(client: Client) -> None:
    person = make_person()
    client.sign_in(person)
    assert client.submit("/me", name="Ada Byron", submit="1").status_code == 303
    entry = audit.latest(1)[0]
    assert (entry.action, entry.person_id, entry.changes) == ("person.renamed", person.id, {})


@pytest.mark.parametrize(("ticked", "left"), [({}, 1), ({"ends_addresses": "y"}, 0)])
def test_a_new_password_ends_secret_addresses_of_calendars_only_where_that_is_ticked(
    ticked: dict[str, str], left: int, client: Client
) -> None:
    person = make_person()
    personal.make(person, "Phone", has_alarms=False, now=OPENING)
    client.sign_in(person)
    answer = client.submit("/me/sign-in/password", password="four unlike words stand", **ticked)
    assert answer.status_code == 303
    db.session.expire_all()
    assert len(feeds.personal_feeds(person)) == left
