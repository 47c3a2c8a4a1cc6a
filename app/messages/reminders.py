"""Reminders that follow from an edition's days and milestones; nobody has to write them.

A reminder is named by its kind and the day it is about, and is noted in the transaction that puts
it into the outbox: each person gets it once, and again only when the day itself has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from app import database, outbox
from app.database import db
from app.editions import milestone_queries
from app.editions.models import Edition
from app.i18n import gettext as _
from app.messages.models import Reminder
from app.registrations import letters
from app.registrations.models import Registration
from app.registrations.seating import STILL
from app.site.dates import format_day
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from app.outbox import Letter

_R = RegistrationStatus
_AHEAD = frozenset(
    {
        EditionStatus.ANNOUNCED,
        EditionStatus.REGISTRATION_OPEN,
        EditionStatus.REGISTRATION_CLOSED,
    }
)
LOOK_AHEAD = timedelta(days=400)  # no milestone that people are reminded of lies earlier
OFFER = "offer"
OFFER_LEAD = timedelta(days=2)  # before an offered place goes to the next
OFFER_REST = timedelta(days=1)  # after the offer, which said the day as well


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of reminder: who gets it, and how many days before the day it is about."""

    name: str
    lead_days: int
    statuses: frozenset[RegistrationStatus]
    day_of: Callable[[Edition], date | None]
    words: Callable[[Edition, str], tuple[str, str]]  # subject and sentence, from the day in words


def _opening(edition: Edition) -> date | None:
    return edition.dtstart


def _closing(edition: Edition) -> date | None:
    return edition.registration_closes_on


def _visa_letters(edition: Edition) -> date | None:
    found = milestone_queries.find(edition, "visa_letters")
    return found.due_on if found is not None and not found.is_recorded else None


def _words_of_opening(edition: Edition, day: str) -> tuple[str, str]:
    return (
        _("It begins on %(day)s: %(title)s", day=day, title=edition.title),
        _(
            "%(title)s begins on %(day)s. Your badge and the address of the venue are on the page "
            "of your place.",
            title=edition.title,
            day=day,
        ),
    )


def _words_of_closing(edition: Edition, day: str) -> tuple[str, str]:
    return (
        _("Not sent yet: your registration for %(title)s", title=edition.title),
        _(
            "Registration for %(title)s closes on %(day)s, and yours is not complete. What you "
            "typed is kept.",
            title=edition.title,
            day=day,
        ),
    )


def _words_of_visa_letters(edition: Edition, day: str) -> tuple[str, str]:
    return (
        _("Do you need a visa for %(title)s?", title=edition.title),
        _(
            "If you need a visa support letter for %(title)s, ask for it until %(day)s. If you "
            "need none, there is nothing to do.",
            title=edition.title,
            day=day,
        ),
    )


KINDS = (
    Kind("opening", 7, frozenset({_R.CONFIRMED}), _opening, _words_of_opening),
    Kind("closing", 7, frozenset({_R.DRAFT, _R.RETURNED}), _closing, _words_of_closing),
    Kind("visa", 14, frozenset({_R.CONFIRMED}), _visa_letters, _words_of_visa_letters),
)


def work(*, now: datetime) -> int:
    """Post every reminder that is due at ``now``; commits. Return how many."""
    due = _due(now)
    db.session.rollback()
    posted = sum(_post(edition_id, kind, day, now=now) for edition_id, kind, day in due)
    return posted + _remind_of_offers(now)


def note_due(*, now: datetime) -> int:
    """Note every reminder that is due at ``now`` as posted, without posting it; return how many.

    For when nobody knows what went out: once too seldom is better than twice to everybody.
    """
    noted = [
        Reminder(registration_id=registration.id, kind=_name(kind, day), posted_at=now)
        for edition_id, kind, day in _due(now)
        for registration in _unreminded(
            db.session.get_one(Edition, edition_id), kind, _name(kind, day)
        )
    ]
    noted += [
        Reminder(registration_id=registration.id, kind=OFFER, posted_at=now)
        for registration in db.session.scalars(_offered(now))
    ]
    db.session.add_all(noted)
    db.session.flush()
    return len(noted)


def _due(now: datetime) -> list[tuple[int, Kind, date]]:
    today = now.date()
    ahead = db.session.scalars(
        select(Edition).where(
            Edition.status.in_(_AHEAD),
            Edition.dates_to_follow.is_(False),
            Edition.dtstart.between(today, today + LOOK_AHEAD),
        )
    ).all()
    return [
        (edition.id, kind, day)
        for edition in ahead
        for kind in KINDS
        if (day := kind.day_of(edition)) is not None
        and day - timedelta(days=kind.lead_days) <= edition.day_at(now) < day
    ]


def _name(kind: Kind, day: date) -> str:
    return f"{kind.name} {day.isoformat()}"


def _remind_of_offers(now: datetime) -> int:
    """Post a reminder to whoever has not answered an offer that is soon over."""
    database.write()
    offered = db.session.scalars(_offered(now).with_for_update(of=Registration)).all()
    for registration in offered:
        letter = letters.offered(registration, is_reminder=True)
        outbox.post(registration.person.email, letter, now=now)
        db.session.add(Reminder(registration_id=registration.id, kind=OFFER, posted_at=now))
    db.session.commit()
    return len(offered)


def _offered(now: datetime) -> Select[Registration]:
    """Select whoever has not answered an offer that is soon over, and was not reminded."""
    return (
        select(Registration)
        .join(Registration.edition)
        .where(
            Edition.status.not_in(STILL),
            Registration.status == _R.OFFERED,
            Registration.answer_by > now,
            Registration.answer_by <= now + OFFER_LEAD,
            Registration.modified_at <= now - OFFER_REST,
            ~exists().where(Reminder.registration_id == Registration.id, Reminder.kind == OFFER),
        )
        .order_by(Registration.edition_id, Registration.id)
    )


def _post(edition_id: int, kind: Kind, day: date, *, now: datetime) -> int:
    database.write()
    edition = db.session.get(Edition, edition_id)
    if edition is None:
        db.session.rollback()
        return 0
    database.write(edition)
    name = _name(kind, day)
    unreminded = _unreminded(edition, kind, name)
    for registration in unreminded:
        outbox.post(registration.person.email, _letter(registration, kind, day), now=now)
        db.session.add(Reminder(registration_id=registration.id, kind=name, posted_at=now))
    db.session.commit()
    return len(unreminded)


def _unreminded(edition: Edition, kind: Kind, name: str) -> Sequence[Registration]:
    reminded = select(Reminder.registration_id).where(Reminder.kind == name)
    return db.session.scalars(
        select(Registration)
        .where(
            Registration.edition_id == edition.id,
            Registration.status.in_(kind.statuses),
            Registration.id.not_in(reminded),
        )
        .order_by(Registration.id)
    ).all()


def _letter(registration: Registration, kind: Kind, day: date) -> Letter:
    subject, sentence = kind.words(registration.edition, format_day(day, weekday=True))
    return letters.about(registration, subject, [sentence])
