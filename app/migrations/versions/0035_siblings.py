"""which event of its series came before, as calendars are told

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from app.clock import utcnow  # a rehearsal's entries must not be dated by the real day

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

LINK = sa.text("""
    UPDATE edition SET sibling_uid = (
        SELECT earlier.uid FROM edition AS earlier
        WHERE earlier.series_id = edition.series_id AND earlier.public_since IS NOT NULL
            AND earlier.status NOT IN ('PROJECTED', 'CANCELLED') AND earlier.precision = 'DAY'
            AND earlier.dtstart < edition.dtstart
        ORDER BY earlier.dtstart DESC, earlier.uid LIMIT 1)
    WHERE public_since IS NOT NULL
""")
REVISE = sa.text("""
    UPDATE edition SET component_tag = NULL, modified_at = :now WHERE sibling_uid IS NOT NULL
""").bindparams(sa.bindparam("now", type_=sa.DateTime(timezone=True)))
"""Feeds are written anew at the next start."""


def upgrade() -> None:
    op.add_column("edition", sa.Column("sibling_uid", sa.String(255), nullable=True))
    op.execute(LINK)
    op.get_bind().execute(REVISE, {"now": utcnow()})


def downgrade() -> None:
    op.drop_column("edition", "sibling_uid")
