"""roles that ended stay as history, and roles are offered by invitation

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLE = sa.Enum(
    "ORGANISER", "COMMITTEE", "NATIONAL_CONTACT", "HOST_TEAM", "VISA_OFFICER", "PARTICIPANT",
    name="role", native_enum=False, length=20,
)
SCOPE = sa.Enum(
    "EVERYTHING", "COUNTRY", "EDITION", name="scopekind", native_enum=False, length=20
)
STANDING = sa.text("ended_at IS NULL")
OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("grant") as batch:
        batch.add_column(
            sa.Column("is_deputy", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(
            sa.Column("end_reason", sa.String(length=500), nullable=False, server_default="")
        )
        batch.drop_constraint("uq_grant_person_id", type_="unique")
    with op.batch_alter_table("grant") as batch:
        batch.alter_column("is_deputy", server_default=None)
        batch.alter_column("end_reason", server_default=None)
        batch.create_index(
            "one_standing_grant",
            ["person_id", "role", "scope_kind", "scope_key"],
            unique=True,
            sqlite_where=STANDING,
            postgresql_where=STANDING,
        )
        batch.create_index("ix_grant_role", ["role", "scope_key"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", ROLE, nullable=False),
        sa.Column("scope_kind", SCOPE, nullable=False),
        sa.Column("scope_key", sa.String(length=80), nullable=False),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.Column("is_deputy", sa.Boolean(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("invited_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["grant.id"],
            name=op.f("fk_invitation_replaces_id_grant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"],
            ["person.id"],
            name=op.f("fk_invitation_invited_by_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(
        "one_open_invitation",
        "invitation",
        ["email", "role", "scope_key"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_table("invitation")
    # The table before kept one row a role and scope: what has ended goes.
    op.execute(sa.text('DELETE FROM "grant" WHERE ended_at IS NOT NULL'))
    with op.batch_alter_table("grant") as batch:
        batch.drop_index("ix_grant_role")
        batch.drop_index("one_standing_grant")
        batch.drop_column("end_reason")
        batch.drop_column("ended_at")
        batch.drop_column("is_deputy")
        batch.create_unique_constraint(
            "uq_grant_person_id", ["person_id", "role", "scope_kind", "scope_key"]
        )
