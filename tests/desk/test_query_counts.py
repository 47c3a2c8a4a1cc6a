"""Lists cost as many queries with three rows as with one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from app.database import db
from app.editions import known_events
from app.editions import service as editions
from app.editions.known_events import KnownEventFacts
from app.hosting import calling, judges
from app.registrations import service as registrations
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    OPENING,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
    make_series,
)
from tests.pages import CountedQueries

if TYPE_CHECKING:
    from app.accounts.models import Person
    from tests.conftest import Client

S = EditionStatus
CODES = ("XAA", "XAB", "XAC", "XAD")


class World:
    """One of everything that pages list; each call adds one more."""

    def __init__(self) -> None:
        self.count = 0
        self.symposium = make_series()
        self.called = make_edition(series=self.symposium, status=S.CALL_OPEN)
        self.call = make_call(self.called, is_published=True)
        self.full = make_edition(series=self.symposium, capacity=1)
        registrations.register(self.full, make_person(), now=OPENING)
        self.reader = make_person(role=Role.ORGANISER)

    def grow(self) -> None:
        number = self.count
        self.count += 1
        code = CODES[number]
        country = make_country(code, region="africa")
        contact = make_person(role=Role.NATIONAL_CONTACT, scope=code)
        member = make_person(role=Role.COMMITTEE)
        judges.assign(self.call, member, None, by=self.reader, now=OPENING)
        make_person(role=Role.NATIONAL_CONTACT, scope=code)
        make_offer(self.called, country, by=contact)
        series = make_series(
            f"regional-{number}", region="africa", rrule="FREQ=YEARLY;BYMONTH=5;BYDAY=2TU",
            dtstart=OPENING.date().replace(month=5, day=11), title=f"Regional {number}",
        )  # fmt: skip
        for status, shift in (
            (S.REGISTRATION_OPEN, 100),
            (S.COMPLETED, -400),
            (S.POSTPONED, 500),
            (S.PROJECTED, 900),
            (S.UNDER_EVALUATION, 950),
        ):
            edition = make_edition(
                series=series,
                status=status,
                dtstart=OPENING.date() + timedelta(days=shift + number),
                country_code=code,
                city=f"City {number}",
                capacity=10,
            )
            if status is S.REGISTRATION_OPEN:
                registrations.register(edition, self.reader, now=OPENING)
                editions.describe(edition, title="", summary="x", by=self.reader, now=OPENING)
        another = make_edition(
            series=series,
            status=S.PROJECTED,
            dtstart=OPENING.date() + timedelta(days=1300 + number),
        )
        calling.open_call(
            another, closes_at=OPENING + timedelta(days=90), text="", is_published=True,
            by=self.reader, now=OPENING,
        )  # fmt: skip
        registrations.register(self.full, make_person(), now=OPENING + timedelta(minutes=number))
        first = OPENING.date() + timedelta(days=number)
        facts = KnownEventFacts(
            name="Forum", dtstart=first, dtend=first + timedelta(days=1), country_code=code
        )
        known_events.add(facts, by=self.reader, now=OPENING)
        db.session.commit()


@pytest.fixture
def world() -> World:
    return World()


def count(client: Client, path: str, reader: Person | None) -> int:
    if reader is not None:
        client.sign_in(reader)
    else:  # one to whom no page is kept
        client.set_cookie("of", "another site")
    client.get(path)  # what is kept from the first time on is not counted
    with CountedQueries() as queries:
        assert client.get(path).status_code == 200
    return queries.count


PATHS = (
    "/",
    "/calendar",
    "/calendar?view=list&region=africa",
    "/calendar?view=month&month=5",
    "/series",
    "/series/symposium",
    "/subscribe",
    "/hosting/",
    "/feeds/all.ics",
    "/me",
    "/organise/",
    "/organise/plan",
    "/organise/editions",
    "/organise/series",
    "/organise/people",
    "/organise/mail",
    "/organise/audit",
    "/organise/known-events",
)


def test_every_list_asks_as_often_for_three_rows_as_for_one(client: Client, world: World) -> None:
    call, full = f"/hosting/calls/{world.called.slug}", world.full.slug
    paths = [
        *(*PATHS, call, f"{call}/evaluators", f"/editions/{full}"),
        *(f"/organise/editions/{full}/{page}" for page in ("selection", "registrations")),
    ]
    world.grow()
    one = {path: count(client, path, world.reader) for path in paths}
    world.grow()
    world.grow()
    three = {path: count(client, path, world.reader) for path in paths}
    assert three == one


def test_a_visitor_costs_few_queries(client: Client, world: World) -> None:
    world.grow()
    counts = {path: count(client, path, None) for path in ("/", "/calendar", "/feeds/all.ics")}
    assert {path: found for path, found in counts.items() if found > 9} == {}


def test_the_plan_costs_few_queries_however_much_it_shows(client: Client, world: World) -> None:
    world.grow()
    pages = ("/organise/plan", "/organise/plan?years=24&until=2050", "/organise/plan?years=6")
    counts = {path: count(client, path, world.reader) for path in pages}
    assert {path: found for path, found in counts.items() if found > 12} == {}
