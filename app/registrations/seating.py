"""Seats and the queue: the engine decides on what was counted under the edition's lock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, select

from app import audit, outbox
from app.accounts import access
from app.accounts.models import Role
from app.countries.models import Country
from app.database import db
from app.editions import milestones
from app.editions.models import AdmissionPolicy
from app.editions.signals import capacity_changed
from app.registrations import letters, queries, tally
from app.registrations.models import (
    AdmissionSettings,
    AttendeeRole,
    Party,
    Quota,
    QuotaScope,
    Registration,
    SeatCount,
    WalkIns,
)
from scheduler import admission, lifecycle
from scheduler.admission import Entry, Order, Rules, Scope, Seat
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from app.accounts.models import Person
    from app.editions.models import Edition
    from scheduler.admission import Decision, Limit

_R = RegistrationStatus


INVITED_DAYS = 14  # for which a place is kept, where the edition says nothing else

STILL = frozenset({EditionStatus.CANCELLED, EditionStatus.POSTPONED})
"""Editions at which nobody moves up."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who asks for a seat, before there is a row."""

    country_code: str | None = None
    role: AttendeeRole = AttendeeRole.PARTICIPANT
    rank: int | None = None


# Made once, since making a statement takes longer than running it: these run under an edition's
# lock, for which others wait.
_QUOTAS = (
    select(Quota.scope, Quota.key, Quota.places)
    .where(Quota.edition_id == bindparam("edition_id"))
    .order_by(Quota.scope, Quota.key)
)
_TERMS = select(AdmissionSettings.queue_order, AdmissionSettings.asks_country).where(
    AdmissionSettings.edition_id == bindparam("edition_id")
)
_CELLS = (
    select(
        SeatCount.country_code,
        Country.region,
        SeatCount.role,
        SeatCount.seated_count,
        SeatCount.waiting_count,
    )
    .outerjoin(Country, Country.code == SeatCount.country_code)
    .where(SeatCount.edition_id == bindparam("edition_id"))
)
_REGION = select(Country.region).where(Country.code == bindparam("code"))


def settings_of(edition: Edition) -> AdmissionSettings:
    """Return how ``edition`` takes people in; the defaults where nothing was set."""
    return db.session.get(AdmissionSettings, edition.id) or AdmissionSettings(
        edition_id=edition.id,
        queue_order=Order.TIME,
        walk_ins=WalkIns.NEVER,
        asks_country=False,
        offers_visa_letters=False,
        offers_grants=False,
        grants_per_country=1,
    )


def quotas_of(edition: Edition) -> Sequence[Row[QuotaScope, str, int]]:
    """Return scope, key and places of the limits that were set for ``edition``."""
    return db.session.execute(_QUOTAS, {"edition_id": edition.id}).all()


def rules_of(edition: Edition) -> Rules:
    """Return the limits of ``edition`` as the engine takes them."""
    return terms_of(edition).rules


