"""Who takes part in an edition, as counts alone: by state, country, region, role and day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.countries.models import Country
from app.countries.service import REGION_NAMES
from app.database import db
from app.documents.papers import role_words
from app.door import queries as door
from app.i18n import gettext as _
from app.registrations.models import Registration
from app.site.dates import format_day
from app.site.states import state_of
from scheduler.lifecycle import SEATED, RegistrationStatus

if TYPE_CHECKING:
    from app.editions.models import Edition

Counts = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the page shows; each list goes from the most to the fewest, then by name."""

    states: Counts
    countries: Counts  # of who has a place
    regions: Counts
    roles: Counts
    days: Counts  # who came, day by day
    seated_count: int
    waiting_count: int


def of(edition: Edition, locale: str) -> Statistics:
    """Count the registrations of ``edition`` in one query, and who came in another."""
    rows = db.session.execute(
        select(
            Registration.status,
            Registration.role,
            Country.name,
            Country.region,
            func.count(),
        )
        .outerjoin(Country, Country.code == Registration.country_code)
        .where(Registration.edition_id == edition.id)
        .group_by(Registration.status, Registration.role, Country.name, Country.region)
    ).all()
    states: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    regions: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    waiting = 0
    for status, role, country, region, count in rows:
        states[_(state_of(status, "registration").words)] += count
        waiting += count if status is RegistrationStatus.WAITLISTED else 0
        if status in SEATED:
            countries[country or _("Not told")] += count
            regions[_(REGION_NAMES[region]) if region else _("Not told")] += count
            roles[role_words(role)] += count
    return Statistics(
        states=_sorted(states),
        countries=_sorted(countries),
        regions=_sorted(regions),
        roles=_sorted(roles),
        days=[
            (format_day(day, weekday=True, locale=locale), count)
            for day, count in sorted(door.counts(edition).items())
        ],
        seated_count=sum(countries.values()),
        waiting_count=waiting,
    )


def _sorted(counted: Counter[str]) -> Counts:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))
