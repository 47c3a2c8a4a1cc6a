"""counts of registrations that were erased

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATUSES = (
    "DRAFT",
    "SUBMITTED",
    "ENDORSED",
    "RETURNED",
    "REFUSED",
    "CONFIRMED",
    "WAITLISTED",
    "OFFERED",
    "NOT_SELECTED",
    "CHECKED_IN",
    "ATTENDED",
    "CANCELLED",
    "REPLACED",
    "NO_SHOW",
)


def upgrade() -> None:
    op.create_table(
        "erased_registrations",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*STATUSES, name="registrationstatus", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("registration_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_erased_registrations_edition_id_edition"),
        ),
        sa.PrimaryKeyConstraint("edition_id", "status", name=op.f("pk_erased_registrations")),
    )


def downgrade() -> None:
    op.drop_table("erased_registrations")
