"""Every VTIMEZONE against zoneinfo, by a reader as plain as RFC 5545 §3.6.5."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.rrule import rrulestr
from icalendar import Timezone

from scheduler.vtimezone import UnknownTimezoneError, encode_timezone

END = datetime(2101, 1, 1, tzinfo=UTC)
LATEST = END.replace(tzinfo=None)
DAY, WEEK, SECOND = timedelta(days=1), timedelta(days=7), timedelta(seconds=1)
# Each with its own trap: rules, Ramadan, negative DST, half hours, a lost day, shifted weekdays.
TRICKY = (
    "Europe/Brussels",
    "America/New_York",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Tehran",
    "Europe/Dublin",
    "Antarctica/Troll",
    "Pacific/Norfolk",
    "America/Godthab",
    "America/Nuuk",
    "Africa/Cairo",
    "Asia/Almaty",
    "Asia/Jerusalem",
    "America/Santiago",
    "Asia/Kathmandu",
    "Europe/Istanbul",
    "Antarctica/Casey",
)


def read_onsets(vtimezone: bytes) -> list[tuple[datetime, timedelta]]:
    """Return the moments at which the offset changes until 2100, each with the new offset."""
    onsets = set()
    for component in Timezone.from_ical(vtimezone).subcomponents:
        text = component.to_ical().decode()
        dtstart = component["DTSTART"].dt
        starts = {dtstart}
        if rule := re.search("^RRULE:(.*)\r$", text, re.MULTILINE):
            starts |= set(rrulestr(rule[1], dtstart=dtstart).between(dtstart, LATEST))
        starts |= {
            datetime.fromisoformat(day) for day in re.findall("^RDATE:(.*)\r$", text, re.MULTILINE)
        }
        before, after = component["TZOFFSETFROM"].td, component["TZOFFSETTO"].td
        onsets |= {((start - before).replace(tzinfo=UTC), after) for start in starts}
    return sorted(onsets)


def wrong_moments(tzid: str, first_year: int, step: timedelta) -> list[datetime]:
    """Return where the VTIMEZONE and zoneinfo differ: about each onset, and at every step."""
    zone = ZoneInfo(tzid)
    onsets = [*read_onsets(encode_timezone(tzid, first_year)), (END, timedelta())]
    first = datetime(min(max(first_year, 1970), 2088), 1, 1, tzinfo=zone).astimezone(UTC)
    wrong = []
    for (opening, offset), (end, _) in pairwise(onsets):
        start = max(opening, first)
        moments = [start, end - SECOND, *(start + step * n for n in range((end - start) // step))]
        wrong += [moment for moment in moments if moment.astimezone(zone).utcoffset() != offset]
    return wrong


@pytest.mark.parametrize("tzid", TRICKY)
def test_a_tricky_zone_is_right_on_each_day_from_1975_to_2100(tzid: str) -> None:
    assert wrong_moments(tzid, 1975, DAY) == []


def test_every_zone_is_right_from_2020_to_2100() -> None:
    seen, wrong = set(), {}
    for tzid in sorted(available_timezones()):
        alike = encode_timezone(tzid, 2020).replace(f"TZID:{tzid}\r".encode(), b"")
        if alike not in seen:
            seen.add(alike)
            wrong[tzid] = wrong_moments(tzid, 2020, WEEK)
    assert {tzid: moments for tzid, moments in wrong.items() if moments} == {}
    assert len(seen) > 90


@pytest.mark.parametrize("first_year", [1900, 2011, 2038, 2099, 2500])
def test_any_first_year_will_do(first_year: int) -> None:
    assert wrong_moments("Pacific/Apia", first_year, WEEK) == []
    assert wrong_moments("Africa/Cairo", first_year, WEEK) == []
    assert wrong_moments("Asia/Gaza", first_year, WEEK) == []


def test_rules_become_rrules_after_an_opening_observance() -> None:
    assert encode_timezone("Europe/Brussels", 2027).decode().split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Brussels",
        "BEGIN:STANDARD",
        "DTSTART:20270101T000000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20270328T020000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20271031T030000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


def test_the_day_after_a_last_thursday_takes_a_rule_for_each_month() -> None:
    rules = re.findall("RRULE:(.*)\r", encode_timezone("Africa/Cairo", 2027).decode())
    assert rules == [
        "FREQ=YEARLY;BYDAY=-1FR;BYMONTH=4",
        "FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=26,27,28,29,30,31;BYMONTH=10",
        "FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=1;BYMONTH=11",
    ]


def test_onsets_without_a_rule_have_a_line_each() -> None:
    rdates = re.findall("RDATE.*", encode_timezone("Asia/Gaza", 2027).decode())
    assert all(re.fullmatch(r"RDATE:\d{8}T\d{6}\r", rdate) for rdate in rdates)
    assert len(rdates) > 50


def test_the_greater_offset_is_daylight_time_even_in_ireland() -> None:
    kinds = {
        component["TZNAME"]: component.name
        for component in Timezone.from_ical(encode_timezone("Europe/Dublin", 2027)).subcomponents
    }
    assert kinds == {"GMT": "STANDARD", "IST": "DAYLIGHT"}


@pytest.mark.parametrize("first_year", [1970, 2027])
def test_no_zone_has_seconds_or_begins_before_1970(first_year: int) -> None:
    for tzid in available_timezones():
        lines = encode_timezone(tzid, first_year).decode().split("\r\n")
        offsets = [line for line in lines if line.startswith("TZOFFSET")]
        assert all(re.fullmatch(r"TZOFFSET(FROM|TO):[+-]\d{4}", line) for line in offsets)
        assert all(line >= "DTSTART:1970" for line in lines if line.startswith("DTSTART"))
        assert max(map(len, lines)) <= 75


@pytest.mark.parametrize(
    "tzid", ["", "Europe", "Europe/Nowhere", "../zone.tab", "Europe/Brussels\n"]
)
def test_what_is_no_zone_is_refused(tzid: str) -> None:
    with pytest.raises(UnknownTimezoneError):
        encode_timezone(tzid, 2027)
