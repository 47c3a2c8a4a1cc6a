"""The way of an edition with its host, as each of those who go it meets it in a browser."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from app.accounts.models import Role
from app.clock import utcnow
from app.database import db
from app.editions import agreements
from app.editions import service as editions
from app.editions.models import AgreementAct
from app.hosting import judging, queries
from app.registrations import service as registrations
from scheduler.hosting import JUDGED
from scheduler.lifecycle import EditionStatus
from tests.factories import make_call, make_country, make_edition, make_offer, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from app.accounts.models import Person
    from app.editions.models import Edition

    NewPage = Callable[..., Page]

S = EditionStatus


def test_an_organiser_calls_extends_once_and_then_asks_countries_directly(
    new_page: NewPage,
) -> None:
    dtstart = utcnow().date() + timedelta(days=700)
    edition = make_edition(status=S.PROJECTED, dtstart=dtstart, title="Symposium", days=5)
    make_country("XAA", name="Alboria")
    make_country("XAB", name="Brevania")
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    neighbour = make_person(role=Role.NATIONAL_CONTACT, scope="XAB")
    desk = new_page(make_person(role=Role.ORGANISER, commit=True))

    desk.goto(f"/organise/editions/{edition.slug}")
    desk.get_by_role("link", name="Open the call for hosts").first.click()
    closes_on = utcnow().date() + timedelta(days=30)
    desk.get_by_label("Last day for offers").fill(closes_on.isoformat())
    desk.get_by_label("Text of the call").fill("Where shall we meet?")
    desk.get_by_label("Conditions").fill("A hall for 120.\nNo barrier to any delegation.")
    desk.get_by_label("Earliest day").fill(dtstart.isoformat())
    desk.get_by_label("Latest day").fill((dtstart + timedelta(days=30)).isoformat())
    desk.get_by_label(re.compile("^Venue")).fill("30")
    desk.get_by_role("button", name="Open the call for hosts").click()
    expect(desk.get_by_role("alert").first).to_contain_text("sum to 100; these sum to 110")
    expect(desk.get_by_label("Text of the call")).to_have_value("Where shall we meet?")
    desk.get_by_label(re.compile("^Cost")).fill("5")
    desk.get_by_role("button", name="Open the call for hosts").click()
    expect(desk.get_by_text("The call for hosts is open.")).to_be_visible()

    reader = new_page(neighbour)
    reader.goto(f"/hosting/calls/{edition.slug}")
    expect(reader.get_by_text("No barrier to any delegation.")).to_be_visible()
    expect(reader.get_by_role("link", name="Offer to host")).to_be_visible()

    desk.get_by_role("link", name="Extend the call by 60 days").click()
    desk.get_by_label("Reason").fill("Nobody has offered yet.")
    desk.get_by_role("button", name="Extend the call by 60 days").click()
    expect(desk.get_by_text("The call is extended by 60 days.")).to_be_visible()
    # A second time it cannot be, not even by an old page.
    desk.goto(f"/hosting/calls/{edition.slug}/extend")
    desk.get_by_label("Reason").fill("Still nobody.")
    desk.get_by_role("button", name="Extend the call by 60 days").click()
    expect(desk.get_by_role("alert").first).to_contain_text("extended once already")

    desk.goto(f"/hosting/calls/{edition.slug}")
    desk.get_by_role("link", name="Ask countries directly").click()
    desk.get_by_label("Countries to ask").select_option(label="Alboria")
    later = utcnow().date() + timedelta(days=120)
    desk.get_by_label("Last day for their offers").fill(later.isoformat())
    desk.get_by_label("Reason").fill("They have hosted well before.")
    desk.get_by_role("button", name="Ask these countries").click()
    expect(desk.get_by_text("Asked directly: Alboria.")).to_be_visible()
    asked = new_page(contact)
    asked.goto(f"/hosting/calls/{edition.slug}")
    expect(asked.get_by_role("link", name="Offer to host")).to_be_visible()
    reader.goto("/hosting/")
    expect(reader.get_by_role("link", name="Offer to host")).to_have_count(0)
    desk.goto("/organise/mail")
    expect(desk.get_by_text(contact.email).first).to_be_visible()
    expect(desk.get_by_text(neighbour.email)).to_have_count(0)


def test_offers_are_checked_scored_and_decided_on_until_the_event_is_announced(
    new_page: NewPage,
) -> None:
    dtstart = utcnow().date() + timedelta(days=500)
    edition = make_edition(status=S.UNDER_EVALUATION, dtstart=dtstart, title="Symposium")
    make_call(edition, closes_at=utcnow() - timedelta(days=1))
    countries = [make_country("XAA", name="Alboria"), make_country("XAB", name="Brevania")]
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    for country in countries:
        make_offer(edition, country, by=contact)
    members = [make_person(name=f"Member {letter}", role=Role.COMMITTEE) for letter in "ABCD"]
    organiser = make_person(role=Role.ORGANISER, commit=True)
    page = f"/hosting/calls/{edition.slug}"

    desk = new_page(organiser)
    desk.goto(page)
    desk.get_by_role("link", name=re.compile("Check the conditions.*Alboria")).click()
    gates = desk.get_by_role("group")
    expect(gates).to_have_count(7)
    for gate in gates.all():
        gate.get_by_label("passed", exact=True).check()
    desk.get_by_role("button", name="Record the conditions").click()
    expect(desk.get_by_role("alert").first).to_contain_text("Say what shows it")
    for evidence in desk.get_by_label("What shows it").all():
        evidence.fill("Page 2 of the letter")
    desk.get_by_role("button", name="Record the conditions").click()
    expect(desk.get_by_text("The conditions are recorded.")).to_be_visible()
    expect(desk.get_by_text("Page 2 of the letter").first).to_be_visible()

    desk.get_by_role("link", name="Evaluators").click()
    for member, country in zip(members, ("", "", "", "Brevania"), strict=True):
        desk.get_by_label("Member of the committee").select_option(label=member.name)
        desk.get_by_label("Country of the member").select_option(label=country or "(not told)")
        desk.get_by_role("button", name="Ask this member to judge").click()
        expect(desk.get_by_role("listitem").filter(has_text=member.name)).to_be_visible()
    expect(desk.get_by_text("keeps out: Brevania")).to_be_visible()

    scored(new_page, edition, members)
    decided(new_page, desk, edition, members[:3])
    announced(new_page, desk, edition, contact)


def scored(new_page: NewPage, edition: Edition, members: list[Person]) -> None:
    """Let a recused member look, and another score: what others gave shows only then."""
    page = f"/hosting/calls/{edition.slug}"
    recused, judge = new_page(members[3]), new_page(members[0])
    recused.goto(page)
    expect(recused.get_by_text("You keep out of this choice")).to_be_visible()
    expect(recused.get_by_role("link", name=re.compile("Score it"))).to_have_count(0)
    offer = queries.offers_for(edition)[0]
    recused.goto(f"/hosting/offers/{offer.public_id}/scores")
    expect(recused.get_by_text("You keep out of this choice")).to_be_visible()
    expect(recused.get_by_role("button", name="Give these scores")).to_have_count(0)
    judging.score(offer, dict.fromkeys(JUDGED, 2), {}, by=members[1], now=utcnow())
    db.session.commit()
    judge.goto(page)
    expect(judge.get_by_text("after your own").first).to_be_visible()
    expect(judge.get_by_text("by 1 evaluator")).to_have_count(0)
    judge.get_by_role("link", name=re.compile("Score it.*Alboria")).click()
    expect(judge.get_by_role("button", name="Give these scores")).to_be_visible()
    for criterion in judge.get_by_role("group").all():
        criterion.get_by_label("4", exact=True).check()
    judge.get_by_label("Comment").first.fill("A hall by the river.")
    judge.get_by_role("button", name="Give these scores").click()
    expect(judge.get_by_text("by 2 evaluators")).to_be_visible()
    expect(judge.get_by_text("3 (2–4)").first).to_be_visible()
    with judge.expect_download() as paper:
        judge.get_by_role("link", name="Download the comparison (PDF)").click()
    assert Path(paper.value.path()).read_bytes().startswith(b"%PDF")


def decided(new_page: NewPage, desk: Page, edition: Edition, members: list[Person]) -> None:
    """Put a host and a reserve to the members; all agree, and it is recorded."""
    page = f"/hosting/calls/{edition.slug}"
    desk.goto(f"{page}/decision")
    desk.get_by_role("link", name="Ask the committee").first.click()
    desk.get_by_label("Host", exact=True).select_option(label="Alboria, Offerville")
    desk.get_by_label("Reserve").select_option(label="Brevania, Offerville")
    desk.get_by_label("Reason").fill("The better hall.")
    desk.get_by_label("What was weighed").fill("Costs against access.")
    desk.get_by_role("button", name="Ask the committee").click()
    expect(desk.get_by_text("The committee is asked; its members")).to_be_visible()
    for member in members:
        agrees = new_page(member)
        agrees.goto(f"{page}/decision")
        agrees.get_by_label("I agree").check()
        agrees.get_by_role("button", name="Send my answer").click()
        expect(agrees.get_by_text("Your answer is recorded.")).to_be_visible()
    desk.goto(f"{page}/decision")
    desk.get_by_role("button", name="Record the decision").click()
    expect(desk.get_by_role("heading", name="Alboria, Offerville")).to_be_visible()
    for told in ("The better hall.", "Costs against access.", "Brevania"):
        expect(desk.get_by_role("main").get_by_text(told).first).to_be_visible()


def announced(new_page: NewPage, desk: Page, edition: Edition, contact: Person) -> None:
    """Go on from the decision to the announcement, which waits for the agreement."""
    desk.goto(f"/organise/editions/{edition.slug}")
    desk.get_by_role("link", name="Confirm days and place").click()
    desk.get_by_label("Time zone").fill("Europe/Brussels")
    desk.get_by_role("button", name="Confirm the edition").click()
    desk.get_by_role("link", name="Announce it").click()
    desk.get_by_role("button", name="Announce the edition").click()
    expect(desk.get_by_role("alert").first).to_contain_text("agreement")
    visitor = new_page()
    visitor.goto(f"/editions/{edition.slug}")
    expect(visitor.get_by_text("Symposium")).to_have_count(0)
    desk.goto(f"/hosting/host/{edition.slug}/agreement")
    desk.get_by_role("link", name="Record that it is accepted").click()
    desk.get_by_label("What was said or agreed").fill("Signed by both sides.")
    desk.get_by_role("button", name="Record it").click()
    expect(desk.get_by_text("Recorded: Accepted.")).to_be_visible()
    desk.goto(f"/organise/editions/{edition.slug}")
    desk.get_by_role("link", name="Announce it").click()
    with desk.expect_navigation():
        desk.get_by_role("button", name="Announce the edition").click()
    visitor.goto(f"/editions/{edition.slug}")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Symposium")
    feed = visitor.request.get(f"/feeds/edition/{edition.slug}.ics").text()
    assert ("SUMMARY:Symposium" in feed, "STATUS:CONFIRMED" in feed) == (True, True)
    desk.goto("/organise/mail")
    expect(desk.get_by_role("link", name="Selected as host: Symposium")).to_be_visible()
    expect(desk.get_by_text(contact.email).first).to_be_visible()


def test_an_organiser_waives_the_agreement_in_writing_and_moves_the_event_abroad(
    new_page: NewPage,
) -> None:
    dtstart = utcnow().date() + timedelta(days=300)
    edition = make_edition(
        status=S.HOST_SELECTED, dtstart=dtstart, title="Symposium", city="Albor",
        country_code=make_country("XAA", name="Alboria").code,
    )  # fmt: skip
    make_country("XAB", name="Brevania")
    desk = new_page(make_person(role=Role.ORGANISER, commit=True))
    visitor = new_page()
    page = f"/organise/editions/{edition.slug}"

    def heading() -> str:
        visitor.goto(f"/editions/{edition.slug}")
        expect(visitor.get_by_role("heading", level=1)).to_be_visible()
        return visitor.get_by_role("heading", level=1).inner_text()

    desk.goto(page)
    desk.get_by_role("link", name="Confirm days and place").click()
    desk.get_by_label("Time zone").fill("Europe/Brussels")
    desk.get_by_role("button", name="Confirm the edition").click()
    desk.get_by_role("link", name="Announce it").click()
    desk.get_by_role("button", name="Announce the edition").click()
    expect(desk.get_by_role("alert").first).to_contain_text("or a waiver with its reason")
    assert heading() != "Symposium"

    desk.goto(page)
    desk.get_by_role("link", name="Record the agreement").click()
    desk.get_by_label("It is waived, for the reason below").check()
    desk.get_by_label("Reason of the waiver").fill("")
    desk.get_by_role("button", name="Record it").click()
    expect(desk.get_by_text("Say why the agreement is waived.").first).to_be_visible()
    expect(desk.get_by_label("It is waived, for the reason below")).to_be_checked()
    desk.get_by_label("Reason of the waiver").fill("A note verbale stands for it.")
    desk.get_by_role("button", name="Record it").click()
    expect(desk.get_by_text("Done: Record the agreement.")).to_be_visible()
    desk.goto(f"/hosting/host/{edition.slug}/agreement")
    expect(desk.get_by_text("A note verbale stands for it.").first).to_be_visible()
    expect(desk.get_by_text("The agreement is waived")).to_be_visible()

    desk.goto(page)
    desk.get_by_role("link", name="Announce it").click()
    desk.get_by_role("button", name="Announce the edition").click()
    expect(desk.get_by_text("Done: Announce it.")).to_be_visible()
    assert heading() == "Symposium"
    moved_abroad(desk, visitor, edition)


def moved_abroad(desk: Page, visitor: Page, edition: Edition) -> None:
    """Relocate what is announced: with a word on the agreement with the new host, not without."""
    # In another country there is nobody's agreement yet, and the world was told already.
    desk.get_by_role("link", name="Move to another place").click()
    expect(desk.get_by_label("Reason of the waiver")).to_have_value("")
    desk.get_by_label("Country", exact=True).select_option(label="Brevania")
    desk.get_by_label("City").fill("Brev")
    desk.get_by_label("Reason", exact=True).fill("The hall burnt down.")
    desk.get_by_role("button", name="Relocate the edition").click()
    expect(desk.get_by_role("alert").first).to_contain_text("agreement with Brevania is signed")
    expect(desk.get_by_label("Reason", exact=True)).to_have_value("The hall burnt down.")
    desk.get_by_label("It is waived, for the reason below").check()
    desk.get_by_label("Reason of the waiver").fill("The ministry has written.")
    desk.get_by_role("button", name="Relocate the edition").click()
    expect(desk.get_by_text("Done: Move to another place.")).to_be_visible()
    visitor.goto(f"/editions/{edition.slug}")
    expect(visitor.get_by_role("main")).to_contain_text("Brev, Brevania")
    feed = visitor.request.get(f"/feeds/edition/{edition.slug}.ics").text()
    assert ("LOCATION:Brev" in feed, "STATUS:CONFIRMED" in feed) == (True, True)


def host_confirmed(by: Person) -> Edition:
    """Make an edition that takes registrations, with its host's checklist."""
    now = utcnow()
    dtstart = now.date() + timedelta(days=200)
    edition = make_edition(
        status=S.HOST_SELECTED, dtstart=dtstart, title="Symposium", city="Albor",
        country_code=make_country("XAA", name="Alboria").code,
    )  # fmt: skip
    days = {"dtstart": dtstart, "dtend": dtstart + timedelta(days=3)}
    editions.confirm(
        edition, **days, tzid="UTC", city="Albor", venue="Hall", venue_address="", by=by, now=now
    )
    signed = agreements.Record(now.date(), "Signed")
    agreements.record(edition, AgreementAct.ACCEPTED, signed, by=by, now=now)
    editions.announce(edition, by=by, now=now)
    editions.set_status(edition, S.REGISTRATION_OPEN, by=by, now=now)
    edition.registration_opens_at = now - timedelta(days=1)
    return edition


