from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from app import audit, database, retention
from app.accounts import privacy
from app.accounts.models import Role
from app.countries.models import Association
from app.database import db
from app.desk import decisions
from app.editions import agreements, milestone_queries
from app.editions import queries as editions
from app.editions import service as edition_service
from app.editions.models import Precision
from app.hosting import (
    calling,
    choosing,
    consensus,
    deciding,
    drafts,
    need_decisions,
    need_offers,
    needs,
    service,
)
from app.hosting.choosing import Choice
from app.hosting.deadlines import LateDecisionError
from app.hosting.need_models import EngagementNeed, NeedSupport
from app.hosting.sections import Section
from app.outbox import OutboxMessage
from app.series.models import Series, SeriesKind
from scheduler.engagements import NeedStatus
from scheduler.errors import DomainError
from scheduler.lifecycle import EditionStatus, MoveError, OfferStatus
from tests.factories import OPENING, PDF, make_country, make_person, make_series
from tests.pages import CountedQueries, alert, fields, words

if TYPE_CHECKING:
    from flask import Flask

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.models import HostingOffer
    from tests.conftest import Client

N = NeedStatus
FACTS = {
    "title": "Insider threats at ports",
    "purpose": "Train people",
    "reason": "Ports are new here",
    "year": 2029,
    "months": (5, 6),
}
TYPED = {
    "series": "regional-africa",
    "title": "Insider threats at ports",
    "purpose": "Train people",
    "reason": "Ports are new here",
    "year": "2029",
    "first_month": "5",
    "last_month": "6",
    "association": "",
}


@pytest.fixture
def series() -> Series:
    make_country("XAA", name="Alboria", region="africa")
    make_country("XAB", name="Brevania", region="americas")
    make_country("XAE", name="Estavia", region="africa")
    return make_series(
        "regional-africa", region="africa", kind=SeriesKind.REGIONAL_ENGAGEMENT,
        rrule="FREQ=YEARLY;INTERVAL=4;BYMONTH=5;BYDAY=2TU", dtstart=date(2027, 5, 11),
    )  # fmt: skip


@pytest.fixture
def member() -> Person:
    return make_person("member@example.org", name="Member", role=Role.COMMITTEE)


@pytest.fixture
def need(series: Series, member: Person) -> EngagementNeed:
    return needs.propose(series, needs.NeedFacts(**FACTS), by=member, now=OPENING)


def contact(code: str = "XAA") -> Person:
    email = f"contact-{code.lower()}@example.org"
    person = make_person(email, name=f"Contact {code}")
    if not person.grants:
        make_person(email, role=Role.NATIONAL_CONTACT, scope=code)
    return person


def begin(need: EngagementNeed, code: str = "XAA", now: datetime = OPENING) -> HostingOffer:
    return need_offers.offer(need, make_country(code), by=contact(code), now=now)


def complete(offer: HostingOffer, now: datetime = OPENING) -> HostingOffer:
    who: dict[str, Any] = {"by": contact(offer.country_code), "now": now}
    first = date(2029, 6, 4)
    told: dict[Section, dict[str, Any]] = {
        Section.AUTHORITY: {"authority": "Authority"},
        Section.DATES: {"windows": [(first, first + timedelta(days=5))]},
        Section.VENUE: {"city": "Albor", "venue": "Hall", "capacity": 50},
    }
    for section, facts in told.items():
        letter = (PDF, "letter.pdf") if section is Section.AUTHORITY else None
        drafts.save(offer, section, facts, letter=letter, **who)
    drafts.send_in(offer, **who)
    return offer


def edition_of(need: EngagementNeed) -> Edition:
    assert need.edition is not None
    return need.edition


def letters(subject: str) -> list[str]:
    rows = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.to_address))
    return [row.to_address for row in rows if subject in row.subject]


def choose(offer: HostingOffer, now: datetime) -> None:
    window = offer.windows[0]
    choosing.select(
        offer, dtstart=window.dtstart, dtend=window.dtstart + timedelta(days=3),
        reason="The only one", by=make_person(role=Role.ORGANISER), now=now,
    )  # fmt: skip


