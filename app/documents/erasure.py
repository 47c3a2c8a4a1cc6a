"""Documents told to their person, and erased with the registration they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app import audit_proof
from app.accounts.signals import person_data
from app.database import db
from app.documents.models import IssuedDocument
from app.registrations.models import Registration
from app.registrations.signals import registration_erased

if TYPE_CHECKING:
    from app.accounts.models import Person


@person_data.connect
def _tell(sender: object, *, person: Person) -> tuple[str, list[dict[str, Any]]]:  # noqa: ARG001
    """Tell a person the documents they were given; each is set anew when it is fetched."""
    issued = db.session.scalars(
        select(IssuedDocument)
        .join(IssuedDocument.registration)
        .where(Registration.person_id == person.id)
        .order_by(IssuedDocument.id)
    )
    told = [
        {
            "kind": document.kind.value,
            "number": document.reference,
            "issued_at": document.issued_at.isoformat(),
            "revoked_at": document.revoked_at.isoformat() if document.revoked_at else None,
        }
        for document in issued
    ]
    return "documents", told


@registration_erased.connect
def _erase(sender: object, *, registration: Registration) -> None:  # noqa: ARG001
    """Erase the documents, and what the log tells of them."""
    for document in db.session.scalars(
        select(IssuedDocument).filter_by(registration_id=registration.id)
    ):
        audit_proof.forget(document)
        db.session.delete(document)
    db.session.flush()
