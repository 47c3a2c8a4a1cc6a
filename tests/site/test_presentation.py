from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.i18n import zone_words
from app.site.dates import (
    Precision,
    date_block_parts,
    format_short_span,
    format_span,
    format_until,
)
from app.site.drawn_events import Event, group_by_month
from app.site.grids import Month, lay_out_month, lay_out_year
from app.site.states import STATES
from app.site.strip import Lane, lay_out_strip
from scheduler import deciding, engagements, lifecycle

MARCH_5, MARCH_8 = date(2024, 3, 5), date(2024, 3, 8)


def event(start: date, days: int, title: str = "Symposium") -> Event:
    return Event(title, start, start + timedelta(days=days))


@pytest.mark.parametrize(
    ("dtstart", "dtend", "precision", "words"),
    [
        (MARCH_5, MARCH_8, "day", "5–7 March 2024"),
        (MARCH_5, date(2024, 3, 6), "day", "5 March 2024"),
        (MARCH_5, None, "day", "5 March 2024"),
        (date(2026, 3, 30), date(2026, 4, 3), "day", "30 March\u2009–\u20092 April 2026"),
        (
            date(2026, 12, 30),
            date(2027, 1, 3),
            "day",
            "30 December 2026\u2009–\u20092 January 2027",
        ),
        (date(2023, 9, 1), date(2023, 10, 1), "month", "September 2023"),
        (date(2023, 9, 1), date(2023, 12, 1), "month", "September–November 2023"),
        (date(2019, 3, 1), date(2020, 3, 1), "window", "March 2019\u2009–\u2009February 2020"),
        (date(2029, 1, 1), date(2030, 1, 1), "year", "2029"),
    ],
)
def test_a_span_says_its_last_day(
    dtstart: date, dtend: date | None, precision: Precision, words: str
) -> None:
    assert format_span(dtstart, dtend, precision) == words


def test_a_far_span_carries_its_weekdays() -> None:
    assert format_span(MARCH_5, MARCH_8, weekdays=True) == "Tue–Thu, 5–7 March 2024"


def test_a_span_is_written_in_the_readers_language() -> None:
    assert format_span(MARCH_5, MARCH_8, locale="fr") == "5–7 mars 2024"
    assert format_span(MARCH_5, MARCH_8, locale="de") == "5.–7. März 2024"
    assert format_span(date(2026, 3, 30), date(2026, 4, 3), locale="es") == (
        "30 de marzo\u2009–\u20092 de abril de 2026"
    )


@pytest.mark.parametrize(
    ("closes_at", "words"),
    [
        (datetime(2026, 12, 14, tzinfo=UTC), "Sunday 13 December 2026, 24:00 (UTC)"),
        (datetime(2027, 1, 1, tzinfo=UTC), "Thursday 31 December 2026, 24:00 (UTC)"),
        (datetime(2026, 12, 14, 12, 30, tzinfo=UTC), "Monday 14 December 2026, 12:30 (UTC)"),
    ],
)
def test_a_midnight_closes_the_day_that_it_ends(closes_at: datetime, words: str) -> None:
    assert format_until(closes_at, "UTC") == words


