from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from app.editions.models import Precision
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_call, make_country, make_edition, make_series
from tests.pages import words

if TYPE_CHECKING:
    from tests.conftest import Client

S = EditionStatus


@pytest.fixture
def _hosted() -> None:
    """Three editions held, one announced, and what is nobody's business yet."""
    make_country("XAA", name="Alboria", region="africa")
    make_country("XAD", name="Dorvenia", region="europe")
    symposium = make_series()
    for year, code, status, title in (
        (2012, "XAA", S.COMPLETED, "The first"),
        (2018, "XAA", S.COMPLETED, "The second"),
        (2024, "XAD", S.COMPLETED, "The third"),
        (2027, "XAA", S.ANNOUNCED, "The fourth"),
        (2025, "XAD", S.CANCELLED, "Called off"),
        (2030, "XAD", S.HOST_SELECTED, "Not told yet"),
    ):
        make_edition(
            series=symposium,
            dtstart=date(year, 6, 2),
            status=status,
            country_code=code,
            title=title,
        )


@pytest.mark.usefixtures("_hosted")
def test_regions_and_countries_tell_when_they_hosted_last(client: Client) -> None:
    page = words(client.get("/hosting/history"))
    assert OPENING.year == 2027
    africa = (
        "Africa 2 2018; 9 years ago 6 years The fourth Announced 2018 The second 2012 The first"
    )
    assert africa in page
    assert "Americas 0 never, as far as it is recorded" in page
    assert "Dorvenia Europe 1 2024; 3 years ago – 2024 The third" in page
    assert "Africa 9 years after 2018" in page
    assert ("Called off" in page, "Not told yet" in page) == (False, False)


@pytest.mark.usefixtures("_hosted")
def test_a_series_and_a_region_can_be_chosen(client: Client) -> None:
    other = make_series("workshop")
    make_edition(
        series=other, dtstart=date(2020, 6, 2), status=S.COMPLETED, country_code="XAD", title="Work"
    )
    page = words(client.get("/hosting/history?series=workshop"))
    assert ("Work" in page, "The third" in page) == (True, False)
    page = words(client.get("/hosting/history?region=africa"))
    assert ("The second" in page, "The third" in page, "Dorvenia" in page) == (True, False, False)
    answers = [client.get(f"/hosting/history?{query}") for query in ("series=no", "region=no")]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_many_years_are_folded_but_in_the_table_of_their_series(client: Client) -> None:
    make_country("XAA", name="Alboria", region="africa")
    for year in range(2010, 2018):
        make_edition(
            dtstart=date(year, 6, 2), status=S.COMPLETED, country_code="XAA", title=f"The {year}th"
        )
    answer = client.get("/hosting/history")
    assert answer.text.count("<summary>3 earlier editions</summary>") == 2  # region and country
    assert "Africa 8 2017; 10 years ago 1 year 2017 The 2017th 2016 The 2016th" in words(answer)
    assert words(answer).count("The 2010th") == 3


def test_what_is_known_to_a_window_alone_is_told_so(client: Client) -> None:
    make_edition(
        status=S.COMPLETED, dtstart=date(2019, 3, 1), days=366, title="Some day",
        precision=Precision.WINDOW, country_code=make_country("XAA", region="africa").code,
    )  # fmt: skip
    page = words(client.get("/hosting/history"))
    assert "Africa 1 2019 or 2020; at most 8 years ago – 2019 or 2020 Some day" in page


def test_without_any_host_the_page_says_what_will_be_there(client: Client) -> None:
    assert "Editions stand here once they are announced" in words(client.get("/hosting/history"))


def test_open_slots_are_the_published_calls(client: Client) -> None:
    for number, published in enumerate((True, False)):
        edition = make_edition(
            series=make_series("regional", region="africa"),
            status=S.CALL_OPEN, dtstart=date(2029 + number, 6, 2), title=f"Call {number}",
        )  # fmt: skip
        make_call(edition, is_published=published)
    page = words(client.get("/hosting/history?region=africa"))
    assert ("Call 0" in page, "Call 1" in page) == (True, False)
    assert "Call 0" not in words(client.get("/hosting/history?region=europe"))
