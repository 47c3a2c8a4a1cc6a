"""which terms a person has accepted

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("registration", sa.Column("terms_version", sa.Integer(), nullable=True))
    # Whoever registered, or took a place, accepted them; not yet, who was put somewhere by others.
    op.execute(
        "UPDATE registration SET terms_version = 1 WHERE status <> 'DRAFT' AND NOT ("
        "status IN ('OFFERED', 'WAITLISTED') AND (replaces_id IS NOT NULL OR entry_reason <> ''))"
    )


def downgrade() -> None:
    op.drop_column("registration", "terms_version")
