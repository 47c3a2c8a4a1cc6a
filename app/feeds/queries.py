"""Reads for feeds: which editions stand in one, and since when it is as it is."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app import publication
from app.database import db
from app.editions import queries as editions
from app.editions.models import Edition
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


def editions_in_feed(
    today: date, *, series: str | None = None, region: str | None = None, slug: str | None = None
) -> Sequence[Edition]:
    """Return the editions of one feed, earliest first; no filter means all."""
    query = editions.public(series=series, region=region).where(editions.in_feeds(today))
    if slug is not None:
        query = query.where(Edition.slug == slug)
    return db.session.scalars(query).all()


def last_change(today: date) -> datetime | None:
    """Return when any feed last changed: by a write, or since a cancelled edition left it."""
    written = publication.last_change()
    left_on = db.session.scalar(
        select(func.max(Edition.dtend)).where(
            editions.is_public(),
            Edition.status == EditionStatus.CANCELLED,
            Edition.dtend <= today - editions.CANCELLED_STAY,
        )
    )
    if written is None or left_on is None:
        return written
    left_at = datetime.combine(left_on + editions.CANCELLED_STAY, time.min, UTC)
    return max(written, left_at)
