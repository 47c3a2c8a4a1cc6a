"""Reads over countries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.countries.models import Association, Country, association_member
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def find(code: str) -> Country | None:
    """Return the country with this alpha-3 code, in either case; anything else names none."""
    # A NUL that a form was sent would stop at PostgreSQL.
    is_code = code.isascii() and code.isalpha()
    return db.session.get(Country, code.upper()) if is_code else None


def find_association(slug: str) -> Association | None:
    """Return the association with this slug."""
    return db.session.get(Association, slug)


def members_of_associations() -> dict[str, list[tuple[str, str]]]:
    """Return slug and name of each association, by the codes of the countries in it."""
    found: dict[str, list[tuple[str, str]]] = {}
    query = select(association_member.c.country_code, Association.slug, Association.name).join(
        Association, Association.slug == association_member.c.association_slug
    )
    for code, slug, name in db.session.execute(query):
        found.setdefault(code, []).append((slug, name))
    return found


def codes_of(region: str) -> Sequence[str]:
    """Return the codes of the countries of a region."""
    return db.session.scalars(select(Country.code).filter_by(region=region)).all()


def associations_of(codes: Sequence[str] | None = None) -> Sequence[Association]:
    """Return the associations that any of these countries belongs to, or all, by name."""
    query = select(Association).order_by(Association.name)
    if codes is not None:
        members = select(association_member.c.association_slug).where(
            association_member.c.country_code.in_(codes)
        )
        query = query.where(Association.slug.in_(members))
    return db.session.scalars(query).all()


def names() -> Sequence[tuple[str, str]]:
    """Return ``(code, name)`` of every country, by name; the fictional ones last."""
    rows = db.session.execute(
        select(Country.code, Country.name).order_by(Country.is_fictional, Country.name)
    )
    return [(code, name) for code, name in rows]


def names_of(codes: Collection[str]) -> dict[str, str]:
    """Return the names of the countries with these codes, by code."""
    if not codes:
        return {}
    rows = db.session.execute(select(Country.code, Country.name).where(Country.code.in_(codes)))
    return {code: name for code, name in rows}  # noqa: C416 - rows are no pairs to mypy
