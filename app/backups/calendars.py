"""What calendars were told after a backup was made: they take what it brings back as newer.

A calendar program keeps what has the higher SEQUENCE, and of two alike what was revised later
(RFC 5546 §2.1.5). What is put back is an earlier state, so both have to pass what was told since.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.accounts.models import Person
from app.database import db
from app.editions.models import Edition, EditionMilestone
from app.feeds import components
from app.registrations.models import Registration
from app.series.models import Series

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

UNSEEN = 1000
"""More changes than an event has between a backup and the loss of what came after it."""

SECOND = timedelta(seconds=1)  # calendars are told no fractions


@dataclass(frozen=True, slots=True)
class _Told:
    """What calendars go by, of one event or deadline."""

    sequence: int
    modified_at: datetime


def outdo(former: Connection | None, *, now: datetime) -> int:
    """Revise every event of which calendars may have seen more than is put back; return how many.

    ``former`` is the database that is replaced; where it cannot be asked, every event may be one.
    """
    editions = db.session.scalars(select(Edition)).all()
    milestones: dict[int, list[EditionMilestone]] = defaultdict(list)
    for row in db.session.scalars(select(EditionMilestone)):
        milestones[row.edition_id].append(row)
    seen = _seen(former) if former is not None else {}
    gaps = _gaps(former) if former is not None else {}
    count = 0
    for edition in editions:
        gap = gaps.get(edition.uid, 0) if former is not None else UNSEEN
        rows: list[Edition | EditionMilestone] = [edition, *milestones[edition.id]]
        revised = [_outdo(row, seen.get(row.uid), gap, now) for row in rows]
        if any(revised):
            db.session.flush()
            components.keep(edition)
            count += edition.is_public
    return count


def _outdo(row: Edition | EditionMilestone, told: _Told | None, gap: int, now: datetime) -> bool:
    """Let ``row`` pass what was ``told`` of it; ``gap``: by so much entries of persons fell."""
    own = _Told(row.sequence, row.modified_at)
    if isinstance(row, Edition):  # its words are revised with the series'
        own = _Told(own.sequence, max(own.modified_at, row.series.modified_at))
    told = told or own
    if told == own and not gap:
        return False
    if told.sequence > own.sequence or gap:
        row.sequence = max(told.sequence, own.sequence) + gap + 1
    row.modified_at = max(now, told.modified_at + SECOND, own.modified_at)
    return True


def _seen(former: Connection) -> dict[str, _Told]:
    """Return what calendars may have been told of each event and deadline, by UID."""
    edition, milestone, series = (
        model.__table__.c for model in (Edition, EditionMilestone, Series)
    )
    events = select(
        edition.uid, edition.sequence, edition.modified_at, series.modified_at
    ).join_from(Edition.__table__, Series.__table__)
    deadlines = select(milestone.uid, milestone.sequence, milestone.modified_at)
    found = {
        uid: _Told(sequence, max(own, of_series))
        for uid, sequence, own, of_series in former.execute(events)
    }
    return found | {row[0]: _Told(row[1], row[2]) for row in former.execute(deadlines)}


def _gaps(former: Connection) -> dict[str, int]:
    """Return by how much the entry of a person fell at most, by the event's UID.

    Each change of a registration counts in its person's own entry; one that is not there any
    more will begin anew.
    """
    people = (
        select(
            Edition.__table__.c.uid,
            Person.__table__.c.fs_uniquifier,
            func.sum(Registration.__table__.c.sequence + 1),
        )
        .join_from(Registration.__table__, Edition.__table__)
        .join(Person.__table__, Person.__table__.c.id == Registration.__table__.c.person_id)
        .group_by(Edition.__table__.c.uid, Person.__table__.c.fs_uniquifier)
    )
    here, there = (
        {(uid, word): int(count) for uid, word, count in found.execute(people)}
        for found in (db.session, former)
    )
    gaps: dict[str, int] = defaultdict(int)
    for (uid, word), count in there.items():
        gaps[uid] = max(gaps[uid], count - here.get((uid, word), 0))
    return gaps
