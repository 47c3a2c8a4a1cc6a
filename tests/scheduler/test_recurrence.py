from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from scheduler import rrule_expansion
from scheduler.errors import RecurrenceRuleError
from scheduler.recurrence import (
    RecurrenceRule,
    first_occurrence,
    occurrences,
    occurrences_of_years,
    validate,
)

days = st.dates(date(1970, 1, 1), date(2100, 1, 1))


def first(rrule: str, dtstart: str, count: int = 10) -> list[str]:
    rule = RecurrenceRule(rrule, date.fromisoformat(dtstart))
    found = occurrences_of_years(rule, rule.dtstart.year, rule.dtstart.year + 40)
    return [day.isoformat() for day in islice(found, count)]


# RFC 5545 §3.8.5.3, those whose FREQ is DAILY or slower, as days; with the first ones it lists.
EXAMPLES = [
    (
        "FREQ=DAILY;COUNT=10",
        "1997-09-02",
        "09-02 09-03 09-04 09-05 09-06 09-07 09-08 09-09 09-10 09-11",
    ),
    ("FREQ=DAILY;UNTIL=19971224", "1997-09-02", "09-02 09-03 09-04"),
    ("FREQ=DAILY;INTERVAL=2", "1997-09-02", "09-02 09-04 09-06 09-08"),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02", "09-02 09-12 09-22 10-02 10-12"),
    (
        "FREQ=YEARLY;UNTIL=20000131;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "1998-01-01",
        "01-01 01-02 01-03",
    ),
    ("FREQ=DAILY;UNTIL=20000131;BYMONTH=1", "1998-01-01", "01-01 01-02 01-03"),
    (
        "FREQ=WEEKLY;COUNT=10",
        "1997-09-02",
        "09-02 09-09 09-16 09-23 09-30 10-07 10-14 10-21 10-28 11-04",
    ),
    ("FREQ=WEEKLY;UNTIL=19971224", "1997-09-02", "09-02 09-09 09-16"),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997-09-02", "09-02 09-16 09-30 10-14 10-28 11-11"),
    (
        "FREQ=WEEKLY;UNTIL=19971007;WKST=SU;BYDAY=TU,TH",
        "1997-09-02",
        "09-02 09-04 09-09 09-11 09-16",
    ),
    ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", "1997-09-02", "09-02 09-04 09-09 09-11 09-16"),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224;WKST=SU;BYDAY=MO,WE,FR",
        "1997-09-01",
        "09-01 09-03 09-05 09-15 09-17 09-19 09-29 10-01 10-03 10-13",
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997-09-02",
        "09-02 09-04 09-16 09-18 09-30 10-02 10-14 10-16",
    ),
    ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997-09-05", "09-05 10-03 11-07 12-05 1998-01-02 02-06"),
    ("FREQ=MONTHLY;UNTIL=19971224;BYDAY=1FR", "1997-09-05", "09-05 10-03 11-07 12-05"),
    (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997-09-07",
        "09-07 09-28 11-02 11-30 1998-01-04 01-25 03-01 03-29 05-03 05-31",
    ),
    (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997-09-22",
        "09-22 10-20 11-17 12-22 1998-01-19 02-16",
    ),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28", "09-28 10-29 11-28 12-29 1998-01-29 02-26"),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", "1997-09-02", "09-02 09-15 10-02 10-15 11-02"),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997-09-30", "09-30 10-01 10-31 11-01 11-30"),
    (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997-09-10",
        "09-10 09-11 09-12 09-13 09-14 09-15 1999-03-10 03-11 03-12 03-13",
    ),
    ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1997-09-02", "09-02 09-09 09-16 09-23 09-30 11-04 11-11"),
    ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "1997-06-10", "06-10 07-10 1998-06-10 07-10"),
    (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997-03-10",
        "03-10 1999-01-10 02-10 03-10 2001-01-10",
    ),
    (
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997-01-01",
        "01-01 04-10 07-19 2000-01-01 04-09 07-18 2003-01-01 04-10 07-19 2006-01-01",
    ),
    ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", "05-19 1998-05-18 1999-05-17"),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12", "05-12 1998-05-11 1999-05-17"),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13", "03-13 03-20 03-27 1998-03-05 03-12"),
    ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "1997-06-05", "06-05 06-12 06-19 06-26 07-03"),
    ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997-09-13", "09-13 10-11 11-08 12-13"),
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996-11-05",
        "11-05 2000-11-07 2004-11-02",
    ),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", "09-04 10-07 11-06"),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997-09-29",
        "09-29 10-30 11-27 12-30 1998-01-29 02-26 03-30",
    ),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05", "08-05 08-10 08-19 08-24"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05", "08-05 08-17 08-19 08-31"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15", "01-15 01-30 02-15 03-15 03-30"),
]


