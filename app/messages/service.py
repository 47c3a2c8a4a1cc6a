"""Use cases of messages to many: write, send, stop, go on; and the worker's part.

A message has one row a recipient, and a recipient is noted in the transaction that puts the mail
into the outbox: nobody is written to twice, and whoever was not reached yet still is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flask_babel import get_locale

from app import audit, database, outbox
from app.database import db
from app.i18n import gettext as _
from app.messages import queries
from app.messages.models import GroupMessage, GroupMessageRecipient, MessageStatus
from app.placeholders import fill, insist, placeholders_in
from app.registrations import letters
from app.site.dates import format_span
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.outbox import Letter
    from app.registrations.models import Registration

PLACEHOLDERS = ("name", "country", "event", "days", "place")
HOLD = timedelta(minutes=1)
"""How long a message waits before it leaves, so that it can be stopped with nobody reached."""
BATCH = 20  # recipients in one transaction: between two batches a message can be stopped


class NobodyError(DomainError):
    """A message that nobody would get."""

    message = N_("Nobody is in all that you chose. Choose others.")


class NotADraftError(ConflictError):
    """A change to what is on its way."""

    message = N_("This message is on its way or was sent, and cannot be changed.")


class NotStoppableError(ConflictError):
    """A stop of what does not move, or a start of what does."""

    message = N_("This message is not on its way any more.")


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says, and to whom."""

    subject: str
    body: str
    group: queries.Group


def write(
    edition: Edition,
    words: Words,
    *,
    by: Person,
    now: datetime,
    message: GroupMessage | None = None,
) -> GroupMessage:
    """Record a draft, a new one or ``message`` anew.

    Raises:
        UnknownPlaceholderError: the subject or body has ``{…}`` that nothing fills.
        NobodyError: nobody would get it.
        NotADraftError: ``message`` has begun to be sent.
    """
    insist(words.subject + words.body, PLACEHOLDERS)
    database.write(edition)
    if message is not None:
        database.write(message)
        _insist_on(message, MessageStatus.DRAFT)
    if not queries.meant(edition, words.group):
        raise NobodyError
    if message is None:
        message = GroupMessage(edition_id=edition.id, status=MessageStatus.DRAFT)
    message.subject, message.body = words.subject, words.body
    message.statuses = list(words.group.statuses)
    message.countries, message.roles = list(words.group.countries), list(words.group.roles)
    message.written_by, message.written_at = by, now
    db.session.add(message)
    db.session.flush()
    return message


def discard(message: GroupMessage) -> None:
    """Throw a draft away.

    Raises:
        NotADraftError: it has begun to be sent.
    """
    database.write(message)
    _insist_on(message, MessageStatus.DRAFT)
    db.session.delete(message)
    db.session.flush()


def send(message: GroupMessage, *, by: Person, now: datetime, real_now: datetime) -> int:
    """Let a draft leave in a minute, to whom its group means now; return to how many.

    Raises:
        NotADraftError: it has left already.
        NobodyError: nobody is in its group any more.
    """
    database.write(message.edition)
    database.write(message)
    _insist_on(message, MessageStatus.DRAFT)
    meant = queries.meant(message.edition, queries.group_of(message))
    if not meant:
        raise NobodyError
    db.session.add_all(
        GroupMessageRecipient(message_id=message.id, registration_id=registration.id)
        for registration in meant
    )
    message.status, message.leaves_at = MessageStatus.SENDING, real_now + HOLD
    db.session.flush()
    audit.record(
        "message.sent",
        message.edition,
        by=by,
        now=now,
        changes={"message": [None, message.subject], "recipients": [None, len(meant)]},
    )
    return len(meant)


def stop(message: GroupMessage, *, by: Person, now: datetime) -> None:
    """Let nobody else be written to.

    Raises:
        NotStoppableError: it is not on its way.
    """
    _turn(message, MessageStatus.SENDING, MessageStatus.STOPPED)
    audit.record(
        "message.stopped",
        message.edition,
        by=by,
        now=now,
        changes={"message": [message.subject, message.subject]},
    )


