"""Reads over editions."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)

from app.countries.models import Country
from app.database import db
from app.editions.models import (
    Edition,
    EditionMilestone,
    KnownEvent,
    Precision,
)
from app.series.models import Series
from scheduler.errors import NotFoundError
from scheduler.lifecycle import SETTLED, EditionStatus
from scheduler.planning import StandingEdition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Subquery

SLUGS_AT_ONCE = 500  # SQLite takes a bounded number of values in one statement
CANCELLED_STAY = timedelta(days=180)
_STATES = {status.name: (status.value, status in SETTLED) for status in EditionStatus}


_BY_SLUG = select(Edition).where(Edition.slug == bindparam("slug"))


def find(slug: str) -> Edition | None:
    """Return the edition with this slug."""
    return db.session.scalar(_BY_SLUG, {"slug": slug})


def get(slug: str) -> Edition:
    """Return the edition with this slug.

    Raises:
        NotFoundError: there is none.
    """
    edition = find(slug)
    if edition is None:
        raise NotFoundError
    return edition


def of_series(series: Series) -> Sequence[Edition]:
    """Return every edition of ``series``, earliest first."""
    return db.session.scalars(
        select(Edition).filter_by(series_id=series.id).order_by(Edition.dtstart, Edition.id)
    ).all()


def on_days(series: Series, dtstart: date, dtend: date) -> Edition | None:
    """Return an edition of ``series`` that takes up one of these days, the earliest of them."""
    return db.session.scalar(
        select(Edition)
        .where(
            Edition.series_id == series.id,
            Edition.precision == Precision.DAY,
            Edition.status != EditionStatus.CANCELLED,
            Edition.dtstart < dtend,
            Edition.dtend > dtstart,
        )
        .order_by(Edition.dtstart, Edition.id)
        .limit(1)
    )


def every_edition(*, until: int | None = None) -> Sequence[Edition]:
    """Return every edition, projections included, that starts in or before the year ``until``."""
    query = select(Edition).order_by(Edition.dtstart, Edition.id)
    if until is not None:
        query = query.where(Edition.dtstart < date(min(until, 9998) + 1, 1, 1))
    return db.session.scalars(query).all()


def count_editions(series_slug: str = "") -> int:
    """Return how many editions there are, of one series or of all."""
    return db.session.scalar(select(func.count()).select_from(_listed(series_slug))) or 0


def count_ended(today: date, series_slug: str = "") -> int:
    """Return how many of them have ended before ``today``: they come first in the list."""
    listed = _listed(series_slug)
    ended = select(func.count()).select_from(listed).where(listed.c.dtend <= today)
    return db.session.scalar(ended) or 0


def some_editions(first: int, beyond: int, series_slug: str = "") -> Sequence[Edition]:
    """Return the editions ``[first, beyond)`` of the list, earliest first."""
    listed = _listed(series_slug)
    return db.session.scalars(
        select(Edition)
        .join(listed, listed.c.id == Edition.id)
        .order_by(Edition.dtstart, Edition.id)
        .offset(first)
        .limit(beyond - first)
    ).all()


def _listed(series_slug: str) -> Subquery:
    query = select(Edition.id, Edition.dtend)
    if series_slug:
        query = query.join(Edition.series).where(Series.slug == series_slug)
    return query.subquery()


def standing(slugs: Mapping[int, str]) -> dict[int, list[StandingEdition]]:
    """Return the editions of series as a plan sees them, by the ids of the series.

    ``slugs`` are those of the series. Rows, not entities, and states as they are stored: there
    may be many.
    """
    column = Edition.__table__.c
    rows = db.session.connection().execute(
        select(
            column.series_id,
            column.slug,
            column.recurrence_id,
            column.dtstart,
            column.dtend,
            type_coerce(column.status, String),
        ).order_by(column.id)
    )
    found: dict[int, list[StandingEdition]] = {series_id: [] for series_id in slugs}
    # By the thousand: one at a time costs a call each, all at once the garbage collector's time.
    for series_id, slug, rid, dtstart, dtend, name in chain.from_iterable(rows.partitions(1000)):
        if series_id in found:
            found[series_id].append(
                StandingEdition(slug, slugs[series_id], rid, dtstart, dtend, *_STATES[name])
            )
    return found


def lock_by_slugs(slugs: Sequence[str]) -> dict[str, Edition]:
    """Return these editions by their slugs, as they are now, and let nobody else change them."""
    found: dict[str, Edition] = {}
    in_order = sorted(slugs)
    for start in range(0, len(in_order), SLUGS_AT_ONCE):
        some = in_order[start : start + SLUGS_AT_ONCE]
        rows = select(Edition).where(Edition.slug.in_(some)).order_by(Edition.slug)
        locked = rows.with_for_update(of=Edition).execution_options(populate_existing=True)
        found |= {edition.slug: edition for edition in db.session.scalars(locked)}
    return found


def numbered_series() -> set[int]:
    """Return the ids of the series of which any edition has a number."""
    return set(
        db.session.scalars(select(Edition.series_id).where(Edition.ordinal.is_not(None)).distinct())
    )


def public(*, series: str | None = None, region: str | None = None) -> Select[Edition]:
    """Return the selection of editions that the world may see, earliest first.

    ``region`` is the place's: the host country's, else the series' own.
    """
    query = select(Edition).where(is_public()).order_by(Edition.dtstart, Edition.uid)
    if series or region:
        query = query.join(Edition.series)
    if series:
        query = query.where(Series.slug == series)
    if region:
        query = query.outerjoin(Edition.country).where(place_region() == region)
    return query


def place_region() -> ColumnElement[str | None]:
    """Return the region of an edition, in a query that joins its series and its country."""
    return func.coalesce(Country.region, Series.region)


def is_public() -> ColumnElement[bool]:
    """Return the condition under which an edition is the world's to see."""
    return and_(
        Edition.public_since.is_not(None),
        Edition.status != EditionStatus.PROJECTED,
    )


