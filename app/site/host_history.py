"""Who hosted what, from the editions that a reader may see: by region, by country, by series.

Only what is recorded counts: an edition without a country, or called off, was hosted by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import request

from app.countries.service import REGION_NAMES
from app.editions.models import Precision
from app.i18n import gettext as _
from app.i18n import ngettext
from app.series import queries as series_queries
from scheduler import host_history
from scheduler.errors import NotFoundError
from scheduler.host_history import Record
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from app.countries.models import Country
    from app.editions.models import Edition
    from app.series.models import Series


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader wants to see: a series and a region by their slugs, empty for all."""

    series: str = ""
    region: str = ""

    def takes(self, edition: Edition) -> bool:
        """Whether ``edition`` is among it."""
        return self.series in {"", edition.series.slug} and self.region in {"", edition.region}


@dataclass(frozen=True, slots=True)
class Line:
    """A region or a country: what it hosted, the latest first, and what it will host."""

    name: str
    record: Record
    region: str = ""
    held: Sequence[Edition] = ()
    ahead: Sequence[Edition] = ()
    last: str = ""


@dataclass(frozen=True, slots=True)
class Hosted:
    """One edition of a series, and how long its region had not hosted the series before."""

    edition: Edition
    region: str
    gap: str


@dataclass(frozen=True, slots=True)
class History:
    """The whole page: regions, countries, and the editions of each series."""

    regions: Sequence[Line] = ()
    countries: Sequence[Line] = ()
    series: Sequence[tuple[Series, Sequence[Hosted]]] = field(default_factory=list)


def chosen() -> Chosen:
    """Return what the address asks for.

    Raises:
        NotFoundError: there is no such series or region.
    """
    series, region = request.args.get("series", ""), request.args.get("region", "")
    if (series and series_queries.find(series) is None) or (region and region not in REGION_NAMES):
        raise NotFoundError
    return Chosen(series, region)


def of(editions: Iterable[Edition], wanted: Chosen, today: date) -> History:
    """Return who hosted ``editions``, as far as they are among what is ``wanted``."""
    hosted = sorted(
        (
            (edition, edition.country)
            for edition in editions
            if edition.country is not None
            and edition.is_settled
            and edition.status is not EditionStatus.CANCELLED
            and wanted.takes(edition)
        ),
        key=lambda pair: (pair[0].dtstart, pair[0].slug),
    )
    if not hosted:
        return History()
    regions = [key for key in REGION_NAMES if wanted.region in {"", key}]
    return History(
        regions=[
            _line(
                _(REGION_NAMES[key]),
                [edition for edition, country in hosted if country.region == key],
                today,
            )
            for key in regions
        ],
        countries=[
            _line(
                country.name,
                [edition for edition, host in hosted if host is country],
                today,
                _(REGION_NAMES[country.region]) if country.region in REGION_NAMES else "",
            )
            for country in sorted({country for _one, country in hosted}, key=lambda one: one.name)
        ],
        series=_by_series(hosted),
    )


def years_of(edition: Edition) -> str:
    """Return the year of ``edition``, or the years between which it is known to have been."""
    first, last = edition.dtstart.year, edition.dtend.year
    is_sure = edition.precision is not Precision.WINDOW or first == last
    return str(first) if is_sure else _("%(first)s or %(last)s", first=first, last=last)


def last_hosted(latest: Edition | None, today: date) -> str:
    """Say when a region or a country hosted last, and how long ago that is."""
    if latest is None:
        return _("never, as far as it is recorded")
    years, ago = years_of(latest), today.year - latest.dtstart.year
    if not ago:
        return _("%(year)s; this year", year=years)
    if years != str(latest.dtstart.year):
        return _("%(year)s; at most %(num)d years ago", year=years, num=ago)
    return ngettext("%(year)s; %(num)d year ago", "%(year)s; %(num)d years ago", ago, year=years)


def _line(name: str, its: Sequence[Edition], today: date, region: str = "") -> Line:
    held = [edition for edition in its if _is_over(edition, today)]
    record = host_history.records(("", edition.dtstart.year) for edition in held).get("", Record())
    ahead = [edition for edition in its if not _is_over(edition, today)]
    latest = held[-1] if held else None
    return Line(name, record, region, held[::-1], ahead, last_hosted(latest, today))


def _is_over(edition: Edition, today: date) -> bool:
    # Without new days, the old ones tell nothing.
    return edition.dtend <= today and edition.status is not EditionStatus.POSTPONED


def _by_series(
    hosted: Sequence[tuple[Edition, Country]],
) -> list[tuple[Series, Sequence[Hosted]]]:
    found: dict[Series, list[Hosted]] = {}
    before: dict[tuple[Series, str | None], int] = {}
    for edition, country in hosted:
        series, year = edition.series, edition.dtstart.year
        last = before.get((series, country.region))
        gap = _("for the first time, as far as it is recorded")
        if last == year:
            gap = _("twice in %(year)s", year=year)
        elif last is not None:
            gap = ngettext(
                "%(num)d year after %(year)s",
                "%(num)d years after %(year)s",
                year - last,
                year=last,
            )
        before[series, country.region] = year
        region = _(REGION_NAMES[country.region]) if country.region in REGION_NAMES else ""
        found.setdefault(series, []).append(Hosted(edition, region, gap if region else ""))
    return [
        (series, lines[::-1]) for series, lines in sorted(found.items(), key=lambda one: one[0].id)
    ]
