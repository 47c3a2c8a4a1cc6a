"""files that wait for a form to be sent once more know whose they are

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stored_file") as batch_op:
        batch_op.add_column(sa.Column("held_for_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_stored_file_held_for_id_person"), "person", ["held_for_id"], ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_index(op.f("ix_stored_file_held_for_id"), ["held_for_id"])


def downgrade() -> None:
    with op.batch_alter_table("stored_file") as batch_op:
        batch_op.drop_index(op.f("ix_stored_file_held_for_id"))
        batch_op.drop_constraint(
            op.f("fk_stored_file_held_for_id_person"), type_="foreignkey"
        )
        batch_op.drop_column("held_for_id")
