"""Codes by mail: the same as the link, in the browser that asked for it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from app import outbox
from app.accounts.models import SignIn
from app.database import db
from tests.factories import make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    import pytest
    from flask import Flask

    from tests.conftest import Client

REFUSED = "This code does not sign in here."


def ask(client: Client, email: str = "new@example.org") -> str:
    """Ask for a link in this browser; return the code in the mail."""
    assert client.submit("/login/link", email=email, next="/calendar").location == "/login/sent"
    found = re.search(r"asked for it: (\d{4} \d{4})", outbox.latest()[0].text)
    assert found
    return found[1]


def test_a_code_signs_in_once_where_it_was_asked_for(client: Client) -> None:
    code = ask(client)
    link = re.search(r"(/login/link/\S+)", outbox.latest()[0].text)
    assert link
    answer = client.submit("/login/sent", code=code)
    assert (answer.status_code, answer.location) == (303, "/calendar")
    client.submit("/logout")
    assert client.submit("/login/sent", code=code).status_code == 422
    assert client.submit(link[1]).status_code == 422  # the link went with it
    assert db.session.query(SignIn).count() == 1


def test_a_code_is_nothing_in_another_browser(client: Client) -> None:
    code = ask(client)
    other = client.application.test_client()
    assert isinstance(other, type(client))
    assert REFUSED in alert(other.submit("/login/sent", code=code))
    ask(other, "attacker@example.org")
    assert REFUSED in alert(other.submit("/login/sent", code=code))
    assert client.submit("/login/sent", code=code).status_code == 303


def test_after_five_tries_the_right_code_is_refused_too_and_a_new_one_helps(
    client: Client,
) -> None:
    code = ask(client)
    wrong = "0000 0000" if code != "0000 0000" else "1111 1111"
    answers = [client.submit("/login/sent", code=wrong) for _ in range(5)]
    answers.append(client.submit("/login/sent", code=code))
    assert {(answer.status_code, REFUSED in alert(answer)) for answer in answers} == {(422, True)}
    assert client.submit("/login/sent", code=ask(client)).status_code == 303


def test_known_and_unknown_addresses_read_the_same_here_too(client: Client) -> None:
    make_person("known@example.org")
    pages = set()
    for email in ("known@example.org", "other@example.org"):
        ask(client, email)
        pages.add(words(client.get("/login/sent")).replace(email, "ADDRESS"))
    assert len(pages) == 1


def test_where_no_mail_leaves_the_page_says_where_it_is_found(
    client: Client, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client)
    said = "This installation sends no mail"
    assert said in words(client.get("/login/sent"))
    sending = replace(app.config["SYMPOSIA"], smtp_url="smtp://127.0.0.1:1")
    monkeypatch.setitem(app.config, "SYMPOSIA", sending)
    assert said not in words(client.get("/login/sent"))
