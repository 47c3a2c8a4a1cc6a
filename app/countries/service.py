"""Loading the countries' reference data."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import database, publication
from app.countries.models import Association, Country
from app.countries.signals import countries_loaded
from app.database import db

if TYPE_CHECKING:
    from datetime import datetime

SOURCE = Path(__file__).parent / "data" / "countries.csv"
REGIONS = {
    "Africa": "africa",
    "Americas": "americas",
    "Asia": "asia-pacific",
    "Oceania": "asia-pacific",
    "Europe": "europe",
}
REGION_NAMES = {
    "africa": "Africa",
    "americas": "Americas",
    "asia-pacific": "Asia and the Pacific",
    "europe": "Europe",
}
ASSOCIATION_NAMES = {
    "abacc": "Brazilian–Argentine Agency for Accounting and Control of Nuclear Materials",
    "arcal": "Regional cooperation in Latin America and the Caribbean (ARCAL)",
    "asean": "Association of Southeast Asian Nations",
    "au": "African Union",
    "caricom": "Caribbean Community",
    "eu": "European Union",
    "fnca": "Forum for Nuclear Cooperation in Asia",
    "foro": "Ibero-American Forum of Radiological and Nuclear Regulatory Agencies",
    "gcc": "Gulf Cooperation Council",
    "las": "League of Arab States",
}


def load_countries(*, now: datetime) -> int:
    """Bring the countries in step with the file beside this module; return how many are new."""
    database.write()
    standing = {country.code: country for country in db.session.scalars(select(Country))}
    associations = {
        slug: db.session.merge(Association(slug=slug, name=name))
        for slug, name in ASSOCIATION_NAMES.items()
    }
    new_count, renamed = 0, set()
    with SOURCE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            country = standing.get(row["alpha3"])
            if country is None:
                country = Country(code=row["alpha3"])
                db.session.add(country)
                new_count += 1
            elif country.name != row["common_name"]:
                renamed.add(country.code)
            country.alpha2 = row["alpha2"]
            country.name = row["common_name"]
            country.official_name = row["name"]
            country.region = REGIONS.get(row["region"])
            country.sub_region = row["sub_region"]
            country.is_un_member = row["un_member"] == "yes"
            country.is_iaea_member = row["iaea_member"] == "yes"
            country.infcirc908 = row["infcirc908"]
            slugs = sorted(slug.lower() for slug in row["associations"].split(";") if slug)
            members = [associations[slug] for slug in slugs]
            if country.associations != members:
                country.associations = members
    db.session.flush()
    # Names stand in feeds as places, and members decide what stands in those of associations.
    publication.touch(now=now)
    countries_loaded.send(None, renamed=renamed, now=now)
    return new_count
