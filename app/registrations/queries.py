"""Reads over registrations: places, the queue, one person's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, case, func, select, tuple_
from sqlalchemy.orm import aliased, lazyload

from app.database import db
from app.editions.models import Edition
from app.registrations.models import (
    LIVE_SQL,
    ErasedRegistrations,
    Party,
    Registration,
    SeatCount,
)
from scheduler.lifecycle import LIVE, SEATED, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from app.accounts.models import Person

_R = RegistrationStatus
WAITING = _R.WAITLISTED


@dataclass(frozen=True, slots=True)
class Places:
    """How full an edition is; ``capacity`` ``None`` means no limit."""

    capacity: int | None
    seated_count: int
    waiting_count: int

    @property
    def free_count(self) -> int | None:
        """Seats that nobody holds; ``None`` where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.seated_count)

    @property
    def would_wait(self) -> bool:
        """Whether the next person to register would join the queue, as far as no quota says it."""
        return self.free_count == 0


# Made once, since making a statement takes longer than running it: these run under an edition's
# lock, for which others wait.
_LIVE_ONE = select(Registration.id).where(
    Registration.edition_id == bindparam("edition_id"),
    Registration.person_id == bindparam("person_id"),
    LIVE_SQL,
)
_SEQUENCES = select(Registration.sequence).where(
    Registration.edition_id == bindparam("edition_id"),
    Registration.person_id == bindparam("person_id"),
)
_PLACES = select(func.sum(SeatCount.seated_count), func.sum(SeatCount.waiting_count)).where(
    SeatCount.edition_id == bindparam("edition_id")
)
# A part a state: so each is the end of an index, and no row is read.
_LAST_ARRIVALS = select(
    *(
        select(func.max(Registration.queued_at))
        .where(Registration.edition_id == bindparam("edition_id"), Registration.status == status)
        .scalar_subquery()
        for status in (WAITING, _R.SUBMITTED, _R.ENDORSED)
    )
)
_WAITING_PARTY = (
    select(Registration.id)
    .where(
        Registration.edition_id == bindparam("edition_id"),
        Registration.status == WAITING,
        Registration.party_id.is_not(None),
    )
    .limit(1)
)
_WAITING_APART = (
    select(Registration.id)
    .where(
        Registration.edition_id == bindparam("edition_id"),
        Registration.status == WAITING,
        Registration.party_id.is_not(None) | Registration.is_held,
    )
    .limit(1)
)


def find(edition: Edition, person: Person) -> Registration | None:
    """Return the registration of ``person`` that holds or awaits a place at ``edition``."""
    row_id = db.session.scalar(_LIVE_ONE, {"edition_id": edition.id, "person_id": person.id})
    if row_id is None:  # as a rule: nothing to load
        return None
    at_hand = (lazyload(Registration.edition), lazyload(Registration.person))
    return db.session.get(Registration, row_id, options=at_hand)


def by_public_id(public_id: str) -> Registration | None:
    """Return the registration with this public id."""
    return db.session.scalar(select(Registration).filter_by(public_id=public_id))


def by_ids(ids: Sequence[int]) -> Sequence[Registration]:
    """Return the registrations with these ids, in order of arrival."""
    return db.session.scalars(
        select(Registration)
        .where(Registration.id.in_(ids))
        .order_by(Registration.queued_at, Registration.id)
    ).all()


def of_person(person: Person) -> Sequence[Registration]:
    """Return every registration of ``person``, the nearest event first."""
    return db.session.scalars(
        select(Registration)
        .join(Registration.edition)
        .where(Registration.person_id == person.id)
        .order_by(Edition.dtstart, Registration.id)
    ).all()


def calendar_sequence(
    registration: Registration, history: Sequence[Registration] | None = None
) -> int:
    """Return the SEQUENCE of a person's own entry for an edition (RFC 5545 §3.8.7.4).

    What changes in the edition counts, and what changes in the person's registrations for it:
    ``history`` has them all, and is looked up where it is not at hand.
    """
    sequences: Iterable[int]
    if history is None:
        sequences = db.session.scalars(
            _SEQUENCES,
            {"edition_id": registration.edition_id, "person_id": registration.person_id},
        )
    else:
        sequences = (row.sequence for row in history)
    return registration.edition.sequence + own_sequence(sequences)


def own_sequence(sequences: Iterable[int]) -> int:
    """Return how often a person's registrations for one edition changed since the first."""
    return sum(sequence + 1 for sequence in sequences) - 1


def places(edition: Edition) -> Places:
    """Return how full ``edition`` is, from the counts that each change keeps."""
    seated, waiting = db.session.execute(_PLACES, {"edition_id": edition.id}).one()
    return Places(edition.capacity, seated or 0, waiting or 0)


def places_of(editions: Sequence[Edition]) -> list[Places]:
    """Return how full each of ``editions`` is, in their order, by one query."""
    rows = db.session.execute(
        select(
            SeatCount.edition_id,
            func.sum(SeatCount.seated_count),
            func.sum(SeatCount.waiting_count),
        )
        .where(SeatCount.edition_id.in_([edition.id for edition in editions]))
        .group_by(SeatCount.edition_id)
    )
    counts = {edition_id: (seated, waiting) for edition_id, seated, waiting in rows}
    return [Places(edition.capacity, *counts.get(edition.id, (0, 0))) for edition in editions]


def arrival(edition: Edition, now: datetime) -> datetime:
    """Return the moment at which whoever comes at ``now`` stands in the queue: behind everybody.

    The clock was read before the lock was had, so who was decided before may have a later one; who
    waits for a decision stands in the queue once it is made. No two have the same: who takes over a
    turn stands exactly where it was.
    """
    lasts = db.session.execute(_LAST_ARRIVALS, {"edition_id": edition.id}).one()
    behind: list[datetime] = [last + timedelta(microseconds=1) for last in lasts if last]
    return max([now, *behind])