def test_a_host_team_works_its_list_off_and_moves_the_event_by_a_proposal(
    new_page: NewPage,
) -> None:
    by, delegate = make_person(role=Role.ORGANISER), make_person()
    edition = host_confirmed(by)
    dtstart = edition.dtstart
    registrations.register(edition, delegate, now=utcnow())
    member = make_person(role=Role.HOST_TEAM, scope=edition.slug, commit=True)

    host = new_page(member)
    host.goto("/hosting/")
    host.get_by_role("link", name="Symposium").first.click()
    tasks = host.get_by_role("listitem").filter(has=host.get_by_role("button", name="Mark as done"))
    expect(tasks.first).to_be_visible()
    waiting = tasks.count()
    tasks.first.get_by_role("button", name="Mark as done").click()
    expect(host.get_by_text(re.compile("^Done: "))).to_be_visible()
    expect(tasks).to_have_count(waiting - 1)

    host.get_by_role("link", name="Proposals: other days, another place").click()
    host.get_by_role("link", name="Propose other days").click()
    later = dtstart + timedelta(days=14)
    host.get_by_label("First day").fill(later.isoformat())
    host.get_by_label("Last day").fill((later + timedelta(days=2)).isoformat())
    host.get_by_label("Reason").fill("The hall is taken.")
    host.get_by_role("button", name="Propose these days").click()
    expect(host.get_by_text("The proposal is on its way to the organisers.")).to_be_visible()
    host.get_by_role("link", name="Propose another place").click()
    host.get_by_label("City").fill("Port Albor")
    host.get_by_label("Reason").fill("Nearer to the airport.")
    host.get_by_role("button", name="Propose this place").click()
    expect(host.get_by_text("Nearer to the airport.")).to_be_visible()

    visitor = new_page()
    visitor.goto(f"/editions/{edition.slug}")
    expect(visitor.get_by_role("main")).not_to_contain_text("Port Albor")
    desk = new_page(by)
    for _proposal in range(2):
        desk.goto(f"/hosting/host/{edition.slug}/proposals")
        desk.get_by_role("link", name="Answer it").first.click()
        desk.get_by_label("Approve: the edition is moved, and everyone is written to").check()
        desk.get_by_role("button", name="Answer").click()
        expect(desk.get_by_text("Answered: Approved.")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_role("main")).to_contain_text("Port Albor")
    feed = visitor.request.get(f"/feeds/edition/{edition.slug}.ics").text()
    assert f"DTSTART;VALUE=DATE:{later:%Y%m%d}" in feed
    assert "LOCATION:Port Albor" in feed
    desk.goto("/organise/mail")
    expect(desk.get_by_role("link", name="Symposium has moved to other days")).not_to_have_count(0)
    for reader in (delegate, member):
        expect(desk.get_by_text(reader.email).first).to_be_visible()
