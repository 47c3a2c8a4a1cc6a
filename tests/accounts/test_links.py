from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.accounts import links, queries
from app.accounts.models import Person, SignIn, SignInLink
from app.clock import real_utcnow
from app.database import db
from app.outbox import OutboxMessage
from tests.factories import make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from tests.conftest import Client

SPENT = "This link has been used or has expired. Ask for a new one."


def make_link(email: str = "new@example.org", *, life: int = 15, next_path: str = "") -> str:
    return links.make_link(
        email, life=timedelta(minutes=life), now=real_utcnow(), next_path=next_path
    )


def test_opening_a_link_spends_nothing_and_pressing_its_button_once(client: Client) -> None:
    token = make_link()
    for _ in range(3):
        assert client.get(f"/login/link/{token}").status_code == 200
    assert client.head(f"/login/link/{token}").status_code == 200
    assert (db.session.query(SignIn).count(), db.session.query(Person).count()) == (0, 0)
    answer = client.submit(f"/login/link/{token}")
    assert (answer.status_code, answer.location) == (303, "/me")
    again = client.submit(f"/login/link/{token}")
    assert (again.status_code, alert(again)) == (422, SPENT)
    assert db.session.query(SignIn).count() == 1


def test_a_link_makes_the_account_and_proves_the_address(client: Client) -> None:
    client.submit(f"/login/link/{make_link('New.Person@Example.org')}")
    person = db.session.query(Person).one()
    assert (person.email, person.password) == ("new.person@example.org", None)
    assert person.verified_at is not None


def test_used_expired_unknown_and_switched_off_read_the_same(client: Client) -> None:
    used, expired = make_link(), make_link(life=0)
    client.submit(f"/login/link/{used}")
    client.submit("/logout")
    person = make_person("off@example.org")
    person.active = False
    switched_off = make_link("off@example.org")
    answers = [
        client.submit(f"/login/link/{token}")
        for token in (used, expired, "never-was", switched_off)
    ]
    assert [(answer.status_code, alert(answer)) for answer in answers] == [(422, SPENT)] * 4
    pages = {words(client.get(f"/login/link/{token}")) for token in (used, expired, "never-was")}
    assert len(pages) == 1


@pytest.mark.parametrize("email", ["known@example.org", "unknown@example.org"])
def test_known_and_unknown_addresses_are_answered_alike(email: str, client: Client) -> None:
    make_person("known@example.org")
    answer = client.submit("/login/link", email=email, next="/calendar")
    assert (answer.status_code, answer.location) == (303, "/login/sent")
    mail = db.session.query(OutboxMessage).one()
    assert (mail.to_address, mail.subject, mail.is_secret) == (email, "Your sign-in link", True)
    found = re.search(r"http://localhost:8000(/login/link/\S+)", mail.text)
    assert found
    assert client.submit(found[1]).location == "/calendar"


def test_a_token_is_kept_as_a_hash_alone(client: Client) -> None:
    token = make_link()
    stored = db.session.query(SignInLink).one()
    assert (stored.token_hash, len(token)) == (queries.hashed(token), 43)
    client.submit(f"/login/link/{token}")
    with client.session_transaction() as session:
        cookie_token = session["sign_in"]
    assert db.session.query(SignIn).one().token_hash == queries.hashed(cookie_token)


def test_a_link_leads_only_to_pages_of_ours(client: Client) -> None:
    client.submit("/login/link", email="a@example.org", next="//evil.example")
    assert db.session.query(SignInLink).one().next_path == ""
    # Even if it had been stored.
    token = make_link(next_path="https://evil.example")
    assert client.submit(f"/login/link/{token}").location == "/me"


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a@example.org\nBcc: b@example.org"])
def test_what_is_no_address_gets_no_mail(email: str, client: Client) -> None:
    answer = client.submit("/login/link", email=email)
    assert answer.status_code == 422
    assert db.session.query(OutboxMessage).count() == 0
    assert client.get("/login").status_code == 200


def test_a_form_without_its_token_signs_nobody_in(client: Client) -> None:
    token = make_link()
    assert client.post(f"/login/link/{token}").status_code == 400
    assert db.session.query(SignIn).count() == 0
