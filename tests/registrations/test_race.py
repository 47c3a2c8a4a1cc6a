"""Real processes against one database; the suite runs them on SQLite and on PostgreSQL."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app import outbox
from app.accounts import access, sessions
from app.accounts.models import Method
from app.audit import AuditEntry
from app.clock import real_utcnow, utcnow
from app.database import db
from app.outbox import OutboxMessage
from app.registrations import parties, queries, service, tally
from app.registrations.models import AttendeeRole, Party, Profile, QuotaScope, Registration
from app.registrations.service import Particulars
from scheduler.lifecycle import RegistrationStatus as Status
from tests import processes
from tests.clients import Browser
from tests.factories import limit, make_country, make_edition, make_person
from tests.registrations.racer import Answer, race

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask import Flask

    from app.accounts.models import Person
    from app.editions.models import Edition


def run(
    act: str, edition: Edition, ids: Sequence[int], *, drops_lock: bool = False
) -> list[Answer]:
    """Let one client an id press at once, from several processes, on what the test has made."""
    edition_id = edition.id
    db.session.commit()
    db.session.remove()
    return race(outbox.settings(), act, edition_id, ids, drops_lock=drops_lock)


def waiting(edition_id: int) -> list[int]:
    """Return the people in the queue, first come first."""
    return [
        row.person_id
        for row in db.session.query(Registration)
        .filter_by(edition_id=edition_id, status=Status.WAITLISTED)
        .order_by(Registration.registered_at, Registration.id)
    ]


@pytest.mark.parametrize(("capacity", "client_count"), [(1, 8), (7, 20)])
def test_the_last_seats_are_neither_oversold_nor_undersold(
    capacity: int, client_count: int
) -> None:
    edition = make_edition(capacity=capacity)
    people = [make_person().id for _ in range(client_count)]
    edition_id = edition.id
    answers = run("register", edition, people)
    assert [answer for answer in answers if answer.error or answer.refused] == []
    assert Counter(answer.status for answer in answers) == {
        "confirmed": capacity,
        "waitlisted": client_count - capacity,
    }
    rows = db.session.query(Registration).filter_by(edition_id=edition_id).all()
    assert sorted(row.person_id for row in rows) == sorted(people)
    assert Counter(row.status for row in rows)[Status.CONFIRMED] == capacity
    told = {answer.position: answer.id for answer in answers if answer.position}
    assert [told[position] for position in sorted(told)] == waiting(edition_id)
    assert sorted(told) == list(range(1, client_count - capacity + 1))


def test_a_quota_and_the_house_hold_at_once_under_a_race() -> None:
    edition = make_edition(capacity=6)
    for code in ("XAA", "XAB"):
        make_country(code)
    people = []
    for number in range(20):
        person = make_person()
        told = Particulars(country_code="XAA" if number < 14 else "XAB")
        service.keep_profile(person, told, now=utcnow())
        people.append(person.id)
    limit(edition, (QuotaScope.COUNTRY, "XAA", 2), now=utcnow())
    edition_id = edition.id
    answers = run("register", edition, people)
    assert [answer for answer in answers if answer.error or answer.refused] == []
    rows = db.session.query(Registration).filter_by(edition_id=edition_id).all()
    seated = Counter(row.country_code for row in rows if row.status is Status.CONFIRMED)
    assert seated == {"XAA": 2, "XAB": 4}
    counted = {tuple(row)[1:] for row in db.session.execute(tally.counted())}
    assert counted == {
        ("XAA", AttendeeRole.PARTICIPANT, 2, 12),
        ("XAB", AttendeeRole.PARTICIPANT, 4, 2),
    }


def test_one_person_pressing_everywhere_gets_one_place() -> None:
    edition, person = make_edition(capacity=5), make_person()
    answers = run("register", edition, [person.id] * 12)
    assert Counter(answer.status or answer.refused or answer.error for answer in answers) == {
        "confirmed": 1,
        "AlreadyRegisteredError": 11,
    }
    assert db.session.query(Registration).count() == 1


def test_who_registers_for_several_events_at_once_has_one_profile() -> None:
    edition, person = make_edition(), make_person()
    person_id = person.id
    answers = run("tell", edition, [person_id] * 12)
    assert [answer.error for answer in answers if answer.error] == []
    assert [row.affiliation for row in db.session.query(Profile).all()] == ["A laboratory"]


def test_without_the_lock_the_same_race_oversells() -> None:
    edition = make_edition(capacity=1)
    people = [make_person().id for _ in range(8)]
    answers = run("register", edition, people, drops_lock=True)
    assert [answer.error for answer in answers if answer.error] == []
    assert db.session.query(Registration).filter_by(status=Status.CONFIRMED).count() == 8


def test_without_the_lock_a_quota_is_oversold_as_well() -> None:
    edition, country = make_edition(capacity=20), make_country("XAA")
    limit(edition, (QuotaScope.COUNTRY, "", 2), now=utcnow())
    people = [make_person() for _ in range(8)]
    for person in people:
        service.keep_profile(person, Particulars(country_code=country.code), now=utcnow())
    answers = run("register", edition, [person.id for person in people], drops_lock=True)
    assert [answer.error for answer in answers if answer.error] == []
    assert db.session.query(Registration).filter_by(status=Status.CONFIRMED).count() == 8


def make_parties(edition: Edition, count: int) -> list[int]:
    """Make parties of two, of whom one has registered; return who is to come, one of each."""
    to_come = []
    for _ in range(count):
        first = parties.form(edition, make_person(), 2, now=utcnow())
        second = make_person()
        parties.join(db.session.get_one(Party, first.party_id), second, now=utcnow())
        service.register(edition, first.person, now=utcnow())
        to_come.append(second.id)
    return to_come


@pytest.mark.parametrize("by_country", [False, True])
def test_parties_that_complete_at_once_are_seated_whole_and_never_beyond_the_places(
    *, by_country: bool
) -> None:
    edition = make_edition(capacity=None if by_country else 7)
    people = make_parties(edition, 8)
    if by_country:
        make_country("XAA")
        limit(edition, (QuotaScope.COUNTRY, "", 7), now=utcnow())
        for row in queries.live(edition):
            row.country_code = "XAA"
            told = Particulars(country_code="XAA")
            service.keep_profile(row.person, told, now=utcnow())
    edition_id = edition.id
    answers = run("register", edition, people)
    assert [answer for answer in answers if answer.error or answer.refused] == []
    rows = db.session.query(Registration).filter_by(edition_id=edition_id).all()
    together = Counter((row.party_id, row.status) for row in rows)
    assert set(together.values()) == {2}
    assert Counter(row.status for row in rows) == {Status.CONFIRMED: 6, Status.WAITLISTED: 10}
    mails = Counter(
        mail.to_address
        for mail in db.session.query(OutboxMessage)
        if mail.subject.startswith("You now have a place")
    )
    assert set(mails.values()) == {1}
    assert len(mails) == 6


def test_without_the_lock_parties_oversell() -> None:
    edition = make_edition(capacity=2)
    people = make_parties(edition, 4)
    answers = run("register", edition, people, drops_lock=True)
    assert [answer.error for answer in answers if answer.error] == []
    assert db.session.query(Registration).filter_by(status=Status.CONFIRMED).count() == 8


def test_seats_given_back_at_once_go_to_the_queue_in_order_each_with_one_mail() -> None:
    seat_count, queue_length = 8, 12
    edition = make_edition(capacity=seat_count)
    registrations = [
        service.register(edition, make_person(), now=utcnow())
        for _ in range(seat_count + queue_length)
    ]
    seated = [row.id for row in registrations[:seat_count]]
    queue = [row.person_id for row in registrations[seat_count:]]
    # Two of the queue give up in the midst of it: nobody may be seated in their place.
    leaving = [registrations[seat_count + 1].id, registrations[-1].id]
    left = {row.person_id for row in registrations if row.id in leaving}
    edition_id = edition.id

    answers = run("cancel", edition, [*seated, *leaving])

    assert Counter(answer.status for answer in answers) == {"cancelled": 10}
    places = queries.places(db.session.get_one(type(edition), edition_id))
    assert (places.seated_count, places.waiting_count) == (seat_count, 2)
    moved = [
        db.session.get_one(Registration, entry.subject_id).person_id
        for entry in db.session.query(AuditEntry)
        .filter_by(action="registration.moved_up")
        .order_by(AuditEntry.id)
    ]
    # Who gave up may have been seated first; everybody else follows in the order of arrival.
    assert [person for person in moved if person not in left] == [
        person for person in queue if person not in left
    ][:8]
    assert moved == [person for person in queue if person in moved]
    assert waiting(edition_id) == [person for person in queue if person not in left][8:]
    mails = Counter(
        mail.to_address
        for mail in db.session.query(OutboxMessage)
        if mail.subject.startswith("You now have a place")
    )
    assert set(mails.values()) == {1}
    assert len(mails) == len(moved)


def test_who_was_decided_later_queues_behind_whatever_the_clocks_say() -> None:
    edition = make_edition(capacity=1)
    later, earlier = utcnow(), utcnow().replace(year=2026)
    service.register(edition, make_person(), now=later)
    first = service.register(edition, make_person(), now=later)
    second = service.register(edition, make_person(), now=earlier)
    assert [queries.position(row) for row in (first, second)] == [1, 2]


# -- over HTTP --------------------------------------------------------------------------------


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """Serve the test's database as an installation does, by two workers; yield the port."""
    port = processes.free_port()
    bind = f"127.0.0.1:{port}"
    settings = replace(app.config["SYMPOSIA"], bind=bind, base_url=f"http://{bind}", workers=2)
    server = processes.start([sys.executable, "serve.py"], processes.environment(settings))
    try:
        assert bind in server.stdout.readline()
        yield port
    finally:
        processes.end(server)


