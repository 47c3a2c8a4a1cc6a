"""the checklist with a host

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OWNER = sa.Enum("HOST", "ORGANISER", name="taskowner", native_enum=False, length=10)


def upgrade() -> None:
    op.create_table(
        "host_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("promise", sa.String(length=500), nullable=False),
        sa.Column("owner", OWNER, nullable=False),
        sa.Column("lead", sa.String(length=30), nullable=False),
        sa.Column("is_added", sa.Boolean(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("waived_reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "done_on IS NULL OR waived_reason = ''", name=op.f("ck_host_task_done_or_waived")
        ),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_host_task_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"],
            name=op.f("fk_host_task_edition_id_edition"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"],
            name=op.f("fk_host_task_person_id_person"), ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_task")),
    )
    op.create_index("ix_host_task_edition_id", "host_task", ["edition_id"])


def downgrade() -> None:
    op.drop_table("host_task")
