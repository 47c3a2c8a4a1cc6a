"""Use cases of the selection desk: limits, decisions on many at once, invitations, grants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from app import audit, database, outbox
from app.accounts import service as accounts
from app.database import db
from app.editions.service import insist_on_reason
from app.i18n import gettext as _
from app.registrations import letters, queries, seating, waiting
from app.registrations.models import (
    AdmissionSettings,
    GrantStatus,
    Quota,
    Registration,
    TravelGrant,
    WalkIns,
)
from app.registrations.seating import Candidate, change_status
from app.registrations.service import (
    RegistrationClosedError,
    TheyAreRegisteredError,
    insist_on_event,
    lies_ahead,
)
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import LIVE, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import AttendeeRole, QuotaScope
    from scheduler.admission import Order

_R = RegistrationStatus
ACTS = ("accept", "wait", "decline")


class NobodyChosenError(DomainError):
    """A decision about nobody."""

    message = N_("Tick the people in the list first.")


class OverError(ConflictError):
    """A place at what was held already."""

    message = N_("{edition} is over: nobody gets a place any more.")


class NoPlaceError(ConflictError):
    """An invitation that would keep a place where none is free."""

    message = N_("No place is free to be kept: raise the limit, or invite without keeping one.")


class GrantLimitError(ConflictError):
    """One more grant for a country than the edition gives by default."""

    message = N_("{country} has {count} of {most} grants. Tick that this one goes beyond.")


class GoneError(ConflictError):
    """A grant for somebody who does not come any more."""

    message = N_("{name} has no registration that still counts, so no grant is decided on.")


# -- limits ----------------------------------------------------------------------------------


def record_limits(  # noqa: PLR0913 - what the page of limits sets
    edition: Edition,
    quotas: Mapping[tuple[QuotaScope, str], int],
    *,
    order: Order,
    answer_days: int | None,
    by: Person,
    now: datetime,
    walk_ins: WalkIns | None = None,
) -> None:
    """Set quotas, reserved places, the queue's rule and the door's; seats are still to be filled.

    The caller fills them, once all is set that changes together. Nobody who is in loses the place
    by a lower limit.
    """
    database.write(edition)
    settings = db.session.get(AdmissionSettings, edition.id)
    if settings is None:
        settings = AdmissionSettings(edition_id=edition.id)
        db.session.add(settings)
    settings.queue_order, settings.answer_days, settings.modified_at = order, answer_days, now
    settings.walk_ins = walk_ins or settings.walk_ins or WalkIns.NEVER
    was = {f"{quota.scope.value} {quota.key}": quota.places for quota in seating.quotas_of(edition)}
    db.session.execute(delete(Quota).where(Quota.edition_id == edition.id))
    db.session.add_all(
        Quota(edition_id=edition.id, scope=scope, key=key, places=places)
        for (scope, key), places in quotas.items()
    )
    db.session.flush()
    now_is = {f"{scope.value} {key}": places for (scope, key), places in quotas.items()}
    audit.record(
        "edition.limits_changed", edition, by=by, now=now, changes={"limits": [was, now_is]}
    )


# -- decisions -------------------------------------------------------------------------------


def decide_many(
    edition: Edition,
    registrations: Iterable[Registration],
    act: str,
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Accept, put on the list, or decline; who is accepted is seated in the queue's order.

    Raises:
        MoveError: one of them stands where this cannot be done.
        ReasonMissingError: a refusal without its reason.
        CalledOffError: the event is cancelled.
        OverError: it is over, and only declining is left.
    """
    if act == "decline":
        insist_on_reason(reason)
    database.write(edition)
    insist_on_event(edition)
    if act != "decline" and seating.is_over(edition, now):
        raise OverError(edition=edition.title)
    chosen = sorted(registrations, key=lambda row: (row.queued_at, row.id))
    were = {row.id: (row.status, row.is_held) for row in chosen}
    for registration in chosen:
        database.write(registration)
        if act == "decline":
            _decline(registration, reason, by, now)
        else:
            _admit(registration, is_held=act == "wait", by=by, now=now)
    moved = {row.id for row in seating.fill_seats(edition, now=now)}
    if act == "decline":
        return
    for registration in chosen:
        is_same = were[registration.id] == (registration.status, registration.is_held)
        if not is_same and registration.id not in moved:
            letter = letters.waitlisted(registration, *waiting.turn(registration))
            outbox.post(registration.person.email, letter, now=now)


def _decline(registration: Registration, reason: str, by: Person, now: datetime) -> None:
    change_status(
        registration, _R.NOT_SELECTED, "registration.not_selected", by=by, now=now, reason=reason
    )
    outbox.post(registration.person.email, letters.judged(registration, reason), now=now)


def _admit(registration: Registration, *, is_held: bool, by: Person, now: datetime) -> None:
    """Put into the queue; who is held stays there until somebody accepts."""
    if registration.status is not _R.WAITLISTED:
        change_status(registration, _R.WAITLISTED, "registration.waitlisted", by=by, now=now)
    registration.is_held = is_held
    registration.modified_at = now
    db.session.flush()


