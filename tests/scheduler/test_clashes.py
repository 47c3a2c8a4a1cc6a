from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.clashes import (
    GENERAL_CONFERENCE,
    KnownDate,
    KnownDateError,
    Level,
    OwnEvent,
    expand,
    find_all_clashes,
    find_clashes,
    free_weeks,
    national_holidays,
    observances,
    overlaps,
    say_days,
    unknown_holidays,
    unknown_observances,
    unknowns,
)
from scheduler.recurrence import RecurrenceRule

DAY = timedelta(days=1)
SYMPOSIUM = OwnEvent("s27", "Symposium 2027", "symposium", date(2027, 3, 2), date(2027, 3, 5))
WORKSHOP = OwnEvent(
    "w27", "Workshop 2027", "practitioner-workshop", date(2027, 9, 13), date(2027, 9, 18)
)
WORLD = [*observances(2026, 2029), GENERAL_CONFERENCE]


def on(dtstart: date, days: int = 3, *, city: str = "", country_code: str = "") -> OwnEvent:
    return OwnEvent("x", "Meeting", "meetings", dtstart, dtstart + days * DAY, city, country_code)


def known(dtstart: date, days: int = 5, **details: object) -> KnownDate:
    name = str(details.pop("name", "Conference"))
    return KnownDate(name=name, dtstart=dtstart, dtend=dtstart + days * DAY, **details)  # type: ignore[arg-type]


def levels(event: OwnEvent, *others: KnownDate, own: tuple[OwnEvent, ...] = ()) -> list[Level]:
    return [clash.level for clash in find_clashes(event, others, own, None)]


def test_the_symposium_of_2027_lies_in_ramadan() -> None:
    (clash,) = find_clashes(SYMPOSIUM, WORLD, [], None)
    assert (clash.level, clash.name, clash.estimated) == (Level.SOFT, "Ramadan", True)
    assert clash.reason == ("2–4 March 2027 lies in Ramadan (8 February – 8 March 2027, estimated)")


def test_a_week_later_it_would_meet_eid() -> None:
    (clash,) = find_clashes(on(date(2027, 3, 9)), WORLD, [], None)
    assert (clash.level, clash.name, clash.dtstart) == (Level.SOFT, "Eid al-Fitr", date(2027, 3, 9))
    assert clash.estimated


def test_the_days_of_the_general_conference_are_hard() -> None:
    (clash,) = find_clashes(on(date(2027, 9, 20), 5), WORLD, [], "AT")
    assert (clash.level, clash.dtstart, clash.dtend) == (
        Level.HARD,
        date(2027, 9, 20),
        date(2027, 9, 25),
    )


def test_the_margin_of_the_general_conference_is_soft_and_possible() -> None:
    (clash,) = find_clashes(WORKSHOP, WORLD, [], "AT")
    assert clash.level is Level.SOFT
    assert clash.reason.endswith("a clash with 13–17 September 2027 is possible")
    assert find_clashes(on(date(2027, 9, 6), 5), WORLD, [], "AT") == []


def test_an_announced_week_replaces_the_one_its_rule_expects() -> None:
    announced = known(date(2027, 9, 27), name="IAEA General Conference, 71st", kind="IAEA-GC")
    year = expand([GENERAL_CONFERENCE, announced], date(2027, 1, 1), date(2028, 1, 1))
    assert year == [announced]


def test_an_estimated_week_is_told_once_by_its_rule() -> None:
    inferred = known(date(2027, 9, 20), kind="IAEA-GC", estimated=True)
    year = expand([inferred, GENERAL_CONFERENCE], date(2027, 1, 1), date(2028, 1, 1))
    assert [day.name for day in year] == ["IAEA General Conference"]


def test_an_occurrence_that_began_before_the_event_is_seen() -> None:
    yearly = RecurrenceRule("FREQ=YEARLY", date(2020, 12, 20))
    fair = KnownDate(name="Fair", rule=yearly, length_days=30)
    assert levels(on(date(2027, 1, 18), 1), fair) == [Level.SOFT]
    assert levels(on(date(2027, 1, 19), 1), fair) == []


