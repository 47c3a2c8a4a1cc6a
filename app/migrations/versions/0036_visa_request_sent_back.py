"""why a visa officer sent a request back

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "visa_request",
        sa.Column("returned_because", sa.String(length=500), nullable=False, server_default=""),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("visa_request", "returned_because", server_default=None)


def downgrade() -> None:
    op.drop_column("visa_request", "returned_because")
