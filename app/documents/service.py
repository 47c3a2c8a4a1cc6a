"""Use cases of documents: write their words, issue, print, vouch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from app import audit, database, outbox
from app.accounts import queries as accounts
from app.accounts.models import Role
from app.database import db
from app.documents import letters, queries
from app.documents.models import LETTERS, DocumentKind, DocumentText, IssuedDocument
from app.placeholders import insist, placeholders_in
from app.registrations.models import VisaRequest
from app.registrations.seating import settings_of
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Registration

PLACEHOLDERS = ("name", "country", "event", "days", "place", "venue", "number")
CAME = frozenset({RegistrationStatus.CHECKED_IN, RegistrationStatus.ATTENDED})


class NoPlaceError(ConflictError):
    """A letter or badge for somebody without a place."""

    message = N_("Documents are for people who have a place at {edition}.")


class CancelledError(ConflictError):
    """A document for an event that does not take place."""

    message = N_("{edition} is cancelled: there are no documents for it.")


class NotAttendedError(ConflictError):
    """A certificate for somebody who was not there, or before the event has ended."""

    message = N_("Certificates are for people who took part in {edition}, once it has ended.")


class NoNameError(DomainError):
    """A document for somebody whose name we do not know."""

    message = N_("Tell us your name first: it stands on the document.")


class NoCountryError(DomainError):
    """A document whose words name the country of somebody who told none."""

    message = N_(
        "The words of this document name the person’s country, and none was told. It is chosen "
        "under “Change what you told”; or the organisers write words without it."
    )


class NotAskedError(ConflictError):
    """A visa support letter that nobody asked for."""

    message = N_("{name} has not asked for a visa support letter.")


class LetterIssuedError(ConflictError):
    """A change of what stands on a letter."""

    message = N_(
        "Your visa support letter is issued. If it is wrong, write to the organisers: the visa "
        "officer takes it back, and you can correct what you told."
    )


class EventBegunError(ConflictError):
    """A visa letter for a journey that is over."""

    message = N_("{edition} has begun: no visa support letters are issued any more.")


class NotOfferedError(ConflictError):
    """A visa support letter where none is given."""

    message = N_("No visa support letters are given for {edition}.")


class NoWordsError(ConflictError):
    """A letter whose words nobody has written yet."""

    message = N_("The organisers have not written this letter yet.")


def write(
    edition: Edition,
    kind: DocumentKind,
    words: dict[str, str],
    *,
    by: Person,
    now: datetime,
) -> DocumentText:
    """Record what documents of ``kind`` say at ``edition``; ``words`` are the columns of the row.

    Raises:
        UnknownPlaceholderError: the body has ``{…}`` that nothing fills.
    """
    insist(words["body"], PLACEHOLDERS)
    database.write(edition)
    text = queries.texts(edition).get(kind)
    if text is None:
        text = DocumentText(edition_id=edition.id, kind=kind)
        db.session.add(text)
    for column, value in words.items():
        setattr(text, column, value)
    text.modified_at = now
    db.session.flush()
    audit.record(
        "document.written", edition, by=by, now=now, changes={"document": [None, kind.value]}
    )
    return text


def check(registration: Registration, kind: DocumentKind, *, now: datetime) -> None:
    """Insist that ``registration`` may have a document of ``kind`` at ``now``.

    Raises:
        NoPlaceError: the person has none, or has not taken it yet.
        CancelledError: the event does not take place.
        NotAttendedError: a certificate before the event has ended, or for who was not there.
        NotAskedError: a visa support letter without what it needs.
        NoWordsError: nobody has written the letter.
        NoNameError: the person has no name yet.
        NoCountryError: the words name a country, and the person told none.
    """
    edition = registration.edition
    _insist_on_place(registration)
    if kind is DocumentKind.CERTIFICATE and not (
        registration.status in CAME and edition.day_at(now) >= edition.dtend
    ):
        raise NotAttendedError(edition=edition.title)
    if kind is DocumentKind.VISA_SUPPORT and registration.visa_request is None:
        raise NotAskedError(name=registration.person.display_name)
    text = queries.texts(edition).get(kind) if kind in LETTERS else None
    if kind in LETTERS and text is None:
        raise NoWordsError
    if not registration.person.name:
        raise NoNameError
    if text and registration.country is None and "country" in placeholders_in(text.body):
        raise NoCountryError


def _insist_on_place(registration: Registration) -> None:
    edition = registration.edition
    if not registration.has_place:
        raise NoPlaceError(edition=edition.title)
    if edition.status is EditionStatus.CANCELLED:
        raise CancelledError(edition=edition.title)


def issue(
    registration: Registration, kind: DocumentKind, *, by: Person, now: datetime
) -> IssuedDocument:
    """Return the document of ``kind``, made and numbered if there is none yet.

    Raises:
        DomainError: as :func:`check` says.
    """
    database.write(registration.edition)
    database.write(registration)
    check(registration, kind, now=now)
    return queries.of_registration(registration).get(kind) or _issue(
        registration, kind, by=by, now=now
    )


@dataclass(frozen=True, slots=True)
class Passport:
    """What a consulate needs to know of somebody."""

    full_name: str
    nationality_code: str
    passport_number: str
    passport_expires_on: date
    born_on: date
    consulate: str = ""


def check_asking(registration: Registration, *, now: datetime) -> None:
    """Insist that a visa letter can be asked for, or what was told be changed.

    Raises:
        NoPlaceError: the person has no place, or has not taken it yet.
        CancelledError: the event does not take place.
        NotOfferedError: the organisers give no such letters.
        NoWordsError: they have not written it yet.
        LetterIssuedError: the letter is there.
        EventBegunError: the event has begun.
    """
    edition = registration.edition
    _insist_on_place(registration)
    if not settings_of(edition).offers_visa_letters:
        raise NotOfferedError(edition=edition.title)
    if DocumentKind.VISA_SUPPORT not in queries.texts(edition):
        raise NoWordsError
    if DocumentKind.VISA_SUPPORT in queries.of_registration(registration):
        raise LetterIssuedError
    if edition.has_begun(edition.day_at(now)):
        raise EventBegunError(edition=edition.title)


def ask_for_visa_letter(
    registration: Registration, told: Passport, *, by: Person, now: datetime
) -> None:
    """Record what a visa support letter needs; nothing of it goes into the log.

    Raises:
        DomainError: as :func:`check_asking` says.
    """
    database.write(registration)
    check_asking(registration, now=now)
    request = registration.visa_request or VisaRequest(registration_id=registration.id)
    is_waiting = registration.visa_request is not None and not request.returned_because
    for name, value in asdict(told).items():
        setattr(request, name, value)
    request.requested_at = now
    request.returned_because = ""
    registration.visa_request = request
    db.session.flush()
    audit.record("registration.visa_letter_asked", registration, by=by, now=now)
    if not is_waiting:  # who issues it was told of one that waits
        _tell_of_asking(registration.edition, now=now)


def _tell_of_asking(edition: Edition, *, now: datetime) -> None:
    """Write to the visa officers; where there is none, organisers are told to find one."""
    officers = accounts.with_role(Role.VISA_OFFICER, edition.slug)
    letter = letters.visa_letter_asked(edition, has_officer=bool(officers))
    for reader in officers or accounts.with_role(Role.ORGANISER):
        outbox.post(reader.email, letter, now=now)


def take_back_asking(registration: Registration, *, by: Person, now: datetime) -> None:
    """Delete what was told for a visa letter.

    Raises:
        LetterIssuedError: the letter is there.
    """
    database.write(registration)
    if DocumentKind.VISA_SUPPORT in queries.of_registration(registration):
        raise LetterIssuedError
    if registration.visa_request is not None:
        registration.visa_request = None
        db.session.flush()
        audit.record("registration.visa_letter_not_needed", registration, by=by, now=now)


def give_visa_letter(registration: Registration, *, by: Person, now: datetime) -> IssuedDocument:
    """Issue the visa support letter that a person asked for, and write to them.

    Raises:
        DomainError: as :func:`check` says.
    """
    document = issue(registration, DocumentKind.VISA_SUPPORT, by=by, now=now)
    if registration.visa_request is not None:
        registration.visa_request.returned_because = ""
    if document.issued_at == now:
        outbox.post(registration.person.email, letters.visa_letter_ready(registration), now=now)
    return document


def return_asking(registration: Registration, *, by: Person, because: str, now: datetime) -> None:
    """Send back what was told for a visa letter, and take back the letter if there is one.

    Why is for the person alone: it is about a passport, so neither mail nor log has it.

    Raises:
        NotAskedError: there is nothing to send back.
    """
    database.write(registration.edition)  # first, as everywhere
    database.write(registration)
    if registration.visa_request is None:
        raise NotAskedError(name=registration.person.display_name)
    document = queries.of_registration(registration).get(DocumentKind.VISA_SUPPORT)
    if document is not None:
        revoke(document, by=by, reason="", now=now)
    registration.visa_request.returned_because = because
    db.session.flush()
    audit.record("registration.visa_letter_returned", registration, by=by, now=now)
    letter = letters.visa_letter_returned(registration, was_issued=document is not None)
    outbox.post(registration.person.email, letter, now=now)


def _issue(
    registration: Registration, kind: DocumentKind, *, by: Person, now: datetime
) -> IssuedDocument:
    document = IssuedDocument(
        registration=registration,
        edition=registration.edition,
        kind=kind,
        number=queries.next_number(registration.edition, kind),
        issued_at=now,
    )
    db.session.add(document)
    db.session.flush()
    audit.record(
        "document.issued",
        registration,
        by=by,
        now=now,
        changes={"document": [None, document.reference]},
    )
    return document


def revoke(document: IssuedDocument, *, by: Person, reason: str, now: datetime) -> None:
    """Let nobody vouch for ``document`` any more; another may be issued in its place."""
    database.write(document.edition)
    database.write(document)
    if document.revoked_at is not None:
        return
    document.revoked_at = now
    db.session.flush()
    audit.record(
        "document.revoked",
        document.registration,
        by=by,
        now=now,
        reason=reason,
        changes={"document": [document.reference, None]},
    )


def make_badges(edition: Edition, *, by: Person, now: datetime) -> None:
    """Give a badge to whoever holds a seat at ``edition`` and has none."""
    database.write(edition)
    for registration in queries.without(edition, DocumentKind.BADGE):
        _issue(registration, DocumentKind.BADGE, by=by, now=now)


def note_printed(
    edition: Edition, badges: Sequence[IssuedDocument], *, by: Person, now: datetime
) -> None:
    """Record that ``badges`` of ``edition`` are on a sheet."""
    database.write(edition)
    for badge in badges:
        badge.printed_at = now
    db.session.flush()
    audit.record(
        "document.badges_printed",
        edition,
        by=by,
        now=now,
        changes={"count": [None, len(badges)]},
    )


def is_valid(document: IssuedDocument) -> bool:
    """Whether ``document`` still says something true: not revoked, place and event stand."""
    if document.revoked_at is not None:
        return False
    if document.kind is DocumentKind.CERTIFICATE:
        return document.registration.status in CAME
    is_on = document.edition.status is not EditionStatus.CANCELLED
    return is_on and document.registration.has_place
