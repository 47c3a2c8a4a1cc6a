from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app import audit, database
from app.accounts.models import Role
from app.database import db
from app.editions import clashing, known_events, queries
from app.editions.known_events import KnownEventFacts
from app.editions.models import KnownEvent, Precision
from scheduler.known_dates import GENERAL_CONFERENCE, Level
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import alert, fields, words, words_in

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.conftest import Client

PATH = "/organise/known-events"
NEW = f"{PATH}/new"
RULE = {"known": "rule", "rrule": "FREQ=YEARLY;BYMONTH=6;BYDAY=2TU", "starts_on": "2026-06-01"}
DAYS = {"known": "day", "first_day": "2027-06-08", "last_day": "2027-06-10"}


@pytest.fixture
def organiser(client: Client) -> Client:
    """The browser of an organiser."""
    return client.sign_in(make_person(role=Role.ORGANISER))


def events() -> list[KnownEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(KnownEvent).order_by(KnownEvent.id)))


def facts(**told: object) -> KnownEventFacts:
    known = {"name": "Forum", "dtstart": date(2027, 6, 8), "dtend": date(2027, 6, 11)} | told
    return KnownEventFacts(**known)  # type: ignore[arg-type]


def add(**told: object) -> KnownEvent:
    event = known_events.add(facts(**told), by=make_person(), now=OPENING)
    db.session.commit()
    return event


def typed(client: Client, path: str = NEW, **told: str) -> TestResponse:
    return client.submit(path, **({"name": "Forum", "level": "soft"} | told))


def levels(on: date, **told: object) -> list[tuple[str, str]]:
    edition = make_edition(
        status=EditionStatus.PROJECTED, dtstart=on, recurrence_id=on, **told  # type: ignore[arg-type]
    )  # fmt: skip
    outlook = clashing.outlook(edition, OPENING.date())
    return [(clash.level.value, clash.name) for clash in outlook.clashes]


