from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.editions import event_files
from app.editions.event_files import (
    EVENTS_MAX,
    SIZE_MAX,
    EventFileCountError,
    EventFileEmptyError,
    EventFileKindError,
    EventFileSizeError,
    Reading,
)
from app.editions.models import Precision

HEAD = "name,start,end,city,country,source,certainty,precision,series\n"
days = st.dates(date(1900, 1, 1), date(2200, 1, 1))


def table(*rows: str) -> Reading:
    return event_files.read_csv((HEAD + "".join(f"{row}\n" for row in rows)).encode())


def event(*lines: str, stamp: str = "UID:1@example.org|DTSTAMP:20260101T000000Z") -> list[str]:
    return ["BEGIN:VEVENT", *stamp.split("|"), *lines, "END:VEVENT"]


def calendar(*events: list[str]) -> Reading:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *(line for each in events for line in each)]
    return event_files.read_ics("\r\n".join([*lines, "END:VCALENDAR", ""]).encode())


# -- tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "precision", "expected"),
    [
        ("2027-03-02", "2027-03-04", "", (date(2027, 3, 2), date(2027, 3, 5), "day")),
        ("2027-03-02", "", "", (date(2027, 3, 2), date(2027, 3, 3), "day")),
        ("2028-02", "2028-02", "month", (date(2028, 2, 1), date(2028, 3, 1), "month")),
        ("2028-02", "", "", (date(2028, 2, 1), date(2028, 3, 1), "month")),
        ("2028", "2028", "", (date(2028, 1, 1), date(2029, 1, 1), "year")),
        ("2019-03", "2020-02", "window", (date(2019, 3, 1), date(2020, 3, 1), "window")),
        ("2019-03", "2020-02", "", (date(2019, 3, 1), date(2020, 3, 1), "window")),
        ("2020-02-10", "2020-02-14", "window", (date(2020, 2, 10), date(2020, 2, 15), "window")),
    ],
)
def test_dates_are_as_exact_as_they_are_written(
    start: str, end: str, precision: str, expected: tuple[date, date, str]
) -> None:
    reading = table(f"Forum,{start},{end},,,,,{precision},")
    assert reading.faults == []
    (found,) = reading.events
    assert (found.dtstart, found.dtend, found.precision) == expected


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Forum,,,,,,,,", "The event has no day. Write 2027-03-02, or 2027-03 or 2027 where"),
        ("Forum,2027-03,2027-03,,,,,day,", "“2027-03” names no day."),
        ("Forum,2027-03-01,2027-03,,,,,day,", "“2027-03” names no day."),
        (",2027-03-02,,,,,,,", "The event has no name."),
        ("Forum,2027-02-30,,,,,,,", "“2027-02-30” is not a day of the calendar."),
        ("Forum,2027-13,,,,,,,", "“2027-13” is not a day of the calendar."),
        ("Forum,0000,,,,,,,", "“0000” is not a day of the calendar."),
        ("Forum,soon,,,,,,,", "“soon” is not a day. Write it as 2027-03-02."),
        ("Forum,2027-03-04,2027-03-02,,,,,,", "The last day lies before the first."),
        ("Forum,9999-12-31,9999-12-31,,,,,,", "“9999-12-31” is too far ahead."),
        ("Forum,2027-03-02,,,,,,weekly,", "“weekly” is no precision"),
        ("Forum,2027-03-02,,,,,sure,,", "“sure” is no certainty"),
        ("Forum,2027-03-02,,,,,,,, a note", "“a note” stands under no column that has a name."),
        ('"Forum,2027-03-02', "This is no row of a table"),
    ],
)
def test_a_row_that_tells_no_event_is_told_with_its_line(row: str, said: str) -> None:
    reading = table("Sound,2027-06-01,,,,,,,", row)
    assert [(found.line, found.name) for found in reading.events] == [(2, "Sound")]
    ((line, problem),) = reading.faults
    assert (line, problem.startswith(said)) == (3, True), problem


