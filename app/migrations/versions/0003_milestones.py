"""milestones of series and editions

Revision ID: 0003
Revises: 0002
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ENTRY_STATUS = sa.Enum(
    "TENTATIVE", "CONFIRMED", "CANCELLED", name="entrystatus", native_enum=False, length=10
)

BEGINNINGS = ("edition.call_open", "edition.host_selected")
MOMENT = sa.DateTime(timezone=True)
EDITION = sa.table(
    "edition",
    sa.column("id", sa.Integer),
    sa.column("status", sa.String),
    sa.column("dtstart", sa.Date),
    sa.column("created_at", MOMENT),
)
AUDIT = sa.table(
    "audit_entry",
    sa.column("subject_kind", sa.String),
    sa.column("subject_id", sa.Integer),
    sa.column("action", sa.String),
    sa.column("at", MOMENT),
)
CALL = sa.table(
    "call_for_hosts", sa.column("edition_id", sa.Integer), sa.column("closes_at", MOMENT)
)
OFFER = sa.table(
    "hosting_offer", sa.column("edition_id", sa.Integer), sa.column("submitted_at", MOMENT)
)
SCHEDULE = sa.table(
    "edition_schedule",
    sa.column("edition_id", sa.Integer),
    sa.column("begun_on", sa.Date),
    sa.column("call_closes_on", sa.Date),
    sa.column("offered_on", sa.Date),
)


def upgrade() -> None:
    op.create_table(
        "milestone_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("lead", sa.String(length=30), nullable=False),
        sa.Column("minimum_weeks", sa.Integer(), nullable=False),
        sa.Column("is_optional", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "minimum_weeks BETWEEN 0 AND 520", name=op.f("ck_milestone_step_minimum_weeks")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["series.id"],
            name=op.f("fk_milestone_step_series_id_series"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_step")),
        sa.UniqueConstraint("series_id", "key", name=op.f("uq_milestone_step_series_id")),
    )
    op.create_table(
        "edition_schedule",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("call_closes_on", sa.Date(), nullable=True),
        sa.Column("offered_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_edition_schedule_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_edition_schedule")),
    )
    op.create_table(
        "edition_milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("lead", sa.String(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_optional", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_dropped", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("waived_reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("told_status", ENTRY_STATUS, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "done_on IS NULL OR waived_reason = ''", name=op.f("ck_edition_milestone_done_or_waived")
        ),
        sa.CheckConstraint(
            "(told_on IS NULL) = (told_status IS NULL)",
            name=op.f("ck_edition_milestone_told_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_edition_milestone_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_edition_milestone_person_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_milestone")),
        sa.UniqueConstraint("edition_id", "key", name=op.f("uq_edition_milestone_edition_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_edition_milestone_uid")),
    )

    _begin_schedules()


def _begin_schedules() -> None:
    """Say of each settled edition ahead when its work began; its days are laid by a command.

    The work began when the call opened or the host was named, else when the row was made.
    """
    connection = op.get_bind()
    begun: dict[int, datetime] = dict(
        connection.execute(
            sa.select(AUDIT.c.subject_id, sa.func.min(AUDIT.c.at))
            .where(AUDIT.c.subject_kind == "edition", AUDIT.c.action.in_(BEGINNINGS))
            .group_by(AUDIT.c.subject_id)
        ).all()
    )
    calls = dict(connection.execute(sa.select(CALL.c.edition_id, CALL.c.closes_at)).all())
    offered = dict(
        connection.execute(
            sa.select(OFFER.c.edition_id, sa.func.min(OFFER.c.submitted_at)).group_by(
                OFFER.c.edition_id
            )
        ).all()
    )
    settled = connection.execute(
        sa.select(EDITION.c.id, EDITION.c.dtstart, EDITION.c.created_at).where(
            EDITION.c.status.not_in(("PROJECTED", "CANCELLED"))
        )
    ).all()
    for edition_id, dtstart, created_at in settled:
        begun_on = begun.get(edition_id, created_at).date()
        if begun_on >= dtstart:
            continue
        closes_at, offered_at = calls.get(edition_id), offered.get(edition_id)
        connection.execute(
            SCHEDULE.insert().values(
                edition_id=edition_id,
                begun_on=begun_on,
                # A call that ends at midnight took offers until the day before.
                call_closes_on=closes_at and (closes_at - timedelta(microseconds=1)).date(),
                offered_on=offered_at and offered_at.date(),
            )
        )


def downgrade() -> None:
    op.drop_table("edition_milestone")
    op.drop_table("edition_schedule")
    op.drop_table("milestone_step")