@pytest.mark.parametrize(("rrule", "dtstart", "listed"), EXAMPLES)
def test_examples_of_rfc_5545(rrule: str, dtstart: str, listed: str) -> None:
    year, expected = dtstart[:4], []
    for day in listed.split():
        year = day[:4] if len(day) > 5 else year
        expected.append(f"{year}-{day[-5:]}")
    assert first(rrule, dtstart, len(expected)) == expected


def test_friday_the_thirteenth_may_start_beside_itself_where_an_exdate_removes_it() -> None:
    start = date(1997, 9, 2)
    rule = RecurrenceRule("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", start, exdates=(start,))
    assert [day.isoformat() for day in occurrences(rule, start, date(2000, 12, 31))] == [
        "1998-02-13",
        "1998-03-13",
        "1998-11-13",
        "1999-08-13",
        "2000-10-13",
    ]
    with pytest.raises(RecurrenceRuleError, match="does not fall on its own start"):
        validate(RecurrenceRule(rule.rrule, start))


@pytest.mark.parametrize(
    ("rrule", "dtstart", "expected"),
    [
        # Leap days come in leap years, and 1900 and 2100 are none.
        ("FREQ=YEARLY", "2092-02-29", ["2092-02-29", "2096-02-29", "2104-02-29"]),
        ("FREQ=YEARLY;INTERVAL=3", "2000-02-29", ["2000-02-29", "2012-02-29", "2024-02-29"]),
        ("FREQ=YEARLY;BYYEARDAY=366", "2024-12-31", ["2024-12-31", "2028-12-31", "2032-12-31"]),
        ("FREQ=YEARLY;BYYEARDAY=-366", "2024-01-01", ["2024-01-01", "2028-01-01", "2032-01-01"]),
        ("FREQ=YEARLY;BYYEARDAY=-1,-306", "2027-03-01", ["2027-03-01", "2027-12-31", "2028-03-01"]),
        # Months without the day are left out.
        ("FREQ=MONTHLY", "2027-01-31", ["2027-01-31", "2027-03-31", "2027-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31", "2027-01-01", ["2027-01-01", "2027-03-01", "2027-05-01"]),
        # Weeks reach over New Year.
        (
            "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
            "2020-12-28",
            ["2020-12-28", "2026-12-28", "2032-12-27"],
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU",
            "2021-01-03",
            ["2021-01-03", "2027-01-03", "2033-01-02"],
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO",
            "2024-01-01",
            ["2024-01-01", "2024-12-30", "2025-12-29"],
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU",
            "2022-01-02",
            ["2022-01-02", "2023-01-01", "2023-12-31"],
        ),
        # A week without a weekday has that of its start.
        ("FREQ=YEARLY;BYWEEKNO=20", "2027-05-19", ["2027-05-19", "2028-05-17", "2029-05-16"]),
        # BYSETPOS counts in the whole first week, not from its start on (dateutil#1398).
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2,3",
            "2027-03-03",
            ["2027-03-03", "2027-03-05", "2027-03-10"],
        ),
        # Numbered and plain weekdays add up; dateutil intersects them.
        ("FREQ=MONTHLY;BYDAY=1MO,FR", "2027-03-01", ["2027-03-01", "2027-03-05", "2027-03-12"]),
        # Names are case-insensitive, numbers may carry signs and zeros (§3.3.10).
        (
            "freq=monthly;byday=+1mo;bymonth=03",
            "2027-03-01",
            ["2027-03-01", "2028-03-06", "2029-03-05"],
        ),
    ],
)
def test_traps(rrule: str, dtstart: str, expected: list[str]) -> None:
    assert first(rrule, dtstart, 3) == expected


@given(year=st.integers(1, 9998), number=st.integers(-53, 53).filter(bool))
def test_week_numbers_are_those_of_iso_8601(year: int, number: int) -> None:
    start, end = date(year, 1, 1), date(year + 1, 1, 1)
    every = "MO,TU,WE,TH,FR,SA,SU"

    def in_week(day: date) -> bool:
        iso = day.isocalendar()
        weeks = date(iso.year, 12, 28).isocalendar().week if iso.year else 52
        return iso.week == (number if number > 0 else weeks + 1 + number)

    wanted = [
        day
        for day in (start + timedelta(days=offset) for offset in range((end - start).days))
        if in_week(day)
    ]
    excepted = RecurrenceRule(f"FREQ=YEARLY;BYWEEKNO={number};BYDAY={every}", start, (), (start,))
    assert occurrences(excepted, start, end) == [day for day in wanted if day != start]


