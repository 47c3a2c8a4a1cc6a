"""A person's own calendar behind a secret address: their events and deadlines, nobody else's."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from app import audit, database
from app.accounts.queries import hashed
from app.accounts.signals import addresses_ended
from app.database import db
from app.editions import milestone_queries
from app.editions import queries as editions
from app.editions.entries import entry_of
from app.editions.models import Precision
from app.editions.service import UID_DOMAIN
from app.feeds import queries
from app.feeds.models import PersonalFeed
from app.feeds.service import deadline_of
from app.i18n import gettext as _
from app.outbox import address
from app.registrations import queries as registrations
from scheduler import ical
from scheduler.errors import N_, DomainError, NotFoundError
from scheduler.ical import CalendarEntry, CalendarHead, EntryStatus
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition, EditionMilestone
    from app.registrations.models import Registration

FEEDS_MAX = 20
ALARM = timedelta(days=1)
SHOWN = {
    RegistrationStatus.CONFIRMED: EntryStatus.CONFIRMED,
    RegistrationStatus.CHECKED_IN: EntryStatus.CONFIRMED,
    RegistrationStatus.ATTENDED: EntryStatus.CONFIRMED,
    RegistrationStatus.OFFERED: EntryStatus.TENTATIVE,
    RegistrationStatus.WAITLISTED: EntryStatus.TENTATIVE,
    RegistrationStatus.SUBMITTED: EntryStatus.TENTATIVE,
    RegistrationStatus.ENDORSED: EntryStatus.TENTATIVE,
    RegistrationStatus.RETURNED: EntryStatus.TENTATIVE,
    # Whoever had it in the calendar is told that it is off; it does not vanish.
    RegistrationStatus.REFUSED: EntryStatus.CANCELLED,
    RegistrationStatus.NOT_SELECTED: EntryStatus.CANCELLED,
    RegistrationStatus.REPLACED: EntryStatus.CANCELLED,
    RegistrationStatus.CANCELLED: EntryStatus.CANCELLED,
}


class TooManyFeedsError(DomainError):
    """More secret addresses than one person has devices."""

    message = N_("You have {most} addresses already. Revoke one that you no longer use.")


def make(person: Person, name: str, *, has_alarms: bool, now: datetime) -> str:
    """Make a secret address of ``person``'s calendar and return its token, shown this once.

    Raises:
        TooManyFeedsError: there are enough already.
    """
    database.write(person)
    if len(queries.personal_feeds(person)) >= FEEDS_MAX:
        raise TooManyFeedsError(most=FEEDS_MAX)
    token = secrets.token_urlsafe(32)
    feed = PersonalFeed(
        person_id=person.id,
        name=name,
        token_hash=hashed(token),
        has_alarms=has_alarms,
        made_at=now,
    )
    db.session.add(feed)
    db.session.flush()
    audit.record("feed.made", feed, by=person, now=now)
    return token


def rotate(feed: PersonalFeed, *, now: datetime) -> str:
    """Give ``feed`` a new token, return it; the old address is dead at once."""
    database.write(feed)
    token = secrets.token_urlsafe(32)
    feed.token_hash, feed.used_at = hashed(token), None
    db.session.flush()
    audit.record("feed.rotated", feed, by=feed.person, now=now)
    return token


def revoke(feed: PersonalFeed, *, now: datetime) -> None:
    """End ``feed``: its address is dead at once."""
    database.write(feed)
    feed.revoked_at = now
    db.session.flush()
    audit.record("feed.revoked", feed, by=feed.person, now=now)


@addresses_ended.connect
def revoke_all(person: Person, *, now: datetime) -> None:
    """End every feed of ``person``: somebody else may have copied an address."""
    for feed in queries.personal_feeds(person):
        revoke(feed, now=now)


def note_use(feed: PersonalFeed, *, now: datetime) -> bool:
    """Note the day of the last use; return whether that was news and is to be committed."""
    if feed.used_at is not None and feed.used_at.date() == now.date():
        return False
    database.write(feed)
    feed.used_at = now
    db.session.flush()
    return True


def find(token: str) -> PersonalFeed:
    """Return the feed behind ``token``.

    Raises:
        NotFoundError: the token is wrong, old or revoked, or the person is gone; all one answer.
    """
    feed = queries.personal_feed(hashed(token))
    if feed is None:
        raise NotFoundError
    return feed


def ics(feed: PersonalFeed, *, today: date) -> bytes:
    """Return the calendar of the feed's person; the address itself is not told in it."""
    head = CalendarHead(
        name=_("Symposia: %(name)s", name=feed.person.display_name),
        description=_("Your own registrations and their deadlines. Keep this address to yourself."),
        refresh_interval=timedelta(hours=1),
    )
    shown = {
        edition_id: history
        for edition_id, history in _by_edition(registrations.of_person(feed.person)).items()
        if _is_shown(history[-1], today)
    }
    told = milestone_queries.told(today, edition_ids=shown)
    entries = [
        *(_entry(history, has_alarms=feed.has_alarms) for history in shown.values()),
        *(
            _deadline(milestone, shown[edition.id], has_alarms=feed.has_alarms)
            for milestone, edition in told
        ),
        *filter(
            None, (_answer_day(history, has_alarms=feed.has_alarms) for history in shown.values())
        ),
    ]
    return ical.encode(head, entries)


