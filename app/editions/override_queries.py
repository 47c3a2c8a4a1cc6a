"""Reads over what people decided of occurrences: days moved or skipped by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.database import db
from app.editions.models import Edition, EditionOverride
from app.series.models import Series
from scheduler.lifecycle import SETTLED
from scheduler.planning import Override

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


def decided() -> list[Override]:
    """Return every date moved or skipped by hand, as a plan sees it."""
    rows = db.session.execute(
        select(
            Series.slug,
            EditionOverride.recurrence_id,
            EditionOverride.dtstart,
            EditionOverride.dtend,
            EditionOverride.reason,
        )
        .join(EditionOverride.series)
        .order_by(EditionOverride.id)
    )
    return [Override(*row) for row in rows]


def every() -> Sequence[EditionOverride]:
    """Return every date moved or skipped by hand."""
    return db.session.scalars(select(EditionOverride).order_by(EditionOverride.id)).all()


def in_force(series_id: int) -> Sequence[EditionOverride]:
    """Return what was decided by hand in a series and holds: what is settled, no plan moves."""
    settled = select(Edition.recurrence_id).where(
        Edition.series_id == series_id,
        Edition.recurrence_id.is_not(None),
        Edition.status.in_(SETTLED),
    )
    return db.session.scalars(
        select(EditionOverride)
        .where(
            EditionOverride.series_id == series_id,
            EditionOverride.recurrence_id.not_in(settled),
        )
        .order_by(EditionOverride.recurrence_id)
    ).all()


def skipped(today: date) -> Sequence[EditionOverride]:
    """Return the occurrences from ``today`` on that people skip, earliest first."""
    return db.session.scalars(
        select(EditionOverride)
        .where(EditionOverride.dtstart.is_(None), EditionOverride.recurrence_id >= today)
        .order_by(EditionOverride.recurrence_id, EditionOverride.id)
        .options(joinedload(EditionOverride.series), joinedload(EditionOverride.person))
    ).all()


def find_skipped(override_id: int) -> EditionOverride | None:
    """Return a skipped occurrence by its number."""
    return db.session.scalar(
        select(EditionOverride).where(
            EditionOverride.id == override_id, EditionOverride.dtstart.is_(None)
        )
    )


def of_edition(edition: Edition) -> EditionOverride | None:
    """Return the override behind this edition's dates."""
    return find(edition.series_id, edition.recurrence_id)


def find(series_id: int, recurrence_id: date | None) -> EditionOverride | None:
    """Return what was decided by hand of one occurrence."""
    return db.session.scalar(
        select(EditionOverride).filter_by(series_id=series_id, recurrence_id=recurrence_id)
    )
