from __future__ import annotations

import re
import urllib.request
from datetime import date, timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest
from playwright.sync_api import expect

from app import database
from app.accounts.models import Role
from app.clock import utcnow
from app.database import db
from app.editions import queries as editions
from scheduler.lifecycle import EditionStatus
from tests.factories import PDF, make_call, make_country, make_edition, make_person, make_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    NewPage = Callable[..., Page]


def test_an_organiser_founds_a_series_and_applies_its_plan(new_page: NewPage) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto("/organise/series/new")
    page.get_by_label("Title").fill("Forum of Practitioners")
    page.get_by_label("Every how many years").fill("2")
    page.get_by_label("Month", exact=True).select_option("September")
    page.get_by_label("Which weekday").select_option("second")
    page.get_by_label("Weekday", exact=True).select_option("Monday")
    page.get_by_label("First edition on or after").fill("2027-01-01")
    # The preview follows while one types.
    preview = page.get_by_role("region", name="What this rule means")
    expect(preview).to_contain_text("Every 2 years, second Monday of September, 3 days")
    expect(preview.get_by_role("listitem").first).to_contain_text("13–15 September 2027")
    page.get_by_role("button", name="Save the series").click()
    page.get_by_role("button", name=re.compile("Apply")).click()
    expect(page.get_by_text("editions changed")).to_be_visible()
    db.session.expire_all()
    planned = [edition.dtstart for edition in editions.every_edition()]
    assert planned[:2] == [date(2027, 9, 13), date(2029, 9, 10)]
    expect(page.get_by_text("No change to apply")).to_be_visible()


def test_a_refused_rule_says_why_and_keeps_what_was_typed(new_page: NewPage) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto("/organise/series/new")
    page.get_by_label("Title").fill("Impossible")
    page.get_by_label("By a rule of my own (RRULE)").check()
    page.get_by_label("Recurrence rule").fill("FREQ=WEEKLY;INTERVAL=0")
    page.get_by_role("button", name="Save the series").click()
    expect(page.get_by_role("alert").first).to_contain_text("INTERVAL")
    expect(page.get_by_label("Recurrence rule")).to_have_value("FREQ=WEEKLY;INTERVAL=0")
    expect(page.get_by_label("Title")).to_have_value("Impossible")


