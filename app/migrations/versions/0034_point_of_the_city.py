"""where on the map an edition's city is

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("edition", sa.Column("latitude", sa.Double(), nullable=True))
    op.add_column("edition", sa.Column("longitude", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("edition", "longitude")
    op.drop_column("edition", "latitude")
