"""Use cases of offers: submit, change, withdraw."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app import audit, database, outbox, uploads
from app.accounts import queries as accounts
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions import disruptions, milestones
from app.editions import service as editions
from app.hosting import letters, merging, queries, sections
from app.hosting.models import (
    UNDECIDED,
    CallForHosts,
    HostingOffer,
    OfferVersion,
    OfferWindow,
)
from app.hosting.sections import Section
from app.hosting.signals import offers_changed
from scheduler import lifecycle
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.editions.models import Edition
    from app.outbox import Letter
    from app.series.models import Series

WINDOWS_MAX = 3
JUDGED_ANEW = UNDECIDED - {OfferStatus.SUBMITTED, OfferStatus.RESERVE}
SHORT_FORM = (Section.AUTHORITY, Section.DATES, Section.VENUE, Section.CONTACTS)


class CallClosedError(ConflictError):
    """An offer, or its change, when the call no longer takes any."""

    message = N_("The call for hosts of {edition} is closed; offers are no longer taken.")


class AlreadyOfferedError(ConflictError):
    """A second standing offer of one country."""

    message = N_("{country} has an offer for {edition} already. Change that one, or withdraw it.")


class WindowError(DomainError):
    """A window that no edition fits into; ``at`` says which, from 0."""

    message = N_(
        "Give one to three windows of days, each of at least {days} days and not in the past, "
        "in order of your wish."
    )


class WindowOutsideError(DomainError):
    """A window that the call does not ask for; ``at`` says which, from 0."""

    message = N_("The call asks for days from {first} to {last}. Choose windows between them.")


class ReturnedLateError(ConflictError):
    """A returned offer that comes back after its day."""

    message = N_("The offer of {country} could be sent in again until {day}.")


class ForeignRegionError(ConflictError):
    """An offer to host what another region needs."""

    message = N_(
        "This engagement is for {region}, and {country} does not lie there. Only countries of the "
        "region can offer to host it."
    )


class LetterMissingError(DomainError):
    """An offer without its letter."""

    message = N_("Add the government’s letter as a PDF file.")


class DecidedError(ConflictError):
    """An offer that has been decided upon, or withdrawn."""

    message = N_("The offer of {country} is {status}; it can no longer be changed.")


class FormerHostError(ConflictError):
    """A withdrawal of a host from whom the edition was moved away."""

    message = N_("{edition} was moved to another country, so {country} has nothing to withdraw.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFacts:
    """What a country offers. ``windows`` are ``(dtstart, dtend)``, the end exclusive."""

    city: str
    venue: str
    capacity: int
    windows: Sequence[tuple[date, date]]
    authority: str = ""
    note: str = ""


def submit(
    edition: Edition,
    country: Country,
    facts: OfferFacts,
    *,
    letter: tuple[bytes, str] | None,
    by: Person,
    now: datetime,
) -> HostingOffer:
    """Submit the offer of ``country`` for ``edition``.

    Raises:
        CallClosedError: no call is open.
        AlreadyOfferedError: the country has a standing offer.
        WindowError, LetterMissingError, CapacityError: see there.
    """
    _check(edition, facts, now)
    if letter is None:
        raise LetterMissingError
    database.write(edition)
    insist_open(edition, country, now)
    if queries.standing_offer(edition, country):
        raise AlreadyOfferedError(country=country.name, edition=edition.title)
    offer = HostingOffer(
        edition=edition,
        country=country,
        status=OfferStatus.SUBMITTED,
        submitted_by=by,
        submitted_at=now,
        modified_at=now,
        is_demonstration=country.is_fictional,
    )
    _fill(offer, facts)
    offer.letter = uploads.store(*letter, now=now)
    db.session.add(offer)
    arrive(offer, by=by, now=now)
    return offer


def arrive(offer: HostingOffer, *, by: Person, now: datetime) -> None:
    """Note that ``offer`` was sent in: its version, the history, a confirmation."""
    db.session.flush()
    keep_version(offer, by=by, now=now)
    milestones.note_offer(offer.edition, by=by, now=now)
    audit.record("offer.submitted", offer, by=by, now=now)
    outbox.post(by.email, letters.offer_received(offer), now=now)
    offers_changed.send(None, edition=offer.edition, now=now)


def keep_version(offer: HostingOffer, *, by: Person, now: datetime) -> None:
    """Keep what ``offer`` says now, if that is not what its last version said.

    What was found of the last version says nothing of this one: it is judged anew.
    """
    versions, facts = queries.versions_of(offer), sections.facts_of(offer)
    if versions and versions[-1].facts == facts:
        return
    number = len(versions) + 1
    if offer.status in JUDGED_ANEW:
        offer.status = lifecycle.move(lifecycle.OFFER_MOVES, offer.status, OfferStatus.SUBMITTED)
    db.session.add(
        OfferVersion(offer_id=offer.id, number=number, made_at=now, person_id=by.id, facts=facts)
    )
    db.session.flush()


def change_offer(
    offer: HostingOffer,
    facts: OfferFacts,
    *,
    letter: tuple[bytes, str] | None,
    seen: str = "",
    by: Person,
    now: datetime,
) -> None:
    """Change a submitted offer while the call is open; without ``letter`` the old one stays.

    ``seen`` are the marks of what its writer had before them (`merging.marks`).

    Raises:
        WrittenMeanwhileError: a colleague has changed the same.
        CallClosedError, DecidedError, WindowError, CapacityError: see there.
    """
    _check(offer.edition, facts, now)
    database.write(offer)
    insist_changeable(offer, now)
    told = sections.typed(asdict(facts), letter)
    told, both = merging.merge(seen, standing_facts(offer), told)
    if both:
        raise merging.WrittenMeanwhileError
    told.pop("letter", None)
    told["windows"] = sections.read_windows(told["windows"])
    _fill(offer, OfferFacts(**told))
    if letter is not None:
        offer.letter = uploads.store(*letter, now=now)
    offer.modified_at = now
    db.session.flush()
    if not offer.is_with_its_country:
        keep_version(offer, by=by, now=now)
    audit.record("offer.changed", offer, by=by, now=now)


def standing_facts(offer: HostingOffer) -> dict[str, Any]:
    """Return what ``offer`` says of what its short form asks for, the letter by its content."""
    facts = [sections.standing(offer, section) for section in SHORT_FORM]
    keys = {*(field.name for field in fields(OfferFacts)), "letter"}
    return {key: value for part in facts for key, value in part.items() if key in keys}


def withdraw(offer: HostingOffer, *, reason: str, by: Person, now: datetime) -> None:
    """Withdraw an offer; a selected host gives the edition back to be judged again.

    Raises:
        MoveError: the offer is decided against or withdrawn already, or the edition is announced.
        FormerHostError: another country hosts by now, and keeps what it hosts.
    """
    database.write(offer.edition)  # the edition first, as everywhere: two orders would deadlock
    database.write(offer)
    was_selected = offer.status is OfferStatus.SELECTED
    if was_selected and offer.country_code != offer.edition.country_code:
        raise FormerHostError(edition=offer.edition.title, country=offer.country.name)
    offer.status = lifecycle.move(lifecycle.OFFER_MOVES, offer.status, OfferStatus.WITHDRAWN)
    offer.decision_reason, offer.modified_at = reason, now
    db.session.flush()
    audit.record("offer.withdrawn", offer, by=by, now=now, reason=reason)
    if was_selected:
        disruptions.release_host(offer.edition, reason=reason, by=by, now=now)
    # A draft was its country's alone, and stays so.
    told = letters.organisers() if offer.submitted_at is not None else ()
    for address in sorted({by.email, *told}):
        outbox.post(address, letters.offer_withdrawn(offer), now=now)
    offers_changed.send(None, edition=offer.edition, now=now)


def conclude(
    offer: HostingOffer, status: OfferStatus, reason: str, by: Person | None, now: datetime
) -> None:
    """Record what has become of ``offer``.

    Raises:
        MoveError: it is decided upon otherwise.
    """
    offer.status = lifecycle.move(lifecycle.OFFER_MOVES, offer.status, status)
    offer.decision_reason, offer.modified_at = reason, now
    db.session.flush()
    audit.record(f"offer.{status.value}", offer, by=by, now=now, reason=reason)
    offers_changed.send(None, edition=offer.edition, now=now)


def let_go(
    edition: Edition,
    reason: str,
    letter_to: Callable[[HostingOffer], Letter],
    *,
    by: Person | None,
    now: datetime,
) -> None:
    """Let go of every offer for ``edition`` about which nothing was decided; write to its country.

    The caller's transaction has locked ``edition``.
    """
    for offer in queries.open_offers(edition):
        is_in = offer.status in UNDECIDED
        conclude(offer, OfferStatus.NOT_SELECTED if is_in else OfferStatus.LAPSED, reason, by, now)
        tell_contacts(offer, letter_to(offer), now)


def _fill(offer: HostingOffer, facts: OfferFacts) -> None:
    offer.city, offer.venue, offer.capacity = facts.city, facts.venue, facts.capacity
    offer.authority, offer.note = facts.authority, facts.note
    set_windows(offer, facts.windows)


def set_windows(offer: HostingOffer, windows: Sequence[tuple[date, date]]) -> None:
    """Replace the windows of ``offer``, first wish first."""
    offer.windows = [
        OfferWindow(rank=rank, dtstart=dtstart, dtend=dtend)
        for rank, (dtstart, dtend) in enumerate(windows, start=1)
    ]


def _check(edition: Edition, facts: OfferFacts, now: datetime) -> None:
    editions.check_capacity(facts.capacity)
    check_windows(edition, facts.windows, now)


def check_windows(edition: Edition, windows: Sequence[tuple[date, date]], now: datetime) -> None:
    """Insist on one to three windows in which the edition fits, and that the call asks for.

    Raises:
        WindowError, WindowOutsideError, YearError: see there.
    """
    fit(edition, queries.call_of(edition), windows, now)


def fit(
    edition: Edition,
    call: CallForHosts | None,
    windows: Sequence[tuple[date, date]],
    now: datetime,
) -> None:
    """Do the same for a call that is at hand; errors as in `check_windows`."""
    length = (edition.dtend - edition.dtstart).days
    if not 1 <= len(windows) <= WINDOWS_MAX:
        raise WindowError(days=length, at=0)
    for at, (dtstart, dtend) in enumerate(windows):
        if (dtend - dtstart).days < length or dtstart <= now.date():
            raise WindowError(days=length, at=at)
    for dtstart, dtend in windows:
        editions.check_year(dtstart)
        editions.check_year(dtend)
    if call is None or call.dates_from is None or call.dates_until is None:
        return
    for at, (dtstart, dtend) in enumerate(windows):
        if dtstart < call.dates_from or dtend > call.dates_until:
            last = call.dates_until - timedelta(days=1)
            raise WindowOutsideError(first=call.dates_from, last=last, at=at)


def takes_offers(call: CallForHosts | None, country_code: str, now: datetime) -> bool:
    """Whether ``call`` takes an offer of this country: all are asked, or those approached."""
    return (
        call is not None
        and call.is_open(now)
        and call.edition.status is EditionStatus.CALL_OPEN
        and (not call.approached or country_code in call.approached)
    )


def insist_open(edition: Edition, country: Country, now: datetime) -> None:
    """Insist that the call takes an offer of ``country``.

    Raises:
        CallClosedError: it does not.
        ForeignRegionError: a region looks for a host within itself.
    """
    call = queries.call_of(edition)
    if call is not None and call.is_rolling:
        insist_on_region(edition.series, country)
    if not takes_offers(call, country.code, now):
        raise CallClosedError(edition=edition.title)


def insist_on_region(series: Series, country: Country) -> None:
    """Insist that ``country`` lies in the region whose need it would host.

    Raises:
        ForeignRegionError: it does not.
    """
    if series.region is not None and country.region != series.region:
        raise ForeignRegionError(
            region=REGION_NAMES.get(series.region, series.region), country=country.name
        )


def insist_changeable(offer: HostingOffer, now: datetime) -> None:
    """Insist that the country may change ``offer``: the call is open, or it was returned.

    Raises:
        CallClosedError, DecidedError, ReturnedLateError: it may not.
    """
    if offer.status is OfferStatus.RETURNED:
        day = offer.resubmit_until
        if day is not None and now.date() > day:
            raise ReturnedLateError(country=offer.country.name, day=day)
        return
    insist_open(offer.edition, offer.country, now)
    if offer.status not in UNDECIDED | {OfferStatus.DRAFT}:
        raise DecidedError(country=offer.country.name, status=offer.status.value.replace("_", " "))


def contacts_of(offer: HostingOffer) -> list[str]:
    """Return the addresses that answers about this offer go to.

    They are those who speak for its country today, whoever sent it in; where nobody does, who sent
    it in.
    """
    contacts = [person.email for person in accounts.contacts_of([offer.country_code])]
    if not contacts and offer.submitted_by is not None:
        return [offer.submitted_by.email]
    return contacts


def tell_contacts(offer: HostingOffer, letter: Letter, now: datetime) -> None:
    """Write to each of them."""
    for address in contacts_of(offer):
        outbox.post(address, letter, now=now)
