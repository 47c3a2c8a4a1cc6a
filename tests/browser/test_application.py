"""An organiser builds an application, and a participant answers it: with scripts and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.accounts.models import Role
from app.database import db
from app.registrations.models import Answer
from tests.factories import PDF, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    NewPage = Callable[..., Page]


def ask(page: Page, label: str, kind: str, answers: str = "", condition: str = "") -> None:
    page.get_by_role("link", name="Ask one question more").first.click()
    page.get_by_role("textbox", name="Question").fill(label)
    page.get_by_label("Answered by").select_option(kind)
    if answers:
        page.get_by_label("Answers to choose from").fill(answers)
    if condition:
        page.get_by_label("Asked of").select_option(condition)
    page.get_by_label("Needs an answer").check()
    page.get_by_role("textbox", name="Why it is asked").fill("to plan the walls.")
    page.get_by_role("button", name="Save the question").click()
    expect(page.get_by_text("The question is asked from now on.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_application_is_built_and_answered(new_page: NewPage, *, scripts: bool) -> None:
    edition = make_edition(title="Symposium")
    organiser = make_person(role=Role.ORGANISER)
    person = make_person("ana@example.org", name="Ana Delegate", commit=True)
    desk = new_page(organiser, java_script_enabled=scripts)
    desk.goto(f"/organise/editions/{edition.slug}/application")
    ask(desk, "A scan of your poster", "A file: PDF or picture")
    ask(desk, "Do you bring a poster?", "Yes or no")
    ask(
        desk,
        "Its size",
        "One of several answers",
        "A0\nA1",
        "who says “Yes” to “Do you bring a poster?”",
    )
    # By keyboard: the first question goes down.
    desk.get_by_role("button", name="Move “A scan of your poster” down").press("Enter")
    expect(desk.get_by_role("heading", level=3).first).to_have_text("Do you bring a poster?")
    if scripts:
        desk.get_by_role("link", name="See it as people do").click()
        expect(desk.get_by_role("group", name="Its size")).to_be_hidden()
        desk.get_by_role("group", name="Do you bring a poster?").get_by_label("Yes").check()
        expect(desk.get_by_role("group", name="Its size")).to_be_visible()

    page = new_page(person, java_script_enabled=scripts)
    page.goto(f"/editions/{edition.slug}/register")
    size = page.get_by_role("group", name="Its size")
    if scripts:
        expect(size).to_be_hidden()
    else:
        expect(page.get_by_text("Only for who says “Yes” to “Do you bring")).to_be_visible()
    page.get_by_role("group", name="Do you bring a poster?").get_by_label("Yes").check()
    expect(size).to_be_visible()
    scan = {"name": "poster.pdf", "mimeType": "application/pdf", "buffer": PDF}
    page.get_by_label(re.compile("A scan of your poster")).set_input_files(scan)
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("Its size: This needs an answer.")
    expect(page.get_by_text("poster.pdf has arrived and is kept")).to_be_visible()
    page.get_by_role("group", name="Its size").get_by_label("A1").check()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("You are registered for Symposium and have a place")).to_be_visible()
    expect(page.get_by_role("link", name="poster.pdf")).to_be_visible()
    db.session.rollback()  # what the server has committed since is read
    kept = {row.question.label: row.value for row in db.session.scalars(select(Answer))}
    assert kept == {"Do you bring a poster?": "yes", "Its size": "A1", "A scan of your poster": ""}
