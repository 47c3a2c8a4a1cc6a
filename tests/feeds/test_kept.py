"""What is kept is what would be written, and no process serves the old under the new."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest
from sqlalchemy import event

from app import database, publication
from app.countries.service import load_countries
from app.database import db
from app.editions import disruptions
from app.editions import service as editions
from app.feeds import service
from app.feeds.models import FeedComponent
from app.series import service as series_service
from app.series.service import SeriesFacts
from scheduler import ical
from tests.factories import OPENING, make_country, make_edition, make_person, make_series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.conftest import Client

ALL = "/feeds/all.ics"


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements that went through the application's own engine."""
    found: list[str] = []

    def note(*arguments: object) -> None:
        found.append(str(arguments[2]))

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def anew() -> bytes:
    feed = service.find("all", today=OPENING.date())
    return ical.encode(feed.head, feed.entries)


def test_the_joined_bytes_are_those_of_writing_everything_anew() -> None:
    make_country("XAA", name="Alboria")
    for number in range(3):
        make_edition(title=f"Event {number}, “quoted”; and\nbroken", country_code="XAA", city="Ä")
    assert service.find("all", today=OPENING.date()).ics() == anew()


def test_every_kind_of_change_keeps_the_bytes_right() -> None:
    edition, organiser = make_edition(title="Event", city="Albor"), make_person()
    by = {"by": organiser, "now": OPENING + timedelta(hours=1)}
    editions.describe(edition, title="Other title", summary="Words", **by)
    assert service.find("all", today=OPENING.date()).ics() == anew()
    disruptions.postpone(edition, dtstart=None, dtend=None, reason="Because", **by)
    assert service.find("all", today=OPENING.date()).ics() == anew()
    disruptions.cancel(edition, reason="Because", **by)
    assert service.find("all", today=OPENING.date()).ics() == anew()


def test_renaming_a_series_renames_its_events_in_every_feed() -> None:
    series = make_series(title="Old name")
    make_edition(series=series)
    facts = SeriesFacts(
        title="New name",
        kind=series.kind,
        region=None,
        summary="",
        rrule=series.rrule,
        dtstart=series.dtstart,
        length_days=3,
    )
    series_service.change(series, facts, by=make_person(), now=OPENING)
    assert b"New name" in service.find("all", today=OPENING.date()).ics()
    assert service.find("all", today=OPENING.date()).ics() == anew()


def test_a_country_under_its_new_name_revises_the_events_there(client: Client) -> None:
    make_country("FRA", name="Gaul")
    make_country("XAA", name="Alboria")
    make_edition(country_code="FRA", city="Lyon")
    make_edition(country_code="XAA", city="Albor", commit=True)
    database.write()
    before = icalendar.Calendar.from_ical(client.get(ALL).data).walk("VEVENT")
    now = OPENING + timedelta(days=1)
    load_countries(now=now)
    load_countries(now=now + timedelta(days=1))
    db.session.commit()
    after = icalendar.Calendar.from_ical(client.get(ALL).data).walk("VEVENT")
    told = [
        [(str(one["LOCATION"]), one["SEQUENCE"], one["DTSTAMP"].dt, one["LAST-MODIFIED"].dt)
         for one in sorted(events, key=lambda event: str(event["LOCATION"]))]
        for events in (before, after)
    ]  # fmt: skip
    elsewhere = ("Albor, Alboria", 0, OPENING, OPENING)
    assert told == [
        [elsewhere, ("Lyon, Gaul", 0, OPENING, OPENING)],
        [elsewhere, ("Lyon, France", 0, now, now)],
    ]


def test_bytes_of_another_making_are_written_anew_and_put_right_by_the_command(
    app: Flask,
) -> None:
    edition = make_edition(title="Event", commit=True)
    database.write()
    kept = db.session.get_one(FeedComponent, edition.id)
    kept.key, kept.body = "another serialiser", b"BEGIN:GARBAGE\r\n"
    db.session.commit()
    assert service.find("all", today=OPENING.date()).ics() == anew()
    db.session.rollback()
    dates = [publication.last_change()]
    for count in (1, 0):
        answer = app.test_cli_runner().invoke(args=["feeds", "keep"])
        assert answer.output == f"{count} events written anew.\n"
        dates.append(publication.last_change())
    # Who asks by date alone must not hear "not modified" of other bytes.
    assert dates[0] < dates[1] == dates[2]
    db.session.expire_all()
    assert db.session.get_one(FeedComponent, edition.id).body.startswith(b"BEGIN:VEVENT\r\n")


def test_a_second_poll_costs_no_query_of_the_application(
    client: Client, statements: list[str]
) -> None:
    make_edition(commit=True)
    first = client.get(ALL)
    statements.clear()
    again = client.get(ALL, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, statements) == (304, b"", [])
    whole = client.get(ALL)
    assert (whole.status_code, whole.data, statements) == (200, first.data, [])


def test_a_write_is_served_by_the_next_request(client: Client) -> None:
    edition, organiser = make_edition(title="Before"), make_person(commit=True)
    before = client.get(ALL)
    assert client.get(ALL).headers["ETag"] == before.headers["ETag"]
    editions.describe(
        edition, title="After", summary="", by=organiser, now=OPENING + timedelta(hours=1)
    )
    db.session.commit()
    after = client.get(ALL, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, b"SUMMARY:After" in after.data) == (200, True)
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_write_that_is_rolled_back_changes_nothing(client: Client) -> None:
    edition, organiser = make_edition(title="Before"), make_person(commit=True)
    before = client.get(ALL)
    editions.describe(edition, title="After", summary="", by=organiser, now=OPENING)
    db.session.rollback()
    after = client.get(ALL)
    assert (after.headers["ETag"], after.data) == (before.headers["ETag"], before.data)


def test_the_answer_from_memory_is_that_of_the_view(client: Client) -> None:
    make_edition(commit=True)
    made, kept = (dict(client.get(ALL).headers) for _ in range(2))
    extra = made.keys() - kept.keys()
    assert {name: made[name] for name in kept} == kept
    # Flask adds the headers that only pages need.
    assert extra <= {
        "X-Frame-Options",
        "Cross-Origin-Opener-Policy",
        "Permissions-Policy",
        "Strict-Transport-Security",
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/feeds/country/XAA.ics", 200),
        ("/feeds/country/XAB.ics", 404),
        ("/feeds/country/xaa.ics", 404),
        ("/feeds/association/au.ics", 404),
    ],
)
def test_a_country_has_a_feed_under_its_code(client: Client, path: str, status: int) -> None:
    make_country("XAA", name="Alboria")
    make_edition(title="Here", country_code="XAA")
    make_edition(title="Elsewhere", commit=True)
    answer = client.get(path)
    assert answer.status_code == status
    if status == 200:
        assert (b"SUMMARY:Here" in answer.data, b"Elsewhere" in answer.data) == (True, False)
    else:
        assert answer.mimetype == "text/plain"


def test_head_tells_the_length_of_what_get_would_send(client: Client) -> None:
    make_edition(commit=True)
    lengths = [client.head(ALL).headers["Content-Length"] for _ in range(2)]
    assert lengths == [str(len(client.get(ALL).data))] * 2
