"""Use cases of a person's own registration: register, keep a draft, answer an offer, cancel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database, outbox
from app.accounts import service as accounts
from app.database import db
from app.editions.models import AdmissionPolicy, Edition
from app.editions.signals import edition_changed
from app.registrations import letters, queries, seating, waiting
from app.registrations.models import TERMS_VERSION, Profile, Registration
from app.registrations.seating import change_status
from scheduler import lifecycle
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.registrations.seating import Taken
    from scheduler.admission import Rules

_R = RegistrationStatus
OPEN_TO_CHANGE = frozenset({_R.DRAFT, _R.SUBMITTED, _R.RETURNED, _R.ENDORSED, _R.WAITLISTED})
CANCELLABLE = frozenset(
    was for was, targets in lifecycle.REGISTRATION_MOVES.items() if _R.CANCELLED in targets
)
EDITABLE = OPEN_TO_CHANGE | {_R.CONFIRMED, _R.OFFERED}


class RegistrationClosedError(ConflictError):
    """A registration outside the edition's window."""

    message = N_("Registration for {edition} is closed.")


class NotYetOpenError(RegistrationClosedError):
    """A registration before its first day."""

    message = N_("Registration for {edition} opens on {day}.")


class ClosedSinceError(RegistrationClosedError):
    """A registration after its last day."""

    message = N_("Registration for {edition} is closed since {day}, at the end of the day.")


class NominationsClosedError(RegistrationClosedError):
    """A nomination after the last day for them, while people may still register."""

    message = N_(
        "Nominations for {edition} closed on {day}. You can still rank and replace your delegates; "
        "the organisers can let somebody in late, with a reason."
    )


class AlreadyRegisteredError(ConflictError):
    """A second live registration of one person."""

    message = N_("You are registered for {edition} already.")


class TheyAreRegisteredError(AlreadyRegisteredError):
    """The same, said to somebody else: a contact or an organiser who wants them to come."""

    message = N_("{email} is registered for {edition} already.")


class CalledOffError(ConflictError):
    """A decision about a place at an event that is not held."""

    message = N_("{edition} is cancelled: there is nothing to decide any more.")


class UnverifiedError(DomainError):
    """A person whose address nobody has shown to be theirs."""

    message = N_("Confirm your e-mail address first: ask for a sign-in link and open it.")


class CountryMissingError(DomainError):
    """An edition that counts places by country, and a person of none."""

    message = N_("Choose your country: {edition} has places by country.")


class CountryFixedError(ConflictError):
    """A change of country by somebody who counts against a quota already."""

    message = N_("Your country can no longer be changed here: your registration counts for it.")