def test_a_country_offers_and_is_selected_confirmed_and_announced(new_page: NewPage) -> None:
    country = make_country("XAD", name="Dorvenia")
    other = make_country("XAB", name="Brevania")
    dtstart = utcnow().date() + timedelta(days=400)
    edition = make_edition(
        status=EditionStatus.CALL_OPEN, dtstart=dtstart, title="Symposium", public_since=None
    )
    make_call(edition)
    contact, loser = (
        make_person(role=Role.NATIONAL_CONTACT, scope=state.code) for state in (country, other)
    )
    organiser = make_person(role=Role.ORGANISER, commit=True)
    for person, city in ((contact, "Dorven"), (loser, "Breva City")):
        offer = new_page(person)
        offer.goto("/hosting/")
        offer.get_by_role("link", name="Offer to host").click()
        offer.get_by_label("City", exact=True).fill(city)
        offer.get_by_label("Venue").fill("Congress Hall")
        offer.get_by_label("Capacity").fill("120")
        offer.get_by_label("First wish: from").fill(dtstart.isoformat())
        offer.get_by_label("First wish: to").fill((dtstart + timedelta(days=9)).isoformat())
        offer.get_by_label("The government’s letter").set_input_files(
            {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": PDF}
        )
        offer.get_by_role("button", name="Submit the offer").click()
        expect(offer.get_by_text("The offer is submitted")).to_be_visible()

    desk = new_page(organiser)
    desk.goto(f"/hosting/calls/{edition.slug}")
    desk.get_by_role("button", name="Close the call and compare").click()
    desk.get_by_label("Offer", exact=True).select_option("Dorvenia, Dorven")
    desk.get_by_label("Reason").fill("Best venue and access.")
    desk.get_by_role("button", name="Select this host").click()
    expect(desk.get_by_text("The host is selected")).to_be_visible()
    desk.get_by_role("link", name="Confirm days and place").click()
    desk.get_by_label("Time zone").fill("Europe/Brussels")
    desk.get_by_role("button", name="Confirm the edition").click()
    desk.get_by_role("link", name="Record the agreement").click()
    desk.get_by_role("button", name="Record it").click()
    desk.get_by_role("link", name="Announce it").click()
    desk.get_by_role("button", name="Announce the edition").click()
    desk.get_by_role("link", name="Open registration", exact=True).click()
    desk.get_by_label("Capacity").fill("1")
    desk.get_by_label("First day to register").fill("")
    desk.get_by_role("button", name="Open registration").click()

    visitor = new_page()
    visitor.goto(f"/editions/{edition.slug}")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Symposium")
    expect(visitor.get_by_role("link", name="Register").first).to_be_visible()
    desk.goto("/organise/mail")
    expect(desk.get_by_role("link", name="Selected as host: Symposium")).to_be_visible()
    expect(desk.get_by_role("link", name="Decision on hosting: Symposium")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_participant_registers_waits_and_moves_up(new_page: NewPage, *, scripts: bool) -> None:
    edition = make_edition(capacity=1, title="Symposium")
    first, second = make_person(), make_person(commit=True)
    pages = [new_page(person, java_script_enabled=scripts) for person in (first, second)]
    for page, link in zip(pages, ("Register", "Join the waiting list"), strict=True):
        page.goto(f"/editions/{edition.slug}")
        page.get_by_role("link", name=link).first.click()
        page.get_by_role("textbox", name="Name").fill("Ana Delegate")
        page.get_by_label("I accept the terms").check()
        page.get_by_role("button", name="Register").click()
    expect(
        pages[0].get_by_text("You are registered for Symposium and have a place")
    ).to_be_visible()
    expect(pages[1].get_by_text("You are number 1 in the queue", exact=True)).to_be_visible()
    pages[0].get_by_role("button", name="Cancel my registration").click()
    expect(pages[0].get_by_text("Your registration is cancelled")).to_be_visible()
    pages[1].reload()
    expect(pages[1].get_by_text("Confirmed").first).to_be_visible()


def test_a_visitor_is_led_by_a_link_to_the_place(new_page: NewPage) -> None:
    edition = make_edition(capacity=1, title="Symposium", commit=True)
    organiser = new_page(make_person(role=Role.ORGANISER, commit=True))
    page = new_page()
    page.goto(f"/editions/{edition.slug}/register")
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_text("new@example.org").first).to_be_visible()
    organiser.goto("/organise/mail")
    organiser.get_by_role("link", name="Your sign-in link").first.click()
    link = organiser.locator("pre a").first.get_attribute("href") or ""
    page.goto(link[link.index("/login/link/") :])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("You are registered for Symposium and have a place")).to_be_visible()


def test_a_late_delegate_is_told_why(new_page: NewPage) -> None:
    edition = make_edition(title="Symposium 2027", capacity=5)
    page = new_page(make_person(commit=True))
    page.goto(f"/editions/{edition.slug}/register")
    page.get_by_label("I accept the terms").check()
    database.write(edition)
    edition.status = EditionStatus.REGISTRATION_CLOSED
    db.session.commit()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert").first).to_contain_text("Symposium 2027 is closed")


def test_a_postponement_reaches_the_subscriber_in_place(new_page: NewPage, live_url: str) -> None:
    edition = make_edition(title="Symposium", series=make_series(), city="Brussels")
    page = new_page(make_person(role=Role.ORGANISER, commit=True))

    def fetch() -> icalendar.Event:
        with urllib.request.urlopen(f"{live_url}/feeds/all.ics") as answer:  # noqa: S310 - loopback
            (event,) = icalendar.Calendar.from_ical(answer.read()).walk("VEVENT")
        return event

    before = fetch()
    page.goto(f"/organise/editions/{edition.slug}/postpone")
    new_day = edition.dtstart + timedelta(days=70)
    page.get_by_label("New first day").fill(new_day.isoformat())
    page.get_by_label("New last day").fill((new_day + timedelta(days=2)).isoformat())
    page.get_by_label("Reason").fill("The venue flooded.")
    page.get_by_role("button", name="Postpone the edition").click()
    expect(page.get_by_text("Postponed").first).to_be_visible()
    after = fetch()
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "TENTATIVE")
    assert after.start == new_day
    assert after.end == new_day + timedelta(days=3)
