"""Documents erased with their registration, which tells its person of them, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit_proof
from app.database import db
from app.documents.models import IssuedDocument
from app.registrations.signals import registration_erased

if TYPE_CHECKING:
    from app.registrations.models import Registration


@registration_erased.connect
def _erase(sender: object, *, registration: Registration) -> None:  # noqa: ARG001
    """Erase the documents, and what the log tells of them."""
    for document in db.session.scalars(
        select(IssuedDocument).filter_by(registration_id=registration.id)
    ):
        audit_proof.forget(document)
        db.session.delete(document)
    db.session.flush()
