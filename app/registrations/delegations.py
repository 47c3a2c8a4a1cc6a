"""Use cases of a national contact: nominate, endorse, rank, replace, for one country alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database, outbox
from app.accounts import service as accounts
from app.database import db
from app.registrations import letters, queries, seating, waiting
from app.registrations.models import Registration
from app.registrations.seating import change_status
from app.registrations.service import (
    NominationsClosedError,
    RegistrationClosedError,
    TheyAreRegisteredError,
    closed,
    insist_on_event,
    lies_ahead,
)
from scheduler import lifecycle
from scheduler.errors import N_, ConflictError
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.editions.models import Edition
    from app.registrations.queries import PartyState

_R = RegistrationStatus
REPLACEABLE = lifecycle.LIVE - {_R.CHECKED_IN, _R.ATTENDED}
JUDGEMENTS = {"endorse": _R.ENDORSED, "return": _R.RETURNED, "refuse": _R.REFUSED}


class NotSentError(ConflictError):
    """A judgement on a registration that the person has not sent."""

    message = N_("There is nothing to judge yet: the registration is not sent.")


def of_country(edition: Edition, country: Country) -> Sequence[Registration]:
    """Return the delegation of ``country``: who is ranked, by rank, then the rest by arrival.

    What somebody has only begun on their own is nobody else's yet.
    """
    return db.session.scalars(
        select(Registration)
        .where(
            Registration.edition_id == edition.id,
            Registration.country_code == country.code,
            Registration.status.in_(lifecycle.LIVE),
            ~is_own_draft(),
        )
        .order_by(Registration.rank.is_(None), Registration.rank, Registration.queued_at)
    ).all()


def is_own_draft() -> ColumnElement[bool]:
    """Return the condition that a registration is begun, not sent, and no nomination."""
    return (Registration.status == _R.DRAFT) & Registration.nominated_by_id.is_(None)


def nominate(
    edition: Edition, country: Country, email: str, name: str, *, by: Person, now: datetime
) -> Registration:
    """Nominate somebody, who confirms it by completing the registration; ranked last.

    What the person has begun on their own becomes the nomination, with all they typed.

    Raises:
        RegistrationClosedError: nominations are not taken.
        TheyAreRegisteredError: the person is registered already.
        EmailError: it is not an address.
    """
    person = accounts.find_or_create(email, now=now)
    database.write(edition)
    if not edition.takes_registrations(now):
        raise closed(edition, now)
    if not edition.takes_nominations(now):
        raise NominationsClosedError(edition=edition.title, day=edition.nominations_close_on)
    registration = _own_draft(edition, person)
    if name and not person.name and person.verified_at is None:
        person.name = name  # whoever has been here says their name themself
    ranks = [row.rank for row in of_country(edition, country) if row.rank is not None]
    if registration is None:
        registration = seating.begun(edition, person, now)
    registration.country_code = country.code
    registration.rank = max(ranks, default=0) + 1
    registration.nominated_by_id, registration.nominated_as = by.id, name
    registration.modified_at = now
    db.session.add(registration)
    db.session.flush()
    audit.record("registration.nominated", registration, by=by, now=now)
    outbox.post(person.email, letters.nominated(registration, country.name), now=now)
    return registration


def _own_draft(edition: Edition, person: Person) -> Registration | None:
    """Return what ``person`` has begun at ``edition`` on their own; it is nobody else's business.

    Raises:
        TheyAreRegisteredError: the person is registered, or nominated, already.
    """
    found = queries.find(edition, person)
    if found is not None and (found.status is not _R.DRAFT or found.nominated_by_id is not None):
        raise TheyAreRegisteredError(email=person.email, edition=edition.title)
    return found


def judge(
    registration: Registration,
    target: RegistrationStatus,
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Endorse, return or refuse somebody who registered on their own.

    Raises:
        MoveError: it stands where that cannot be done.
        NotSentError: it is a draft.
        CalledOffError: the event is cancelled.
    """
    database.write(registration.edition)
    database.write(registration)
    insist_on_event(registration.edition)
    if registration.status is _R.DRAFT:
        raise NotSentError
    action = f"registration.{target.value}"
    change_status(registration, target, action, by=by, now=now, reason=reason)
    outbox.post(registration.person.email, letters.judged(registration, reason), now=now)
    seating.fill_seats(registration.edition, now=now)  # a party may be complete without them


