"""What people agreed to: each purpose for itself, in the words shown, until withdrawn.

A box is never ticked beforehand. Whoever changes the words of a purpose raises its version: the
old agreement then no longer holds, and people are asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database
from app.accounts.models import Consent, Person, Purpose
from app.database import db
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Wording:
    """How a purpose is asked for; ``version`` rises when the words change."""

    version: int
    label: str
    text: str


WORDINGS = {
    Purpose.PARTICIPANTS_LIST: Wording(
        1,
        _l("List of participants"),
        _l("My name, country and organisation may stand in the list that the participants get."),
    ),
    Purpose.PHOTO: Wording(
        1,
        _l("Photographs"),
        _l("Photographs and recordings of the event that show me may be published."),
    ),
    Purpose.SLIDES: Wording(
        1,
        _l("Slides"),
        _l("Slides and papers that I present may be published with the programme."),
    ),
    Purpose.MAILING: Wording(
        1,
        _l("News by mail"),
        _l("I want to be told by e-mail when further events are announced."),
    ),
}


def gives(person: Person, purpose: Purpose) -> bool:
    """Whether ``person`` agrees to ``purpose``, in its present words."""
    return standing(person).get(purpose) is not None


def standing(person: Person) -> dict[Purpose, Consent]:
    """Return what ``person`` agrees to at present."""
    rows = db.session.scalars(
        select(Consent).where(Consent.person_id == person.id, Consent.withdrawn_at.is_(None))
    )
    return {row.purpose: row for row in rows if row.version == WORDINGS[row.purpose].version}


def agreeing(purpose: Purpose) -> ColumnElement[bool]:
    """Return the condition on ``Person`` that they agree to ``purpose``, for queries."""
    return (
        select(Consent.id)
        .where(
            Consent.person_id == Person.id,
            Consent.purpose == purpose,
            Consent.version == WORDINGS[purpose].version,
            Consent.withdrawn_at.is_(None),
        )
        .exists()
    )


def give(person: Person, purposes: Iterable[Purpose], *, now: datetime) -> None:
    """Note that ``person`` agrees to ``purposes``, in their present words."""
    database.write(person)
    known = standing(person)
    for purpose in purposes:
        if purpose in known:
            continue
        wording = WORDINGS[purpose]
        db.session.add(
            Consent(
                person_id=person.id,
                purpose=purpose,
                version=wording.version,
                text=str(wording.text),
                given_at=now,
            )
        )
        audit.record(
            "person.consent_given",
            person,
            by=person,
            now=now,
            changes={"purpose": [None, purpose.value], "version": [None, wording.version]},
        )
    db.session.flush()


def withdraw(person: Person, purposes: Iterable[Purpose], *, now: datetime) -> None:
    """Note that ``person`` no longer agrees to ``purposes``."""
    database.write(person)
    wanted = set(purposes)
    rows = db.session.scalars(
        select(Consent).where(
            Consent.person_id == person.id,
            Consent.purpose.in_(wanted),
            Consent.withdrawn_at.is_(None),
        )
    ).all()
    for row in rows:
        row.withdrawn_at = now
    for purpose in sorted({row.purpose for row in rows}):
        audit.record(
            "person.consent_withdrawn",
            person,
            by=person,
            now=now,
            changes={"purpose": [purpose.value, None]},
        )
    db.session.flush()