def test_a_row_with_line_breaks_keeps_the_lines_of_those_after_it() -> None:
    reading = table('"A\nforum",2027-03-02,,,,,,,', "Other,no,,,,,,,")
    assert [(found.line, found.name) for found in reading.events] == [(2, "A forum")]
    assert [fault.line for fault in reading.faults] == [4]


def test_a_table_may_be_separated_by_semicolons() -> None:
    reading = event_files.read_csv(b"name;start;end\r\nForum, spring;2027-03-02;2027-03-04\r\n")
    assert reading.faults == []
    (found,) = reading.events
    assert (found.name, found.dtend) == ("Forum, spring", date(2027, 3, 5))


@pytest.mark.parametrize(
    "content", [b"title,from\nForum,2027\n", b"\xff\xfe\x00", b"\x00", b"\n\n"]
)
def test_what_is_no_table_is_one_fault(content: bytes) -> None:
    reading = event_files.read_csv(content)
    assert (reading.events, len(reading.faults)) == ([], 1)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_no_content_breaks_the_reading_of_a_table(content: bytes) -> None:
    for data in (content, HEAD.encode() + content):
        reading = event_files.read_csv(data)
        assert all(found.dtstart < found.dtend for found in reading.events)


@given(
    name=st.text("abc ,;\"'äé", min_size=1).filter(str.strip), start=days, length=st.integers(1, 90)
)
def test_what_a_table_tells_comes_back(name: str, start: date, length: int) -> None:
    text = io.StringIO()
    last_day = start + timedelta(days=length - 1)
    csv.writer(text).writerow([name, start, last_day, "", "", "", "", "", ""])
    (found,) = event_files.read_csv((HEAD + text.getvalue()).encode()).events
    assert (found.name, found.dtstart) == (" ".join(name.split()), start)
    assert (found.dtend, found.precision) == (start + timedelta(days=length), Precision.DAY)


# -- calendars -------------------------------------------------------------------------------


def test_events_of_a_calendar_come_by_their_days() -> None:
    reading = calendar(
        event("SUMMARY:Forum", "DTSTART;VALUE=DATE:20280306", "DTEND;VALUE=DATE:20280311"),
        event("SUMMARY:Evening", "DTSTART:20280306T180000Z", "DTEND:20280306T200000Z"),
        event("SUMMARY:Night", "DTSTART:20280306T180000Z", "DTEND:20280307T000000Z"),
        event("SUMMARY:Moment", "DTSTART:20280306T000000Z"),
    )
    assert reading.faults == []
    assert [(found.name, found.dtstart.day, found.dtend.day) for found in reading.events] == [
        ("Forum", 6, 11),
        ("Evening", 6, 7),
        ("Night", 6, 7),
        ("Moment", 6, 7),
    ]


def test_a_place_is_a_city_only_where_it_can_be_nothing_else() -> None:
    reading = calendar(
        event("SUMMARY:A", "DTSTART;VALUE=DATE:20280306", "LOCATION:Geneva"),
        event("SUMMARY:B", "DTSTART;VALUE=DATE:20280306", "LOCATION:Hall 5\\, Geneva"),
    )
    assert [(found.city, found.source) for found in reading.events] == [
        ("Geneva", ""),
        ("", "Hall 5, Geneva"),
    ]


def test_each_fault_of_a_calendar_is_told_with_its_line_beside_what_is_sound() -> None:
    day = "DTSTART;VALUE=DATE:20280306"
    reading = calendar(
        event("SUMMARY:Sound", day),
        event("SUMMARY:Without a day"),
        event("SUMMARY:Moved", day, "RECURRENCE-ID;VALUE=DATE:20280306"),
        event("SUMMARY:No such day", "DTSTART;VALUE=DATE:20270631"),
        event(day),
        event("SUMMARY:Called off", day, "STATUS:CANCELLED"),
    )
    assert [found.name for found in reading.events] == ["Sound"]
    assert [(fault.line, fault.problem) for fault in reading.faults] == [
        (9, "The event has no day: DTSTART is missing."),
        (
            19,
            (
                "This moves one occurrence of an event that recurs (RECURRENCE-ID). Add its days "
                "by hand; with the same name in “Recurs as” they replace what the rule expects."
            ),
        ),
        (25, "DTSTART cannot be “20270631”."),
        (27, "The event has no name (SUMMARY)."),
        (32, "“Called off” is cancelled."),
    ]


