"""Known and unknown addresses cost the same work, so that the time of an answer tells nothing.

Work is counted, not timed: statements to the database, and passwords checked or hashed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from app.accounts import links, passwords
from app.accounts.models import Role
from app.clock import real_utcnow
from app.database import db
from tests.factories import OPENING, make_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Client

PASSWORD = "correct horse battery"
ADDRESSES = [
    "known@example.org",  # with a password
    "linked@example.org",  # without one
    "off@example.org",  # switched off
    "nobody@example.org",
]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is done for a request: each statement, each check and each hash of a password."""
    for email in ADDRESSES[:3]:
        person = make_person(email, role=Role.ORGANISER)
        if email != "linked@example.org":
            passwords.set_password(person, PASSWORD, now=OPENING)
    person.active = False
    db.session.commit()
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

    event.listen(db.engine, "before_cursor_execute", note)
    yield done
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
    assert [found.count("verify_password") for found in others] == [1] * 4
    assert others == [others[0]] * 4
    # The first of a process hashes what the others are checked against, whoever it is.
    assert sorted(first) == sorted(["hash_password", *others[0]])
    passwords.decoy_hash.cache_clear()
    assert done_for(work, client, "/login", email=ADDRESSES[0], password="no") == first


def test_asking_for_a_link_costs_the_same_for_every_address(
    work: list[str], client: Client
) -> None:
    found = [done_for(work, client, "/login/link", email=email) for email in ADDRESSES]
    assert found == [found[0]] * 4
    assert any("INSERT INTO sign_in_link" in statement for statement in found[0])


def test_a_wrong_code_costs_the_same_for_every_address(work: list[str], client: Client) -> None:
    found = []
    for number, email in enumerate(ADDRESSES):
        browser = f"{number}" * 43
        links.mail_link(email, now=real_utcnow(), browser=browser)
        with client.session_transaction() as session:
            session["link_browser"], session["link_address"] = browser, email
        found.append(done_for(work, client, "/login/sent", code="00000000"))
    assert found == [found[0]] * 4
    assert any("UPDATE sign_in_link" in statement for statement in found[0])
