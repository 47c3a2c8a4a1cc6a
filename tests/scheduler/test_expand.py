from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from scheduler.expand import expand_item, main

ITEM = {
    "id": "symposium",
    "dtstart": "20240305",
    "tz": "DATE",
    "rrule": "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU",
    "rdates": [],
    "exdates": [],
    "window": [2024, 2030],
}


def run(text: str) -> tuple[int, Any]:
    stdout = io.StringIO()
    status = main(io.StringIO(text), stdout)
    return status, json.loads(stdout.getvalue() or "null")


def moments(tz: str, dtstart: str, rrule: str, **more: object) -> object:
    answer = expand_item({**ITEM, "tz": tz, "dtstart": dtstart, "rrule": rrule, **more})
    return answer.get("occurrences", answer.get("error"))


def test_days_come_as_basic_dates_with_rdates_and_exdates_applied() -> None:
    item = {**ITEM, "rdates": ["20260101", "20240305", "20310101"], "exdates": ["20270302"]}
    assert run(json.dumps([item])) == (
        0,
        [{"id": "symposium", "occurrences": ["20240305", "20260101", "20300305"]}],
    )


def test_the_command_reads_stdin_and_writes_stdout() -> None:
    command = [sys.executable, "-m", "scheduler", "expand"]
    done = subprocess.run(  # noqa: S603 - our own command
        command, input=json.dumps([ITEM]), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)[0]["occurrences"] == ["20240305", "20270302", "20300305"]


@pytest.mark.parametrize("arguments", [[], ["contract"], ["expand", "more"]])
def test_a_usage_error_says_the_usage_and_exits_2(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "scheduler", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python -m scheduler")


@pytest.mark.parametrize("arguments", [["--help"], ["expand", "--help"]])
def test_who_asks_for_help_reads_an_example_that_works(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "scheduler", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    example = done.stdout[done.stdout.index("[{") : done.stdout.index("}]") + 2]
    assert run(example) == (
        0,
        [{"id": "workshop", "occurrences": ["20270301", "20280306", "20290305", "20300304"]}],
    )


@pytest.mark.parametrize("text", ["", "{}", "null", "[", "[NaN]", "[" * 100_000, '"[]"'])
def test_what_is_no_json_list_exits_1(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(text) == (1, None)
    assert re.fullmatch(r"The input is no JSON list(: .*)?\.\n", capsys.readouterr().err)


def test_an_empty_list_is_a_list() -> None:
    assert run("[]") == (0, [])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"dtstart": "2024-03-05"}, "“2024-03-05” is no day like 20270302."),
        ({"dtstart": "00000305"}, "“00000305” is no day like 20270302."),
        ({"dtstart": "20240305T090000"}, "“20240305T090000” is no day like 20270302."),
        ({"dtstart": 20240305}, "“dtstart” has to be a string."),
        ({"tz": "Europe/Paris"}, "“20240305” is no time like 20270302T090000."),
        ({"tz": None}, "“tz” has to be a string."),
        ({"rdates": "20240305"}, "“rdates” has to be a list of strings."),
        ({"exdates": [None]}, "“exdates” has to be a list of strings."),
        ({"window": [2030, 2024]}, "“window” has to be a list of two years in order."),
        ({"window": [True, 2024]}, "“window” has to be a list of two years in order."),
        ({"window": 2024}, "“window” has to be a list of two years in order."),
        ({"window": [0, 2024]}, "The year 0 is out of reach: years run from 1 to 9999."),
        ({"windows": [1, 2]}, "“windows” is no key of an item."),
    ],
)
def test_an_item_that_cannot_be_read_says_why(change: dict[str, object], error: str) -> None:
    assert expand_item({**ITEM, **change}) == {"id": "symposium", "error": error}


@pytest.mark.parametrize("key", ["dtstart", "tz", "rrule", "window"])
def test_a_missing_key_is_named(key: str) -> None:
    item = {name: value for name, value in ITEM.items() if name != key}
    assert expand_item(item) == {"id": "symposium", "error": f"The item has no “{key}”."}


def test_a_key_that_stands_twice_is_named() -> None:
    doubled = json.dumps(ITEM).replace('"tz"', '"rrule": "FREQ=DAILY", "tz"')
    assert run(f"[{doubled}, {json.dumps(ITEM)}]")[1] == [
        {"id": "symposium", "error": "“rrule” stands in the item twice."},
        {"id": "symposium", "occurrences": ["20240305", "20270302", "20300305"]},
    ]


