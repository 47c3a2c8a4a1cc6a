"""What we write, read by ourselves, by icalendar, and by two readers nobody here wrote."""

from __future__ import annotations

import ctypes.util
import json
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from scheduler.calendar_entry import clean
from scheduler.ical import (
    CalendarDataError,
    CalendarEntry,
    CalendarEntryError,
    CalendarHead,
    EntryStatus,
    Invitation,
    Method,
    assemble,
    decode,
    decode_what_can_be,
    encode,
    encode_component,
    encode_invitation,
    encode_timezone,
    to_jcal,
)
from scheduler.vtimezone import UnknownTimezoneError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GOLDEN = Path(__file__).parent / "golden"
READERS = Path(__file__).parents[1] / "readers"
REVISED = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
# A time on the clock of some zone.
wall = datetime.fromisoformat

HEAD = CalendarHead(
    name="Symposia, all of them",
    description="Editions; as announced",
    url="https://symposia.example.org/calendar",
    source="https://symposia.example.org/feeds/all.ics",
    color="steelblue",
    last_modified=REVISED,
)


def make_entry(**values: object) -> CalendarEntry:
    defaults = {
        "uid": "0b5a@symposia.example.org",
        "sequence": 0,
        "created": REVISED - timedelta(days=30),
        "last_modified": REVISED,
        "summary": "Symposium 2027",
        "dtstart": date(2027, 5, 18),
        "dtend": date(2027, 5, 21),
        "status": EntryStatus.CONFIRMED,
    }
    return CalendarEntry(**(defaults | values))


def make_session(tzid: str, *times: datetime, **values: object) -> CalendarEntry:
    dtstart, dtend = times
    return make_entry(tzid=tzid, dtstart=dtstart, dtend=dtend, **values)


ENTRIES = [
    make_entry(
        summary="Symposium 2027: “Security, safety; and you” 🛡️",
        sequence=2,
        location="Main Hall\nVienna, Austria",
        geo=(48.2345, 16.00001),
        url="https://symposia.example.org/editions/symposium-2027",
        description="Opening at nine.\n\nÀ bientôt, مرحبا, 欢迎 — see C:\\News\\new; bring, "
        + "papers " * 30,
        categories=("Symposium", "Vienna, Austria"),
        color="seagreen",
        related_to=(("SIBLING", "0b5b@symposia.example.org"),),
    ),
    make_entry(
        uid="0b5b@symposia.example.org",
        summary="Workshop 2027",
        dtstart=date(2027, 9, 13),
        dtend=date(2027, 9, 18),
        status=EntryStatus.TENTATIVE,
        transparent=True,
    ),
    make_entry(
        uid="0b5c@symposia.example.org",
        summary="Regional engagement, Africa",
        status=EntryStatus.CANCELLED,
        alarms=((timedelta(days=1), "Tomorrow"),),
    ),
    make_session(
        "Europe/Brussels",
        wall("2027-03-28T09:00"),
        wall("2027-03-28T17:30"),
        uid="0b5d@symposia.example.org",
        summary="Session on a DST day",
        alarms=((timedelta(hours=1), "In an hour, “Session”"),),
    ),
    make_session(
        "Australia/Lord_Howe",
        wall("2039-10-02T09:00"),
        wall("2039-10-02T10:15"),
        uid="0b5e@symposia.example.org",
        summary="Session far away",
    ),
    make_entry(
        uid="0b5f@symposia.example.org",
        summary="Registration closes",
        dtstart=datetime(2027, 3, 1, 23, 0, tzinfo=UTC),
        dtend=datetime(2027, 3, 1, 23, 0, tzinfo=UTC),
    ),
]

ZONES = (
    "Europe/Brussels",
    "Europe/Dublin",
    "America/New_York",
    "America/Havana",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Norfolk",
)