# -- proposed and supported ------------------------------------------------------------------


def test_a_need_is_told_to_the_committee_and_to_the_contacts_of_its_region(
    series: Series, member: Person
) -> None:
    organiser = make_person("organiser@example.org", role=Role.ORGANISER)
    near, far = contact("XAA"), contact("XAB")
    made = needs.propose(series, needs.NeedFacts(**FACTS), by=member, now=OPENING)
    assert (made.status, made.dtstart, made.dtend, made.last_day) == (
        N.OPEN, date(2029, 5, 1), date(2029, 7, 1), date(2028, 8, 1),
    )  # fmt: skip
    assert letters("A need") == [near.email, member.email, organiser.email]
    assert far.email not in letters("A need")
    assert (made.edition, editions.of_series(series)) == (None, [])


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"months": (6, 5)}, "The last month lies before the first"),
        ({"year": 2027}, "offers closed on 2026-08-01. Choose 2027-11 or later"),
        ({"year": 9999}, "Choose a year up to 2199"),
        ({}, "is proposed for Africa already"),
    ],
)
@pytest.mark.usefixtures("need")
def test_what_no_country_could_answer_is_refused_and_says_what_would_be_taken(
    facts: dict[str, Any], says: str, series: Series, member: Person
) -> None:
    with pytest.raises(DomainError, match=says):
        needs.propose(series, needs.NeedFacts(**FACTS | facts), by=member, now=OPENING)


def test_an_association_proposes_by_a_contact_of_its_countries(series: Series) -> None:
    own, other = Association(slug="own", name="Own"), Association(slug="other", name="Other")
    make_country("XAA").associations = [own]
    db.session.add(other)
    for association, is_taken in ((None, False), (other, False), (own, True)):
        facts = needs.NeedFacts(**FACTS, association=association)
        if is_taken:
            made = needs.propose(series, facts, by=contact(), now=OPENING)
            assert made.association is own
        else:
            with pytest.raises(needs.ProposerError):
                needs.propose(series, facts, by=contact(), now=OPENING)


def test_a_need_is_changed_while_nobody_has_answered_to_it(
    client: Client, need: EngagementNeed, member: Person
) -> None:
    client.sign_in(member)
    path = f"/hosting/needs/{need.public_id}"
    assert "Change the need" in words(client.get(path))
    form = fields(client.get(f"{path}/edit"))
    typed = {key: value for key, value in TYPED.items() if key != "series"}
    assert {key: form[key] for key in typed} == typed
    refused = client.submit(f"{path}/edit", **typed | {"year": "2027", "title": "Ports"})
    assert (refused.status_code, fields(refused)["title"]) == (422, "Ports")
    assert "Countries could no longer offer" in alert(refused)
    changed = typed | {"title": "Insiders at ports", "first_month": "6"}
    assert client.submit(f"{path}/edit", **changed).location == path
    db.session.expire_all()
    assert (need.title, need.dtstart, need.last_day) == (
        "Insiders at ports",
        date(2029, 6, 1),
        date(2028, 9, 1),
    )
    assert audit.history(need)[-1].changes == {
        "title": ["Insider threats at ports", "Insiders at ports"],
        "months": ["2029-05-01 – 2029-07-01", "2029-06-01 – 2029-07-01"],
    }
    assert letters("Changed: Insiders at ports") == letters("A need for an engagement")
    # As it was: nothing to tell anybody.
    client.submit(f"{path}/edit", **changed)
    assert len(letters("Changed:")) == len(letters("A need for an engagement"))


@pytest.mark.parametrize("how", ["supported", "offered"])
def test_what_somebody_has_answered_to_stays_as_it_is(
    how: str, client: Client, need: EngagementNeed, member: Person
) -> None:
    client.sign_in(member)
    path = f"/hosting/needs/{need.public_id}"
    form = client.get(f"{path}/edit")
    assert form.status_code == 200
    if how == "supported":
        needs.support(need, "", by=contact(), now=OPENING)
    else:
        begin(need)
    assert "Change the need" not in words(client.get(path))
    typed = {key: value for key, value in TYPED.items() if key != "series"} | {"title": "Ports"}
    answer = client.submit(f"{path}/edit", **typed)
    assert (answer.status_code, fields(answer)["title"]) == (422, "Ports")
    assert "what they answered to stays as it is. Withdraw the need" in alert(answer)
    db.session.expire_all()
    assert need.title == "Insider threats at ports"


