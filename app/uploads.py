"""Files that people send us: sniffed, stored outside the web root under random names."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import structlog
from flask import send_file
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from app import disk, retention
from app.database import Instant, Model, db
from app.i18n import lazy_gettext as _l
from app.outbox import settings
from scheduler.errors import N_, DomainError, GoneError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from flask import Response
    from werkzeug.datastructures import FileStorage

log = structlog.stdlib.get_logger("app.uploads")
SIZE_MAX = 10 * 1024 * 1024
STEM_LENGTH_MAX = 190  # of a name, without its ending
UNREFERRED_KEPT = timedelta(days=1)


class Kind(NamedTuple):
    """A kind of file that we take, known by its first bytes whatever it is called."""

    media_type: str
    endings: tuple[str, ...]  # the first is the one it is given on with
    magic: bytes


PDF = Kind("application/pdf", (".pdf",), b"%PDF-")
PNG = Kind("image/png", (".png",), b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"), b"\xff\xd8\xff")
KINDS = (PDF, PNG, JPEG)
# Some programs put a byte-order mark or blank lines first; nothing else may stand there, so that
# no file is a PDF to us and a page with scripts to another reader.
BEFORE_PDF = b"\xef\xbb\xbf \t\r\n"
AFTER_PDF = b"\x00 \t\r\n\x1a"
SNIFFED = 1024  # bytes that readers look at, at either end
PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<iframe")


class UploadError(DomainError):
    """A file that is not of the kind asked for."""

    message = N_("“{name}” is not a PDF file. Save the letter as PDF and choose it again.")


class ScanError(UploadError):
    """A file that is neither a document nor a picture."""

    message = N_(
        "“{name}” is neither a PDF file nor a picture (PNG or JPEG). Save it as one of these and "
        "choose it again."
    )


class UploadSizeError(DomainError):
    """A file that is larger than we take."""

    message = N_("“{name}” is larger than 10 MB. Make it smaller and choose it again.")


class UploadEmptyError(DomainError):
    """A file without content."""

    message = N_("“{name}” is empty. Choose the file again.")


class FileLostError(GoneError):
    """A file whose row is there and whose bytes are not, as after a disk was put back in part."""

    message = N_(
        "“{name}” is missing on our disk. We have noted it: whoever runs this site may find it "
        "again, and whoever sent it can send it again."
    )


class StoredFile(Model):
    """One file as it was sent; ``stored_name`` is its random name on our disk."""

    id: Mapped[int] = mapped_column(primary_key=True)
    stored_name: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(60))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[Instant]
    # Whose form it came with, until something refers to it.
    held_for_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True
    )

    @property
    def path(self) -> Path:
        """Where the bytes lie."""
        return folder() / self.stored_name


def folder() -> Path:
    """Return where files lie, each under its random name."""
    return settings().instance_path / "files"


def put_back(files: Iterable[Path]) -> None:
    """Move ``files``, each under its stored name, to where their rows look for them."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in files:
        there = folder() / path.name
        shutil.move(path, there)  # which may be on another disk
        disk.sync(there)
    disk.sync(folder())


def sniff(content: bytes) -> Kind | None:
    """Return what ``content`` is by its first bytes, ``None`` if it is nothing that we take.

    A PDF must end as one too: a page or an archive with its header is none.
    """
    head = content[:SNIFFED]
    if head.lstrip(BEFORE_PDF).startswith(PDF.magic):
        return PDF if _is_whole_pdf(content) else None
    return next((kind for kind in (PNG, JPEG) if head.startswith(kind.magic)), None)


def _is_whole_pdf(content: bytes) -> bool:
    """Whether what begins as a PDF ends as one, and is nothing else to another reader."""
    is_ended = content[-SNIFFED:].rstrip(AFTER_PDF).endswith(b"%%EOF")
    head = content[:SNIFFED].lower()
    is_page = any(tag in head for tag in PAGES)
    return is_ended and not is_page and not zipfile.is_zipfile(BytesIO(content))


