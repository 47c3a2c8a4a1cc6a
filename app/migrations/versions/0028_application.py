"""help beside questions; visa letters are offered where their words are written

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op


revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WRITTEN = "SELECT edition_id FROM document_text WHERE kind = 'VISA_SUPPORT'"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE question ADD COLUMN help_text VARCHAR(500) NOT NULL DEFAULT ''"
    )
    op.execute(
        sa.text(
            "INSERT INTO admission_settings (edition_id, queue_order, asks_country, "
            "offers_visa_letters, offers_grants, grants_per_country, walk_ins, "
            "modified_at) "
            "SELECT edition_id, 'TIME', FALSE, TRUE, FALSE, 1, 'NEVER', modified_at "
            "FROM document_text "
            "WHERE kind = 'VISA_SUPPORT' "
            "AND edition_id NOT IN (SELECT edition_id FROM admission_settings)"
        )
    )
    op.execute(
        sa.text(
            "UPDATE admission_settings SET offers_visa_letters = TRUE "
            f"WHERE edition_id IN ({WRITTEN})"  # noqa: S608 - a constant
        )
    )


def downgrade() -> None:
    with op.batch_alter_table("question") as batch_op:
        batch_op.drop_column("help_text")