def test_an_event_that_recurs_comes_with_its_rule_and_the_days_of_its_first_time() -> None:
    reading = calendar(
        event("SUMMARY:Fair", "DTSTART;VALUE=DATE:20280306", "DTEND;VALUE=DATE:20280311",
              "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=1MO"),
        event("SUMMARY:Once", "DTSTART;VALUE=DATE:20280306"),
        event("SUMMARY:Timed", "DTSTART;TZID=Asia/Tokyo:20280306T090000",
              "DTEND;TZID=Asia/Tokyo:20280306T170000", "RRULE:FREQ=YEARLY;UNTIL=20400305T230000Z"),
    )  # fmt: skip
    assert reading.faults == []
    assert [
        (found.name, found.rrule, (found.dtend - found.dtstart).days) for found in reading.events
    ] == [
        ("Fair", "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO", 5),
        ("Once", "", 1),
        ("Timed", "FREQ=YEARLY;UNTIL=20400306", 1),
    ]


@pytest.mark.parametrize("last", ["99991231T235959Z", "99991231T000000Z", "99991231"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Lima"])
def test_a_rule_until_the_last_day_of_all_is_a_rule(zone: str, last: str) -> None:
    start = f"DTSTART;TZID={zone}:20280306T090000"
    reading = calendar(event("SUMMARY:Fair", start, f"RRULE:FREQ=YEARLY;UNTIL={last}"))
    assert reading.faults == []
    assert reading.events[0].rrule.startswith("FREQ=YEARLY;UNTIL=999912")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("EXDATE;VALUE=DATE:20290306", "The event recurs with exceptions (EXDATE)"),
        ("RDATE;VALUE=DATE:20290306", "The event recurs on listed days (RDATE)."),
        ("RRULE:FREQ=MONTHLY", "RRULE: an event has one rule."),
    ],
)
def test_what_no_rule_here_can_hold_is_told_with_its_line(more: str, said: str) -> None:
    reading = calendar(
        event("SUMMARY:Fair", "DTSTART;VALUE=DATE:20280306", "RRULE:FREQ=YEARLY", more)
    )
    assert reading.events == []
    assert [(fault.line, fault.problem.startswith(said)) for fault in reading.faults] == [(9, True)]


# -- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("events.csv", b"", EventFileEmptyError),
        ("events.ics", b" \r\n", EventFileEmptyError),
        ("events.xlsx", b"PK\x03\x04", EventFileKindError),
        ("", b"%PDF-1.7", EventFileKindError),
        ("events.csv", b"x" * (SIZE_MAX + 1), EventFileSizeError),
        ("events.csv", b"x\n" * (EVENTS_MAX + 2), EventFileCountError),
        ("events.ics", b"BEGIN:VEVENT\nEND:VEVENT\n" * (EVENTS_MAX + 1), EventFileCountError),
        ("events.ics", b"A:\n" * 200_000, EventFileCountError),
    ],
)
def test_a_file_that_is_too_large_or_of_no_kind_is_refused(
    name: str, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        event_files.read_file(name, content)


def test_a_calendar_is_known_by_its_content() -> None:
    content = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
    assert event_files.read_file("export", content) == Reading()


@given(content=st.binary(max_size=300))
def test_no_content_breaks_the_reading_of_a_calendar(content: bytes) -> None:
    for data in (content, b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + content):
        assert event_files.read_ics(data).events == []