def test_only_who_proposed_it_and_organisers_change_a_need(
    client: Client, need: EngagementNeed
) -> None:
    path = f"/hosting/needs/{need.public_id}/edit"
    readers = {
        "another member": make_person(role=Role.COMMITTEE),
        "a contact": contact(),
        "an organiser": make_person(role=Role.ORGANISER),
    }
    answers = {name: client.sign_in(one).get(path).status_code for name, one in readers.items()}
    assert answers == {"another member": 404, "a contact": 404, "an organiser": 200}


def test_two_needs_of_a_region_bear_different_names(
    series: Series, need: EngagementNeed, member: Person
) -> None:
    facts = needs.NeedFacts(**FACTS | {"title": "Couriers"})
    other = needs.propose(series, facts, by=member, now=OPENING)
    with pytest.raises(needs.NeedTwiceError):
        needs.change(other, needs.NeedFacts(**FACTS), by=member, now=OPENING)
    needs.change(need, needs.NeedFacts(**FACTS | {"reason": "Still"}), by=member, now=OPENING)


def test_everybody_supports_once_and_can_take_it_back(need: EngagementNeed) -> None:
    supporter = contact("XAB")
    needs.support(need, "We would come", by=supporter, now=OPENING)
    with pytest.raises(needs.SupportedAlreadyError):
        needs.support(need, "", by=supporter, now=OPENING)
    assert [one.country_code for one in db.session.scalars(select(NeedSupport))] == ["XAB"]
    needs.take_support_back(need, by=supporter, now=OPENING)
    with pytest.raises(needs.NotSupportedError):
        needs.take_support_back(need, by=supporter, now=OPENING)
    assert [entry.action for entry in audit.history(need)] == [
        "need.proposed", "need.supported", "need.support_taken_back",
    ]  # fmt: skip


def test_ones_own_need_is_not_supported(need: EngagementNeed, member: Person) -> None:
    with pytest.raises(needs.OwnNeedError):
        needs.support(need, "", by=member, now=OPENING)


# -- taken up --------------------------------------------------------------------------------


def test_the_first_offer_makes_the_edition_beside_the_rule(
    need: EngagementNeed, series: Series
) -> None:
    begin(need)
    begin(need, "XAE")
    edition = edition_of(need)
    assert (edition.status, edition.title, edition.recurrence_id, edition.precision) == (
        EditionStatus.CALL_OPEN, "Insider threats at ports", None, Precision.YEAR,
    )  # fmt: skip
    assert [one.id for one in editions.of_series(series)] == [edition.id]
    assert (need.status, edition.is_public, need_decisions.decision_day(need)) == (
        N.OPEN,
        False,
        None,
    )


def test_only_countries_of_the_region_offer(need: EngagementNeed) -> None:
    with pytest.raises(service.ForeignRegionError, match="for Africa, and Brevania does not lie"):
        begin(need, "XAB")
    assert need.edition is None
    begin(need)
    with pytest.raises(service.ForeignRegionError):  # nor by the ordinary form
        drafts.begin(edition_of(need), make_country("XAB"), by=contact("XAB"), now=OPENING)


def test_windows_lie_in_the_months_that_are_needed(need: EngagementNeed) -> None:
    offer = begin(need)
    outside = {"windows": [(date(2029, 8, 1), date(2029, 8, 9))]}
    with pytest.raises(service.WindowOutsideError):
        drafts.save(offer, Section.DATES, outside, by=contact(), now=OPENING)


def retain(now: datetime) -> int:
    """Let go of what is due at ``now``; return how much that was."""
    database.write()
    (rule,) = [one for one in retention.RULES if "never sent in" in str(one.data)]
    return rule.let_go(now)


