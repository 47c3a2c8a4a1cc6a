from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from app.database import db
from app.hosting import judging, queries
from app.hosting.judging_models import ScoreSheet
from app.series.models import SeriesKind
from scheduler.hosting import JUDGED, Criterion, Gate
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
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.hosting.models import CallForHosts, HostingOffer
    from tests.conftest import Client


@pytest.fixture
def call() -> CallForHosts:
    edition = make_edition(status=EditionStatus.UNDER_EVALUATION)
    return make_call(edition, closes_at=OPENING)


@pytest.fixture
def offer(call: CallForHosts) -> HostingOffer:
    return make_offer(call.edition, make_country("XAA", name="Alboria", region="africa"))


def evaluator(call: CallForHosts, country: str | None = None) -> Person:
    person = make_person(role=Role.COMMITTEE)
    judging.assign(call, person, country, by=person, now=OPENING)
    return person


def marks(score: str = "4", **others: str) -> dict[str, str]:
    return {criterion.value: score for criterion in JUDGED} | others


def give(offer: HostingOffer, person: Person, mark: int = 4) -> None:
    judging.score(offer, dict.fromkeys(JUDGED, mark), {}, by=person, now=OPENING)


def test_each_condition_is_recorded_with_its_evidence_and_who_checked(
    client: Client, offer: HostingOffer
) -> None:
    organiser = make_person(name="Olivia", role=Role.ORGANISER)
    client.sign_in(organiser)
    path = f"/hosting/offers/{offer.public_id}/gates"
    missing = client.submit(path, letter="passed", dates="failed")
    assert (missing.status_code, "Say what shows it" in alert(missing)) == (422, True)
    assert fields(missing)["dates"] == "failed"
    assert queries.gates_of([offer])[offer.id] == {}
    typed = {"letter": "passed", "letter_evidence": "Page 1", "dates": "failed",
             "dates_evidence": "In Ramadan"}  # fmt: skip
    assert client.submit(path, **typed).status_code == 303
    page = words(client.get(f"/hosting/calls/{offer.edition.slug}"))
    assert "passed Page 1 – Olivia" in page
    assert "not passed In Ramadan – Olivia" in page
    assert offer.status is OfferStatus.SUBMITTED


def test_an_offer_meets_the_conditions_once_it_passes_all_and_is_evaluated_by_three(
    call: CallForHosts, offer: HostingOffer
) -> None:
    states = []
    for gate in Gate:
        states.append(offer.status)
        judging.check_gates(offer, {gate: (True, "Seen")}, by=make_person(), now=OPENING)
    assert (set(states), offer.status) == ({OfferStatus.SUBMITTED}, OfferStatus.ELIGIBLE)
    for _number in range(3):
        assert offer.status is OfferStatus.ELIGIBLE
        give(offer, evaluator(call))
    assert offer.status is OfferStatus.EVALUATED


