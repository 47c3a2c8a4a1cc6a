"""What registration writes to people: what happened, what comes next, by when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask_babel import format_date

from app.editions import milestone_queries
from app.editions.entries import entry_of
from app.editions.models import AdmissionPolicy
from app.i18n import gettext as _
from app.i18n import zone_words
from app.outbox import Letter, address, settings
from app.registrations import queries
from scheduler import ical
from scheduler.ical import EntryStatus, Invitation, Method
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.editions.models import Edition
    from app.registrations.models import Registration

_R = RegistrationStatus
INVITATIONS = "invitations_sent"  # the milestone by which it is decided


def about(
    registration: Registration,
    subject: str,
    paragraphs: Sequence[str],
    closing: Sequence[str] = (),
    **parts: Any,  # noqa: ANN401 - of a letter
) -> Letter:
    """Return a letter about ``registration``, with its event and the way to its page.

    ``parts`` are further ones, or stand in the place of these.
    """
    edition = registration.edition
    usual = {
        "action": (
            _("See your registration"),
            address("registrations.show", public_id=registration.public_id),
        ),
        "days": None if edition.dates_to_follow else (edition.dtstart, edition.dtend),
        "event": edition.title,
        "place": edition.place,
        "closing": closing,
    }
    return Letter(subject=subject, paragraphs=paragraphs, **(usual | parts))


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
        geo=None,  # the city's, and the venue may be at its edge
        url=address("registrations.show", public_id=registration.public_id),
        related_to=(),  # what they are not invited to
        transparent=public.status is not EntryStatus.CONFIRMED,
    )
    invitation = Invitation(
        method=method,
        organizer=settings().mail_from,
        organizer_name="Symposia",
        attendee=person.email,
        attendee_name=person.name,
    )
    return method.value, ical.encode_invitation(entry, invitation, edition.tzid)


# -- by when, in words that stay true when a mail is read later --------------------------------


def day_words(day: date) -> str:
    """Say a day with its weekday: ``Tuesday 5 March 2024``."""
    return str(format_date(day, "EEEE d MMMM y"))


def _last_day(edition: Edition, day: date) -> str:
    return _("%(day)s, 24:00 (%(zone)s)", day=day_words(day), zone=zone_words(edition.tzid))


def _if_you_cannot_come(registration: Registration) -> str:
    edition = registration.edition
    if edition.dates_to_follow:
        return _("If you cannot come, cancel on that page: the next in the queue moves up.")
    return _(
        "If you cannot come, cancel on that page before %(day)s: the next in the queue moves up.",
        day=day_words(edition.dtstart),
    )


def _closing(registration: Registration) -> str:
    """Say until when one can still send or change what was told."""
    edition = registration.edition
    closes_on = edition.registration_closes_on
    if closes_on is not None:
        return _("Registration closes on %(day)s.", day=_last_day(edition, closes_on))
    return _(
        "Registration is open until the event begins, on %(day)s.", day=day_words(edition.dtstart)
    )


def _decision(registration: Registration) -> str:
    """Say who decides next, and by when, as far as the milestones tell."""
    edition = registration.edition
    sent = milestone_queries.find(edition, INVITATIONS)
    if sent is not None and sent.due_on is not None and not sent.is_recorded:
        return _(
            "The organisers decide by %(day)s, and we write to you: a place, a turn in the queue, "
            "or neither.",
            day=day_words(sent.due_on),
        )
    return _(
        "The organisers decide before the event begins, on %(day)s, and we write to you: a place, "
        "a turn in the queue, or neither.",
        day=day_words(edition.dtstart),
    )


def _again(registration: Registration) -> str:
    """Say whether one may register anew, now that this one has ended."""
    if registration.edition.takes_registrations(registration.modified_at):
        return _(
            "You may register again, behind all who wait. %(closes)s",
            closes=_closing(registration),
        )
    return _("There is nothing more to do: registration is not open.")


# -- places and turns ------------------------------------------------------------------------


def registered(registration: Registration) -> Letter:
    """To a person who has a place by what they did."""
    title = registration.edition.title
    return about(
        registration,
        _("You have a place: %(title)s", title=title),
        [_("You are registered for %(title)s and have a place.", title=title)],
        [_if_you_cannot_come(registration)],
        invitation=_invitation(registration, Method.REQUEST),
    )


def waitlisted(registration: Registration, number: int | None, why: str) -> Letter:
    """To a person who waits: under which number, if the queue has one for them, and for what."""
    edition = registration.edition
    title = edition.title
    words = (
        _("You are on the waiting list for %(title)s.", title=title)
        if number is None
        else _(
            "No place at %(title)s is free for you yet. You are number %(number)s in the queue.",
            title=title,
            number=number,
        )
    )
    return about(
        registration,
        _("You are on the waiting list: %(title)s", title=title),
        [words, _("Why you wait: %(why)s.", why=why)],
        [
            _("When a place comes free for you, we write to you at once."),
            _(
                "No day is set for that: the queue moves until the event begins, on %(day)s. "
                "Please do not book travel before you have a place.",
                day=day_words(edition.dtstart),
            ),
        ],
    )


def moved_up(registration: Registration) -> Letter:
    """To a person who was accepted, or whom a freed seat took in."""
    title = registration.edition.title
    return about(
        registration,
        _("You now have a place: %(title)s", title=title),
        [_("A place at %(title)s is yours.", title=title)],
        [_if_you_cannot_come(registration)],
        invitation=_invitation(registration, Method.REQUEST),
    )


def offered(registration: Registration, *, is_reminder: bool = False) -> Letter:
    """To a person for whom a place is kept until an answer; once more before it goes on."""
    title, answer_on = registration.edition.title, registration.answer_on
    paragraphs = [
        _("A place at %(title)s is kept for you.", title=title),
        *_why_let_in(registration),
    ]
    if answer_on is not None:
        paragraphs.append(
            _(
                "Please take it by %(day)s; after that it goes to the next.",
                day=_last_day(registration.edition, answer_on),
            )
        )
    return about(
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
    return about(
        registration,
        _("The offered place has lapsed: %(title)s", title=title),
        [_("No answer came in time, so the place at %(title)s went to the next.", title=title)],
        [_again(registration)],
    )


def received(registration: Registration) -> Letter:
    """To a person whose registration waits for a decision."""
    edition, country = registration.edition, registration.country
    title = edition.title
    asks_country = (
        edition.admission_policy is AdmissionPolicy.NOMINATION
        and registration.status is _R.SUBMITTED
        and country is not None
    )
    return about(
        registration,
        _("We have your registration: %(title)s", title=title),
        [
            _(
                "Your registration for %(title)s is with the national contact of %(country)s, "
                "then with the organisers. It is not a place yet.",
                title=title,
                country=country.name if country is not None else "",
            )
            if asks_country
            else _(
                "Your registration for %(title)s is with the organisers. It is not a place yet.",
                title=title,
            )
        ],
        [
            _decision(registration),
            _(
                "Until then you can change it on that page. %(closes)s",
                closes=_closing(registration),
            ),
        ],
    )


def decided(
    registration: Registration, words: str, reason: str = "", closing: Sequence[str] = ()
) -> Letter:
    """To a person of whom an organiser or a contact has decided something."""
    paragraphs = [words]
    if reason:
        paragraphs.append(_("The reason: %(reason)s", reason=reason))
    subject = f"{words.rstrip('.')}: {registration.edition.title}"
    return about(registration, subject, paragraphs, closing)


def judged(registration: Registration, reason: str) -> Letter:
    """To a person whom the own country endorsed, returned or refused, or who was not selected."""
    if registration.status is _R.ENDORSED:
        return decided(
            registration, _("Your country endorses you."), reason, [_decision(registration)]
        )
    if registration.status is _R.RETURNED:
        words = _("Your registration is returned for changes.")
        closing = [
            _("Change it on that page: what you save is sent in again."),
            _closing(registration),
        ]
        return decided(registration, words, reason, closing)
    if registration.status is _R.REFUSED:
        words = _("Your country does not endorse you.")
        return decided(registration, words, reason, [_again(registration)])
    closing = [_("There is nothing more to do. The organisers can still invite you.")]
    return decided(registration, _("You were not selected."), reason, closing)


def replaced(registration: Registration, was: RegistrationStatus) -> Letter:
    """To a person whose place a colleague takes; whose calendar had it loses it."""
    return about(
        registration,
        _("Replaced: %(title)s", title=registration.edition.title),
        [_("A colleague takes your place.")],
        [_again(registration)],
        invitation=_invitation(registration, Method.CANCEL) if was is _R.CONFIRMED else None,
    )


def takes_turn(registration: Registration, number: int | None, why: str) -> Letter:
    """To a person whom a contact puts in the place of somebody who waits."""
    told = waitlisted(registration, number, why)
    title = registration.edition.title
    return replace(
        told,
        subject=_("You take the turn of a colleague: %(title)s", title=title),
        paragraphs=[
            _("Your national contact puts you in the place of a colleague on the waiting list."),
            *told.paragraphs,
        ],
        closing=[*told.closing, _("If you cannot come, cancel on that page.")],
    )


def attended(registration: Registration) -> Letter:
    """To a person whom the door saw, once the list is closed."""
    title = registration.edition.title
    return about(
        registration,
        _("You took part: %(title)s", title=title),
        [_("Thank you for coming to %(title)s. That you took part is recorded.", title=title)],
        [_("Your certificate, where one is issued, stands on that page from now on.")],
    )


def no_show(registration: Registration) -> Letter:
    """To a person with a place whom nobody saw at the door."""
    title = registration.edition.title
    return about(
        registration,
        _("Nobody saw you: %(title)s", title=title),
        [_("You had a place at %(title)s, and nobody saw you at the door.", title=title)],
        [_("If you were there, write to the organisers: they can put it right.")],
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
    return about(
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
    return about(
        registration,
        _("You come alone now: %(title)s", title=registration.edition.title),
        [_("You are no longer in a party. Your registration stays, with its own turn.")],
    )


def nominated(registration: Registration, country: str) -> Letter:
    """To a person whom a country's contact, or an organiser, wants to come."""
    edition = registration.edition
    title = edition.title
    return about(
        registration,
        _("You are nominated: %(title)s", title=title)
        if country
        else _("You are invited: %(title)s", title=title),
        [
            _("%(country)s nominates you for %(title)s.", country=country, title=title)
            if country
            else _("You are invited to register for %(title)s.", title=title),
            *_why_let_in(registration),
            _("Confirm it by completing your registration; signing in takes one link by mail."),
        ],
        [_until(registration)],
        action=(
            _("Complete your registration"),
            address("registrations.register", slug=edition.slug),
        ),
    )


def _until(registration: Registration) -> str:
    """Say until when a nominee, or who was let in, can complete the registration."""
    if registration.entry_reason:
        return _("Please do so before %(day)s.", day=day_words(registration.edition.dtstart))
    return _closing(registration)


def cancelled(registration: Registration, *, had_seat: bool) -> Letter:
    """To a person who gave the place back; who had a seat has it in the calendar, too."""
    title = registration.edition.title
    return about(
        registration,
        _("Registration cancelled: %(title)s", title=title),
        [_("Your registration for %(title)s is cancelled.", title=title)],
        [_again(registration)],
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
        "edition.announced": _("%(title)s is announced again: days and place stand.", title=title),
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
    parts: dict[str, Any] = {}
    if registration.has_place:
        is_off = change == "edition.cancelled"
        parts["invitation"] = _invitation(registration, Method.CANCEL if is_off else Method.REQUEST)
    return about(registration, words[change].rstrip("."), paragraphs, closing, **parts)
