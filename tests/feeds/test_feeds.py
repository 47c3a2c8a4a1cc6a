from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar, Event

from app.accounts import links
from app.clock import real_utcnow
from app.database import db
from app.editions import disruptions, planning, service
from app.editions.models import Edition, Precision
from app.feeds import service as feeds
from app.feeds.service import entry_of
from app.series.models import SeriesKind
from scheduler import ical
from scheduler.errors import NotFoundError
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person, make_series

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.conftest import Client

S = EditionStatus
FIRST, END = date(2027, 6, 8), date(2027, 6, 11)
PUBLIC = {S.ANNOUNCED, S.REGISTRATION_OPEN, S.REGISTRATION_CLOSED, S.COMPLETED, S.POSTPONED,
          S.CANCELLED, S.IN_PROGRESS, S.REPORTED, S.CLOSED}  # fmt: skip


def announced(series: str = "symposium", region: str | None = None, **facts: object) -> Edition:
    made = make_series(series, region=region)
    return make_edition(series=made, **{"status": S.ANNOUNCED, "dtstart": FIRST} | facts)  # type: ignore[arg-type]


def fetch(client: Client, path: str = "/feeds/all.ics", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=named)


def read(answer: TestResponse) -> tuple[Calendar, list[Event]]:
    """Return a feed as another program reads it, which finds no fault in it."""
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    calendar = Calendar.from_ical(answer.data)
    events = [part for part in calendar.walk("VEVENT") if isinstance(part, Event)]
    assert [part.errors for part in calendar.walk()] == [[] for _ in calendar.walk()]
    return calendar, events


def summaries(client: Client, path: str = "/feeds/all.ics") -> list[str]:
    return [str(event["SUMMARY"]) for event in read(fetch(client, path))[1]]


# -- what an entry says ----------------------------------------------------------------------


def test_an_edition_is_an_all_day_event_with_an_exclusive_end(client: Client) -> None:
    make_country("XAA", name="Alboria")
    edition = announced(
        city="Albor", country_code="XAA", title="Symposium; 2027, \\ in Albor", summary="One\ntwo"
    )
    (event,) = read(fetch(client))[1]
    assert {
        name: event[name].to_ical().decode() if name in event else None
        for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "STATUS", "TRANSP", "ATTENDEE", "RRULE")
    } == {
        "UID": edition.uid,
        "SEQUENCE": "0",
        "DTSTART": "20270608",
        "DTEND": "20270611",
        "STATUS": "CONFIRMED",
        "TRANSP": "TRANSPARENT",
        "ATTENDEE": None,
        "RRULE": None,
    }
    assert event["DTSTART"].params["VALUE"] == "DATE"
    assert [str(event[name]) for name in ("SUMMARY", "LOCATION", "DESCRIPTION", "URL")] == [
        "Symposium; 2027, \\ in Albor",
        "Albor, Alboria",
        "One\ntwo",
        f"http://localhost:8000/editions/{edition.slug}",
    ]
    assert event["DTSTAMP"].dt == edition.modified_at == OPENING