class OfferOverError(ConflictError):
    """An answer to an offer that has lapsed, or was never made."""

    message = N_("This offer is no longer open.")


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a person tells with a registration."""

    country_code: str | None = None
    affiliation: str = ""
    position: str = ""
    dietary_needs: str = ""
    access_needs: str = ""


def register(
    edition: Edition,
    person: Person,
    *,
    now: datetime,
    told: Particulars | None = None,
    name: str = "",
) -> Registration:
    """Take ``person`` in as the policy of ``edition`` says; a kept draft becomes what is sent.

    Whoever registers accepts the terms; a ``name`` they tell with it stands in the first mail.

    With the policy *open* a seat is given at once, or a place in the queue once every seat is
    taken. Otherwise the registration waits for its decisions. A nominee's country has endorsed
    them before, and who was invited may come in after the closing.

    Raises:
        RegistrationClosedError: ``now`` is outside the edition's registration window.
        AlreadyRegisteredError: ``person`` already has a place.
        UnverifiedError: the person's address is not verified.
        CountryMissingError: places are counted by country, and none was told.
    """
    told = told or Particulars()
    if person.verified_at is None:
        raise UnverifiedError
    # What is the person's own is looked up before others wait for the lock.
    role = seating.role_at(edition, person)
    profile = db.session.get(Profile, person.id)
    told = _with_country(told, profile)
    # Two requests for the last seat must be decided one after the other, so lock the edition.
    database.write(edition, still=[person] if profile is None else [person, profile])
    draft = queries.find(edition, person)
    if draft is not None and draft.status is not _R.DRAFT:
        raise AlreadyRegisteredError(edition=edition.title)
    is_invited = draft is not None and bool(draft.entry_reason)
    if not (edition.takes_registrations(now) or (is_invited and lies_ahead(edition, now))):
        raise closed(edition, now)
    registration = draft or Registration(edition_id=edition.id, person_id=person.id, role=role)
    terms = seating.terms_of(edition)
    _tell(registration, told)
    if registration.country_code is None and terms.needs_country:
        raise CountryMissingError(edition=edition.title)
    taken = seating.taken_at(edition)
    status = _first_status(edition, registration, terms.rules, taken, is_invited=is_invited)
    arrived_at = now if status is _R.CONFIRMED else queries.arrival(edition, now)
    registration.status = status
    registration.registered_at = registration.queued_at = arrived_at
    registration.confirmed_at = now if status is _R.CONFIRMED else None
    registration.terms_version = TERMS_VERSION
    registration.modified_at = now
    db.session.add(registration)
    db.session.flush()
    _call(person, name, now)
    audit.record(
        f"registration.{status.value}",
        registration,
        by=person,
        now=now,
        changes={"status": [None, status.value]},
    )
    is_of_party = status is _R.WAITLISTED and registration.party_id is not None
    if is_of_party and registration in seating.fill_seats(edition, now=now):
        return registration  # the last of a party that was let in is written to by that
    outbox.post(person.email, _first_letter(registration, terms.rules, taken), now=now)
    return registration


def _call(person: Person, name: str, now: datetime) -> None:
    if name and name != person.name:
        accounts.rename(person, name, now=now)


def closed(edition: Edition, now: datetime) -> RegistrationClosedError:
    """Return the refusal that says why nobody can register for ``edition`` at ``now``."""
    status = edition.status_on(edition.day_at(now))
    if status is EditionStatus.ANNOUNCED and edition.registration_opens_on is not None:
        return NotYetOpenError(edition=edition.title, day=edition.registration_opens_on)
    closes_at = edition.registration_closes_at
    if status is EditionStatus.REGISTRATION_CLOSED and closes_at is not None and closes_at <= now:
        return ClosedSinceError(edition=edition.title, day=edition.registration_closes_on)
    return RegistrationClosedError(edition=edition.title)


def is_open_to(registration: Registration, now: datetime) -> bool:
    """Whether the person may tell something: past the closing, who came in another way than it."""
    was_let_in = bool(registration.entry_reason) or registration.replaces_id is not None
    edition = registration.edition
    return edition.takes_registrations(now) or (was_let_in and lies_ahead(edition, now))


def has_begun(edition: Edition, now: datetime) -> bool:
    """Whether the event has begun at its place at ``now``."""
    return edition.has_begun(edition.day_at(now))


def insist_on_event(edition: Edition) -> None:
    """Insist that ``edition`` is not cancelled: its people are told, and nothing follows.

    Raises:
        CalledOffError: it is.
    """
    if edition.status is EditionStatus.CANCELLED:
        raise CalledOffError(edition=edition.title)


def lies_ahead(edition: Edition, now: datetime) -> bool:
    """Whether the event is to be held, and has not begun at its place at ``now``."""
    return edition.status is not EditionStatus.CANCELLED and not has_begun(edition, now)


def _first_status(
    edition: Edition, registration: Registration, rules: Rules, taken: Taken, *, is_invited: bool
) -> RegistrationStatus:
    if edition.admission_policy is not AdmissionPolicy.OPEN and not is_invited:
        is_nominee = registration.nominated_by_id is not None
        return _R.ENDORSED if is_nominee else _R.SUBMITTED
    if registration.party_id is None and seating.has_seat_for(edition, registration, rules, taken):
        return _R.CONFIRMED
    return _R.WAITLISTED


def _first_letter(registration: Registration, rules: Rules, taken: Taken) -> outbox.Letter:
    if registration.status in {_R.SUBMITTED, _R.ENDORSED}:
        return letters.received(registration)
    if registration.status is _R.WAITLISTED:
        return letters.waitlisted(registration, *waiting.turn(registration, rules, taken))
    return letters.registered(registration)


def _with_country(told: Particulars, profile: Profile | None) -> Particulars:
    """Return what was told, with the country that was told for an earlier event."""
    if told.country_code or profile is None:
        return told
    return replace(told, country_code=profile.country_code)


def _tell(registration: Registration, told: Particulars) -> None:
    """Note what was told; a country that nominated speaks for its people."""
    if not registration.is_sent_by_country:
        registration.country_code = told.country_code
    registration.affiliation = told.affiliation
    registration.position = told.position
    registration.dietary_needs = told.dietary_needs
    registration.access_needs = told.access_needs


def keep_profile(person: Person, told: Particulars, *, now: datetime) -> None:
    """Keep what need not be told again; the caller's transaction writes."""
    profile = db.session.get(Profile, person.id)
    facts: dict[str, object] = {
        "country_code": told.country_code,
        "affiliation": told.affiliation,
        "position": told.position,
    }
    if all(
        (getattr(profile, name, None) or None) == (fact or None) for name, fact in facts.items()
    ):
        return
    facts["modified_at"] = now
    # The first one may just now be written by a registration for another event.
    row = database.inserting(Profile).values(person_id=person.id, **facts)
    db.session.execute(row.on_conflict_do_update(index_elements=["person_id"], set_=facts))
    if profile is not None:
        db.session.expire(profile)


