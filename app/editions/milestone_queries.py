"""Reads over milestones: the steps of templates, and the days of editions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from app.database import db
from app.editions.models import Edition, EditionMilestone, EditionSchedule, MilestoneStep
from app.editions.queries import CANCELLED_STAY, is_public, public
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from app.series.models import Series


def steps_of(series_ids: Sequence[int]) -> Sequence[MilestoneStep]:
    """Return the steps of these series' own templates, in order."""
    return db.session.scalars(
        select(MilestoneStep)
        .where(MilestoneStep.series_id.in_(series_ids))
        .order_by(MilestoneStep.series_id, MilestoneStep.position)
    ).all()


def of_editions(edition_ids: Sequence[int]) -> Sequence[EditionMilestone]:
    """Return the milestones of these editions, each edition's in order."""
    return db.session.scalars(
        select(EditionMilestone)
        .where(EditionMilestone.edition_id.in_(edition_ids))
        .order_by(EditionMilestone.edition_id, EditionMilestone.position)
    ).all()


def find(edition: Edition, key: str) -> EditionMilestone | None:
    """Return one milestone of ``edition`` that its template still has."""
    return db.session.scalar(
        select(EditionMilestone).filter_by(edition_id=edition.id, key=key, is_dropped=False)
    )


def schedule_of(edition: Edition) -> EditionSchedule | None:
    """Return what the milestones of ``edition`` are counted from."""
    return db.session.get(EditionSchedule, edition.id)


def decision_days(edition_ids: Sequence[int]) -> dict[int, date]:
    """Return by which day offers are decided on, for those of these editions that have one."""
    rows = db.session.execute(
        select(EditionSchedule.edition_id, EditionSchedule.decide_by).where(
            EditionSchedule.edition_id.in_(edition_ids), EditionSchedule.decide_by.is_not(None)
        )
    )
    return {edition_id: day for edition_id, day in rows if day is not None}


def editions_with_schedule(
    today: date, *, series: Series | None = None, without_milestones: bool = False
) -> Sequence[Edition]:
    """Return the editions that are worked on and not over, in the order to lock them."""
    query = (
        select(Edition)
        .join(EditionSchedule, EditionSchedule.edition_id == Edition.id)
        .where(
            Edition.status != EditionStatus.CANCELLED,
            or_(Edition.dtend > today, Edition.status == EditionStatus.POSTPONED),
        )
        .order_by(Edition.id)
    )
    if series is not None:
        query = query.where(Edition.series_id == series.id)
    if without_milestones:
        has_some = select(EditionMilestone.id).where(EditionMilestone.edition_id == Edition.id)
        query = query.where(~has_some.exists())
    return db.session.scalars(query).all()


def told(
    today: date,
    *,
    series: str | None = None,
    region: str | None = None,
    edition_ids: Collection[int] | None = None,
) -> Sequence[tuple[EditionMilestone, Edition]]:
    """Return the milestones that stand in the public feed, earliest first, each with its edition.

    Those of a cancelled edition stay until it would have been over for 180 days.
    """
    query = (
        select(EditionMilestone, Edition)
        .join(Edition, Edition.id == EditionMilestone.edition_id)
        .where(
            is_public(),
            EditionMilestone.told_on.is_not(None),
            or_(
                Edition.status != EditionStatus.CANCELLED,
                Edition.dtend > today - CANCELLED_STAY,
            ),
        )
        .order_by(EditionMilestone.told_on, EditionMilestone.uid)
    )
    if series or region:
        chosen = public(series=series, region=region).with_only_columns(Edition.id).order_by(None)
        query = query.where(Edition.id.in_(chosen))
    if edition_ids is not None:
        query = query.where(Edition.id.in_(edition_ids))
    return [(milestone, edition) for milestone, edition in db.session.execute(query)]