def test_scores_are_given_by_form_and_come_back_as_given(
    client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    person = evaluator(call)
    client.sign_in(person)
    path = f"/hosting/offers/{offer.public_id}/scores"
    typed = marks(venue="5", venue_comment="Large and near.")
    assert client.submit(path, **typed).status_code == 303
    assert {key: fields(client.get(path))[key] for key in typed} == typed
    sheet = db.session.query(ScoreSheet).one()
    assert (sheet.scores["venue"], sheet.comments) == (5, {"venue": "Large and near."})


@pytest.mark.parametrize("wrong", [{"venue": "6"}, {"venue": "-1"}, {"venue": ""}, {"cost": "x"}])
def test_a_score_off_the_scale_is_refused_and_the_rest_stays(
    wrong: dict[str, str], client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    client.sign_in(evaluator(call))
    typed = marks(access_comment="Far away.") | wrong
    answer = client.submit(f"/hosting/offers/{offer.public_id}/scores", **typed)
    assert answer.status_code == 422
    assert fields(answer)["access_comment"] == "Far away."
    assert fields(answer)["security"] == "4"
    assert db.session.query(ScoreSheet).count() == 0


def test_others_scores_are_seen_only_after_ones_own(
    client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    first, second = evaluator(call), evaluator(call)
    give(offer, first)
    readers = {"first": first, "second": second, "organiser": make_person(role=Role.ORGANISER)}
    readers["member"] = make_person(role=Role.COMMITTEE)

    def totals() -> dict[str, bool]:
        page = f"/hosting/calls/{call.edition.slug}"
        return {
            name: "by 1 evaluator" in words(client.sign_in(one).get(page))
            or "by 2 evaluators" in words(client.sign_in(one).get(page))
            for name, one in readers.items()
        }

    assert totals() == {"first": True, "second": False, "organiser": True, "member": False}
    give(offer, second, 2)
    assert totals() == {"first": True, "second": True, "organiser": True, "member": False}
    page = words(client.sign_in(second).get(f"/hosting/calls/{call.edition.slug}"))
    # 85 of the weights by a mean of 3, and 15 by the 5 of a region that never hosted.
    assert "66 by 2 evaluators" in page
    assert "Venue (20) 3 (2–4)" in page
    assert "5: the region has not hosted this series yet" in page


def test_a_member_of_a_bidding_country_keeps_out_even_by_hand(
    client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    path = f"/hosting/offers/{offer.public_id}/scores"
    told, own = evaluator(call, "XAA"), evaluator(call)
    contact = make_person(role=Role.COMMITTEE)
    from app.accounts import service as accounts  # noqa: PLC0415 - one more role for one test

    accounts.grant(contact, Role.NATIONAL_CONTACT, "XAA", now=OPENING)
    judging.assign(call, contact, None, by=contact, now=OPENING)
    judging.declare_interest(
        queries.evaluator(call, own), "My brother's hotel", by=own, now=OPENING
    )  # type: ignore[arg-type]
    for person, reason in ((told, "Alboria"), (contact, "Alboria"), (own, "My brother's hotel")):
        client.sign_in(person)
        assert "You keep out of this choice" in words(client.get(path))
        answer = client.submit(path, **marks(venue_comment="Large"))
        assert (answer.status_code, f"({reason})" in alert(answer)) == (422, True)
        assert (fields(answer)["venue"], fields(answer)["venue_comment"]) == ("4", "Large")
    client.sign_in(make_person(role=Role.COMMITTEE))
    answer = client.submit(path, **marks())
    assert (answer.status_code, "not among the evaluators" in alert(answer)) == (422, True)
    assert db.session.query(ScoreSheet).count() == 0


def test_scores_of_who_declares_an_interest_later_do_not_count(
    call: CallForHosts, offer: HostingOffer
) -> None:
    people = [evaluator(call) for _number in range(2)]
    for person, mark in zip(people, (5, 1), strict=True):
        give(offer, person, mark)
    row = queries.evaluator(call, people[0])
    assert row
    judging.declare_interest(row, "A contract", by=people[0], now=OPENING)
    (judged,) = judging.judge(call, people[1])
    assert judged.rating
    assert (judged.rating.evaluator_count, judged.rating.spreads[Criterion.VENUE].mean) == (1, 1)


def test_the_balance_tells_when_the_region_hosted_last(call: CallForHosts) -> None:
    edition = call.edition
    make_country("XAB", region="europe")
    for code, years in (("XAB", 6), ("XAA", 3)):
        make_edition(
            series=edition.series,
            status=EditionStatus.COMPLETED,
            dtstart=edition.dtstart - timedelta(days=365 * years),
            country_code=make_country(code, region="africa").code,
        )
    for code in ("XAA", "XAB"):
        make_offer(edition, make_country(code))
    scores = {one.offer.country_code: one.balance for one in judging.judge(call, None)}
    assert (scores["XAA"].score, scores["XAA"].since) == (0, 0)
    assert (scores["XAB"].score, scores["XAB"].since) == (2, 1)


def test_the_balance_counts_against_nobody_in_a_series_of_one_region(client: Client) -> None:
    series = make_series("regional-africa", region="africa", kind=SeriesKind.REGIONAL_ENGAGEMENT)
    country = make_country("XAA", name="Alboria", region="africa")
    day = date(2028, 5, 9)
    make_edition(
        series=series, status=EditionStatus.COMPLETED, dtstart=day - timedelta(days=1460),
        country_code=country.code,
    )  # fmt: skip
    edition = make_edition(series=series, status=EditionStatus.UNDER_EVALUATION, dtstart=day)
    call = make_call(edition)
    make_offer(edition, country)
    (judged,) = judging.judge(call, None)
    assert judged.balance.score == 5
    client.sign_in(make_person(role=Role.ORGANISER))
    page = words(client.get(f"/hosting/calls/{edition.slug}"))
    assert "5: the series is of this region alone" in page


def test_the_comparison_is_set_as_a_paper(client: Client, call: CallForHosts) -> None:
    make_offer(call.edition, make_country("XAA", name="Alboria # *not* markup"))
    client.sign_in(make_person(role=Role.COMMITTEE))
    answer = client.get(f"/hosting/calls/{call.edition.slug}/comparison.pdf")
    assert (answer.status_code, answer.mimetype, answer.data[:5]) == (
        200,
        "application/pdf",
        b"%PDF-",
    )


def test_evaluators_are_asked_on_their_page(client: Client, call: CallForHosts) -> None:
    make_offer(call.edition, make_country("XAA", name="Alboria"))
    member = make_person(name="Member One", role=Role.COMMITTEE)
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/hosting/calls/{call.edition.slug}/evaluators"
    assert client.submit(path, person=str(member.id), country="XAA").status_code == 303
    assert "Member One Alboria keeps out: Alboria" in words(client.get(path))
    client.sign_in(member)
    done = client.submit(f"/hosting/calls/{call.edition.slug}/interest", words="A contract")
    assert done.status_code == 303
