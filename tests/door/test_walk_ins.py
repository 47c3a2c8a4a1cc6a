"""Who comes to the door without a registration, by the edition's rule, online or not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from app.database import db
from app.door import queries, service, walk_ins
from app.door.walk_ins import Visitor
from app.registrations import delegations, parties, selection
from app.registrations import queries as registrations_queries
from app.registrations import service as registrations
from app.registrations.models import Party, Registration, WalkIns
from app.registrations.seating import Candidate
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, limit, make_country, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

FIRST = date(2027, 1, 15)  # the tests' clock stands on it
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


def make(rule: WalkIns, capacity: int | None = 1) -> Edition:
    edition = make_edition(dtstart=FIRST, days=2, capacity=capacity)
    limit(edition, walk_ins=rule)
    return edition


def come(edition: Edition, key: str, email: str, by: Person | None = None) -> Registration:
    visitor = Visitor(key, "Nia Newcomer", email)
    return walk_ins.take_in(edition, visitor, FIRST, seen_at=NOON, by=by or make_person(), now=NOON)


@pytest.fixture
def keeper() -> Person:
    return make_person(role=Role.ORGANISER)


def test_whoever_comes_gets_a_free_place_and_the_next_a_turn_in_the_queue() -> None:
    edition = make(WalkIns.FREE)
    first, second = come(edition, "a", "a@example.org"), come(edition, "b", "b@example.org")
    assert [first.status, second.status] == [Status.CHECKED_IN, Status.WAITLISTED]
    assert (queries.counts(edition), registrations_queries.places(edition).seated_count) == (
        {FIRST: 1},
        1,
    )


def test_two_doors_that_were_offline_give_the_last_place_once_and_count_nobody_twice(
    client: Client, keeper: Person
) -> None:
    edition = make(WalkIns.FREE)
    client.sign_in(keeper)
    at = "2027-01-15T12:00:00+00:00"
    one = {"key": "door-1", "name": "Ana", "email": "ana@example.org", "at": at}
    two = {"key": "door-2", "name": "Ben", "email": "ben@example.org", "at": at}
    path = f"/door/{edition.slug}/walk-ins"
    token = {"X-CSRFToken": client.csrf_token()}
    answers = [
        client.post(path, json=[each], headers=token).json[0] for each in (one, two, one, two)
    ]
    assert [(answer["key"], answer["ok"]) for answer in answers] == [
        ("door-1", True),
        ("door-2", False),
        ("door-1", True),
        ("door-2", False),
    ]
    assert answers[1]["words"] == "No place is free for Ben: number 1 in the queue."
    assert db.session.query(Registration).count() == 2
    assert queries.counts(edition) == {FIRST: 1}


def test_who_is_registered_already_is_not_registered_again_however_the_address_is_written() -> None:
    edition = make(WalkIns.FREE, capacity=5)
    ana = registrations.register(
        edition, make_person("ana@example.org"), now=OPENING - timedelta(days=5)
    )
    assert come(edition, "a", " ANA@Example.org ").id == ana.id
    assert ana.status is Status.CHECKED_IN


def test_who_has_only_begun_is_taken_in_by_the_rule_with_what_they_typed() -> None:
    edition, ana, ben = make(WalkIns.FREE), make_person(), make_person()
    told = registrations.Particulars(dietary_needs="No nuts")
    began = OPENING - timedelta(days=5)
    drafts = [registrations.save_draft(edition, one, told, now=began) for one in (ana, ben)]
    rows = [come(edition, each.email, each.email) for each in (ana, ben)]
    assert [(row.id, row.status, row.dietary_needs) for row in rows] == [
        (drafts[0].id, Status.CHECKED_IN, "No nuts"),
        (drafts[1].id, Status.WAITLISTED, "No nuts"),
    ]


def test_what_was_returned_is_newer_in_the_persons_calendar_once_the_door_sends_it() -> None:
    edition, ana = make(WalkIns.FREE), make_person()
    began = OPENING - timedelta(days=5)
    row = registrations.save_draft(edition, ana, registrations.Particulars(), now=began)
    row.status = Status.RETURNED
    before = row.sequence
    assert (come(edition, "a", ana.email).status, row.sequence) == (
        Status.CHECKED_IN, before + 1,
    )  # fmt: skip


def test_who_has_only_begun_leaves_a_party_by_coming_alone() -> None:
    edition, ana = make(WalkIns.FREE, capacity=3), make_person()
    began = OPENING - timedelta(days=5)
    draft = parties.form(edition, ana, 2, now=began)
    ben = make_person()
    other = parties.join(db.session.get_one(Party, draft.party_id), ben, now=began)
    registrations.register(edition, ben, now=began)
    assert other.status is Status.WAITLISTED
    assert come(edition, "a", ana.email).status is Status.CHECKED_IN
    assert (draft.party_id, other.status) == (None, Status.CONFIRMED)


def test_a_nominee_who_never_answered_waits_where_an_organiser_decides() -> None:
    edition, country = make(WalkIns.APPROVAL), make_country("XAA")
    began = OPENING - timedelta(days=5)
    row = delegations.nominate(
        edition, country, "nia@example.org", "Nia", by=make_person(), now=began
    )
    assert come(edition, "a", "nia@example.org").id == row.id
    assert (row.status, row.country_code) == (Status.ENDORSED, "XAA")


def test_who_is_offered_a_place_takes_it_at_the_door(keeper: Person) -> None:
    edition = make(WalkIns.FREE)
    eve = NOON - timedelta(days=1)
    row = selection.invite(
        edition, "ana@example.org", Candidate(), keeps_place=True, reason="Keynote",
        by=keeper, now=OPENING - timedelta(days=5),
    )  # fmt: skip
    visitor = Visitor("a", "Ana", "ana@example.org")
    made = walk_ins.take_in(edition, visitor, FIRST, seen_at=eve, by=keeper, now=eve)
    assert (made.id, made.status, made.accepts_terms) == (row.id, Status.CHECKED_IN, True)


def test_where_an_organiser_decides_the_door_only_notes() -> None:
    edition = make(WalkIns.APPROVAL)
    row = come(edition, "a", "a@example.org")
    assert (row.status, queries.counts(edition)) == (Status.SUBMITTED, {})
    selection.decide_many(edition, [row], "accept", reason="", by=make_person(), now=NOON)
    assert row.status is Status.CONFIRMED


def test_where_nobody_is_taken_in_the_door_says_so(client: Client, keeper: Person) -> None:
    edition = make(WalkIns.NEVER)
    with pytest.raises(walk_ins.WalkInsOffError):
        come(edition, "a", "a@example.org")
    db.session.commit()
    client.sign_in(keeper)
    assert "Nobody is taken in here" in words(client.get(f"/door/{edition.slug}/walk-in"))
    assert "without a registration" not in words(client.get(f"/door/{edition.slug}"))


def test_a_form_comes_back_with_what_was_typed_and_a_key_of_another_event_counts_nothing(
    client: Client, keeper: Person
) -> None:
    edition, other = make(WalkIns.FREE), make(WalkIns.FREE)
    come(other, "taken", "o@example.org")
    db.session.commit()
    client.sign_in(keeper)
    page = f"/door/{edition.slug}/walk-in"
    bad = client.submit(page, key="k", name="Nia", email="no address")
    assert (bad.status_code, 'value="Nia"' in bad.text) == (422, True)
    forged = client.submit(page, key="taken", name="Nia", email="n@example.org")
    assert (forged.status_code, "not recorded by the door" in words(forged)) == (422, True)
    done = client.submit(page, key="k", name="Nia", email="n@example.org")
    assert done.status_code == 303
    assert "Nia has a place and is checked in" in words(client.get(done.headers["Location"]))


@pytest.mark.parametrize("sent", [{}, [1] * 101, "x"])
def test_what_is_no_list_of_walk_ins_is_refused(
    client: Client, keeper: Person, sent: object
) -> None:
    edition = make(WalkIns.FREE)
    client.sign_in(keeper)
    path, token = f"/door/{edition.slug}/walk-ins", {"X-CSRFToken": client.csrf_token()}
    assert client.post(path, json=[], headers=token).status_code == 200
    assert client.post(path, json=sent, headers=token).status_code == 400


def test_the_door_of_another_day_takes_nobody_in() -> None:
    edition = make(WalkIns.FREE)
    visitor = Visitor("a", "Nia", "a@example.org")
    with pytest.raises(service.NotOpenError):
        walk_ins.take_in(
            edition, visitor, FIRST - timedelta(days=1), seen_at=NOON, by=make_person(), now=NOON
        )