@pytest.mark.parametrize("margin_days", [-1, 32, 400])
def test_a_margin_that_names_no_days_is_refused(margin_days: int) -> None:
    with pytest.raises(KnownDateError, match="0 to 31 days are accepted"):
        known(date(2027, 3, 2), margin_days=margin_days)


def test_days_that_do_not_fit_together_are_refused() -> None:
    day, rule = date(2027, 3, 2), RecurrenceRule("FREQ=YEARLY", date(2027, 3, 2))
    for details, problem in (
        ({}, "give a first and a last day, or a rule"),
        ({"dtstart": day}, "give a first and a last day, or a rule"),
        ({"dtstart": day, "dtend": day}, "ends before it starts"),
        ({"dtstart": day, "dtend": day + DAY, "rule": rule}, "not both"),
        ({"rule": rule, "length_days": 0}, "1 to 366 are accepted"),
    ):
        with pytest.raises(KnownDateError, match=problem):
            KnownDate(name="Conference", **details)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["window", "month", "year"])
def test_what_is_not_known_to_the_day_never_clashes_but_is_said(precision: str) -> None:
    vague = known(date(2027, 3, 1), 31, name="Assembly", precision=precision)
    assert levels(SYMPOSIUM, vague) == []
    said = {
        "window": "The days of Assembly (1–31 March 2027) are not known.",
        "month": "The days of Assembly (March 2027) are not known.",
        "year": "The days of Assembly (2027) are not known.",
    }
    assert unknowns(SYMPOSIUM, [vague], None) == [said[precision]]


def test_a_national_holiday_of_the_host_is_hard() -> None:
    (clash,) = find_clashes(on(date(2027, 10, 26)), [], [], "AT")
    assert clash.level is Level.HARD
    assert clash.reason == "26 October 2027 is National Day, a national holiday of the host (AT)"


def test_what_no_calendar_yields_is_not_known() -> None:
    assert find_clashes(SYMPOSIUM, [], [], "XAA") == []
    assert unknowns(SYMPOSIUM, [], "XAA") == ["Public holidays of XAA in 2027 are not known."]
    assert unknown_holidays("AT", [2027, 2100]) == []
    assert unknown_holidays("LK", range(2025, 2029)) == [
        "Public holidays of LK in 2027–2028 are not known."
    ]
    assert unknown_holidays("AT", [2101]) == ["Public holidays of AT in 2101 are not known."]
    assert national_holidays("AT", [2101]) == []


def test_a_calendar_that_ends_in_part_says_so() -> None:
    assert unknown_holidays("IN", [2035]) == []
    assert unknown_holidays("IN", [2036]) == [
        "Some public holidays of IN in 2036 are not known (the Hindu calendar here ends in 2035)."
    ]
    assert unknown_observances(2027, 2035) == []
    assert unknown_observances(2034, 2040) == ["Diwali in 2036–2040 is not known."]


def test_beyond_the_calendars_only_easter_is_known() -> None:
    assert [day.name for day in observances(2102, 2102)] == [
        "Easter (Orthodox)",
        "Easter (Western)",
    ]
    assert len(unknown_observances(2102, 2102)) == 7


def test_observances_of_2027_are_as_their_sources_have_them() -> None:
    found = [(day.name, day.dtstart, day.estimated) for day in observances(2027, 2027)]
    assert found == [
        ("Lunar New Year", date(2027, 2, 6), False),
        ("Ramadan", date(2027, 2, 8), True),
        ("Eid al-Fitr", date(2027, 3, 9), True),
        ("Easter (Western)", date(2027, 3, 26), False),
        ("Easter (Orthodox)", date(2027, 4, 30), False),
        ("Eid al-Adha", date(2027, 5, 16), True),
        ("Rosh Hashanah", date(2027, 10, 2), False),
        ("Yom Kippur", date(2027, 10, 11), False),
        ("Diwali", date(2027, 10, 29), False),
    ]


