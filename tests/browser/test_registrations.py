"""From the calendar to the certificate, as participant, national contact and organiser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app import database
from app.accounts.models import Role
from app.database import db
from app.documents import service as documents
from app.documents.models import DocumentKind
from app.editions.models import AdmissionPolicy
from app.registrations import queries, selection, service
from app.registrations.models import QuotaScope
from app.registrations.service import Particulars
from scheduler.lifecycle import RegistrationStatus
from tests.factories import OPENING, limit, make_country, make_edition, make_person
from tests.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from app.editions.models import Edition

    NewPage = Callable[..., Page]

TOMORROW = OPENING.date() + timedelta(days=1)
WORDS = {
    "issuer": "The secretariat",
    "signatory": "A. Signatory",
    "signatory_title": "Secretary",
    "body": "Dear {name},\n\nwelcome to {event}.",
}


def fetched(page: Page, name: str) -> bytes:
    """Return the document behind a button; the browser would show it in a viewer of its own."""
    form = page.locator("form", has=page.get_by_role("button", name=name))
    token = form.locator("[name=csrf_token]").input_value()
    answer = page.request.post(form.get_attribute("action") or "", form={"csrf_token": token})
    assert answer.ok
    return answer.body()


def has_come(edition: Edition) -> bool:
    db.session.rollback()
    return [row.status for row in queries.live(edition)] == [RegistrationStatus.CHECKED_IN]


def let_it_pass(edition: Edition) -> None:
    """The days of ``edition`` go by."""
    db.session.rollback()
    database.write(edition)
    edition.dtstart, edition.dtend = TOMORROW - timedelta(days=9), TOMORROW - timedelta(days=7)
    db.session.commit()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_participant_goes_from_the_calendar_to_the_certificate(
    new_page: NewPage, *, scripts: bool
) -> None:
    organiser = make_person(role=Role.ORGANISER)
    edition = make_edition(title="Fourth Symposium", capacity=1, dtstart=TOMORROW, city="Albor")
    holder = service.register(edition, make_person(), now=OPENING)
    for kind in (DocumentKind.INVITATION, DocumentKind.CERTIFICATE):
        documents.write(edition, kind, WORDS, by=organiser, now=OPENING)
    keeper = make_person(role=Role.HOST_TEAM, scope=edition.slug)
    person = make_person("ana@example.org", commit=True)

    page = new_page(person, java_script_enabled=scripts)
    page.goto("/")
    page.get_by_role("link", name="Fourth Symposium").first.click()
    page.get_by_role("link", name="Join the waiting list").first.click()
    told = "No place is free for you now: you would be number 1 in the queue"
    expect(page.get_by_text(told)).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("Ana García")
    consents = page.get_by_role("group", name="What I agree to").get_by_role("checkbox")
    expect(consents.first).to_be_visible()
    for consent in consents.all():
        expect(consent).not_to_be_checked()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("I accept the terms: Tick the box")
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Ana García")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("You are number 1 in the queue", exact=True)).to_be_visible()
    service.cancel(holder, by=organiser, now=OPENING)
    db.session.commit()
    page.reload()
    expect(page.get_by_text("You have a place")).to_be_visible()
    place = page.url
    assert fetched(page, "Letter of invitation").startswith(b"%PDF")
    assert fetched(page, "Badge").startswith(b"%PDF")

    door = new_page(keeper, java_script_enabled=scripts)
    door.goto(f"/door/{edition.slug}")
    door.get_by_label("Code on the badge, or a name").fill("Ana")
    if not scripts:
        door.get_by_label("Code on the badge, or a name").press("Enter")
    door.get_by_role("button", name=re.compile("Check in")).click()
    expect(door.get_by_text("Ana García is checked in.")).to_be_visible()

    # With scripts the device says so at once, and sends it then.
    assert until(lambda: has_come(edition))
    let_it_pass(edition)
    page.goto(place)
    assert fetched(page, "Certificate of attendance").startswith(b"%PDF")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_contact_nominates_ranks_and_replaces_without_losing_the_place(
    new_page: NewPage, *, scripts: bool
) -> None:
    country = make_country("XAA", name="Alboria")
    edition = make_edition(
        title="Fourth Symposium", capacity=1, admission_policy=AdmissionPolicy.NOMINATION
    )
    contact = make_person(role=Role.NATIONAL_CONTACT, scope=country.code)
    organiser = make_person(role=Role.ORGANISER)
    ana = make_person("ana@example.org", name="Ana García", commit=True)

    page = new_page(contact, java_script_enabled=scripts)
    page.goto("/delegations/")
    page.get_by_role("link", name="Fourth Symposium").click()
    nominate = page.locator("form", has=page.get_by_role("button", name="Nominate"))
    for email, name in (("ben@example.org", "Ben"), ("ana@example.org", "")):
        nominate.get_by_label("E-mail address").fill(email)
        nominate.get_by_label("Name").fill(name)
        nominate.get_by_role("button", name="Nominate").click()
        expect(page.get_by_text("Done, and the person is written to.")).to_be_visible()
    nominate.get_by_label("E-mail address").fill("ANA@example.org ")
    nominate.get_by_role("button", name="Nominate").click()
    expect(page.get_by_role("alert")).to_contain_text("ana@example.org is registered for Fourth")

    def about(name: str, act: str) -> None:
        page.get_by_text(re.compile(f"ank or replace.*{name}")).click()
        entry = page.get_by_role("listitem").filter(has_text=name)
        entry.get_by_label("What to do").select_option(act)

    def entry_of(name: str) -> Page:
        return page.get_by_role("listitem").filter(has_text=name)

    # What is stored of the address is not the contact's to read before the person confirms.
    about("ana@example.org", "Rank")
    entry_of("ana@example.org").get_by_label("Rank").fill("1")
    entry_of("ana@example.org").get_by_role("button", name="Do it").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("1. ana@example.org")

    nominee = new_page(ana, java_script_enabled=scripts)
    nominee.goto(f"/editions/{edition.slug}/register")
    expect(nominee.get_by_text("You are nominated")).to_be_visible()
    nominee.get_by_label("I accept the terms").check()
    nominee.get_by_role("button", name="Register").click()
    expect(nominee.get_by_text("is sent; we write to you.")).to_be_visible()
    db.session.rollback()
    (place,) = [row for row in queries.live(edition) if row.person_id == ana.id]
    now = OPENING
    selection.decide_many(edition, [place], "accept", reason="", by=organiser, now=now)
    db.session.commit()
    assert place.status is RegistrationStatus.CONFIRMED

    page.reload()
    about("Ana García", "Replace by a colleague")
    entry_of("Ana García").get_by_role("button", name="Do it").click()
    expect(page.get_by_role("alert")).to_contain_text("Write the address of the colleague")
    # The form stands open where it was, the other's is untouched.
    entry_of("Ana García").get_by_label("Colleague’s e-mail address").fill("zoe@example.org")
    entry_of("Ana García").get_by_label("Colleague’s name").fill("Zoë")
    entry_of("Ana García").get_by_role("button", name="Do it").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("1. Zoë")
    nominee.reload()
    expect(nominee.get_by_text("Replaced").first).to_be_visible()
    db.session.rollback()
    kept = [row for row in queries.live(edition) if row.rank == 1]
    assert [(row.person.email, row.holds_seat) for row in kept] == [("zoe@example.org", True)]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_organiser_filters_looks_decides_and_writes(new_page: NewPage, *, scripts: bool) -> None:
    edition = make_edition(
        title="Fourth Symposium", capacity=2, admission_policy=AdmissionPolicy.APPROVAL
    )
    for code, name in (("XAA", "Alboria"), ("XAB", "Brevania")):
        make_country(code, name=name)
    for name, code in (("Ana", "XAA"), ("Ben", "XAA"), ("Cleo", "XAA"), ("Dan", "XAB")):
        person = make_person(f"{name.lower()}@example.org", name=name)
        told = Particulars(country_code=code)
        service.register(edition, person, now=OPENING, told=told)
    organiser = make_person("olivia@example.org", role=Role.ORGANISER, commit=True)

    page = new_page(organiser, java_script_enabled=scripts)
    page.goto(f"/organise/editions/{edition.slug}/selection")
    page.get_by_label("Country").select_option("Alboria")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("checkbox", name="Dan")).to_have_count(0)
    page.get_by_label("Everyone whom this list shows").check()
    page.get_by_role("button", name="See what it would do").click()
    outcome = page.locator(".notice", has_text="nothing is done yet")
    expect(outcome.get_by_role("listitem")).to_have_text(
        [
            "Ana: Waiting for a decision → Place confirmed",
            "Ben: Waiting for a decision → Place confirmed",
            "Cleo: Waiting for a decision → On the waiting list",
        ]
    )
    outcome.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("Done, and the people are written to.")).to_be_visible()
    expect(page.get_by_label("Country")).to_have_value("XAA")

    page.get_by_role("link", name="Show everything").click()
    page.get_by_role("checkbox", name="Dan").check()
    page.get_by_label("With the chosen").select_option("Decline")
    page.locator("#submit").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    expect(page.get_by_role("checkbox", name="Dan")).to_be_checked()
    page.get_by_label("Reason").fill("Places are few this year.")
    page.locator("#submit").click()
    expect(page.get_by_role("row", name="Dan")).to_contain_text("Not selected")

    page.get_by_role("link", name="Limits and the queue").click()
    page.locator("#capacity").fill("1")
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_text("Below what is taken")).to_be_visible()
    page.locator("#capacity").fill("3")
    page.get_by_role("button", name="See what it would do").click()
    moving = page.locator(".notice", has_text="nothing is saved yet")
    expect(moving.get_by_role("listitem").first).to_have_text("Cleo")
    page.get_by_role("button", name="Save the limits").click()
    expect(page.get_by_text("The limits are saved; 1 moved up.")).to_be_visible()

    page.goto(f"/organise/editions/{edition.slug}/messages/new")
    page.get_by_label("Place confirmed (3)").check()
    page.get_by_role("textbox", name="Subject").fill("News of {event}")
    page.get_by_role("textbox", name="Message").fill("Dear {nme},\n\nsee you soon.")
    page.get_by_role("button", name="See it before it goes").click()
    expect(page.get_by_role("alert")).to_contain_text("{nme}")
    page.get_by_role("textbox", name="Message").fill("Dear {name},\n\nsee you soon.")
    page.get_by_role("button", name="See it before it goes").click()
    expect(page.get_by_role("heading", name="As Ana reads it")).to_be_visible()
    expect(page.get_by_text("Dear Ana,")).to_be_visible()
    page.get_by_role("button", name="Send it to 3 people").click()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("0 of 3 people were written to.")).to_be_visible()


def test_a_quota_shows_whom_it_lets_in_before_it_is_saved(new_page: NewPage) -> None:
    edition = make_edition(title="Fourth Symposium", capacity=5)
    organiser = make_person(role=Role.ORGANISER)
    make_country("XAA", name="Alboria")
    limit(edition, (QuotaScope.COUNTRY, "", 1))
    for name in ("Ana", "Ben"):
        told = Particulars(country_code="XAA")
        service.register(edition, make_person(name=name), now=OPENING, told=told)
    db.session.commit()
    page = new_page(organiser)
    page.goto(f"/organise/editions/{edition.slug}/selection")
    expect(page.get_by_role("row", name="Ben")).to_contain_text("1 of 1")
    page.get_by_role("link", name="Limits and the queue").click()
    page.locator("#rows-0-places").fill("2")
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_text("1 person would move up:")).to_be_visible()
    page.reload()
    db.session.rollback()
    assert [row.holds_seat for row in queries.live(edition)] == [True, False]


def test_the_readers_own_time_is_told_in_the_words_of_the_page(new_page: NewPage) -> None:
    closes = make_edition(
        title="Symposium",
        tzid="Africa/Lagos",
        registration_closes_at=OPENING.replace(month=2, day=16, hour=23),
        commit=True,
    )
    page = new_page(locale="en-US", timezone_id="America/New_York")
    page.goto(f"/editions/{closes.slug}/register")
    expect(page.locator("time[data-local]")).to_have_text(
        "Tuesday 16 February 2027, 24:00 (Lagos time) – 16 February 2027, 18:00 where you are"
    )
