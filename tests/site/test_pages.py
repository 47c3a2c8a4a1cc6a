from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.editions import disruptions
from app.editions.models import Precision
from app.series.models import SeriesKind
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    OPENING,
    make_call,
    make_country,
    make_edition,
    make_person,
    make_series,
)
from tests.pages import words

if TYPE_CHECKING:
    from tests.conftest import Client

S = EditionStatus
HIDDEN = (S.PROJECTED, S.CALL_OPEN, S.UNDER_EVALUATION, S.HOST_SELECTED, S.CONFIRMED)


def test_an_empty_house_says_what_will_stand_there(client: Client) -> None:
    page = words(client.get("/"))
    assert "No event is announced at present" in page
    assert [client.get(path).status_code for path in ("/calendar", "/series", "/hosting/")] == [
        200
    ] * 3


def test_the_first_page_shows_what_is_next_and_how_to_register(client: Client) -> None:
    make_country("XAA", name="Alboria")
    make_edition(title="Later", dtstart=date(2028, 5, 9), status=S.ANNOUNCED)
    soon = make_edition(title="Sooner", dtstart=date(2027, 5, 11), city="Albor", country_code="XAA")
    make_edition(title="Held", dtstart=date(2026, 5, 12), status=S.COMPLETED)
    make_edition(title="Called off", dtstart=date(2027, 4, 6), status=S.CANCELLED)
    answer = client.get("/")
    page = words(answer)
    assert page.index("Sooner") < page.index("Later")
    assert ("Albor, Alboria" in page, "Held" in page) == (True, False)
    assert f'href="/editions/{soon.slug}/register"' in answer.text


def test_the_first_page_says_what_is_under_way(client: Client) -> None:
    make_edition(title="Running", dtstart=clock.today(), status=S.REGISTRATION_CLOSED)
    assert ">Now</p>" in client.get("/").text