def _by_edition(rows: Sequence[Registration]) -> dict[int, list[Registration]]:
    """Return a person's registrations by edition, oldest first: who came back has several."""
    found: dict[int, list[Registration]] = {}
    for registration in sorted(rows, key=lambda row: row.id):
        found.setdefault(registration.edition_id, []).append(registration)
    return found


def _is_shown(registration: Registration, today: date) -> bool:
    edition = registration.edition
    if registration.status not in SHOWN or edition.precision is not Precision.DAY:
        return False
    is_off = EditionStatus.CANCELLED is edition.status or not registration.is_live
    return not is_off or edition.dtend > today - editions.CANCELLED_STAY


def _entry(history: list[Registration], *, has_alarms: bool) -> CalendarEntry:
    registration = history[-1]
    edition = registration.edition
    status = SHOWN[registration.status]
    if edition.public_entry_status is not EntryStatus.CONFIRMED:
        # What the event is, the registration cannot be more.
        status = (
            EntryStatus.CANCELLED
            if EntryStatus.CANCELLED in {status, edition.public_entry_status}
            else EntryStatus.TENTATIVE
        )
    public = entry_of(edition)
    place = public.location
    if registration.has_place:
        place = ", ".join(filter(None, [edition.venue, edition.venue_address, public.location]))
    return CalendarEntry(
        uid=public.uid,
        # A change of either must reach the client, so all of them count.
        sequence=registrations.calendar_sequence(registration, history),
        created=history[0].registered_at,
        last_modified=max(public.last_modified, registration.modified_at),
        summary=_summary(registration, public.summary),
        dtstart=public.dtstart,
        dtend=public.dtend,
        status=status,
        location=place,
        url=address("registrations.show", public_id=registration.public_id),
        description=public.description,
        categories=public.categories,
        color=public.color,
        transparent=status is not EntryStatus.CONFIRMED,
        alarms=_alarms(edition, public.summary) if has_alarms and registration.has_place else (),
    )


def _deadline(
    milestone: EditionMilestone, history: list[Registration], *, has_alarms: bool
) -> CalendarEntry:
    """Return a deadline of the person's edition: the public one, called off for who cancelled."""
    registration = history[-1]
    public = deadline_of(milestone, registration.edition)
    return replace(
        public,
        sequence=public.sequence + registrations.own_sequence(row.sequence for row in history),
        last_modified=max(public.last_modified, registration.modified_at),
        status=public.status if registration.is_live else EntryStatus.CANCELLED,
        alarms=_alarms(registration.edition, public.summary) if has_alarms else (),
    )


def _answer_day(history: list[Registration], *, has_alarms: bool) -> CalendarEntry | None:
    """Return the last day on which an offered place can be taken, while it is offered."""
    registration = history[-1]
    last_day = registration.answer_on
    if last_day is None:
        return None
    public = entry_of(registration.edition)
    summary = _("Last day to take your place: %(event)s", event=public.summary)
    return replace(
        public,
        uid=f"{registration.public_id}.answer@{UID_DOMAIN}",
        sequence=registrations.calendar_sequence(registration, history),
        created=registration.registered_at,
        last_modified=max(public.last_modified, registration.modified_at),
        summary=summary,
        dtstart=last_day,
        dtend=last_day + timedelta(days=1),
        status=EntryStatus.CANCELLED
        if public.status is EntryStatus.CANCELLED
        else EntryStatus.CONFIRMED,
        location="",
        geo=None,
        url=address("registrations.show", public_id=registration.public_id),
        related_to=(("PARENT", public.uid),),
        alarms=((ALARM, summary),) if has_alarms else (),
    )


def _alarms(edition: Edition, text: str) -> tuple[tuple[timedelta, str], ...]:
    """Return the reminder of a day that stands."""
    return () if edition.dates_to_follow else ((ALARM, text),)


def _summary(registration: Registration, summary: str) -> str:
    """Return ``summary``, and where the person's own place stands."""
    match registration.status:
        case RegistrationStatus.WAITLISTED:
            return _("%(title)s (waiting list)", title=summary)
        case RegistrationStatus.OFFERED:
            return _("%(title)s (place offered)", title=summary)
        case RegistrationStatus.SUBMITTED | RegistrationStatus.ENDORSED:
            return _("%(title)s (waiting for a decision)", title=summary)
        case RegistrationStatus.RETURNED:
            return _("%(title)s (returned for changes)", title=summary)
    return summary
