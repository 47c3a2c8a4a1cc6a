from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app import audit
from app.accounts import service as accounts
from app.accounts.models import Role
from app.database import db
from app.hosting import judges, judging, queries, service
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
    pass_gates,
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
def submitted(call: CallForHosts) -> HostingOffer:
    return make_offer(call.edition, make_country("XAA", name="Alboria", region="africa"))


@pytest.fixture
def offer(submitted: HostingOffer) -> HostingOffer:
    """Return an offer that meets the conditions, so that it can be scored."""
    return pass_gates(submitted)


def evaluator(call: CallForHosts, country: str | None = None) -> Person:
    person = make_person(role=Role.COMMITTEE)
    judges.assign(call, person, country, by=person, now=OPENING)
    return person


def marks(score: str = "4", **others: str) -> dict[str, str]:
    return {criterion.value: score for criterion in JUDGED} | others


def give(offer: HostingOffer, person: Person, mark: int = 4) -> None:
    judging.score(offer, dict.fromkeys(JUDGED, mark), {}, by=person, now=OPENING)


def test_each_condition_is_recorded_with_its_evidence_and_who_checked(
    client: Client, submitted: HostingOffer
) -> None:
    organiser = make_person(name="Olivia", role=Role.ORGANISER)
    client.sign_in(organiser)
    path = f"/hosting/offers/{submitted.public_id}/gates"
    missing = client.submit(path, letter="passed", dates="failed")
    assert (missing.status_code, alert(missing).count("Say what shows it")) == (422, 2)
    assert fields(missing)["dates"] == "failed"
    assert queries.gates_of([submitted])[submitted.id] == {}
    typed = {"letter": "passed", "letter_evidence": "Page 1", "dates": "failed",
             "dates_evidence": "In Ramadan"}  # fmt: skip
    assert client.submit(path, **typed).status_code == 303
    page = words(client.get(f"/hosting/calls/{submitted.edition.slug}"))
    assert "passed Page 1 – Olivia" in page
    assert "not passed In Ramadan – Olivia" in page
    assert submitted.status is OfferStatus.SUBMITTED


def test_an_offer_meets_the_conditions_once_it_passes_all_and_is_evaluated_by_three(
    call: CallForHosts, submitted: HostingOffer
) -> None:
    states = []
    for gate in Gate:
        states.append(submitted.status)
        judging.check_gates(submitted, {gate: (True, "Seen")}, by=make_person(), now=OPENING)
    assert (set(states), submitted.status) == ({OfferStatus.SUBMITTED}, OfferStatus.ELIGIBLE)
    for _number in range(3):
        assert submitted.status is OfferStatus.ELIGIBLE
        give(submitted, evaluator(call))
    assert submitted.status is OfferStatus.EVALUATED


def test_a_condition_found_unmet_takes_an_offer_back_and_met_again_brings_it_where_it_was(
    call: CallForHosts, offer: HostingOffer
) -> None:
    for _number in range(3):
        give(offer, evaluator(call))
    found = {Gate.SECURITY_CONTACT: (False, "Nobody answers")}
    judging.check_gates(offer, found, by=make_person(), now=OPENING)
    assert offer.status is OfferStatus.SUBMITTED
    with pytest.raises(judging.NotEligibleError, match="meets every condition"):
        give(offer, evaluator(call))
    found = {Gate.SECURITY_CONTACT: (True, "A new one does")}
    judging.check_gates(offer, found, by=make_person(), now=OPENING)
    assert offer.status is OfferStatus.EVALUATED


# -- when offers are judged ------------------------------------------------------------------


def judged_by_hand(client: Client, offer: HostingOffer, judge: Person) -> list[tuple[str, str]]:
    """Send gates and scores as an old page would; return what is refused, and what was kept."""
    path = f"/hosting/offers/{offer.public_id}"
    client.sign_in(make_person(role=Role.ORGANISER))
    gates = client.submit(f"{path}/gates", letter="passed", letter_evidence="Page 1")
    client.sign_in(judge)
    scores = client.submit(f"{path}/scores", **marks(venue_comment="Large"))
    assert (gates.status_code, scores.status_code) == (422, 422)
    assert db.session.query(ScoreSheet).count() == 0
    return [
        (alert(gates), fields(gates)["letter_evidence"]),
        (alert(scores), fields(scores)["venue_comment"]),
    ]


