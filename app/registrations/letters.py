"""What registration writes to people: what happened, what comes next, by when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask_babel import format_date

from app.editions.entries import entry_of
from app.i18n import gettext as _
from app.outbox import Letter, address, settings
from app.registrations import queries
from scheduler import ical
from scheduler.ical import Invitation, Method
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.registrations.models import Registration


def _letter(
    registration: Registration,
    subject: str,
    paragraphs: Sequence[str],
    closing: Sequence[str] = (),
    **facts: Any,  # noqa: ANN401 - further parts of the letter
) -> Letter:
    edition = registration.edition
    return Letter(
        subject=subject,
        paragraphs=paragraphs,
        action=(
            _("See your registration"),
            address("registrations.show", public_id=registration.public_id),
        ),
        event=edition.title,
        place=edition.place,
        closing=closing,
        **({"days": (edition.dtstart, edition.dtend)} | facts),
    )


def _invitation(registration: Registration, method: Method) -> tuple[str, bytes]:
    """Return the calendar that goes with the letter: one event, its one reader as attendee.

    In step with the feeds: the same UID, and a SEQUENCE that never falls.
    """
    edition, person = registration.edition, registration.person
    public = entry_of(edition)
    entry = replace(
        public,
        sequence=queries.calendar_sequence(registration),
        created=registration.registered_at,
        last_modified=max(public.last_modified, registration.modified_at),
        location=", ".join(filter(None, [edition.venue, edition.venue_address, edition.place])),
        url=address("registrations.show", public_id=registration.public_id),
        transparent=False,
    )
    invitation = Invitation(
        method=method,
        organizer=settings().mail_from,
        organizer_name="Symposia",
        attendee=person.email,
        attendee_name=person.name,
    )
    return method.value, ical.encode_invitation(entry, invitation)


def registered(registration: Registration, position: int | None) -> Letter:
    """To a person who has just registered: a place, or a place in the queue."""
    title = registration.edition.title
    if position is None:
        return _letter(
            registration,
            _("You have a place: %(title)s", title=title),
            [_("You are registered for %(title)s and have a place.", title=title)],
            [_("If you cannot come, cancel on that page: the next in the queue moves up.")],
            invitation=_invitation(registration, Method.REQUEST),
        )
    return _letter(
        registration,
        _("You are on the waiting list: %(title)s", title=title),
        [
            _(
                "Every place at %(title)s is taken. You are number %(position)s in the queue.",
                title=title,
                position=position,
            )
        ],
        [_("When a place becomes free, the first in the queue gets it and is written to at once.")],
    )


def moved_up(registration: Registration) -> Letter:
    """To a person who was accepted, or whom a freed seat took in."""
    title = registration.edition.title
    return _letter(
        registration,
        _("You now have a place: %(title)s", title=title),
        [_("A place at %(title)s is yours.", title=title)],
        [_("If you cannot come any more, cancel on that page: the next in the queue moves up.")],
        invitation=_invitation(registration, Method.REQUEST),
    )


def offered(registration: Registration, *, is_reminder: bool = False) -> Letter:
    """To a person for whom a place is kept until an answer; once more before it goes on."""
    title, answer_by = registration.edition.title, registration.answer_by
    paragraphs = [
        _("A place at %(title)s is kept for you.", title=title),
        *_why_let_in(registration),
    ]
    if answer_by is not None:
        edition = registration.edition
        paragraphs.append(
            _(
                "Please take it by %(day)s, 24:00 (%(zone)s); after that it goes to the next.",
                day=format_date(edition.day_at(answer_by - timedelta(seconds=1)), "EEEE d MMMM y"),
                zone=edition.tzid or "UTC",
            )
        )
    return _letter(
        registration,
        _("Still to be taken by you: a place at %(title)s", title=title)
        if is_reminder
        else _("A place is offered to you: %(title)s", title=title),
        paragraphs,
        [_("If you cannot come, say so on that page: the next in the queue moves up.")],
    )


def lapsed(registration: Registration) -> Letter:
    """To a person whose offered place went on, since no answer came in time."""
    title = registration.edition.title
    return _letter(
        registration,
        _("The offered place has lapsed: %(title)s", title=title),
        [_("No answer came in time, so the place at %(title)s went to the next.", title=title)],
        [_("You can register again while registration is open.")],
    )


def received(registration: Registration) -> Letter:
    """To a person whose registration waits for a decision."""
    title = registration.edition.title
    return _letter(
        registration,
        _("We have your registration: %(title)s", title=title),
        [
            _(
                "Your registration for %(title)s is with the organisers. It is not a place yet: "
                "we write to you when it is decided.",
                title=title,
            )
        ],
        [_("You can change it on that page until registration closes.")],
    )


def decided(registration: Registration, words: str, reason: str = "") -> Letter:
    """To a person of whom an organiser or a contact has decided something."""
    paragraphs = [words]
    if reason:
        paragraphs.append(_("The reason: %(reason)s", reason=reason))
    return _letter(registration, f"{words.rstrip('.')}: {registration.edition.title}", paragraphs)


def replaced(registration: Registration, words: str, was: RegistrationStatus) -> Letter:
    """To a person whose place a colleague takes; whose calendar had it loses it."""
    return _letter(
        registration,
        _("Replaced: %(title)s", title=registration.edition.title),
        [words],
        invitation=_invitation(registration, Method.CANCEL)
        if was is RegistrationStatus.CONFIRMED
        else None,
    )


def _why_let_in(registration: Registration) -> list[str]:
    """Say why an organiser lets somebody in past the policy, or after the closing."""
    reason = registration.entry_reason
    return (
        [_("The organisers let you in for this reason: %(reason)s", reason=reason)]
        if reason
        else []
    )


def bound(registration: Registration, count: int) -> Letter:
    """To a person whom a contact, or an organiser, put into a party."""
    return _letter(
        registration,
        _("You come as a party: %(title)s", title=registration.edition.title),
        [
            _(
                "You are seated together with your party of %(count)s, or wait together. Each "
                "registers for themself.",
                count=count,
            )
        ],
        [_("If you would rather come alone, leave the party on that page.")],
    )


def parted(registration: Registration) -> Letter:
    """To a person who is in a party no more, by what others did."""
    return _letter(
        registration,
        _("You come alone now: %(title)s", title=registration.edition.title),
        [_("You are no longer in a party. Your registration stays, with its own turn.")],
    )


def nominated(registration: Registration, country: str) -> Letter:
    """To a person whom a country's contact, or an organiser, wants to come."""
    title = registration.edition.title
    return Letter(
        subject=_("You are nominated: %(title)s", title=title),
        paragraphs=[
            _("%(country)s nominates you for %(title)s.", country=country, title=title)
            if country
            else _("You are invited to register for %(title)s.", title=title),
            *_why_let_in(registration),
            _("Confirm it by completing your registration; signing in takes one link by mail."),
        ],
        action=(
            _("Complete your registration"),
            address("registrations.register", slug=registration.edition.slug),
        ),
        event=title,
        place=registration.edition.place,
        days=(registration.edition.dtstart, registration.edition.dtend),
    )


