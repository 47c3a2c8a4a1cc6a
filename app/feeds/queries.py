"""Reads for feeds: which editions stand in one, and since when it is as it is."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, func, or_, select

from app import publication
from app.accounts.models import Person
from app.audit import AuditEntry
from app.countries.models import Country, association_member
from app.database import db
from app.editions import queries as editions
from app.editions.models import Edition
from app.feeds.models import FeedComponent, PersonalFeed
from app.series.models import Series
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from sqlalchemy import Row

IDS_AT_ONCE = 500


def in_feed(
    today: date,
    *,
    series: str | None = None,
    region: str | None = None,
    country: str | None = None,
    association: str | None = None,
    edition: str | None = None,
) -> Select[Edition]:
    """Return the selection of one feed's editions, earliest first; no filter means all."""
    query = editions.public(series=series, region=region).where(editions.in_feeds(today))
    if country is not None:
        query = query.where(Edition.country_code == country)
    if association is not None:
        members = select(association_member.c.country_code).where(
            association_member.c.association_slug == association
        )
        query = query.where(Edition.country_code.in_(members))
    if edition is not None:
        query = query.where(Edition.slug == edition)
    return query


def in_feed_by_place(
    today: date,
) -> Sequence[Row[int, date, str, str | None, str | None, str | None]]:
    """Return what stands in the feed of all, in its order.

    Each as ``(id, dtend, series, region, country's code, country's name)``.
    """
    return db.session.execute(
        in_feed(today)
        .join(Edition.series)
        .outerjoin(Edition.country)
        .with_only_columns(
            Edition.id,
            Edition.dtend,
            Series.slug,
            editions.place_region(),
            Country.code,
            Country.name,
        )
    ).all()


def component_tags(selection: Select[Edition]) -> Sequence[tuple[int, bytes | None]]:
    """Return ``(edition id, tag of what is kept)`` of what ``selection`` picks, in its order.

    ``None`` where nothing is kept.
    """
    query = selection.with_only_columns(Edition.id, Edition.component_tag)
    # As the driver has them, since there may be many: SQLAlchemy's rows take a third of the time.
    with db.session.connection().execute(query) as result:
        found: Sequence[tuple[int, bytes | None]] = result.cursor.fetchall()
    return found


def kept_components(ids: Sequence[int], key: str) -> Iterator[Row[int, bytes]]:
    """Yield ``(edition id, bytes)`` of these editions, where they are kept under ``key``."""
    columns = select(FeedComponent.edition_id, FeedComponent.body)
    for some in _some(ids):
        query = columns.where(FeedComponent.edition_id.in_(some), FeedComponent.key == key)
        yield from db.session.connection().execute(query)


def editions_by_id(ids: Sequence[int]) -> Iterator[Edition]:
    """Yield these editions."""
    for some in _some(ids):
        yield from db.session.scalars(select(Edition).where(Edition.id.in_(some)))


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ``ids`` in parts; a database takes a bounded number of values in one statement."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]


def public_editions() -> Sequence[Edition]:
    """Return every public edition."""
    return db.session.scalars(select(Edition).where(editions.is_public())).all()


def stale_editions(key: str) -> Sequence[Edition]:
    """Return the public editions whose kept bytes are missing or of another making."""
    return db.session.scalars(
        select(Edition)
        .outerjoin(FeedComponent, FeedComponent.edition_id == Edition.id)
        .where(
            editions.is_public(),
            or_(
                Edition.component_tag.is_(None),
                FeedComponent.key.is_(None),
                FeedComponent.key != key,
            ),
        )
    ).all()


def news(actions: Sequence[str], *, limit: int) -> Sequence[Row[AuditEntry, Edition]]:
    """Return what was done to public editions since the world knows of them, newest first."""
    return db.session.execute(
        select(AuditEntry, Edition)
        .join(
            Edition, and_(AuditEntry.subject_kind == "edition", AuditEntry.subject_id == Edition.id)
        )
        .where(
            editions.is_public(),
            AuditEntry.action.in_(actions),
            AuditEntry.at >= Edition.public_since,
        )
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    ).all()


def personal_feed(token_hash: str) -> PersonalFeed | None:
    """Return the personal feed with this hash of a token, if it is to be served.

    Asked of the database whole: for one that is not, no row is read, and so it takes no longer to
    say of an old token that it is nobody's than of a wrong one.
    """
    return db.session.scalar(
        select(PersonalFeed)
        .where(PersonalFeed.token_hash == token_hash, PersonalFeed.revoked_at.is_(None))
        .where(PersonalFeed.person.has(Person.active))
    )


def personal_feeds(person: Person) -> Sequence[PersonalFeed]:
    """Return the feeds of ``person`` that are not revoked, oldest first."""
    return db.session.scalars(
        select(PersonalFeed)
        .filter_by(person_id=person.id, revoked_at=None)
        .order_by(PersonalFeed.id)
    ).all()


def last_change(today: date) -> datetime | None:
    """Return when any feed last changed: by a write, or since a cancelled edition left it."""
    written = publication.last_change()
    left_on = db.session.scalar(
        select(func.max(Edition.dtend)).where(
            editions.is_public(),
            Edition.status == EditionStatus.CANCELLED,
            Edition.dtend <= today - editions.CANCELLED_STAY,
        )
    )
    if written is None or left_on is None:
        return written
    left_at = datetime.combine(left_on + editions.CANCELLED_STAY, time.min, UTC)
    return max(written, left_at)