@pytest.mark.parametrize(
    ("is_rolling", "told"),
    [(False, "Offers are judged once it is closed"), (True, "once an organiser has closed")],
    ids=["call", "rolling"],
)
def test_nothing_is_judged_while_countries_may_still_offer(
    is_rolling: bool,  # noqa: FBT001 - a parameter
    told: str,
    client: Client,
    call: CallForHosts,
    submitted: HostingOffer,
) -> None:
    call.edition.status, call.is_rolling = EditionStatus.CALL_OPEN, is_rolling
    judge = evaluator(call)
    (gates, evidence), (scores, comment) = judged_by_hand(client, submitted, judge)
    assert (told in gates, told in scores, evidence, comment) == (True, True, "Page 1", "Large")
    assert queries.gates_of([submitted])[submitted.id] == {}
    # The pages say so at once, and offer no button that would be refused.
    page = words(client.get(f"/hosting/offers/{submitted.public_id}/scores"))
    assert (told in page, "Give these scores" in page) == (True, False)
    for reader in (judge, make_person(role=Role.ORGANISER)):
        page = words(client.sign_in(reader).get(f"/hosting/calls/{call.edition.slug}"))
        assert "Conditions are checked and scores are given once the call is closed" in page
        assert ("Check the conditions" in page, "Score it" in page) == (False, False)
    page = words(client.get(f"/hosting/offers/{submitted.public_id}/gates"))
    assert (told in page, "Record the conditions" in page) == (True, False)


def test_nothing_is_judged_once_a_host_is_chosen(
    client: Client, call: CallForHosts, submitted: HostingOffer
) -> None:
    call.edition.status = EditionStatus.HOST_SELECTED
    refused = judged_by_hand(client, submitted, evaluator(call))
    assert ["its offers are not being judged" in said for said, _kept in refused] == [True, True]


def test_an_offer_is_scored_once_it_meets_the_conditions(
    client: Client, call: CallForHosts, submitted: HostingOffer
) -> None:
    path = f"/hosting/offers/{submitted.public_id}/scores"
    client.sign_in(evaluator(call))
    assert "scored once an organiser has found" in words(client.get(path))
    answer = client.submit(path, **marks(venue_comment="Large"))
    assert (answer.status_code, "meets every condition" in alert(answer)) == (422, True)
    assert fields(answer)["venue_comment"] == "Large"
    comparison = words(client.get(f"/hosting/calls/{call.edition.slug}"))
    assert "scored once it meets the conditions" in comparison
    pass_gates(submitted)
    assert client.submit(path, **marks()).status_code == 303


