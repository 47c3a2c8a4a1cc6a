"""Use cases of registration: register, cancel, and the queue that seats people by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import audit, database, outbox
from app.database import db
from app.editions.signals import capacity_changed, edition_changed
from app.registrations import letters, queries
from app.registrations.models import Registration
from scheduler import lifecycle
from scheduler.admission import admit, moving_up
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition


class RegistrationClosedError(ConflictError):
    """A registration outside the edition's window."""

    message = N_("Registration for {edition} is closed.")


class AlreadyRegisteredError(ConflictError):
    """A second live registration of one person."""

    message = N_("You are registered for {edition} already.")


class UnverifiedError(DomainError):
    """A person whose address nobody has shown to be theirs."""

    message = N_("Confirm your e-mail address first: ask for a sign-in link and open it.")


def register(
    edition: Edition, person: Person, *, now: datetime, dietary_needs: str = ""
) -> Registration:
    """Give ``person`` a seat at ``edition``, or a waitlist place once every seat is taken.

    Raises:
        RegistrationClosedError: ``now`` is outside the edition's registration window.
        AlreadyRegisteredError: ``person`` already has a place.
        UnverifiedError: the person's address is not verified.
    """
    if person.verified_at is None:
        raise UnverifiedError
    # Two requests for the last seat must be decided one after the other, so lock the edition.
    database.write(edition)
    if not edition.takes_registrations(now):
        raise RegistrationClosedError(edition=edition.title)
    if queries.find(edition, person):
        raise AlreadyRegisteredError(edition=edition.title)
    places = queries.places(edition)
    status = admit(edition.capacity, places.seated_count, places.waiting_count)
    arrived_at = now
    if places.waiting_count:
        # The clock was read before the lock was had: who was decided later still queues behind.
        arrived_at = max(now, queries.last_arrival(edition) or now)
    registration = Registration(
        edition_id=edition.id,
        person_id=person.id,
        status=status,
        dietary_needs=dietary_needs,
        registered_at=arrived_at,
        confirmed_at=now if status is RegistrationStatus.CONFIRMED else None,
        modified_at=now,
    )
    db.session.add(registration)
    db.session.flush()
    audit.record(
        f"registration.{status.value}",
        registration,
        by=person,
        now=now,
        changes={"status": [None, status.value]},
    )
    outbox.post(
        person.email,
        letters.registered(registration, queries.position(registration)),
        now=now,
    )
    return registration


def cancel(registration: Registration, *, by: Person, now: datetime) -> None:
    """Give the place back; who is first in the queue moves up in the same transaction.

    Raises:
        MoveError: there is no place to give back.
        RegistrationClosedError: the event has begun.
    """
    database.write(registration.edition)
    database.write(registration)
    edition = registration.edition
    if edition.has_begun(edition.day_at(now)):
        raise RegistrationClosedError(edition=edition.title)
    was = registration.status
    registration.status = lifecycle.move(
        lifecycle.REGISTRATION_MOVES, was, RegistrationStatus.CANCELLED
    )
    registration.sequence += 1
    registration.cancelled_at = registration.modified_at = now
    db.session.flush()
    audit.record(
        "registration.cancelled",
        registration,
        by=by,
        now=now,
        changes={"status": [was.value, registration.status.value]},
    )
    outbox.post(
        registration.person.email,
        letters.cancelled(registration, had_seat=was in lifecycle.SEATED),
        now=now,
    )
    fill_seats(edition, now=now)


def fill_seats(edition: Edition, *, now: datetime) -> list[Registration]:
    """Seat the head of the queue while seats are free, and write to each; return who moved up.

    The caller's transaction has locked ``edition``.
    """
    if edition.status in {EditionStatus.CANCELLED, EditionStatus.POSTPONED}:
        return []
    places = queries.places(edition)
    if not places.waiting_count:
        return []
    moved = moving_up(edition.capacity, places.seated_count, queries.queue(edition))
    for registration in moved:
        registration.status = lifecycle.move(
            lifecycle.REGISTRATION_MOVES, registration.status, RegistrationStatus.CONFIRMED
        )
        registration.sequence += 1
        registration.confirmed_at = registration.modified_at = now
        db.session.flush()
        audit.record(
            "registration.moved_up",
            registration,
            by=None,
            now=now,
            changes={"status": ["waitlisted", "confirmed"]},
        )
        outbox.post(registration.person.email, letters.moved_up(registration), now=now)
    return list(moved)


@capacity_changed.connect
def _fill_added_seats(sender: object, *, edition: Edition, now: datetime) -> None:  # noqa: ARG001
    """Let an added seat be taken at once."""
    fill_seats(edition, now=now)


@edition_changed.connect
def _write_to_the_registered(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    edition: Edition,
    change: str,
    reason: str,
    now: datetime,
) -> None:
    """Tell everyone who holds or awaits a place what changed and why."""
    for registration in queries.live(edition):
        outbox.post(
            registration.person.email,
            letters.edition_changed(registration, change, reason),
            now=now,
        )
