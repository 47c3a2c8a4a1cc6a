"""Mail as rows: written in the transaction of their cause, delivered by the worker.

A letter is data (sentences, one action, a date block); one pair of templates gives every mail
the same look. Delivery is by SMTP where ``SYMPOSIA_SMTP_URL`` is set, else into
``instance/mail/``. A row is claimed for a few minutes before it is sent, so two workers never
send it both; should one die between sending and noting it, the same Message-ID goes out again.
"""

from __future__ import annotations

import re
import smtplib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from flask import current_app
from sqlalchemy import (
    Index,
    LargeBinary,
    String,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from app import database, disk
from app.database import Instant, Model, db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, CursorResult

    from config import Config

# Before any clock: causes are dated by the domain's clock, which may be shifted, or to the second.
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
HELD_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)  # by an organiser
HELD = "Held: a backup was put back, and this may have been sent before."
CLAIM_LIFE = timedelta(minutes=5)
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(minutes=10)
SMTP_TIMEOUT_SECONDS = 20
PENDING_KEY = "outbox_ids"
FILE_NAME = re.compile(r"\d{8}T\d{6}Z-(\d+)\.eml")  # of a mail with this number; see `_path_of`
SUBJECT_MAX = 300  # a title, a city and a country at their longest are more


class OutboxMessage(Model):
    """One mail to one address."""

    __table_args__ = (Index("ix_outbox_message_due", "sent_at", "due_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    to_address: Mapped[str] = mapped_column(String(254), index=True)
    subject: Mapped[str] = mapped_column(String(SUBJECT_MAX))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    is_secret: Mapped[bool] = mapped_column(default=False)
    calendar_method: Mapped[str] = mapped_column(String(10), default="")  # REQUEST, CANCEL
    calendar: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]  # when to try next; also ends a claim
    attempt_count: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(500), default="")

    @property
    def is_held(self) -> bool:
        """Whether it leaves only once an organiser says so."""
        return self.sent_at is None and self.due_at >= HELD_UNTIL