# -- by hand ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (DAYS, (date(2027, 6, 8), date(2027, 6, 11), Precision.DAY, None)),
        (
            {"known": "day", "first_day": "2027-06-08"},
            (date(2027, 6, 8), date(2027, 6, 9), Precision.DAY, None),
        ),
        (
            {"known": "month", "year": "2027", "month": "12"},
            (date(2027, 12, 1), date(2028, 1, 1), Precision.MONTH, None),
        ),
        (
            {"known": "year", "year": "2200"},
            (date(2200, 1, 1), date(2201, 1, 1), Precision.YEAR, None),
        ),
        (DAYS | {"known": "window"}, (date(2027, 6, 8), date(2027, 6, 11), Precision.WINDOW, None)),
        (RULE, (date(2026, 6, 9), None, Precision.DAY, RULE["rrule"])),
        (
            RULE | {"rrule": "rrule:freq=yearly;bymonth=6;byday=2tu"},
            (date(2026, 6, 9), None, Precision.DAY, RULE["rrule"]),
        ),
    ],
)
def test_what_is_known_is_kept_and_nothing_finer(
    told: dict[str, str], kept: tuple[object, ...], organiser: Client
) -> None:
    answer = typed(organiser, **told)
    assert answer.status_code == 303
    (event,) = events()
    assert (event.dtstart, event.dtend, event.precision, event.rrule) == kept


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"known": "day"}, "First day: The known date “Forum” is not usable: it has no day."),
        ({"known": "month"}, "Year: The known date “Forum” is not usable: the year is missing."),
        ({"known": "year", "year": "99999"}, "Year: Number must be between 1900 and 2200."),
        ({"known": "window", "first_day": "2027-06-08"}, "give both days between which it falls."),
        (DAYS | {"last_day": "2027-06-07"}, "First day: The known date “Forum” is not usable"),
        (DAYS | {"last_day": "2029-06-07"}, "“Forum” would last 731 days; 366 at most."),
        ({"known": "day", "first_day": "9999-12-31"}, "between 1900 and 2200"),
        ({"known": "day", "first_day": "2027-02-30"}, "“2027-02-30” is not a day."),
        (RULE | {"margin_days": "400"}, "Uncertain by ± days: The known date “Forum” is not "),
        (DAYS | {"margin_days": "-1"}, "Uncertain by ± days: The known date “Forum” is not "),
        (RULE | {"length_days": "0"}, "Length in days: The known date “Forum” is not usable"),
        (RULE | {"length_days": "9" * 30}, "Length in days: The known date “Forum” is not usable"),
        (RULE | {"rrule": ""}, "Recurrence rule (RFC 5545): The recurrence rule is not usable"),
        (RULE | {"rrule": "FREQ=YEARLY", "starts_on": ""}, "Give the first day, or say the day in"),
        (RULE | {"rrule": "FREQ=DAILY"}, "it falls every day. Give the first day alone, "),
        (RULE | {"rrule": "FREQ=DAILY"}, "once a week at most, and a length in days."),
        (RULE | {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "it never occurs"),
        (RULE | {"rrule": "FREQ=YEARLY;INTERVAL=0"}, "Recurrence rule (RFC 5545): "),
        (DAYS | {"name": " "}, "What it is: This field is required."),
        (DAYS | {"level": "load"}, "How much it weighs: Not a valid choice."),
        (DAYS | {"country": "XXX"}, "Country: Not a valid choice."),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(
    told: dict[str, str], said: str, organiser: Client
) -> None:
    answer = typed(organiser, **told)
    assert (answer.status_code, said in alert(answer), events()) == (422, True, []), alert(answer)


def test_an_uncertainty_of_a_year_is_told_what_would_do(organiser: Client) -> None:
    answer = typed(organiser, **RULE, margin_days="400")
    assert alert(answer).endswith(
        "an uncertainty of ± 400 days does not say which days are meant; 0 to 31 days are "
        "accepted. For less certain dates give the month or the year as precision."
    )
    assert fields(answer)["margin_days"] == "400"


def test_the_same_event_is_known_once(organiser: Client) -> None:
    assert typed(organiser, **DAYS).status_code == 303
    answer = typed(organiser, **DAYS)
    assert alert(answer) == "What it is: “Forum” from that day on is known already."
    assert typed(organiser, **DAYS | {"first_day": "2027-06-09"}).status_code == 303


def test_an_event_is_changed_and_deleted_and_the_history_names_it(organiser: Client) -> None:
    event = add()
    path = f"{PATH}/{event.id}"
    kept = fields(organiser.get(path))
    assert (kept["name"], kept["first_day"], kept["last_day"]) == (
        "Forum",
        *list(DAYS.values())[1:],
    )
    assert typed(organiser, path, **RULE, name="Forum of all").status_code == 303
    (event,) = events()
    assert (event.name, event.dtend, event.length_days) == ("Forum of all", None, 1)
    assert fields(organiser.get(path))["rrule"] == RULE["rrule"]
    assert organiser.submit(f"{path}/delete").status_code == 303
    assert (events(), organiser.get(path).status_code) == ([], 404)
    told = words(organiser.get("/organise/audit"))
    assert [said in told for said in ("Known event added", "changed", "deleted")] == [True] * 3
    assert "Forum of all" in told


# -- who -------------------------------------------------------------------------------------


def test_the_committee_reads_what_organisers_change(client: Client) -> None:
    event = add()
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = client.get(PATH)
    assert (page.status_code, "Forum" in words(page)) == (200, True)
    assert [link in page.text for link in ("known-events/new", f"known-events/{event.id}")] == [
        False,
        False,
    ]
    for path in (NEW, f"{PATH}/{event.id}", f"{PATH}/import"):
        assert client.get(path).status_code == 403
    assert client.submit(f"{PATH}/{event.id}/delete").status_code == 403
    assert len(events()) == 1


# -- the list --------------------------------------------------------------------------------


def test_the_list_is_by_day_and_says_what_is_not_known(organiser: Client) -> None:
    add(name="Late", dtstart=date(2028, 1, 1), dtend=date(2029, 1, 1), precision=Precision.YEAR)
    add(name="Past", dtstart=date(2026, 6, 8), dtend=date(2026, 6, 11))
    add(name="Soon", certainty="inferred", margin_days=3, level=Level.HARD)
    page = words(organiser.get(PATH))
    places = [page.index(name) for name in ("Soon", GENERAL_CONFERENCE.name, "Late")]
    assert (places, "Past" in page) == (sorted(places), False)
    for said in ("± 3 days", "Inferred", "Hard", "Built in", "next: 20–24 September 2027"):
        assert said in page
    assert page.count("The days are not known.") == 1
    assert "Past" in words(organiser.get(f"{PATH}?past=1"))


# -- clashes ---------------------------------------------------------------------------------


def test_a_rule_clashes_on_its_days_and_may_clash_around_them() -> None:
    add(
        rrule=RULE["rrule"], dtstart=date(2026, 6, 9), dtend=None, length_days=3, margin_days=7,
        level=Level.HARD,
    )  # fmt: skip
    assert levels(date(2027, 6, 8)) == [("hard", "Forum")]
    assert ("soft", "Forum") in levels(date(2027, 6, 15))
    assert ("soft", "Forum") not in levels(date(2027, 6, 22))


@pytest.mark.parametrize("precision", [Precision.MONTH, Precision.WINDOW])
def test_what_has_no_day_never_clashes_and_is_said_to_be_unknown(precision: Precision) -> None:
    add(dtstart=date(2027, 6, 1), dtend=date(2027, 7, 1), precision=precision, level=Level.HARD)
    edition = make_edition(status=EditionStatus.PROJECTED, dtstart=date(2027, 6, 8))
    outlook = clashing.outlook(edition, OPENING.date())
    assert outlook.clashes == []
    assert [sentence for sentence in outlook.unknown if "Forum" in sentence] != []


def test_a_rule_of_ones_own_replaces_the_built_in_conference_and_gives_it_back() -> None:
    conference = date(2027, 9, 20)
    assert levels(conference) == [("hard", GENERAL_CONFERENCE.name)]
    event = add(
        name="Conference moved to May", rrule="FREQ=YEARLY;BYMONTH=5;BYDAY=1MO",
        dtstart=date(2027, 5, 3), dtend=None, kind="IAEA-GC",
    )  # fmt: skip
    assert clashing.known_dates(2027, 2027).count(GENERAL_CONFERENCE) == 0
    known_events.remove(event, by=make_person(), now=OPENING)
    assert clashing.known_dates(2027, 2027).count(GENERAL_CONFERENCE) == 1


def test_the_built_in_conference_can_be_changed_from_the_list(organiser: Client) -> None:
    form = fields(organiser.get(f"{NEW}?like=general-conference"))
    del form["csrf_token"]
    answer = organiser.submit(NEW, **form | {"margin_days": "3"})
    assert answer.status_code == 303
    (event,) = events()
    assert (event.level, event.length_days, event.margin_days, event.city, event.kind) == (
        Level.HARD,
        5,
        3,
        "Vienna",
        "IAEA-GC",
    )
    assert "Built in" not in words(organiser.get(PATH))


def test_announced_days_replace_what_the_rule_expects() -> None:
    add(
        name="Conference", dtstart=date(2027, 9, 27), dtend=date(2027, 10, 2), kind="IAEA-GC",
        level=Level.HARD,
    )  # fmt: skip
    assert ("hard", GENERAL_CONFERENCE.name) not in levels(date(2027, 9, 20))
    assert levels(date(2027, 9, 28))[0] == ("hard", "Conference")


def test_the_database_holds_days_or_a_rule() -> None:
    database.write()
    db.session.add(
        KnownEvent(name="Neither", dtstart=date(2027, 6, 8), dtend=None, precision=Precision.DAY)
    )
    with pytest.raises(Exception, match=r"(?i)days_or_rule"):
        db.session.flush()
    db.session.rollback()


# -- files -----------------------------------------------------------------------------------

TABLE = (
    "name,start,end,city,country,source,certainty,precision,series\n"
    "Forum,2027-06-08,2027-06-10,Geneva,XA,their page,verified,day,forum\n"
    "Assembly,2028,2028,,XAB,,inferred,year,\n"
)
BAD = (
    "Nowhere,2027-06-08,,,ZZ,,,,\n"
    "Ours,2027-06-08,,,,,,,symposium\n"
    "Nodate,,,,,,,,\n"
    "Long,2027-01-01,2029-01-01,,,,,,\n"
    "Far,1066-10-14,,,,,,,\n"
)


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:fair@example.org
DTSTAMP:20260101T000000Z
SUMMARY:Fair
DTSTART;VALUE=DATE:20280306
DTEND;VALUE=DATE:20280311
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=1MO
END:VEVENT
END:VCALENDAR
"""


def import_file(
    client: Client, content: str | bytes, name: str = "events.csv", **told: str
) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    upload = (BytesIO(data), name)
    return client.submit(f"{PATH}/import", **{"level": "hard", "file": upload} | told)


def test_a_table_is_imported_once(organiser: Client) -> None:
    make_country("XAA", alpha2="XA")
    make_country("XAB")
    assert import_file(organiser, TABLE).status_code == 303
    told = [
        (event.name, event.precision, event.level, event.country_code, event.certainty, event.kind)
        for event in events()
    ]
    assert told == [
        ("Forum", Precision.DAY, Level.HARD, "XAA", "verified", "forum"),
        ("Assembly", Precision.YEAR, Level.HARD, "XAB", "inferred", ""),
    ]
    assert import_file(organiser, TABLE).status_code == 303
    assert len(events()) == 2
    assert "0 events are imported. 2 were known." in organiser.get(PATH).text
    entries = [entry.action for entry in audit.latest(10)]
    assert entries.count("known_event.imported") == 1


def test_one_fault_keeps_everything_out_unless_the_rest_is_wanted(organiser: Client) -> None:
    make_country("XAA", alpha2="XA")
    make_country("XAB")
    answer = import_file(organiser, TABLE + BAD)
    assert (answer.status_code, events()) == (422, [])
    assert "Nothing is imported yet: 5 lines cannot be read." in alert(answer)
    told = words(answer)
    for said in (
        "Line 4 “ZZ” is no country code (ISO 3166-1).",
        "Line 5 “Ours” is of a series of ours: add it under Editions.",
        "Line 6 The event has no day.",
        "Line 7 “Long” would last 732 days; 366 at most.",
        "Line 8 The year must lie between 1900 and 2200.",
    ):
        assert said in told
    assert import_file(organiser, TABLE + BAD, takes_rest="y").status_code == 303
    assert [event.name for event in events()] == ["Forum", "Assembly"]


def test_the_rest_of_a_file_is_imported_without_choosing_it_again(organiser: Client) -> None:
    make_country("XAA", alpha2="XA")
    make_country("XAB")
    answer = import_file(organiser, TABLE + BAD)
    assert "The 2 other events are kept here for an hour" in words(answer)
    kept = fields(answer)["kept"]
    assert organiser.submit(f"{PATH}/import/rest", kept=kept).status_code == 303
    told = [(event.name, event.precision, event.level, event.country_code) for event in events()]
    assert told == [
        ("Forum", Precision.DAY, Level.HARD, "XAA"),
        ("Assembly", Precision.YEAR, Level.HARD, "XAB"),
    ]


def test_what_we_did_not_keep_is_not_imported(organiser: Client) -> None:
    for kept in ("", "WyJmIixbXV0.forged"):
        answer = organiser.submit(f"{PATH}/import/rest", kept=kept)
        assert (answer.status_code, alert(answer), events()) == (
            422,
            "What was read of the file is kept for an hour. Choose the file again.",
            [],
        )


def test_what_recurs_in_a_calendar_is_imported_as_a_rule_and_clashes_each_time(
    organiser: Client,
) -> None:
    assert import_file(organiser, CALENDAR, "fair.ics", level="soft").status_code == 303
    (fair,) = events()
    assert (fair.rrule, fair.dtstart, fair.dtend, fair.length_days) == (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO",
        date(2028, 3, 6),
        None,
        5,
    )
    edition = make_edition(dtstart=date(2030, 3, 6), commit=True)
    assert "Fair" in {
        clash.name for clash in clashing.clashes_on(edition, edition.dtstart, edition.dtend)
    }


@pytest.mark.parametrize(
    ("rrule", "said"),
    [
        ("FREQ=HOURLY", "FREQ"),
        ("FREQ=DAILY", "it falls every day."),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", "does not fall on"),
        ("FREQ=WEEKLY", "no day would be free of it"),
    ],
)
def test_a_rule_that_nothing_can_be_compared_with_is_told_with_its_line(
    rrule: str, said: str, organiser: Client
) -> None:
    content = CALENDAR.replace("FREQ=YEARLY;BYMONTH=3;BYDAY=1MO", rrule).replace("0311", "0313")
    answer = import_file(organiser, content, "fair.ics")
    assert (answer.status_code, events()) == (422, [])
    assert "Line 3" in words(answer)
    assert said in words(answer)


def test_two_who_add_the_same_event_at_once_leave_one_and_a_sentence(app: Flask) -> None:
    """On PostgreSQL both look before either has written; the constraint then decides."""
    facts = KnownEventFacts(name="Fair", dtstart=date(2028, 3, 6), dtend=date(2028, 3, 11))
    both_look = threading.Barrier(2)

    def add() -> str:
        with app.app_context():
            both_look.wait(timeout=10)
            try:
                known_events.add(facts, by=None, now=OPENING)
                db.session.commit()
            except known_events.KnownEventTakenError as error:
                db.session.rollback()
                return str(error)
            return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(future.result() for future in [pool.submit(add) for _ in range(2)])
    assert said == ["", "“Fair” from that day on is known already."]
    assert [event.name for event in events()] == ["Fair"]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "events.ics", "File: There is nothing in “events.ics”."),
        (b"PK\x03\x04", "events.xlsx", "File: “events.xlsx” is neither a calendar file"),
        (b"BEGIN:VEVENT\n" * 1001, "e.ics", "File: “e.ics” has more than 1000 events."),
        (b"hello", "events.ics", "Nothing of this file can be imported."),
        (b"name,start,end\n", "events.csv", "There is no event in this file."),
        (b"a,b\n1,2\n", "events.csv", "Nothing of this file can be imported."),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_in_words(
    content: bytes, name: str, said: str, organiser: Client
) -> None:
    answer = import_file(organiser, content, name, takes_rest="y")
    assert (answer.status_code, said in alert(answer), events()) == (422, True, []), alert(answer)


def test_no_file_is_no_import(organiser: Client) -> None:
    answer = organiser.submit(f"{PATH}/import", level="soft")
    assert (answer.status_code, alert(answer)) == (422, "File: Choose a file.")


def test_faults_beyond_count_are_summed_up(organiser: Client) -> None:
    answer = import_file(organiser, "name,start,end\n" + "Forum,,\n" * 60)
    assert words_in(answer, "id", "main").count("The event has no day.") == 50
    assert "And 10 more." in words(answer)


def test_the_demonstrations_own_file_can_be_imported(organiser: Client) -> None:
    from app.countries.service import load_countries  # noqa: PLC0415 - one test needs the world
    from app.site.events_file import SOURCE  # noqa: PLC0415 - as above

    database.write()
    load_countries(now=OPENING)
    db.session.commit()
    answer = import_file(organiser, SOURCE.read_bytes(), takes_rest="y")
    assert answer.status_code == 303
    found = {event.name: event for event in queries.known_events()}
    assert len(found) == 53
