"""Use cases of the door: see somebody come, take that back, close the list."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database, outbox
from app.database import db
from app.door import queries
from app.door.models import Attendance
from app.registrations import letters
from app.registrations.models import Registration
from scheduler import lifecycle
from scheduler.errors import N_, ConflictError
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition

_EVE = timedelta(days=1)
_R = RegistrationStatus
ADMITTED = frozenset({_R.CONFIRMED, _R.CHECKED_IN, _R.ATTENDED, _R.NO_SHOW})


class NotOpenError(ConflictError):
    """A check-in long before the event, or a day that it does not have."""

    message = N_("The door opens on the eve of {event}, and counts its own days.")


class NotYetError(ConflictError):
    """A check-in for a day that has not come."""

    message = N_("{day} has not come: nobody is checked in for it yet.")


class NotAdmittedError(ConflictError):
    """A check-in of somebody who holds no place any more."""

    message = N_("{name} has no place at {event}: it is {state}.")


class NotOverError(ConflictError):
    """The list closed while people may still come."""

    message = N_("The list can be closed once {event} has ended.")


class ListClosedError(ConflictError):
    """A check-in taken back of somebody who is told that they attended."""

    message = N_("The list of {event} is closed, and {name} attended by it.")


def days_of(edition: Edition) -> list[date]:
    """Return the days of ``edition``, in order."""
    return [
        edition.dtstart + timedelta(days=n) for n in range((edition.dtend - edition.dtstart).days)
    ]


def day_now(edition: Edition, now: datetime) -> date:
    """Return the day that a check-in counts for; the eve belongs to the first day."""
    return min(max(edition.day_at(now), edition.dtstart), edition.dtend - _EVE)


def is_open(edition: Edition, now: datetime) -> bool:
    """Whether people are let in at ``now``: from the eve on, where the event is held."""
    if edition.status is EditionStatus.CANCELLED:
        return False
    return edition.day_at(now) >= edition.dtstart - _EVE


def check_in(
    registration: Registration, day: date, *, seen_at: datetime, by: Person, now: datetime
) -> bool:
    """Record that the person came on ``day``; return whether that is news.

    Raises:
        NotOpenError: before the eve, or ``day`` is none of the event's.
        NotYetError: ``day`` has not come.
        NotAdmittedError: the registration holds no place.
    """
    database.write(registration)
    edition = registration.edition
    if not is_open(edition, now) or not edition.dtstart <= day < edition.dtend:
        raise NotOpenError(event=edition.title)
    if day > day_now(edition, now):
        raise NotYetError(day=day)
    if registration.status not in ADMITTED:
        raise NotAdmittedError(
            name=registration.person.display_name,
            event=edition.title,
            state=registration.status.value.replace("_", " "),
        )
    if queries.find(registration, day) is not None:
        return False
    was = registration.status
    if was in {_R.CONFIRMED, _R.NO_SHOW}:
        registration.status = lifecycle.move(lifecycle.REGISTRATION_MOVES, was, _R.CHECKED_IN)
        registration.modified_at = now
    db.session.add(
        Attendance(
            registration=registration,
            day=day,
            seen_at=min(seen_at, now),
            recorded_by_id=by.id,
        )
    )
    db.session.flush()
    audit.record(
        "registration.checked_in",
        registration,
        by=by,
        now=now,
        changes={"day": [None, day.isoformat()]},
    )
    return True


def take_back(registration: Registration, day: date, *, by: Person, now: datetime) -> bool:
    """Take a check-in of ``day`` back; return whether there was one.

    Raises:
        ListClosedError: the person counts as having attended, and this is why.
    """
    database.write(registration)
    attendance = queries.find(registration, day)
    if attendance is None:
        return False
    db.session.delete(attendance)
    db.session.flush()
    if registration.status is _R.ATTENDED and not queries.has_come(registration):
        raise ListClosedError(
            event=registration.edition.title, name=registration.person.display_name
        )
    if registration.status is _R.CHECKED_IN and not queries.has_come(registration):
        registration.status = lifecycle.move(
            lifecycle.REGISTRATION_MOVES, registration.status, _R.CONFIRMED
        )
        registration.modified_at = now
        db.session.flush()
    audit.record(
        "registration.check_in_taken_back",
        registration,
        by=by,
        now=now,
        changes={"day": [day.isoformat(), None]},
    )
    return True


def close_list(edition: Edition, *, by: Person, now: datetime) -> tuple[int, int]:
    """Note who attended and who did not come, and tell them; return how many of each.

    Raises:
        NotOverError: the event has not ended.
    """
    database.write(edition)
    if edition.day_at(now) < edition.dtend:
        raise NotOverError(event=edition.title)
    standing = db.session.scalars(
        select(Registration)
        .where(
            Registration.edition_id == edition.id,
            Registration.status.in_([_R.CHECKED_IN, _R.CONFIRMED]),
        )
        .with_for_update(of=Registration)
    ).all()
    counted = {_R.ATTENDED: 0, _R.NO_SHOW: 0}
    for registration in standing:
        target = _R.ATTENDED if registration.status is _R.CHECKED_IN else _R.NO_SHOW
        registration.status = lifecycle.move(
            lifecycle.REGISTRATION_MOVES, registration.status, target
        )
        registration.modified_at = now
        counted[target] += 1
        told = letters.attended if target is _R.ATTENDED else letters.no_show
        outbox.post(registration.person.email, told(registration), now=now)
    db.session.flush()
    came, stayed = counted[_R.ATTENDED], counted[_R.NO_SHOW]
    audit.record(
        "edition.attendance_closed",
        edition,
        by=by,
        now=now,
        changes={"attended": [None, came], "no_show": [None, stayed]},
    )
    return came, stayed