_HELD = and_(OutboxMessage.sent_at.is_(None), OutboxMessage.due_at >= HELD_UNTIL)
_ADD_MESSAGE = insert(Model.metadata.tables["outbox_message"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail says: plain sentences first, then one thing to do and what comes next."""

    subject: str
    paragraphs: Sequence[str]
    action: tuple[str, str] | None = None  # what it says, where it leads
    days: tuple[date, date] | None = None  # of the event, end exclusive, for the date block
    event: str = ""
    place: str = ""
    closing: Sequence[str] = field(default=())
    is_secret: bool = False  # its link signs the reader in
    invitation: tuple[str, bytes] | None = None  # METHOD and calendar (RFC 6047)


def address(endpoint: str, **values: Any) -> str:  # noqa: ANN401 - url values
    """Return the full address of a page, whether or not a request is being answered."""
    base = urlsplit(settings().base_url)
    urls = current_app.url_map.bind(base.netloc, base.path or "/", url_scheme=base.scheme)
    return urls.build(endpoint, values, force_external=True)


def settings() -> Config:
    """Return the installation's settings."""
    found: Config = current_app.config["SYMPOSIA"]
    return found


def post(to_address: str, letter: Letter, *, now: datetime) -> int:
    """Put ``letter`` into the outbox, in the caller's transaction; return the message's id.

    Raises:
        RuntimeError: the transaction does not write.
    """
    session = db.session()
    database.insist_on_writing(session)
    method, calendar = letter.invitation or ("", None)
    # A row, not an entity: a letter is often written while others wait for the lock.
    added = session.execute(
        _ADD_MESSAGE,
        {
            "message_id": f"<{uuid.uuid4()}@{settings().mail_from.rpartition('@')[2]}>",
            "to_address": to_address,
            # One line: a break would begin another header, and such a mail is never sent.
            "subject": " ".join(letter.subject.splitlines())[:SUBJECT_MAX],
            "text": _render("mail/letter.txt", letter),
            "html": _render("mail/letter.html", letter),
            "is_secret": letter.is_secret,
            "calendar_method": method,
            "calendar": calendar,
            "created_at": now,
            "due_at": AT_ONCE,
        },
    )
    message_id: int = added.inserted_primary_key[0]  # type: ignore[attr-defined]
    session.info.setdefault(PENDING_KEY, []).append(message_id)
    return message_id


def _render(template: str, letter: Letter) -> str:
    # Past Flask's context, which serves pages: a letter has no reader yet, and it is written
    # while others wait for the lock.
    return current_app.jinja_env.get_template(template).render(letter=letter)


def due(*, now: datetime, limit: int = 500) -> Sequence[int]:
    """Return the ids of messages whose time has come, oldest first."""
    return db.session.scalars(
        select(OutboxMessage.id)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.due_at <= now)
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    ).all()


def latest(limit: int = 100) -> Sequence[OutboxMessage]:
    """Return the newest messages, for the desk."""
    return db.session.scalars(
        select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(limit)
    ).all()


def held(limit: int = 100) -> Sequence[OutboxMessage]:
    """Return the newest mails that leave only once an organiser says so, for the desk."""
    return db.session.scalars(
        select(OutboxMessage).where(_HELD).order_by(OutboxMessage.id.desc()).limit(limit)
    ).all()


def held_count() -> int:
    """Return how many mails leave only once an organiser says so."""
    return db.session.scalar(select(func.count()).where(_HELD)) or 0


def to(address: str) -> Sequence[OutboxMessage]:
    """Return the mails to ``address``, oldest first."""
    return db.session.scalars(
        select(OutboxMessage).filter_by(to_address=address).order_by(OutboxMessage.id)
    ).all()


def find(message_id: int) -> OutboxMessage | None:
    """Return one message."""
    return db.session.get(OutboxMessage, message_id)


def deliver(message_id: int, *, now: datetime) -> bool:
    """Send one message if it is due; commits. Return whether it was sent just now.

    Safe to repeat and to run in several processes at once.
    """
    message = _claim(message_id, now=now)
    if message is None:
        return False
    error = ""
    try:
        _transmit(message)
    except (OSError, smtplib.SMTPException) as failure:
        error = f"{type(failure).__name__}: {failure}"[:500]
    database.write(message)
    message.error = error
    if error:
        delay = min(FIRST_RETRY * 2 ** min(message.attempt_count - 1, 12), LAST_RETRY)
        message.due_at = now + delay
    else:
        message.sent_at = now
    db.session.commit()
    return not error


def deliver_due(*, now: datetime) -> int:
    """Send every message whose time has come; commits each. Return how many were sent."""
    ids = due(now=now)
    db.session.rollback()
    return sum(deliver(message_id, now=now) for message_id in ids)


def hold_unsent() -> int:
    """Hold every mail that has not left, and delete those with a sign-in link; return how many."""
    _delete(OutboxMessage.sent_at.is_(None), OutboxMessage.is_secret.is_(True))
    return _hold(OutboxMessage.sent_at.is_(None))


def hold_new() -> int:
    """Hold what was put into the outbox in this transaction; return how many mails that are."""
    return _hold(OutboxMessage.id.in_(db.session.info.pop(PENDING_KEY, ())))


def _hold(*where: ColumnElement[bool]) -> int:
    held = update(OutboxMessage).where(*where).values(due_at=HELD_UNTIL, error=HELD)
    return cast("CursorResult[Any]", db.session.execute(held)).rowcount


def release(message: OutboxMessage) -> None:
    """Let a mail leave that was held; one that was not, or has left, stays as it is."""
    database.write(message)
    if message.is_held:
        message.due_at, message.error = AT_ONCE, ""
        db.session.info.setdefault(PENDING_KEY, []).append(message.id)
        db.session.flush()


def erase(words: Sequence[str]) -> None:
    """Delete every mail to, or about, an address or a full name; sent or not."""
    texts = (OutboxMessage.subject, OutboxMessage.text, OutboxMessage.html)
    named = [text.icontains(word, autoescape=True) for text in texts for word in words]
    _delete(or_(OutboxMessage.to_address.in_(words), *named))


def erase_sent(*, before: datetime, secret: bool) -> int:
    """Delete what was sent before a moment; return how many mails that were.

    ``secret``: those whose link signed somebody in, else the others.
    """
    return _delete(
        OutboxMessage.sent_at < before,
        OutboxMessage.is_secret.is_(secret),
    )


def erase_stray_files() -> int:
    """Delete files of mails that are no more; one may be written while its row is deleted.

    What else somebody has put there is none of ours.
    """
    known = set(db.session.scalars(select(OutboxMessage.id)))
    files = (settings().instance_path / "mail").glob("*.eml*")
    named = ((path, FILE_NAME.match(path.name)) for path in files)
    return disk.drop_strays(path for path, name in named if name and int(name[1]) not in known)


def _delete(*where: ColumnElement[bool]) -> int:
    """Delete rows now, and the files of mails once the transaction is safe."""
    rows = db.session.execute(
        select(OutboxMessage.id, OutboxMessage.created_at).where(*where)
    ).all()
    ids = [row.id for row in rows]
    db.session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(ids)))
    for row in rows:
        disk.drop(_path_of(row.id, row.created_at))
    return len(rows)


