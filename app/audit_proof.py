"""Proving the audit log, and taking people out of it without breaking the proof."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, or_, select, update

from app import audit
from app.audit import AuditEntry, AuditHead
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Proof:
    """What reading the whole chain found."""

    entry_count: int
    erased_count: int  # entries of which who acted, or what was done, was erased
    head: str
    fault: str = ""  # a sentence on the first entry that does not hold

    @property
    def holds(self) -> bool:
        """Whether nothing was changed, left out or cut off."""
        return not self.fault


def verify(noted_head: str = "") -> Proof:
    """Read the chain from its start; ``noted_head`` is a hash that must be part of it."""
    table = AuditEntry.__table__
    rows = db.session.execute(
        select(table).order_by(table.c.id).execution_options(yield_per=BATCH)
    ).mappings()
    entry_count, number, previous, erased_count = 0, 0, "", 0
    fault, is_met = "", not noted_head
    for row in rows:
        entry_count += 1
        fault = fault or _fault_of(row, previous)
        number, previous = row["id"], row["hash"]
        erased_count += row["actor_salt"] is None or row["salt"] is None
        is_met = is_met or previous == noted_head
    head = db.session.execute(select(AuditHead.number, AuditHead.hash)).one_or_none()
    if not fault and (head is None or tuple(head) != (number, previous)):
        fault = f"The log ends with entry {number}, but its head is entry {head and head.number}."
    if not fault and not is_met:
        fault = f"No entry has the hash {noted_head}."
    return Proof(entry_count, erased_count, previous, fault)


def _fault_of(row: Any, previous: str) -> str:  # noqa: ANN401 - a row's mapping
    """Return what is wrong with the entry that follows the hash ``previous``."""
    who = audit.actor_hash(row["actor_salt"] or "", row["person_id"])
    what = audit.content_hash(row["salt"] or "", row["subject_id"], row["reason"], row["changes"])
    is_nobody = row["actor_salt"] is None and row["person_id"] is None
    is_nothing = row["salt"] is None and (row["subject_id"], row["reason"], row["changes"]) == (
        0,
        "",
        {},
    )
    if audit.chain_hash(previous, row) != row["hash"]:
        problem = "does not follow from the entry before it"
    elif not is_nobody and who != row["actor_hash"]:
        problem = "names another person than when it was written"
    elif not is_nothing and what != row["content_hash"]:
        problem = "tells another thing than when it was written"
    else:
        return ""
    return f"Entry {row['id']} ({row['action']}) {problem}."


# -- erasing ---------------------------------------------------------------------------------


def forget(subject: Any) -> None:  # noqa: ANN401 - any mapped row with an id
    """Erase what the log tells of ``subject``; that something was done, and when, stays."""
    audit.settle()
    _erase_content(
        AuditEntry.subject_kind == subject.__tablename__, AuditEntry.subject_id == subject.id
    )


def forget_actor(person_id: int) -> None:
    """Erase who acted, wherever it was this person."""
    audit.settle()
    db.session.execute(
        update(AuditEntry)
        .where(AuditEntry.person_id == person_id)
        .values(person_id=None, actor_salt=None)
    )


def forget_words(words: Sequence[str]) -> None:
    """Erase what the log tells wherever it names one of ``words``, an address or a full name."""
    audit.settle()
    # A word of its own: who is called "Ann Lee" is not meant by "Joann Leeds".
    pattern = re.compile(
        "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words), re.IGNORECASE
    )
    spelt = [json.dumps(word)[1:-1] for word in words]  # as it stands in a column of JSON
    found = db.session.execute(
        select(AuditEntry.id, AuditEntry.reason, AuditEntry.changes).where(
            or_(
                *(AuditEntry.reason.icontains(word, autoescape=True) for word in words),
                *(
                    cast(AuditEntry.changes, String).icontains(word, autoescape=True)
                    for word in spelt
                ),
            )
        )
    ).all()
    named = [
        row.id
        for row in found
        if pattern.search(row.reason) or pattern.search(json.dumps(row.changes, ensure_ascii=False))
    ]
    if named:
        _erase_content(AuditEntry.id.in_(named))


def _erase_content(*where: Any) -> None:  # noqa: ANN401 - conditions
    db.session.execute(
        update(AuditEntry).where(*where).values(subject_id=0, reason="", changes={}, salt=None)
    )
