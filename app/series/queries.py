"""Reads over series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, select

from app.database import db
from app.series.models import Series, SeriesKind

if TYPE_CHECKING:
    from collections.abc import Sequence

# The order in which people name them: the symposium first, the regions last.
_ORDER = case({kind.name: place for place, kind in enumerate(SeriesKind)}, value=Series.kind)


def all_series(*, locked: bool = False) -> Sequence[Series]:
    """Return every series, the symposium first, then workshops, then regions by title.

    ``locked``: as they are now, and nobody else changes them until the transaction ends.
    """
    query = select(Series).order_by(_ORDER, Series.title)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).all()


def find(slug: str) -> Series | None:
    """Return the series with this slug."""
    return db.session.scalar(select(Series).filter_by(slug=slug))
