"""What the desk says while a host is chosen, to organisers and to members of the committee."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.accounts import service as accounts
from app.accounts.models import Role
from app.database import db
from app.desk import evaluations
from app.desk.decisions import next_decisions
from app.hosting import balloting, consensus, judges, judging
from app.hosting.choosing import Choice
from scheduler.hosting import JUDGED, Gate
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_call, make_country, make_edition, make_offer, make_person
from tests.pages import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound
    from app.hosting.models import HostingOffer
    from tests.conftest import Client

TODAY = OPENING.date()
CLOSES = OPENING + timedelta(days=14)


@pytest.fixture
def in_a_request(app: Flask) -> Iterator[None]:
    """Lines carry addresses of pages."""
    with app.test_request_context():
        yield


@pytest.fixture
def edition() -> Edition:
    found = make_edition(status=EditionStatus.UNDER_EVALUATION)
    make_call(found, closes_at=OPENING)
    return found


@pytest.fixture
def offers(edition: Edition) -> list[HostingOffer]:
    return [make_offer(edition, make_country(code, name=f"{code}-land")) for code in ("XAA", "XAB")]


@pytest.fixture
def members() -> list[Person]:
    """Three members, and a fourth who is the contact of XAA."""
    found = [make_person(role=Role.COMMITTEE) for _ in range(3)]
    recused = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    accounts.grant(recused, Role.COMMITTEE, now=OPENING)
    return [*found, recused]


def propose(offers: list[HostingOffer], by: Person) -> CommitteeRound:
    edition = offers[0].edition
    choice = Choice(
        offer=offers[0], reserve=offers[1], dtstart=edition.dtstart, dtend=edition.dtend,
        reason="The best.", weighed="",
    )  # fmt: skip
    return consensus.propose(edition, choice, closes_at=CLOSES, by=by, now=OPENING)


def lines() -> list[str]:
    return [line.text for line in next_decisions(TODAY)]


def asked(person: Person) -> list[str]:
    return [line.text for line in evaluations.of_member(person, OPENING)]


@pytest.mark.usefixtures("in_a_request")
def test_offers_wait_for_their_conditions_then_for_scores(
    edition: Edition, offers: list[HostingOffer], members: list[Person]
) -> None:
    organiser = make_person(role=Role.ORGANISER)
    assert lines() == ["Check the conditions of 2 offers.", "Select a host among the offers."]
    for gate in Gate:
        judging.check_gates(offers[0], {gate: (True, "Seen")}, by=organiser, now=OPENING)
    (first, *_rest) = next_decisions(TODAY)
    assert first.text == "Check the conditions of 1 offer."
    assert first.action_url.endswith(f"/hosting/offers/{offers[1].public_id}/gates")
    call = judging.queries.call_of(edition)
    assert call is not None
    for member in members:
        judges.assign(call, member, None, by=organiser, now=OPENING)
    # Nobody is asked to score what may yet fail a condition.
    assert asked(members[0]) == ["Score the offer of XAA-land."]
    passed = dict.fromkeys(Gate, (True, "Seen"))
    judging.check_gates(offers[1], passed, by=organiser, now=OPENING)
    assert lines()[0] == "Scores are due: 0 of 6 are given."  # who keeps out owes none
    assert asked(members[0]) == ["Score the offer of XAA-land.", "Score the offer of XAB-land."]
    assert asked(members[3]) == []
    judging.score(offers[0], dict.fromkeys(JUDGED, 4), {}, by=members[0], now=OPENING)
    assert lines()[0] == "Scores are due: 1 of 6 are given."
    assert asked(members[0]) == ["Score the offer of XAB-land."]


@pytest.mark.usefixtures("in_a_request")
def test_a_round_stands_with_the_day_on_which_it_closes(
    offers: list[HostingOffer], members: list[Person]
) -> None:
    organiser = make_person(role=Role.ORGANISER)
    row = propose(offers, organiser)
    (line,) = next_decisions(TODAY)
    assert (line.text, line.due_on, line.action_label) == (
        "The committee is asked; 0 members have agreed.",
        CLOSES.date(),
        "See the decision",
    )
    assert asked(members[0]) == ["Agree to the proposed host, or object."]
    assert asked(members[3]) == []
    consensus.answer(row, members[0], agrees=True, reason="", now=OPENING)
    assert lines() == ["The committee is asked; 1 member has agreed."]
    assert asked(members[0]) == []
    consensus.answer(row, members[1], agrees=False, reason="Too far.", now=OPENING)
    assert lines() == ["A member objects: open the secret ballot."]
    closes_at = CLOSES + timedelta(days=3)
    balloting.open_ballot(row, closes_at=closes_at, by=organiser, now=OPENING)
    assert asked(members[0]) == ["The secret ballot waits for yours."]
    name = offers[1].public_id
    for number, member in enumerate(members[:3]):
        (line,) = next_decisions(TODAY)
        assert (line.text, line.due_on) == (
            f"The secret ballot runs; {number} of 3 have voted.",
            closes_at.date(),
        )
        balloting.cast(row, member, {name: 1}, now=OPENING)
        assert asked(member) == []
    balloting.close_ballot(row, by=organiser, now=OPENING)
    assert lines() == ["The ballot is counted: record the decision."]


def test_a_member_reads_on_the_desk_what_is_asked_of_them(
    client: Client, offers: list[HostingOffer], members: list[Person]
) -> None:
    propose(offers, make_person(role=Role.ORGANISER))
    db.session.commit()
    client.sign_in(members[0])
    assert "Agree to the proposed host, or object." in words(client.get("/organise/"))
    client.sign_in(members[3])
    assert "Agree to the proposed host" not in words(client.get("/organise/"))
