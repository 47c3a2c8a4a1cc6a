"""people who come to the door without a registration

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

RULE = sa.Enum("NEVER", "FREE", "APPROVAL", name="walkins", native_enum=False, length=10)


def upgrade() -> None:
    with op.batch_alter_table("admission_settings") as batch:
        batch.add_column(sa.Column("walk_ins", RULE, nullable=False, server_default="NEVER"))
    with op.batch_alter_table("admission_settings") as batch:
        batch.alter_column("walk_ins", existing_type=RULE, server_default=None)
    op.create_table(
        "walk_in",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_walk_in_registration_id_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_walk_in")),
    )
    op.create_index(op.f("ix_walk_in_registration_id"), "walk_in", ["registration_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_walk_in_registration_id"), table_name="walk_in")
    op.drop_table("walk_in")
    with op.batch_alter_table("admission_settings") as batch:
        batch.drop_column("walk_ins")
