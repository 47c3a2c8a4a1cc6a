"""second factors, passkeys, identities, codes by mail

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

METHOD = sa.Enum(
    "PASSWORD", "LINK", "CODE", "PASSKEY", "PROVIDER",
    name="method", native_enum=False, length=20,
)  # fmt: skip
MOMENT = sa.DateTime(timezone=True)
LONG_AGO = sa.text("'1970-01-01 00:00:00'")


def added() -> list[tuple[str, sa.Column]]:
    return [
        (
            "person",
            sa.Column("is_demonstration", sa.Boolean(), nullable=False, server_default=sa.false()),
        ),
        (
            "person",
            sa.Column("has_second_factor", sa.Boolean(), nullable=False, server_default=sa.false()),
        ),
        ("person", sa.Column("totp_secret", sa.String(length=255), nullable=True)),
        ("person", sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0")),
        ("sign_in", sa.Column("method", METHOD, nullable=False, server_default="LINK")),
        ("sign_in", sa.Column("used_at", MOMENT, nullable=False, server_default=LONG_AGO)),
        ("sign_in", sa.Column("confirmed_at", MOMENT, nullable=False, server_default=LONG_AGO)),
        ("sign_in", sa.Column("second_factor_at", MOMENT, nullable=True)),
        ("sign_in", sa.Column("failed_count", sa.Integer(), nullable=False, server_default="0")),
        ("sign_in_link", sa.Column("browser_hash", sa.String(length=64), nullable=True)),
        (
            "sign_in_link",
            sa.Column("is_vouched", sa.Boolean(), nullable=False, server_default=sa.false()),
        ),
        ("sign_in_link", sa.Column("code_hash", sa.String(length=64), nullable=True)),
        (
            "sign_in_link",
            sa.Column("failed_count", sa.Integer(), nullable=False, server_default="0"),
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "passkey_challenge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenge")),
        sa.UniqueConstraint("challenge_hash", name=op.f("uq_passkey_challenge_challenge_hash")),
    )
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_passkey_challenge_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_identity_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identity_issuer")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_person_id"), ["person_id"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_passkey_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_person_id"), ["person_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_recovery_code_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_code_code_hash")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_person_id"), ["person_id"], unique=False)

    # Everybody signs in anew: what the sessions before had proved is not known.
    op.execute("DELETE FROM sign_in")
    op.execute("DELETE FROM sign_in_link")
    # Plainly, not as a batch: SQLite would copy the table, and dropping the old one would take
    # along whatever hangs on a person.
    for table, column in added():
        op.add_column(table, column)
    op.execute(
        "UPDATE person SET is_demonstration = true WHERE email LIKE '%@symposia.example.org'"
    )
    op.create_index("ix_sign_in_expires_at", "sign_in", ["expires_at"])
    op.create_index("ix_sign_in_link_browser_hash", "sign_in_link", ["browser_hash"])
    op.create_index("ix_sign_in_link_expires_at", "sign_in_link", ["expires_at"])


def downgrade() -> None:
    op.drop_index("ix_sign_in_link_expires_at", "sign_in_link")
    op.drop_index("ix_sign_in_link_browser_hash", "sign_in_link")
    op.drop_index("ix_sign_in_expires_at", "sign_in")
    for table, column in reversed(added()):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")

    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_person_id"))

    op.drop_table("recovery_code")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_person_id"))

    op.drop_table("passkey")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_person_id"))

    op.drop_table("identity")
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_challenge_expires_at"))

    op.drop_table("passkey_challenge")
