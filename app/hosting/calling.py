"""What follows when nobody offers: the call is extended once, then countries are asked directly."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from app import audit, database, outbox
from app.accounts import queries as accounts
from app.accounts.models import Role
from app.database import db
from app.editions import milestones
from app.editions import service as editions
from app.hosting import letters, queries
from app.hosting.service import CallClosedError, CallClosingError
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.hosting.models import CallForHosts

EXTENSION = timedelta(days=60)


class ExtendedError(ConflictError):
    """A second extension."""

    message = N_("The call was extended once already. Now countries can be asked directly.")


class OffersThereError(ConflictError):
    """An extension, or a direct approach, although somebody has offered."""

    message = N_("There is an offer for {edition}. Close the call and judge it.")


class NotExtendedError(ConflictError):
    """A direct approach before the call was given its second chance."""

    message = N_("Extend the call by 60 days first; it may still find a host.")


class NobodyAskedError(DomainError):
    """A direct approach of nobody."""

    message = N_("Choose the countries to ask, one at least.")


def extend(call: CallForHosts, *, reason: str, by: Person, now: datetime) -> None:
    """Give a call that found nobody another 60 days, once.

    Raises:
        ExtendedError, OffersThereError, ReasonMissingError: see there.
        CallClosedError: it is judged already.
        CallClosingError: 60 more days would reach into the event.
    """
    editions.insist_on_reason(reason)
    _lock(call)
    if call.extended_at is not None:
        raise ExtendedError
    until = max(call.last_day, now.date()) + EXTENSION
    _run_until(call, until, by, now)
    call.extended_at = now
    db.session.flush()
    audit.record("edition.call_extended", call.edition, by=by, now=now, reason=reason)


def approach(
    call: CallForHosts,
    asked: Sequence[Country],
    *,
    until: date,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Ask countries directly, after the extended call found nobody; only they can offer now.

    Raises:
        NotExtendedError, OffersThereError, NobodyAskedError, ReasonMissingError: see there.
        CallClosedError, CallClosingError: see there.
    """
    editions.insist_on_reason(reason)
    _lock(call)
    if call.extended_at is None:
        raise NotExtendedError
    if not asked:
        raise NobodyAskedError
    _run_until(call, until, by, now)
    call.approached = sorted({country.code for country in asked} | set(call.approached))
    call.is_published = False
    db.session.flush()
    audit.record(
        "edition.hosts_approached",
        call.edition,
        by=by,
        now=now,
        reason=reason,
        changes={"countries": [None, ", ".join(country.name for country in asked)]},
    )
    for country in asked:
        for contact in accounts.with_role(Role.NATIONAL_CONTACT, country.code):
            outbox.post(contact.email, letters.approached(call, country), now=now)


def _lock(call: CallForHosts) -> None:
    database.write(call.edition)  # first, as everywhere
    database.write(call)
    if call.edition.status is not EditionStatus.CALL_OPEN:
        raise CallClosedError(edition=call.edition.title)
    if queries.count_standing([call.edition_id]):
        raise OffersThereError(edition=call.edition.title)


def _run_until(call: CallForHosts, last_day: date, by: Person, now: datetime) -> None:
    closes_at = datetime.combine(last_day + timedelta(days=1), time.min, UTC)
    if not now < closes_at or closes_at.date() > call.edition.dtstart:
        raise CallClosingError
    call.closes_at = closes_at
    db.session.flush()
    milestones.note_call(call.edition, closes_on=call.last_day, by=by, now=now)
