"""Files of a form that has to be sent once more: kept, so that nobody chooses them again.

A browser empties the field of a file whenever a form comes back. What was sent is stored for the
person who sent it; the form carries its seal. Nothing refers to it: after a day it is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flask import current_app, request
from flask_wtf.file import FileField
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from wtforms.widgets import FileInput

from app import database, uploads
from app.database import db
from app.i18n import gettext as _
from app.uploads import StoredFile
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

HELD_SECONDS = int(uploads.UNREFERRED_KEPT.total_seconds())
HELD_MAX = 30  # of a person; no form asks for so many, and somebody could send them all day


def hold(content: bytes, name: str, *, person_id: int, now: datetime) -> StoredFile:
    """Store a file for the person who sent it, the oldest go; the write lock is held."""
    stored = uploads.store(content, name, now=now)
    stored.held_for_id = person_id
    db.session.flush()
    held = select(StoredFile).filter_by(held_for_id=person_id).order_by(StoredFile.id.desc())
    for old in db.session.scalars(held.offset(HELD_MAX)).all():
        uploads.remove(old)
    return stored


def drop_all(person_id: int) -> None:
    """Delete what is stored for this person's forms; the write lock is held."""
    for stored in db.session.scalars(select(StoredFile).filter_by(held_for_id=person_id)).all():
        uploads.remove(stored)


def seal(stored: StoredFile, *place: object) -> str:
    """Return what a form carries in the place of a file; it is good in ``place`` alone."""
    return str(_sealer().dumps([stored.stored_name, stored.name, *place]))


def unseal(sealed: str, *place: object) -> tuple[str, str] | None:
    """Return the stored name and the name of the file, nothing if the seal is not good here."""
    try:
        stored_name, name, *told = _sealer().loads(sealed, max_age=HELD_SECONDS)
    except BadSignature:
        return None
    return (str(stored_name), str(name)) if told == list(place) else None


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="held-file")


class _WithSeal(FileInput):
    """The field of a file, with the seal of what came before."""

    def __call__(self, field: Any, **attributes: object) -> Markup:  # noqa: ANN401 - wtforms' own
        shown: Markup = super().__call__(field, **attributes)
        if not field.sealed:
            return shown
        hidden = Markup('<input type="hidden" name="{}" value="{}">')
        sealed: Markup = hidden.format(field.sealed_name, field.sealed)
        return sealed + shown


class Asked:
    """A file that the form is about; whether one is there is the service's to say."""

    field_flags: ClassVar = {"required": True}

    def __call__(self, form: Any, field: Any) -> None:  # noqa: ANN401 - wtforms' own
        """Refuse nothing: a file that came before counts too."""


class HeldFileField(FileField):
    """A file that is kept when its form comes back; ``read`` says what is taken."""

    widget = _WithSeal()
    description: str

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - wtforms' own
        read: Callable[[FileStorage], bytes] = uploads.read_pdf,
        **options: Any,  # noqa: ANN401 - wtforms' own
    ) -> None:
        """Take what ``read`` takes, a PDF if nothing else is said."""
        super().__init__(*arguments, **options)
        self.read = read
        self.sealed = ""

    @property
    def sealed_name(self) -> str:
        """The name of the hidden field beside it."""
        return f"{self.name}_held"

    def process(self, formdata: Any, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - wtforms' own
        """Read the file, and the seal of one that was sent before."""
        super().process(formdata, *arguments, **options)
        self.sealed = formdata.get(self.sealed_name, "") if formdata else ""

    def sent(self, person_id: int) -> tuple[bytes, str] | None:
        """Return content and name of what this person sent, now or when the form came back.

        Raises:
            UploadError, ScanError, UploadSizeError, UploadEmptyError: it is not to be taken.
        """
        upload = self.data
        if isinstance(upload, FileStorage) and upload.filename:
            upload.stream.seek(0)
            return self.read(upload), upload.filename
        stored = self._held(person_id)
        return (stored.path.read_bytes(), stored.name) if stored is not None else None

    def keep(self, person_id: int, now: datetime) -> None:
        """Keep what was sent for the next time, and say so; commits, as its form is refused."""
        try:
            sent = self.sent(person_id)
        except DomainError:
            sent = None
        if sent is None:
            self.sealed = ""
            return
        content, name = sent
        if isinstance(self.data, FileStorage) and self.data.filename:
            database.write()
            stored = hold(content, name, person_id=person_id, now=now)
            self.sealed = seal(stored, person_id, self._place)
            name = stored.name
            db.session.commit()
        kept = _("“%(name)s” has arrived and is kept: you need not choose it again.", name=name)
        self.description = f"{self.description} {kept}".strip()

    @property
    def _place(self) -> str:
        return f"{request.path}#{self.name}"

    def _held(self, person_id: int) -> StoredFile | None:
        found = unseal(self.sealed, person_id, self._place) if self.sealed else None
        if found is None:
            return None
        stored = db.session.scalar(
            select(StoredFile).filter_by(stored_name=found[0], held_for_id=person_id)
        )
        return stored if stored is not None and stored.path.is_file() else None