frequencies = st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"])
weekdays = st.lists(
    st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3
)


@st.composite
def rules(draw: st.DrawFn) -> RecurrenceRule:
    """Draw a rule on which dateutil is right, from its first day on."""
    freq = draw(frequencies)
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 9))}"]

    def numbers(name: str, low: int, high: int) -> None:
        values = draw(st.lists(st.integers(low, high).filter(bool), max_size=4))
        if values:
            parts.append(f"{name}={','.join(map(str, values))}")

    numbers("BYMONTH", 1, 12)
    if freq != "WEEKLY":
        numbers("BYMONTHDAY", -31, 31)
    if freq == "YEARLY":
        numbers("BYYEARDAY", -366, 366)
    # Never numbered and plain weekdays together: dateutil intersects them.
    ordinals = st.sampled_from(["", "1", "4", "-1"] if freq in {"YEARLY", "MONTHLY"} else [""])
    if draw(st.booleans()):
        ordinal = draw(ordinals)
        parts.append("BYDAY=" + ",".join(f"{ordinal}{day}" for day in draw(weekdays)))
    if len(parts) > 2 and freq in {"YEARLY", "MONTHLY"}:
        numbers("BYSETPOS", -3, 3)
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(weekdays)[0]}")
    rrule = ";".join(parts)
    try:
        return RecurrenceRule(rrule, first_occurrence(rrule, draw(days)))
    except RecurrenceRuleError:
        return RecurrenceRule("FREQ=YEARLY", date(2027, 3, 2))


@given(rule=rules(), start=days, length=st.integers(1, 8000))
def test_dateutil_agrees_where_it_is_right(rule: RecurrenceRule, start: date, length: int) -> None:
    end = start + timedelta(days=length)
    recur = rrulestr(rule.rrule, dtstart=datetime.combine(rule.dtstart, time.min))
    theirs = recur.xafter(datetime.combine(start, time.min), inc=True)
    wanted = []
    for moment in theirs:
        if moment.date() >= end:
            break
        wanted.append(moment.date())
    assert occurrences(rule, start, end) == wanted


@given(rule=rules(), cuts=st.lists(days, min_size=3, max_size=3))
def test_a_cut_window_loses_nothing(rule: RecurrenceRule, cuts: list[date]) -> None:
    start, middle, end = sorted(cuts)
    halves = occurrences(rule, start, middle) + occurrences(rule, middle, end)
    assert halves == occurrences(rule, start, end)


@given(rule=rules(), added=st.lists(days, max_size=5), removed=st.lists(days, max_size=5))
def test_rdates_are_added_and_exdates_taken_away(
    rule: RecurrenceRule, added: list[date], removed: list[date]
) -> None:
    start, end = date(2000, 1, 1), date(2050, 1, 1)
    kept = [day for day in removed if day != rule.dtstart]
    both = RecurrenceRule(rule.rrule, rule.dtstart, (date(2010, 6, 1), *added), tuple(kept))
    wanted = {*occurrences(rule, start, end), date(2010, 6, 1), *added}
    if set(kept).issuperset(both.rdates):
        return
    assert occurrences(both, start, end) == sorted(
        day for day in wanted.difference(kept) if start <= day < end
    )


def test_a_window_far_from_the_start_is_jumped_to() -> None:
    rule = RecurrenceRule("FREQ=WEEKLY;INTERVAL=2", date(1, 1, 1))
    found = occurrences(rule, date(9999, 1, 1), date(9999, 2, 1))
    assert [(day - rule.dtstart).days % 14 for day in found] == [0] * len(found)
    assert len(found) in {2, 3}


def test_the_calendar_ends_with_the_year_9999() -> None:
    for freq, last in (("DAILY", 31), ("WEEKLY", 31), ("MONTHLY", 31), ("YEARLY", 31)):
        rule = RecurrenceRule(f"FREQ={freq}", date(9998, 12, 31))
        if freq == "WEEKLY":
            rule = RecurrenceRule("FREQ=WEEKLY;BYDAY=SA,FR;WKST=SU", date(9998, 12, 26))
        assert occurrences_of_years(rule, 9999, 9999)[-1] == date(9999, 12, last)


def test_until_includes_its_day() -> None:
    assert first("FREQ=DAILY;UNTIL=20270303", "2027-03-02") == ["2027-03-02", "2027-03-03"]


