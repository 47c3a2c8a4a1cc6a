"""the name under which a contact nominated somebody

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "registration",
        sa.Column("nominated_as", sa.String(length=200), nullable=False, server_default=""),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("registration", "nominated_as", server_default=None)


def downgrade() -> None:
    op.drop_column("registration", "nominated_as")
