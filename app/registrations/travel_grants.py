"""Use case of who asks for a travel grant; :mod:`.selection` decides on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app import audit
from app.database import db
from app.registrations.models import GrantStatus, Registration, TravelGrant
from app.registrations.seating import settings_of
from scheduler.lifecycle import LIVE

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition


def may_ask(edition: Edition, registration: Registration | None) -> bool:
    """Whether a grant can be asked for, or what was asked be changed: until it is decided."""
    grant = registration.travel_grant if registration is not None else None
    is_open = grant is None or grant.status is GrantStatus.REQUESTED
    return is_open and settings_of(edition).offers_grants


def ask(registration: Registration, request: str, *, by: Person, now: datetime) -> None:
    """Ask for a travel grant in these words; without words it is not asked for any more.

    The caller's transaction holds the lock of the edition. Nothing is done where no grant can be
    asked for.
    """
    if not may_ask(registration.edition, registration):
        return
    grant = registration.travel_grant
    if grant is None and request:
        registration.travel_grant = TravelGrant(
            status=GrantStatus.REQUESTED, request=request, requested_at=now
        )
        db.session.flush()
        audit.record("grant.requested", registration, by=by, now=now)
    elif grant is not None and request:
        grant.request = request
    elif grant is not None:
        registration.travel_grant = None
        db.session.flush()
        audit.record("grant.not_needed", registration, by=by, now=now)


def counts(edition: Edition) -> dict[str, int]:
    """Return how many grants of ``edition`` were asked for, given and declined: of who comes."""
    rows = db.session.execute(
        select(TravelGrant.status, func.count())
        .join(TravelGrant.registration)
        .where(Registration.edition_id == edition.id, Registration.status.in_(LIVE))
        .group_by(TravelGrant.status)
    )
    return {status.value: count for status, count in rows}