def position(registration: Registration) -> int | None:
    """Return the place in the queue by arrival, from 1; ``None`` for who does not wait."""
    if registration.status is not WAITING:
        return None
    return positions([registration])[registration.id]


def positions(registrations: Sequence[Registration]) -> dict[int, int]:
    """Return the place in its queue of each of these that waits, in one query."""
    waiting = [row.id for row in registrations if row.status is WAITING]
    if not waiting:
        return {}
    ahead = aliased(Registration)
    rows = db.session.execute(
        select(Registration.id, func.count(ahead.id))
        .join(
            ahead,
            (ahead.edition_id == Registration.edition_id)
            & (ahead.status == WAITING)
            & (
                tuple_(ahead.queued_at, ahead.id) <= tuple_(Registration.queued_at, Registration.id)
            ),
        )
        .where(Registration.id.in_(waiting))
        .group_by(Registration.id)
    )
    return {row_id: count for row_id, count in rows}  # noqa: C416 - rows are no pairs to dict()


@dataclass(frozen=True, slots=True)
class PartyState:
    """How many of a party stand where; who they are is told to nobody."""

    size: int | None
    code: str | None
    unsent: int  # have not sent their registration, or got it back
    undecided: int
    held: int
    waiting: int
    seated: int

    @property
    def people(self) -> int:
        """How many are in it."""
        return self.unsent + self.undecided + self.held + self.waiting + self.seated

    @property
    def awaited(self) -> int:
        """How many have still to register before it is seated."""
        return self.unsent + max(0, (self.size or 0) - self.people)

    @property
    def is_complete(self) -> bool:
        """Whether it can be seated: everybody registered, and decided on."""
        return not (self.awaited or self.undecided or self.held)


def parties(ids: Sequence[int]) -> dict[int, PartyState]:
    """Return how each of these parties stands, in one query."""
    if not ids:
        return {}
    status, is_held = Registration.status, Registration.is_held

    def many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((condition, 1)))

    rows = db.session.execute(
        select(
            Party.id,
            Party.size,
            Party.code,
            many(status.in_([_R.DRAFT, _R.RETURNED])),
            many(status.in_([_R.SUBMITTED, _R.ENDORSED])),
            many((status == WAITING) & is_held),
            many((status == WAITING) & ~is_held),
            many(status.in_(SEATED)),
        )
        .join(Registration, Registration.party_id == Party.id)
        .where(Party.id.in_(ids), status.in_(LIVE))
        .group_by(Party.id, Party.size, Party.code)
    )
    return {row[0]: PartyState(*row[1:]) for row in rows}


def party_of(registration: Registration) -> PartyState | None:
    """Return how the party of ``registration`` stands; ``None`` for who comes alone."""
    if registration.party_id is None:
        return None
    return parties([registration.party_id]).get(registration.party_id)


def waiting_with(registration: Registration) -> Sequence[Registration]:
    """Return who waits in the same party."""
    if registration.party_id is None:
        return []
    return db.session.scalars(
        select(Registration).where(
            Registration.party_id == registration.party_id,
            Registration.id != registration.id,
            Registration.status == WAITING,
        )
    ).all()


def companions(registration: Registration) -> Sequence[Registration]:
    """Return the others who come in the same party, in order of arrival."""
    if registration.party_id is None:
        return []
    return db.session.scalars(
        select(Registration)
        .where(
            Registration.party_id == registration.party_id,
            Registration.id != registration.id,
            Registration.status.in_(LIVE),
        )
        .order_by(Registration.queued_at, Registration.id)
    ).all()


def party_by_code(code: str) -> Party | None:
    """Return the party that one joins by ``code``."""
    return db.session.scalar(select(Party).filter_by(code=code))


def has_waiting_parties(edition: Edition) -> bool:
    """Whether somebody of a party waits at ``edition``."""
    return db.session.scalar(_WAITING_PARTY, {"edition_id": edition.id}) is not None


def all_wait_alike(edition: Edition) -> bool:
    """Whether everybody who waits at ``edition`` waits alone, and nobody is held."""
    return db.session.scalar(_WAITING_APART, {"edition_id": edition.id}) is None


def live(edition: Edition) -> Sequence[Registration]:
    """Return who holds or awaits a place at ``edition``."""
    return db.session.scalars(
        select(Registration)
        .where(Registration.edition_id == edition.id, Registration.status.in_(LIVE))
        .order_by(Registration.id)
    ).all()


def in_queue_order(edition: Edition) -> list[tuple[Registration, int | None]]:
    """Return every registration with its queue position: in, then waiting, cancelled last."""
    gone = frozenset(RegistrationStatus) - LIVE
    last_of_party = func.max(Registration.queued_at).over(
        partition_by=[Registration.party_id, Registration.status]
    )
    rows = db.session.scalars(
        select(Registration)
        .where(Registration.edition_id == edition.id)
        .order_by(
            case((Registration.status.in_(gone), 2), (Registration.status == WAITING, 1), else_=0),
            case((Registration.party_id.is_(None), Registration.queued_at), else_=last_of_party),
            Registration.party_id,
            Registration.queued_at,
            Registration.id,
        )
    ).all()
    waiting = iter(range(1, len(rows) + 1))
    return [(row, next(waiting) if row.status is WAITING else None) for row in rows]


def erased_count(edition: Edition) -> int:
    """Return how many registrations for ``edition`` were erased."""
    return (
        db.session.scalar(
            select(func.sum(ErasedRegistrations.registration_count)).where(
                ErasedRegistrations.edition_id == edition.id
            )
        )
        or 0
    )
