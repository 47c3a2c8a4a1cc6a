"""Long lists in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from app.paging import page_of
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from tests.conftest import Client


@pytest.mark.parametrize(
    ("page", "count", "shown", "text", "around"),
    [
        (1, 120, (0, 50), "1–50 of 120", (None, "2")),
        (2, 120, (50, 100), "51–100 of 120", ("1", "3")),
        (9, 120, (100, 120), "101–120 of 120", ("2", None)),
        (-1, 3, (0, 3), "1–3 of 3", (None, None)),
        (1, 0, (0, 0), "", (None, None)),
        (2, 100, (50, 100), "51–100 of 100", ("1", None)),
    ],
)
def test_a_page_has_its_rows_and_knows_the_pages_around(
    page: int,
    count: int,
    shown: tuple[int, int],
    text: str,
    around: tuple[str | None, str | None],
) -> None:
    first, beyond, pages = page_of(page, count, str)
    assert (first, beyond) == shown
    assert (pages.text, (pages.previous_url, pages.next_url)) == (text, around)


def test_the_list_of_editions_opens_where_today_is(client: Client) -> None:
    for year in range(1960, 2070):
        make_edition(
            status=EditionStatus.PROJECTED,
            dtstart=OPENING.date().replace(year=year, month=3),
            recurrence_id=OPENING.date().replace(year=year, month=3),
        )
    client.sign_in(make_person(role=Role.ORGANISER))
    page = client.get("/organise/editions").text
    assert ("March 2026" in page, "March 2027" in page) == (True, True)
    assert ("51–100 of 110" in page, "March 2009" in page) == (True, False)
    assert "March 1960" in client.get("/organise/editions?page=1").text
    assert "No editions yet" in client.get("/organise/editions?series=unknown").text
