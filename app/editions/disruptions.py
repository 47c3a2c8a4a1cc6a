"""Use cases of what nobody planned: an edition moves, is postponed or called off, loses its host.

Each says why, and runs inside :func:`app.editions.service.revising` like every other change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.editions import agreements, numbering, service
from app.editions.models import Precision
from scheduler import lifecycle, timespan
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.editions.models import Edition


class OverError(ConflictError):
    """A change of an edition whose days have begun."""

    message = N_("{edition} has begun or is over; this can no longer be changed.")


class AgreementEndsError(ConflictError):
    """An announced edition that would move abroad and have no agreement any more."""

    message = N_(
        "{edition} is announced, and the agreement with its host ends when it moves to another "
        "country. Say that the agreement with {country} is signed, or why it is waived; or "
        "postpone the edition first, and announce it anew once there is an agreement."
    )


class AgreementStaysError(DomainError):
    """A new agreement with a host that stays the same."""

    message = N_(
        "The host of {edition} stays the same, and so does its agreement. Choose that there is no "
        "new one; what is agreed with the host is recorded on the agreement’s page."
    )


class AnnouncedError(ConflictError):
    """A host that would leave after the world was told."""

    message = N_(
        "{edition} was announced: its host cannot simply withdraw any more. Write to the "
        "organisers, who can postpone, relocate or cancel it."
    )


def reschedule(
    edition: Edition, *, dtstart: date, dtend: date, reason: str, by: Person, now: datetime
) -> None:
    """Move a settled ``edition`` to other days.

    Raises:
        SpanError, YearError, ReasonMissingError, OverError: see there.
    """
    service.check_span(dtstart, dtend)
    service.insist_on_reason(reason)
    with service.revising(edition, "edition.moved", by=by, now=now, reason=reason):
        _insist_settled(edition)
        _insist_it_lies_ahead(edition, now)
        edition.dtstart, edition.dtend = dtstart, dtend
        edition.precision = Precision.DAY
        edition.dates_to_follow = False
    service.tell_change(edition, "edition.moved", reason, now)


def relocate(  # noqa: PLR0913 - a place has these parts
    edition: Edition,
    country: Country,
    *,
    city: str,
    venue: str,
    venue_address: str,
    tzid: str,
    reason: str,
    by: Person,
    now: datetime,
    is_agreed: bool = False,
    waiver: str = "",
) -> None:
    """Move ``edition`` to another place; in another country, the agreement has to be made anew.

    The new host may have signed it already (``is_agreed``), or it is waived for a reason
    (``waiver``); what is announced has one or the other at every moment. Within the country the
    agreement stays as it is.

    Raises:
        AgreementEndsError: it is announced, and nothing would take the place of its agreement.
        AgreementStaysError: a new agreement is told of, but no new host.
        UnknownZoneError, PlaceMissingError, ReasonMissingError, OverError: see there.
    """
    service.insist_on_reason(reason)
    timespan.find_zone(tzid)
    if not city:
        raise service.PlaceMissingError(edition=edition.title)
    with service.revising(edition, "edition.relocated", by=by, now=now, reason=reason):
        _insist_settled(edition)
        _insist_it_lies_ahead(edition, now)
        host = edition.country_code
        goes_abroad = host != country.code
        if not goes_abroad and (is_agreed or waiver):
            raise AgreementStaysError(edition=edition.title)
        if goes_abroad:
            if edition.status in lifecycle.BEFORE_THE_DAYS and not (is_agreed or waiver):
                raise AgreementEndsError(edition=edition.title, country=country.name)
            agreements.end(edition, reason=reason, by=by, now=now)
        edition.country_code, edition.city = country.code, city
        edition.venue, edition.venue_address, edition.tzid = venue, venue_address, tzid
    if is_agreed or waiver:
        agreements.record_agreement(edition, waiver=waiver, by=by, now=now)
    former_host = host if goes_abroad else None
    service.tell_change(edition, "edition.relocated", reason, now, former_host=former_host)


def postpone(
    edition: Edition,
    *,
    dtstart: date | None,
    dtend: date | None,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Postpone ``edition`` to new days, or to days that will follow.

    Without new days it keeps the old ones, tentative, and says that new dates follow.

    Raises:
        MoveError: it cannot be postponed from where it stands.
        SpanError, YearError, ReasonMissingError, OverError: see there.
    """
    service.insist_on_reason(reason)
    if dtstart is not None and dtend is not None:
        service.check_span(dtstart, dtend)
    with service.revising(edition, "edition.postponed", by=by, now=now, reason=reason):
        _insist_it_lies_ahead(edition, now)
        service.move_to(edition, EditionStatus.POSTPONED)
        edition.dates_to_follow = dtstart is None or dtend is None
        if dtstart is not None and dtend is not None:
            edition.dtstart, edition.dtend = dtstart, dtend
            edition.precision = Precision.DAY
    service.tell_change(edition, "edition.postponed", reason, now)


def cancel(edition: Edition, *, reason: str, by: Person, now: datetime) -> None:
    """Call ``edition`` off; feeds show it as cancelled, it never just vanishes.

    Raises:
        MoveError: it is cancelled already or past cancelling.
        ReasonMissingError, OverError: see there.
    """
    service.insist_on_reason(reason)
    with service.revising(edition, "edition.cancelled", by=by, now=now, reason=reason):
        _insist_it_lies_ahead(edition, now)
        service.move_to(edition, EditionStatus.CANCELLED)
    numbering.renumber(edition.series)  # the next one takes its number
    service.tell_change(edition, "edition.cancelled", reason, now)


def release_host(edition: Edition, *, reason: str, by: Person, now: datetime) -> None:
    """Take back the choice of host, who has withdrawn; the offers are judged again.

    A save-the-date is taken back with it: the next host is not public before it is published.

    Raises:
        MoveError: there is no host.
        AnnouncedError: the edition was announced, whatever has become of it since.
    """
    with service.revising(edition, "edition.host_withdrew", by=by, now=now, reason=reason):
        service.move_to(edition, EditionStatus.UNDER_EVALUATION)
        if edition.announced_at is not None:
            raise AnnouncedError(edition=edition.title)
        edition.public_since = None
        agreements.end(edition, reason=reason, by=by, now=now)
        edition.country_code, edition.city = None, ""
        edition.venue, edition.venue_address = "", ""


def _insist_it_lies_ahead(edition: Edition, now: datetime) -> None:
    if edition.has_begun(edition.day_at(now)):
        raise OverError(edition=edition.title)


def _insist_settled(edition: Edition) -> None:
    if not edition.is_settled or edition.status is EditionStatus.CANCELLED:
        raise lifecycle.MoveError(
            current=edition.status.value.replace("_", " "), target="moved by hand"
        )
