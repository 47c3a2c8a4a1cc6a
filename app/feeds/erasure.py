"""Secret addresses told to their person, erased with them, and let go when nobody uses them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from app import audit_proof, retention
from app.accounts.signals import person_data, person_erased
from app.database import db
from app.feeds.models import PersonalFeed
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person

REVOKED_KEPT = timedelta(days=30)
UNUSED_KEPT = timedelta(days=730)


@person_data.connect
def _tell(sender: object, *, person: Person) -> tuple[str, list[dict[str, Any]]]:  # noqa: ARG001
    """Tell a person their secret addresses; the addresses themselves nobody knows but they."""
    told = [
        {
            "name": feed.name,
            "has_alarms": feed.has_alarms,
            "made_at": feed.made_at.isoformat(),
            "used_at": feed.used_at.isoformat() if feed.used_at else None,
            "revoked_at": feed.revoked_at.isoformat() if feed.revoked_at else None,
        }
        for feed in _of(person)
    ]
    return "personal_feeds", told


@person_erased.connect
def _erase(sender: object, *, person: Person, now: datetime) -> None:  # noqa: ARG001
    """End and erase every secret address of a person."""
    _delete(_of(person))


@retention.rule(
    _l("Secret calendar addresses"),
    _l("30 days after they are revoked, or 24 months after their last use"),
    real_time=True,
)
def _let_go(now: datetime) -> int:
    """Delete what is revoked or forgotten."""
    last_use = func.coalesce(PersonalFeed.used_at, PersonalFeed.made_at)
    return _delete(
        db.session.scalars(
            select(PersonalFeed).where(
                or_(PersonalFeed.revoked_at < now - REVOKED_KEPT, last_use < now - UNUSED_KEPT)
            )
        ).all()
    )


def _of(person: Person) -> Sequence[PersonalFeed]:
    return db.session.scalars(
        select(PersonalFeed).filter_by(person_id=person.id).order_by(PersonalFeed.id)
    ).all()


def _delete(feeds: Sequence[PersonalFeed]) -> int:
    for feed in feeds:
        audit_proof.forget(feed)
        db.session.delete(feed)
    db.session.flush()
    return len(feeds)
