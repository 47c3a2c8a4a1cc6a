"""what hosts propose to change

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STATUS = sa.Enum(
    "OPEN", "APPROVED", "DECLINED", "WITHDRAWN", "REPLACED",
    name="proposalstatus", native_enum=False, length=10,
)


def upgrade() -> None:
    op.create_table(
        "host_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=False),
        sa.Column("status", STATUS, nullable=False),
        sa.Column("dtstart", sa.Date(), nullable=True),
        sa.Column("dtend", sa.Date(), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("venue", sa.String(length=200), nullable=False),
        sa.Column("venue_address", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "(dtstart IS NULL) = (dtend IS NULL)", name=op.f("ck_host_proposal_both_days")
        ),
        sa.CheckConstraint(
            "(dtstart IS NULL) <> (city = '')", name=op.f("ck_host_proposal_days_or_place")
        ),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_host_proposal_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"],
            name=op.f("fk_host_proposal_edition_id_edition"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"],
            name=op.f("fk_host_proposal_person_id_person"), ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_proposal")),
        sa.UniqueConstraint("edition_id", "number", name=op.f("uq_host_proposal_edition_id")),
    )


def downgrade() -> None:
    op.drop_table("host_proposal")
