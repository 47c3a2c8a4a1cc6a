"""How one registers people the first way that comes to mind: the reference, in tables of its own.

The event's row is locked, those who have a place are counted, the newcomer is added: entities
throughout. No letter, no log, no quota, no queue's order.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import DateTime, ForeignKey, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Plain(DeclarativeBase):
    """The base of the reference's tables."""


class PlainEvent(Plain):
    """Something with places."""

    __tablename__ = "plain_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[int]
    guests: Mapped[list[PlainGuest]] = relationship(back_populates="event")


class PlainGuest(Plain):
    """Somebody who has a place or waits for one."""

    __tablename__ = "plain_guest"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("plain_event.id"), index=True)
    person_id: Mapped[int] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(20))
    registered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    event: Mapped[PlainEvent] = relationship(back_populates="guests")


def make_event(engine: Engine, capacity: int) -> int:
    """Make an event, and the tables at the first time; return its id."""
    Plain.metadata.create_all(engine)
    with Session(engine) as session:
        session.connection(execution_options={"writes": True})  # our own sessions insist on it
        event = PlainEvent(title="Regional Engagement", capacity=capacity)
        session.add(event)
        session.commit()
        return event.id


def register(engine: Engine, event_id: int, person_id: int, *, now: datetime) -> str:
    """Register somebody; return where they stand."""
    with Session(engine) as session:
        session.connection(execution_options={"writes": True})
        event = session.get_one(PlainEvent, event_id, with_for_update=True)
        known = session.scalar(select(PlainGuest).filter_by(event_id=event.id, person_id=person_id))
        assert known is None
        seated = session.scalar(
            select(func.count(PlainGuest.id)).filter_by(event_id=event.id, status="confirmed")
        )
        status = "confirmed" if (seated or 0) < event.capacity else "waitlisted"
        session.add(PlainGuest(event=event, person_id=person_id, status=status, registered_at=now))
        session.commit()
        return status
