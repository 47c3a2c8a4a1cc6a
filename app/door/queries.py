"""Reads of the door: who may come in, and who has."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.accounts.models import Person
from app.database import db
from app.documents.models import DocumentKind, IssuedDocument
from app.door.models import Attendance
from app.registrations.models import Registration
from scheduler.lifecycle import TAKEN, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.editions.models import Edition


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who may come in: as little as the door needs to know."""

    public_id: str
    name: str
    code: str  # of the badge; empty where none is made
    days: tuple[date, ...]  # on which they came, in order


def guests(edition: Edition) -> list[Guest]:
    """Return who has a place at ``edition``, by name; two queries whatever their number."""
    rows = db.session.execute(
        select(Registration.id, Registration.public_id, Person.name, Person.email)
        .join(Registration.person)
        .where(
            Registration.edition_id == edition.id,
            Registration.status.in_(TAKEN | {RegistrationStatus.NO_SHOW}),
        )
    ).all()
    codes = dict(
        db.session.execute(
            select(IssuedDocument.registration_id, IssuedDocument.code).where(
                IssuedDocument.edition_id == edition.id,
                IssuedDocument.kind == DocumentKind.BADGE,
                IssuedDocument.revoked_at.is_(None),
            )
        ).all()
    )
    came: dict[int, list[date]] = {}
    for registration_id, day in db.session.execute(
        select(Attendance.registration_id, Attendance.day)
        .join(Attendance.registration)
        .where(Registration.edition_id == edition.id)
        .order_by(Attendance.day)
    ):
        came.setdefault(registration_id, []).append(day)
    found = [
        Guest(public_id, name or email, codes.get(id_, ""), tuple(came.get(id_, ())))
        for id_, public_id, name, email in rows
    ]
    return sorted(found, key=lambda guest: guest.name.casefold())


def matching(found: Sequence[Guest], text: str) -> list[Guest]:
    """Return the guests whose badge ``text`` is the code of, else those whose name has it.

    ``text`` may be the address that a badge's code leads to.
    """
    code = text.strip().rstrip("/").rpartition("/")[2]
    by_code = [guest for guest in found if guest.code and guest.code == code]
    wanted = _plain(text.strip())
    return by_code or [guest for guest in found if wanted in _plain(guest.name)]


def _plain(text: str) -> str:
    """Return ``text`` as a hurried hand types it, without marks; ``static/js/door.js`` does too."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(each for each in letters if unicodedata.category(each)[0] != "M").casefold()


def find(registration: Registration, day: date) -> Attendance | None:
    """Return what was recorded of ``registration`` on ``day``."""
    return db.session.scalar(select(Attendance).filter_by(registration_id=registration.id, day=day))


def has_come(registration: Registration) -> bool:
    """Whether ``registration`` was seen on any day."""
    found = select(Attendance.id).filter_by(registration_id=registration.id).limit(1)
    return db.session.scalar(found) is not None


def counts(edition: Edition) -> dict[date, int]:
    """Return how many people came to ``edition`` on each day on which somebody did."""
    rows = db.session.execute(
        select(Attendance.day, func.count())
        .join(Attendance.registration)
        .where(Registration.edition_id == edition.id)
        .group_by(Attendance.day)
    )
    return dict(rows.all())


def came_on(edition: Edition, day: date) -> list[str]:
    """Return the public ids of who came to ``edition`` on ``day``."""
    return list(
        db.session.scalars(
            select(Registration.public_id)
            .join(Attendance, Attendance.registration_id == Registration.id)
            .where(Registration.edition_id == edition.id, Attendance.day == day)
        )
    )
