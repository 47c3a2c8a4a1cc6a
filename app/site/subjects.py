"""What the acts in the audit log were done to: by name, with an address where it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import select

from app.accounts.models import Person
from app.database import db
from app.editions.models import Edition, KnownEvent
from app.hosting.models import HostingInterest, HostingOffer
from app.hosting.need_models import EngagementNeed
from app.i18n import gettext as _
from app.registrations.models import Registration
from app.series.models import Series
from app.site.history import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.audit import AuditEntry

Named = tuple[str, str]  # what it is called, and its address or nothing


def subjects(
    entries: Sequence[AuditEntry], people: Mapping[int | None, str] | None = None
) -> dict[int, Named]:
    """Return what the entries are about, by their numbers; one query for each kind of thing.

    Of people, those are named whose names are given.
    """
    named: dict[tuple[str, int], Named] = {}
    for kind in {entry.subject_kind for entry in entries}:
        ids = {entry.subject_id for entry in entries if entry.subject_kind == kind}
        if kind in NAMERS:
            table, name = NAMERS[kind]
            rows = db.session.scalars(select(table).where(table.id.in_(ids)))
            named |= {(kind, row.id): name(row) for row in rows}
        elif kind == Person.__tablename__:
            named |= {(kind, key): ((people or {}).get(key, ""), "") for key in ids}
    return {
        entry.id: _named(entry, named.get((entry.subject_kind, entry.subject_id), ("", "")))
        for entry in entries
    }


def _named(entry: AuditEntry, found: Named) -> Named:
    kind = str(KINDS.get(entry.subject_kind, ""))
    if entry.is_erased:
        return _("%(kind)s, erased", kind=kind), ""
    return (f"{kind}: {found[0]}" if found[0] else kind), found[1]


NAMERS: dict[str, tuple[type[Any], Callable[[Any], Named]]] = {
    table.__tablename__: (table, name)
    for table, name in (
        (Edition, lambda row: (row.title, url_for("editions.manage", slug=row.slug))),
        (Series, lambda row: (row.title, url_for("site.series", slug=row.slug))),
        (
            HostingOffer,
            lambda row: (
                f"{row.country.name}, {row.edition.title}",
                url_for("hosting.offer", public_id=row.public_id),
            ),
        ),
        (
            HostingInterest,
            lambda row: (
                f"{row.country.name}, {row.series.title}",
                url_for("interests.show", public_id=row.public_id),
            ),
        ),
        (
            EngagementNeed,
            lambda row: (row.title, url_for("needs.show", public_id=row.public_id)),
        ),
        (Registration, lambda row: (row.edition.title, "")),
        (KnownEvent, lambda row: (row.name, "")),
    )
}
"""By the kind of thing: its table, and what a row is called and where it is shown."""
