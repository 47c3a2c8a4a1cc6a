from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.accounts.models import Role
from app.database import db
from app.desk.models import RotationRun, RunKind, RunStatus
from app.hosting import choosing, consensus, deciding
from app.hosting.choosing import Choice
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import (
    OPENING,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
    make_series,
)
from tests.pages import CountedQueries, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

S = EditionStatus


@pytest.fixture
def member(client: Client) -> Person:
    for code, name in (("XAA", "Alboria"), ("XAB", "Brevania"), ("XAC", "Calanthia")):
        make_country(code, name=name, region="africa")
    person = make_person(role=Role.COMMITTEE)
    client.sign_in(person)
    return person


def make_slot(status: EditionStatus = S.UNDER_EVALUATION, number: int = 0) -> Edition:
    edition = make_edition(
        series=make_series(f"series-{number}"), status=status, dtstart=date(2029, 6, 4)
    )
    if status is not S.PROJECTED:
        make_call(edition)
    return edition


def plan(host: str | None, *editions: Edition, made: int = 0) -> None:
    """Keep a plan that gives each of ``editions`` to ``host``."""
    slots: list[dict[str, Any]] = [
        {"edition": edition.id, "offer": host and f"offer:{host}", "country": host}
        for edition in editions
    ]
    db.session.add(
        RotationRun(
            kind=RunKind.PLAN,
            status=RunStatus.DONE,
            inputs={},
            result={"slots": slots},
            requested_at=OPENING + timedelta(days=made),
        )
    )
    db.session.flush()


def select(edition: Edition, code: str, reason: str = "The better venue") -> None:
    offer = make_offer(edition, make_country(code))
    days = {"dtstart": edition.dtstart, "dtend": edition.dtend}
    choosing.select(offer, **days, reason=reason, by=make_person(), now=OPENING)


@pytest.mark.usefixtures("member")
def test_agreement_and_difference_are_said_with_the_reason(client: Client) -> None:
    same, other, vacant = (make_slot(number=number) for number in range(3))
    plan("XAB", same, other)
    plan(None, vacant)
    select(same, "XAB")
    select(other, "XAA")
    select(vacant, "XAA")
    page = words(client.get("/organise/hosts"))
    assert (
        "Agreement The rotation would give this to Brevania, and the organisers chose it. "
        "Reason recorded: The better venue"
    ) in page
    assert (
        "Difference The rotation would give this to Brevania; the organisers chose Alboria. "
        "Reason recorded: The better venue"
    ) in page
    assert "The rotation would leave this without a host; the organisers chose Alboria." in page


@pytest.mark.usefixtures("member")
def test_a_decision_of_the_committee_is_told_as_its_own(client: Client) -> None:
    edition = make_slot()
    plan("XAB", edition)
    offer = make_offer(edition, make_country("XAA"))
    choice = Choice(
        offer=offer, reserve=None, dtstart=edition.dtstart, dtend=edition.dtend,
        reason="The only one", weighed="",
    )  # fmt: skip
    closes_at = OPENING + timedelta(days=3)
    row = consensus.propose(
        edition, choice, closes_at=closes_at, by=make_person(role=Role.ORGANISER), now=OPENING
    )
    asked = "Difference The rotation would give this to Brevania. The committee is asked whether"
    assert f"{asked} Alboria hosts." in words(client.get("/organise/hosts"))
    deciding.settle(row, by=None, now=closes_at)
    page = words(client.get("/organise/hosts"))
    assert "the committee chose Alboria. Reason recorded: The only one" in page


@pytest.mark.usefixtures("member")
def test_what_waits_is_told_by_country_and_drafts_are_not(client: Client) -> None:
    edition = make_slot(S.CALL_OPEN)
    plan("XAB", edition)
    make_offer(edition, make_country("XAC"), status=OfferStatus.DRAFT, submitted_at=None)
    nobody = "The rotation would give this to Brevania; there is nothing to compare yet."
    page = words(client.get("/organise/hosts"))
    assert ("Nobody has offered yet" in page, nobody in page) == (True, True)
    make_offer(edition, make_country("XAA"))
    page = words(client.get("/organise/hosts"))
    assert "Offers: Alboria" in page
    assert "The rotation would give this to Brevania; it has not offered." in page
    make_offer(edition, make_country("XAB"), status=OfferStatus.RECOMMENDED)
    page = words(client.get("/organise/hosts"))
    assert "Agreement The rotation would give this to Brevania. Recommended: Brevania." in page
    assert "Calanthia" not in page


@pytest.mark.usefixtures("member")
def test_the_newest_plan_that_had_to_fill_the_slot_speaks(client: Client) -> None:
    edition, untouched = make_slot(S.PROJECTED), make_slot(S.PROJECTED, 1)
    plan("XAA", edition)
    plan("XAB", edition, made=1)
    plan("XAC", make_slot(S.PROJECTED, 2), made=2)
    page = words(client.get("/organise/hosts"))
    assert "Brevania plan of 16 January 2027" in page
    assert "The rotation would give this to Brevania; there is nothing to compare yet." in page
    assert "Alboria" not in page
    assert (
        untouched.status,
        "No plan that is kept had to find a host for this edition." in page,
    ) == (
        S.PROJECTED,
        True,
    )


@pytest.mark.usefixtures("member")
def test_that_no_plan_is_kept_is_said_once(client: Client) -> None:
    for number in range(3):
        make_slot(S.PROJECTED, number)
    page = words(client.get("/organise/hosts"))
    assert page.count("No plan") == 1
    assert "No plan of hosts is kept that had to find a host for any of these editions." in page
    assert ("The rotation suggests" in page, "Side by side" in page) == (False, False)


def test_the_page_costs_as_many_queries_with_more_slots(client: Client, member: Person) -> None:
    counts = []
    for number in range(3):
        edition = make_slot(number=number)
        plan("XAB", edition)
        select(edition, "XAA")
        client.sign_in(member)
        client.get("/organise/hosts")
        with CountedQueries() as counted:
            client.get("/organise/hosts")
        counts.append(counted.count)
    # A plan more to look through is one query more.
    assert [count - counts[0] for count in counts] == [0, 1, 2]