@given(year=st.integers(1990, 2098))
@settings(max_examples=30, deadline=None)
def test_ramadan_ends_on_the_eve_of_eid(year: int) -> None:
    days = observances(year, year + 1)
    eids = {day.dtstart for day in days if day.name == "Eid al-Fitr"}
    ramadans = [day for day in days if day.name == "Ramadan" and day.dtstart.year == year]
    assert ramadans
    for ramadan in ramadans:
        assert ramadan.dtend in eids
        assert (ramadan.dtend - ramadan.dtstart).days in {29, 30}


def test_one_series_does_not_meet_twice_on_the_same_days() -> None:
    twin = OwnEvent("b", "Twin", "symposium", date(2027, 3, 4), date(2027, 3, 6))
    (clash,) = find_clashes(SYMPOSIUM, [], [SYMPOSIUM, twin], None)
    assert clash.level is Level.HARD
    assert clash.reason.endswith("of the same series")


def test_one_city_does_not_hold_two_events_on_the_same_days() -> None:
    day = date(2027, 3, 2)
    elsewhere = OwnEvent("b", "Other", "others", day, day + DAY, "vienna", "AUT")
    assert levels(on(day, city="Vienna", country_code="AUT"), own=(elsewhere,)) == [Level.HARD]
    assert levels(on(day, city="Vienna", country_code="USA"), own=(elsewhere,)) == [Level.LOAD]
    assert levels(on(day), own=(elsewhere,)) == [Level.LOAD]
    assert levels(on(day, city="Vienna"), known(day, city="Vienna")) == [Level.HARD]
    assert levels(on(day, city="Brussels"), known(day, city="Vienna")) == [Level.SOFT]


def test_eight_weeks_between_two_own_events_are_no_load() -> None:
    for days, expected in ((55, [Level.LOAD]), (56, [])):
        later = SYMPOSIUM.dtend + days * DAY
        other = OwnEvent("b", "Other", "others", later, later + DAY)
        assert levels(SYMPOSIUM, own=(other,)) == expected
        assert levels(other, own=(SYMPOSIUM,)) == expected


def test_clashes_come_by_level_then_by_day() -> None:
    event = on(date(2027, 3, 8), 5, city="Vienna")
    found = find_clashes(
        event, [*WORLD, known(date(2027, 3, 12), city="Vienna")], [SYMPOSIUM], None
    )
    assert [(clash.level.value, clash.name) for clash in found] == [
        ("hard", "Conference"),
        ("soft", "Ramadan"),
        ("soft", "Eid al-Fitr"),
        ("load", "Symposium 2027"),
    ]


def test_free_weeks_come_without_soft_clash_first_then_near() -> None:
    weeks = free_weeks(SYMPOSIUM, WORLD, [SYMPOSIUM], SYMPOSIUM.dtstart, 4, host_country="BE")
    assert [(week.dtstart, week.distance_weeks) for week in weeks] == [
        (date(2027, 3, 16), 2),
        (date(2027, 3, 23), 3),
        (date(2027, 3, 30), 4),
        (date(2027, 2, 2), -4),
    ]
    assert weeks[0].reason == "2 weeks later: no clash known"


def test_a_free_week_says_what_could_not_be_compared() -> None:
    (week,) = free_weeks(WORKSHOP, WORLD, [], WORKSHOP.dtstart, 1, host_country="XAA")
    assert week.dtstart == date(2027, 9, 6)
    assert week.reason == (
        "1 week earlier: no clash known; Public holidays of XAA in 2027 are not known"
    )


def test_a_free_week_is_not_offered_before_the_day_named() -> None:
    weeks = free_weeks(WORKSHOP, WORLD, [], WORKSHOP.dtstart, 99, not_before=WORKSHOP.dtstart)
    assert min(week.dtstart for week in weeks) == WORKSHOP.dtstart


def test_free_weeks_keep_the_weekday_around_any_day() -> None:
    for shift in range(7):
        around = date(2027, 6, 7) + shift * DAY
        week = next(
            week for week in free_weeks(SYMPOSIUM, [], [], around, 99) if not week.distance_weeks
        )
        assert week.dtstart.weekday() == SYMPOSIUM.dtstart.weekday()
        assert abs(week.dtstart - around) <= 3 * DAY