def test_the_bytes_are_these(client: Client) -> None:
    edition = announced(city="Albor")
    lines = fetch(client).data.decode().split("\r\n")
    head = lines[: lines.index("BEGIN:VEVENT")]
    assert head == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Symposia//Symposia//EN",
        "CALSCALE:GREGORIAN",
        "NAME:Symposia: All events",
        "X-WR-CALNAME:Symposia: All events",
        "DESCRIPTION:Changes\\, postponements and cancellations arrive by themselves",
        " .",
        "X-WR-CALDESC:Changes\\, postponements and cancellations arrive by themselve",
        " s.",
        "URL:http://localhost:8000/calendar",
        "SOURCE;VALUE=URI:http://localhost:8000/feeds/all.ics",
        "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
        "X-PUBLISHED-TTL:PT4H",
    ]
    assert lines[lines.index("BEGIN:VEVENT") :] == [
        "BEGIN:VEVENT",
        f"UID:{edition.uid}",
        "DTSTAMP:20270115T090000Z",
        "CREATED:20270115T090000Z",
        "LAST-MODIFIED:20270115T090000Z",
        "SEQUENCE:0",
        "DTSTART;VALUE=DATE:20270608",
        "DTEND;VALUE=DATE:20270611",
        "SUMMARY:Symposium 2027",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "CLASS:PUBLIC",
        "LOCATION:Albor",
        f"URL:http://localhost:8000/editions/{edition.slug}",
        "CATEGORIES:Symposium",
        "COLOR:steelblue",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_equal_states_give_equal_bytes(client: Client) -> None:
    for number in range(3):
        announced(title=f"Number {number}")
    assert fetch(client).data == fetch(client).data


def test_nothing_that_is_not_public_stands_in_a_feed(client: Client) -> None:
    make_country("XAA")
    announced(
        city="Albor",
        country_code="XAA",
        venue="Secret Hall",
        venue_address="1 Hidden Lane",
        agreement_waiver="Confidential",
        capacity=98765,
    )
    body = fetch(client).text
    secrets = ("Secret Hall", "Hidden Lane", "Confidential", "98765", "ATTENDEE")
    assert [word for word in secrets if word in body] == []


def test_our_own_reader_gives_the_same_entries_back(client: Client) -> None:
    editions = [announced(title=f"N° {number}", city="Århus") for number in range(3)]
    _head, entries = ical.decode(fetch(client).data)
    assert sorted(entries, key=lambda entry: entry.uid) == sorted(
        (entry_of(edition) for edition in editions), key=lambda entry: entry.uid
    )


# -- which editions --------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(S))
def test_only_what_the_world_was_told_stands_in_feeds(
    status: EditionStatus, client: Client
) -> None:
    edition = announced(status=status)
    shown = status in PUBLIC
    assert edition.is_public is shown
    paths = ["/feeds/all.ics", "/feeds/series/symposium.ics", f"/feeds/edition/{edition.slug}.ics"]
    found = [edition.uid in fetch(client, path).text for path in paths]
    assert found == [shown] * 3


def test_a_projection_stays_out_even_if_it_was_once_told(client: Client) -> None:
    announced(status=S.PROJECTED, public_since=OPENING)
    assert summaries(client) == []


def test_a_save_the_date_is_tentative_until_it_is_announced(client: Client) -> None:
    person = make_person()
    edition = announced(status=S.HOST_SELECTED, city="Albor")
    assert summaries(client) == []
    service.publish_save_the_date(edition, by=person, now=OPENING)
    (event,) = read(fetch(client))[1]
    assert (str(event["STATUS"]), event["SEQUENCE"]) == ("TENTATIVE", 0)


@pytest.mark.parametrize("precision", [Precision.MONTH, Precision.YEAR, Precision.WINDOW])
def test_what_is_not_known_to_the_day_is_in_no_feed(precision: Precision, client: Client) -> None:
    edition = announced(status=S.COMPLETED, precision=precision)
    assert summaries(client) == []
    assert fetch(client, f"/feeds/edition/{edition.slug}.ics").status_code == 404


def test_what_was_cancelled_leaves_180_days_after_it_would_have_ended() -> None:
    announced(status=S.CANCELLED)
    last_day = END + timedelta(days=179)
    told = [
        [entry.summary for entry in feeds.find("all", today=today).entries]
        for today in (FIRST, END, last_day, last_day + timedelta(days=1))
    ]
    assert [len(entries) for entries in told] == [1, 1, 1, 0]
    before, after = (
        feeds.find("all", today=today).last_modified
        for today in (last_day, last_day + timedelta(days=1))
    )
    # The feed has changed on that day, so a client that asks must not hear "not modified".
    assert (before, after) == (OPENING, datetime(2027, 12, 8, tzinfo=UTC))


# -- siblings --------------------------------------------------------------------------------


def siblings(client: Client) -> dict[str, list[tuple[str, str]]]:
    """Return by UID what each event is related to, and how."""
    found = {}
    for event in read(fetch(client))[1]:
        related = event.get("RELATED-TO", [])
        listed = related if isinstance(related, list) else [related]
        found[str(event["UID"])] = [(one.params["RELTYPE"], str(one)) for one in listed]
    return found


def test_an_edition_names_the_one_before_it_in_its_series(client: Client) -> None:
    first = announced(dtstart=date(2021, 6, 8), status=S.COMPLETED)
    second = announced(dtstart=date(2024, 6, 8), status=S.COMPLETED)
    announced(dtstart=date(2025, 6, 8), status=S.COMPLETED, precision=Precision.MONTH)
    announced(dtstart=date(2025, 9, 8), status=S.CANCELLED)
    announced(dtstart=date(2025, 10, 8), status=S.CONFIRMED)
    other = announced("workshop", dtstart=date(2026, 6, 8))
    third = announced()
    told = siblings(client)
    assert [told[edition.uid] for edition in (first, second, other, third)] == [
        [],
        [("SIBLING", first.uid)],
        [],
        [("SIBLING", second.uid)],
    ]


def test_a_new_edition_and_a_moved_one_revise_no_neighbour(client: Client) -> None:
    person = make_person()
    earlier, later = announced(), announced(dtstart=date(2033, 6, 8))
    between = announced(dtstart=date(2030, 6, 8), status=S.HOST_SELECTED, city="Albor")
    was = siblings(client)
    service.publish_save_the_date(between, by=person, now=OPENING + timedelta(hours=1))
    span = {"dtstart": date(2036, 6, 8), "dtend": date(2036, 6, 11), "reason": "x"}
    disruptions.reschedule(earlier, **span, by=person, now=OPENING + timedelta(hours=1))
    disruptions.cancel(earlier, reason="x", by=person, now=OPENING + timedelta(hours=2))
    assert was[later.uid] == [("SIBLING", earlier.uid)]
    assert siblings(client)[later.uid] == was[later.uid]
    assert (later.modified_at, siblings(client)[between.uid]) == (
        OPENING,
        [("SIBLING", earlier.uid)],
    )


def test_a_save_the_date_that_is_taken_back_is_linked_anew() -> None:
    person, first = make_person(), announced()
    edition = announced(dtstart=date(2030, 6, 8), status=S.HOST_SELECTED, city="Albor")
    service.publish_save_the_date(edition, by=person, now=OPENING)
    disruptions.release_host(edition, reason="Elections", by=person, now=OPENING)
    assert edition.sibling_uid is None
    edition.status = S.HOST_SELECTED
    second = announced(dtstart=date(2028, 6, 8))
    service.publish_save_the_date(edition, by=person, now=OPENING)
    assert (second.sibling_uid, edition.sibling_uid) == (first.uid, second.uid)


# -- updates in place ------------------------------------------------------------------------


def test_an_edition_is_updated_in_place_under_its_uid(client: Client) -> None:
    make_country("XAA", name="Alboria")
    edition, person = announced(city="Albor", country_code="XAA"), make_person()
    path = f"/feeds/edition/{edition.slug}.ics"
    who = {"by": person, "now": OPENING, "reason": "Ramadan"}
    later = {"dtstart": date(2027, 9, 7), "dtend": date(2027, 9, 10)}
    place = {"city": "Port Albor", "venue": "", "venue_address": "", "tzid": "Africa/Lagos"}
    told = []
    for act in (
        lambda: None,
        lambda: disruptions.reschedule(edition, **later, **who),
        lambda: disruptions.relocate(edition, make_country("XAA"), **place, **who),
        lambda: service.describe(edition, title="", summary="x", by=person, now=OPENING),
        lambda: disruptions.postpone(edition, dtstart=None, dtend=None, **who),
        lambda: disruptions.cancel(edition, **who),
    ):
        act()
        (event,) = read(fetch(client, path))[1]
        told.append(
            (
                str(event["UID"]) == edition.uid,
                event["SEQUENCE"],
                event["DTSTART"].dt,
                str(event["STATUS"]),
                str(event["SUMMARY"]),
                str(event["LOCATION"]),
            )
        )
    june, september = FIRST, date(2027, 9, 7)
    follow = "Symposium 2027 (postponed, new dates to follow)"
    assert told == [
        (True, 0, june, "CONFIRMED", "Symposium 2027", "Albor, Alboria"),
        (True, 1, september, "CONFIRMED", "Symposium 2027", "Albor, Alboria"),
        (True, 2, september, "CONFIRMED", "Symposium 2027", "Port Albor, Alboria"),
        (True, 2, september, "CONFIRMED", "Symposium 2027", "Port Albor, Alboria"),
        (True, 3, september, "TENTATIVE", follow, "Port Albor, Alboria"),
        (True, 4, september, "CANCELLED", "CANCELLED: Symposium 2027", "Port Albor, Alboria"),
    ]


def test_postponed_to_new_days_says_so(client: Client) -> None:
    edition, person = announced(), make_person()
    disruptions.postpone(
        edition, dtstart=date(2028, 2, 1), dtend=date(2028, 2, 4), reason="Flood", by=person,
        now=OPENING,
    )  # fmt: skip
    (event,) = read(fetch(client))[1]
    assert (str(event["SUMMARY"]), event["DTSTART"].dt, str(event["STATUS"])) == (
        "Symposium 2028 (postponed to these days)",
        date(2028, 2, 1),
        "TENTATIVE",
    )


def test_a_plan_changes_no_feed(client: Client) -> None:
    announced()
    before = fetch(client)
    planning.apply(planning.propose(until=2040, today=OPENING.date()), by=None, now=OPENING)
    assert db.session.query(Edition).count() > 1
    after = fetch(client)
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])


