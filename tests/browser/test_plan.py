"""Another week tried in the strip of years, with scripts and without; saved once it is taken."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.accounts.models import Role
from app.database import db
from app.editions import milestone_queries
from app.editions.models import EditionOverride
from scheduler.lifecycle import EditionStatus
from tests.factories import make_edition, make_person
from tests.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from app.editions.models import Edition

    NewPage = Callable[..., Page]

IN_RAMADAN = date(2027, 3, 2)
WHAT_IF = "What if: Symposium 2027"


@pytest.fixture
def projected() -> Edition:
    return make_edition(
        status=EditionStatus.PROJECTED, dtstart=IN_RAMADAN, recurrence_id=IN_RAMADAN, commit=True
    )


def first_day(edition: Edition) -> date:
    db.session.rollback()  # what was read before is not looked at again
    return edition.dtstart


def test_a_week_is_tried_by_keys_and_taken(new_page: NewPage, projected: Edition) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto("/organise/plan?until=2033")
    expect(page.get_by_text("To try another week, drag an expected edition")).to_be_visible()
    bar = page.locator("[data-try]")
    bar.locator("a").focus()
    page.keyboard.press("ArrowRight")
    panel = page.get_by_role("region", name=WHAT_IF)
    expect(panel).to_contain_text("9–11 March 2027 lies in Eid al-Fitr")
    page.keyboard.press("ArrowRight")
    expect(panel).to_contain_text("Tue–Thu, 16–18 March 2027 No clash known.")
    said = page.locator("[aria-live]")
    expect(said).to_have_text("Tue–Thu, 16–18 March 2027. No clash known.")
    expect(bar).to_contain_text("16–18 Mar")
    expect(page.locator(".strip__old")).to_have_count(1)
    assert first_day(projected) == IN_RAMADAN
    page.keyboard.press("Enter")
    page.keyboard.type("After Eid.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is moved. Plans keep it there.")).to_be_visible()
    assert first_day(projected) == date(2027, 3, 16)


def test_escape_puts_the_edition_back(new_page: NewPage, projected: Edition) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto("/organise/plan?until=2033")
    expect(page.get_by_text("To try another week, drag an expected edition")).to_be_visible()
    bar = page.locator("[data-try]")
    expect(bar).to_have_attribute("x", re.compile("."))
    place = bar.get_attribute("x")
    bar.locator("a").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("region", name=WHAT_IF)).to_contain_text("1 week earlier")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name=WHAT_IF)).to_have_count(0)
    expect(bar.locator("a")).to_be_focused()
    expect(bar).to_contain_text("2–4 Mar")
    assert (bar.get_attribute("x"), page.locator(".strip__old").count()) == (place, 0)
    assert first_day(projected) == IN_RAMADAN


def test_a_bar_is_dragged_to_another_week(new_page: NewPage, projected: Edition) -> None:
    page = new_page(make_person(role=Role.COMMITTEE, commit=True))
    page.goto("/organise/plan?until=2033&years=6")
    expect(page.get_by_text("To try another week, drag an expected edition")).to_be_visible()
    mark = page.locator("[data-try] .strip__mark")
    box = mark.bounding_box()
    assert box
    x, y = box["x"] + 4, box["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=6)
    page.mouse.up()
    panel = page.get_by_role("region", name=WHAT_IF)
    expect(panel).to_contain_text("weeks later")
    # The click that ends a drag opens no page, and the committee takes no days.
    assert page.url.endswith("/organise/plan?until=2033&years=6")
    expect(panel.get_by_role("button", name="Take these days")).to_have_count(0)
    panel.get_by_role("link", name="Leave it").click()
    expect(panel).to_have_count(0)
    assert first_day(projected) == IN_RAMADAN


def test_among_many_years_a_drag_shows_its_days_and_goes_by_weeks(
    new_page: NewPage, projected: Edition
) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto("/organise/plan?until=2050&years=24")
    expect(page.get_by_text("To try another week, drag an expected edition")).to_be_visible()
    bar = page.locator(f"[data-try={projected.slug}]")
    box = bar.locator(".strip__mark").bounding_box()
    assert box
    x, y = box["x"] + 4, box["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    # The slack of a press, then four pixels a week, however narrow the years are.
    page.mouse.move(x + 4 + 2 * 4, y, steps=4)
    # With the year at first, until the server's answer names the days.
    expect(bar.locator(".strip__when")).to_contain_text(re.compile("16.*Mar"))
    page.mouse.up()
    expect(page.get_by_role("region", name=WHAT_IF)).to_contain_text("2 weeks later")
    bar.locator("a").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("region", name=WHAT_IF)).to_contain_text("3 weeks later")
    assert first_day(projected) == IN_RAMADAN


def test_on_a_phone_the_strip_scrolls_in_itself_and_weeks_are_tried_by_the_form(
    new_page: NewPage, projected: Edition
) -> None:
    page = new_page(
        make_person(role=Role.ORGANISER, commit=True),
        viewport={"width": 320, "height": 640},
        has_touch=True,
    )
    page.goto("/organise/plan?until=2033")
    strip = page.get_by_role("region", name="The drawing")
    strip.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    chart = page.locator(".strip__chart")
    assert until(lambda: chart.evaluate("chart => chart.scrollLeft") > 0)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.get_by_role("link", name="Try another week – Symposium 2027").click()
    panel = page.get_by_role("region", name=WHAT_IF)
    panel.get_by_role("link", name="A week later").click()
    expect(panel).to_contain_text("9–11 March 2027 lies in Eid al-Fitr")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert first_day(projected) == IN_RAMADAN


def test_a_changed_rule_is_looked_at_discarded_and_applied(
    new_page: NewPage, projected: Edition
) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto(f"/organise/series/{projected.series.slug}/edit")
    page.get_by_label("Which weekday").select_option("third")
    preview = page.get_by_role("region", name="What this rule means")
    expect(preview).to_contain_text("third Tuesday of March")
    expect(preview).to_contain_text("16–18 March 2027")
    assert first_day(projected) == IN_RAMADAN
    with page.expect_navigation():
        page.get_by_role("button", name="Save the series").click()
    page.goto("/organise/plan?until=2030")
    expect(page.locator(".strip__old")).to_have_count(1)
    page.get_by_role("link", name="Discard").click()
    expect(page.get_by_role("heading", name="changes discarded")).to_be_visible()
    expect(page.locator(".strip__old")).to_have_count(0)
    page.get_by_role("link", name="Look at them again").click()
    page.get_by_role("button", name="Apply the plan").click()
    expect(page.get_by_text("No change to apply")).to_be_visible()
    assert first_day(projected) == date(2027, 3, 16)


def test_a_free_week_is_taken_by_one_button(new_page: NewPage, projected: Edition) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto(f"/organise/editions/{projected.slug}")
    page.get_by_role("button", name="Take this week").first.click()
    expect(page.get_by_text("is moved")).to_be_visible()
    taken = first_day(projected)
    assert (taken != IN_RAMADAN, taken.weekday()) == (True, IN_RAMADAN.weekday())
    override = db.session.query(EditionOverride).one()
    assert override.reason.startswith("Away from Ramadan.")


def test_a_reason_stays_while_other_weeks_are_looked_at(
    new_page: NewPage, projected: Edition
) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto(f"/organise/plan?until=2033&try={projected.slug}&day=2027-03-16")
    expect(page.get_by_text("To try another week, drag an expected edition")).to_be_visible()
    panel = page.get_by_role("region", name=WHAT_IF)
    panel.get_by_label("Reason").fill("A free hall.")
    panel.get_by_role("link", name="A week later").click()
    expect(panel).to_contain_text("23–25 March 2027")
    expect(panel.get_by_role("link", name="A week later")).to_be_focused()
    expect(panel.get_by_label("Reason")).to_have_value("A free hall.")
    panel.get_by_role("link", name="Leave it").click()
    expect(panel).to_have_count(0)
    expect(page.locator("[data-try]")).to_contain_text("! soft clash")


def test_without_scripts_a_week_is_tried_by_links_and_taken(
    new_page: NewPage, projected: Edition
) -> None:
    page = new_page(make_person(role=Role.ORGANISER, commit=True), java_script_enabled=False)
    page.goto("/organise/plan?until=2033")
    expect(page.get_by_text("To try another week, drag an expected edition")).to_be_hidden()
    page.get_by_role("link", name="Try another week – Symposium 2027").click()
    panel = page.get_by_role("region", name=WHAT_IF)
    expect(panel).to_contain_text("2–4 March 2027 lies in Ramadan")
    for _ in range(2):
        panel.get_by_role("link", name="A week later").click()
    expect(panel).to_contain_text("Tue–Thu, 16–18 March 2027 No clash known.")
    panel.get_by_label("First day").fill("2027-03-23")
    panel.get_by_role("button", name="Show these days").click()
    expect(panel).to_contain_text("3 weeks later")
    assert first_day(projected) == IN_RAMADAN
    panel.get_by_label("Reason").fill("After Eid.")
    panel.get_by_role("button", name="Take these days").click()
    expect(page.get_by_text("is moved. Plans keep it there.")).to_be_visible()
    assert first_day(projected) == date(2027, 3, 23)


def test_a_call_that_opens_late_gets_the_compressed_plan(new_page: NewPage) -> None:
    edition = make_edition(
        status=EditionStatus.PROJECTED, dtstart=date(2027, 10, 5), recurrence_id=date(2027, 10, 5)
    )
    db.session.commit()
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto(f"/organise/editions/{edition.slug}")
    page.get_by_role("link", name="Open the call for hosts").click()
    expect(page.get_by_text("The call opens late")).to_be_visible()
    page.get_by_label("Last day for offers").fill("2027-03-01")
    with page.expect_navigation():
        page.get_by_role("button", name="Open the call for hosts").click()
    page.goto(f"/organise/editions/{edition.slug}")
    expect(page.get_by_text("The work began late")).to_be_visible()
    db.session.rollback()  # what the browser wrote since is read anew
    rows = {row.key: row for row in milestone_queries.of_editions([edition.id])}
    agreed, opens = rows["agreement_latest"].due_on, edition.dtstart
    assert agreed is not None
    # Six months is usual; nine months ahead there is less, and never below ten weeks.
    assert timedelta(weeks=10) <= opens - agreed < timedelta(days=180)


def test_an_edition_too_near_for_any_plan_is_told_when_it_could_be(new_page: NewPage) -> None:
    edition = make_edition(
        status=EditionStatus.PROJECTED, dtstart=IN_RAMADAN, recurrence_id=IN_RAMADAN, commit=True
    )
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto(f"/organise/editions/{edition.slug}")
    expect(
        page.get_by_text("The earliest opening that can be met is 26 March 2027.")
    ).to_be_visible()