def test_what_was_judged_before_an_offer_changed_counts_no_more(
    client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    people = [evaluator(call) for _number in range(3)]
    for person in people:
        give(offer, person)
    call.edition.status, call.closes_at = EditionStatus.CALL_OPEN, OPENING + timedelta(days=9)
    later = OPENING + timedelta(days=1)
    facts = service.OfferFacts(
        city="Elsewhere", venue="Dome", capacity=90,
        windows=[(window.dtstart, window.dtend) for window in offer.windows],
    )  # fmt: skip
    service.change_offer(
        offer, facts, letter=None, by=make_person(), now=later
    )  # fmt: skip
    assert offer.status is OfferStatus.SUBMITTED
    call.edition.status, call.closes_at = EditionStatus.UNDER_EVALUATION, later
    (judged,) = judging.judge(call, people[0])
    assert (judged.is_eligible, judged.rating, judged.sheets) == (False, None, [])
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/hosting/offers/{offer.public_id}/gates"
    page = client.get(path)
    assert words(page).count("The offer has been changed since; look again.") == len(Gate)
    assert (fields(page)["letter"], fields(page)["letter_evidence"]) == ("", "Seen")
    for gate in Gate:
        judging.check_gates(offer, {gate: (True, "Seen")}, by=people[0], now=later)
    assert offer.status is OfferStatus.ELIGIBLE
    judging.score(offer, dict.fromkeys(JUDGED, 1), {}, by=people[0], now=later)
    (judged,) = judging.judge(call, people[0])
    assert judged.rating is not None
    assert judged.rating.evaluator_count == 1


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
    # Who will score reads when they see them; who does not is promised nothing.
    page = f"/hosting/calls/{call.edition.slug}"
    assert "Venue (20) after your own" in words(client.sign_in(second).get(page))
    assert "Venue (20) seen by who scores" in words(client.sign_in(readers["member"]).get(page))
    give(offer, second, 2)
    assert totals() == {"first": True, "second": True, "organiser": True, "member": False}
    page = words(client.sign_in(second).get(f"/hosting/calls/{call.edition.slug}"))
    # 85 of the weights by a mean of 3, and 15 by the 5 of a region that never hosted.
    assert "66 by 2 evaluators" in page
    assert "Venue (20) 3 (2–4)" in page
    assert "5: the region has not hosted this series yet" in page


def test_an_organiser_who_judges_too_sees_others_scores_after_the_own(
    client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    give(offer, evaluator(call))
    both = evaluator(call)
    accounts.grant(both, Role.ORGANISER, now=OPENING)
    client.sign_in(both)
    page = f"/hosting/calls/{call.edition.slug}"
    assert "by 1 evaluator" not in words(client.get(page))
    assert "Venue (20) after your own" in words(client.get(page))
    give(offer, both, 2)
    assert "by 2 evaluators" in words(client.get(page))


def test_a_member_of_a_bidding_country_keeps_out_even_by_hand(
    client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    path = f"/hosting/offers/{offer.public_id}/scores"
    told, own = evaluator(call, "XAA"), evaluator(call)
    contact = make_person(role=Role.COMMITTEE)
    accounts.grant(contact, Role.NATIONAL_CONTACT, "XAA", now=OPENING)
    judges.assign(call, contact, None, by=contact, now=OPENING)
    judges.declare_interest(queries.evaluator(call, own), "My brother's hotel", by=own, now=OPENING)  # type: ignore[arg-type]
    for person, reason in ((told, "Alboria"), (contact, "Alboria"), (own, "My brother's hotel")):
        client.sign_in(person)
        assert "You keep out of this choice" in words(client.get(path))
        page = words(client.get(f"/hosting/calls/{call.edition.slug}"))
        assert (f"The reason: {reason}." in page, "Score it" in page) == (True, False)
        answer = client.submit(path, **marks(venue_comment="Large"))
        assert (answer.status_code, f"({reason})" in alert(answer)) == (422, True)
        assert (fields(answer)["venue"], fields(answer)["venue_comment"]) == ("4", "Large")
    client.sign_in(make_person(role=Role.COMMITTEE))
    answer = client.submit(path, **marks())
    assert (answer.status_code, "not among the evaluators" in alert(answer)) == (422, True)
    assert db.session.query(ScoreSheet).count() == 0


def test_a_member_asked_again_without_a_country_is_still_of_the_one_told(
    client: Client, call: CallForHosts, offer: HostingOffer
) -> None:
    member = make_person(name="Member One", role=Role.COMMITTEE)
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/hosting/calls/{call.edition.slug}/evaluators"
    for country in ("XAA", ""):
        assert client.submit(path, person=str(member.id), country=country).status_code == 303
    assert "Member One Alboria keeps out: Alboria" in words(client.get(path))
    client.sign_in(member)
    answer = client.submit(f"/hosting/offers/{offer.public_id}/scores", **marks())
    assert (answer.status_code, db.session.query(ScoreSheet).count()) == (422, 0)
    # A country told by mistake is put right by telling the right one, and that is on record.
    make_country("XAB", name="Brevania")
    client.sign_in(make_person(role=Role.ORGANISER))
    client.submit(path, person=str(member.id), country="XAB")
    assert "Member One Brevania" in words(client.get(path))
    assert audit.history(call.edition)[-1].changes == {"country": ["XAA", "XAB"]}


def test_scores_of_who_declares_an_interest_later_do_not_count(
    call: CallForHosts, offer: HostingOffer
) -> None:
    people = [evaluator(call) for _number in range(2)]
    for person, mark in zip(people, (5, 1), strict=True):
        give(offer, person, mark)
    row = queries.evaluator(call, people[0])
    assert row
    judges.declare_interest(row, "A contract", by=people[0], now=OPENING)
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