# -- which feeds -----------------------------------------------------------------------------


@pytest.fixture
def world() -> None:
    """A symposium in Africa, a workshop of no place, an engagement of Europe's series."""
    make_country("XAA", name="Alboria", region="africa")
    announced(title="S", country_code="XAA", city="Albor")
    make_series("workshop", kind=SeriesKind.PRACTITIONER_WORKSHOP)
    announced("workshop", title="W", dtstart=date(2027, 9, 13))
    announced("regional-europe", "europe", title="E", dtstart=date(2027, 5, 11))


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/feeds/all.ics", ["E", "S", "W"]),
        ("/feeds/series/symposium.ics", ["S"]),
        ("/feeds/series/workshop.ics", ["W"]),
        ("/feeds/region/africa.ics", ["S"]),
        ("/feeds/region/europe.ics", ["E"]),
        ("/feeds/region/americas.ics", []),
        ("/feeds/all.ics?series=symposium", ["S"]),
        ("/feeds/all.ics?region=europe", ["E"]),
        ("/feeds/all.ics?series=symposium&region=africa", ["S"]),
        ("/feeds/all.ics?series=symposium&region=europe", []),
        ("/feeds/all.ics?series=&region=", ["E", "S", "W"]),
    ],
)
def test_each_feed_has_its_editions(path: str, expected: list[str], client: Client) -> None:
    assert summaries(client, path) == expected


