"""Use cases of an offer on its way: begun, saved section by section, sent in, returned once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app import audit, database, uploads
from app.database import db
from app.editions import service as editions
from app.hosting import letters, merging, queries, sections, service
from app.hosting.models import UNDECIDED, HostingOffer, OfferAnnex
from app.hosting.sections import Section
from app.hosting.signals import offers_changed
from scheduler import lifecycle
from scheduler.errors import N_, ConflictError, DomainError, NotFoundError
from scheduler.lifecycle import OfferStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.editions.models import Edition

ANNEXES_MAX = 10


class PlaceMissingError(DomainError):
    """An offer that does not say where."""

    message = N_("Before it can be sent in, the offer needs a city, a venue and its capacity.")


class ReturnedOnceError(ConflictError):
    """A second return of the same offer."""

    message = N_("The offer of {country} was returned once already; judge it as it is.")


class CommentMissingError(DomainError):
    """A return that does not say what is missing."""

    message = N_("Write a comment on one section at least, so that the country knows what to do.")


class ReturnDayError(DomainError):
    """A day that leaves no time."""

    message = N_("The day to send it in again must lie after today and before the event.")


class AnnexMissingError(DomainError):
    """An annex without its file."""

    message = N_("Choose the file to add.")


class AnnexesError(DomainError):
    """More annexes than anybody reads."""

    message = N_("An offer has at most {most} annexes. Remove one first.")


def begin(edition: Edition, country: Country, *, by: Person, now: datetime) -> HostingOffer:
    """Begin a draft: the contacts of ``country`` share it, nobody else sees it.

    Raises:
        CallClosedError, AlreadyOfferedError: see there.
    """
    database.write(edition)
    service.insist_open(edition, country, now)
    if queries.standing_offer(edition, country):
        raise service.AlreadyOfferedError(country=country.name, edition=edition.title)
    offer = HostingOffer(
        edition=edition,
        country=country,
        status=OfferStatus.DRAFT,
        submitted_by=by,
        modified_at=now,
        is_demonstration=country.is_fictional,
    )
    db.session.add(offer)
    db.session.flush()
    audit.record("offer.begun", offer, by=by, now=now)
    return offer


def save(  # noqa: PLR0913 - what, letter, over what, by whom, when
    offer: HostingOffer,
    section: Section,
    facts: Mapping[str, Any],
    *,
    letter: tuple[bytes, str] | None = None,
    seen: str = "",
    by: Person,
    now: datetime,
) -> None:
    """Save one section; what is left out of a draft may follow later.

    ``facts`` are fit for JSON but for ``windows``, pairs of days. ``letter`` is content and name.
    ``seen`` are the marks of what its writer had before them (`merging.marks`).

    Raises:
        WrittenMeanwhileError: a colleague has changed the same.
        CallClosedError, DecidedError, ReturnedLateError: it can no longer be changed.
        WindowError, WindowOutsideError, CapacityError: see there.
        PlaceMissingError: an offer that was sent in would lose its place.
    """
    windows: Sequence[tuple[date, date]] = facts.get("windows", ())
    is_draft = offer.status is OfferStatus.DRAFT
    if section is Section.DATES and (windows or not is_draft):
        service.check_windows(offer.edition, windows, now)
    if section is Section.VENUE:
        editions.check_capacity(facts["capacity"])
    database.write(offer)
    service.insist_changeable(offer, now)
    facts, both = merging.merge(
        seen, sections.standing(offer, section), sections.typed(facts, letter)
    )
    if both:
        raise merging.WrittenMeanwhileError
    facts.pop("letter", None)
    if section is Section.DATES:
        service.set_windows(offer, sections.read_windows(facts.pop("windows", [])))
    columns = {Section.AUTHORITY: ["authority"], Section.CONTACTS: ["note"]}
    columns[Section.VENUE] = ["city", "venue", "capacity"]
    for name in columns.get(section, ()):
        setattr(offer, name, facts.pop(name))
    if not is_draft:
        _insist_on_place(offer)
    if letter is not None:
        offer.letter = uploads.store(*letter, now=now)
    # A new dictionary: a change inside the old one would not be seen.
    offer.details = {**offer.details, section.value: facts}
    offer.modified_at = now
    _changed(offer, by, now, section.value)


def add_annex(
    offer: HostingOffer, title: str, content: bytes, name: str, *, by: Person, now: datetime
) -> None:
    """Add a file beside the letter.

    Raises:
        AnnexesError: there are as many as one reads.
        CallClosedError, DecidedError, ReturnedLateError: it can no longer be changed.
    """
    database.write(offer)
    service.insist_changeable(offer, now)
    if len(queries.annexes_of([offer])[offer.id]) >= ANNEXES_MAX:
        raise AnnexesError(most=ANNEXES_MAX)
    stored = uploads.store(content, name, now=now)
    db.session.add(OfferAnnex(offer_id=offer.id, title=title, file=stored))
    _changed(offer, by, now)


def remove_annex(offer: HostingOffer, annex_id: int, *, by: Person, now: datetime) -> None:
    """Take an annex away; errors as in `add_annex`.

    Raises:
        NotFoundError: there is none under this number.
    """
    database.write(offer)
    service.insist_changeable(offer, now)
    annex = queries.annex(offer, annex_id)
    if annex is None:
        raise NotFoundError
    db.session.delete(annex)
    _changed(offer, by, now)


def send_in(offer: HostingOffer, *, by: Person, now: datetime) -> None:
    """Send in a draft, or an offer that was returned.

    Raises:
        CallClosedError, ReturnedLateError: it is too late.
        PlaceMissingError, WindowError, LetterMissingError: what no offer can do without.
        MoveError: it was sent in already.
    """
    database.write(offer.edition)  # the edition first, as everywhere
    database.write(offer)
    service.insist_changeable(offer, now)
    _insist_on_place(offer)
    windows = [(window.dtstart, window.dtend) for window in offer.windows]
    service.check_windows(offer.edition, windows, now)
    if offer.letter is None:
        raise service.LetterMissingError
    offer.status = lifecycle.move(lifecycle.OFFER_MOVES, offer.status, OfferStatus.SUBMITTED)
    offer.submitted_by, offer.submitted_at, offer.modified_at = by, now, now
    service.arrive(offer, by=by, now=now)


def send_back(
    offer: HostingOffer, comments: Mapping[Section, str], *, until: date, by: Person, now: datetime
) -> None:
    """Return an offer to its country, once, with comments by section.

    Raises:
        ReturnedOnceError, CommentMissingError, ReturnDayError: see there.
        MoveError: it does not wait for a first judgement.
    """
    said = {section.value: words for section, words in comments.items() if words}
    if not said:
        raise CommentMissingError
    database.write(offer.edition)  # the edition first, as everywhere: its need follows its offers
    database.write(offer)
    if offer.returned_at is not None:
        raise ReturnedOnceError(country=offer.country.name)
    if not now.date() < until < offer.edition.dtstart:
        raise ReturnDayError
    offer.status = lifecycle.move(lifecycle.OFFER_MOVES, offer.status, OfferStatus.RETURNED)
    offer.returned_at, offer.resubmit_until, offer.comments = now, until, said
    offer.modified_at = now
    db.session.flush()
    audit.record("offer.returned", offer, by=by, now=now)
    service.tell_contacts(offer, letters.offer_returned(offer), now)
    offers_changed.send(None, edition=offer.edition, now=now)


def _changed(offer: HostingOffer, by: Person, now: datetime, what: str = "annexes") -> None:
    db.session.flush()
    if offer.status in UNDECIDED:
        service.keep_version(offer, by=by, now=now)
    audit.record("offer.changed", offer, by=by, now=now, changes={"section": [None, what]})


def _insist_on_place(offer: HostingOffer) -> None:
    if not (offer.city and offer.venue and offer.capacity):
        raise PlaceMissingError
