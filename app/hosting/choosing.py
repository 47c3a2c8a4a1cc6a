"""The choice of a host among the offers, and what becomes of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import database
from app.editions import service as editions
from app.hosting import deadlines, decision_queries, letters, queries, service
from app.hosting.models import CHOOSABLE, UNDECIDED
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import OfferStatus

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.models import HostingOffer


class WindowChoiceError(DomainError):
    """Days outside every window that the country offered."""

    message = N_("{country} did not offer these days. Choose days inside one of its windows.")


class RoundRunningError(ConflictError):
    """A choice past the committee."""

    message = N_(
        "The committee is deciding on the host of {edition}. Wait for its decision, or call the "
        "round off first."
    )


class ReserveError(DomainError):
    """A reserve that could not take the host's place."""

    message = N_("Choose as reserve another offer that stands.")


class ChoiceError(DomainError):
    """An offer that cannot be chosen, or the same one twice."""

    message = N_("Choose an offer that stands, and another one as reserve.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen, and why; the end of the days is exclusive."""

    offer: HostingOffer
    reserve: HostingOffer | None
    dtstart: date
    dtend: date
    reason: str
    weighed: str


def select(  # noqa: PLR0913 - a decision has these parts
    offer: HostingOffer,
    *,
    dtstart: date,
    dtend: date,
    reason: str,
    by: Person | None,
    now: datetime,
    reserve: HostingOffer | None = None,
    weighed: str = "",
) -> None:
    """Choose ``offer``: its country hosts on these days; the others are told they do not.

    ``reserve`` takes its place should the host withdraw; ``weighed`` says what spoke for and
    against. ``by`` is none where a decision of the committee records itself.

    Raises:
        RoundRunningError: the committee decides.
        ReserveError: the reserve is no other offer that stands.
        MoveError: the edition is not under evaluation, or the offer no longer stands.
        WindowChoiceError: the country did not offer these days.
        ReasonMissingError: no reason is given.
        LateDecisionError: the day to decide by went by.
    """
    editions.insist_on_reason(reason)
    edition = offer.edition
    database.write(edition)
    database.write(offer)
    if decision_queries.running(edition) is not None:
        raise RoundRunningError(edition=edition.title)
    if reserve is not None and (
        reserve.id == offer.id
        or reserve.edition_id != edition.id
        or reserve.status not in CHOOSABLE
    ):
        raise ReserveError
    insist_offered(offer, dtstart, dtend)
    if by is not None:  # what the committee agreed in time records itself, whenever that is
        deadlines.insist_in_time(edition, now.date())
    editions.select_host(
        edition,
        offer.country,
        city=offer.city,
        venue=offer.venue,
        dtstart=dtstart,
        dtend=dtend,
        by=by,
        now=now,
        reason=reason,
    )
    offer.weighed = weighed
    service.conclude(offer, OfferStatus.SELECTED, reason, by, now)
    service.tell_contacts(offer, letters.offer_selected(offer), now)
    for other in queries.offers_for(edition):
        if other.id != offer.id:
            is_reserve = reserve is not None and other.id == reserve.id
            _conclude_other(other, is_reserve=is_reserve, by=by, now=now)


def _conclude_other(
    other: HostingOffer, *, is_reserve: bool, by: Person | None, now: datetime
) -> None:
    """Record what the choice means for an offer that was not chosen, and tell its country."""
    if is_reserve:
        if other.status is not OfferStatus.RESERVE:
            service.conclude(other, OfferStatus.RESERVE, "", by, now)
        service.tell_contacts(other, letters.offer_in_reserve(other), now)
    elif other.status in UNDECIDED:
        service.conclude(other, OfferStatus.NOT_SELECTED, "", by, now)
        service.tell_contacts(other, letters.offer_not_selected(other), now)
    elif other.status is OfferStatus.RETURNED:
        service.conclude(other, OfferStatus.LAPSED, "", by, now)


def insist_offered(offer: HostingOffer, dtstart: date, dtend: date) -> None:
    """Insist that the country offered these days.

    Raises:
        WindowChoiceError: it did not.
    """
    if not any(
        window.dtstart <= dtstart and dtend <= window.dtend and dtstart < dtend
        for window in offer.windows
    ):
        raise WindowChoiceError(country=offer.country.name)


def check(edition: Edition, choice: Choice) -> None:
    """Insist on an offer of ``edition`` that stands, on days it offered, and another as reserve.

    Raises:
        ChoiceError, WindowChoiceError, ReasonMissingError: it is otherwise.
    """
    editions.insist_on_reason(choice.reason)
    chosen = [choice.offer, *([choice.reserve] if choice.reserve is not None else [])]
    if any(offer.edition_id != edition.id or offer.status not in CHOOSABLE for offer in chosen):
        raise ChoiceError
    if len({offer.id for offer in chosen}) != len(chosen):
        raise ChoiceError
    insist_offered(choice.offer, choice.dtstart, choice.dtend)