def test_days_are_said_with_the_last_one() -> None:
    assert say_days(date(2027, 3, 9), date(2027, 3, 10)) == "9 March 2027"
    assert say_days(date(2027, 3, 30), date(2027, 4, 3)) == "30 March – 2 April 2027"
    assert say_days(date(2026, 12, 30), date(2027, 1, 2)) == ("30 December 2026 – 1 January 2027")


days = st.dates(date(2026, 6, 1), date(2028, 6, 1))
cities = st.sampled_from(["", "Vienna", "Brussels"])
spans = st.tuples(days, st.integers(1, 40)).map(lambda span: (span[0], span[0] + span[1] * DAY))


@st.composite
def own_events(draw: st.DrawFn) -> list[OwnEvent]:
    count = draw(st.integers(0, 8))
    return [
        OwnEvent(str(key), f"Event {key}", draw(st.sampled_from("ab")), *draw(spans), draw(cities))
        for key in range(count)
    ]


@st.composite
def known_dates(draw: st.DrawFn) -> list[KnownDate]:
    details = st.fixed_dictionaries(
        {
            "margin_days": st.integers(0, 31),
            "level": st.sampled_from(Level),
            "estimated": st.booleans(),
            "precision": st.sampled_from(["day", "day", "month"]),
            "city": cities,
            "kind": st.sampled_from(["", "IAEA-GC"]),
        }
    )
    found = []
    for number in range(draw(st.integers(0, 8))):
        dtstart, dtend = draw(spans)
        name = f"Date {number}"
        found.append(KnownDate(name=name, dtstart=dtstart, dtend=dtend, **draw(details)))
    return [*found, *draw(st.sampled_from([[], WORLD, [GENERAL_CONFERENCE]]))]


@given(mine=st.lists(spans, max_size=20), others=st.lists(spans, max_size=20))
def test_the_sweep_finds_what_comparing_all_pairs_finds(
    mine: list[tuple[date, date]], others: list[tuple[date, date]]
) -> None:
    def meet(one: tuple[date, date], other: tuple[date, date]) -> bool:
        return one[0] < other[1] and other[0] < one[1]

    expected = [
        (index, beside)
        for index, one in enumerate(mine)
        for beside, other in enumerate(others)
        if meet(one, other)
    ]
    assert sorted(overlaps(mine, others)) == expected
    among = sorted((min(pair), max(pair)) for pair in overlaps(mine))
    assert among == [
        (index, beside)
        for index, one in enumerate(mine)
        for beside in range(index + 1, len(mine))
        if meet(one, mine[beside])
    ]


@given(own=own_events(), dates=known_dates(), host=st.sampled_from([None, "AT", "AE", "XAA"]))
@settings(deadline=None)
def test_many_events_clash_as_each_alone(
    own: list[OwnEvent], dates: list[KnownDate], host: str | None
) -> None:
    hosts = {} if host is None else {event.key: host for event in own}
    assert find_all_clashes(own, dates, own, hosts) == {
        event.key: find_clashes(event, dates, own, host) for event in own
    }


@given(own=own_events(), dates=known_dates(), around=days, limit=st.integers(0, 8))
@settings(deadline=None)
def test_a_free_week_has_no_hard_clash(
    own: list[OwnEvent], dates: list[KnownDate], around: date, limit: int
) -> None:
    event = OwnEvent("x", "Meeting", "a", date(2027, 3, 2), date(2027, 3, 5), "Vienna")
    weeks = free_weeks(event, dates, own, around, limit, host_country="AT")
    assert len(weeks) <= limit
    for week in weeks:
        moved = OwnEvent("x", "Meeting", "a", week.dtstart, week.dtend, "Vienna")
        assert find_clashes(moved, dates, own, "AT") == list(week.clashes)
        assert Level.HARD not in {clash.level for clash in week.clashes}
        assert week.dtend - week.dtstart == event.dtend - event.dtstart
        assert week.dtstart.weekday() == event.dtstart.weekday()
    ranks = [
        (Level.SOFT in {clash.level for clash in week.clashes}, abs(week.distance_weeks))
        for week in weeks
    ]
    assert ranks == sorted(ranks)
