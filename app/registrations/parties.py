"""Use cases of a party: people who come together or not at all.

Whoever makes a party says how many they are and shares its code; the others join by it, and read
of each other only how many there are. A country's contact, or an organiser, puts one together
without a code.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database, outbox
from app.database import db
from app.editions.models import Edition
from app.registrations import letters, queries, seating, service
from app.registrations.models import Party, Profile, Registration
from app.registrations.service import Particulars
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person

_R = RegistrationStatus
LEAST, MOST = 2, 10
UNSENT = frozenset({_R.DRAFT, _R.RETURNED})
OPEN_TO_PARTIES = UNSENT | {_R.SUBMITTED, _R.ENDORSED, _R.WAITLISTED}


class PartyError(ConflictError):
    """A party of people of whom somebody holds a seat already, or too few."""

    message = N_("A party has at least two people, of one event, none with a place yet.")


class PartySizeError(DomainError):
    """A party of fewer or more people than one may be."""

    message = N_(
        "A party has {least} to {most} people; larger ones are put together by organisers."
    )


class PlaceAlreadyError(ConflictError):
    """Somebody with a place who would wait for others."""

    message = N_("You have a place already, and a party is seated together: the others register.")


class PartySeatedError(ConflictError):
    """A newcomer to a party that has its places."""

    message = N_("This party has its places already: register on your own.")


class PartyFullError(ConflictError):
    """A newcomer to a party in which everybody is."""

    message = N_(
        "This party is complete: all {size} are in it. Who made it can say that you are more."
    )


class OtherPartyError(ConflictError):
    """Somebody in one party who would join another."""

    message = N_("You come with another party already: leave it first, on the page of your place.")


class BoundError(ConflictError):
    """A change to a party that a country or an organiser put together."""

    message = N_("Your national contact or the organisers put your party together: ask them.")


class NoPartyError(ConflictError):
    """People taken out of a party who are in none, or have their place."""

    message = N_("None of them waits in a party.")


def form(edition: Edition, person: Person, size: int, *, now: datetime) -> Registration:
    """Make a party of ``size`` that others join by its code, or say that it is larger or smaller.

    Who has not begun to register gets a draft.

    Raises:
        PartySizeError: it is no number of people.
        PlaceAlreadyError, BoundError, RegistrationClosedError: see there.
    """
    if not LEAST <= size <= MOST:
        raise PartySizeError(least=LEAST, most=MOST)
    registration = _standing(edition, person, now)
    party = db.session.get(Party, registration.party_id) if registration.party_id else None
    if party is not None and party.code is None:
        raise BoundError
    if party is None:
        party = Party(edition_id=edition.id, code=secrets.token_urlsafe(12), made_at=now)
        db.session.add(party)
        db.session.flush()
        _enter(registration, party, by=person, now=now)
    state = queries.parties([party.id])[party.id]
    party.size = max(size, state.people)
    db.session.flush()
    seating.fill_seats(edition, now=now)
    return registration


def join(party: Party, person: Person, *, now: datetime) -> Registration:
    """Let ``person``, who knows its code, come with ``party``; it then waits where its last stands.

    Raises:
        PartySeatedError, PartyFullError, OtherPartyError, PlaceAlreadyError,
        RegistrationClosedError: see there.
    """
    registration = _standing(party.edition, person, now)
    db.session.refresh(party)
    if registration.party_id == party.id:
        return registration
    if registration.party_id is not None:
        raise OtherPartyError
    state = queries.parties([party.id]).get(party.id)
    if party.code is None or state is None or state.seated:
        raise PartySeatedError
    if state.people >= (party.size or MOST):
        raise PartyFullError(size=state.people)
    _enter(registration, party, by=person, now=now)
    seating.fill_seats(party.edition, now=now)
    return registration


def _standing(edition: Edition, person: Person, now: datetime) -> Registration:
    """Lock ``edition``; return what ``person`` has there that can wait for others, else a draft."""
    database.write(edition)
    registration = queries.find(edition, person)
    if registration is None:
        profile = db.session.get(Profile, person.id)
        told = (
            Particulars(profile.country_code, profile.affiliation, profile.position)
            if profile is not None
            else Particulars()
        )
        return service.save_draft(edition, person, told, now=now)
    if registration.status not in OPEN_TO_PARTIES:
        raise PlaceAlreadyError
    return registration


def _enter(registration: Registration, party: Party, *, by: Person, now: datetime) -> None:
    registration.party_id, registration.modified_at = party.id, now
    db.session.flush()
    audit.record("registration.joined_party", registration, by=by, now=now)


# -- leaving ---------------------------------------------------------------------------------


def leave(registration: Registration, *, by: Person, now: datetime) -> None:
    """Come alone: the own turn counts again, and the party is one less.

    Raises:
        NoPartyError: there is no party, or it has its places.
    """
    take_out(registration.edition, [registration], by=by, now=now, tells=False)


def take_out(
    edition: Edition,
    registrations: Sequence[Registration],
    *,
    by: Person,
    now: datetime,
    tells: bool = True,
) -> None:
    """Take people out of their parties, and tell them; each stands alone, at the own turn.

    Raises:
        NoPartyError: one of them is in none, or it has its places.
    """
    database.write(edition)
    for row in registrations:
        database.write(row)
    if not registrations or any(
        row.edition_id != edition.id or row.party_id is None or row.status not in OPEN_TO_PARTIES
        for row in registrations
    ):
        raise NoPartyError
    for row in registrations:
        party_id, row.party_id, row.modified_at = row.party_id, None, now
        seating.leave_party(party_id)
        audit.record("registration.left_party", row, by=by, now=now)
        if tells:
            outbox.post(row.person.email, letters.parted(row), now=now)
    seating.fill_seats(edition, now=now)


def go_on(registration: Registration, *, by: Person, now: datetime) -> None:
    """Let the party be those who have registered: the others leave it, and nobody joins any more.

    Raises:
        NoPartyError: there is no party that waits.
        BoundError: its members did not put it together.
    """
    edition = registration.edition
    database.write(edition)
    database.write(registration)
    party = db.session.get(Party, registration.party_id) if registration.party_id else None
    if party is None or registration.status not in OPEN_TO_PARTIES - UNSENT:
        raise NoPartyError
    if party.code is None:
        raise BoundError
    _close(party, by=by, now=now)
    seating.fill_seats(edition, now=now)


def _close(party: Party, *, by: Person | None, now: datetime) -> None:
    """Let nobody join any more, and take out who has not registered."""
    party.code = party.size = None
    unsent = db.session.scalars(
        select(Registration).where(
            Registration.party_id == party.id, Registration.status.in_(UNSENT)
        )
    ).all()
    for row in unsent:
        row.party_id, row.modified_at = None, now
        db.session.flush()
        audit.record("registration.left_party", row, by=by, now=now)
        outbox.post(row.person.email, letters.parted(row), now=now)
    db.session.flush()


def close_late(*, now: datetime) -> int:
    """Let parties go on without who can register no more; return at how many editions.

    A job does it: an edition closes by the clock.
    """
    late = (
        select(Party.edition_id, Party.id)
        .join(Registration, Registration.party_id == Party.id)
        .where(
            Registration.status.in_(OPEN_TO_PARTIES),
            (Registration.status.in_(UNSENT) & (Registration.entry_reason == ""))
            | Party.code.is_not(None),
        )
        .distinct()
        .order_by(Party.edition_id, Party.id)
    )
    count = 0
    for edition_id in sorted({row.edition_id for row in db.session.execute(late)}):
        edition = db.session.get_one(Edition, edition_id)
        if not _has_closed(edition, now):
            continue
        database.write(edition)
        if not _has_closed(edition, now):
            continue  # opened again meanwhile
        rows = db.session.execute(late.where(Party.edition_id == edition_id)).all()
        for row in rows:
            party = db.session.get_one(Party, row.id, populate_existing=True)
            _close(party, by=None, now=now)
        seating.fill_seats(edition, now=now)
        count += 1
    return count


def _has_closed(edition: Edition, now: datetime) -> bool:
    status, closes_at = edition.status_on(edition.day_at(now)), edition.registration_closes_at
    if status is EditionStatus.REGISTRATION_OPEN:
        return closes_at is not None and closes_at <= now
    return status is EditionStatus.REGISTRATION_CLOSED


# -- by a contact or an organiser ------------------------------------------------------------


def bind(
    edition: Edition, registrations: Sequence[Registration], *, by: Person, now: datetime
) -> Party:
    """Make a party of ``registrations``, and tell them; who was in another one leaves it.

    It stands in the queue where its last member stands.

    Raises:
        PartyError: they are too few, of other events, or hold a seat.
    """
    database.write(edition)
    for row in registrations:
        database.write(row)
    if len(registrations) < LEAST or any(
        row.edition_id != edition.id or row.status not in OPEN_TO_PARTIES for row in registrations
    ):
        raise PartyError
    party = Party(edition_id=edition.id, made_at=now)
    db.session.add(party)
    db.session.flush()
    for row in registrations:
        was = row.party_id
        _enter(row, party, by=by, now=now)
        seating.leave_party(was)
        outbox.post(row.person.email, letters.bound(row, len(registrations)), now=now)
    seating.fill_seats(edition, now=now)
    return party
