from __future__ import annotations

from datetime import date, timedelta

from app.editions import queries, rows
from app.editions.models import Precision
from app.series.queries import all_series
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_series

TOLD = (
    "id", "slug", "title", "status", "dtstart", "dtend", "precision", "place", "region",
    "city", "country_code", "alpha2",
)  # fmt: skip


def test_a_row_says_what_the_edition_says() -> None:
    make_country("XAA", region="africa")
    regional = make_series("regional-europe", region="europe", title="Regional Engagement")
    make_edition(series=regional, dtstart=date(2028, 5, 2))
    make_edition(
        dtstart=date(2027, 1, 14),
        days=4,
        status=EditionStatus.REGISTRATION_OPEN,
        country_code="XAA",
        city="Alpha City",
    )
    make_edition(dtstart=date(2029, 3, 1), ordinal=5, precision=Precision.MONTH)
    make_edition(dtstart=date(2030, 3, 1), title="Jubilee")
    today = OPENING.date()
    told = [
        [getattr(edition, name) for name in TOLD] + [edition.status_on(today)]
        for edition in queries.every_edition()
    ]
    found = rows.editions_of(all_series())
    assert [[getattr(row, name) for name in TOLD] + [row.status_on(today)] for row in found] == told
    assert len(told) == 4
    of_series = [edition.series for edition in queries.every_edition()]
    assert [row.series for row in found] == [
        (one.id, one.slug, one.title, one.kind, one.region) for one in of_series
    ]


def test_near_are_those_that_touch_the_days() -> None:
    first = date(2027, 3, 2)
    for shift in (-3, -2, 0, 3, 4):
        day = first + timedelta(days=shift)
        make_edition(dtstart=day, days=3, slug=f"shift-{shift}")
    near = rows.editions_near(all_series(), first, first + timedelta(days=4))
    assert [row.slug for row in near] == ["shift--2", "shift-0", "shift-3"]
