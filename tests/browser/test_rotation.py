"""The rotation of hosts as an organiser meets it, the worker in its turn."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from app import clock
from app.accounts.models import Role
from app.database import db
from app.desk import queries, rotation_answers
from app.hosting import interests
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person, make_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    NewPage = Callable[..., Page]

REGIONS = {"XAA": "africa", "XAB": "americas", "XAC": "asia-pacific"}


def work() -> None:
    db.session.rollback()
    rotation_answers.work(now=clock.real_utcnow, today=clock.today())


def offered_symposia() -> None:
    """Three editions of a symposium ahead, and as many countries that could host any of them."""
    series = make_series()
    for day in (date(2030, 3, 5), date(2033, 3, 1), date(2036, 3, 4)):
        make_edition(series=series, status=EditionStatus.PROJECTED, dtstart=day)
    for code, region in REGIONS.items():
        interests.tell(
            series,
            make_country(code, name=f"Country {code[-1]}", region=region),
            interests.InterestFacts(months=(3,), first_year=2030, last_year=2040, use_count=2),
            by=make_person(),
            now=OPENING,
        )
    db.session.commit()


def test_hosts_are_rotated_one_is_fixed_and_little_else_changes(new_page: NewPage) -> None:
    offered_symposia()
    page = new_page(make_person(role=Role.ORGANISER, commit=True))
    page.goto("/organise/rotation/")
    page.get_by_role("button", name="Find the best plan").click()
    expect(page.get_by_text("The plan is being made")).to_be_visible()
    work()  # the page asks whether it is done, and loads again
    expect(page.get_by_text("Proved: no plan is better")).to_be_visible()
    newest = queries.newest_plan()
    assert newest is not None
    before = {slot["edition"]: slot["country"] for slot in newest.result["slots"]}
    assert sorted(before.values()) == ["XAA", "XAB", "XAC"]
    page.get_by_role("button", name="Adopt this plan").click()
    expect(page.get_by_text("The plan is adopted.")).to_be_visible()

    first, second, third = before
    page.get_by_role("link", name="Symposium 2030").click()
    page.get_by_label("Host", exact=True).select_option(before[second])
    page.get_by_label("Reason").fill("Their jubilee.")
    page.get_by_role("button", name="Fix it and plan again").click()
    expect(page.get_by_text("It is fixed; the plan that follows is being made.")).to_be_visible()
    work()  # the page asks whether it is done, and loads again
    expect(page.get_by_text("2 lines differ from the plan of")).to_be_visible()
    expect(page.get_by_text("Fixed: Their jubilee.")).to_be_visible()
    again = queries.newest_plan()
    assert again is not None
    after = {slot["edition"]: slot["country"] for slot in again.result["slots"]}
    assert after == {first: before[second], second: before[first], third: before[third]}
