"""Each policy from the day that opens registration to the certificate, while the days go by."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.accounts.models import Role
from app.database import db
from app.documents import service as documents
from app.documents.models import DocumentKind
from app.registrations import queries
from scheduler.lifecycle import EditionStatus
from tests.browser.test_registrations import WORDS, fetched
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from playwright.sync_api import Page

    from app.accounts.models import Person
    from app.editions.models import Edition

    NewPage = Callable[..., Page]

FIRST_DAY = date(2028, 5, 9)
POLICIES = {
    "open": "Nobody: places go in order of arrival",
    "approval": "The organisers",
    "nomination": "The national contact endorses, then the organisers decide",
}
PLACE = "You have a place"
LOOKS = [
    pytest.param({"viewport": {"width": 1280, "height": 900}}, id="wide"),
    pytest.param(
        {"viewport": {"width": 375, "height": 800}, "java_script_enabled": False},
        id="narrow and without scripts",
    ),
]


@pytest.fixture
def go_to(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Let the domain's clock show another day."""

    def turn(day: date) -> None:
        wanted = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        monkeypatch.setitem(app.extensions, "clock_offset", wanted - datetime.now(UTC))

    return turn


def send(page: Page) -> None:
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your place")


def endorse(page: Page, edition: Edition, name: str) -> None:
    page.goto(f"/delegations/{edition.slug}")
    page.get_by_text(re.compile(f"ank or replace.*{name}")).click()
    entry = page.get_by_role("listitem").filter(has_text=name)
    entry.get_by_label("What to do").select_option("Endorse")
    entry.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("Done, and the person is written to.")).to_be_visible()


def accept(page: Page, edition: Edition, name: str) -> None:
    page.goto(f"/organise/editions/{edition.slug}/selection")
    page.get_by_role("checkbox", name=name).check()
    page.get_by_label("With the chosen").select_option("Accept: a place, or the queue")
    page.get_by_role("button", name="See what it would do").click()
    outcome = page.locator(".notice", has_text="nothing is done yet")
    expect(outcome.get_by_role("listitem")).to_contain_text("Place confirmed")
    outcome.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("Done, and the people are written to.")).to_be_visible()


def with_certificates(edition: Edition) -> Person:
    organiser = make_person(role=Role.ORGANISER)
    documents.write(edition, DocumentKind.CERTIFICATE, WORDS, by=organiser, now=OPENING)
    return organiser


def open_registration(page: Page, edition: Edition, policy: str) -> None:
    page.goto(f"/organise/editions/{edition.slug}/open-registration")
    page.locator("#capacity").fill("5")
    page.get_by_label(POLICIES[policy], exact=True).check()
    page.get_by_role("button", name="Open registration").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fourth Symposium")


def let_in(page: Page, edition: Edition) -> None:
    """Let somebody in after the closing, for a reason."""
    page.goto(f"/organise/editions/{edition.slug}/selection/invite")
    page.get_by_label("E-mail address").fill("late@example.org")
    page.get_by_label("Country").select_option("Alboria")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Reason")
    page.get_by_label("Reason").fill("The visa came late.")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("The invitation is on its way.")).to_be_visible()


def check_in(page: Page, edition: Edition, *, has_scripts: object) -> None:
    page.goto(f"/door/{edition.slug}")
    page.get_by_label("Code on the badge, or a name").fill("Ana")
    if not has_scripts:
        page.get_by_label("Code on the badge, or a name").press("Enter")
    page.get_by_role("button", name=re.compile("Check in")).click()
    expect(page.get_by_text("Ana García is checked in.")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("policy", POLICIES)
def test_from_the_opening_to_the_certificate(
    go_to: Callable[[date], None], new_page: NewPage, policy: str, look: dict[str, object]
) -> None:
    country = make_country("XAA", name="Alboria")
    edition = make_edition(
        title="Fourth Symposium", status=EditionStatus.ANNOUNCED, dtstart=FIRST_DAY, city="Albor"
    )
    organiser = with_certificates(edition)
    contact = make_person(role=Role.NATIONAL_CONTACT, scope=country.code)
    late = make_person("late@example.org", name="Late Lena")
    ana = make_person("ana@example.org", name="Ana García", commit=True)

    desk = new_page(organiser, **look)
    open_registration(desk, edition, policy)
    opens_on, closes_on = days_of(edition)

    page = new_page(ana, **look)
    page.goto(f"/editions/{edition.slug}/register")
    expect(page.get_by_text("Registration opens on").first).to_be_visible()
    expect(page.get_by_role("button", name="Register", exact=True)).to_have_count(0)

    go_to(opens_on)
    page.goto(f"/editions/{edition.slug}/register")
    page.get_by_label("Country you come for").select_option("Alboria")
    send(page)
    place = page.url
    if policy == "nomination":
        expect(page.get_by_text("The national contact of Alboria first")).to_be_visible()
        endorse(new_page(contact, **look), edition, "Ana García")
        page.reload()
        expect(page.get_by_text("Alboria endorses you; the organisers have not")).to_be_visible()
    if policy != "open":
        accept(desk, edition, "Ana García")
        page.reload()
    expect(page.get_by_text(PLACE, exact=True)).to_be_visible()

    # Whoever comes late is let in by an organiser, with a reason.
    go_to(closes_on + timedelta(days=1))
    guest = new_page(late, **look)
    guest.goto(f"/editions/{edition.slug}/register")
    expect(guest.get_by_text("Registration closed on").first).to_be_visible()
    let_in(desk, edition)
    guest.goto(f"/editions/{edition.slug}/register")
    send(guest)
    expect(guest.get_by_text(PLACE, exact=True)).to_be_visible()
    expect(guest.get_by_text("The visa came late.").first).to_be_visible()

    go_to(FIRST_DAY)
    door = new_page(organiser, **look)
    check_in(door, edition, has_scripts=look.get("java_script_enabled", True))
    assert until(
        lambda: states_of(edition) == {"Ana García": "checked_in", "Late Lena": "confirmed"}
    )

    go_to(FIRST_DAY + timedelta(days=5))
    door.goto(f"/door/{edition.slug}")
    door.get_by_role("button", name="Close the list").click()
    expect(door.get_by_text("The list is closed: 1 attended, 1 did not come.")).to_be_visible()
    page.goto(place)
    expect(page.get_by_text("You took part")).to_be_visible()
    assert fetched(page, "Certificate of attendance").startswith(b"%PDF")
    guest.reload()
    expect(guest.get_by_text("nobody saw you at the door")).to_be_visible()
    expect(guest.get_by_role("button", name="Certificate of attendance")).to_have_count(0)


def days_of(edition: Edition) -> tuple[date, date]:
    """Return the days on which registration opens and closes: those of the milestones."""
    db.session.rollback()
    db.session.refresh(edition)
    opens_on, closes_on = edition.registration_opens_on, edition.registration_closes_on
    assert OPENING.date() < opens_on < closes_on < FIRST_DAY
    return opens_on, closes_on


def states_of(edition: Edition) -> dict[str, str]:
    db.session.rollback()
    return {row.person.name: row.status.value for row in queries.live(edition)}
