"""Passkeys in the system's Chromium, by a virtual authenticator; left out where there is none."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from app import create_app
from app.accounts import access, sessions
from app.accounts.models import Method, Passkey, Role
from app.clock import real_utcnow
from app.database import db
from tests.browser.test_accessibility import AXE, Fault, faults_here
from tests.factories import make_person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from playwright.sync_api import Browser, CDPSession

    from app.accounts.models import Person


@pytest.fixture
def named_app(app: Flask) -> Iterator[tuple[Flask, str]]:
    """The same database under a name: a passkey is bound to one, never to a number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    named = create_app(replace(app.config["SYMPOSIA"], base_url=url))
    server = make_server("127.0.0.1", port, named, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield named, url
    server.shutdown()
    thread.join()
    with named.app_context():
        db.engine.dispose()


@pytest.fixture
def page(browser: Browser, named_app: tuple[Flask, str]) -> Iterator[Page]:
    context = browser.new_context(base_url=named_app[1])
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def device(page: Page) -> CDPSession:
    """A phone with a finger on it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session


def begin(page: Page, named_app: tuple[Flask, str], person: Person) -> None:
    """Sign ``person`` in by one proof alone."""
    app, url = named_app
    token = sessions.open_session(person, method=Method.LINK, device="", now=real_utcnow())
    db.session.commit()
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookie = serializer.dumps({access.SESSION_KEY: token})
    page.context.add_cookies([{"name": "session", "value": cookie, "url": url}])


def look(page: Page) -> list[Fault]:
    """Ask axe-core, where it is installed."""
    return faults_here(page, page.url) if AXE.exists() else []


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")  # or what comes next would be cut off


@pytest.mark.usefixtures("device")
def test_a_passkey_is_made_signs_in_alone_and_is_a_second_factor(
    page: Page, named_app: tuple[Flask, str]
) -> None:
    organiser = make_person("olga@example.org", role=Role.ORGANISER)
    begin(page, named_app, organiser)
    page.goto("/organise/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a second factor")
    faults = look(page)
    page.get_by_label("Name of the passkey").fill("my phone")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    faults += look(page)
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/organise/")
    page.goto("/me/sign-in")
    expect(page.get_by_text("Passkey “my phone”")).to_be_visible()
    faults += look(page)
    sign_out(page)

    # By itself, and without typing who it is.
    page.goto("/login?next=/organise/plan")
    faults += look(page)
    page.get_by_role("button", name="Sign in with a passkey").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan")
    sign_out(page)

    # As the second step after a link.
    begin(page, named_app, organiser)
    page.goto("/organise/plan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    faults += look(page)
    page.get_by_role("button", name="Use my passkey").click()
    # Not the address: that of the second step ends in where it leads to.
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan")
    db.session.expire_all()
    passkey = db.session.query(Passkey).one()
    assert passkey.used_at is not None
    assert passkey.sign_count > 0

    page.goto("/confirm?next=/me")
    faults += look(page)
    assert not faults, "\n".join(map(str, faults))

    # What was signed once is not taken again, whatever cookie comes with it.
    assert page.request.post(
        "/login/passkey", form={"answer": "{}"}, headers={"Origin": named_app[1]}
    ).status in {400, 403}


@pytest.mark.usefixtures("device")
def test_a_device_without_a_passkey_of_ours_is_refused_in_words(page: Page) -> None:
    page.goto("/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("gave no passkey")


def test_without_scripts_the_page_says_what_passkeys_need(
    browser: Browser, named_app: tuple[Flask, str]
) -> None:
    context = browser.new_context(base_url=named_app[1], java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    context.close()
