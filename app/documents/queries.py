"""Reads over documents and their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from app.database import db
from app.documents.models import DocumentKind, DocumentText, IssuedDocument
from app.registrations.models import Registration, VisaRequest
from scheduler.lifecycle import TAKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.editions.models import Edition


def by_code(code: str) -> IssuedDocument | None:
    """Return the document that this code was made for."""
    return db.session.scalar(select(IssuedDocument).filter_by(code=code))


def of_registration(registration: Registration) -> dict[DocumentKind, IssuedDocument]:
    """Return the documents of ``registration`` that were not revoked, by kind."""
    found = db.session.scalars(
        select(IssuedDocument).filter_by(registration_id=registration.id, revoked_at=None)
    )
    return {document.kind: document for document in found}


def texts(edition: Edition) -> dict[DocumentKind, DocumentText]:
    """Return what the letters of ``edition`` say, by kind, as far as that is written."""
    found = db.session.scalars(select(DocumentText).filter_by(edition_id=edition.id))
    return {text.kind: text for text in found}


def next_number(edition: Edition, kind: DocumentKind) -> int:
    """Return the number of the next document of ``kind``; the caller holds the edition's lock."""
    last = db.session.scalar(
        select(func.max(IssuedDocument.number)).filter_by(edition_id=edition.id, kind=kind)
    )
    return (last or 0) + 1


def badges(edition: Edition) -> Sequence[IssuedDocument]:
    """Return the badges of who holds a seat at ``edition``, by name."""
    found = db.session.scalars(
        select(IssuedDocument)
        .join(IssuedDocument.registration)
        .where(
            IssuedDocument.edition_id == edition.id,
            IssuedDocument.kind == DocumentKind.BADGE,
            IssuedDocument.revoked_at.is_(None),
            Registration.status.in_(TAKEN),
        )
    ).all()
    return sorted(found, key=lambda badge: badge.registration.person.display_name.casefold())


def visa_requests(edition: Edition) -> Sequence[tuple[Registration, IssuedDocument | None]]:
    """Return who holds a seat and asked for a visa letter, in order of asking, with the letter."""
    asked = db.session.scalars(
        select(Registration)
        .join(Registration.visa_request)
        .options(contains_eager(Registration.visa_request))
        .where(Registration.edition_id == edition.id, Registration.status.in_(TAKEN))
        .order_by(VisaRequest.requested_at, Registration.id)
    ).all()
    issued = db.session.scalars(
        select(IssuedDocument).filter_by(
            edition_id=edition.id, kind=DocumentKind.VISA_SUPPORT, revoked_at=None
        )
    )
    letters = {document.registration_id: document for document in issued}
    return [(registration, letters.get(registration.id)) for registration in asked]


def without(edition: Edition, kind: DocumentKind) -> Sequence[Registration]:
    """Return who holds a seat at ``edition`` and has no document of ``kind``, in any order."""
    held = select(IssuedDocument.registration_id).where(
        IssuedDocument.kind == kind, IssuedDocument.revoked_at.is_(None)
    )
    return db.session.scalars(
        select(Registration).where(
            Registration.edition_id == edition.id,
            Registration.status.in_(TAKEN),
            Registration.id.not_in(held),
        )
    ).all()
