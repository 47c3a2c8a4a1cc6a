"""What is posted by hand, forged or far too much: a clear answer, and nothing changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from app.accounts import service as accounts
from app.accounts.models import Role
from app.database import db
from app.editions.models import AdmissionPolicy
from app.registrations import delegations, parties, queries, selection, service
from app.registrations.models import Party, Registration
from app.registrations.seating import Candidate
from app.registrations.service import Particulars
from scheduler.lifecycle import EditionStatus
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from tests.conftest import Client

SAME = (
    "Nia.Okoro+event@Example.org",
    "  nia.okoro+EVENT@example.ORG ",
    "NIA.OKORO+EVENT@EXAMPLE.ORG\t",
    "nia.okoro+event@ｅｘａｍｐｌｅ.org",  # noqa: RUF001 - full width, as an input method writes it
)
OTHERS = ("niaokoro+event@example.org", "nia.okoro@example.org")  # another box on most servers
REFUSED = ("nia.оkoro+event@example.org", "nia.okoro+event@example", "nia okoro@example.org")  # noqa: RUF001 - a Cyrillic letter


@pytest.mark.parametrize("spelling", SAME)
def test_one_person_by_any_spelling_is_nominated_or_invited_once(
    client: Client, spelling: str
) -> None:
    edition, country = make_edition(), make_country("XAA")
    by = {"by": make_person(), "now": OPENING}
    delegations.nominate(edition, country, SAME[0], "Nia", **by)
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    told = client.submit(f"/delegations/{edition.slug}", email=spelling, submit="1")
    assert (told.status_code, "is registered for" in alert(told)) == (422, True)
    invitation = {"keeps_place": True, "reason": "Why", **by}
    selection.invite(edition, spelling, Candidate(), **invitation)
    with pytest.raises(service.TheyAreRegisteredError):
        selection.invite(edition, spelling, Candidate(), **invitation)
    assert db.session.query(Registration).filter_by(edition_id=edition.id).count() == 1


@pytest.mark.parametrize(
    "spelling",
    [
        "nia@b\u00fccher.example.org",
        "nia@bu\u0308cher.example.org",  # the same letter in two pieces
        "NIA@B\u00dcCHER.Example.ORG",
        "nia@xn--bcher-kva.example.org",
        "nia@b\u00fccher\u3002example\u3002org",  # full stops as an input method writes them
    ],
)
def test_a_name_of_a_domain_is_one_in_whichever_letters(spelling: str) -> None:
    person = accounts.find_or_create("nia@b\u00fccher.example.org", now=OPENING)
    assert accounts.find_or_create(spelling, now=OPENING).id == person.id


def test_what_is_another_address_is_another_person_and_what_is_none_is_refused() -> None:
    person = accounts.find_or_create(SAME[0], now=OPENING)
    for email in OTHERS:
        assert accounts.find_or_create(email, now=OPENING).id != person.id
    for email in REFUSED:
        with pytest.raises(accounts.EmailError):
            accounts.find_or_create(email, now=OPENING)


def test_what_is_closed_takes_nobody_by_whatever_door(client: Client) -> None:
    edition = make_edition(status=EditionStatus.REGISTRATION_CLOSED)
    make_country("XAA")
    person = make_person()
    client.sign_in(person)
    forged = {"name": "Ana", "accepts_terms": "y", "country": "XAA", "status": "CONFIRMED"}
    for path, fields in (
        (f"/editions/{edition.slug}/register", forged),
        (f"/editions/{edition.slug}/register", forged | {"keep": "1"}),
        (f"/editions/{edition.slug}/party", {"size": "2"}),
    ):
        told = client.submit(path, **fields)
        assert (told.status_code, "is closed" in words(told)) == (422, True)
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    told = client.submit(f"/delegations/{edition.slug}", email="a@example.org", submit="1")
    assert (told.status_code, "is closed" in alert(told)) == (422, True)
    assert 'value="a@example.org"' in told.text
    assert db.session.query(Registration).count() == 0


def test_fields_nobody_offered_change_nothing(client: Client) -> None:
    edition = make_edition(capacity=1, admission_policy=AdmissionPolicy.APPROVAL)
    make_country("XAA")
    other = parties.form(edition, make_person(), 3, now=OPENING)
    person = make_person()
    client.sign_in(person)
    forged = {
        "status": "CONFIRMED",
        "party_id": str(other.party_id),
        "rank": "1",
        "role": "speaker",
        "is_held": "",
        "nominated_by_id": "1",
        "entry_reason": "Because",
        "queued_at": "2000-01-01",
        "person_id": str(other.person_id),
        "id": str(other.id),
        "csrf_token": client.csrf_token(),
        "accepts_terms": "y",
    }
    client.post(f"/editions/{edition.slug}/register", data=forged)
    row = queries.find(edition, person)
    assert (row.status, row.party_id, row.rank, row.role.value, row.entry_reason) == (
        Status.SUBMITTED,
        None,
        None,
        "participant",
        "",
    )
    assert row.nominated_by_id is None
    assert db.session.query(Party).count() == 1


def test_a_contact_sees_no_draft_of_anybody_and_does_nothing_with_one(client: Client) -> None:
    edition, country = make_edition(), make_country("XAA")
    told = Particulars(country_code=country.code)
    draft = service.save_draft(edition, make_person(name="Ama Own"), told, now=OPENING)
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    page = f"/delegations/{edition.slug}"
    assert "Ama Own" not in words(client.get(page))
    for act in ("endorse", "refuse", "rank", "replace", "part"):
        told_ = client.submit(page, id=draft.public_id, act=act, email="b@example.org")
        assert told_.status_code == 404
    with pytest.raises(delegations.NotSentError):
        delegations.judge(draft, Status.ENDORSED, reason="", by=make_person(), now=OPENING)


def test_a_nominee_of_another_country_stays_theirs(client: Client) -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.NOMINATION)
    own, other = (make_country(code, name=f"Land {code}") for code in ("XAA", "XAB"))
    by = {"by": make_person(), "now": OPENING}
    theirs = delegations.nominate(edition, other, "nia@example.org", "Nia", **by)
    theirs.person.verified_at = OPENING
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope=own.code))
    page = f"/delegations/{edition.slug}"
    for fields in (
        {"email": "nia@example.org", "name": "Mine", "submit": "1"},
        {"email": "nia@example.org", "country": "XAB", "submit": "1"},  # no such field
    ):
        told = client.submit(page, **fields)
        assert (told.status_code, "is registered for" in alert(told)) == (422, True)
        assert other.name not in words(told)
        assert "nia@example.org" in told.text  # as it was typed
    assert client.submit(f"{page}?country=XAB", **fields).status_code == 404
    db.session.expire_all()
    assert (theirs.country_code, theirs.person.name) == ("XAB", "Nia")
    # Nor does the nominee come for another country than the one that nominated.
    client.sign_in(theirs.person)
    sent = {"name": "Nia", "country": "XAA", "accepts_terms": "y"}
    client.submit(f"/editions/{edition.slug}/register", **sent)
    db.session.expire_all()
    assert (theirs.country_code, theirs.status) == ("XAB", Status.ENDORSED)


def test_who_was_endorsed_keeps_the_country_that_did_it(client: Client) -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.NOMINATION)
    for code in ("XAA", "XAB"):
        make_country(code)
    told = Particulars(country_code="XAA")
    row = service.register(edition, make_person(), now=OPENING, told=told)
    delegations.judge(row, Status.ENDORSED, reason="", by=make_person(), now=OPENING)
    client.sign_in(row.person)
    answer = client.submit(f"/registrations/{row.public_id}/edit", country="XAB", name="Ana")
    assert (answer.status_code, "can no longer be changed" in alert(answer)) == (422, True)


@pytest.mark.parametrize("name", ["Zoë 🌍🏳️‍🌈", "مريم \u200fبن علي", "王小明", "ﷺ" * 50, "Ａ．Ｂ．"])  # noqa: RUF001 - as typed
def test_names_of_every_script_go_through_a_party_a_delegation_and_the_desk(
    client: Client, name: str
) -> None:
    edition, country = make_edition(admission_policy=AdmissionPolicy.APPROVAL), make_country("XAA")
    by = {"by": make_person(), "now": OPENING}
    row = delegations.nominate(edition, country, "nia@example.org", name, **by)
    row.person.verified_at = OPENING
    parties.form(edition, row.person, 2, now=OPENING)
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    assert f"<bdi>{name}</bdi>" in client.get(f"/delegations/{edition.slug}").text
    client.sign_in(make_person(role=Role.ORGANISER))
    assert f"<bdi>{name}</bdi>" in client.get(f"/organise/editions/{edition.slug}/selection").text


def test_ten_megabytes_are_answered_at_once_on_every_form_of_registration(client: Client) -> None:
    edition, country = make_edition(), make_country("XAA")
    row = service.register(edition, make_person(), now=OPENING)
    told = {"name": "Ana", "affiliation": "Institute", "dietary_needs": "x" * 10_000_000}
    client.sign_in(row.person)
    began = time.monotonic()
    edited = client.submit(f"/registrations/{row.public_id}/edit", **told)
    assert (edited.status_code, 'value="Institute"' in edited.text) == (422, True)
    huge = {"size": "9" * 10_000_000}
    assert client.submit(f"/editions/{edition.slug}/party", **huge).status_code == 422
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope=country.code))
    mails = {"email": "x" * 10_000_000}
    assert client.submit(f"/delegations/{edition.slug}", **mails).status_code == 422
    assert time.monotonic() - began < 20  # four requests, on whatever machine
    db.session.expire_all()
    assert queries.find(edition, row.person).dietary_needs == ""
