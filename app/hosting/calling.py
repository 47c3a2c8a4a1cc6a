"""Use cases of calls for hosts: open, change, close.

Where nobody offers, a call is extended once; then countries are asked directly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from app import audit, database, outbox
from app.accounts import queries as accounts
from app.accounts.models import Role
from app.database import db
from app.editions import milestones
from app.editions import service as editions
from app.editions.signals import edition_changed
from app.hosting import letters, queries, service
from app.hosting.models import CallForHosts
from app.hosting.service import CallClosedError
from scheduler import hosting, lifecycle
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.editions.models import Edition
    from scheduler.hosting import Criterion

EXTENSION = timedelta(days=60)


class CallClosingError(DomainError):
    """A call that would close before anyone could answer, or after the event."""

    message = N_("The call must close after today and before the event begins.")


class CallWindowError(DomainError):
    """Days of a call in which no edition would fit."""

    message = N_("Leave room for {days} days or more between the first and the last day.")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTerms:
    """What a call asks for: ``dates`` are the days in which windows lie, the end exclusive."""

    conditions: str = ""
    dates: tuple[date, date] | None = None
    weights: Mapping[Criterion, int] = field(default_factory=lambda: hosting.DEFAULT_WEIGHTS)


DEFAULT_TERMS = CallTerms()


def open_call(  # noqa: PLR0913 - the parts of a call
    edition: Edition,
    *,
    closes_at: datetime,
    text: str,
    is_published: bool,
    terms: CallTerms = DEFAULT_TERMS,
    by: Person,
    now: datetime,
) -> CallForHosts:
    """Open the call for hosts of a projected edition; from now on no plan moves it.

    A call that was closed without a host is opened again.

    Raises:
        MoveError: the edition has a host already, or is cancelled.
        CallClosingError: the closing moment is of no use.
        CallWindowError, WeightsError: see there.
    """
    with editions.revising(edition, "edition.call_open", by=by, now=now):
        _check_closing(closes_at, edition, now)
        _check_terms(edition, terms)
        edition.status = lifecycle.move(
            lifecycle.EDITION_MOVES, edition.status, EditionStatus.CALL_OPEN
        )
    call = queries.call_of(edition) or CallForHosts(edition=edition)
    call.opened_at, call.closes_at = now, closes_at
    call.text, call.is_published = text, is_published
    call.extended_at, call.approached = None, []
    _set_terms(call, terms)
    db.session.add(call)
    db.session.flush()
    milestones.note_call(edition, closes_on=call.last_day, by=by, now=now)
    return call


def change_call(  # noqa: PLR0913 - the parts of a call
    call: CallForHosts,
    *,
    closes_at: datetime,
    text: str,
    is_published: bool,
    terms: CallTerms = DEFAULT_TERMS,
    by: Person,
    now: datetime,
) -> None:
    """Change the words, the reach or the end of an open call.

    Raises:
        CallClosedError: it is closed by now.
        CallClosingError: the closing moment is of no use.
        CallWindowError, WeightsError: see there.
    """
    database.write(call.edition)  # first, as everywhere
    database.write(call)
    if call.edition.status is not EditionStatus.CALL_OPEN:
        raise CallClosedError(edition=call.edition.title)
    _check_closing(closes_at, call.edition, now)
    _check_terms(call.edition, terms)
    was = _told(call)
    call.closes_at, call.text, call.is_published = closes_at, text, is_published
    _set_terms(call, terms)
    db.session.flush()
    milestones.note_call(call.edition, closes_on=call.last_day, by=by, now=now)
    now_is = _told(call)
    changes = {key: [was[key], now_is[key]] for key in was if was[key] != now_is[key]}
    audit.record("edition.call_changed", call.edition, by=by, now=now, changes=changes)


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


def close_call(edition: Edition, *, by: Person, now: datetime) -> None:
    """Close the call and begin to judge the offers.

    Raises:
        MoveError: no call is open.
    """
    editions.set_status(edition, EditionStatus.UNDER_EVALUATION, by=by, now=now)
    call = queries.call_of(edition)
    if call is not None and call.is_open(now):
        call.closes_at = now
        db.session.flush()
    for draft in queries.unsent_offers(edition):
        service.conclude(draft, OfferStatus.LAPSED, "", by, now)


@edition_changed.connect
def _let_offers_go(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    edition: Edition,
    change: str,
    reason: str,
    now: datetime,
    **_facts: object,
) -> None:
    """Let go of what was offered for an edition that is cancelled, and tell its countries."""
    if change != "edition.cancelled":
        return
    service.let_go(
        edition, reason, lambda offer: letters.offer_let_go(offer, reason), by=None, now=now
    )


def _lock(call: CallForHosts) -> None:
    database.write(call.edition)  # first, as everywhere
    database.write(call)
    if call.edition.status is not EditionStatus.CALL_OPEN:
        raise CallClosedError(edition=call.edition.title)
    if queries.count_standing([call.edition_id]):
        raise OffersThereError(edition=call.edition.title)


def _run_until(call: CallForHosts, last_day: date, by: Person, now: datetime) -> None:
    closes_at = datetime.combine(last_day + timedelta(days=1), time.min, UTC)
    _check_closing(closes_at, call.edition, now)
    call.closes_at = closes_at
    db.session.flush()
    milestones.note_call(call.edition, closes_on=call.last_day, by=by, now=now)


def _told(call: CallForHosts) -> dict[str, Any]:
    return {
        "closes_at": call.closes_at.isoformat(),
        "is_published": call.is_published,
        "weights": {one.value: weight for one, weight in call.weights.items()},
    }


def _check_closing(closes_at: datetime, edition: Edition, now: datetime) -> None:
    if not now < closes_at or closes_at.date() > edition.dtstart:
        raise CallClosingError


def _check_terms(edition: Edition, terms: CallTerms) -> None:
    hosting.check_weights(terms.weights)
    length = edition.dtend - edition.dtstart
    if terms.dates is not None:
        editions.check_year(terms.dates[0])
        editions.check_year(terms.dates[1])
        if terms.dates[1] - terms.dates[0] < length:
            raise CallWindowError(days=length.days)


def _set_terms(call: CallForHosts, terms: CallTerms) -> None:
    call.conditions = terms.conditions
    call.dates_from, call.dates_until = terms.dates or (None, None)
    call.own_weights = {one.value: weight for one, weight in terms.weights.items()}
