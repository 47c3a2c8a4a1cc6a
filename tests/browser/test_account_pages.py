"""A person's own pages, from the first link to being erased: without scripts, and by keyboard.

By keyboard each page is looked at on the way (axe-core, light and dark, wide and narrow), in the
state in which people meet it; recovery codes, for instance, are shown once.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from app import outbox
from app.accounts import access, sessions
from app.accounts.models import Method, Person, Role, SignIn
from app.clock import real_utcnow
from app.database import db
from tests.browser.test_accessibility import AXE, Fault, faults_here
from tests.factories import make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Locator, Page

    NewPage = Callable[..., Page]

EMAIL = "olga@example.org"
PASSWORD = "quiet lemon harbour seven"
TABS_MAX = 80  # to whatever can be reached on a page


class Hand(ABC):
    """How somebody works with a page, and what is found on the way."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[Fault] = []

    @abstractmethod
    def press(self, found: Locator) -> None:
        """Press a button or link."""

    @abstractmethod
    def type(self, found: Locator, text: str) -> None:
        """Fill in a field."""

    @abstractmethod
    def tick(self, found: Locator) -> None:
        """Tick a box."""

    def button(self, name: str) -> None:
        """Press the button of this name."""
        self.press(self.page.get_by_role("button", name=name, exact=True))

    def link(self, name: str) -> None:
        """Follow the link of this name."""
        self.press(self.page.get_by_role("link", name=name, exact=True))

    def arrive(self, heading: str, state: str = "") -> None:
        """Insist on the page with this heading, and look at it."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.look(f"{heading}, {state}" if state else heading)

    def look(self, name: str) -> None:  # noqa: B027 - not everybody does
        """Look at the present page."""


class WithoutScripts(Hand):
    """Somebody whose browser runs none."""

    def press(self, found: Locator) -> None:
        """Click it."""
        found.click()

    def type(self, found: Locator, text: str) -> None:
        """Type into it."""
        found.fill(text)

    def tick(self, found: Locator) -> None:
        """Click it."""
        found.check()


class ByKeyboard(Hand):
    """Somebody who has no mouse, and sees where they are."""

    def press(self, found: Locator) -> None:
        """Go there and press Enter."""
        self._go(found)
        self.page.keyboard.press("Enter")

    def type(self, found: Locator, text: str) -> None:
        """Go there and type in place of what stands there."""
        self._go(found)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def tick(self, found: Locator) -> None:
        """Go there and press the space bar."""
        self._go(found)
        self.page.keyboard.press("Space")

    def look(self, name: str) -> None:
        """Ask axe-core."""
        self.faults += faults_here(self.page, name)

    def _go(self, found: Locator) -> None:
        found.wait_for()
        self.page.evaluate("document.activeElement.blur()")
        for _tab in range(TABS_MAX):
            self.page.keyboard.press("Tab")
            if found.evaluate("it => it === document.activeElement"):
                ring = found.evaluate("it => getComputedStyle(it).outlineStyle")
                assert ring != "none", f"nobody sees that the focus is on {found}"
                return
        pytest.fail(f"no tab leads to {found} on {self.page.url}")


@pytest.fixture(params=[WithoutScripts, ByKeyboard], ids=["without scripts", "by keyboard"])
def hand(request: pytest.FixtureRequest, new_page: NewPage) -> Iterator[Hand]:
    kind: type[Hand] = request.param
    if kind is ByKeyboard and not AXE.exists():
        pytest.skip("needs axe-core: npm ci --prefix tests/readers")
    found = kind(new_page(java_script_enabled=kind is ByKeyboard))
    yield found
    assert not found.faults, "\n".join(map(str, found.faults))


def newest_mail() -> str:
    db.session.rollback()
    text = outbox.to(EMAIL)[-1].text
    db.session.rollback()  # erasing waits for whoever is still reading
    return text


def ask_for_link(hand: Hand) -> None:
    hand.page.goto("/login")
    hand.type(hand.page.get_by_label("E-mail address"), EMAIL)
    hand.button("Send me a link")
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("Look in your mail")


def sign_in_by_code(hand: Hand) -> None:
    ask_for_link(hand)
    found = re.search(r"(\d{4} \d{4})", newest_mail())
    assert found
    hand.type(hand.page.get_by_label("Code"), found[1])
    hand.button("Sign in")


def sign_in_by_password(hand: Hand) -> None:
    hand.page.goto("/login")
    hand.type(hand.page.get_by_label("E-mail address"), EMAIL)
    hand.type(hand.page.get_by_label("Password"), PASSWORD)
    hand.button("Sign in")


def session_elsewhere() -> None:
    """Let the person be signed in on a telephone, too."""
    person = db.session.scalars(select(Person).filter_by(email=EMAIL)).one()
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
    sessions.open_session(
        person, method=Method.LINK, device=iphone, now=real_utcnow(), has_second_factor=True
    )
    db.session.commit()


def be_away(**since: int) -> None:
    """Let every proof be so old."""
    db.session.rollback()
    db.session.execute(
        update(SignIn).values(confirmed_at=real_utcnow() - timedelta(**since)),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()


def test_one_signs_in_keeps_ones_data_and_is_erased(hand: Hand) -> None:  # noqa: PLR0915 - a journey
    page = hand.page
    make_edition(commit=True)
    page.goto("/me")
    hand.arrive("Sign in")
    hand.button("Sign in")
    expect(page.get_by_role("alert").first).to_be_visible()
    hand.look("Sign in, refused")
    ask_for_link(hand)
    hand.arrive("Look in your mail")
    hand.type(page.get_by_label("Code"), "1")
    hand.button("Sign in")
    expect(page.get_by_role("alert").first).to_contain_text("does not sign in here")
    hand.look("Look in your mail, refused")
    found = re.search(r"/login/link/[\w-]+", newest_mail())
    assert found
    page.goto(found[0])
    hand.look("the link")
    hand.button("Sign in")
    hand.arrive(EMAIL, "empty")
    page.goto(found[0])
    hand.button("Sign in")
    expect(page.get_by_role("alert").first).to_contain_text("has been used or has expired")
    hand.look("the link, used")

    page.goto("/me")
    hand.type(page.get_by_label("Name"), "Olga Otter")
    hand.button("Save the name")
    hand.arrive("Olga Otter", "named")

    hand.link("Put my registrations into my calendar")
    hand.arrive("My calendar", "empty")
    hand.button("Make an address")
    expect(page.get_by_role("alert").first).to_be_visible()
    hand.look("My calendar, refused")
    hand.type(page.get_by_label("For which device"), "phone")
    hand.tick(page.get_by_label("Remind me"))
    hand.button("Make an address")
    address = page.get_by_label("Secret address").input_value()
    hand.look("My calendar, with a new address")
    hand.button("New address for phone")
    expect(page.get_by_label("Secret address")).not_to_have_value(address)
    hand.button("Revoke phone")
    expect(page.get_by_text("No address yet")).to_be_visible()

    page.goto("/me")
    hand.link("My data: what I agree to, a copy of everything, erasing it")
    hand.arrive("My data")
    for act, said in (("I agree", "You agree:"), ("Withdraw", "You no longer agree:")):
        hand.press(page.get_by_role("button", name=act, exact=True).first)
        expect(page.get_by_role("status").first).to_contain_text(said)
    hand.look("My data, with its history")
    with page.expect_download() as download:
        hand.link("Download my data")
    assert download.value.suggested_filename == "my-data.json"
    hand.link("What would be erased")
    hand.arrive("Erase me")
    hand.button("Erase me")
    expect(page.get_by_role("alert").first).to_contain_text("Tick the box")
    hand.look("Erase me, refused")
    hand.tick(page.get_by_label("Erase everything about me"))
    hand.button("Erase me")
    expect(page.get_by_text("You are erased from Symposia")).to_be_visible()
    db.session.rollback()
    assert db.session.query(Person).count() == 0


def test_one_sets_up_a_second_factor_uses_it_and_ends_sessions(  # noqa: PLR0915 - a journey
    hand: Hand,
) -> None:
    page = hand.page
    make_person(EMAIL, name="Olga Otter", role=Role.ORGANISER, commit=True)
    sign_in_by_code(hand)
    hand.arrive("Add a second factor", "owed")
    hand.link("Set up an app")
    hand.arrive("Set up an app")
    hand.type(page.get_by_label("Then type the code that the app shows"), "000000")
    hand.button("Use this app")
    expect(page.get_by_role("alert").first).to_contain_text("This code is not right")
    hand.look("Set up an app, refused")
    app = pyotp.TOTP(page.locator("#app-key").input_value().replace(" ", ""))
    hand.type(page.get_by_label("Then type the code that the app shows"), app.now())
    hand.button("Use this app")
    hand.arrive("Your recovery codes", "as the app is set up")
    codes = page.locator(".recovery-codes code").all_inner_texts()
    assert len(codes) == 10
    hand.link("I have kept them")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Your recovery codes")

    session_elsewhere()
    page.goto("/me/sign-in")
    hand.arrive("How you sign in", "with an app")
    hand.button("Sign out there")
    expect(page.get_by_text("That device is signed out")).to_be_visible()
    hand.link("Set one")
    hand.arrive("Set a password")
    hand.type(page.get_by_label("New password"), "password")
    hand.button("Set the password")
    expect(page.get_by_role("alert").first).to_contain_text("at least 12 characters")
    hand.look("Set a password, refused")
    hand.type(page.get_by_label("New password"), PASSWORD)
    hand.tick(page.get_by_label("Also end the secret addresses of my calendars"))
    hand.button("Set the password")
    expect(page.get_by_text("Your password is set")).to_be_visible()
    hand.link("Change it")
    hand.arrive("Change the password")
    with page.expect_navigation():
        hand.button("Sign out")

    sign_in_by_password(hand)
    hand.arrive("Second step")
    hand.type(page.get_by_label("Code"), "000000")
    hand.button("Go on")
    expect(page.get_by_role("alert").first).to_contain_text("This code is not right")
    hand.look("Second step, refused")
    # A telephone that offers digits alone would keep recovery codes out.
    expect(page.get_by_label("Code")).to_have_attribute("inputmode", "text")
    hand.type(page.get_by_label("Code"), codes[0])
    hand.button("Go on")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()

    page.goto("/me/sign-in")
    be_away(hours=1)
    hand.button("Make new ones")
    hand.arrive("Is it still you?")
    hand.button("Go on")
    expect(page.get_by_role("alert").first).to_contain_text("Give one of these proofs")
    hand.look("Is it still you?, refused")
    hand.button("Send me a code by mail")
    expect(page.get_by_label("Or the code from the mail")).to_be_visible()
    hand.look("Is it still you?, with a code")
    hand.type(page.get_by_label("Or a code from your authenticator app"), app.at(time.time() + 30))
    hand.button("Go on")
    expect(page.get_by_role("heading", level=1)).to_have_text("How you sign in")
    hand.button("Make new ones")
    hand.arrive("Your recovery codes", "new ones")
    assert not set(codes) & set(page.locator(".recovery-codes code").all_inner_texts())
    hand.link("I have kept them")
    expect(page.get_by_role("heading", level=1)).to_have_text("How you sign in")

    page.goto("/organise/people")
    be_away(hours=1)
    hand.type(page.get_by_label("E-mail address"), "new@example.org")
    page.locator("#role").select_option("Steering committee")
    hand.button("Send the invitation")
    hand.type(page.get_by_label("Password"), PASSWORD)
    hand.button("Go on")
    hand.arrive("Go on where you were")
    hand.button("Send it now")
    expect(page.get_by_text("new@example.org").first).to_be_visible()

    page.goto("/me/sign-in")
    hand.press(page.get_by_role("button", name="Remove", exact=True).first)
    hand.arrive("Add a second factor", "owed again")
    page.goto("/me/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a second factor")
    hand.press(page.get_by_role("main").get_by_role("button", name="Sign out"))
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_one_signs_out_everywhere_and_does_without_a_password(
    hand: Hand, app: Flask, live_url: str
) -> None:
    from app.accounts import passwords  # noqa: PLC0415 - of this test alone

    person = make_person(EMAIL, name="Olga Otter")
    passwords.set_password(person, PASSWORD, now=real_utcnow())
    token = sessions.open_session(person, method=Method.PASSWORD, device="", now=real_utcnow())
    db.session.commit()
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookie = serializer.dumps({access.SESSION_KEY: token})
    hand.page.context.add_cookies([{"name": "session", "value": cookie, "url": live_url}])
    hand.page.goto("/me/sign-in")
    hand.arrive("How you sign in", "without a second factor")
    hand.link("Change it")
    hand.button("Remove the password")
    expect(hand.page.get_by_text("Your password is removed")).to_be_visible()
    hand.tick(hand.page.get_by_label("Also end the secret addresses of my calendars"))
    hand.button("Sign out everywhere")
    expect(hand.page.get_by_text("You are signed out everywhere")).to_be_visible()
    hand.look("Sign in, signed out everywhere")
    hand.page.goto("/me")
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("Sign in")