def test_a_draft_that_is_given_up_leaves_no_edition_behind(
    client: Client, need: EngagementNeed
) -> None:
    given_up, kept = begin(need), begin(need, "XAE")
    slug, later = edition_of(need).slug, OPENING + timedelta(days=31)
    service.withdraw(given_up, reason="", by=contact(), now=OPENING)
    assert [letters("withdrawn"), retain(OPENING)] == [[contact().email], 0]
    assert retain(later) == 1
    assert edition_of(need).slug == slug  # somebody else still writes
    service.withdraw(kept, reason="", by=contact("XAE"), now=OPENING)
    assert (retain(later), retain(later)) == (2, 0)
    db.session.expire_all()
    assert (need.edition, editions.find(slug), calling.queries.open_calls(OPENING)) == (
        None,
    ) * 2 + ([],)
    assert (need.status, audit.history(need)[-1].action) == (N.OPEN, "need.edition_taken_out")
    client.sign_in(make_person(role=Role.ORGANISER))
    assert "Its edition is taken out again" in words(client.get(f"/hosting/needs/{need.public_id}"))
    # And it can be taken up anew.
    complete(begin(need))
    assert (need.status, edition_of(need).slug) == (N.OFFERED, slug)


def test_a_draft_that_came_too_late_is_let_go_and_a_sent_offer_never(
    need: EngagementNeed,
) -> None:
    begin(need, "XAE")
    late = datetime.combine(need.last_day, datetime.min.time(), UTC) + timedelta(days=31)
    assert retain(late - timedelta(days=2)) == 0
    assert retain(late) == 2
    sent = complete(begin(need))
    service.withdraw(sent, reason="", by=contact(), now=OPENING)
    assert retain(late) == 0
    assert edition_of(need).title == need.title


def test_offers_end_on_their_last_day_and_the_need_lapses(need: EngagementNeed) -> None:
    late = datetime(2028, 8, 2, tzinfo=UTC)
    assert needs.status_on(need, late.date()) is N.LAPSED
    with pytest.raises(needs.NeedEndedError, match=r"has ended \(lapsed\)"):
        begin(need, now=late)
    with pytest.raises(needs.NeedEndedError):
        needs.support(need, "", by=contact(), now=late)


# -- sixty days ------------------------------------------------------------------------------


def test_a_complete_offer_gives_the_committee_sixty_days(
    need: EngagementNeed, member: Person
) -> None:
    organiser = make_person("organiser@example.org", role=Role.ORGANISER)
    offer = begin(need)
    assert need_decisions.decision_day(need) is None
    later = OPENING + timedelta(days=10)
    complete(offer, later)
    due = date(2027, 3, 26)
    assert (need.status, need_decisions.decision_day(need)) == (N.OFFERED, due)
    milestone = milestone_queries.find(edition_of(need), "committee_decides")
    assert milestone is not None
    assert milestone.due_on == due
    assert letters("An offer waits") == [member.email, organiser.email]


def test_the_desk_tells_the_day_and_that_it_is_late(app: Flask, need: EngagementNeed) -> None:
    complete(begin(need))
    slug = edition_of(need).slug

    def lines(today: date) -> list[tuple[str, date | None, bool]]:
        with app.test_request_context():
            found = decisions.next_decisions(today)
        return [(one.text, one.due_on, one.is_overdue) for one in found if one.edition.slug == slug]

    said = "An offer waits: close the call, and let the committee decide."
    due = date(2027, 3, 16)
    assert (said, due, False) in lines(OPENING.date())
    assert (said, due, True) in lines(due + timedelta(days=1))


def test_an_offer_that_goes_back_stops_the_time(need: EngagementNeed) -> None:
    offer = complete(begin(need))
    organiser = make_person(role=Role.ORGANISER)
    drafts.send_back(
        offer, {Section.VENUE: "Which hall?"}, until=date(2027, 2, 20), by=organiser, now=OPENING
    )
    assert (need.status, need_decisions.decision_day(need)) == (N.OPEN, None)
    again = OPENING + timedelta(days=5)
    drafts.send_in(offer, by=contact(), now=again)
    assert (need.status, need_decisions.decision_day(need)) == (N.OFFERED, date(2027, 3, 21))
    service.withdraw(offer, reason="No money", by=contact(), now=again)
    assert (need.status, need_decisions.decision_day(need)) == (N.OPEN, None)