# Characters that matter to the format beside all others; NUL and the like are taken out.
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"])
    | st.sampled_from(list('\\,;:"^nN\n\t \u200f\u2028é界😀')),
    max_size=300,
).map(lambda text: text.strip().replace("\ufeff", "") or "Text")  # as they are written
plain_texts = texts.map(lambda text: text.replace("\\", "/"))
instants = st.datetimes(
    wall("1980-01-01T00:00"), wall("2100-01-01T00:00"), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))

delays = st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def entries(draw: st.DrawFn, texts: st.SearchStrategy[str] = texts) -> CalendarEntry:
    tzid = draw(st.sampled_from([None, "Europe/Brussels", "America/New_York", "Asia/Kathmandu"]))
    times = instants if tzid is None else instants.map(lambda moment: moment.replace(tzinfo=None))
    dates = st.dates(date(1980, 1, 1), date(2100, 1, 1))
    start = draw(times if tzid else times | dates)
    at_least = 0 if isinstance(start, datetime) else 1
    return make_entry(
        uid=draw(st.uuids().map(str)),
        sequence=draw(st.integers(0, 99)),
        created=draw(instants),
        last_modified=draw(instants),
        summary=draw(texts),
        dtstart=start,
        dtend=start + timedelta(days=draw(st.integers(at_least, 30))),
        tzid=tzid,
        status=draw(st.sampled_from([EntryStatus.TENTATIVE, EntryStatus.CONFIRMED])),
        location=draw(texts.map(lambda text: text.replace("\n", ""))),
        geo=draw(st.none() | st.tuples(st.integers(-90, 90), st.integers(-180, 180))),
        description=draw(texts),
        categories=tuple(draw(st.lists(texts, max_size=3))),
        color=draw(st.sampled_from(["", "red"])),
        related_to=tuple(draw(st.lists(st.tuples(st.just("PARENT"), texts), max_size=2))),
        transparent=draw(st.booleans()),
        alarms=tuple(draw(st.lists(st.tuples(delays, texts), max_size=2))),
    )


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def errors(data: bytes) -> list[object]:
    return [error for component in Calendar.from_ical(data).walk() for error in component.errors]


# Golden bytes


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("feed.ics", encode(HEAD, ENTRIES)),
        ("empty.ics", encode(CalendarHead(name="Nothing yet"), [])),
        ("feed.json", to_jcal(HEAD, ENTRIES) + b"\n"),
        *(
            (
                f"invitation-{method.lower()}.ics",
                encode_invitation(
                    ENTRIES[3],
                    Invitation(
                        method=method,
                        organizer="symposia@example.org",
                        organizer_name="Symposia",
                        attendee="ana.lopez@example.org",
                        attendee_name='Ana "Anita" López; delegate',
                    ),
                ),
            )
            for method in Method
        ),
    ],
)
def test_the_bytes_are_the_golden_ones(name: str, data: bytes) -> None:
    assert data.decode() == (GOLDEN / name).read_bytes().decode()


# Order and equality


@given(st.lists(entries(), max_size=4, unique_by=lambda entry: entry.uid), st.randoms())
def test_equal_entries_give_equal_bytes_in_any_order(found: list[CalendarEntry], random) -> None:  # noqa: ANN001
    shuffled = random.sample(found, len(found))
    assert encode(HEAD, shuffled) == encode(HEAD, found)
    assert to_jcal(HEAD, shuffled) == to_jcal(HEAD, found)


def test_entries_come_by_start_then_uid() -> None:
    uids = re.findall("^UID:(.*)@", encode(HEAD, reversed(ENTRIES)).decode(), re.MULTILINE)
    assert uids == ["0b5f", "0b5d", "0b5a", "0b5c", "0b5b", "0b5e"]


def test_a_feed_is_its_kept_components_joined() -> None:
    session, day = ENTRIES[3], ENTRIES[1]
    kept = [encode_component(session), encode_component(day)]
    timezones = [encode_timezone("Europe/Brussels", 2027)]
    assert assemble(HEAD, iter(kept), timezones) == encode(HEAD, [day, session])