def _rules(edition: Edition, quotas: Sequence[Row[QuotaScope, str, int]], order: Order) -> Rules:
    return Rules(
        capacity=edition.capacity,
        quotas={
            (Scope(quota.scope.value), quota.key): quota.places
            for quota in quotas
            if quota.scope is not QuotaScope.RESERVED
        },
        reserved={
            quota.key: quota.places for quota in quotas if quota.scope is QuotaScope.RESERVED
        },
        order=order,
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms an edition takes people in."""

    rules: Rules
    needs_country: bool  # nobody is taken in without one


def terms_of(edition: Edition) -> Terms:
    """Return the terms of ``edition``, each row behind them read once."""
    quotas = quotas_of(edition)
    order, asks_country = db.session.execute(_TERMS, {"edition_id": edition.id}).first() or (
        Order.TIME,
        False,
    )
    counts_countries = any(
        quota.scope in {QuotaScope.COUNTRY, QuotaScope.REGION} for quota in quotas
    )
    by_nomination = edition.admission_policy is AdmissionPolicy.NOMINATION
    return Terms(
        _rules(edition, quotas, order),
        by_nomination or asks_country or counts_countries,
    )


def seated_of(edition: Edition) -> Mapping[Seat, int]:
    """Return how many of each kind hold a seat at ``edition``."""
    return {seat: seated for seat, seated, _waiting in _cells(edition) if seated}


def _cells(edition: Edition) -> list[tuple[Seat, int, int]]:
    rows = db.session.execute(_CELLS, {"edition_id": edition.id})
    return [
        (Seat(code, region or "", role.value), seated, waiting)
        for code, region, role, seated, waiting in rows
    ]


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken at an edition, how many wait, and whether all of them do so alike.

    They do not where somebody is of a party, or held.
    """

    seated: Mapping[Seat, int]
    waiting_count: int
    all_alike: bool


def taken_at(edition: Edition) -> Taken:
    """Return what is taken at ``edition``; the caller has locked it."""
    cells = _cells(edition)
    waiting_count = sum(waiting for *_, waiting in cells)
    return Taken(
        {seat: seated for seat, seated, _waiting in cells},
        waiting_count,
        waiting_count == 0 or queries.all_wait_alike(edition),
    )


def seat_of(candidate: Candidate | Registration, *, with_region: bool = True) -> Seat:
    """Return what ``candidate`` counts as; no limit may count a region that is left out."""
    code = candidate.country_code
    region = db.session.scalar(_REGION, {"code": code}) if code and with_region else None
    return Seat(code or "", region or "", candidate.role.value)


def role_at(edition: Edition, person: Person) -> AttendeeRole:
    """Return as what ``person`` comes to ``edition``: nobody makes themself a speaker."""
    if access.holds(person, Role.HOST_TEAM, edition.slug):
        return AttendeeRole.HOST
    if access.holds(person, Role.COMMITTEE):
        return AttendeeRole.COMMITTEE
    return AttendeeRole.PARTICIPANT


def begun(edition: Edition, person: Person, now: datetime) -> Registration:
    """Return what ``person`` has only begun at ``edition``; it is in no session yet."""
    return Registration(
        edition_id=edition.id,
        person_id=person.id,
        status=_R.DRAFT,
        role=role_at(edition, person),
        registered_at=now,
        queued_at=now,
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """Who waits, as the engine takes it, and the registrations behind each entry."""

    entries: Sequence[Entry]
    members: Mapping[int, Sequence[int]]


def queue_of(edition: Edition, *conditions: ColumnElement[bool], limit: int | None = None) -> Queue:
    """Return who waits at ``edition`` and may move up, in order of arrival.

    A party is one entry, where its last member stands; while somebody of it has not registered, or
    waits for a decision, it is none yet.
    """
    rows: Sequence[Any] = db.session.execute(
        select(
            Registration.id,
            Registration.country_code,
            Country.region,
            Registration.role,
            Registration.rank,
            Registration.party_id,
            Registration.queued_at,
        )
        .outerjoin(Country, Country.code == Registration.country_code)
        .where(
            Registration.edition_id == edition.id,
            Registration.status == tally.WAITING,
            Registration.is_held.is_(False),
            *conditions,
        )
        .order_by(Registration.queued_at, Registration.id)
        .limit(limit)
    ).all()
    grouped: dict[tuple[bool, int], list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.party_id is not None, row.party_id or row.id].append(row)
    parties = queries.parties([key for is_party, key in grouped if is_party])
    found = [
        _entry(members)
        for (is_party, key), members in grouped.items()
        if not is_party or parties[key].is_complete
    ]
    members = {rows[0].id: [row.id for row in rows] for rows in grouped.values()}
    return Queue(found, members)


def _entry(rows: Sequence[Any]) -> Entry:
    return Entry(
        rows[0].id,
        tuple(Seat(row.country_code or "", row.region or "", row.role.value) for row in rows),
        (rows[-1].queued_at, rows[-1].id),
        min((row.rank for row in rows if row.rank is not None), default=None),
    )


def has_seat_for(
    edition: Edition,
    candidate: Candidate | Registration,
    rules: Rules | None = None,
    taken: Taken | None = None,
) -> bool:
    """Whether ``candidate`` is seated at once; the caller has locked ``edition``.

    Only the parties that wait are read: single people who wait close nothing that is not full.
    """
    rules, taken = rules or rules_of(edition), taken or taken_at(edition)
    parties: Sequence[Entry] = ()
    if not taken.all_alike:
        waiting = queue_of(edition, Registration.party_id.is_not(None))
        parties = [replace(entry, arrival=(0, *entry.arrival)) for entry in waiting.entries]
    counts_regions = any(scope is Scope.REGION for scope, _key in rules.quotas)
    seat = seat_of(candidate, with_region=counts_regions)
    return admission.admits(rules, taken.seated, Entry(0, (seat,), (1,), candidate.rank), parties)


# -- moving up -------------------------------------------------------------------------------


def overfull(edition: Edition, rules: Rules) -> Sequence[Limit]:
    """Return the limits of which more is taken than they let in."""
    return admission.overfull(rules, seated_of(edition))


def decide(
    edition: Edition, rules: Rules | None = None, *, whole: bool = False
) -> tuple[Decision, Queue]:
    """Say who would move up under ``rules``, those of ``edition`` unless others are tried.

    ``whole`` also says of everybody else what they wait for.
    """
    rules = rules or rules_of(edition)
    seated = seated_of(edition)
    head = None
    if not whole and not rules.quotas and not rules.reserved and rules.order is Order.TIME:
        # Nobody overtakes, so nobody behind the free seats is read; parties may need a few more.
        free = None if rules.capacity is None else rules.capacity - sum(seated.values())
        head = None if free is None else max(0, free)
        if head and queries.has_waiting_parties(edition):
            head = None
    queue = queue_of(edition, limit=head)
    return admission.decide(rules, seated, queue.entries), queue


def is_over(edition: Edition, now: datetime) -> bool:
    """Whether ``edition`` was held, and its last day has passed at its place."""
    today = edition.day_at(now)
    return edition.has_begun(today) and today >= edition.dtend


def fill_seats(edition: Edition, *, now: datetime) -> list[Registration]:
    """Seat whom the freed or added seats take in, and write to each; return who moved up.

    Where an answer is wanted the seat is offered, and kept until then. The caller's transaction
    has locked ``edition``. Nobody moves up once the event is over.
    """
    if edition.status in STILL or is_over(edition, now):
        return []
    if not any(waiting for _seat, _seated, waiting in _cells(edition)):
        return []
    decision, queue = decide(edition)
    moving = [row_id for entry in decision.seated for row_id in queue.members[entry.id]]
    if not moving:
        return []
    rows = {
        row.id: row
        for row in db.session.scalars(select(Registration).where(Registration.id.in_(moving)))
    }
    settings = settings_of(edition)
    for row_id in moving:
        row = rows[row_id]
        days = days_to_answer(row, settings)
        answer_by = kept_until(edition, days, now) if days is not None else None
        _move_up(row, answer_by, now)
    return [rows[row_id] for row_id in moving]


def days_to_answer(registration: Registration, settings: AdmissionSettings) -> int | None:
    """Return within how many days a place that comes free is taken; ``None``: it is theirs at once.

    Who came into the queue without having accepted the terms is asked in any case.
    """
    if settings.answer_days is None and not registration.is_confirmed:
        return INVITED_DAYS
    return settings.answer_days


def kept_until(edition: Edition, days: int, now: datetime) -> datetime | None:
    """Return when an offered place goes on: a day's end at the place, before the event begins.

    ``None`` where the event has begun: there is no time to ask.
    """
    eve = edition.dtstart - timedelta(days=1)
    last_day = edition.day_at(now) + timedelta(days=days)
    if not edition.dates_to_follow:
        last_day = min(last_day, eve)
    answer_by = milestones.end_of(last_day, edition.zone)
    return answer_by if answer_by > now else None


def _move_up(registration: Registration, answer_by: datetime | None, now: datetime) -> None:
    if answer_by is None:
        change_status(registration, _R.CONFIRMED, "registration.moved_up", by=None, now=now)
        outbox.post(registration.person.email, letters.moved_up(registration), now=now)
    else:
        registration.answer_by = answer_by
        change_status(registration, _R.OFFERED, "registration.offered", by=None, now=now)
        outbox.post(registration.person.email, letters.offered(registration), now=now)


def change_status(
    registration: Registration,
    target: RegistrationStatus,
    action: str,
    *,
    by: Person | None,
    now: datetime,
    reason: str = "",
) -> None:
    """Move ``registration`` on, and note it; the caller has locked the edition.

    Raises:
        MoveError: the table of states has no such move.
    """
    was = registration.status
    registration.status = lifecycle.move(lifecycle.REGISTRATION_MOVES, was, target)
    registration.sequence += 1
    registration.modified_at = now
    if target is _R.CONFIRMED:
        registration.confirmed_at = now
    if target is not _R.OFFERED:
        registration.answer_by = None
    if target not in lifecycle.LIVE:
        registration.cancelled_at = now
        _expect_one_less(registration.party_id)
    db.session.flush()
    audit.record(
        action,
        registration,
        by=by,
        now=now,
        reason=reason,
        changes={"status": [was.value, target.value]},
    )


def leave_party(party_id: int | None) -> None:
    """Let a party be complete without somebody who has left it; its last one takes it along."""
    _expect_one_less(party_id)
    db.session.flush()
    drop_if_empty(party_id)


def drop_if_empty(party_id: int | None) -> None:
    """Delete a party that nobody is in."""
    if party_id is not None:
        is_in = exists().where(Registration.party_id == Party.id)
        db.session.execute(delete(Party).where(Party.id == party_id, ~is_in))


def _expect_one_less(party_id: int | None) -> None:
    """Let a party that somebody drops out of be complete without them."""
    party = db.session.get(Party, party_id) if party_id is not None else None
    if party is not None and party.size is not None:
        party.size = max(1, party.size - 1)


@capacity_changed.connect
def _fill_added_seats(sender: object, *, edition: Edition, now: datetime) -> None:  # noqa: ARG001
    """Let an added seat be taken at once."""
    fill_seats(edition, now=now)