@pytest.mark.usefixtures("world")
def test_a_feed_of_one_series_has_its_colour(client: Client) -> None:
    paths = ("series/workshop.ics", "all.ics?series=workshop", "deadlines.ics?series=workshop")
    for path in paths:
        calendar, _events = read(fetch(client, f"/feeds/{path}"))
        assert str(calendar["COLOR"]) == "teal"
    assert "COLOR" not in read(fetch(client))[0]


@pytest.mark.usefixtures("world")
def test_equal_filters_are_one_feed(client: Client) -> None:
    answers = [
        fetch(client, f"/feeds/all.ics?{query}")
        for query in (
            "series=symposium&region=africa",
            "region=africa&series=symposium",
        )
    ]
    assert len({(answer.data, answer.headers["ETag"]) for answer in answers}) == 1
    empty = fetch(client, "/feeds/all.ics?series=&region=")
    assert empty.data == fetch(client).data


@pytest.mark.usefixtures("world")
def test_an_edition_is_the_same_event_in_every_feed(client: Client) -> None:
    paths = ("all", "series/symposium", "region/africa")
    events = [read(fetch(client, f"/feeds/{path}.ics"))[1] for path in paths]
    assert len({
        event.to_ical() for found in events for event in found if event["SUMMARY"] == "S"
    }) == 1  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/series/nowhere.ics",
        "/feeds/region/atlantis.ics",
        "/feeds/edition/nowhere-2027.ics",
        "/feeds/country/XAA.ics",
        "/feeds/all.ics?series=nowhere",
        "/feeds/all.ics?region=atlantis",
        "/feeds/all.ics?colour=red",
        "/feeds/all.ics?series=symposium&page=2",
        "/feeds/all.xml",
        "/feeds/nothing",
        "/feeds/",
        "/feeds/series/symposium.ics/",
        "/feeds/series/..%2Fall.ics",
    ],
)
def test_an_unknown_feed_is_none_rather_than_an_empty_one(path: str, client: Client) -> None:
    make_series()
    answer = fetch(client, path)
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert "BEGIN:VCALENDAR" not in answer.text


def test_a_feed_without_events_is_still_a_calendar(client: Client) -> None:
    make_series()
    for path in ("/feeds/all.ics", "/feeds/series/symposium.ics", "/feeds/region/africa.ics"):
        calendar, events = read(fetch(client, path))
        assert events == []
        # RFC 5545 §3.6 asks for one component at least.
        assert [part.name for part in calendar.subcomponents] == ["VTIMEZONE"]