def test_each_zone_is_described_once_from_its_first_year() -> None:
    later = replace(
        ENTRIES[3], uid="later", dtstart=wall("2029-03-01T00:00"), dtend=wall("2029-03-02T00:00")
    )
    lines = unfolded(encode(HEAD, [later, ENTRIES[3]]))
    assert lines.count("TZID:Europe/Brussels") == 1
    assert "DTSTART:20270101T000000" in lines


# Against icalendar


@given(st.lists(entries(plain_texts), max_size=3))
def test_icalendar_writes_the_same_bytes(found: list[CalendarEntry]) -> None:
    # Without backslashes: it writes \N for a newline and cuts \\ in two at a fold.
    data = encode(replace(HEAD, name="Symposia, all", description="More; of it\n" * 9), found)
    assert Calendar.from_ical(data).to_ical(sorted=False) == data


@given(st.lists(entries(), max_size=3))
def test_icalendar_finds_no_error(found: list[CalendarEntry]) -> None:
    assert errors(encode(HEAD, found)) == []


@given(texts)
def test_icalendar_reads_every_text_as_it_was(text: str) -> None:
    event = Event.from_ical(encode_component(make_entry(summary=text, description=text)))
    assert [str(event.get(name, "")) for name in ("SUMMARY", "DESCRIPTION")] == [text, text]


def test_the_golden_feeds_have_no_error() -> None:
    for path in GOLDEN.glob("*.ics"):
        assert errors(path.read_bytes()) == []


# Lines and texts


@given(entries())
def test_lines_have_at_most_75_octets_and_whole_escapes(entry: CalendarEntry) -> None:
    data = encode(HEAD, [entry])
    assert data.endswith(b"\r\n")
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        assert not re.search(rb"[\r\n]", line)
        assert len(line) - len(line.rstrip(b"\\")) in range(0, 75, 2)
        line.decode()


def test_ten_thousand_characters_come_back() -> None:
    text = "Ünïcode, 😀; \\n\n!" * 625
    assert len(text) == 10_000
    entry = make_entry(description=text)
    assert decode(encode(HEAD, [entry])) == (HEAD, [entry])


def test_control_characters_go_and_line_breaks_become_one() -> None:
    entry = make_entry(description="a\x00b\x0bc\x7fd\re\r\nf\ng\th\ud800i\x1f")
    assert "DESCRIPTION:abcd\\ne\\nf\\ng\thi" in unfolded(encode_component(entry))


def test_the_name_of_a_calendar_is_escaped_once() -> None:
    lines = unfolded(encode(CalendarHead(name="One, two; three\\four\nfive"), []))
    named = [line for line in lines if "NAME:" in line and "TZ" not in line]
    assert named == [
        "NAME:One\\, two\\; three\\\\four\\nfive",
        "X-WR-CALNAME:One\\, two\\; three\\\\four\\nfive",
    ]


def test_a_place_is_one_line() -> None:
    entry = make_entry(location="Main Hall\r\nVienna")
    assert "LOCATION:Main Hall\\, Vienna" in unfolded(encode_component(entry))


# What an event says


def test_whole_days_end_with_the_day_after_the_last() -> None:
    lines = unfolded(encode_component(make_entry()))
    assert lines[6:8] == ["DTSTART;VALUE=DATE:20270518", "DTEND;VALUE=DATE:20270521"]


def test_a_deadline_has_no_end() -> None:
    assert not [line for line in unfolded(encode_component(ENTRIES[5])) if "DTEND" in line]


def test_utc_by_any_name_is_written_with_z() -> None:
    entry = make_session("Etc/UTC", wall("2027-03-01T09:00"), wall("2027-03-01T10:00"))
    lines = unfolded(encode(HEAD, [entry]))
    assert "DTSTART:20270301T090000Z" in lines
    assert not [line for line in lines if "Etc/UTC" in line]