def save_draft(
    edition: Edition, person: Person, told: Particulars, *, now: datetime
) -> Registration:
    """Keep what was typed so far; it holds no place and stands in no queue.

    Raises:
        RegistrationClosedError, AlreadyRegisteredError: see :func:`register`.
    """
    database.write(edition)
    draft = queries.find(edition, person)
    if draft is not None and draft.status is not _R.DRAFT:
        raise AlreadyRegisteredError(edition=edition.title)
    if draft is None:
        if not edition.takes_registrations(now):
            raise closed(edition, now)
        draft = seating.begun(edition, person, now)
        db.session.add(draft)
    _tell(draft, told)
    draft.modified_at = now
    db.session.flush()
    return draft


def change(registration: Registration, told: Particulars, *, by: Person, now: datetime) -> None:
    """Change what was told, until registration closes; who was let in, until the event begins.

    The country of who holds a seat or waits stays, since it counts, and one that has endorsed. A
    returned registration is sent in again by its change.

    Raises:
        RegistrationClosedError: it has closed.
        CountryFixedError: the country would change after all.
    """
    database.write(registration.edition)
    database.write(registration)
    edition = registration.edition
    if not is_open_to(registration, now):
        raise closed(edition, now)
    if registration.status not in EDITABLE:
        raise RegistrationClosedError(edition=edition.title)
    was = registration.status
    counts = was in lifecycle.SEATED | {_R.WAITLISTED}
    is_fixed = (
        registration.is_sent_by_country
        or was is _R.ENDORSED
        or (counts and registration.country_code is not None)
    )
    if told.country_code != registration.country_code:
        if is_fixed or (counts and seating.terms_of(edition).needs_country):
            raise CountryFixedError
        registration.country_code = told.country_code
    registration.affiliation, registration.position = told.affiliation, told.position
    registration.dietary_needs = told.dietary_needs
    registration.access_needs = told.access_needs
    registration.modified_at = now
    db.session.flush()
    audit.record("registration.changed", registration, by=by, now=now)
    if was is _R.RETURNED:
        target = _R.ENDORSED if registration.nominated_by_id else _R.SUBMITTED
        change_status(registration, target, f"registration.{target.value}", by=by, now=now)
        if edition.admission_policy is AdmissionPolicy.OPEN:  # nobody decides any more
            change_status(registration, _R.WAITLISTED, "registration.waitlisted", by=by, now=now)
    seating.fill_seats(edition, now=now)  # a country that was told can change whose turn it is
    if was is _R.RETURNED and registration.status not in lifecycle.SEATED:
        waits = registration.status is _R.WAITLISTED
        letter = (
            letters.waitlisted(registration, *waiting.turn(registration))
            if waits
            else letters.received(registration)
        )
        outbox.post(registration.person.email, letter, now=now)


