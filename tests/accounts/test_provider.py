"""Signing in by an identity provider: a real one, on a loopback port."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from app import create_app
from app.accounts.models import Identity, Person, Role, SignIn
from app.database import db
from config import OidcConfig
from tests.conftest import Client
from tests.factories import make_person
from tests.pages import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:authlib", "ignore::DeprecationWarning:oidc_provider_mock"
)

with warnings.catch_warnings():
    # The provider of the tests still imports Authlib's old module for tokens.
    warnings.simplefilter("ignore")
    import oidc_provider_mock


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def provided_app(app: Flask, issuer: str) -> Flask:
    """The application with the provider set."""
    settings = replace(
        app.config["SYMPOSIA"], oidc=OidcConfig(
            issuer=issuer, client_id="symposia", client_secret="of the client", name="Example Net"
        ),
    )  # fmt: skip
    provided = create_app(settings)
    provided.testing = True
    provided.test_client_class = Client
    return provided


@pytest.fixture
def provided(provided_app: Flask) -> Iterator[Client]:
    """A browser of that application."""
    found = provided_app.test_client()
    assert isinstance(found, Client)
    yield found
    with provided_app.app_context():
        db.engine.dispose()


def tell(issuer: str, subject: str, **claims: object) -> None:
    """Let the provider know somebody."""
    requests.put(f"{issuer}/users/{subject}", json=claims, timeout=10).raise_for_status()


def go(client: Client, subject: str, path: str = "/login/provider?next=/calendar") -> str:
    """Begin, sign in at the provider as ``subject``; return the address it sends back to."""
    begun = client.get(path)
    assert begun.status_code == 302
    asked = parse_qs(urlsplit(begun.location).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    back = requests.post(begun.location, data={"sub": subject}, allow_redirects=False, timeout=10)
    return back.headers["Location"].removeprefix("http://localhost:8000")


def identities() -> list[tuple[str, str]]:
    return [(row.subject, row.person.email) for row in db.session.query(Identity)]


def test_a_newcomer_with_a_vouched_address_gets_an_account_and_comes_back_to_it(
    provided: Client, issuer: str
) -> None:
    tell(issuer, "u1", email="Ada@Example.org", email_verified=True, name="Ada Byron")
    for _ in range(2):
        answer = provided.get(go(provided, "u1"))
        assert (answer.status_code, answer.location) == (303, "/calendar")
        assert provided.get("/me").status_code == 200
        provided.submit("/logout")
    assert identities() == [("u1", "ada@example.org")]
    # It is the subject that counts: the address may change there.
    tell(issuer, "u1", email="other@example.org", email_verified=True)
    provided.get(go(provided, "u1"))
    assert [row.person.email for row in db.session.query(SignIn)] == ["ada@example.org"] * 3


def test_a_name_at_the_provider_is_cleaned_like_a_typed_one(provided: Client, issuer: str) -> None:
    name = "Ada\r\nBcc: all@example.org\0\u202e"
    tell(issuer, "u9", email="ada@example.org", email_verified=True, name=name)
    provided.get(go(provided, "u9"))
    assert [person.name for person in db.session.query(Person)] == ["Ada Bcc: all@example.org"]


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_is_not_vouched_for_makes_nothing(
    verified: object, provided: Client, issuer: str
) -> None:
    tell(issuer, "u2", email="mallory@example.org", email_verified=verified)
    answer = provided.get(go(provided, "u2"))
    assert answer.location == "/login?next=/calendar"
    assert "does not say that your e-mail address is yours" in words(provided.get("/login"))
    assert db.session.query(Person).count() == 0


def test_an_address_alone_never_signs_in_who_acts_for_others(provided: Client, issuer: str) -> None:
    make_person("olga@example.org", role=Role.ORGANISER)
    tell(issuer, "u3", email="olga@example.org", email_verified=True)
    answer = provided.get(go(provided, "u3"))
    assert answer.location == "/login?next=/calendar"
    assert (identities(), provided.get("/organise/").status_code) == ([], 303)


def test_who_is_signed_in_connects_the_provider_and_it_owes_the_second_factor_still(
    provided: Client, issuer: str
) -> None:
    person = make_person("olga@example.org", role=Role.ORGANISER)
    provided.sign_in(person)
    assert provided.get("/me/sign-in/provider").status_code == 403  # not from another site
    tell(issuer, "u4", email="private@example.net", email_verified=True)
    answer = provided.get(
        go(provided, "u4", f"/me/sign-in/provider?csrf_token={provided.csrf_token()}")
    )
    assert answer.location == "/me/sign-in"
    assert identities() == [("u4", "olga@example.org")]
    provided.submit("/logout")
    answer = provided.get(go(provided, "u4"))
    assert answer.location == "/me/sign-in/set-up?next=/calendar"


def test_an_identity_is_one_persons(provided: Client, issuer: str) -> None:
    tell(issuer, "u5", email="first@example.org", email_verified=True)
    provided.get(go(provided, "u5"))
    provided.sign_in(make_person("second@example.org"))
    provided.get(go(provided, "u5", f"/me/sign-in/provider?csrf_token={provided.csrf_token()}"))
    assert "signs in to another account" in words(provided.get("/me/sign-in"))
    assert identities() == [("u5", "first@example.org")]


def attack_state(back: str, client: Client) -> str:  # noqa: ARG001 - an attack's form
    return back.replace("state=", "state=x")


def attack_issuer(back: str, client: Client) -> str:  # noqa: ARG001 - as above
    return f"{back}&iss=https%3A%2F%2Fevil.example"


def attack_code(back: str, client: Client) -> str:  # noqa: ARG001 - as above
    return back.replace("code=", "code=x")


def attack_nonce(back: str, client: Client) -> str:
    """Let the answer be one to another question, as a replayed token would be."""
    with client.session_transaction() as session:
        for key in list(session):
            if key.startswith("_state_"):
                kept: dict[str, Any] = session[key]
                kept["data"]["nonce"] = "another"
                session[key] = kept
    return back


def attack_browser(back: str, client: Client) -> str:
    """Bring somebody else's answer into this browser."""
    with client.session_transaction() as session:
        session.clear()
    return back


@pytest.mark.parametrize(
    "attack", [attack_state, attack_issuer, attack_code, attack_nonce, attack_browser]
)
def test_a_forged_answer_signs_nobody_in(
    attack: Callable[[str, Client], str], provided: Client, issuer: str
) -> None:
    tell(issuer, "u6", email="ada@example.org", email_verified=True)
    back = attack(go(provided, "u6"), provided)
    answer = provided.get(back)
    assert answer.status_code == 303
    assert answer.location.startswith("/login")
    assert (db.session.query(Person).count(), db.session.query(SignIn).count()) == (0, 0)
    # And the same answer without the attack is not taken a second time either.
    assert "did not work" in words(provided.get("/login"))


def test_a_provider_that_calls_itself_otherwise_is_not_trusted(app: Flask, issuer: str) -> None:
    settings = replace(
        app.config["SYMPOSIA"],
        oidc=OidcConfig(
            issuer=issuer.replace("localhost", "127.0.0.1") + "/",
            client_id="symposia",
            client_secret="of the client",
            name="Example Net",
        ),
    )
    client = create_app(settings).test_client()
    assert client.get("/login/provider").location == "/login"


def test_without_a_provider_there_is_no_such_way(client: Client) -> None:
    assert client.get("/login/provider").location == "/login"
    assert "Example Net" not in client.get("/login").text
