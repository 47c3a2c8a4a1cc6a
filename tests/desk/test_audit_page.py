from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app import audit, audit_proof, database
from app.accounts.models import Role
from app.database import Model, db
from app.editions.models import AgreementAct
from app.hosting.section_forms import FORMS
from app.hosting.sections import Section
from app.registrations.models import GrantStatus
from app.site.history import KINDS, WORDS
from scheduler.engagements import NeedStatus
from scheduler.lifecycle import EditionStatus, OfferStatus, RegistrationStatus
from tests.factories import (
    OPENING,
    make_country,
    make_edition,
    make_offer,
    make_person,
    make_series,
)
from tests.pages import CountedQueries, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

APP = Path(__file__).parents[2] / "app"
MADE_FROM = {
    # Where an act's name is put together, what it can become.
    "f'edition.{target.value}'": {f"edition.{status}" for status in (
        EditionStatus.CALL_OPEN, EditionStatus.UNDER_EVALUATION, EditionStatus.HOST_SELECTED,
        EditionStatus.CONFIRMED, EditionStatus.ANNOUNCED)},
    "f'edition.agreement_{name}'": {"edition.agreement_recorded"} | {
        f"edition.agreement_{act}" for act in set(AgreementAct)
        - {AgreementAct.ACCEPTED, AgreementAct.WAIVED, AgreementAct.ENDED}},
    "f'offer.{status.value}'": {f"offer.{status}" for status in (
        OfferStatus.SELECTED, OfferStatus.NOT_SELECTED)},
    "f'need.{target.value}'": {f"need.{status}" for status in (
        NeedStatus.OPEN, NeedStatus.OFFERED, NeedStatus.DECIDED, NeedStatus.DECLINED)},
    "f'need.{status.value}'": {f"need.{status}" for status in (
        NeedStatus.WITHDRAWN, NeedStatus.DECLINED)},
    "f'edition.question_{what}'": {f"edition.question_{what}" for what in (
        "added", "changed", "moved", "retired", "asked_again", "deleted", "copied")},
    "f'release.{what}'": {f"release.{what}" for what in (
        "asked", "granted", "declined", "fetched", "ended")},
    "f'grant.{grant.status.value}'": {f"grant.{status}" for status in (
        GrantStatus.GIVEN, GrantStatus.DECLINED)},
    "f'offer.{target.value}'": {f"offer.{status}" for status in (
        OfferStatus.ELIGIBLE, OfferStatus.EVALUATED, OfferStatus.SHORTLISTED,
        OfferStatus.RECOMMENDED)},
    "f'registration.{target.value}'": {f"registration.{status}" for status in (
        RegistrationStatus.ENDORSED, RegistrationStatus.SUBMITTED)},
    "f'registration.{status.value}'": {f"registration.{status}" for status in (
        RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED)},
}  # fmt: skip


@pytest.fixture
def organiser(client: Client) -> Person:
    person = make_person("boss@example.org", name="Bea Boss", role=Role.ORGANISER)
    client.sign_in(person)
    return person


def note(edition: Edition, action: str, **facts: object) -> None:
    database.write()
    audit.record(action, edition, **({"by": None, "now": OPENING} | facts))
    db.session.commit()


def act_names() -> Iterator[tuple[str, str]]:
    """Yield where in the code an act is recorded, and under which name."""
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = {"record": 0, "revising": 1}.get(name)
            if place is None or len(node.args) <= place:
                continue
            where = f"{path.relative_to(APP)}:{node.lineno}"
            given = node.args[place]
            if isinstance(given, ast.JoinedStr):
                yield from ((where, made) for made in MADE_FROM[ast.unparse(given)])
            else:
                for part in ast.walk(given):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield where, part.value


def test_every_act_that_the_code_records_has_its_words() -> None:
    found = list(act_names())
    assert len(found) > 40
    assert [(where, act) for where, act in found if "." in act and act not in WORDS] == []


def test_every_kind_of_thing_is_a_table_but_a_backup() -> None:
    assert set(KINDS) - {table.name for table in Model.metadata.sorted_tables} == {"backup"}


def test_an_act_is_told_with_its_thing_its_person_its_moment_and_its_reason(
    client: Client, organiser: Person
) -> None:
    edition = make_edition(title="Workshop 2027")
    note(
        edition,
        "edition.moved",
        by=organiser,
        reason="The hall burnt down",
        changes={"dtstart": ["2027-03-02", "2027-03-16"], "dtend": ["2027-03-05", "2027-03-19"]},
    )
    page = client.get("/organise/audit")
    assert (
        "Moved to other days from 2–4 March 2027 to 16–18 March 2027 Edition: Workshop 2027"
        " Bea Boss The hall burnt down"
    ) in words(page)
    assert f'href="/organise/editions/{edition.slug}"' in page.text


def test_no_act_is_shown_by_its_key(client: Client, organiser: Person) -> None:
    edition, country = make_edition(), make_country("XAA", name="Alphaland")
    subjects = [edition, edition.series, make_offer(edition, country), organiser]
    for subject in subjects:
        for action in WORDS:
            note(subject, action)
    for _page in range(8):
        page = words(client.get("/organise/audit"))
        assert [action for action in WORDS if action in page] == []


