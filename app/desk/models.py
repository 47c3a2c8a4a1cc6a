"""Tables of the rotation of hosts: its settings, what people fixed, and the runs of the planner."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.countries.models import Country
from app.database import Instant, Model
from app.editions.models import Edition


class RunKind(StrEnum):
    """What the planner was asked for."""

    PLAN = "plan"
    EXPLANATION = "explanation"


class RunStatus(StrEnum):
    """Where a run stands; the last three are ends."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CONFLICT = "conflict"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self not in {RunStatus.WAITING, RunStatus.RUNNING}


class RotationSettings(Model):
    """The numbers of the rotation and the order of its levels; one row at most."""

    id: Mapped[int] = mapped_column(primary_key=True)
    stored: Mapped[dict[str, Any]] = mapped_column(JSON)
    modified_at: Mapped[Instant]


class RotationPin(Model):
    """A choice that people fixed for an edition: its host, or none, and perhaps its week."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), unique=True
    )
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))  # none: vacant
    week_of: Mapped[date | None]  # the Monday of the week that is fixed too
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    made_at: Mapped[Instant]
    edition: Mapped[Edition] = relationship(lazy="joined", innerjoin=True)
    country: Mapped[Country | None] = relationship(lazy="joined")


class RotationRun(Model):
    """One question to the planner, and its answer.

    ``base`` is the plan that a new one should change little, or the plan that is explained.
    ``inputs`` are settings and pins as they were; ``digest`` stands for all that was planned from.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RunKind] = mapped_column(Enum(RunKind, native_enum=False, length=15))
    status: Mapped[RunStatus] = mapped_column(
        Enum(RunStatus, native_enum=False, length=10), index=True
    )
    base_id: Mapped[int | None] = mapped_column(
        ForeignKey("rotation_run.id", ondelete="SET NULL"), index=True
    )
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    problem: Mapped[str] = mapped_column(String(500), default="")
    requested_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL")
    )
    requested_at: Mapped[Instant]
    claimed_until: Mapped[datetime | None]  # in real time; past it, another worker takes over
    attempt_count: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    adopted_at: Mapped[datetime | None]
    adopted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    base: Mapped[RotationRun | None] = relationship(remote_side="RotationRun.id")
    requested_by: Mapped[Person | None] = relationship(foreign_keys=requested_by_id)

    @property
    def is_proved(self) -> bool:
        """Whether no plan is better."""
        levels = self.result.get("levels", [])
        return bool(levels) and all(level["value"] == level["bound"] for level in levels)
