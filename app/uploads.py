"""Files that people send us: sniffed, stored outside the web root under random names."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from flask import send_file
from sqlalchemy import String, event
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Instant, Model, db
from app.outbox import settings
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from flask import Response
    from werkzeug.datastructures import FileStorage

SIZE_MAX = 10 * 1024 * 1024
STEM_LENGTH_MAX = 190  # of a name, without its ending
PENDING_KEY = "uploaded_paths"


class UploadError(DomainError):
    """A file that is not of the kind asked for."""

    message = N_("“{name}” is not a PDF file. Save the letter as PDF and choose it again.")


class UploadSizeError(DomainError):
    """A file that is larger than we take."""

    message = N_("“{name}” is larger than 10 MB. Make it smaller and choose it again.")


class UploadEmptyError(DomainError):
    """A file without content."""

    message = N_("“{name}” is empty. Choose the file again.")


class StoredFile(Model):
    """One file as it was sent; ``stored_name`` is its random name on our disk."""

    id: Mapped[int] = mapped_column(primary_key=True)
    stored_name: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(60))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[Instant]

    @property
    def path(self) -> Path:
        """Where the bytes lie."""
        return settings().instance_path / "files" / self.stored_name


def read_pdf(upload: FileStorage) -> bytes:
    """Return the bytes of an uploaded PDF.

    Raises:
        UploadError: the content is no PDF, whatever its name says.
        UploadSizeError: it is over 10 MB.
        UploadEmptyError: it has no content.
    """
    name = (upload.filename or "")[-120:]
    content = upload.stream.read(SIZE_MAX + 1)
    if not content:
        raise UploadEmptyError(name=name)
    if len(content) > SIZE_MAX:
        raise UploadSizeError(name=name)
    # Readers accept a header within the first 1024 bytes (ISO 32000-1, annex H).
    if b"%PDF-" not in content[:1024]:
        raise UploadError(name=name)
    return content


def store_pdf(content: bytes, name: str, *, now: datetime) -> StoredFile:
    """Keep ``content`` and return its row; a rollback takes the file away again."""
    stored = StoredFile(
        stored_name=secrets.token_hex(24),
        name=plain_name(name),
        media_type="application/pdf",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_at=now,
    )
    stored.path.parent.mkdir(parents=True, exist_ok=True)
    stored.path.write_bytes(content)
    db.session.info.setdefault(PENDING_KEY, []).append(stored.path)
    db.session.add(stored)
    db.session.flush()
    return stored


def plain_name(name: str) -> str:
    """Return the name under which a PDF is given on, whatever its sender called it.

    A control character breaks the header it is sent in, a direction mark hides its true ending,
    and any ending but ``.pdf`` lets the reader's computer open it as something else.

    >>> plain_name("../letters/Invitation.html")
    'Invitation.html.pdf'
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in last if character.isprintable()).strip()
    stem = kept[:-4] if kept.lower().endswith(".pdf") else kept
    return f"{stem[-STEM_LENGTH_MAX:] or 'letter'}.pdf"


def send(stored: StoredFile) -> Response:
    """Answer with the file as an attachment; the view has checked the permission."""
    answer = send_file(
        stored.path,
        mimetype=stored.media_type,
        as_attachment=True,
        download_name=plain_name(stored.name),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@event.listens_for(Session, "after_commit")
def _keep(session: Session) -> None:
    session.info.pop(PENDING_KEY, None)


@event.listens_for(Session, "after_rollback")
def _discard(session: Session) -> None:
    for path in session.info.pop(PENDING_KEY, ()):
        path.unlink(missing_ok=True)
