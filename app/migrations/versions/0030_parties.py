"""parties that people join by a code

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("party") as batch:
        batch.add_column(sa.Column("code", sa.String(length=24), nullable=True))
        batch.add_column(sa.Column("size", sa.Integer(), nullable=True))
        batch.create_unique_constraint(op.f("uq_party_code"), ["code"])


def downgrade() -> None:
    with op.batch_alter_table("party") as batch:
        batch.drop_constraint(op.f("uq_party_code"), type_="unique")
        batch.drop_column("size")
        batch.drop_column("code")