def test_the_first_occurrence_can_be_the_start() -> None:
    rrule = "FREQ=YEARLY;INTERVAL=2;BYMONTH=9;BYDAY=2MO"
    assert first_occurrence(rrule, date(2026, 9, 14)) == date(2026, 9, 14)
    assert first_occurrence(rrule, date(2026, 9, 15)) == date(2027, 9, 13)
    with pytest.raises(RecurrenceRuleError, match="never occurs from 1 January 2027"):
        first_occurrence(f"{rrule};UNTIL=20260101", date(2027, 1, 1))


# The rule, and words of the refusal.
REFUSED = {
    "": "nothing recurs",
    "BYMONTH=3": "FREQ is missing",
    "FREQ=FORTNIGHTLY": "FREQ cannot be",
    "FREQ=SECONDLY": "too fast",
    "FREQ=MINUTELY": "too fast",
    "FREQ=HOURLY": "too fast",
    "FREQ=YEARLY;INTERVAL=0": "INTERVAL is a whole number from 1",
    "FREQ=YEARLY;INTERVAL=-1": "INTERVAL is a whole number from 1",
    "FREQ=YEARLY;INTERVAL=99999999999999999999": "from 1 to 9,999",
    "FREQ=YEARLY;INTERVAL=1_0": "INTERVAL is a whole number",
    "FREQ=YEARLY;COUNT=0": "COUNT is a whole number from 1",
    "FREQ=YEARLY;COUNT=999999999": "from 1 to 50,000",
    "FREQ=YEARLY;COUNT=3;UNTIL=20400101": "COUNT and UNTIL exclude each other",
    "FREQ=YEARLY;BYMONTH=13": "BYMONTH takes 1 to 12",
    "FREQ=YEARLY;BYMONTH=-1": "BYMONTH takes 1 to 12",
    "FREQ=YEARLY;BYMONTH=3,": "BYMONTH takes 1 to 12",
    "FREQ=YEARLY;BYMONTHDAY=0": "BYMONTHDAY takes 1 to 31 or -1 to -31",
    "FREQ=YEARLY;BYMONTHDAY=32": "BYMONTHDAY takes 1 to 31 or -1 to -31",
    "FREQ=YEARLY;BYYEARDAY=367": "BYYEARDAY takes 1 to 366",
    "FREQ=YEARLY;BYWEEKNO=54": "BYWEEKNO takes 1 to 53",
    "FREQ=YEARLY;BYSETPOS=0;BYDAY=MO": "BYSETPOS takes 1 to 366",
    "FREQ=YEARLY;BYDAY=54MO": "BYDAY takes MO to SU",
    "FREQ=YEARLY;BYDAY=0MO": "BYDAY takes MO to SU",
    "FREQ=YEARLY;BYDAY=MON": "BYDAY takes MO to SU",
    "FREQ=YEARLY;BYDAY=1": "BYDAY takes MO to SU",
    "FREQ=WEEKLY;BYDAY=1MO": "a number before a weekday goes with YEARLY or MONTHLY",
    "FREQ=DAILY;BYDAY=-1MO": "a number before a weekday goes with YEARLY or MONTHLY",
    "FREQ=YEARLY;BYWEEKNO=10;BYDAY=1MO": "does not go with BYWEEKNO",
    "FREQ=MONTHLY;BYWEEKNO=10": "BYWEEKNO goes with YEARLY",
    "FREQ=MONTHLY;BYYEARDAY=10": "BYYEARDAY goes with YEARLY",
    "FREQ=WEEKLY;BYMONTHDAY=10": "not with WEEKLY",
    "FREQ=YEARLY;BYSETPOS=1": "BYSETPOS chooses among",
    "FREQ=YEARLY;BYHOUR=9": "without a time",
    "FREQ=YEARLY;WKST=XX": "WKST is one of MO to SU",
    "FREQ=YEARLY;FREQ=YEARLY": "stands in it twice",
    "FREQ=YEARLY;freq=yearly": "stands in it twice",
    "FREQ=YEARLY;BYEASTER=1": "there is no part “BYEASTER”",
    "FREQ=YEARLY;X-NAME=1": "there is no part “X-NAME”",
    "FREQ=YEARLY;": "“” is no part",
    "FREQ=YEARLY;BYMONTH=": "“BYMONTH=” is no part",
    "FREQ=YEARLY;BYMONTH": "“BYMONTH” is no part",
    "RRULE:FREQ=YEARLY": "without “RRULE:”",
    "FREQ=YEARLY\r\nEXDATE:20270302": "one line, no spaces",
    "FREQ=YEARLY\n": "one line, no spaces",
    "FREQ=YEARLY; BYMONTH=3": "no spaces",
    "FREQ=YEARLY;INTERVAL=\u0663": "ASCII",
    "FREQ=YEARLY;BYMONTH=\uff13": "ASCII",
    "FREQ=YEARLY;BYDAY=\u017fU": "ASCII",
    "FREQ=YEARLY;BYDAY=" + ",".join(["MO"] * 3400): "characters",
    "FREQ=YEARLY;UNTIL=2040": "UNTIL cannot be",
    "FREQ=YEARLY;UNTIL=20400230": "not in the calendar",
    "FREQ=YEARLY;UNTIL=00000101": "not in the calendar",
    "FREQ=YEARLY;UNTIL=100000101": "UNTIL cannot be",
    "FREQ=YEARLY;UNTIL=20400101T000000Z": "so UNTIL is a day without a time",
    "FREQ=YEARLY;UNTIL=20400101T000000": "so UNTIL is a day without a time",
    "FREQ=YEARLY;UNTIL=20200101": "ends on 1 January 2020, before it starts on 2 March 2027",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": "never occurs",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30": "never occurs",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30": "never occurs",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=4": "never occurs",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29": "never occurs",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3": "never occurs",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO": "never occurs",
    "FREQ=MONTHLY;BYDAY=6TU": "never occurs",
    "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=6": "never occurs",
    "FREQ=WEEKLY;BYDAY=TU;BYSETPOS=2": "never occurs",
    "FREQ=DAILY;BYMONTH=3;BYSETPOS=2": "never occurs",
    "FREQ=DAILY;INTERVAL=14;BYDAY=WE": "never occurs",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU": "It could start on Tuesday 9 March 2027.",
}