def test_a_hostile_item_does_not_touch_the_others() -> None:
    minutes = ",".join(map(str, range(60)))
    hostile = {
        **ITEM,
        "tz": "Europe/Paris",
        "dtstart": "20240305T000000",
        "rrule": f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={minutes}",
        "window": [1, 9999],
    }
    digits = json.dumps([ITEM, hostile, 7, {**ITEM, "window": [1, 2]}]).replace(
        "[1, 2]", "9" * 5000
    )
    status, answers = run(digits)
    assert status == 0
    assert [sorted(answer) for answer in answers] == [["id", "occurrences"], *[["error", "id"]] * 3]
    assert "more than 50,000 times" in answers[1]["error"]


def test_zoned_moments_are_in_utc_and_floating_ones_are_not() -> None:
    rrule = "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
    window = {"window": [2026, 2027]}
    assert [
        moments(tz, "20260329T023000", rrule, **window) for tz in ("Europe/Paris", "UTC", "")
    ] == [
        ["2026-03-29T01:30:00Z", "2027-03-28T01:30:00Z"],  # both in the gap
        ["2026-03-29T02:30:00Z", "2027-03-28T02:30:00Z"],
        ["2026-03-29T02:30:00", "2027-03-28T02:30:00"],
    ]


def test_the_window_is_by_year_of_the_wall_clock() -> None:
    assert moments("Asia/Tokyo", "20270101T080000", "FREQ=YEARLY", window=[2027, 2027]) == [
        "2026-12-31T23:00:00Z"
    ]


def test_a_day_that_never_was_lands_on_the_next_and_comes_once() -> None:
    assert moments(
        "Pacific/Apia", "20111229T100000", "FREQ=DAILY;COUNT=4", window=[2011, 2012]
    ) == [
        "2011-12-29T20:00:00Z",
        "2011-12-30T20:00:00Z",
        "2011-12-31T20:00:00Z",
    ]


def test_until_is_compared_in_utc() -> None:
    window = {"window": [2026, 2026]}
    rrule = "FREQ=DAILY;UNTIL=20260103T{}Z"
    # 20:00 in New York is 01:00 of the next day in UTC.
    assert (
        len(moments("America/New_York", "20260101T200000", rrule.format("005959"), **window)) == 1
    )
    assert (
        len(moments("America/New_York", "20260101T200000", rrule.format("010000"), **window)) == 2
    )


def test_an_exdate_removes_the_moment_that_a_gap_moved() -> None:
    rrule = "FREQ=DAILY;COUNT=2"
    window = {"window": [2026, 2026], "exdates": ["20260329T033000"]}
    assert moments("Europe/Paris", "20260328T023000", rrule, **window) == ["2026-03-28T01:30:00Z"]


def test_times_of_day_are_chosen_by_position_too() -> None:
    rrule = "FREQ=DAILY;BYHOUR=9,13,17;BYSETPOS=-1,1;COUNT=3"
    assert moments("", "20270302T090000", rrule, window=[2027, 2027]) == [
        "2027-03-02T09:00:00",
        "2027-03-02T17:00:00",
        "2027-03-03T09:00:00",
    ]
    rrule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,17;BYSETPOS=-1;COUNT=2"
    assert moments("", "20270331T170000", rrule, window=[2027, 2027]) == [
        "2027-03-31T17:00:00",
        "2027-04-30T17:00:00",
    ]


@pytest.mark.parametrize(
    ("dtstart", "rrule", "words"),
    [
        ("20270302T090000", "FREQ=HOURLY", "too fast"),
        ("20270302T090000", "", "nothing recurs"),
        ("20270302T090000", "FREQ=DAILY;UNTIL=20270401", "in UTC, ending in Z"),
        ("20270302T090000", "FREQ=DAILY;UNTIL=20270401T090000", "in UTC, ending in Z"),
        ("20270302T093000", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "Wednesday 3 March 2027 at 09:00:00"),
        (
            "20270302T100000",
            "FREQ=DAILY;BYHOUR=9,11",
            "could start on Tuesday 2 March 2027 at 11:00",
        ),
        ("20270302T090000", "FREQ=DAILY;BYSECOND=61", "BYSECOND takes 0 to 60"),
    ],
)
def test_rules_of_moments_are_refused_with_a_reason(dtstart: str, rrule: str, words: str) -> None:
    assert words in str(moments("Europe/Paris", dtstart, rrule))


def test_a_start_beside_its_rule_is_taken_where_an_exdate_removes_it() -> None:
    more = {"exdates": ["19970902T090000"], "window": [1997, 1998]}
    rrule = "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"  # RFC 5545 §3.8.5.3
    assert moments("America/New_York", "19970902T090000", rrule, **more) == [
        "1998-02-13T14:00:00Z",
        "1998-03-13T14:00:00Z",
        "1998-11-13T14:00:00Z",
    ]
