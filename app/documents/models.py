"""Tables of what letters say and of the documents that were issued."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Instant, Model
from app.editions.models import Edition
from app.registrations.models import Registration


class DocumentKind(StrEnum):
    """What a document is."""

    INVITATION = "invitation"
    VISA_SUPPORT = "visa_support"
    BADGE = "badge"
    CERTIFICATE = "certificate"


LETTERS = (DocumentKind.INVITATION, DocumentKind.VISA_SUPPORT, DocumentKind.CERTIFICATE)
"""Kinds whose words an organiser writes; a badge has none."""

INITIAL = {
    DocumentKind.INVITATION: "I",
    DocumentKind.VISA_SUPPORT: "V",
    DocumentKind.BADGE: "B",
    DocumentKind.CERTIFICATE: "C",
}


def _code() -> str:
    return secrets.token_urlsafe(12)


class DocumentText(Model):
    """What one kind of document says at one edition, and who signs it."""

    __table_args__ = (UniqueConstraint("edition_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    kind: Mapped[DocumentKind] = mapped_column(Enum(DocumentKind, native_enum=False, length=15))
    issuer: Mapped[str] = mapped_column(String(200))
    signatory: Mapped[str] = mapped_column(String(200))
    signatory_title: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text)
    modified_at: Mapped[Instant]
    edition: Mapped[Edition] = relationship()


class IssuedDocument(Model):
    """One document of one person: its number, and the code that vouches for it.

    The paper itself is set anew whenever it is fetched, so no copy of anybody's data is kept.
    """

    __table_args__ = (
        UniqueConstraint("edition_id", "kind", "number"),
        Index(
            "one_valid_document",
            "registration_id",
            "kind",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    kind: Mapped[DocumentKind] = mapped_column(Enum(DocumentKind, native_enum=False, length=15))
    number: Mapped[int]  # from 1 within the edition and the kind
    code: Mapped[str] = mapped_column(String(24), unique=True, default=_code)
    issued_at: Mapped[Instant]
    printed_at: Mapped[datetime | None]  # of a badge: when it was last on a sheet
    revoked_at: Mapped[datetime | None]
    registration: Mapped[Registration] = relationship(lazy="joined", innerjoin=True)
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)

    @property
    def reference(self) -> str:
        """The number as it is printed: ``symposium-2027/V-0012``."""
        return f"{self.edition.slug}/{INITIAL[self.kind]}-{self.number:04d}"