def parties_read(rows: Sequence[Registration]) -> dict[int, PartyState]:
    """Return the parties of which a contact reads, by the registration that is in one.

    Which party somebody has made or joined on their own is told like their name: once they confirm.
    """
    states = queries.parties([row.party_id for row in rows if row.party_id is not None])
    return {
        row.id: state
        for row in rows
        if row.party_id is not None
        and (state := states.get(row.party_id)) is not None
        and (row.is_confirmed or state.code is None)
    }


def acts_on(registration: Registration, *, is_in_party: bool) -> list[str]:
    """Return what a contact can do with ``registration`` as it stands, and as they read of it."""
    status = registration.status
    moves = lifecycle.REGISTRATION_MOVES[status]
    found = [
        act for act, target in JUDGEMENTS.items() if target in moves and status is not _R.DRAFT
    ]
    if status in REPLACEABLE:
        found += ["rank", "replace"]
    if is_in_party and status not in lifecycle.SEATED:
        found.append("part")
    return found


def put_at(
    registration: Registration, country: Country, place: int, *, by: Person, now: datetime
) -> None:
    """Rank ``registration`` at ``place``, from 1, among the delegation; the others close up."""
    edition = registration.edition
    database.write(edition)
    order = [row for row in of_country(edition, country) if row.id != registration.id]
    order.insert(max(0, min(place - 1, len(order))), registration)
    for rank, row in enumerate(order, start=1):
        row.rank = rank
    db.session.flush()
    audit.record("registration.ranked", registration, by=by, now=now)
    seating.fill_seats(edition, now=now)


def replace(
    registration: Registration, email: str, name: str, *, by: Person, now: datetime
) -> Registration:
    """Put a colleague in somebody's place: seat, turn and rank stay with the country.

    A seat is offered to the colleague, and nobody else gets it meanwhile.

    Raises:
        RegistrationClosedError: the event has begun or is cancelled, or the place is none.
        TheyAreRegisteredError: the colleague is registered already.
        EmailError: it is not an address.
    """
    person = accounts.find_or_create(email, now=now)
    edition = registration.edition
    database.write(edition)
    database.write(registration)
    if not lies_ahead(edition, now) or registration.status not in REPLACEABLE:
        raise RegistrationClosedError(edition=edition.title)
    if person.id == registration.person_id:
        raise TheyAreRegisteredError(email=person.email, edition=edition.title)
    colleague = _own_draft(edition, person)
    left_party_id = colleague.party_id if colleague is not None else None
    if name and not person.name and person.verified_at is None:
        person.name = name
    was = registration.status
    if colleague is None:
        colleague = Registration(edition_id=edition.id, person_id=person.id, registered_at=now)
    colleague.status = _successor(was)
    colleague.country_code, colleague.role = registration.country_code, registration.role
    colleague.rank, colleague.is_held = registration.rank, registration.is_held
    colleague.party_id = registration.party_id
    colleague.nominated_by_id, colleague.nominated_as = by.id, name
    colleague.replaces_id = registration.id
    colleague.queued_at, colleague.modified_at = registration.queued_at, now
    if colleague.status is _R.OFFERED:
        days = seating.settings_of(edition).answer_days or seating.INVITED_DAYS
        colleague.answer_by = seating.kept_until(edition, days, now)
    registration.party_id = None
    seating.leave_party(left_party_id)
    change_status(registration, _R.REPLACED, "registration.replaced", by=by, now=now)
    db.session.add(colleague)
    db.session.flush()
    audit.record("registration.nominated", colleague, by=by, now=now)
    outbox.post(registration.person.email, letters.replaced(registration, was), now=now)
    outbox.post(person.email, _letter_to(colleague), now=now)
    if left_party_id is not None:
        seating.fill_seats(edition, now=now)  # who had reckoned with the colleague may be complete
    return colleague


def _letter_to(colleague: Registration) -> outbox.Letter:
    country = colleague.country.name if colleague.country else ""
    if colleague.status is _R.OFFERED:
        return letters.offered(colleague)
    if colleague.status is _R.WAITLISTED:
        return letters.takes_turn(colleague, *waiting.turn(colleague))
    return letters.nominated(colleague, country)


def _successor(status: RegistrationStatus) -> RegistrationStatus:
    """Return where a colleague stands who takes over from ``status``."""
    if status in lifecycle.SEATED:
        return _R.OFFERED
    return _R.WAITLISTED if status is _R.WAITLISTED else _R.DRAFT
