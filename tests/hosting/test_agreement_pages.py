from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.accounts.models import Role
from app.editions import agreements
from app.editions.agreements import Record
from app.editions.models import AgreementAct as A
from scheduler.lifecycle import AgreementStatus, EditionStatus
from tests.factories import OPENING, PDF, make_country, make_edition, make_person
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.editions.models import Edition
    from tests.conftest import Client


@pytest.fixture
def edition() -> Edition:
    """A confirmed edition with its host."""
    country = make_country("XAA")
    return make_edition(
        status=EditionStatus.CONFIRMED, country_code=country.code, city="Rabat", tzid="UTC"
    )


@pytest.fixture
def organiser(client: Client) -> Client:
    return client.sign_in(make_person(role=Role.ORGANISER))


def page(edition: Edition) -> str:
    return f"/hosting/host/{edition.slug}/agreement"


def upload(content: bytes = PDF, name: str = "note.pdf") -> tuple[BytesIO, str]:
    return BytesIO(content), name


def test_each_step_is_recorded_with_day_words_and_letter(
    organiser: Client, edition: Edition
) -> None:
    at = page(edition)
    assert "Record that it was asked for" in words(organiser.get(at))
    answer = organiser.submit(
        f"{at}/requested", on_day="2027-01-12", note="By note verbale", letter=upload()
    )
    assert (answer.status_code, answer.location) == (303, at)
    told = words(organiser.get(at))
    assert "Asked for. By note verbale Download the letter (PDF)" in told
    assert "Tuesday 12 January 2027 · recorded by" in told
    with organiser.get(f"{at}/letters/{agreements.records(edition)[0].id}") as letter:
        assert (letter.data, letter.mimetype) == (PDF, "application/pdf")
    organiser.submit(f"{at}/accepted", on_day="2027-01-14", note="")
    organiser.submit(f"{at}/amended", on_day="2027-01-15", note="Two more rooms")
    told = words(organiser.get(at))
    assert "Amended, version 2. Two more rooms" in told
    assert edition.agreement is AgreementStatus.AMENDED


@pytest.mark.parametrize(
    ("act", "typed", "said"),
    [
        ("requested", {"on_day": "2099-01-01", "note": "Soon"}, "Day: What is recorded has"),
        ("requested", {"on_day": "yesterday", "note": "Soon"}, "“yesterday” is not a day"),
        ("amended", {"on_day": "2027-01-12", "note": ""}, "Say what the amendment changes"),
        ("letter", {"on_day": "2027-01-12", "note": "Soon"}, "Choose the letter as a PDF file"),
        ("fulfilled", {"on_day": "2027-01-12", "note": "Soon"}, "is not over yet"),
    ],
)
def test_what_cannot_be_comes_back_as_typed(
    organiser: Client, edition: Edition, act: str, typed: dict[str, str], said: str
) -> None:
    answer = organiser.submit(f"{page(edition)}/{act}", **typed)
    assert (answer.status_code, said in alert(answer)) == (422, True)
    back = fields(answer)
    assert (back["on_day"], back["note"].strip()) == (typed["on_day"], typed["note"])
    assert agreements.records(edition) == []


def test_a_letter_that_is_no_pdf_is_refused_by_name(organiser: Client, edition: Edition) -> None:
    answer = organiser.submit(
        f"{page(edition)}/letter", on_day="2027-01-12", letter=upload(b"PK", "note.docx")
    )
    assert (answer.status_code, "“note.docx” is not a PDF" in alert(answer)) == (422, True)


def test_a_step_that_is_not_possible_leads_back(organiser: Client, edition: Edition) -> None:
    answer = organiser.get(f"{page(edition)}/amended")
    assert (answer.status_code, answer.location) == (303, page(edition))
    assert organiser.get(f"{page(edition)}/waived").status_code == 404


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (Role.NATIONAL_CONTACT, "XAA", 200),
        (Role.NATIONAL_CONTACT, "XAB", 404),
        (Role.HOST_TEAM, "own", 200),
        (Role.HOST_TEAM, "other", 404),
        (Role.COMMITTEE, "", 404),
        (None, "", 404),
    ],
)
def test_the_host_reads_the_agreement_and_records_nothing(
    client: Client, edition: Edition, role: Role | None, scope: str, status: int
) -> None:
    make_country("XAB")
    other = make_edition()
    scope = {"own": edition.slug, "other": other.slug}.get(scope, scope)
    client.sign_in(make_person(role=role, scope=scope))
    answer = client.get(page(edition))
    assert answer.status_code == status
    assert "What you can record now" not in words(answer)
    assert client.submit(f"{page(edition)}/requested", on_day="2027-01-12").status_code == 403


def test_letters_with_a_former_host_are_for_organisers_alone(
    client: Client, edition: Edition
) -> None:
    by = make_person()
    facts = Record(OPENING.date(), "The first host's", (PDF, "first.pdf"))
    made = agreements.record(edition, A.ACCEPTED, facts, by=by, now=clock.utcnow())
    agreements.end(edition, reason="Flood", by=by, now=clock.utcnow())
    edition.country_code = make_country("XAB").code
    letter = f"{page(edition)}/letters/{made.id}"
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAB"))
    assert "The first host's" not in words(client.get(page(edition)))
    assert client.get(letter).status_code == 404
    client.sign_in(make_person(role=Role.ORGANISER))
    assert "With former hosts" in words(client.get(page(edition)))
    with client.get(letter) as answer:
        assert answer.data == PDF
