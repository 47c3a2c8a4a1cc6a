"""Days of attendance told to their person; they go with the registration they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.accounts.signals import person_data
from app.database import db
from app.door.models import Attendance
from app.registrations.models import Registration

if TYPE_CHECKING:
    from app.accounts.models import Person


@person_data.connect
def _tell(sender: object, *, person: Person) -> tuple[str, list[dict[str, Any]]]:  # noqa: ARG001
    """Tell a person on which days they were seen at a door."""
    rows = db.session.execute(
        select(Registration.public_id, Attendance.day, Attendance.seen_at)
        .join(Attendance.registration)
        .where(Registration.person_id == person.id)
        .order_by(Attendance.day)
    )
    told = [
        {"registration": public_id, "day": day.isoformat(), "seen_at": seen_at.isoformat()}
        for public_id, day, seen_at in rows
    ]
    return "attendance", told
