"""interests in hosting, and the rotation of hosts

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hosting_interest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("use_count", sa.Integer(), nullable=False),
        sa.Column(
            "cost_share",
            sa.Enum("HOST", "SHARED", "GROUP", name="costshare", native_enum=False, length=10),
            nullable=False,
        ),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("stated_by_id", sa.Integer(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demonstration", sa.Boolean(), nullable=False),
        sa.CheckConstraint("first_year <= last_year", name=op.f("ck_hosting_interest_years")),
        sa.CheckConstraint(
            "use_count BETWEEN 1 AND 9", name=op.f("ck_hosting_interest_use_count")
        ),
        sa.ForeignKeyConstraint(
            ["country_code"],
            ["country.code"],
            name=op.f("fk_hosting_interest_country_code_country"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_hosting_interest_series_id_series")
        ),
        sa.ForeignKeyConstraint(
            ["stated_by_id"],
            ["person.id"],
            name=op.f("fk_hosting_interest_stated_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosting_interest")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hosting_interest_public_id")),
    )
    op.create_index(
        op.f("ix_hosting_interest_country_code"), "hosting_interest", ["country_code"]
    )
    op.create_index(op.f("ix_hosting_interest_series_id"), "hosting_interest", ["series_id"])
    op.create_table(
        "interest_window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("interest_id", sa.Integer(), nullable=False),
        sa.Column("dtstart", sa.Date(), nullable=False),
        sa.Column("dtend", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "dtstart < dtend", name=op.f("ck_interest_window_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["interest_id"],
            ["hosting_interest.id"],
            name=op.f("fk_interest_window_interest_id_hosting_interest"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest_window")),
    )
    op.create_index(op.f("ix_interest_window_interest_id"), "interest_window", ["interest_id"])
    op.create_table(
        "rotation_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stored", sa.JSON(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_settings")),
    )
    op.create_table(
        "rotation_pin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=True),
        sa.Column("week_of", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_rotation_pin_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_rotation_pin_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_rotation_pin_person_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_pin")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_rotation_pin_edition_id")),
    )
    op.create_table(
        "rotation_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("PLAN", "EXPLANATION", name="runkind", native_enum=False, length=15),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "WAITING",
                "RUNNING",
                "DONE",
                "CONFLICT",
                "FAILED",
                name="runstatus",
                native_enum=False,
                length=10,
            ),
            nullable=False,
        ),
        sa.Column("base_id", sa.Integer(), nullable=True),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adopted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["adopted_by_id"],
            ["person.id"],
            name=op.f("fk_rotation_run_adopted_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["base_id"],
            ["rotation_run.id"],
            name=op.f("fk_rotation_run_base_id_rotation_run"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_rotation_run_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"],
            ["person.id"],
            name=op.f("fk_rotation_run_requested_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_run")),
    )
    op.create_index(op.f("ix_rotation_run_base_id"), "rotation_run", ["base_id"])
    op.create_index(op.f("ix_rotation_run_status"), "rotation_run", ["status"])


def downgrade() -> None:
    op.drop_table("rotation_run")
    op.drop_table("rotation_pin")
    op.drop_table("rotation_settings")
    op.drop_table("interest_window")
    op.drop_table("hosting_interest")