def test_what_an_act_names_is_called_by_its_title_and_not_by_its_key(
    client: Client, organiser: Person
) -> None:
    make_country("XAA", name="Alboria")
    edition = make_edition(title="Workshop 2027")
    note(organiser, "person.role_granted", changes={
        "role": [None, "national_contact"], "scope": [None, "XAA"]})  # fmt: skip
    note(organiser, "person.role_ended", changes={
        "role": ["host_team", None], "scope": [edition.slug, None]})  # fmt: skip
    note(edition, "rotation.fixed", changes={"host": ["", "XAA"]})
    note(edition, "rotation.fixed", changes={"host": ["", ""]})
    note(edition, "offer.changed", changes={"section": [None, "costs"]})
    note(edition, "offer.changed", changes={"section": [None, "annexes"]})
    page = words(client.get("/organise/audit"))
    for told in (
        "Role given National contact, Alboria",
        "Role ended Host team, Workshop 2027",
        "Host fixed in the rotation Alboria",
        "Host fixed in the rotation no host",
        f"Offer changed {FORMS[Section.COSTS].title}",
        "Offer changed Annexes",
    ):
        assert told in page
    assert f"Host team, {edition.slug}" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "12345"),
        ("action=edition.moved", "23"),
        ("kind=series", "5"),
        ("who=boss", "14"),
        ("who=BEA", "14"),
        ("who=nobody", ""),
        ("words=HALL", "2"),
        ("words=%25", ""),
        ("since=2027-01-17", "345"),
        ("until=2027-01-16", "12"),
        ("since=2027-01-16&until=2027-01-16", "2"),
        ("action=edition.moved&since=2027-01-17", "3"),
        ("action=nonsense&kind=x&since=yesterday&before=%C2%B2", "12345"),
    ],
)
def test_the_log_is_filtered_by(query: str, shown: str, client: Client, organiser: Person) -> None:
    edition, series = make_edition(), make_series()
    day = timedelta(days=1)
    note(edition, "edition.added", by=organiser, reason="R1 The first")
    note(edition, "edition.moved", now=OPENING + day, reason="R2 The hall")
    note(edition, "edition.moved", now=OPENING + 2 * day, reason="R3 Again")
    note(edition, "edition.added", by=organiser, now=OPENING + 2 * day, reason="R4 More")
    note(series, "series.changed", now=OPENING + 3 * day, reason="R5 Last")
    page = words(client.get(f"/organise/audit?{query}"))
    assert "".join(number for number in "12345" if f"R{number} " in page) == shown
    assert ("No act is like that" in page) == (shown == "")


@pytest.mark.usefixtures("organiser")
def test_a_long_log_is_paged_by_keys_both_ways(client: Client) -> None:
    edition = make_edition()
    database.write()
    for number in range(119):
        audit.record("edition.added", edition, by=None, now=OPENING, reason=f"R{number:03}.")
    db.session.commit()
    total = audit_proof.verify().entry_count
    path, seen, pages = "/organise/audit?kind=edition", [], 0
    while path:
        page = client.get(path).text
        seen += [number for number in range(118, -1, -1) if f"R{number:03}." in page]
        pages += 1
        path = address_of(page, "next")
    assert seen == list(range(118, -1, -1))
    assert pages == 3
    back = client.get(f"/organise/audit?kind=edition&after={total - 40}").text
    assert "R118." in back
    assert address_of(back, "prev") == ""
    assert address_of(back, "next").startswith("/organise/audit?kind=edition&before=")


def address_of(page: str, rel: str) -> str:
    _before, found, after = page.partition(f'rel="{rel}" href="')
    return after.partition('"')[0].replace("&amp;", "&") if found else ""


def test_the_page_asks_the_database_as_often_however_much_it_shows(
    client: Client, organiser: Person
) -> None:
    counts = []
    for _round in range(2):
        for number in range(5):
            note(make_edition(title=f"Edition {number}"), "edition.added", by=organiser)
        with CountedQueries() as queries:
            client.get("/organise/audit")
        counts.append(queries.count)
    assert counts[0] == counts[1] <= 10


def test_the_committee_cannot_ask_who_takes_part(client: Client) -> None:
    person = make_person("guard@example.org", name="Gerda Guard")
    make_person("boss@example.org", name="Bea Boss", role=Role.ORGANISER)
    note(make_edition(), "edition.described", by=person, reason="By the guard")
    client.sign_in(make_person(role=Role.COMMITTEE))
    assert "By the guard" in words(client.get("/organise/audit"))
    page = words(client.get("/organise/audit?who=guard"))
    assert "No act is like that" in page


@pytest.mark.usefixtures("organiser")
def test_who_was_erased_is_told_as_such(client: Client) -> None:
    person, edition = make_person(), make_edition()
    note(edition, "edition.described", by=person, reason="A reason that stays")
    note(person, "person.renamed", by=person)
    database.write()
    audit_proof.forget_actor(person.id)
    audit_proof.forget(person)
    db.session.commit()
    page = words(client.get("/organise/audit"))
    assert "somebody erased A reason that stays" in page
    assert "Name changed Person, erased somebody erased" in page