# -- giving back, answering ------------------------------------------------------------------


def cancel(registration: Registration, *, by: Person, now: datetime) -> None:
    """Give the place back; who is first in the queue moves up in the same transaction.

    Raises:
        MoveError: there is no place to give back.
        RegistrationClosedError: the event has begun.
    """
    database.write(registration.edition)
    database.write(registration)
    edition = registration.edition
    if has_begun(edition, now):
        raise RegistrationClosedError(edition=edition.title)
    was = registration.status
    change_status(registration, _R.CANCELLED, "registration.cancelled", by=by, now=now)
    had_entry = was is _R.CONFIRMED
    outbox.post(
        registration.person.email, letters.cancelled(registration, had_seat=had_entry), now=now
    )
    seating.fill_seats(edition, now=now)


def accept_offer(registration: Registration, *, by: Person, now: datetime, name: str = "") -> None:
    """Take the place that was offered, and accept the terms with it; ``name`` is told with it.

    Raises:
        OfferOverError: the day by which to answer has passed, or nothing is offered any more.
    """
    database.write(registration.edition)
    database.write(registration)
    is_off = registration.edition.status is EditionStatus.CANCELLED
    if is_off or registration.status is not _R.OFFERED or is_over(registration, now):
        raise OfferOverError
    registration.terms_version = TERMS_VERSION
    _call(registration.person, name, now)
    change_status(registration, _R.CONFIRMED, "registration.confirmed", by=by, now=now)
    outbox.post(registration.person.email, letters.registered(registration), now=now)


def is_over(registration: Registration, now: datetime) -> bool:
    """Whether the day by which the offer should have been answered has passed."""
    return registration.answer_by is not None and registration.answer_by <= now


def lapse_offers(*, now: datetime, edition: Edition | None = None) -> int:
    """Pass on every offered place whose day has passed; return how many there were.

    A job does it, and whoever asks for a place at the edition before it did. While an event is
    postponed, nothing goes on to anybody.
    """
    due = (
        select(Registration.id, Registration.edition_id)
        .join(Registration.edition)
        .where(
            Registration.answer_by <= now,
            Registration.status == _R.OFFERED,
            Edition.status.not_in(seating.STILL),
        )
    )
    if edition is not None:
        due = due.where(Registration.edition_id == edition.id)
    count = 0
    for row_id, edition_id in db.session.execute(due.order_by(Registration.id)).all():
        found = db.session.get_one(Edition, edition_id)
        database.write(found)
        registration = db.session.get_one(Registration, row_id, populate_existing=True)
        if registration.status is not _R.OFFERED or not is_over(registration, now):
            continue  # answered in the meantime
        change_status(registration, _R.CANCELLED, "registration.lapsed", by=None, now=now)
        outbox.post(registration.person.email, letters.lapsed(registration), now=now)
        seating.fill_seats(found, now=now)
        count += 1
    return count


@edition_changed.connect
def _write_to_the_registered(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    edition: Edition,
    change: str,
    reason: str,
    now: datetime,
    **_facts: object,
) -> None:
    """Tell everyone who holds or awaits a place what changed and why."""
    for registration in queries.live(edition):
        outbox.post(
            registration.person.email,
            letters.edition_changed(registration, change, reason),
            now=now,
        )
    if change == "edition.reinstated":
        seating.fill_seats(edition, now=now)  # what was given back meanwhile
