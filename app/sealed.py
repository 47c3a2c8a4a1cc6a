"""Answers and ballots that know no person: rows without a time, an order, or a hand that wrote it.

A row betrays more than its columns say: where it lies, and on PostgreSQL which transaction wrote
it (``xmin``). So each new one writes all of its kind anew, in the order of their random keys, in
one transaction, and on SQLite such a table has no row numbers of its own. Who has given theirs is
kept in a table apart. See ``docs/decisions/0019-answers-that-know-no-person.md``.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, delete, insert, select

from app.database import Model, db

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEY = String(32)
NO_ROW_NUMBERS = {"sqlite_with_rowid": False}
"""For ``__table_args__`` of a sealed table; its only key is ``id``, a :func:`random_id`."""


def random_id() -> str:
    """Return a key that tells nothing."""
    return secrets.token_hex(16)


def add(model: type[Model], within: Mapping[str, Any], **content: Any) -> None:  # noqa: ANN401 - columns
    """Add a row with ``content`` to those of ``within``, and write all of them anew."""
    table = model.__table__
    kept = db.session.execute(
        select(table.c.id, *(table.c[name] for name in content)).filter_by(**within)
    )
    rows = [dict(row) for row in kept.mappings()]
    rows.append({"id": random_id(), **content})
    db.session.execute(delete(model).filter_by(**within))
    for row in sorted(rows, key=itemgetter("id")):
        db.session.execute(insert(model).values(**within, **row))
    db.session.flush()


def digest(rows: Iterable[tuple[str, Any]]) -> str:
    """Return the SHA-256 of pairs of key and content, in the order of the keys.

    Whoever has it can tell later that nothing was added, changed or taken out.
    """
    text = json.dumps(sorted([key, content] for key, content in rows), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
