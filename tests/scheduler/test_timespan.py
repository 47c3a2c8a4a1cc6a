from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.timespan import (
    DaySpan,
    EmptySpanError,
    UnknownZoneError,
    YearError,
    check_year,
    day_after,
    find_zone,
    instant,
)

days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
spans = st.builds(DaySpan.of, days, st.integers(1, 60))


@given(one=spans, other=spans)
def test_spans_overlap_exactly_when_they_share_a_day(one: DaySpan, other: DaySpan) -> None:
    def held(span: DaySpan) -> set[date]:
        return {span.dtstart + timedelta(days=number) for number in range(span.days)}

    assert one.overlaps(other) is bool(held(one) & held(other))


def test_a_span_that_starts_where_another_ends_only_touches_it() -> None:
    assert not DaySpan(date(2027, 3, 2), date(2027, 3, 5)).overlaps(DaySpan.of(date(2027, 3, 5), 1))


def test_a_span_of_no_day_is_refused() -> None:
    with pytest.raises(EmptySpanError, match="2027-03-01, lies before the first, 2027-03-02"):
        DaySpan(date(2027, 3, 2), date(2027, 3, 2))


def test_years_end_at_9999() -> None:
    assert check_year(9999) == 9999
    for year in (0, 10000):
        with pytest.raises(YearError, match=f"{year} is out of reach"):
            check_year(year)
    with pytest.raises(YearError, match="10000"):
        day_after(date.max)
    with pytest.raises(YearError, match="year 0"):
        instant(datetime.min, find_zone("Asia/Tokyo"))  # noqa: DTZ901 - wall clock


@pytest.mark.parametrize(
    "tzid", ["", "Mars/Olympus", "Europe", "../UTC", "europe/paris", "\0", "CEST"]
)
def test_a_name_that_is_no_zone_is_refused(tzid: str) -> None:
    with pytest.raises(UnknownZoneError, match="There is no time zone"):
        find_zone(tzid)


@pytest.mark.parametrize(
    ("tzid", "wall", "utc"),
    [
        ("America/New_York", "2007-03-11T02:30", "2007-03-11T07:30"),  # a gap of an hour
        ("America/New_York", "2007-11-04T01:30", "2007-11-04T05:30"),  # a fold: the first
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45"),  # a gap of half an hour
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),  # a fold of half an hour
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T20:00"),  # a day that never was
        ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:30"),  # a gap after Ramadan
        ("UTC", "2026-03-22T02:30", "2026-03-22T02:30"),
    ],
)
def test_gaps_use_the_offset_before_and_folds_the_first(tzid: str, wall: str, utc: str) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert instant(datetime.fromisoformat(wall), find_zone(tzid)) == moment


def test_zones_come_from_the_pinned_data() -> None:
    # Morocco stays on +00 from September 2026 on; system files are often too old to know.
    assert instant(datetime(2027, 7, 1, 12), find_zone("Africa/Casablanca")).hour == 12  # noqa: DTZ001