def test_jcal_says_the_same(client: Client) -> None:
    edition = announced(city="Albor")
    answer = fetch(client, "/feeds/all.json")
    assert (answer.status_code, answer.content_type) == (200, "application/calendar+json")
    name, _properties, components = json.loads(answer.text)
    (event,) = [part for part in components if part[0] == "vevent"]
    found = {prop[0]: prop[3] for prop in event[1]}
    assert (name, found["uid"], found["dtstart"], found["dtend"], found["status"]) == (
        "vcalendar",
        edition.uid,
        "2027-06-08",
        "2027-06-11",
        "CONFIRMED",
    )
    calendar = Calendar.from_jcal(answer.text)
    assert [str(part["UID"]) for part in calendar.walk("VEVENT")] == [edition.uid]


# -- over HTTP -------------------------------------------------------------------------------


def test_a_feed_is_served_to_be_cached_and_asked_again(client: Client) -> None:
    announced()
    answer = fetch(client)
    headers = answer.headers
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["Content-Disposition"] == 'inline; filename="all.ics"'
    assert headers["Last-Modified"] == "Fri, 15 Jan 2027 09:00:00 GMT"
    assert headers.getlist("Set-Cookie") == []
    assert headers["ETag"].startswith('"')
    assert "Location" not in headers


def test_a_feed_is_the_same_for_everybody(client: Client) -> None:
    announced()
    plain = fetch(client)
    token = links.make_link("a@example.org", life=timedelta(minutes=1), now=real_utcnow())
    assert client.submit(f"/login/link/{token}").status_code == 303
    signed_in = fetch(client)
    odd = fetch(client, Accept="image/png", Accept_Language="fr")
    assert {answer.data for answer in (plain, signed_in, odd)} == {plain.data}
    assert signed_in.headers.getlist("Set-Cookie") == []
    assert signed_in.headers["Cache-Control"] == "public, max-age=300"


def test_what_a_client_has_already_is_not_sent_again(client: Client) -> None:
    announced()
    etag = fetch(client).headers["ETag"]
    asked = [
        ({"If_None_Match": etag}, 304),
        ({"If_None_Match": f"W/{etag}"}, 304),
        ({"If_None_Match": f'"other", {etag}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_Modified_Since": "Fri, 15 Jan 2027 09:00:00 GMT"}, 304),
        ({"If_Modified_Since": "Fri, 15 Jan 2027 08:59:59 GMT"}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        # RFC 9110 §13.1.3: If-None-Match wins.
        (
            {
                "If_None_Match": '"other"',
                "If_Modified_Since": "Fri, 15 Jan 2027 09:00:00 GMT",
            },
            200,
        ),
    ]
    answers = [(fetch(client, **headers), expected) for headers, expected in asked]
    assert [answer.status_code for answer, _expected in answers] == [
        expected for _answer, expected in answers
    ]
    for answer, expected in answers:
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert (answer.data == b"") is (expected == 304)


def test_a_change_gives_another_etag_and_a_later_date(client: Client) -> None:
    edition, person = announced(), make_person()
    before = fetch(client)
    service.describe(edition, title="Other words", summary="", by=person, now=OPENING)
    after = fetch(client, If_None_Match=before.headers["ETag"])
    assert (after.status_code, after.headers["Last-Modified"]) == (
        200,
        "Fri, 15 Jan 2027 09:00:01 GMT",
    )


def test_head_says_what_get_would(client: Client) -> None:
    announced()
    full, head = fetch(client), client.head("/feeds/all.ics")
    assert (head.status_code, head.data) == (200, b"")
    kept = ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control")
    assert [head.headers[name] for name in kept] == [full.headers[name] for name in kept]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND", "PATCH"])
def test_a_feed_is_only_read(method: str, client: Client) -> None:
    make_series()
    for path in ("/feeds/all.ics", "/feeds/series/symposium.ics"):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.mimetype) == (405, "text/plain")
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


# -- the command -------------------------------------------------------------------------------


@pytest.mark.usefixtures("world")
def test_the_command_prints_what_a_subscriber_gets(app: Flask, client: Client) -> None:
    served = fetch(client, "/feeds/series/symposium.ics").data
    for name in ("series/symposium", "series/symposium.ics"):
        result = app.test_cli_runner().invoke(args=["feeds", "show", name])
        assert (result.exit_code, result.stdout_bytes) == (0, served)
    wrong = app.test_cli_runner().invoke(args=["feeds", "show", "series/nowhere"])
    assert (wrong.exit_code, "there is no feed series/nowhere" in wrong.output) == (1, True)


def test_a_feed_that_is_not_there_is_an_error_in_the_service_too() -> None:
    for kind, key in (("all", "x"), ("series", None), ("edition", None), ("planet", "mars")):
        with pytest.raises(NotFoundError):
            feeds.find(kind, key, today=OPENING.date())