@pytest.mark.parametrize(
    ("tzid", "words"),
    [
        ("", "UTC"), ("Etc/UTC", "UTC"), ("Etc/GMT", "GMT"), ("Etc/GMT+12", "UTC\N{MINUS SIGN}12"),
        ("Etc/GMT-3", "UTC+3"), ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("app")
def test_a_zone_is_said_by_its_city_or_by_its_hours_as_people_count_them(
    tzid: str, words: str
) -> None:
    assert zone_words(tzid) == words


def test_a_short_span_leaves_the_year_to_its_column() -> None:
    assert format_short_span(MARCH_5, MARCH_8) == "5–7 Mar"
    assert format_short_span(date(2023, 9, 1), date(2023, 10, 1), "month") == "Sept"


def test_a_date_block_has_days_month_year_and_weekdays() -> None:
    parts = date_block_parts(MARCH_5, MARCH_8)
    assert (parts.lines, parts.month, parts.year, parts.weekdays, parts.iso) == (
        ("5–7",),
        "March",
        "2024",
        "Tue–Thu",
        "2024-03-05",
    )


def test_a_date_block_over_two_months_names_both() -> None:
    parts = date_block_parts(date(2026, 12, 30), date(2027, 1, 3))
    assert (parts.lines, parts.month, parts.year) == (("30 Dec –", "2 Jan"), "", "2026–2027")
    assert parts.is_long


def test_a_date_block_known_to_the_month_shows_no_day() -> None:
    parts = date_block_parts(date(2023, 9, 1), date(2023, 10, 1), "month")
    assert (parts.lines, parts.year, parts.weekdays, parts.iso) == (
        ("September",),
        "2023",
        "",
        "2023-09",
    )


def test_every_state_has_its_words() -> None:
    machines = {
        "edition": lifecycle.EditionStatus,
        "offer": lifecycle.OfferStatus,
        "agreement": lifecycle.AgreementStatus,
        "registration": lifecycle.RegistrationStatus,
        "round": deciding.RoundStatus,
        "need": engagements.NeedStatus,
    }
    assert {name: set(states) for name, states in STATES.items()} == {
        name: {str(state) for state in machine} for name, machine in machines.items()
    }


def test_a_week_begins_on_monday() -> None:
    month = lay_out_month(2027, 3, [])
    assert [short for short, _full in month.weekdays][0::6] == ["Mon", "Sun"]
    assert [week.days[0].date.weekday() for week in month.weeks] == [0] * 5


def test_a_bar_goes_on_after_the_weekend() -> None:
    month = lay_out_month(2027, 3, [event(date(2027, 3, 5), 5)])
    first, second = (
        [(segment.span, segment.starts, segment.ends) for segment in lane if segment.event]
        for week in month.weeks
        for lane in week.lanes
    )
    assert (first, second) == ([(3, True, False)], [(2, False, True)])


def test_what_finds_no_lane_is_counted_on_its_days() -> None:
    day = date(2027, 3, 9)
    month = lay_out_month(2027, 3, [event(day, 2, f"Event {n}") for n in range(5)], max_lanes=3)
    week = month.weeks[1]
    assert (len(week.lanes), [cell.hidden for cell in week.days]) == (3, [0, 2, 2, 0, 0, 0, 0])


def test_an_event_without_a_day_stays_off_the_grid() -> None:
    inexact = Event("Workshop", date(2023, 9, 1), date(2023, 10, 1), precision="month")
    month = lay_out_month(2023, 9, [inexact])
    assert (month.events, [week.lanes for week in month.weeks if week.lanes]) == ((inexact,), [])


def test_a_year_has_twelve_months() -> None:
    year = lay_out_year(2027, [event(date(2027, 5, 31), 2)])
    assert [month.month for month in year.months if month.events] == [5, 6]
    assert len(year.months) == 12


days = st.dates(date(2027, 1, 1), date(2027, 12, 31))
events = st.lists(st.builds(event, days, st.integers(1, 40)), max_size=12)


@given(events=events, month=st.integers(1, 12))
def test_each_lane_fills_the_week_and_no_day_is_lost(events: list[Event], month: int) -> None:
    laid = lay_out_month(2027, month, events)
    assert all(sum(cell.span for cell in lane) == 7 for week in laid.weeks for lane in week.lanes)
    assert _shown_days(laid) == sum(len(day.events) for week in laid.weeks for day in week.days)


def _shown_days(month: Month) -> int:
    in_lanes = sum(
        cell.span for week in month.weeks for lane in week.lanes for cell in lane if cell.event
    )
    return in_lanes + sum(day.hidden for week in month.weeks for day in week.days)


def test_a_strip_places_years_and_today() -> None:
    strip = lay_out_strip([], 2027, 2030, today=date(2028, 1, 1))
    assert strip.years == ((2027, 0.0), (2028, 24.98), (2029, 50.03), (2030, 75.02))
    assert strip.today == 24.98


def test_a_strip_shows_only_its_years_and_groups_them() -> None:
    lane = Lane(
        "Symposium", "symposium", tuple(event(date(y, 3, 2), 3) for y in (2024, 2027, 2030))
    )
    strip = lay_out_strip([lane], 2027, 2029)
    assert [(year, len(items)) for year, items in strip.by_year] == [(2027, 1)]


def test_the_look_follows_the_state() -> None:
    states = ("projected", "call_open", "confirmed", "postponed", "cancelled")
    found = [
        Event("A", date(2027, 1 + 2 * n, 1), date(2027, 1 + 2 * n, 4), status=status)
        for n, status in enumerate(states)
    ]
    strip = lay_out_strip([Lane("Symposium", "symposium", tuple(found))], 2027, 2027)
    assert [bar.look for bar in strip.bars] == [
        "projected",
        "call",
        "settled",
        "postponed",
        "cancelled",
    ]


@given(starts=st.lists(st.dates(date(2027, 1, 1), date(2038, 12, 31)), max_size=20))
def test_the_words_of_a_row_never_meet(starts: list[date]) -> None:
    lane = Lane("Symposium", "symposium", tuple(event(start, 3) for start in starts))
    (drawn,) = lay_out_strip([lane], 2027, 2038, label_width=10).lanes
    for row in range(drawn.rows):
        taken = [
            (bar.x - 10, bar.x) if bar.label_ends else (bar.x, bar.x + 10)
            for bar in drawn.bars
            if bar.row == row
        ]
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(taken)))


def test_a_list_is_grouped_by_the_month_of_the_first_day() -> None:
    groups = group_by_month([event(date(2027, 5, 31), 3), event(date(2027, 3, 2), 3)])
    assert _titles(groups) == [("March 2027", 1), ("May 2027", 1)]


def _titles(groups: Sequence[object]) -> list[tuple[str, int]]:
    return [(group.title, len(group.events)) for group in groups]  # type: ignore[attr-defined]