# -- invitations and late entries ------------------------------------------------------------


def invite(  # noqa: PLR0913 - whom, as what, how and why
    edition: Edition,
    email: str,
    candidate: Candidate,
    *,
    keeps_place: bool,
    reason: str,
    by: Person,
    now: datetime,
) -> Registration:
    """Invite an address past the policy, and past the closing; the reason is kept.

    What the person has begun, or was nominated for, is invited as it stands. With ``keeps_place``
    a seat is offered and kept for a time; else the person registers as others do, and queues as
    they do.

    Raises:
        ReasonMissingError: there is no reason.
        RegistrationClosedError: the event has begun, or is cancelled.
        TheyAreRegisteredError: the person holds or awaits a place.
        NoPlaceError: there is no seat to keep.
        EmailError: it is not an address.
    """
    insist_on_reason(reason)
    person = accounts.find_or_create(email, now=now)
    database.write(edition)
    if not lies_ahead(edition, now):
        raise RegistrationClosedError(edition=edition.title)
    registration = queries.find(edition, person)
    if registration is not None:
        if registration.status is not _R.DRAFT or registration.entry_reason:
            raise TheyAreRegisteredError(email=person.email, edition=edition.title)
        if registration.is_sent_by_country or candidate.country_code is None:
            candidate = replace(candidate, country_code=registration.country_code)
    if keeps_place and not seating.has_seat_for(edition, candidate):
        raise NoPlaceError
    days = seating.settings_of(edition).answer_days or seating.INVITED_DAYS
    if registration is None:
        registration = seating.begun(edition, person, now)
    left_party_id = registration.party_id if keeps_place else None
    if keeps_place:
        registration.status, registration.party_id = _R.OFFERED, None
        registration.answer_by = seating.kept_until(edition, days, now)
    registration.country_code, registration.role = candidate.country_code, candidate.role
    registration.entry_reason, registration.modified_at = reason, now
    db.session.add(registration)
    seating.leave_party(left_party_id)
    audit.record("registration.invited", registration, by=by, now=now, reason=reason)
    write = letters.offered(registration) if keeps_place else letters.nominated(registration, "")
    outbox.post(person.email, write, now=now)
    if left_party_id is not None:
        seating.fill_seats(edition, now=now)  # who had reckoned with them may be complete
    return registration


def set_role(registration: Registration, role: AttendeeRole, *, by: Person, now: datetime) -> None:
    """Say as what somebody comes; a place that this frees is filled at once."""
    database.write(registration.edition)
    database.write(registration)
    was = registration.role
    registration.role = role
    registration.modified_at = now
    db.session.flush()
    audit.record(
        "registration.role_changed",
        registration,
        by=by,
        now=now,
        changes={"attendee_role": [was.value, role.value]},
    )
    seating.fill_seats(registration.edition, now=now)


# -- grants ----------------------------------------------------------------------------------


def decide_grant(
    registration: Registration,
    *,
    gives: bool,
    reason: str,
    goes_beyond: bool,
    by: Person,
    now: datetime,
) -> TravelGrant:
    """Give or decline a travel grant: one a country by default, each with its reason.

    Raises:
        ReasonMissingError: there is no reason.
        CalledOffError: the event is cancelled.
        GoneError: the person does not come.
        GrantLimitError: the country has its grants already.
    """
    insist_on_reason(reason)
    edition = registration.edition
    database.write(edition)
    database.write(registration)
    insist_on_event(edition)
    if not registration.is_live:
        raise GoneError(name=registration.person.display_name)
    if gives and not goes_beyond:
        _insist_on_grant_left(registration)
    grant = db.session.get(TravelGrant, registration.id)
    if grant is None:
        grant = TravelGrant(registration_id=registration.id, requested_at=now)
        db.session.add(grant)
    grant.status = GrantStatus.GIVEN if gives else GrantStatus.DECLINED
    grant.reason, grant.decided_at = reason, now
    db.session.flush()
    audit.record(f"grant.{grant.status.value}", registration, by=by, now=now, reason=reason)
    words = _("You get a travel grant.") if gives else _("You do not get a travel grant.")
    outbox.post(registration.person.email, letters.decided(registration, words, reason), now=now)
    return grant


def _insist_on_grant_left(registration: Registration) -> None:
    most = seating.settings_of(registration.edition).grants_per_country
    count = db.session.scalar(
        select(func.count())
        .select_from(TravelGrant)
        .join(TravelGrant.registration)
        .where(
            Registration.edition_id == registration.edition_id,
            Registration.country_code == registration.country_code,
            Registration.id != registration.id,
            Registration.status.in_(LIVE),
            TravelGrant.status == GrantStatus.GIVEN,
        )
    )
    if registration.country_code and (count or 0) >= most:
        country = registration.country.name if registration.country else ""
        raise GrantLimitError(country=country, count=count, most=most)
