"""Whose requests are taken, and how often: origins, bodies, and limits that all processes share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app import create_app, limits
from app.database import db
from app.limits import CountsFile
from app.registrations import parties, queries
from scheduler.lifecycle import EditionStatus
from tests.conftest import Client
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 422),
        ({"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}, 422),
        ({"Origin": "http://localhost"}, 422),  # the host under which this request came
        ({"Sec-Fetch-Site": "none"}, 422),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_form_is_taken_from_our_own_pages_alone(
    headers: dict[str, str], status: int, client: Client
) -> None:
    data = {"csrf_token": client.csrf_token(), "email": "a@example.org", "password": "wrong"}
    assert client.post("/login", data=data, headers=headers).status_code == status


def test_a_page_may_be_reached_from_anywhere(client: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert client.get("/", headers=headers).status_code == 200


def test_a_body_that_is_too_large_is_refused_whatever_it_is_sent_to(client: Client) -> None:
    for method, path in (("POST", "/nowhere"), ("GET", "/"), ("PUT", "/login")):
        answer = client.open(
            path, method=method, environ_overrides={"CONTENT_LENGTH": str(33 * 1024 * 1024)}
        )
        assert answer.status_code == 413


@pytest.fixture
def limited(app: Flask) -> Iterator[Client]:
    """A browser of the application with its limits in force."""
    other = create_app(replace(app.config["SYMPOSIA"], rate_limits=True))
    other.test_client_class = Client
    found = other.test_client()
    assert isinstance(found, Client)
    yield found
    (app.config["SYMPOSIA"].instance_path / "limits.db").unlink(missing_ok=True)
    with other.app_context():
        db.engine.dispose()


def test_who_guesses_at_an_address_must_wait_and_nobody_else(limited: Client) -> None:
    make_person("victim@example.org")

    def guess(email: str, caller: str) -> int:
        data = {"csrf_token": limited.csrf_token(), "email": email, "password": "not it"}
        return limited.post(
            "/login", data=data, environ_overrides={"REMOTE_ADDR": caller}
        ).status_code

    tries = [guess("victim@example.org", "192.0.2.1") for _ in range(12)]
    assert tries == [422] * 10 + [429] * 2
    assert guess("Victim@example.org ", "192.0.2.1") == 429
    assert guess("other@example.org", "192.0.2.1") == 422
    assert guess("victim@example.org", "192.0.2.2") == 422
    # A link always does.
    assert limited.submit("/login/link", email="victim@example.org").status_code == 303


def ask_for_links(limited: Client, callers: list[str], path: str = "/login/link") -> list[int]:
    token = limited.csrf_token()
    return [
        limited.post(
            path,
            data={"csrf_token": token, "email": "victim@example.org"},
            environ_overrides={"REMOTE_ADDR": caller},
        ).status_code
        for caller in callers
    ]


def test_who_asks_for_many_links_of_one_address_must_wait_and_its_person_need_not(
    limited: Client,
) -> None:
    assert ask_for_links(limited, ["192.0.2.1"] * 7) == [303] * 5 + [429] * 2
    assert ask_for_links(limited, ["192.0.2.2"]) == [303]
    # Neither by the other page that sends one.
    path = f"/editions/{make_edition(status=EditionStatus.REGISTRATION_OPEN).slug}/register"
    assert ask_for_links(limited, ["192.0.2.3"] * 3) == [303] * 3
    assert ask_for_links(limited, ["192.0.2.3"] * 3, path) == [303] * 2 + [429]


def test_codes_of_parties_are_not_tried_in_bulk(limited: Client) -> None:
    limited.sign_in(make_person())
    most = int(limits.PARTY_CODES.partition(" ")[0])
    tried = [limited.get(f"/parties/{number}").status_code for number in range(most - 1)]
    assert set(tried) == {404}
    edition = make_edition()
    made = parties.form(edition, make_person(), 2, now=OPENING)
    state = queries.party_of(made)
    assert state is not None
    assert limited.get(f"/parties/{state.code}").status_code == 200
    refused = limited.submit(f"/parties/{state.code}")
    assert (refused.status_code, "Wait a few minutes" in refused.text) == (429, True)


def test_a_network_of_addresses_is_one_caller(limited: Client) -> None:
    network = [f"2001:db8:0:1::{number:x}" for number in range(1, 8)]
    assert ask_for_links(limited, network) == [303] * 5 + [429] * 2
    assert ask_for_links(limited, ["2001:db8:0:2::1"]) == [303]
    mapped = [*["::ffff:192.0.2.9"] * 3, *["192.0.2.9"] * 3]
    assert ask_for_links(limited, mapped) == [303] * 5 + [429]


def test_counts_are_shared_run_out_and_name_nobody(tmp_path: Path) -> None:
    path = tmp_path / "limits.db"
    first, second = (CountsFile(f"counts-file://{path}") for _ in range(2))
    assert [first.incr("a", 60), second.incr("a", 60), first.incr("b", 60)] == [1, 2, 1]
    assert (second.get("a"), second.get("never")) == (2, 0)
    assert first.incr("gone", 0) == 1
    assert (first.get("gone"), first.incr("gone", 60)) == (0, 1)
    first.clear("a")
    assert second.get("a") == 0
    assert (first.check(), first.reset(), second.get("b")) == (True, 2, 0)
