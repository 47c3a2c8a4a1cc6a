"""Known and unknown addresses cost the same work, so that the time of an answer tells nothing.

Work is counted, not timed: statements to the database, rows that become a person (0.1 ms each),
and passwords checked or hashed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from app.accounts import links, passwords
from app.accounts.models import Person, Role
from app.clock import real_utcnow
from app.database import db
from app.outbox import OutboxMessage
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Client

PASSWORD = "correct horse battery"
ADDRESSES = [
    "known@example.org",  # with a password
    "linked@example.org",  # without one
    "two@example.org",  # with a second factor
    "off@example.org",  # switched off
    "nobody@example.org",
]


@pytest.fixture
def people() -> None:
    """Make everybody of the addresses but the last."""
    for email in ADDRESSES[:-1]:
        person = make_person(email, role=Role.ORGANISER)
        person.has_second_factor = email == "two@example.org"
        if email != "linked@example.org":
            passwords.set_password(person, PASSWORD, now=OPENING)
    person.active = False
    db.session.commit()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch, people: None) -> Iterator[list[str]]:  # noqa: ARG001 - made first
    """What is done for a request: each statement, each person read, each check of a password."""
    done: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(passwords, name)

        def spy(*args: object) -> Any:  # noqa: ANN401 - theirs
            done.append(name)
            return real(*args)

        return spy

    for name in ("verify_password", "hash_password"):
        monkeypatch.setattr(passwords, name, counted(name))

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        done.append(statement)

    def note_row(_person: object, _context: object) -> None:
        done.append("a person is read")

    event.listen(db.engine, "before_cursor_execute", note)
    event.listen(Person, "load", note_row)
    yield done
    event.remove(Person, "load", note_row)
    event.remove(db.engine, "before_cursor_execute", note)


def done_for(work: list[str], client: Client, path: str, **fields: str) -> list[str]:
    """Return the work that one post costs whoever has no cookie yet."""
    token = client.csrf_token()
    work.clear()
    client.post(path, data={"csrf_token": token, **fields})
    return list(work)


def test_a_wrong_password_costs_the_same_for_every_address(work: list[str], client: Client) -> None:
    passwords.decoy_hash.cache_clear()
    first, *others = [
        done_for(work, client, "/login", email=email, password="not it at all")
        for email in ("warm@example.org", *ADDRESSES)
    ]
    assert [found.count("verify_password") for found in others] == [1] * len(ADDRESSES)
    assert others == [others[0]] * len(ADDRESSES)
    # The first of a process hashes what the others are checked against, whoever it is.
    assert sorted(first) == sorted(["hash_password", *others[0]])
    passwords.decoy_hash.cache_clear()
    assert done_for(work, client, "/login", email=ADDRESSES[0], password="no") == first


def test_asking_for_a_link_costs_the_same_for_every_address(
    work: list[str], client: Client
) -> None:
    found = [done_for(work, client, "/login/link", email=email) for email in ADDRESSES]
    assert found == [found[0]] * len(ADDRESSES)
    assert any("INSERT INTO sign_in_link" in statement for statement in found[0])


def test_asking_to_register_costs_the_same_for_every_address(
    work: list[str], client: Client
) -> None:
    path = f"/editions/{make_edition(commit=True).slug}/register"
    client.get(path)  # what the page itself reads is kept for the next one
    found = [done_for(work, client, path, email=email) for email in ADDRESSES]
    assert found == [found[0]] * len(ADDRESSES)
    assert any("INSERT INTO sign_in_link" in statement for statement in found[0])


def test_what_a_passkey_is_to_sign_says_nothing_of_an_address(
    work: list[str], client: Client
) -> None:
    found = [done_for(work, client, "/login/passkey/options", email=email) for email in ADDRESSES]
    assert found == [found[0]] * len(ADDRESSES)
    told = [client.submit("/login/passkey/options", email=email).json for email in ADDRESSES]
    assert [one["allowCredentials"] for one in told if one] == [[]] * len(ADDRESSES)


@pytest.mark.usefixtures("people")
def test_every_answer_to_an_address_is_the_same_bytes_and_headers(client: Client) -> None:
    def shape(path: str, email: str, **fields: str) -> tuple[int, object, str]:
        answer = client.submit(path, email=email, **fields)
        headers = [
            (name, re.sub("session=[^;]+", "session=", value))
            for name, value in answer.headers
            if name not in {"Content-Length", "Expires"}
        ]
        # A token is as long for everybody; the address is what was typed.
        told = re.sub(r'value="[\w.-]{60,}"', "", answer.text).replace(email, "")
        return answer.status_code, headers, told

    for path, fields in {
        "/login": {"password": "not it at all"},
        "/login/link": {},
    }.items():
        found = [shape(path, email, **fields) for email in ADDRESSES]
        assert found == [found[0]] * len(ADDRESSES)
    # One mail each, in the same words.
    links_of = re.compile(r"/login/link/[\w-]+|\d{4} \d{4}")
    mails = db.session.query(OutboxMessage).filter_by(subject="Your sign-in link")
    texts = {links_of.sub("", mail.text).replace(mail.to_address, "") for mail in mails}
    assert (mails.count(), len(texts)) == (len(ADDRESSES), 1)


def test_a_wrong_code_costs_the_same_for_every_address(work: list[str], client: Client) -> None:
    found = []
    for number, email in enumerate(ADDRESSES):
        browser = f"{number}" * 43
        links.mail_link(email, now=real_utcnow(), browser=browser)
        with client.session_transaction() as session:
            session["link_browser"], session["link_address"] = browser, email
        found.append(done_for(work, client, "/login/sent", code="00000000"))
    assert found == [found[0]] * len(ADDRESSES)
    assert any("UPDATE sign_in_link" in statement for statement in found[0])
