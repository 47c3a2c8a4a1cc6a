from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from app.accounts import queries, service
from app.accounts.models import Grant, Person, Role
from app.accounts.service import EmailError, ScopeError
from app.database import db
from app.site import demo
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from flask import Flask

    from tests.conftest import Client


def run(app: Flask, *args: str) -> Result:
    db.session.commit()
    return app.test_cli_runner().invoke(args=["accounts", *args])


def grants() -> list[tuple[str, str, str]]:
    return [
        (grant.person.email, grant.role.value, grant.scope_key)
        for grant in db.session.query(Grant).order_by(Grant.id)
    ]


def test_only_our_own_commands_make_people_and_roles(app: Flask) -> None:
    assert {"accounts", "demo"} <= set(app.cli.commands)
    assert not {"users", "roles"} & set(app.cli.commands)


def test_create_makes_a_person_with_a_role_and_no_password(app: Flask) -> None:
    result = run(app, "create", "Olga@Example.org", "--role", "organiser")
    assert (result.exit_code, result.output) == (0, "1 of 1 are new.\n")
    assert grants() == [("olga@example.org", "organiser", "")]
    assert db.session.query(Person).one().password is None


def test_create_again_changes_nothing_and_succeeds(app: Flask) -> None:
    make_country("XAA")
    args = ("create", "c@example.org", "--role", "national_contact", "--scope", "country:xaa")
    assert [run(app, *args).exit_code for _ in range(2)] == [0, 0]
    assert grants() == [("c@example.org", "national_contact", "XAA")]
    assert run(app, *args).output == "0 of 1 are new.\n"


def test_create_takes_a_file_of_addresses(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text("a@example.org\n\n  b@example.org \na@example.org\n")
    result = run(app, "create", "--role", "participant", "--file", str(path))
    assert (result.exit_code, result.output) == (0, "2 of 3 are new.\n")


def test_create_for_an_edition(app: Flask) -> None:
    edition = make_edition()
    run(app, "create", "h@example.org", "--role", "host_team", "--scope", f"edition:{edition.slug}")
    assert grants() == [("h@example.org", "host_team", edition.slug)]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("a@example.org", "--role", "national_contact"), "takes --scope country:XAA"),
        (("a@example.org", "--role", "host_team"), "takes --scope edition:SLUG"),
        (("a@example.org", "--role", "organiser", "--scope", "country:XAA"), "takes no --scope"),
        (
            ("a@example.org", "--role", "national_contact", "--scope", "edition:symposium-2027"),
            "takes --scope country:XAA",
        ),
        (
            ("a@example.org", "--role", "national_contact", "--scope", "country:ZZZ"),
            "there is no country ZZZ",
        ),
        (
            ("a@example.org", "--role", "host_team", "--scope", "edition:nowhere-1"),
            "there is no edition nowhere-1",
        ),
        (("nobody", "--role", "organiser"), "“nobody” is not an e-mail address"),
        (("--role", "organiser"), "give an address"),
        (("a@example.org", "--role", "king"), "Invalid value for '--role'"),
    ],
)
def test_create_says_what_is_wrong_and_saves_nothing(
    args: tuple[str, ...], said: str, app: Flask
) -> None:
    result = run(app, "create", *args)
    assert result.exit_code != 0
    assert said in result.output
    assert (db.session.query(Person).count(), grants()) == (0, [])


def test_one_wrong_address_in_a_file_saves_none(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text("a@example.org\nnobody\n")
    assert run(app, "create", "--role", "organiser", "--file", str(path)).exit_code == 1
    assert db.session.query(Person).count() == 0


def test_link_prints_an_address_each_that_signs_in_once(app: Flask, client: Client) -> None:
    result = run(app, "link", "a@example.org", "b@example.org")
    assert result.exit_code == 0
    addresses = result.output.split()
    prefix = "http://localhost:8000"
    assert [address.startswith(f"{prefix}/login/link/") for address in addresses] == [True, True]
    first = addresses[0].removeprefix(prefix)
    tries = [client.submit(first) for _ in range(2)]
    assert [answer.status_code for answer in tries] == [303, 422]
    assert db.session.query(Person).one().email == "a@example.org"


def test_link_refuses_what_is_no_address(app: Flask) -> None:
    result = run(app, "link", "a@example.org", "nobody")
    assert (result.exit_code, "http" in result.output) == (1, False)


def test_a_grant_needs_the_scope_of_its_role() -> None:
    person = make_person()
    with pytest.raises(ScopeError, match="for which country"):
        service.grant(person, Role.NATIONAL_CONTACT, now=OPENING)
    with pytest.raises(ScopeError, match="every other role"):
        service.grant(person, Role.COMMITTEE, "XAA", now=OPENING)
    assert service.grant(person, Role.NATIONAL_CONTACT, "XAA", now=OPENING)
    assert not service.grant(person, Role.NATIONAL_CONTACT, "XAA", now=OPENING)
    assert [found.email for found in queries.with_role(Role.NATIONAL_CONTACT, "XAA")] == [
        person.email
    ]


@pytest.mark.parametrize("email", ["", " ", "a", "a@", "@a", "a b@example.org", "a@localhost@b"])
def test_an_address_must_be_one(email: str) -> None:
    with pytest.raises(EmailError, match="One looks like"):
        service.find_or_create(email, now=OPENING)


def test_the_operators_guide_begins_an_installation_without_the_demonstration(
    app: Flask, client: Client
) -> None:
    assert demo.is_wanted()
    guide = (ROOT / "docs/guides/operator.md").read_text(encoding="utf-8")
    steps = guide.split("## Begin")[1].split("```")[1].splitlines()
    commands = [step.split("#")[0].split()[1:] for step in steps if step.startswith("flask ")]
    results = [app.test_cli_runner().invoke(args=command) for command in commands]
    assert [result.exit_code for result in results] == [0] * 4
    assert not demo.is_wanted()
    assert client.get(urlsplit(results[-1].output.strip()).path).status_code == 200
