"""Editions as rows: what plans and pages show of many at once, without an entity for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import String, select, type_coerce

from app.countries.models import Country
from app.database import db
from app.editions.models import Edition, Precision, place_of, title_of
from scheduler import lifecycle
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy import ColumnElement

    from app.series.models import Series, SeriesKind

_STATES = {status.name: status for status in EditionStatus}
_PRECISIONS = {precision.name: precision for precision in Precision}


class SeriesRow(NamedTuple):
    """What an edition's row says of its series."""

    id: int
    slug: str
    title: str
    kind: SeriesKind
    region: str | None


class EditionRow(NamedTuple):
    """One edition as it is drawn and compared; ``dtend`` is exclusive."""

    id: int
    series: SeriesRow
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
    by_id = {one.id: SeriesRow(one.id, one.slug, one.title, one.kind, one.region) for one in series}
    found = db.session.connection().execute(
        select(
            edition.id,
            edition.series_id,
            edition.slug,
            edition.own_title,
            edition.ordinal,
            type_coerce(edition.status, String),  # names, which are told apart faster here
            edition.dtstart,
            edition.dtend,
            type_coerce(edition.precision, String),
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
            _STATES[status],
            dtstart,
            dtend,
            _PRECISIONS[precision],
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


def editions_ahead(series: Iterable[Series], today: date) -> list[EditionRow]:
    """Return the editions of ``series`` that are not over, earliest first."""
    return editions_of(series, Edition.__table__.c.dtend > today)
