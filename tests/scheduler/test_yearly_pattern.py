from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import RecurrenceRuleError
from scheduler.recurrence import (
    RecurrenceRule,
    YearlyPattern,
    first_occurrence,
    occurrences_of_years,
)

intervals, months = st.integers(1, 12), st.integers(1, 12)
patterns = st.one_of(
    st.builds(
        YearlyPattern,
        intervals,
        months,
        ordinal=st.sampled_from([1, 2, 3, 4, -1]),
        weekday=st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]),
    ),
    st.builds(YearlyPattern, intervals, months, full_week=st.sampled_from([1, 2, 3, -1])),
    st.builds(YearlyPattern, intervals, months, month_day=st.integers(1, 29)),
)


@given(pattern=patterns)
def test_a_pattern_reads_back_as_itself(pattern: YearlyPattern) -> None:
    assert YearlyPattern.read(pattern.rrule()) == pattern
    assert YearlyPattern.read(pattern.rrule().lower()) == pattern


@given(month=months, week=st.sampled_from([1, 2, 3, -1]))
def test_a_full_week_lies_in_its_month_every_year(month: int, week: int) -> None:
    rrule = YearlyPattern(1, month, full_week=week).rrule()
    start = first_occurrence(rrule, date(2000, 1, 1))
    mondays = occurrences_of_years(RecurrenceRule(rrule, start), 2000, 2039)
    assert len(mondays) == 40
    for monday in mondays:
        assert monday.weekday() == 0
        assert (monday + timedelta(days=6)).month == month
        if week == -1:
            last_day = monthrange(monday.year, month)[1]
            assert monday.day + 13 > last_day  # no room for another one
        else:
            assert (monday.day - 1) // 7 + 1 == week


@pytest.mark.parametrize(
    "rrule",
    [
        "nonsense",
        "FREQ=MONTHLY;BYMONTH=3;BYDAY=1TU",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=3",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTH=3,9;BYDAY=1TU",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TU",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=5TU",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU,2TU",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;BYMONTHDAY=1,2",
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;COUNT=3",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;UNTIL=20400101",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;WKST=SU",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=MO;BYMONTHDAY=21,22,23,24,25,26,27",
    ],
)
def test_what_the_form_cannot_show_is_not_read(rrule: str) -> None:
    assert YearlyPattern.read(rrule) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ordinal": 1},
        {"weekday": "MO"},
        {"ordinal": 5, "weekday": "MO"},
        {"ordinal": 1, "weekday": "XX"},
        {"full_week": 4},
        {"month_day": 32},
        {"full_week": 1, "month_day": 1},
    ],
)
def test_a_pattern_says_one_thing(fields: dict[str, object]) -> None:
    with pytest.raises(RecurrenceRuleError, match="only one of them"):
        YearlyPattern(1, 3, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("interval", "month"), [(0, 3), (10_000, 3), (1, 0), (1, 13)])
def test_years_and_months_are_in_range(interval: int, month: int) -> None:
    with pytest.raises(RecurrenceRuleError, match="counted from 1"):
        YearlyPattern(interval, month, month_day=1)