@pytest.mark.parametrize(("rrule", "words"), REFUSED.items(), ids=lambda value: value[:50])
def test_rules_that_mean_nothing_are_refused_with_a_reason(rrule: str, words: str) -> None:
    rule = RecurrenceRule(rrule, date(2027, 3, 2))
    with pytest.raises(RecurrenceRuleError) as refusal:
        validate(rule)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 250
    # Nothing that was typed may be shown at length, and what is offered instead must be taken.
    _, example, offered = str(refusal.value).partition("For example: ")
    if example:
        first_occurrence(offered.removesuffix("."), rule.dtstart)


@pytest.mark.parametrize(
    "rrule", [rrule for rrule, words in REFUSED.items() if "never" not in words]
)
def test_the_text_is_refused_before_a_day_is_worked_out(
    rrule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count_periods_until_refused(rrule, monkeypatch) <= 1


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=DAILY;INTERVAL=97;BYMONTH=9;BYMONTHDAY=-31",
        "FREQ=DAILY;INTERVAL=365;BYMONTH=2,4;BYMONTHDAY=31",
    ],
)
def test_a_day_that_no_month_has_is_refused_after_a_look_at_a_few_years(
    rrule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count_periods_until_refused(rrule, monkeypatch) <= 14


def count_periods_until_refused(rrule: str, monkeypatch: pytest.MonkeyPatch) -> int:
    looked_at = []
    original = rrule_expansion.Expansion._periods  # noqa: SLF001 - to count, not to change

    def counted(*arguments: object) -> object:
        for period in original(*arguments):  # type: ignore[arg-type]
            looked_at.append(period)
            yield period

    monkeypatch.setattr(rrule_expansion.Expansion, "_periods", counted)
    with pytest.raises(RecurrenceRuleError):
        validate(RecurrenceRule(rrule, date(2027, 3, 2)))
    return len(looked_at)


def test_exdates_that_remove_all_of_it_are_refused() -> None:
    start = date(2027, 3, 2)
    removed = tuple(start + timedelta(days=number) for number in range(3))
    with pytest.raises(RecurrenceRuleError, match="EXDATE removes every occurrence"):
        validate(RecurrenceRule("FREQ=DAILY;COUNT=3", start, exdates=removed))
    # One day added by hand is left.
    validate(RecurrenceRule("FREQ=DAILY;COUNT=3", start, (date(2028, 1, 1),), removed))
    validate(RecurrenceRule("FREQ=DAILY;COUNT=4", start, exdates=removed))


def test_more_days_than_anyone_reads_are_refused() -> None:
    rule = RecurrenceRule("FREQ=DAILY", date(1, 1, 1))
    assert len(occurrences(rule, date(2000, 1, 1), date(2100, 1, 1))) == 36525
    with pytest.raises(RecurrenceRuleError, match="more than 50,000 times"):
        occurrences_of_years(rule, 1, 9999)