def cancelled(registration: Registration, *, had_seat: bool) -> Letter:
    """To a person who gave the place back; who had a seat has it in the calendar, too."""
    title = registration.edition.title
    return _letter(
        registration,
        _("Registration cancelled: %(title)s", title=title),
        [_("Your registration for %(title)s is cancelled.", title=title)],
        [_("You can register again while registration is open.")],
        invitation=_invitation(registration, Method.CANCEL) if had_seat else None,
    )


def edition_changed(registration: Registration, change: str, reason: str) -> Letter:
    """To everyone who holds or awaits a place: the event's days, place or fate have changed."""
    edition = registration.edition
    title, place = edition.title, edition.place
    words = {
        "edition.moved": _("%(title)s has moved to other days.", title=title),
        "edition.relocated": _("%(title)s now takes place in %(place)s.", title=title, place=place),
        "edition.postponed": _("%(title)s is postponed.", title=title),
        "edition.reinstated": _("%(title)s takes place after all.", title=title),
        "edition.cancelled": _("%(title)s is cancelled.", title=title),
    }
    paragraphs = [words[change]]
    if reason:
        paragraphs.append(_("The reason: %(reason)s", reason=reason))
    closing = []
    if edition.dates_to_follow:
        closing.append(_("New dates will follow; you keep your place until then."))
    elif change != "edition.cancelled":
        closing.append(_("You keep your place. If the change does not suit you, cancel it there."))
    facts: dict[str, Any] = {"days": None} if edition.dates_to_follow else {}
    if registration.holds_seat:
        is_off = change == "edition.cancelled"
        facts["invitation"] = _invitation(registration, Method.CANCEL if is_off else Method.REQUEST)
    return _letter(registration, f"{words[change].rstrip('.')}", paragraphs, closing, **facts)
