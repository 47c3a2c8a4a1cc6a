from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from app.database import db
from app.desk import decisions
from app.editions import disruptions
from app.hosting import proposals
from app.hosting.host_models import ProposalStatus
from app.hosting.proposals import Change
from app.outbox import OutboxMessage
from app.registrations import service as registrations
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from flask import Flask

    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

FIRST, LATER = date(2027, 6, 8), date(2027, 6, 15)
DAYS = (LATER, LATER + timedelta(days=3))
TYPED = {"first_day": "2027-06-15", "last_day": "2027-06-17", "reason": "The hall is taken"}


@pytest.fixture
def edition() -> Edition:
    """An edition that takes registrations, with its host."""
    country = make_country("XAA")
    return make_edition(
        status=EditionStatus.REGISTRATION_OPEN, dtstart=FIRST, country_code=country.code,
        city="Rabat", venue="Hall", tzid="Africa/Casablanca",
    )  # fmt: skip


@pytest.fixture
def member(edition: Edition) -> Person:
    return make_person(role=Role.HOST_TEAM, scope=edition.slug)


def page(edition: Edition) -> str:
    return f"/hosting/host/{edition.slug}/proposals"


def subjects(person: Person) -> list[str]:
    query = db.select(OutboxMessage.subject).filter_by(to_address=person.email)
    return list(db.session.scalars(query.order_by(OutboxMessage.id)))


@pytest.mark.parametrize(
    "case",
    # Behind UTC it has not begun on UTC's first day; ahead of it, it has on the day before.
    [("Etc/GMT+12", "2027-06-08T06:00Z", 303), ("Etc/GMT-12", "2027-06-07T18:00Z", 404)],
)
def test_a_host_proposes_until_the_event_begins_at_its_place(
    client: Client,
    edition: Edition,
    member: Person,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, str, int],
) -> None:
    edition.tzid, now, status = case
    offset = datetime.fromisoformat(now) - datetime.now(UTC)
    monkeypatch.setitem(client.application.extensions, "clock_offset", offset)
    client.sign_in(member)
    assert client.submit(f"{page(edition)}/days", **TYPED).status_code == status


def test_days_that_are_approved_move_the_edition_and_everyone_is_written_to(
    client: Client, edition: Edition, member: Person, organiser: Person
) -> None:
    delegate = make_person()
    registrations.register(edition, delegate, now=OPENING)
    client.sign_in(member)
    assert client.submit(f"{page(edition)}/days", **TYPED).status_code == 303
    assert (edition.dtstart, edition.sequence) == (FIRST, 0)
    assert subjects(organiser) == [f"The host proposes a change: {edition.title}"]
    assert client.submit(f"{page(edition)}/1/answer", verdict="approve").status_code == 403
    client.sign_in(organiser)
    assert "15–17 June 2027" in words(client.get(f"{page(edition)}/1/answer"))
    answer = client.submit(f"{page(edition)}/1/answer", verdict="approve", answer="Good")
    assert (answer.status_code, answer.location) == (303, page(edition))
    db.session.refresh(edition)
    assert ((edition.dtstart, edition.dtend), edition.sequence) == (DAYS, 1)
    assert f"{edition.title} has moved to other days" in subjects(delegate)
    assert subjects(member) == [f"Your proposal is approved: {edition.title}"]
    feed = client.get(f"/feeds/edition/{edition.slug}.ics").text
    assert "DTSTART;VALUE=DATE:20270615" in feed
    assert "SEQUENCE:1" in feed


def test_a_place_that_is_approved_relocates_within_the_country(
    edition: Edition, member: Person, organiser: Person
) -> None:
    change = Change(reason="Larger", city="Fez", venue="Palace", venue_address="1 Square")
    made = proposals.propose(edition, change, by=member, now=OPENING)
    proposals.approve(made, by=organiser, now=OPENING)
    assert (edition.city, edition.venue, edition.country_code, edition.sequence) == (
        "Fez",
        "Palace",
        "XAA",
        1,
    )
    with pytest.raises(proposals.AnsweredError):
        proposals.approve(made, by=organiser, now=OPENING)


