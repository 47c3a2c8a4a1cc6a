"""Reads over needs for regional engagements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.database import db
from app.hosting.models import UNDECIDED, HostingOffer
from app.hosting.need_models import EngagementNeed, NeedSupport
from scheduler.engagements import ENDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.series.models import Series


def needs() -> Sequence[EngagementNeed]:
    """Return every need, those for the nearest days first."""
    return db.session.scalars(
        select(EngagementNeed).order_by(EngagementNeed.dtstart, EngagementNeed.id)
    ).all()


def find(public_id: str) -> EngagementNeed | None:
    """Return the need with this public id."""
    return db.session.scalar(select(EngagementNeed).filter_by(public_id=public_id))


def of_edition(edition: Edition) -> EngagementNeed | None:
    """Return the need that ``edition`` was made for."""
    return db.session.scalar(select(EngagementNeed).filter_by(edition_id=edition.id))


def edition_ids() -> set[int]:
    """Return the ids of the editions that were made for needs."""
    query = select(EngagementNeed.edition_id).where(EngagementNeed.edition_id.is_not(None))
    return {edition_id for edition_id in db.session.scalars(query) if edition_id is not None}


def standing_twin(
    series: Series, title: str, *, but: EngagementNeed | None = None
) -> EngagementNeed | None:
    """Return a need of the same name for the same region, other than ``but``, that stands."""
    query = select(EngagementNeed).where(
        EngagementNeed.series_id == series.id,
        func.lower(EngagementNeed.title) == title.lower(),
        EngagementNeed.status.not_in(ENDED),
    )
    if but is not None:
        query = query.where(EngagementNeed.id != but.id)
    return db.session.scalar(query.limit(1))


def support_of(need: EngagementNeed, person: Person) -> NeedSupport | None:
    """Return the support that ``person`` gives ``need``."""
    return db.session.get(NeedSupport, (need.id, person.id))


def supports_of(need: EngagementNeed) -> Sequence[NeedSupport]:
    """Return who supports ``need``, first to last."""
    return db.session.scalars(
        select(NeedSupport)
        .filter_by(need_id=need.id)
        .order_by(NeedSupport.supported_at, NeedSupport.person_id)
    ).all()


def count_supports(need_ids: Sequence[int]) -> dict[int, int]:
    """Return how many support each of these needs."""
    rows = db.session.execute(
        select(NeedSupport.need_id, func.count())
        .where(NeedSupport.need_id.in_(need_ids))
        .group_by(NeedSupport.need_id)
    )
    return {need_id: count for need_id, count in rows}  # noqa: C416 - rows are no pairs to mypy


def waiting_offers(edition: Edition) -> Sequence[HostingOffer]:
    """Return the complete offers for ``edition`` that wait for the decision, by country."""
    return db.session.scalars(
        select(HostingOffer)
        .where(HostingOffer.edition_id == edition.id, HostingOffer.status.in_(UNDECIDED))
        .order_by(HostingOffer.country_code, HostingOffer.id)
    ).all()