def test_a_second_offer_gives_no_more_time(need: EngagementNeed) -> None:
    complete(begin(need))
    complete(begin(need, "XAE"), OPENING + timedelta(days=30))
    assert need_decisions.decision_day(need) == date(2027, 3, 16)


def test_a_late_decision_is_refused_until_the_day_is_put_off(need: EngagementNeed) -> None:
    organiser = make_person(role=Role.ORGANISER)
    offer = complete(begin(need))
    calling.close_call(edition_of(need), by=organiser, now=OPENING)
    late = datetime(2027, 3, 17, 9, tzinfo=UTC)
    with pytest.raises(LateDecisionError, match="due by 2027-03-16"):
        choose(offer, late)
    with pytest.raises(need_decisions.PutOffError):
        need_decisions.put_off(need, date(2027, 3, 1), "Held up", by=organiser, now=late)
    need_decisions.put_off(need, date(2027, 4, 1), "Held up", by=organiser, now=late)
    assert need_decisions.decision_day(need) == date(2027, 4, 1)
    milestone = milestone_queries.find(edition_of(need), "committee_decides")
    assert milestone is not None
    assert milestone.due_on == date(2027, 4, 1)
    assert contact().email in letters("is put off")
    choose(offer, late)
    assert need.status is N.DECIDED


def test_a_round_of_the_committee_ends_by_the_day(need: EngagementNeed, member: Person) -> None:
    chair = make_person("chair@example.org", role=Role.ORGANISER)
    offer = complete(begin(need))
    edition = edition_of(need)
    calling.close_call(edition, by=chair, now=OPENING)
    first = offer.windows[0].dtstart
    choice = Choice(
        offer=offer, reserve=None, dtstart=first, dtend=first + timedelta(days=3),
        reason="Fits", weighed="",
    )  # fmt: skip
    in_time = datetime(2027, 3, 17, tzinfo=UTC)  # midnight: the end of the 16th
    with pytest.raises(LateDecisionError):
        consensus.propose(
            edition, choice, closes_at=in_time + timedelta(days=1), by=chair, now=OPENING
        )
    row = consensus.propose(edition, choice, closes_at=in_time, by=chair, now=OPENING)
    consensus.answer(row, member, agrees=True, reason="", now=OPENING)
    # It records itself in the minutes after it closed, which is not late.
    deciding.settle(row, by=None, now=in_time + timedelta(minutes=5))
    assert need.status is N.DECIDED


# -- decided, or not -------------------------------------------------------------------------


def test_a_decided_need_is_an_edition_like_any_other(need: EngagementNeed, member: Person) -> None:
    organiser = make_person(role=Role.ORGANISER)
    supporter = contact("XAB")
    needs.support(need, "", by=supporter, now=OPENING)
    offer = complete(begin(need))
    edition = edition_of(need)
    calling.close_call(edition, by=organiser, now=OPENING)
    choose(offer, OPENING)
    assert (need.status, need_decisions.decision_day(need), edition.precision) == (
        N.DECIDED, None, Precision.DAY,
    )  # fmt: skip
    assert letters("Decided: Insider") == sorted([supporter.email, member.email])
    edition_service.confirm(
        edition, dtstart=edition.dtstart, dtend=edition.dtend, tzid="UTC", city="Albor",
        venue="Hall", venue_address="", by=organiser, now=OPENING,
    )  # fmt: skip
    agreements.record_agreement(edition, waiver="By letter", by=organiser, now=OPENING)
    edition_service.announce(edition, by=organiser, now=OPENING)
    assert (edition.is_public, need.status) == (True, N.DECIDED)