def in_feeds(today: date) -> ColumnElement[bool]:
    """Return the condition under which a public edition stands in a feed.

    Only what is known to the day; a cancelled one until 180 days after it would have ended.
    """
    return and_(
        is_public(),
        Edition.precision == Precision.DAY,
        or_(
            Edition.status != EditionStatus.CANCELLED,
            Edition.dtend > today - CANCELLED_STAY,
        ),
    )


def uid_before(edition: Edition) -> str | None:
    """Return the UID of the last public event of its series that begins before ``edition``."""
    return db.session.scalar(
        select(Edition.uid)
        .where(
            is_public(),
            Edition.series_id == edition.series_id,
            Edition.precision == Precision.DAY,
            Edition.status != EditionStatus.CANCELLED,
            Edition.dtstart < edition.dtstart,
        )
        .order_by(Edition.dtstart.desc(), Edition.uid)
        .limit(1)
    )


def public_between(
    start: date, end: date, *, series: str | None = None, region: str | None = None
) -> Sequence[Edition]:
    """Return the public editions that touch ``[start, end)``, earliest first."""
    return db.session.scalars(
        public(series=series, region=region).where(Edition.dtstart < end, Edition.dtend > start)
    ).all()


def first_public(start: date, end: date, limit: int) -> Sequence[Edition]:
    """Return the earliest public editions that touch ``[start, end)``, at most so many."""
    touching = public().where(Edition.dtstart < end, Edition.dtend > start)
    return db.session.scalars(touching.limit(limit)).all()


def public_of_series(slug: str, today: date) -> tuple[list[int], list[int]]:
    """Return the ids of a series' public editions: those ahead, and those over, latest first."""
    rows = db.session.execute(
        public(series=slug).with_only_columns(Edition.id, Edition.dtend)
    ).all()
    ahead = [row_id for row_id, dtend in rows if dtend > today]
    held = [row_id for row_id, dtend in reversed(rows) if dtend <= today]
    return ahead, held


def in_order(ids: Sequence[int]) -> list[Edition]:
    """Return the editions with these ids, in their order."""
    rows = {row.id: row for row in db.session.scalars(select(Edition).where(Edition.id.in_(ids)))}
    return [rows[row_id] for row_id in ids]


def public_nearest(
    start: date, end: date, *, series: str | None = None, region: str | None = None
) -> Edition | None:
    """Return the public edition that begins next after ``end``, else the last before ``start``."""
    query = public(series=series, region=region)
    following = db.session.scalars(query.where(Edition.dtstart >= end).limit(1)).first()
    if following is not None:
        return following
    latest_first = query.order_by(None).order_by(Edition.dtstart.desc(), Edition.uid)
    return db.session.scalars(latest_first.where(Edition.dtend <= start).limit(1)).first()


def upcoming(today: date, *, limit: int = 12) -> Sequence[Edition]:
    """Return the public editions that are not over, nearest first."""
    return db.session.scalars(
        public()
        .where(Edition.dtend > today, Edition.status != EditionStatus.CANCELLED)
        .limit(limit)
    ).all()


def with_status(*statuses: EditionStatus) -> Sequence[Edition]:
    """Return the editions in any of ``statuses``, earliest first."""
    return db.session.scalars(
        select(Edition).where(Edition.status.in_(statuses)).order_by(Edition.dtstart)
    ).all()


def settled_from(today: date) -> Sequence[Edition]:
    """Return the settled editions that are not over, for the desk.

    One that is postponed waits for its new days however long ago the old ones were.
    """
    return db.session.scalars(
        select(Edition).where(_is_settled_on(today)).order_by(Edition.dtstart)
    ).all()


def unfinished(today: date) -> Sequence[Edition]:
    """Return those, and the editions that are over and still owe something: a survey, reports."""
    owes = select(EditionMilestone.id).where(
        EditionMilestone.edition_id == Edition.id,
        EditionMilestone.due_on >= Edition.dtstart,
        EditionMilestone.done_on.is_(None),
        EditionMilestone.waived_reason == "",
        ~EditionMilestone.is_dropped,
    )
    is_held = and_(
        Edition.dtend <= today,
        Edition.status.not_in(
            [EditionStatus.CANCELLED, EditionStatus.POSTPONED, EditionStatus.CLOSED]
        ),
    )
    return db.session.scalars(
        select(Edition)
        .where(or_(_is_settled_on(today), and_(is_held, owes.exists())))
        .order_by(Edition.dtstart)
    ).all()


def _is_settled_on(today: date) -> ColumnElement[bool]:
    return and_(
        Edition.status.in_(SETTLED),
        or_(Edition.dtend > today, Edition.status == EditionStatus.POSTPONED),
    )


def known_events() -> Sequence[KnownEvent]:
    """Return the events of others, earliest first."""
    return db.session.scalars(
        select(KnownEvent).order_by(KnownEvent.dtstart, KnownEvent.name, KnownEvent.id)
    ).all()


def find_known_event(event_id: int) -> KnownEvent | None:
    """Return an event of others by its number."""
    return db.session.get(KnownEvent, event_id)


def slugs_like(stem: str) -> set[str]:
    """Return the slugs that are ``stem`` or begin with ``stem-``."""
    return set(
        db.session.scalars(
            select(Edition.slug).where(
                or_(Edition.slug == stem, Edition.slug.startswith(f"{stem}-", autoescape=True))
            )
        )
    )
