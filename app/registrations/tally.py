"""Counts of who sits and who waits, kept in the transaction of each change.

A registration is decided on these, so its cost does not grow with how many there are. They are
added to and taken from, never set, so that two transactions cannot lose each other's.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, event, func, insert, inspect, literal, select
from sqlalchemy.orm import Session

from app import database
from app.database import db
from app.registrations.models import Registration, SeatCount
from scheduler.lifecycle import SEATED, RegistrationStatus

if TYPE_CHECKING:
    from sqlalchemy import Executable, Select
    from sqlalchemy.orm import UOWTransaction

    from app.editions.models import Edition
    from app.registrations.models import AttendeeRole

    Cell = tuple[int, str, AttendeeRole]

WAITING = RegistrationStatus.WAITLISTED
FACTS = ("edition_id", "country_code", "role", "status")


@event.listens_for(Session, "after_flush")
def _keep(session: Session, context: UOWTransaction) -> None:  # noqa: ARG001 - the event's form
    """Count what this flush wrote: from where each row was, to where it is."""
    seated: Counter[Cell] = Counter()
    waiting: Counter[Cell] = Counter()
    for row in session.new | session.dirty | session.deleted:
        if not isinstance(row, Registration):
            continue
        if row not in session.new:
            _add(_facts(row, past=True), -1, seated, waiting)
        if row not in session.deleted:
            _add(_facts(row, past=False), 1, seated, waiting)
    for cell in sorted({*seated, *waiting}):
        if seated[cell] or waiting[cell]:
            _shift(session, cell, seated[cell], waiting[cell])


def _facts(row: Registration, *, past: bool) -> tuple[Cell, RegistrationStatus]:
    edition_id, country_code, role, status = (
        _before(row, name) if past else getattr(row, name) for name in FACTS
    )
    return (edition_id, country_code or "", role), status


def _before(row: Registration, name: str) -> Any:  # noqa: ANN401 - a column's value
    history = inspect(row).attrs[name].history
    return history.deleted[0] if history.deleted else getattr(row, name)


def _add(
    facts: tuple[Cell, RegistrationStatus], by: int, seated: Counter[Cell], waiting: Counter[Cell]
) -> None:
    cell, status = facts
    if status in SEATED:
        seated[cell] += by
    elif status is WAITING:
        waiting[cell] += by


def _shift(session: Session, cell: Cell, seated: int, waiting: int) -> None:
    connection = session.connection()
    edition_id, country_code, role = cell
    connection.execute(
        _adding(connection.dialect.name),
        {
            "edition_id": edition_id,
            "country_code": country_code,
            "role": role,
            "seated_count": seated,
            "waiting_count": waiting,
        },
    )


@cache
def _adding(dialect_name: str) -> Executable:  # noqa: ARG001 - what it hangs on
    """Return the statement that adds to a count, made once: it runs under the edition's lock."""
    row = database.inserting(SeatCount)
    adding: Executable = row.on_conflict_do_update(
        index_elements=["edition_id", "country_code", "role"],
        set_={
            "seated_count": SeatCount.seated_count + row.excluded.seated_count,
            "waiting_count": SeatCount.waiting_count + row.excluded.waiting_count,
        },
    )
    return adding


def recount(edition: Edition) -> None:
    """Count ``edition`` anew from its rows; the caller has locked it."""
    db.session.execute(delete(SeatCount).where(SeatCount.edition_id == edition.id))
    db.session.execute(
        insert(SeatCount).from_select(
            ["edition_id", "country_code", "role", "seated_count", "waiting_count"],
            counted().where(Registration.edition_id == edition.id),
        )
    )


def counted() -> Select[int, str, AttendeeRole, int, int]:
    """Return the query that counts registrations as :class:`SeatCount` does."""
    country = func.coalesce(Registration.country_code, literal(""))
    return (
        select(
            Registration.edition_id,
            country,
            Registration.role,
            func.count(case((Registration.status.in_(SEATED), 1))),
            func.count(case((Registration.status == WAITING, 1))),
        )
        .where(Registration.status.in_([*SEATED, WAITING]))
        .group_by(Registration.edition_id, country, Registration.role)
    )