def test_a_host_that_withdraws_opens_the_need_again(need: EngagementNeed) -> None:
    offer, other = complete(begin(need)), complete(begin(need, "XAE"))
    calling.close_call(edition_of(need), by=make_person(role=Role.ORGANISER), now=OPENING)
    choose(offer, OPENING)
    other.status = OfferStatus.RESERVE
    later = OPENING + timedelta(days=20)
    service.withdraw(offer, reason="No money", by=contact(), now=later)
    # The time begins anew, for the reserve.
    assert (need.status, need_decisions.decision_day(need)) == (N.OFFERED, date(2027, 4, 5))


def test_whoever_proposed_it_withdraws_it_only_while_nobody_has_offered(
    need: EngagementNeed, member: Person
) -> None:
    draft = begin(need)
    needs.support(need, "", by=contact("XAB"), now=OPENING)
    need_decisions.withdraw(need, "Solved otherwise", by=member, now=OPENING)
    assert (need.status, edition_of(need).status, draft.status) == (
        N.WITHDRAWN, EditionStatus.CANCELLED, OfferStatus.LAPSED,
    )  # fmt: skip
    assert letters("No longer asked for") == [contact().email]
    assert letters("Withdrawn: Insider") == sorted([contact("XAB").email, member.email])
    for act in (
        lambda: needs.support(need, "", by=contact("XAE"), now=OPENING),
        lambda: need_decisions.withdraw(need, "Again", by=member, now=OPENING),
        lambda: begin(need, "XAE"),
    ):
        with pytest.raises(needs.NeedEndedError, match=r"has ended \(withdrawn\); nothing follows"):
            act()


def test_a_need_with_an_offer_is_declined_but_not_withdrawn(
    need: EngagementNeed, member: Person
) -> None:
    offer = complete(begin(need))
    with pytest.raises(need_decisions.OfferWaitsError, match="decides on it by 2027-03-16"):
        need_decisions.withdraw(need, "Changed my mind", by=member, now=OPENING)
    chair = make_person(role=Role.ORGANISER)
    need_decisions.decline(need, "Covered by the symposium", by=chair, now=OPENING)
    assert (need.status, offer.status, edition_of(need).status) == (
        N.DECLINED, OfferStatus.NOT_SELECTED, EditionStatus.CANCELLED,
    )  # fmt: skip
    assert letters("No longer asked for") == [contact().email]


def test_a_decided_need_is_not_declined(need: EngagementNeed) -> None:
    organiser = make_person(role=Role.ORGANISER)
    offer = complete(begin(need))
    calling.close_call(edition_of(need), by=organiser, now=OPENING)
    choose(offer, OPENING)
    with pytest.raises(MoveError):
        need_decisions.decline(need, "Too late", by=organiser, now=OPENING)


# -- pages -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("series")
def test_a_member_proposes_and_a_contact_offers(client: Client, member: Person) -> None:
    client.sign_in(member)
    assert "No open need" in words(client.get("/hosting/needs/"))
    refused = client.submit("/hosting/needs/new", **TYPED | {"year": "2027"})
    assert refused.status_code == 422
    assert "Choose 2027-11 or later" in alert(refused)
    assert fields(refused)["purpose"] == "Train people"
    answer = client.submit("/hosting/needs/new", **TYPED)
    need = db.session.scalars(select(EngagementNeed)).one()
    path = f"/hosting/needs/{need.public_id}"
    assert (answer.status_code, answer.location) == (303, path)
    assert "Insider threats at ports Africa May–June 2029 0 Open to offers" in words(
        client.get("/hosting/needs/")
    )
    foreign = contact("XAB")
    client.sign_in(foreign)
    assert "Countries of Africa can offer to host it; yours lies elsewhere" in words(
        client.get(path)
    )
    forged = client.submit(f"{path}/offer", country="XAB")
    assert forged.status_code == 422
    assert "Brevania does not lie there" in alert(forged)
    client.sign_in(contact("XAA"))
    begun = client.submit(f"{path}/offer", country="XAA")
    assert (begun.status_code, begun.location.startswith("/hosting/offers/")) == (303, True)
    again = client.submit(f"{path}/offer", country="XAA")
    assert "has an offer for Insider threats at ports already" in alert(again)


