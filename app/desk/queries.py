"""Reads over the rotation of hosts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import inspect, or_, select

from app.countries.models import Country
from app.database import Model, db
from app.desk.models import RotationPin, RotationRun, RotationSettings, RunKind, RunStatus
from app.editions.models import Edition, KnownEvent, MilestoneStep
from app.hosting.models import HostingInterest, HostingOffer, InterestWindow, OfferWindow
from app.series.models import Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

PLANNED_FROM: tuple[type[Model], ...] = (
    *(Series, Edition, Country, KnownEvent, MilestoneStep),
    *(HostingOffer, OfferWindow, HostingInterest, InterestWindow, RotationSettings),
)


class CountryFacts(NamedTuple):
    """What a plan says of a country."""

    region: str | None
    alpha2: str | None


def country_facts() -> dict[str, CountryFacts]:
    """Return region and alpha-2 code of every country, by its code."""
    rows = db.session.execute(select(Country.code, Country.region, Country.alpha2))
    return {code: CountryFacts(region, alpha2) for code, region, alpha2 in rows}


def settings_row() -> RotationSettings | None:
    """Return the stored settings, if anybody has changed them."""
    return db.session.scalar(select(RotationSettings).order_by(RotationSettings.id).limit(1))


def pins() -> Sequence[RotationPin]:
    """Return what people fixed, by edition."""
    return db.session.scalars(
        select(RotationPin)
        .join(Edition, Edition.id == RotationPin.edition_id)
        .order_by(Edition.dtstart, RotationPin.id)
    ).all()


def pin_of(edition_id: int) -> RotationPin | None:
    """Return what people fixed for one edition."""
    return db.session.scalar(select(RotationPin).filter_by(edition_id=edition_id))


def run(run_id: int) -> RotationRun | None:
    """Return one run."""
    return db.session.get(RotationRun, run_id)


def newest_plan(*statuses: RunStatus) -> RotationRun | None:
    """Return the plan that was asked for last, in one of ``statuses`` if any are named."""
    query = select(RotationRun).filter_by(kind=RunKind.PLAN).order_by(RotationRun.id.desc())
    if statuses:
        query = query.where(RotationRun.status.in_(statuses))
    return db.session.scalar(query.limit(1))


def done_plans() -> Iterator[RotationRun]:
    """Return the plans that were found and are kept, the newest first, one after the other."""
    query = select(RotationRun).filter_by(kind=RunKind.PLAN, status=RunStatus.DONE)
    numbers = db.session.scalars(
        query.with_only_columns(RotationRun.id).order_by(RotationRun.id.desc())
    ).all()
    return (db.session.get_one(RotationRun, number) for number in numbers)


def asked_of(plan: RotationRun) -> Sequence[RotationRun]:
    """Return everything that was asked of the slots of ``plan``."""
    return db.session.scalars(
        select(RotationRun).filter_by(kind=RunKind.EXPLANATION, base_id=plan.id)
    ).all()


def plans_to_forget(*, keep: int) -> Sequence[RotationRun]:
    """Return plans older than the newest ``keep`` that nobody adopted and none of those needs."""
    plans = select(RotationRun).filter_by(kind=RunKind.PLAN).order_by(RotationRun.id.desc())
    runs = db.session.scalars(plans).all()
    kept = [run for place, run in enumerate(runs) if place < keep or run.adopted_at is not None]
    needed = {run.id for run in kept} | {run.base_id for run in kept}
    return [run for run in runs if run.status.is_over and run.id not in needed]


def stamp() -> str:
    """Return a text that differs when a row does from which a rotation is planned.

    Quick to read, unlike what is made of the rows: it says whether that still holds.
    """
    found = hashlib.sha256()
    for model in PLANNED_FROM:
        table = inspect(model).local_table
        for row in db.session.execute(select(table).order_by(*table.primary_key)):
            found.update(repr(tuple(row)).encode())
    return found.hexdigest()


def plan_in_force() -> RotationRun | None:
    """Return the plan that was adopted last."""
    return db.session.scalar(
        select(RotationRun)
        .where(RotationRun.adopted_at.is_not(None))
        .order_by(RotationRun.adopted_at.desc(), RotationRun.id.desc())
        .limit(1)
    )


def explanations_of(plan: RotationRun) -> dict[int, RotationRun]:
    """Return what was asked of the slots of ``plan``, the newest by edition."""
    rows = db.session.scalars(
        select(RotationRun)
        .filter_by(kind=RunKind.EXPLANATION, base_id=plan.id)
        .order_by(RotationRun.id)
    )
    return {row.edition_id: row for row in rows if row.edition_id is not None}


def waiting_explanations() -> Sequence[RotationRun]:
    """Return the questions about slots that nobody has begun to answer."""
    return db.session.scalars(
        select(RotationRun).filter_by(kind=RunKind.EXPLANATION, status=RunStatus.WAITING)
    ).all()


def is_busy(now: datetime) -> bool:
    """Whether a worker is at a run."""
    found = db.session.scalar(
        select(RotationRun.id)
        .where(RotationRun.status == RunStatus.RUNNING, RotationRun.claimed_until > now)
        .limit(1)
    )
    return found is not None


def next_run(now: datetime) -> RotationRun | None:
    """Return the run to take up: plans before explanations, in the order they were asked for."""
    return db.session.scalar(
        select(RotationRun)
        .where(
            or_(
                RotationRun.status == RunStatus.WAITING,
                (RotationRun.status == RunStatus.RUNNING) & (RotationRun.claimed_until <= now),
            )
        )
        .order_by(RotationRun.kind != RunKind.PLAN, RotationRun.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def editions_by_id(ids: Iterable[int]) -> dict[int, Edition]:
    """Return these editions, as far as they still are there, by their numbers."""
    rows = db.session.scalars(select(Edition).where(Edition.id.in_(list(ids))))
    return {edition.id: edition for edition in rows}
