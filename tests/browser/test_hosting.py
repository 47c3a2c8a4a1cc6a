"""Offers and decisions on a telephone without scripts, by keyboard."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from app.accounts.models import Role
from app.clock import utcnow
from app.database import db
from app.hosting import judges
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    PDF,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
    pass_gates,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    NewPage = Callable[..., Page]

PHONE = {"viewport": {"width": 375, "height": 740}, "java_script_enabled": False}


def press(page: Page, button: str) -> None:
    """Press a button by the keyboard; it lies inside the screen's width."""
    found = page.get_by_role("button", name=button, exact=True)
    box = found.bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["x"] + box["width"] <= 375, box["height"] >= 24) == (True,) * 3
    with page.expect_navigation():
        found.press("Enter")


def test_a_country_offers_on_a_telephone_without_scripts_and_by_keyboard(
    new_page: NewPage,
) -> None:
    dtstart = utcnow().date() + timedelta(days=500)
    edition = make_edition(status=EditionStatus.CALL_OPEN, dtstart=dtstart, title="Symposium")
    make_call(edition)
    make_country("XAA", name="Alboria")
    contact, deputy = (make_person(role=Role.NATIONAL_CONTACT, scope="XAA") for _ in range(2))
    organiser = make_person(role=Role.ORGANISER, commit=True)

    phone = new_page(contact, **PHONE)
    phone.goto(f"/hosting/calls/{edition.slug}/offer")
    phone.get_by_label(re.compile("^City")).fill("Albor")
    press(phone, "Save as a draft")
    expect(phone.get_by_text("The draft is saved.")).to_be_visible()
    sections = phone.get_by_role("navigation", name="Sections of the offer")
    sections.get_by_role("link", name="Authority and letter").press("Enter")
    phone.get_by_label("Sponsoring authority").fill("Ministry of Energy")
    phone.get_by_label("The government’s letter").set_input_files(
        {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    press(phone, "Save and go on")
    phone.get_by_label("First wish: from").fill(dtstart.isoformat())
    phone.get_by_label("First wish: to").fill((dtstart + timedelta(days=9)).isoformat())
    press(phone, "Check these days")
    expect(phone.get_by_role("region", name="What lies on these days")).to_contain_text("clash")
    press(phone, "Save and go on")
    expect(phone.get_by_label(re.compile("^City"))).to_have_value("Albor")

    # A deputy fills in the rest meanwhile; nothing of either is lost.
    other = new_page(deputy, **PHONE)
    other.goto(phone.url)
    other.get_by_label(re.compile("^Hotels")).fill("Six within reach.")
    press(other, "Save")
    phone.get_by_label(re.compile("^Venue")).fill("Congress Hall")
    phone.get_by_label("Seats in the plenary room").fill("120")
    press(phone, "Save")
    expect(phone.get_by_text("Six within reach.")).to_be_visible()
    press(phone, "Send the offer in")
    expect(phone.get_by_text("The offer is submitted.")).to_be_visible()

    desk = new_page(organiser)
    desk.goto(phone.url)
    desk.get_by_role("link", name="Return it with comments").click()
    desk.get_by_label("Costs and grants").fill("Who pays for interpretation?")
    desk.get_by_role("button", name="Return the offer with these comments").click()
    expect(desk.get_by_text("The offer is returned.")).to_be_visible()

    other.goto(phone.url)
    expect(other.get_by_text("Who pays for interpretation?")).to_be_visible()
    other.get_by_role("navigation", name="Sections of the offer").get_by_role(
        "link", name="Costs and grants"
    ).press("Enter")
    line = other.get_by_role("group", name="Cost 1")
    line.get_by_label(re.compile("^What")).fill("Interpretation")
    line.get_by_label(re.compile("^Amount")).fill("12000")
    press(other, "Save and go on")
    other.goto(phone.url)
    press(other, "Send the offer in")
    expect(other.get_by_text("The offer is submitted.")).to_be_visible()
    other.get_by_role("link", name="Compare its 2 versions").press("Enter")
    expect(other.get_by_role("main")).to_contain_text("Interpretation: 12,000 EUR, the host")


def tab_to(page: Page, what: str) -> None:
    """Go on by the tabulator to the control that is called or reads ``what``."""
    for _stop in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if not focused.count():  # past the end, in the browser's own bar
            continue
        reads = " ".join((focused.text_content() or "").split())
        if focused.get_attribute("name") == what or reads.startswith(what):
            return
    raise AssertionError(what)


def type_in(page: Page, **told: str) -> None:
    """Type into the fields of these names, in the order in which they are come upon."""
    for name, text in told.items():
        tab_to(page, name.replace("__", "-"))
        page.keyboard.type(text)


def test_an_offer_is_written_whole_by_the_keyboard_alone_on_a_telephone_without_scripts(
    new_page: NewPage,
) -> None:
    dtstart = utcnow().date() + timedelta(days=500)
    edition = make_edition(status=EditionStatus.CALL_OPEN, dtstart=dtstart, title="Symposium")
    make_call(edition)
    make_country("XAA", name="Alboria")
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA", commit=True)
    phone = new_page(contact, **PHONE, locale="en-US")
    keys = phone.keyboard

    phone.goto("/hosting/")
    go_on(phone, "Offer to host", by="Offer to host")
    go_on(phone, "Offer of Alboria", by="Save as a draft")
    go_on(phone, "Authority and letter", by="Fill in: Authority and letter")
    type_in(phone, authority="Ministry of Energy", signatory="The Minister")
    # The window in which a system lets one choose a file is none of the page's.
    phone.get_by_label("The government’s letter").set_input_files(
        {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    go_on(phone, "Dates")
    days = (dtstart, dtstart + timedelta(days=9))
    type_in(phone, first_1=f"{days[0]:%m%d%Y}", last_1=f"{days[1]:%m%d%Y}")
    go_on(phone, "Venue, capacity, accessibility")
    type_in(phone, city="Albor", venue="Congress Hall", capacity="0", breakout_rooms="3 of 25",
            accessibility="Step-free.", hotels="Six within reach.")  # fmt: skip
    go_on(phone, "Venue, capacity, accessibility")
    # What cannot be is told on top, and leads to its field; all else is as it was typed.
    expect(phone.get_by_role("alert")).to_contain_text("Seats in the plenary room")
    tab_to(phone, "Seats in the plenary room")
    keys.press("Enter")
    expect(phone.get_by_label("Hotels")).to_have_value("Six within reach.")
    tab_to(phone, "capacity")
    keys.press("Control+A")
    keys.type("120")
    go_on(phone, "Access and visas")
    type_in(phone, airport="Albor, 9 km", transfer="Train", visa_who="Nobody", visa_days="0")
    tab_to(phone, "no_barrier")
    keys.press("Space")
    go_on(phone, "Legal assurances and security")
    type_in(phone, legal="As for other bodies.", security_contact="The Head of Security")
    go_on(phone, "Programme, languages, network")
    type_in(phone, languages="English", interpretation="Two booths", network="Its own",
            showcase="A visit")  # fmt: skip
    go_on(phone, "Costs and grants")
    type_in(phone, rows__0__item="Hall", rows__0__amount="12500.50", grants="Eight journeys.")
    go_on(phone, "Fallback and contacts")
    type_in(phone, fallback="Another hall.", contact_name="A. Contact",
            contact_email="contact@example.org")  # fmt: skip
    go_on(phone, "Offer of Alboria", by="Save")
    expect(phone.get_by_text("100% of what is asked for is told")).to_be_visible()
    go_on(phone, "Offer of Alboria", by="Send the offer in")
    expect(phone.get_by_text("The offer is submitted.")).to_be_visible()
    expect(phone.get_by_role("main")).to_contain_text("12,500.50")


def go_on(page: Page, to: str, *, by: str = "Save and go on") -> None:
    """Come to the page ``to`` by a button or link and the keyboard."""
    tab_to(page, by)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(to)


def test_a_committee_scores_disagrees_votes_and_the_ballot_decides(new_page: NewPage) -> None:
    dtstart = utcnow().date() + timedelta(days=500)
    edition = make_edition(
        status=EditionStatus.UNDER_EVALUATION, dtstart=dtstart, title="Symposium"
    )
    call = make_call(edition, closes_at=utcnow() - timedelta(days=1))
    for code, name in (("XAA", "Alboria"), ("XAB", "Brevania")):
        pass_gates(make_offer(edition, make_country(code, name=name)))
    members = [make_person(role=Role.COMMITTEE) for _ in range(2)]
    organiser = make_person(role=Role.ORGANISER)
    for member in members:
        judges.assign(call, member, None, by=organiser, now=utcnow())
    db.session.commit()
    decision = f"/hosting/calls/{edition.slug}/decision"

    first, second = (new_page(member, **PHONE) for member in members)
    first.goto("/organise/")
    first.get_by_role("link", name="Score it").first.press("Enter")
    expect(first.get_by_role("button", name="Give these scores")).to_be_visible()
    for criterion in first.get_by_role("group").all():
        criterion.get_by_label("4", exact=True).check()
    press(first, "Give these scores")
    expect(first.get_by_text("Your scores are recorded.")).to_be_visible()

    desk = new_page(organiser)
    desk.goto(f"{decision}/propose")
    desk.get_by_label("Host", exact=True).select_option(label="Alboria, Offerville")
    desk.get_by_label("Reason").fill("The best venue.")
    desk.get_by_label("What was weighed").fill("Costs against access.")
    desk.get_by_role("button", name="Ask the committee").click()
    expect(desk.get_by_text("The committee is asked; its members")).to_be_visible()

    second.goto("/organise/")
    second.get_by_role("link", name="Answer").press("Enter")
    second.get_by_label("I object, and ask for a secret ballot").check()
    second.get_by_label("Reason").fill("Too far for half of us.")
    press(second, "Send my answer")
    expect(second.get_by_text("Your answer is recorded.")).to_be_visible()

    desk.goto(decision)
    expect(desk.get_by_text("Too far for half of us.")).to_be_visible()
    desk.get_by_role("link", name="Open the secret ballot").click()
    desk.get_by_role("button", name="Open the secret ballot").click()
    for member in (first, second):
        member.goto("/organise/")
        member.get_by_role("link", name="Vote").press("Enter")
        member.get_by_label("Brevania").select_option("1")
        press(member, "Cast my ballot")
        expect(member.get_by_text("Your ballot is in the box.")).to_be_visible()

    desk.goto(decision)
    desk.get_by_role("button", name="Count the ballots").click()
    desk.get_by_role("link", name="Record the decision").click()
    desk.get_by_label("Reason").fill("The ballot.")
    desk.get_by_label("What was weighed").fill("Distance.")
    desk.get_by_role("button", name="Record the decision").click()
    expect(desk.get_by_text("The decision is recorded.")).to_be_visible()
    expect(desk.get_by_role("heading", name="Brevania, Offerville")).to_be_visible()