def go_on(message: GroupMessage, *, by: Person, now: datetime, real_now: datetime) -> None:
    """Write to those whom a stopped message has not reached.

    Raises:
        NotStoppableError: it was not stopped.
    """
    _turn(message, MessageStatus.STOPPED, MessageStatus.SENDING)
    message.leaves_at = real_now
    db.session.flush()
    audit.record(
        "message.continued",
        message.edition,
        by=by,
        now=now,
        changes={"message": [message.subject, message.subject]},
    )


def work(*, now: datetime, real_now: datetime) -> int:
    """Put what is to leave into the outbox, batch by batch; commits. Return how many mails."""
    posted = 0
    for message_id in queries.leaving(real_now):
        while count := post_batch(message_id, now=now):
            posted += count
    return posted


def post_batch(message_id: int, *, now: datetime) -> int:
    """Put the next mails of a message into the outbox; commits. Return how many, 0 at its end."""
    database.write()
    message = queries.find(message_id)
    if message is not None:
        database.write(message)
    if message is None or message.status is not MessageStatus.SENDING:
        db.session.rollback()
        return 0
    batch = queries.unserved(message, BATCH)
    for recipient in batch:
        outbox.post(
            recipient.registration.person.email, letter(message, recipient.registration), now=now
        )
        recipient.posted_at = now
    if len(batch) < BATCH:
        message.status, message.ended_at = MessageStatus.SENT, now
    db.session.commit()
    return len(batch)


def letter(message: GroupMessage, registration: Registration) -> Letter:
    """Return ``message`` as it reaches one person."""
    edition = registration.edition
    instead = _instead()
    facts = {name: told or instead[name] for name, told in _facts(registration).items()}
    return letters.about(
        registration,
        fill(message.subject, facts),
        [part for part in fill(message.body, facts).split("\n\n") if part.strip()],
        [_("You get this because you registered for %(title)s.", title=edition.title)],
    )


def gaps(message: GroupMessage, meant: Sequence[Registration]) -> list[tuple[str, int, str]]:
    """Return what ``message`` names and some of ``meant`` told nothing of.

    Each as the placeholder, how many that is, and the words that they read instead.
    """
    missing = {
        # Asked by code: the names of so many countries need not be read.
        "country": sum(registration.country_code is None for registration in meant),
        "name": sum(not registration.person.name for registration in meant),
        **{name: 0 if told else len(meant) for name, told in _event_facts(message.edition).items()},
    }
    used = placeholders_in(message.subject + message.body)
    instead = _instead()
    return [
        (f"{{{name}}}", missing[name], instead[name])
        for name in sorted(missing)
        if name in used and missing[name]
    ]


def _facts(registration: Registration) -> dict[str, str]:
    return {
        "name": registration.person.name,
        "country": registration.country.name if registration.country else "",
        **_event_facts(registration.edition),
    }


def _event_facts(edition: Edition) -> dict[str, str]:
    return {
        "event": edition.title,
        "days": ""
        if edition.dates_to_follow
        else format_span(
            edition.dtstart, edition.dtend, weekdays=True, locale=str(get_locale() or "en")
        ),
        "place": edition.place,
    }


def _instead() -> dict[str, str]:
    """Return what stands where nothing was told, so that a sentence still reads well."""
    return {
        "name": _("participant"),
        "country": _("your country"),
        "event": _("the event"),
        "days": _("days still to be told"),
        "place": _("a place still to be told"),
    }


def _insist_on(message: GroupMessage, status: MessageStatus) -> None:
    if message.status is not status:
        raise NotADraftError


def _turn(message: GroupMessage, was: MessageStatus, target: MessageStatus) -> None:
    database.write(message)
    if message.status is not was:
        raise NotStoppableError
    message.status = target
    db.session.flush()
