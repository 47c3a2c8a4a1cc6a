"""The table of series."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Instant, Model
from scheduler.recurrence import RecurrenceRule


class SeriesKind(StrEnum):
    """What sort of event the series is; colours, glyphs and lead times go by it."""

    SYMPOSIUM = "symposium"
    PRACTITIONER_WORKSHOP = "practitioner_workshop"
    REGIONAL_ENGAGEMENT = "regional_engagement"


class Series(Model):
    """A lasting undertaking whose editions follow a recurrence rule, or are added by hand."""

    __table_args__ = (
        CheckConstraint("length_days BETWEEN 1 AND 60", name="length"),
        CheckConstraint("(rrule IS NULL) = (dtstart IS NULL)", name="rule_has_a_start"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[SeriesKind] = mapped_column(Enum(SeriesKind, native_enum=False, length=30))
    region: Mapped[str | None] = mapped_column(String(20), index=True)
    summary: Mapped[str] = mapped_column(Text, default="")
    rrule: Mapped[str | None] = mapped_column(String(500))  # a RECUR value, RFC 5545 §3.3.10
    dtstart: Mapped[date | None]
    length_days: Mapped[int] = mapped_column(default=3)
    rule_note: Mapped[str] = mapped_column(String(500), default="")  # where the rule comes from
    created_at: Mapped[Instant]
    modified_at: Mapped[Instant]

    @property
    def rule(self) -> RecurrenceRule | None:
        """The recurrence rule, ``None`` where editions are added by hand."""
        if self.rrule is None or self.dtstart is None:
            return None
        return RecurrenceRule(self.rrule, self.dtstart)
