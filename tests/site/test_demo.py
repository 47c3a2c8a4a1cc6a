from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar
from sqlalchemy import text

from app import clock
from app.accounts import links
from app.accounts.models import Person, Role
from app.clock import real_utcnow
from app.countries.models import Country
from app.database import Model, db
from app.editions import clashing, planning, queries
from app.editions.models import Edition, KnownEvent, Precision
from app.hosting import queries as hosting
from app.registrations import queries as registrations
from app.site import demo, events_file
from scheduler.lifecycle import EditionStatus
from tests.pages import words

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

S = EditionStatus


pytestmark = pytest.mark.usefixtures("demonstration")


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    with db.engine.connect() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(text(f'SELECT * FROM "{table.name}"'))),  # noqa: S608 - our own names
                key=repr,
            )
            for table in Model.metadata.sorted_tables
        }


def sign_in(client: Client, name: str) -> Client:
    person = db.session.query(Person).filter_by(email=f"{name}@symposia.example.org").one()
    return client.sign_in(person)


def test_a_second_load_changes_nothing(app: Flask) -> None:
    before = everything()
    result = app.test_cli_runner().invoke(args=["demo", "load"])
    assert (result.exit_code, result.output) == (
        0,
        "The demonstration is loaded already; nothing was changed.\n",
    )
    assert everything() == before


def test_nothing_is_left_to_apply() -> None:
    today = clock.today()
    assert planning.propose(until=2040, today=today).pending == []
    # No edition but the recorded ones lies before the day of loading.
    early = [
        edition.slug
        for edition in queries.every_edition()
        if edition.dtstart < today and edition.status is not S.COMPLETED
    ]
    assert early == []


def test_the_series_are_the_real_ones() -> None:
    words_of = {
        edition.series.slug: edition.dtstart.isoformat()
        for edition in reversed(queries.with_status(*S))
        if edition.dtstart > clock.today()
    }
    assert words_of == {
        "symposium": "2027-03-02",
        "practitioner-workshop": "2027-09-13",
        "regional-africa": "2027-05-11",
        "regional-americas": "2028-05-09",
        "regional-asia-pacific": "2029-05-08",
        "regional-europe": "2030-05-14",
    }


def test_what_was_held_is_recorded_as_exactly_as_it_is_known() -> None:
    held = {
        edition.slug: (edition.precision, edition.is_public, edition.ordinal)
        for edition in queries.with_status(S.COMPLETED)
    }
    assert held["symposium-2024"] == (Precision.DAY, True, 2)
    assert held["symposium-2019"] == (Precision.DAY, True, 1)
    assert held["practitioner-workshop-2023"][0] is Precision.MONTH
    assert {edition.source != "" for edition in queries.with_status(S.COMPLETED)} == {True}


def test_projections_of_the_file_are_no_known_events() -> None:
    names = {event.name for event in db.session.query(KnownEvent)}
    projected = [row.name for row in events_file.rows() if events_file.is_projection(row)]
    assert len(projected) == 2
    assert names.isdisjoint(projected)


def test_the_african_engagement_is_open_and_all_but_full(client: Client) -> None:
    edition = queries.find("regional-africa-2027")
    assert edition
    places = registrations.places(edition)
    assert (edition.status, places.capacity, places.seated_count, places.waiting_count) == (
        S.REGISTRATION_OPEN,
        40,
        38,
        0,
    )
    page = client.get("/editions/regional-africa-2027")
    assert "2 of 40 places are free." in words(page)
    assert "Demonstration data." in page.text


def test_the_terms_alone_are_enough_for_a_place(client: Client) -> None:
    client.sign_in(
        db.session.query(Person).filter_by(email="participant@symposia.example.org").one()
    )
    answer = client.submit("/editions/regional-africa-2027/register", accepts_terms="y")
    assert answer.status_code == 303
    edition = queries.find("regional-africa-2027")
    assert edition
    assert registrations.places(edition).seated_count == 39


def test_the_workshop_has_its_call_open_and_three_offers(client: Client) -> None:
    edition = queries.find("practitioner-workshop-2027")
    assert edition
    call = hosting.call_of(edition)
    assert call
    assert (edition.status, len(hosting.offers_for(edition))) == (S.CALL_OPEN, 3)
    assert timedelta(days=58) < call.closes_at - clock.utcnow() <= timedelta(days=60)
    assert {offer.country.is_fictional for offer in hosting.offers_for(edition)} == {True}
    assert edition.title in words(client.get("/hosting/"))


