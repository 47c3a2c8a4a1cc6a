"""The audit log as a page: chosen by who, what, of what, when and by words; the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import select

from app import audit
from app.accounts import queries as accounts
from app.accounts.models import Person
from app.audit import AuditEntry
from app.database import db
from app.forms import clean
from app.i18n import gettext as _
from app.paging import Pages
from app.registrations.models import Registration
from app.site.history import KINDS, WORDS, Told, tell
from app.site.subjects import Named, subjects

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """Which entries are to be shown, as the address says; what makes no sense is no wish."""

    who: str = ""
    action: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    words: str = ""
    before: int = 0  # the number of an entry: only what is older
    after: int = 0  # only what is newer

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Wish:
        """Read the wish from an address."""
        return cls(
            who=clean(args.get("who"))[:254],
            action=args.get("action", "") if args.get("action") in WORDS else "",
            kind=args.get("kind", "") if args.get("kind") in KINDS else "",
            since=_day(args.get("since")),
            until=_day(args.get("until")),
            words=clean(args.get("words"))[:200],
            before=_number(args.get("before")),
            after=_number(args.get("after")),
        )

    def url(self, **changes: object) -> str:
        """Return the address of this wish, other where ``changes`` say so."""
        names = ("who", "action", "kind", "since", "until", "words")
        wished: dict[str, Any] = {name: getattr(self, name) or None for name in names} | changes
        return url_for("desk.history", **wished)


@dataclass(frozen=True, slots=True)
class Line:
    """One act: in words, by whom and of what."""

    told: Told
    who: str
    subject: Named


def lines_and_pages(wish: Wish, *, may_organise: bool) -> tuple[list[Line], Pages]:
    """Return a page of acts, the newest first, and the way to those around it.

    Who may not organise is told the names of staff alone: who takes part is the organisers' to
    know, and so one cannot ask for it either.
    """
    staff = None if may_organise else {grant.person_id for grant in accounts.staff()}
    entries, is_first, is_last = _entries(wish, staff)
    people = accounts.display_names({entry.person_id for entry in entries})
    if staff is not None:
        people = {key: name for key, name in people.items() if key in staff}
    named = subjects(entries, people)
    lines = [
        Line(told, _actor(entry, people, may_organise=may_organise), named[entry.id])
        for entry, told in zip(entries, tell(entries), strict=True)
    ]
    text = _("acts %(first)s–%(last)s", first=entries[0].id, last=entries[-1].id) if entries else ""
    newer = wish.url(after=entries[0].id) if entries and not is_first else None
    older = wish.url(before=entries[-1].id) if entries and not is_last else None
    return lines, Pages(text, newer, older, _("Newer"), _("Older"))


def _entries(wish: Wish, staff: set[int] | None) -> tuple[list[AuditEntry], bool, bool]:
    """Return a page, and whether it is the first and the last; by keys, however long the log."""
    query = select(AuditEntry).where(*_conditions(wish, staff)).limit(PAGE_LENGTH + 1)
    audit.settle()
    if wish.after:
        newer = query.where(AuditEntry.id > wish.after).order_by(AuditEntry.id)
        found = list(db.session.scalars(newer))
        is_first = len(found) <= PAGE_LENGTH
        return found[:PAGE_LENGTH][::-1], is_first, False
    if wish.before:
        query = query.where(AuditEntry.id < wish.before)
    found = list(db.session.scalars(query.order_by(AuditEntry.id.desc())))
    return found[:PAGE_LENGTH], not wish.before, len(found) <= PAGE_LENGTH


def _conditions(wish: Wish, staff: set[int] | None) -> list[Any]:
    conditions: list[Any] = []
    if wish.action:
        conditions.append(AuditEntry.action == wish.action)
    if wish.kind:
        conditions.append(AuditEntry.subject_kind == wish.kind)
    if wish.since:
        conditions.append(AuditEntry.at >= _midnight(wish.since))
    if wish.until:
        conditions.append(AuditEntry.at < _midnight(wish.until) + timedelta(days=1))
    if wish.words:
        conditions.append(AuditEntry.reason.icontains(wish.words, autoescape=True))
    if wish.who:
        named = select(Person.id).where(
            Person.name.icontains(wish.who, autoescape=True)
            | Person.email.icontains(wish.who, autoescape=True)
        )
        if staff is not None:
            named = named.where(Person.id.in_(staff))
        conditions.append(AuditEntry.person_id.in_(named))
    return conditions


def _actor(entry: AuditEntry, people: Mapping[int | None, str], *, may_organise: bool) -> str:
    if entry.actor_salt is None:
        return _("somebody erased")
    if entry.person_id is None:
        return _("the system")
    if entry.subject_kind == Registration.__tablename__ and not may_organise:
        return _("a participant")
    return people.get(entry.person_id, _("a participant"))


def filter_fields(wish: Wish) -> list[dict[str, Any]]:
    """Return the fields of the page's filters."""
    actions = sorted(((key, str(words)) for key, words in WORDS.items()), key=lambda pair: pair[1])
    kinds = sorted(((key, str(words)) for key, words in KINDS.items()), key=lambda pair: pair[1])
    return [
        {"name": "words", "label": _("Reason"), "value": wish.words},
        {"name": "who", "label": _("By"), "value": wish.who},
        {
            "name": "action",
            "label": _("What"),
            "value": wish.action,
            "options": [("", _("Every act")), *actions],
        },
        {
            "name": "kind",
            "label": _("Of"),
            "value": wish.kind,
            "options": [("", _("Everything")), *kinds],
        },
        {"name": "since", "label": _("From"), "value": wish.since, "type": "date"},
        {"name": "until", "label": _("Until"), "value": wish.until, "type": "date"},
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day < date.max else None


def _number(text: str | None) -> int:
    # A longer number is beyond what a column counts to.
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - as said