def read_pdf(upload: FileStorage) -> bytes:
    """Return the bytes of an uploaded PDF.

    Raises:
        UploadError: the content is no PDF, whatever its name says.
        UploadSizeError: it is over 10 MB.
        UploadEmptyError: it has no content.
    """
    content, name = _read(upload)
    if sniff(content) is not PDF:
        raise UploadError(name=name)
    return content


def read_scan(upload: FileStorage) -> bytes:
    """Return the bytes of an uploaded PDF or picture, for what people photograph or scan.

    Raises:
        ScanError: the content is neither, whatever its name says.
        UploadSizeError: it is over 10 MB.
        UploadEmptyError: it has no content.
    """
    content, name = _read(upload)
    if sniff(content) is None:
        raise ScanError(name=name)
    return content


def _read(upload: FileStorage) -> tuple[bytes, str]:
    name = (upload.filename or "")[-120:]
    content = upload.stream.read(SIZE_MAX + 1)
    if not content:
        raise UploadEmptyError(name=name)
    if len(content) > SIZE_MAX:
        raise UploadSizeError(name=name)
    return content, name


def store(content: bytes, name: str, *, now: datetime) -> StoredFile:
    """Keep ``content`` and return its row; a rollback takes the file away again.

    Raises:
        ScanError: it is nothing that we take.
    """
    kind = sniff(content)
    if kind is None:
        raise ScanError(name=name[-120:])
    stored = StoredFile(
        stored_name=secrets.token_hex(24),
        name=plain_name(name, kind),
        media_type=kind.media_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_at=now,
    )
    disk.write(stored.path, content)
    db.session.add(stored)
    db.session.flush()
    return stored


def plain_name(name: str, kind: Kind = PDF) -> str:
    """Return the name under which a file is given on, whatever its sender called it.

    A control character breaks the header it is sent in, a direction mark hides its true ending,
    and any ending but that of its content lets the reader's computer open it as something else.

    >>> plain_name("../letters/Invitation.html")
    'Invitation.html.pdf'
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in last if character.isprintable()).strip()
    ending = next((end for end in kind.endings if kept.lower().endswith(end)), "")
    stem = kept.removesuffix(kept[-len(ending) :]) if ending else kept
    return f"{stem[-STEM_LENGTH_MAX:] or 'letter'}{kind.endings[0]}"


def send(stored: StoredFile) -> Response:
    """Answer with the file as an attachment; the view has checked the permission.

    Raises:
        FileLostError: the file is not on our disk.
    """
    if not stored.path.is_file():
        log.error("a stored file is missing", file=stored.id)
        raise FileLostError(name=stored.name)
    kind = next(kind for kind in KINDS if kind.media_type == stored.media_type)
    answer = send_file(
        stored.path,
        mimetype=kind.media_type,
        as_attachment=True,
        download_name=plain_name(stored.name, kind),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def remove(stored: StoredFile) -> None:
    """Delete a file and its row; nothing may refer to it any more."""
    disk.drop(stored.path)
    db.session.delete(stored)
    db.session.flush()


@retention.rule(_l("Files that nothing refers to any more"), _l("a day"))
def _let_go_of_unreferred(now: datetime) -> int:
    """Delete what was taken out of an offer or an application, and what has no row."""
    column = StoredFile.__table__.c.id
    references = [
        key.parent
        for table in Model.metadata.tables.values()
        for key in table.foreign_keys
        if key.column is column
    ]
    unreferred = db.session.scalars(
        select(StoredFile).where(
            StoredFile.uploaded_at < now - UNREFERRED_KEPT,
            *(StoredFile.id.not_in(select(it).where(it.is_not(None))) for it in references),
        )
    ).all()
    for stored in unreferred:
        remove(stored)
    known = set(db.session.scalars(select(StoredFile.stored_name)))
    return len(unreferred) + disk.drop_strays(
        path for path in folder().glob("*") if path.name not in known
    )