def test_feeds_show_what_is_held_open_postponed_and_cancelled(client: Client) -> None:
    calendar = Calendar.from_ical(client.get("/feeds/all.ics").data)
    assert [part.errors for part in calendar.walk() if part.errors] == []
    found = {
        str(event["URL"]).rpartition("/")[2]: str(event["STATUS"])
        for event in calendar.walk("VEVENT")
    }
    ahead = {slug: status for slug, status in found.items() if slug[-4:] >= "2027"}
    assert ahead == {
        "regional-africa-2027": "CONFIRMED",
        "regional-americas-2028": "TENTATIVE",
        "regional-asia-pacific-2029": "CANCELLED",
    }
    assert "symposium-2024" in found
    assert "practitioner-workshop-2023" not in found


def test_projections_are_on_no_public_page_and_in_no_feed(client: Client) -> None:
    hidden = {
        (edition.slug, edition.dtstart.year)
        for edition in queries.every_edition()
        if not edition.is_public
    }
    assert ("symposium-2027", 2027) in hidden
    slugs = {slug for slug, _year in hidden}
    paths = ["/", "/series", "/subscribe", "/feeds/all.ics", "/feeds/all.json"]
    paths += [f"/series/{slug.rpartition('-')[0]}" for slug in slugs]
    paths += [f"/calendar?year={year}" for _slug, year in hidden]
    paths += [f"/calendar?view=list&year={year}" for year in (2027, 2030)]
    paths += ["/calendar?view=month&year=2027&month=3"]
    leaks = []
    for path in sorted(set(paths)):
        page = client.get(path).text
        leaks += [(path, slug) for slug in slugs if f"/editions/{slug}" in page]
    assert leaks == []
    assert {client.get(f"/editions/{slug}").status_code for slug in sorted(slugs)[:5]} == {404}
    assert {client.get(f"/feeds/edition/{slug}.ics").status_code for slug in slugs} == {404}


def test_the_plan_shows_that_2027_falls_into_ramadan(client: Client) -> None:
    page = words(sign_in(client, "organiser").get("/organise/plan"))
    row = page[page.index("What stands") :]
    assert row.count("Ramadan") >= 1
    (line,) = (
        line
        for line in planning.propose(until=2027, today=clock.today()).changes
        if line.edition == "symposium-2027"
    )
    assert [(clash.level.value, clash.estimated) for clash in line.clashes] == [("soft", True)]
    edition = queries.find("symposium-2027")
    assert edition
    a_week_later = clashing.clashes_of_spans(
        edition,
        {
            "later": clashing.TrialSpan(
                edition.dtstart + timedelta(days=7),
                edition.dtend + timedelta(days=7),
                db.session.get_one(Country, "XAA"),
                "Albor",
            )
        },
    )
    assert ["Eid" in clash.reason for clash in a_week_later["later"]].count(True) >= 1


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("organiser", "/organise/"),
        ("committee1", "/organise/"),
        ("committee4", "/organise/"),
        ("contact-xaa", "/hosting/"),
        ("contact-xae", "/hosting/"),
        ("participant", "/me"),
    ],
)
def test_each_account_has_its_home(name: str, home: str, client: Client) -> None:
    email = f"{name}@symposia.example.org"
    token = links.make_link(email, life=timedelta(minutes=1), now=real_utcnow())
    answer = client.submit(f"/login/link/{token}")
    assert answer.location == home
    assert client.get(home).status_code == 200


def test_the_sign_in_says_who_tries_the_demonstration(client: Client) -> None:
    assert "organiser@symposia.example.org" in words(client.get("/login"))


def test_one_member_of_the_committee_chairs() -> None:
    chairs = [
        person.email
        for person in db.session.query(Person)
        for grant in person.grants
        if grant.role is Role.COMMITTEE and grant.is_chair
    ]
    assert chairs == ["committee1@symposia.example.org"]


def test_everybody_lives_under_example_addresses() -> None:
    domains = {person.email.partition("@")[2] for person in db.session.query(Person)}
    assert domains == {demo.DOMAIN}


def test_every_page_of_the_desk_opens(client: Client) -> None:
    sign_in(client, "organiser")
    paths = ["/organise/", "/organise/plan", "/organise/editions", "/organise/series",
             "/organise/people", "/organise/mail", "/organise/audit", "/organise/pieces",
             "/hosting/calls/practitioner-workshop-2027"]  # fmt: skip
    paths += [f"/organise/editions/{row.slug}" for row in db.session.query(Edition).limit(40)]
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_the_demonstration_is_for_an_empty_house() -> None:
    assert not demo.is_wanted()