def test_support_is_given_and_taken_back_on_the_page(client: Client, need: EngagementNeed) -> None:
    path = f"/hosting/needs/{need.public_id}"
    client.sign_in(contact("XAB"))
    client.submit(f"{path}/support", remark="We would come")
    assert "We would come" in words(client.get(path))
    twice = client.submit(f"{path}/support", remark="More of us")
    assert "You support this need already" in alert(twice)
    client.submit(f"{path}/take-back")
    assert "We would come" not in words(client.get(path))


def test_other_countries_are_not_told_who_offered(client: Client, need: EngagementNeed) -> None:
    complete(begin(need))
    path = f"/hosting/needs/{need.public_id}"
    said = words(client.sign_in(contact("XAE")).get(path))
    assert ("Alboria" in said, "decides by" in said) == (False, True)
    said = words(client.sign_in(make_person(role=Role.COMMITTEE)).get(path))
    assert ("Alboria" in said, "Compare, score and decide" in said) == (True, True)


def test_the_comparison_says_by_when_to_decide(client: Client, need: EngagementNeed) -> None:
    complete(begin(need))
    path = f"/hosting/calls/{edition_of(need).slug}"
    page = client.sign_in(make_person(role=Role.COMMITTEE)).get(path)
    assert "The committee decides by Tuesday 16 March 2027." in words(page)
    assert f"/hosting/needs/{need.public_id}" in page.text
    # The call is read by every contact, and offers its button to those of the region alone.
    told = [
        "Offer to host" in words(client.sign_in(contact(code)).get(path)) for code in ("XAE", "XAB")
    ]
    assert told == [True, False]


def test_a_decision_is_put_off_and_a_need_declined_on_its_page(
    client: Client, need: EngagementNeed
) -> None:
    complete(begin(need))
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/hosting/needs/{need.public_id}"
    refused = client.submit(f"{path}/put-off", until="2027-02-01", reason="Held up")
    assert (refused.status_code, fields(refused)["reason"]) == (422, "Held up")
    assert "Choose a day after 16 March 2027" in alert(refused)
    refused = client.submit(f"{path}/put-off", until="soon", reason="Held up")
    assert "“soon” is not a day. Write it as 2027-03-02." in alert(refused)
    assert fields(refused)["until"] == "soon"
    client.submit(f"{path}/put-off", until="2027-04-01", reason="Held up")
    assert "The committee decides by Thursday 1 April 2027" in words(client.get(path))
    assert "Say why" in alert(client.submit(f"{path}/decline", reason=" "))
    client.submit(f"{path}/decline", reason="Covered elsewhere")
    said = words(client.get(path))
    assert "Nothing follows from it any more Covered elsewhere" in said


def test_a_stranger_withdraws_nothing(client: Client, need: EngagementNeed) -> None:
    client.sign_in(make_person(role=Role.COMMITTEE))
    path = f"/hosting/needs/{need.public_id}/withdraw"
    assert client.submit(path, reason="x").status_code == 404
    assert need.status is N.OPEN


def test_the_list_costs_as_many_queries_with_more_needs(
    client: Client, series: Series, member: Person
) -> None:
    counts = []
    for number in range(3):
        facts = FACTS | {"title": f"Need {number}"}
        made = needs.propose(series, needs.NeedFacts(**facts), by=member, now=OPENING)
        needs.support(made, "", by=contact(), now=OPENING)
        complete(begin(made))
        client.sign_in(member)
        client.get("/hosting/needs/")
        with CountedQueries() as counted:
            client.get("/hosting/needs/")
        counts.append(counted.count)
    assert len(set(counts)) == 1


def test_a_person_is_told_what_they_proposed_and_supported(
    need: EngagementNeed, member: Person
) -> None:
    needs.support(need, "We would come", by=contact(), now=OPENING)
    told = privacy.data_of(contact())["sent_for_my_country"]
    assert told == [
        {"supported": need.title, "remark": "We would come", "supported_at": OPENING.isoformat()}
    ]
    assert privacy.data_of(member)["sent_for_my_country"][0]["need"] == need.title
