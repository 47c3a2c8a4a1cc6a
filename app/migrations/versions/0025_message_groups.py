"""messages to people of some countries, in some roles

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("group_message") as batch:
        for name in ("countries", "roles"):
            batch.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("group_message") as batch:
        for name in ("countries", "roles"):
            batch.alter_column(name, existing_type=sa.JSON(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("group_message") as batch:
        for name in ("roles", "countries"):
            batch.drop_column(name)
