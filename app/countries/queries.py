"""Reads over countries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.countries.models import Association, Country
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence


def find(code: str) -> Country | None:
    """Return the country with this alpha-3 code, in either case."""
    return db.session.get(Country, code.upper())


def find_association(slug: str) -> Association | None:
    """Return the association with this slug."""
    return db.session.get(Association, slug)


def names() -> Sequence[tuple[str, str]]:
    """Return ``(code, name)`` of every country, by name; the fictional ones last."""
    rows = db.session.execute(
        select(Country.code, Country.name).order_by(Country.is_fictional, Country.name)
    )
    return [(code, name) for code, name in rows]