def cookie_of(app: Flask, person: Person) -> str:
    """Return the cookie of a browser in which ``person`` is signed in."""
    serializer = app.session_interface.get_signing_serializer(app)
    key = sessions.open_session(
        person, method=Method.LINK, device="", now=real_utcnow(), has_second_factor=True
    )
    return f"session={serializer.dumps({access.SESSION_KEY: key})}"


def press_at_once(port: int, path: str, cookies: Sequence[str]) -> list[int]:
    """Open the form in each browser, then press *Register* in all at the same moment."""
    browsers = [Browser(port, cookie) for cookie in cookies]
    assert {browser.get(path).status for browser in browsers} == {200}
    at_once = threading.Barrier(len(browsers))

    def press(browser: Browser) -> int:
        at_once.wait()
        status = browser.post(path, accepts_terms="y").status
        browser.close()
        return status

    with ThreadPoolExecutor(len(browsers)) as pool:
        return list(pool.map(press, browsers))


def test_who_presses_register_twice_is_registered_once_and_led_to_it(app: Flask) -> None:
    edition = make_edition(capacity=10)
    cookie = cookie_of(app, make_person(name="Somebody"))
    edition_id, path = edition.id, f"/editions/{edition.slug}/register"
    db.session.commit()
    with served(app) as port:
        assert press_at_once(port, path, [cookie] * 6) == [303] * 6
    assert db.session.query(Registration).filter_by(edition_id=edition_id).count() == 1


def test_forty_people_pressing_register_for_ten_places_all_get_an_answer(app: Flask) -> None:
    edition = make_edition(capacity=10)
    cookies = [cookie_of(app, make_person(name="Somebody")) for _ in range(40)]
    edition_id, path = edition.id, f"/editions/{edition.slug}/register"
    db.session.commit()
    with served(app) as port:
        statuses = press_at_once(port, path, cookies)
    assert statuses == [303] * 40
    rows = db.session.query(Registration).filter_by(edition_id=edition_id).all()
    assert Counter(row.status for row in rows) == {Status.CONFIRMED: 10, Status.WAITLISTED: 30}
