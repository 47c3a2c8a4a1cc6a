"""acts on the agreement with a host, with their letters

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ACT = sa.Enum(
    "REQUESTED", "UNDER_NEGOTIATION", "ACCEPTED", "AMENDED", "FULFILLED", "LETTER", "WAIVED",
    "ENDED",
    name="agreementact", native_enum=False, length=20,
)


def upgrade() -> None:
    op.create_table(
        "agreement_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=True),
        sa.Column("act", ACT, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"],
            name=op.f("fk_agreement_record_country_code_country"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"],
            name=op.f("fk_agreement_record_edition_id_edition"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["stored_file.id"],
            name=op.f("fk_agreement_record_letter_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"],
            name=op.f("fk_agreement_record_person_id_person"), ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_record")),
    )
    op.create_index("ix_agreement_record_edition_id", "agreement_record", ["edition_id"])


def downgrade() -> None:
    op.drop_table("agreement_record")
