"""Editions as rows: what plans and pages show of many at once, without an entity for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from app.countries.models import Country
from app.database import db
from app.editions.models import Edition, Precision, place_of, title_of
from scheduler import lifecycle

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy import ColumnElement

    from app.series.models import Series
    from scheduler.lifecycle import EditionStatus


class EditionRow(NamedTuple):
    """One edition as it is drawn and compared; ``dtend`` is exclusive."""

    id: int
    series: Series
    slug: str
    title: str
    status: EditionStatus
    dtstart: date
    dtend: date
    precision: Precision
    place: str
    region: str | None
    city: str
    country_code: str | None
    alpha2: str | None

    def status_on(self, today: date) -> EditionStatus:
        """Return the state as the calendar makes it on ``today``."""
        return lifecycle.by_the_clock(self.status, self.dtstart, self.dtend, today)


def editions_of(series: Iterable[Series], *conditions: ColumnElement[bool]) -> list[EditionRow]:
    """Return the editions of ``series`` under ``conditions``, earliest first, in one query."""
    edition, country = Edition.__table__.c, Country.__table__.c
    by_id = {one.id: one for one in series}
    found = db.session.connection().execute(
        select(
            edition.id,
            edition.series_id,
            edition.slug,
            edition.own_title,
            edition.ordinal,
            edition.status,
            edition.dtstart,
            edition.dtend,
            edition.precision,
            edition.city,
            edition.country_code,
            country.name,
            country.region,
            country.alpha2,
        )
        .select_from(Edition.__table__.outerjoin(Country.__table__))
        .where(*conditions)
        .order_by(edition.dtstart, edition.id)
    )
    return [
        EditionRow(
            id_,
            one,
            slug,
            title_of(own_title, ordinal, one.title, dtstart.year),
            status,
            dtstart,
            dtend,
            precision,
            place_of(city, country_name),
            region or one.region,
            city,
            code,
            alpha2,
        )
        for (
            id_, series_id, slug, own_title, ordinal, status, dtstart, dtend, precision, city,
            code, country_name, region, alpha2,
        ) in found.all()
        if (one := by_id.get(series_id)) is not None
    ]  # fmt: skip


def editions_near(series: Iterable[Series], first: date, beyond: date) -> list[EditionRow]:
    """Return the editions of ``series`` that touch ``[first, beyond)``, earliest first."""
    column = Edition.__table__.c
    return editions_of(series, column.dtstart < beyond, column.dtend > first)
