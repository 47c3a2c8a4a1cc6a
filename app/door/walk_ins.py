"""Use cases of somebody who comes to the door without a registration.

The rule is the edition's: never, a place where one is free, or as an organiser decides. A door
that was offline sends what it took later; places are given in the order in which that arrives, so
two doors never give the last place twice: who comes second stands in the queue, and both the door
and the person are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import audit, database, outbox
from app.accounts import service as accounts
from app.database import db
from app.door import service
from app.door.models import WalkIn
from app.registrations import letters, parties, queries, seating, waiting
from app.registrations import service as registrations
from app.registrations.models import TERMS_VERSION, Registration, WalkIns
from app.registrations.service import CountryMissingError
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition

_R = RegistrationStatus


class WalkInsOffError(ConflictError):
    """A walk-in at an edition that takes none."""

    message = N_("{event} takes nobody in at the door without a registration.")


class NameMissingError(DomainError):
    """A walk-in of nobody."""

    message = N_("Write the name as it should stand on the badge.")


class KeyMissingError(DomainError):
    """A walk-in that the door gave no key, or that of another event."""

    message = N_("This was not recorded by the door of this event.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at the door; ``key`` is made by the device, once for each."""

    key: str
    name: str
    email: str
    country_code: str | None = None


def are_taken(edition: Edition) -> bool:
    """Whether the door may register anybody at all."""
    return seating.settings_of(edition).walk_ins is not WalkIns.NEVER


def take_in(
    edition: Edition, visitor: Visitor, day: date, *, seen_at: datetime, by: Person, now: datetime
) -> Registration:
    """Register ``visitor`` as the rule says, and check in whoever has a place by it.

    Somebody who is registered already is not registered again: a place is used, one that is
    offered is taken, a turn stays. What was only begun is sent by it.

    Raises:
        WalkInsOffError, NotOpenError: the edition takes none, or its door is not open.
        NameMissingError, EmailError, CountryMissingError, KeyMissingError: see there.
    """
    _insist_on_rule(edition, day, now)
    if not visitor.name:
        raise NameMissingError
    if not visitor.key:
        raise KeyMissingError
    person = accounts.find_or_create(visitor.email, now=now)
    database.write(edition)
    known = db.session.get(WalkIn, visitor.key)
    if known is not None:
        if known.registration.edition_id != edition.id:
            raise KeyMissingError
        return known.registration
    if not person.name and person.verified_at is None:
        person.name = visitor.name
    registrations.lapse_offers(now=now, edition=edition)
    registration = queries.find(edition, person)
    if registration is None or registration.status in parties.UNSENT:
        registration = _register(edition, person, registration, visitor, by=by, now=now)
    elif registration.status is _R.OFFERED:
        registrations.accept_offer(registration, by=by, now=now)
    db.session.add(WalkIn(key=visitor.key, registration_id=registration.id, made_at=now))
    db.session.flush()
    if registration.status in service.ADMITTED:
        service.check_in(registration, day, seen_at=seen_at, by=by, now=now)
    return registration


def _insist_on_rule(edition: Edition, day: date, now: datetime) -> None:
    if not are_taken(edition):
        raise WalkInsOffError(event=edition.title)
    if not service.is_open(edition, now) or not edition.dtstart <= day < edition.dtend:
        raise service.NotOpenError(event=edition.title)


def _register(
    edition: Edition,
    person: Person,
    begun: Registration | None,
    visitor: Visitor,
    *,
    by: Person,
    now: datetime,
) -> Registration:
    rule = seating.settings_of(edition).walk_ins
    terms = seating.terms_of(edition)
    registration = begun or seating.begun(edition, person, now)
    was = begun.status if begun is not None else None
    if visitor.country_code is not None and not registration.is_sent_by_country:
        registration.country_code = visitor.country_code
    if registration.country_code is None and terms.needs_country:
        raise CountryMissingError(edition=edition.title)
    party_id, registration.party_id = registration.party_id, None  # who stands there is alone
    registration.terms_version = TERMS_VERSION  # a place kept for days would help nobody
    registration.registered_at = registration.modified_at = now
    if begun is not None:
        registration.sequence += 1  # what was returned stands in the person's calendar
    registration.queued_at = queries.arrival(edition, now)
    taken = seating.taken_at(edition)
    if rule is WalkIns.APPROVAL and not registration.entry_reason:
        is_nominee = registration.nominated_by_id is not None
        registration.status = _R.ENDORSED if is_nominee else _R.SUBMITTED
    elif seating.has_seat_for(edition, registration, terms.rules, taken):
        registration.status, registration.confirmed_at = _R.CONFIRMED, now
    else:
        registration.status = _R.WAITLISTED
    db.session.add(registration)
    db.session.flush()
    audit.record(
        "registration.walked_in",
        registration,
        by=by,
        now=now,
        changes={"status": [was and was.value, registration.status.value]},
    )
    if registration.status is _R.WAITLISTED:
        turn = waiting.turn(registration, terms.rules, taken)
        letter = letters.waitlisted(registration, *turn)
    elif registration.status is not _R.CONFIRMED:
        letter = letters.received(registration)
    else:
        letter = letters.registered(registration)
    outbox.post(person.email, letter, now=now)
    if party_id is not None:
        seating.leave_party(party_id)
        seating.fill_seats(edition, now=now)  # who had reckoned with them may be complete
    return registration