def test_a_cancelled_entry_says_so_and_keeps_still() -> None:
    lines = unfolded(encode_component(ENTRIES[2]))
    assert "SUMMARY:CANCELLED: Regional engagement\\, Africa" in lines
    assert {"STATUS:CANCELLED", "TRANSP:TRANSPARENT"} < set(lines)
    assert "BEGIN:VALARM" not in lines


def test_a_feed_names_no_method_no_uid_and_nobody() -> None:
    lines = unfolded(encode(HEAD, ENTRIES))
    before_components = lines[: lines.index("BEGIN:VTIMEZONE")]
    assert not [line for line in before_components if line.startswith(("UID", "METHOD"))]
    assert not [line for line in lines if line.startswith(("ATTENDEE", "ORGANIZER"))]


def test_a_cancelling_mail_cancels_whatever_others_are_told() -> None:
    invitation = Invitation(
        method=Method.CANCEL, organizer="a@example.org", attendee="b@example.org"
    )
    lines = unfolded(encode_invitation(make_entry(), invitation))
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "ORGANIZER:mailto:a@example.org"} < set(lines)
    assert len([line for line in lines if line.startswith("ATTENDEE")]) == 1


@pytest.mark.parametrize(
    ("tzid", "told"),
    [("Europe/Brussels", "Europe/Brussels"), ("Etc/UTC", "Etc/GMT"), (None, "Etc/GMT")],
)
def test_a_mail_describes_a_zone_though_its_days_name_none(tzid: str | None, told: str) -> None:
    invitation = Invitation(
        method=Method.CANCEL, organizer="a@example.org", attendee="b@example.org"
    )
    days = make_entry(dtstart=date(2027, 6, 8), dtend=date(2027, 6, 11))
    lines = unfolded(encode_invitation(days, invitation, tzid))
    assert [line for line in lines if "TZID" in line] == [f"TZID:{told}"]


def test_a_small_coordinate_has_no_exponent() -> None:
    assert "GEO:0.00001;-10.0" in unfolded(encode_component(make_entry(geo=(1e-5, -10))))


@pytest.mark.parametrize(
    "values",
    [
        {"dtend": date(2027, 5, 18)},
        {"dtend": datetime(2027, 5, 21, tzinfo=UTC)},
        {"tzid": "Europe/Brussels"},
        {"dtstart": wall("2027-05-18T09:00"), "dtend": wall("2027-05-18T10:00")},
        {"dtstart": REVISED, "dtend": REVISED - timedelta(seconds=1)},
        {"dtstart": REVISED, "dtend": REVISED, "tzid": "Europe/Brussels"},
        {"last_modified": wall("2027-05-18T09:00")},
        {"uid": ""},
        {"uid": "é" * 128},
        {"uid": "a\r\nATTENDEE:b"},
        {"url": "https://example.org/\r\nATTENDEE:b"},
        {"color": "#4682b4"},
        {"geo": (91, 0)},
        {"related_to": (("SIB;LING", "x"),)},
    ],
)
def test_what_no_calendar_carries_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(CalendarEntryError):
        make_entry(**values)


def test_an_unknown_zone_is_refused() -> None:
    entry = make_session("Europe/Nowhere", wall("2027-03-01T09:00"), wall("2027-03-01T10:00"))
    with pytest.raises(UnknownTimezoneError, match="Europe/Nowhere"):
        encode(HEAD, [entry])


# Back from bytes


@given(st.lists(entries(), max_size=3))
def test_what_is_written_comes_back(found: list[CalendarEntry]) -> None:
    head, back = decode(encode(HEAD, found))
    assert head == HEAD
    assert sorted(back, key=repr) == sorted(found, key=repr)


def test_a_cancelled_entry_comes_back_without_its_mark() -> None:
    [entry] = decode(encode(HEAD, [ENTRIES[2]]))[1]
    assert entry == replace(ENTRIES[2], alarms=())