def test_a_refusal_has_its_reason_and_changes_nothing(
    client: Client, edition: Edition, member: Person, organiser: Person
) -> None:
    made = proposals.propose(edition, Change(reason="Why", days=DAYS), by=member, now=OPENING)
    client.sign_in(organiser)
    at = f"{page(edition)}/{made.number}/answer"
    assert "Say why, in a sentence." in alert(client.submit(at, verdict="decline", answer=" "))
    assert "Answer:" in alert(client.submit(at, answer="No"))
    assert client.submit(at, verdict="decline", answer="Ramadan").status_code == 303
    db.session.refresh(edition)
    assert (edition.dtstart, edition.sequence) == (FIRST, 0)
    assert subjects(member) == [f"Your proposal is declined: {edition.title}"]
    assert "Declined. Ramadan" in words(client.get(page(edition)))


def test_every_version_is_kept_and_a_newer_one_replaces_what_waits(
    edition: Edition, member: Person
) -> None:
    for shift in (7, 14):
        days = (FIRST + timedelta(days=shift), FIRST + timedelta(days=shift + 3))
        proposals.propose(edition, Change(reason="Why", days=days), by=member, now=OPENING)
    proposals.propose(edition, Change(reason="Why", city="Fez"), by=member, now=OPENING)
    assert [(one.number, one.status) for one in proposals.proposals(edition)] == [
        (1, ProposalStatus.REPLACED),
        (2, ProposalStatus.OPEN),
        (3, ProposalStatus.OPEN),
    ]


def test_clashes_are_told_before_anything_is_sent(
    client: Client, edition: Edition, member: Person
) -> None:
    make_edition(dtstart=LATER, title="The other one", city="Fez")
    client.sign_in(member)
    typed = TYPED | {"reason": ""}
    looked = client.submit(f"{page(edition)}/days", check="1", **typed)
    assert (looked.status_code, "The other one" in words(looked)) == (200, True)
    assert fields(looked)["first_day"] == "2027-06-15"
    live = client.submit(f"{page(edition)}/look", **typed)
    assert (live.status_code, "The other one" in live.text) == (200, True)
    assert proposals.proposals(edition) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_day": "soon"}, "“soon” is not a day"),
        ({"last_day": "2027-06-14"}, "The last day lies before the first"),
        ({"last_day": "2027-09-14"}, "60 days at most"),
        ({"first_day": "2026-06-15", "last_day": "2026-06-17"}, "lie in the past"),
        ({"first_day": "2027-06-08", "last_day": "2027-06-10"}, "what stands already"),
        ({"reason": " "}, "Reason:"),
    ],
)
def test_days_that_cannot_be_come_back_as_typed(
    client: Client, edition: Edition, member: Person, typed: dict[str, str], said: str
) -> None:
    client.sign_in(member)
    answer = client.submit(f"{page(edition)}/days", **(TYPED | typed))
    assert (answer.status_code, said in alert(answer)) == (422, True)
    assert fields(answer)["last_day"] == (TYPED | typed)["last_day"]
    assert proposals.proposals(edition) == []


def test_only_the_host_proposes(client: Client, edition: Edition, organiser: Person) -> None:
    client.sign_in(organiser)
    assert client.get(f"{page(edition)}/days").status_code == 404
    make_country("XAB")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAB"))
    assert client.get(page(edition)).status_code == 404
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    assert client.get(f"{page(edition)}/place").status_code == 200


def test_a_proposal_of_a_former_host_can_no_longer_be_approved(
    edition: Edition, member: Person, organiser: Person
) -> None:
    made = proposals.propose(edition, Change(reason="Why", days=DAYS), by=member, now=OPENING)
    disruptions.relocate(
        edition, make_country("XAB"), city="Fez", venue="", venue_address="", tzid="UTC",
        reason="Flood", waiver="A note verbale.", by=organiser, now=OPENING,
    )  # fmt: skip
    with pytest.raises(proposals.AnsweredError):
        proposals.approve(made, by=organiser, now=OPENING)


def test_a_proposal_waits_on_the_desk_until_it_is_withdrawn(
    app: Flask, client: Client, edition: Edition, member: Person
) -> None:
    proposals.propose(edition, Change(reason="Why", days=DAYS), by=member, now=OPENING)

    def lines() -> list[str]:
        with app.test_request_context():
            return [line.text for line in decisions.next_decisions(OPENING.date())]

    assert "The host proposes a change." in lines()
    client.sign_in(member)
    client.submit(f"{page(edition)}/1/withdraw")
    db.session.rollback()
    assert "The host proposes a change." not in lines()
