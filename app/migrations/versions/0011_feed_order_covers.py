"""The index of feeds covers what decides whether an edition stands in one.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_edition_feed",
        "edition",
        ["dtstart", "uid", "public_since", "status", "precision", "dtend"],
    )
    op.drop_index("ix_edition_feed_order", table_name="edition")


def downgrade() -> None:
    op.create_index("ix_edition_feed_order", "edition", ["dtstart", "uid"])
    op.drop_index("ix_edition_feed", table_name="edition")
