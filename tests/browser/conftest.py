"""Journeys in the system's Chromium; left out where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.accounts import access
from tests.factories import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import BrowserContext

    from app.accounts.models import Person

FOLDER = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_MS = 30_000  # nothing takes so long, but on a busy machine
expect.set_options(timeout=PATIENCE_MS)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a journey be walked once more: a browser may be late, and late twice is a fault."""
    for item in items:
        if item.path.parent == FOLDER:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Start browsers, with arguments beyond the usual ones."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:

        def start(*arguments: str) -> Browser:
            return playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments]
            )

        yield start


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def new_page(browser: Browser, live_url: str, app: Flask) -> Iterator[Callable[..., Page]]:
    """Make pages of their own sessions, signed in with both proofs given."""
    contexts: list[BrowserContext] = []

    def make(person: Person | None = None, *, using: Browser = browser, **options: object) -> Page:
        context = using.new_context(base_url=live_url, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        if person is not None:
            token = open_session(person)
            interface: Any = app.session_interface
            cookie = interface.get_signing_serializer(app).dumps({access.SESSION_KEY: token})
            context.add_cookies([{"name": "session", "value": cookie, "url": live_url}])
            page.goto("/me")
        return page

    yield make
    for context in contexts:
        context.close()