@pytest.mark.parametrize("status", HIDDEN)
def test_what_the_world_was_not_told_stands_on_no_page(
    status: EditionStatus, client: Client
) -> None:
    edition = make_edition(title="Unspoken", dtstart=date(2027, 6, 8), status=status)
    paths = (
        "/",
        "/calendar?year=2027",
        "/calendar?year=2027&month=6&view=month",
        "/calendar?year=2027&view=list",
        "/series",
        "/series/symposium",
        "/subscribe",
    )
    assert [path for path in paths if "Unspoken" in client.get(path).text] == []
    for path in (f"/editions/{edition.slug}", f"/editions/{edition.slug}/register"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("view", ["year", "month", "list"])
def test_each_view_of_the_calendar_shows_its_editions(view: str, client: Client) -> None:
    make_edition(title="In June", dtstart=date(2027, 6, 8))
    make_edition(title="Across", dtstart=date(2026, 12, 30), days=4, status=S.COMPLETED)
    make_edition(title="Elsewhen", dtstart=date(2028, 6, 6))
    june = client.get(f"/calendar?view={view}&year=2027&month=6").text
    assert ("In June" in june, "Elsewhen" in june) == (True, False)
    january = client.get(f"/calendar?view={view}&year=2027&month=1").text
    assert "Across" in january


def test_the_calendar_is_narrowed_by_series_and_region(client: Client) -> None:
    make_country("XAA", region="africa")
    make_edition(title="First", dtstart=date(2027, 6, 8), country_code="XAA")
    workshop = make_series("workshop", kind=SeriesKind.PRACTITIONER_WORKSHOP)
    make_edition(series=workshop, title="Second", dtstart=date(2027, 9, 13))

    def shown(query: str) -> list[str]:
        page = client.get(f"/calendar?year=2027&view=list&{query}").text
        return [title for title in ("First", "Second") if title in page]

    assert shown("") == ["First", "Second"]
    assert shown("series=workshop") == ["Second"]
    assert shown("region=africa") == ["First"]
    assert shown("series=workshop&region=africa") == []


@pytest.mark.parametrize(
    ("view", "address"), [("year", "2028"), ("list", "2028"), ("month", "2028&amp;month=6")]
)
def test_a_calendar_with_nothing_in_view_leads_to_what_comes_next(
    view: str, address: str, client: Client
) -> None:
    make_edition(title="Long ago", dtstart=date(2024, 6, 4), status=S.COMPLETED)
    make_edition(title="Elsewhen", dtstart=date(2028, 6, 6))
    make_edition(title="Unspoken", dtstart=date(2027, 6, 6), status=S.PROJECTED)
    page = client.get(f"/calendar?view={view}&year=2026&month=3")
    assert ("Next: Elsewhen" in words(page), "Unspoken" in page.text) == (True, False)
    assert f"/calendar?view={view}&amp;year={address}" in page.text


def test_a_calendar_after_the_last_event_leads_back_to_it(client: Client) -> None:
    make_edition(title="Before that", dtstart=date(2021, 6, 8), status=S.COMPLETED)
    make_edition(title="Long ago", dtstart=date(2024, 6, 4), status=S.COMPLETED)
    page = words(client.get("/calendar?year=2026"))
    assert ("The last one: Long ago" in page, "Before that" in page) == (True, False)
    assert "Events appear here" in client.get("/calendar?year=2026&region=europe").text


def test_what_is_known_to_the_month_is_shown_as_a_month(client: Client) -> None:
    make_edition(
        title="Some September",
        dtstart=date(2023, 9, 1),
        days=30,
        status=S.COMPLETED,
        precision=Precision.MONTH,
    )
    page = words(client.get("/calendar?year=2023"))
    assert ("Some September" in page, "September 2023" in page) == (True, True)
    edition = client.get("/editions/symposium-2023")
    assert ("September 2023" in words(edition), "1 September" in words(edition)) == (True, False)
    assert "/feeds/edition/symposium-2023.ics" not in edition.text


@pytest.mark.parametrize(
    "query",
    [
        "year=0",
        "year=10000",
        "year=-1",
        "year=soon",
        "year=2027.5",
        "year=1989",
        "year=2200",
        "year=²",
        "year=\uff19",
        "month=0",
        "month=13",
        "month=x",
        "view=decade",
        "series=nowhere",
        "region=atlantis",
        "year=" + "9" * 5000,
    ],
)
def test_an_address_of_no_calendar_is_not_there(query: str, client: Client) -> None:
    assert client.get(f"/calendar?{query}").status_code == 404


@pytest.mark.parametrize("query", ["year=1990", "year=2199&month=12&view=month", "year=&month="])
def test_the_edges_of_the_calendar_are_there(query: str, client: Client) -> None:
    assert client.get(f"/calendar?{query}").status_code == 200


def test_a_series_shows_its_rhythm_what_is_ahead_and_what_was_held(client: Client) -> None:
    make_edition(title="Ahead", dtstart=date(2027, 6, 8))
    make_edition(title="Held before", dtstart=date(2024, 3, 5), status=S.COMPLETED)
    make_series("by-hand", rrule=None, dtstart=None)
    page = words(client.get("/series/symposium"))
    assert "very 3 years, first Tuesday of March, 3 days" in page
    assert page.index("Ahead") < page.index("Held before")
    assert client.get("/series/by-hand").status_code == 200
    assert client.get("/series/nowhere").status_code == 404
    assert "very 3 years, first Tuesday of March" in words(client.get("/series"))


def test_an_edition_tells_what_has_changed_and_why_not(client: Client) -> None:
    edition, person = make_edition(dtstart=date(2027, 6, 8), title="Moving"), make_person()
    disruptions.reschedule(
        edition, dtstart=date(2027, 9, 7), dtend=date(2027, 9, 10), reason="A secret reason",
        by=person, now=OPENING,
    )  # fmt: skip
    answer = client.get(f"/editions/{edition.slug}")
    page = words(answer)
    assert "Moved to other days, from 8–10 June 2027 to 7–9 September 2027." in page
    assert "A secret reason" not in answer.text


@pytest.mark.parametrize(
    ("status", "facts", "said"),
    [
        (S.CANCELLED, {}, "This edition is cancelled"),
        (S.POSTPONED, {"dates_to_follow": True}, "New dates to follow."),
        (S.POSTPONED, {}, "The dates shown are the new ones."),
        (S.ANNOUNCED, {}, "Registration is not open yet."),
        (S.REGISTRATION_OPEN, {"capacity": 40}, "40 of 40 places are free."),
        (S.REGISTRATION_OPEN, {}, "Registration is open."),
        (S.REGISTRATION_CLOSED, {}, "Registration is closed."),
    ],
)
def test_an_edition_says_where_it_stands(
    status: EditionStatus, facts: dict[str, object], said: str, client: Client
) -> None:
    edition = make_edition(status=status, dtstart=date(2027, 6, 8), **facts)  # type: ignore[arg-type]
    assert said in words(client.get(f"/editions/{edition.slug}"))


def test_what_people_typed_is_shown_as_text(client: Client) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    edition = make_edition(title=nasty, city=nasty, summary=nasty)
    make_call(make_edition(status=S.CALL_OPEN, title=nasty), is_published=True, text=nasty)
    for path in ("/", "/calendar?year=2027&view=list", f"/editions/{edition.slug}", "/hosting/"):
        assert "<img src=x" not in client.get(path).text


def test_the_icon_is_found_where_browsers_look(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer.location.partition("?")[0] == "/static/img/favicon.svg"


def test_a_long_series_has_pages_and_no_row_is_lost(client: Client) -> None:
    series = make_series()
    for year in range(1990, 2031):
        make_edition(series=series, dtstart=date(year, 5, 4), title=f"Meeting {year}")
    pages = [client.get(f"/series/symposium?page={page}") for page in (1, 2)]
    told = [re.findall(r">Meeting ([0-9]{4})<", page.text) for page in pages]
    assert [len(years) for years in told] == [25, 16]
    ahead, held = range(2027, 2031), range(2026, 1989, -1)
    assert [int(year) for years in told for year in years] == [*ahead, *held]
    assert 'rel="next"' in pages[0].text
    assert ("Ahead" in words(pages[1]), "None of its editions" in words(pages[1])) == (False, False)


def test_the_first_page_draws_the_nearest_events_however_many_there_are(client: Client) -> None:
    series = make_series()
    for number in range(60):
        dtstart = date(2027, 1, 4) + timedelta(days=7 * number)
        make_edition(series=series, dtstart=dtstart, title=f"Meeting {number:03}")
    page = client.get("/").text
    drawn = {int(number) for number in re.findall(r"Meeting ([0-9]{3})", page)}
    assert drawn == set(range(2, 20))  # the two before were over by then
    assert len(page) < 60_000