def _claim(message_id: int, *, now: datetime) -> OutboxMessage | None:
    database.write()
    message = db.session.scalar(
        select(OutboxMessage)
        .where(
            OutboxMessage.id == message_id,
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.due_at <= now,
        )
        .with_for_update(skip_locked=True)
    )
    if message is not None:
        message.attempt_count += 1
        message.due_at = now + CLAIM_LIFE
    db.session.commit()
    return message


def _transmit(message: OutboxMessage) -> None:
    mail = EmailMessage()
    mail["From"] = f"Symposia <{settings().mail_from}>"
    mail["To"] = message.to_address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    if message.calendar is not None:
        _add_calendar(mail, message.calendar, message.calendar_method)
    if settings().smtp_url is None:
        _write_file(message, mail)
    else:
        _send_by_smtp(settings().smtp_url or "", mail)


def _add_calendar(mail: EmailMessage, calendar: bytes, method: str) -> None:
    """Add an invitation as mail programs want it: a part of the body, and the same as a file."""
    # As bytes: given text, the library would make its line ends other than the standard's.
    part: dict[str, Any] = {
        "maintype": "text",
        "subtype": "calendar",
        "params": {"method": method, "charset": "utf-8"},
    }
    mail.add_alternative(calendar, **part)
    mail.add_attachment(calendar, filename="invite.ics", **part)


def _write_file(message: OutboxMessage, mail: EmailMessage) -> None:
    path = _path_of(message.id, message.created_at)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Renamed into place: a reader of the folder never sees half a mail.
    part = Path(f"{path}.part")
    part.touch(mode=0o600)  # its links sign people in
    part.write_bytes(mail.as_bytes())
    part.replace(path)


def _path_of(message_id: int, created_at: datetime) -> Path:
    stamp = created_at.strftime("%Y%m%dT%H%M%SZ")
    return settings().instance_path / "mail" / f"{stamp}-{message_id:06d}.eml"


def _send_by_smtp(url: str, mail: EmailMessage) -> None:
    target = urlsplit(url)
    secure = target.scheme == "smtps"
    connect = smtplib.SMTP_SSL if secure else smtplib.SMTP
    port = target.port or (465 if secure else 25)
    with connect(target.hostname or "localhost", port, timeout=SMTP_TIMEOUT_SECONDS) as server:
        if target.scheme == "smtp+starttls":
            server.starttls()
        if target.username:
            server.login(unquote(target.username), unquote(target.password or ""))
        server.send_message(mail)
