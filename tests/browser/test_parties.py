"""A party from its making to its places: by keyboard alone, and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.accounts.models import Role
from app.database import db
from app.registrations import queries, service
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    NewPage = Callable[..., Page]

TABS_MOST = 60


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on by the tab key until ``wanted`` has the focus, as who has no mouse does."""
    for _press in range(TABS_MOST):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{wanted} is not reached by keyboard")


def press(page: Page, role: str, name: str | re.Pattern[str]) -> None:
    tab_to(page, page.get_by_role(role, name=name))
    page.keyboard.press("Enter")


def register(page: Page) -> None:
    tab_to(page, page.get_by_label("I accept the terms"))
    page.keyboard.press("Space")
    press(page, "button", "Register")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your place")


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_three_come_together_by_keyboard_and_the_desk_knows_them(
    new_page: NewPage, width: int, *, scripts: bool
) -> None:
    edition = make_edition(title="Fourth Symposium", capacity=3)
    holder = service.register(edition, make_person(), now=OPENING)
    people = [make_person(name=name, commit=True) for name in ("Ana", "Ben", "Cleo")]
    look = {"java_script_enabled": scripts, "viewport": {"width": width, "height": 800}}

    first = new_page(people[0], **look)
    first.goto(f"/editions/{edition.slug}/register")
    press(first, "link", "Make a party first")
    tab_to(first, first.get_by_label("How many you are, yourself included"))
    first.keyboard.type("11")
    press(first, "button", "Make the party")
    expect(first.get_by_role("alert")).to_contain_text("between 2 and 10")
    size = first.get_by_label("How many you are, yourself included")
    expect(size).to_have_value("11")
    size.focus()
    first.keyboard.press("ControlOrMeta+a")
    first.keyboard.type("3")
    press(first, "button", "Make the party")
    link = first.get_by_label("Share this address with those who come with you")
    shared = link.input_value()
    press(first, "link", "Complete the registration")
    register(first)
    expect(first.get_by_text("Your party is not complete yet")).to_be_visible()
    expect(first.get_by_text("The rest of the party: 1 of 3 have registered").first).to_be_visible()

    others = []
    for person in people[1:]:
        page = new_page(person, **look)
        page.goto(shared.partition("8000")[2])  # our own address has another port here
        press(page, "button", "Come with this party")
        register(page)
        others.append(page)
    first.reload()
    expect(first.get_by_text("You are number 1 in the queue", exact=True)).to_be_visible()
    expect(
        first.get_by_text("Party of 3, seated together: Places: 1 of 3 taken, 2 free")
    ).to_be_visible()
    for name in ("Ben", "Cleo"):
        expect(first.get_by_text(name)).to_have_count(0)

    # One leaves: the two that stay fit, and get their places at once.
    press(others[1], "button", "Leave the party")
    expect(others[1].get_by_text("You are number 1 in the queue", exact=True)).to_be_visible()
    first.reload()
    expect(first.get_by_text("You have a place", exact=True)).to_be_visible()
    db.session.rollback()
    seated = [row.person.name for row in queries.live(edition) if row.holds_seat]
    assert seated == [holder.person.name, "Ana", "Ben"]

    desk = new_page(make_person(role=Role.ORGANISER, commit=True), **look)
    desk.goto(f"/organise/editions/{edition.slug}/selection")
    press(desk, "link", re.compile("In a party of 2.*Ana"))
    expect(desk.get_by_role("checkbox", name="Ben")).to_be_visible()
    expect(desk.get_by_role("checkbox", name="Cleo")).to_have_count(0)
