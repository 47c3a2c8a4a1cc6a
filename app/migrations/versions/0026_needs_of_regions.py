"""needs of regions, their support, rolling calls and the day to decide by

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STATUS = sa.Enum(
    "OPEN", "OFFERED", "DECIDED", "DECLINED", "WITHDRAWN", "LAPSED",
    name="needstatus", native_enum=False, length=10,
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "engagement_need",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("dtstart", sa.Date(), nullable=False),
        sa.Column("dtend", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("association_slug", sa.String(length=20), nullable=True),
        sa.Column("status", STATUS, nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=500), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("is_demonstration", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "dtstart < dtend", name=op.f("ck_engagement_need_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["association_slug"], ["association.slug"],
            name=op.f("fk_engagement_need_association_slug_association"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_engagement_need_edition_id_edition")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["person.id"],
            name=op.f("fk_engagement_need_proposed_by_id_person"), ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_engagement_need_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_need")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_engagement_need_edition_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_engagement_need_public_id")),
    )  # fmt: skip
    for column in ("proposed_by_id", "series_id", "status"):
        op.create_index(op.f(f"ix_engagement_need_{column}"), "engagement_need", [column])
    op.create_table(
        "need_support",
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("supported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_need_support_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["need_id"], ["engagement_need.id"],
            name=op.f("fk_need_support_need_id_engagement_need"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"],
            name=op.f("fk_need_support_person_id_person"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("need_id", "person_id", name=op.f("pk_need_support")),
    )  # fmt: skip
    op.create_index(op.f("ix_need_support_person_id"), "need_support", ["person_id"])
    with op.batch_alter_table("call_for_hosts") as table:
        table.add_column(
            sa.Column("is_rolling", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("call_for_hosts") as table:
        table.alter_column("is_rolling", server_default=None)
    with op.batch_alter_table("edition_schedule") as table:
        table.add_column(sa.Column("decide_by", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("edition_schedule") as table:
        table.drop_column("decide_by")
    with op.batch_alter_table("call_for_hosts") as table:
        table.drop_column("is_rolling")
    op.drop_table("need_support")
    op.drop_table("engagement_need")