@given(entries())
def test_jcal_says_the_same(entry: CalendarEntry) -> None:
    data = to_jcal(HEAD, [entry])
    back = Calendar.from_jcal(json.loads(data))
    event = back.events[0]
    assert str(event["UID"]) == entry.uid
    assert str(event["SUMMARY"]) == entry.summary
    start = event.start.replace(tzinfo=None) if entry.tzid else event.start
    assert start == entry.dtstart
    assert [name.lower() for name in back] == [found[0] for found in json.loads(data)[1]]


FOREIGN = """\
BEGIN:VCALENDAR\r
X-WR-CALNAME:Known events\r
BEGIN:VTODO\r
UID:todo\r
END:VTODO\r
begin:vevent\r
UID:1\r
DTSTAMP:20260101T000000Z\r
DTSTART;TZID=W. Europe Standard Time:20270302T090000\r
DURATION:PT90M\r
SUMMARY;LANGUAGE=en:Folded\r
\t twice\r
COLOR:#ff0000\r
end:vevent\r
BEGIN:VEVENT\r
UID:2\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20270302\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_a_foreign_file_may_lack_what_it_may_lack() -> None:
    head, [zoned, day] = decode(b"\xef\xbb\xbf" + FOREIGN.encode())
    assert head == CalendarHead(name="Known events", prodid="-//Symposia//Symposia//EN")
    assert (zoned.tzid, zoned.dtend) == ("Europe/Berlin", wall("2027-03-02T10:30"))
    assert (zoned.summary, zoned.color) == ("Folded twice", "")
    assert (day.dtend, day.status) == (date(2027, 3, 3), EntryStatus.CONFIRMED)


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        (
            "DTSTART;VALUE=DATE:20270302",
            "DTSTART:20270230",
            [(18, "DTSTART cannot be “20270230”.")],
        ),
        ("UID:2\r\n", "", [(15, "VEVENT has no UID.")]),
        ("DURATION:PT90M", "DTEND:20270302T100000", [(10, "DTEND cannot be “20270302T100000”.")]),
        ("DURATION:PT90M", "RRULE:FREQ=DAILY", [(10, "RRULE: only single events are read.")]),
        ("DURATION:PT90M", "what is this", [(10, "“what is this” is no line of a calendar.")]),
        ("END:VCALENDAR\r\n", "", [(1, "VCALENDAR has no END.")]),
        ("END:VTODO", "END:VEVENT", [(5, "END:VEVENT ends nothing here.")]),
        ("BEGIN:VCALENDAR", "BEGIN:VCARD", [(20, "END:VCALENDAR ends nothing here.")]),
        (
            ":2026",
            ":26",
            [
                (8, "DTSTAMP cannot be “260101T000000Z”."),
                (17, "DTSTAMP cannot be “260101T000000Z”."),
            ],
        ),
    ],
)
def test_faults_are_told_with_their_lines(
    old: str, new: str, faults: list[tuple[int, str]]
) -> None:
    with pytest.raises(
        CalendarDataError, match=f"^Line {faults[0][0]} of the calendar file"
    ) as caught:
        decode(FOREIGN.replace(old, new).encode())
    assert list(caught.value.faults) == faults


def test_a_zone_that_does_not_exist_is_a_fault_of_its_line() -> None:
    with pytest.raises(CalendarDataError, match=r"Line 9 .*no time zone “Mars/Base”"):
        decode(FOREIGN.replace("W. Europe Standard Time", "Mars/Base").encode())


@given(st.data())
def test_any_octets_are_read_or_refused(data: st.DataObject) -> None:
    lines = FOREIGN.encode().split(b"\r\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(st.binary(max_size=30) | st.just(lines[at][:-4] + b"9999999999"))
    # Whatever else is raised fails the test.
    with suppress(CalendarDataError):
        decode(b"\r\n".join(lines))


# Two readers nobody here wrote

NODE = shutil.which("node")
needs_ical_js = pytest.mark.skipif(
    not (NODE and (READERS / "node_modules" / "ical.js").is_dir()),
    reason="needs node and ical.js: npm ci --prefix tests/readers",
)
needs_libical = pytest.mark.skipif(
    not ctypes.util.find_library("ical"), reason="needs libical 3: apt-get install libical3"
)
each_reader = pytest.mark.parametrize(
    "command",
    [
        pytest.param([NODE, READERS / "ical_js.mjs"], id="ical.js", marks=needs_ical_js),
        pytest.param([sys.executable, READERS / "libical.py"], id="libical", marks=needs_libical),
    ],
)


def read_events(command: list[str | Path], data: bytes) -> dict[str, list[int | str]]:
    """Return start, end and texts of each event, as a reader with our VTIMEZONEs alone sees it."""
    # Under names of our own, or a reader might take a zone that it already knows.
    data = re.sub(rb"(TZID[:=])(?!Etc/GMT\r)", rb"\1Ours/", data)
    # S603: the commands are those above, the data our own.
    done = subprocess.run(command, input=data, capture_output=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return json.loads(done.stdout)


def read_instants(command: list[str | Path], data: bytes) -> dict[str, list[int | str]]:
    """Return start and end of each event."""
    return {uid: event[:2] for uid, event in read_events(command, data).items()}


def our_instants(entry: CalendarEntry) -> list[int | str]:
    """Return the same by zoneinfo."""
    if entry.all_day:
        return [entry.dtstart.isoformat(), entry.dtend.isoformat()]
    zone = ZoneInfo(entry.tzid) if entry.tzid else UTC
    return [
        int(moment.replace(tzinfo=zone).timestamp()) * 1000
        for moment in (entry.dtstart, entry.dtend)
    ]


@each_reader
def test_readers_see_the_instants_of_the_golden_feed(command: list[str | Path]) -> None:
    found = read_instants(command, encode(HEAD, ENTRIES))
    assert found == {entry.uid: our_instants(entry) for entry in ENTRIES}


@each_reader
def test_readers_take_an_empty_feed(command: list[str | Path]) -> None:
    assert read_instants(command, encode(HEAD, [])) == {}


@each_reader
@pytest.mark.parametrize("method", Method)
def test_readers_take_an_invitation(command: list[str | Path], method: Method) -> None:
    invitation = Invitation(method=method, organizer="a@example.org", attendee="b@example.org")
    found = read_instants(command, encode_invitation(ENTRIES[3], invitation))
    assert found == {ENTRIES[3].uid: our_instants(ENTRIES[3])}


def days_about_changes(tzid: str, years: Iterable[int]) -> Iterator[date]:
    """Yield the days before and after the clock of ``tzid`` changes, and a day of each season."""
    zone = ZoneInfo(tzid)
    for year in years:
        noons = [datetime(year, 1, 2, 12, tzinfo=zone) + timedelta(days=day) for day in range(362)]
        yield from (noons[0].date(), noons[180].date())
        for before, after in pairwise(noons):
            if before.utcoffset() != after.utcoffset():
                yield from (before.date(), after.date())


@each_reader
def test_readers_see_every_instant_about_the_changes_of_the_clock(
    command: list[str | Path],
) -> None:
    entries = [
        make_session(
            tzid,
            datetime.combine(day, time(8)),
            datetime.combine(day + timedelta(days=1), time(17, 30)),
            uid=f"{tzid}-{day}",
        )
        for tzid in ZONES
        for day in days_about_changes(tzid, (2026, 2027, 2039, 2060))
    ]
    found = read_instants(command, encode(HEAD, entries))
    wrong = [entry.uid for entry in entries if found[entry.uid] != our_instants(entry)]
    assert (wrong, len(found)) == ([], len(entries))


SPAN = (date(1900, 1, 1), date(2126, 12, 31))
# What people paste, and what only a machine would send: lone surrogates, control characters.
PASTED = [
    *'\\,;:"^nNr=\n\r\t \x00\x0b\x1f\x7f\x85\xa0\u200f\u2028\u202e\ufeff\ud800é界🛡\ufe0f\U0010ffff',
    *(
        "\r\n",
        "\\n",
        "\\\\",
        "👨‍👩‍👧",
        "مرحبا",
        "BEGIN:VEVENT",
        "\r\n ",
        "😀" * 30,
        "Ordinary words, ",
    ),
]


def pasted(random: Random) -> str:
    text = "".join(random.choices(PASTED, k=random.randrange(40)))
    return (text * random.choice([1, 1, 1, 400]))[:10_000]


def pasted_entry(random: Random) -> CalendarEntry:
    tzid = random.choice([None, None, "UTC", *ZONES])
    day = date.fromordinal(random.randint(*(one.toordinal() for one in SPAN)))
    length, start = timedelta(days=random.randrange(1, 400)), day
    if tzid or random.random() < 0.5:
        start = datetime.combine(day, time(), None if tzid else UTC)
        start += timedelta(seconds=random.randrange(86_400))
    if tzid in ZONES:  # right until 2100, the clock's changes aside: no hour that is twice or never
        start = start.replace(year=random.randint(1971, 2099), day=min(day.day, 28), hour=12)
    return make_entry(
        uid=str(UUID(int=random.getrandbits(128))),
        **{name: pasted(random) for name in ("summary", "description", "location")},
        categories=tuple(pasted(random) for _ in range(random.randrange(3))),
        dtstart=start,
        dtend=start + length,
        tzid=tzid,
    )


def as_read(entry: CalendarEntry) -> list[int | str]:
    """Return what every reader should find: times, and texts without what no program reads."""
    place = ", ".join(line for line in clean(entry.location).split("\n") if line.strip())
    texts = (clean(entry.summary), clean(entry.description), place)
    return [*our_instants(entry), *(text.strip() for text in texts)]


@needs_ical_js
@needs_libical
@pytest.mark.parametrize("seed", range(3))
def test_every_reader_finds_what_was_pasted(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the same each time
    found = [pasted_entry(random) for _ in range(120)]
    data = encode(HEAD, found)
    assert errors(data) == []
    expected = {entry.uid: as_read(entry) for entry in found}
    for command in ([NODE, READERS / "ical_js.mjs"], [sys.executable, READERS / "libical.py"]):
        read = read_events(command, data)
        wrong = [uid for uid, event in expected.items() if read.get(uid) != event]
        assert [(read.get(uid), expected[uid]) for uid in wrong[:1]] == []
    for event in Calendar.from_ical(data).walk("VEVENT"):
        texts = [str(event.get(name, "")) for name in ("SUMMARY", "DESCRIPTION", "LOCATION")]
        assert texts == expected[str(event["UID"])][2:]


BROKEN = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
SUMMARY:Sound
DTSTART;VALUE=DATE:20270301
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20260101T000000Z
what is this
DTSTART;VALUE=DATE:20270302
END:VEVENT
this neither
BEGIN:VEVENT
UID:3
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20270303
BEGIN:VALARM
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20270304
BEGIN:VEVENT
UID:5
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20270305
END:VEVENT
END:VTODO
END:VCALENDAR
"""


def test_lines_that_are_none_lose_their_own_event_alone() -> None:
    found = decode_what_can_be(BROKEN.encode())
    assert found.faults == (
        (11, "“what is this” is no line of a calendar."),
        (14, "“this neither” is no line of a calendar."),
        (19, "VALARM has no END."),
        (21, "VEVENT has no END."),
        (30, "END:VTODO ends nothing here."),
    )
    assert [entry.uid for _, entry in found.entries] == ["1", "5"]


@pytest.mark.parametrize("line", [b"garbage", b"BEGIN:A", b"BEGIN:VCALENDAR\r\nEND:A"])
def test_what_is_no_calendar_at_all_is_told_at_once(line: bytes) -> None:
    found = decode_what_can_be(b"\r\n".join([line] * 50_000))
    assert (found.entries, len(found.faults) <= 201) == ((), True)
    assert found.faults[-1][1] == "This is no calendar: the rest is not read."
