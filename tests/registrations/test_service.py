from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from app import database
from app.database import db
from app.outbox import OutboxMessage
from app.registrations import queries, seating, service
from app.registrations.service import (
    AlreadyRegisteredError,
    RegistrationClosedError,
    UnverifiedError,
)
from scheduler.lifecycle import EditionStatus
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, make_edition, make_person
from tests.pages import CountedQueries, words

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.conftest import Client


def test_register_waitlists_once_every_seat_is_taken() -> None:
    edition = make_edition(capacity=1)
    first, second = (service.register(edition, make_person(), now=OPENING) for _ in range(2))
    assert [first.status, second.status] == [Status.CONFIRMED, Status.WAITLISTED]
    assert queries.position(second) == 1


def test_a_registration_asks_the_database_for_nothing_twice_under_the_lock() -> None:
    edition, person = make_edition(capacity=5), make_person(commit=True)
    with CountedQueries() as counted:
        taken_at: list[int] = []  # how many statements were before; SQLite's lock is none of them

        def note(connection: Connection) -> None:
            if connection.get_execution_options().get("writes"):
                taken_at.append(counted.count)

        event.listen(db.engine, "begin", note)
        service.register(edition, person, now=OPENING)
        db.session.commit()
        event.remove(db.engine, "begin", note)
    under_lock = counted.statements[taken_at[0] :]
    assert len(set(under_lock)) == len(under_lock)
    assert len(under_lock) <= 14


def test_a_freed_seat_goes_to_the_first_in_the_queue_who_is_written_to() -> None:
    edition = make_edition(capacity=1)
    people = [make_person() for _ in range(3)]
    seated, first, second = (
        service.register(edition, person, now=OPENING + timedelta(minutes=minute))
        for minute, person in enumerate(people)
    )
    service.cancel(seated, by=people[0], now=OPENING + timedelta(hours=1))
    assert [row.status for row in (seated, first, second)] == [
        Status.CANCELLED,
        Status.CONFIRMED,
        Status.WAITLISTED,
    ]
    assert queries.position(second) == 1
    mails = (
        db.session.query(OutboxMessage)
        .filter_by(to_address=people[1].email)
        .order_by(OutboxMessage.id)
        .all()
    )
    assert [mail.subject.partition(":")[0] for mail in mails] == [
        "You are on the waiting list",
        "You now have a place",
    ]


def test_one_person_has_one_live_place_and_may_return_after_cancelling() -> None:
    edition, person = make_edition(capacity=5), make_person()
    first = service.register(edition, person, now=OPENING)
    with pytest.raises(AlreadyRegisteredError):
        service.register(edition, person, now=OPENING)
    service.cancel(first, by=person, now=OPENING)
    again = service.register(edition, person, now=OPENING)
    assert (again.id != first.id, again.status) == (True, Status.CONFIRMED)


def test_who_returns_goes_to_the_end_of_the_queue() -> None:
    edition = make_edition(capacity=1)
    holder, early, late = (make_person() for _ in range(3))
    service.register(edition, holder, now=OPENING)
    first = service.register(edition, early, now=OPENING + timedelta(minutes=1))
    service.register(edition, late, now=OPENING + timedelta(minutes=2))
    service.cancel(first, by=early, now=OPENING + timedelta(minutes=3))
    again = service.register(edition, early, now=OPENING + timedelta(minutes=4))
    assert queries.position(again) == 2


@pytest.mark.parametrize(
    "status", [EditionStatus.ANNOUNCED, EditionStatus.REGISTRATION_CLOSED, EditionStatus.CANCELLED]
)
def test_registration_needs_an_open_edition(status: EditionStatus) -> None:
    edition = make_edition(status=status, title="Symposium 2027")
    with pytest.raises(RegistrationClosedError, match="Symposium 2027 is closed"):
        service.register(edition, make_person(), now=OPENING)


def test_registration_ends_with_its_closing_moment() -> None:
    edition = make_edition(registration_closes_at=OPENING)
    with pytest.raises(RegistrationClosedError):
        service.register(edition, make_person(), now=OPENING)
    before = service.register(edition, make_person(), now=OPENING - timedelta(seconds=1))
    assert before.status is Status.CONFIRMED


def test_an_unverified_address_gets_no_place() -> None:
    with pytest.raises(UnverifiedError):
        service.register(make_edition(), make_person(verified=False), now=OPENING)


@pytest.mark.parametrize("status", [EditionStatus.REPORTED, EditionStatus.CLOSED])
def test_a_place_at_what_was_held_is_not_given_back(status: EditionStatus) -> None:
    edition, person = make_edition(), make_person()
    registration = service.register(edition, person, now=OPENING)
    edition.status = status
    db.session.flush()
    with pytest.raises(RegistrationClosedError):
        service.cancel(registration, by=person, now=OPENING)


def test_a_place_at_what_waits_for_new_days_can_be_given_back(client: Client) -> None:
    edition, person = make_edition(), make_person()
    registration = service.register(edition, person, now=OPENING)
    edition.status, edition.dates_to_follow = EditionStatus.POSTPONED, True
    edition.dtstart, edition.dtend = date(2026, 5, 5), date(2026, 5, 8)
    db.session.commit()
    client.sign_in(person)
    page = f"/registrations/{registration.public_id}"
    assert "Cancel my registration" in words(client.get(page))
    client.submit(f"{page}/cancel")
    assert registration.status is Status.CANCELLED


def test_nobody_gets_a_place_at_what_is_over() -> None:
    edition = make_edition(capacity=1, dtstart=date(2027, 6, 1), days=3)
    rows = [service.register(edition, make_person(), now=OPENING) for _ in range(2)]
    database.write(edition)
    edition.capacity = 2
    last, after = (datetime(2027, 6, day, 12, tzinfo=UTC) for day in (3, 4))
    assert seating.fill_seats(edition, now=after) == []
    assert seating.fill_seats(edition, now=last) == rows[1:]


def test_registration_ends_when_the_day_begins_at_the_place() -> None:
    dtstart = date(2027, 6, 1)
    edition = make_edition(dtstart=dtstart, tzid="Pacific/Kiritimati")  # UTC+14
    eve = datetime(2027, 5, 31, 9, 59, tzinfo=UTC)
    assert service.register(edition, make_person(), now=eve).status is Status.CONFIRMED
    with pytest.raises(RegistrationClosedError):
        service.register(edition, make_person(), now=eve + timedelta(minutes=1))
