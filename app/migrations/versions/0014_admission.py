"""places by country, region and role; what people are asked; delegations, offers and grants

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Added as they are: a copy of the table would be dropped, and with it whatever hangs on its rows.
COLUMNS = (
    ("country_code", "VARCHAR(3) CONSTRAINT fk_registration_country_code_country "
                     "REFERENCES country (code)"),
    ("role", "VARCHAR(20) NOT NULL DEFAULT 'PARTICIPANT'"),
    ("affiliation", "VARCHAR(200) NOT NULL DEFAULT ''"),
    ("position", "VARCHAR(200) NOT NULL DEFAULT ''"),
    ("access_needs", "VARCHAR(500) NOT NULL DEFAULT ''"),
    ("party_id", "INTEGER CONSTRAINT fk_registration_party_id_party REFERENCES party (id)"),
    ("rank", "INTEGER"),
    ("is_held", "BOOLEAN NOT NULL DEFAULT FALSE"),
    ("nominated_by_id", "INTEGER CONSTRAINT fk_registration_nominated_by_id_person "
                        "REFERENCES person (id)"),
    ("entry_reason", "VARCHAR(500) NOT NULL DEFAULT ''"),
    ("replaces_id", "INTEGER CONSTRAINT fk_registration_replaces_id_registration "
                    "REFERENCES registration (id)"),
)


def upgrade() -> None:
    op.create_table(
        "profile",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=True),
        sa.Column("affiliation", sa.String(length=200), nullable=False),
        sa.Column("position", sa.String(length=200), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_profile_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_profile_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_profile")),
    )
    op.create_table(
        "admission_settings",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column(
            "queue_order",
            sa.Enum("TIME", "RANKING", "BALANCE", name="order", native_enum=False, length=10),
            nullable=False,
        ),
        sa.Column("answer_days", sa.Integer(), nullable=True),
        sa.Column("asks_country", sa.Boolean(), nullable=False),
        sa.Column("offers_visa_letters", sa.Boolean(), nullable=False),
        sa.Column("offers_grants", sa.Boolean(), nullable=False),
        sa.Column("grants_per_country", sa.Integer(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "answer_days BETWEEN 1 AND 60", name=op.f("ck_admission_settings_answer_days")
        ),
        sa.CheckConstraint(
            "grants_per_country BETWEEN 0 AND 1000", name=op.f("ck_admission_settings_grants")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_admission_settings_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_admission_settings")),
    )
    op.create_table(
        "party",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_party_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
    )
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_party_edition_id"), ["edition_id"], unique=False)

    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "TEXT",
                "PROSE",
                "CHOICE",
                "DATE",
                "FILE",
                name="questionkind",
                native_enum=False,
                length=10,
            ),
            nullable=False,
        ),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("depends_on_id", sa.Integer(), nullable=True),
        sa.Column("depends_on_answer", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["depends_on_id"],
            ["question.id"],
            name=op.f("fk_question_depends_on_id_question"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_question_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_edition_id"), ["edition_id"], unique=False)

    op.create_table(
        "quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "COUNTRY",
                "REGION",
                "ROLE",
                "RESERVED",
                name="quotascope",
                native_enum=False,
                length=10,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.CheckConstraint("places >= 0", name=op.f("ck_quota_places")),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_quota_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota")),
        sa.UniqueConstraint("edition_id", "scope", "key", name=op.f("uq_quota_edition_id")),
    )
    op.create_table(
        "seat_count",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "PARTICIPANT",
                "SPEAKER",
                "HOST",
                "COMMITTEE",
                "OBSERVER",
                name="attendeerole",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("seated_count", sa.Integer(), nullable=False),
        sa.Column("waiting_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_seat_count_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_id", "country_code", "role", name=op.f("pk_seat_count")),
    )
    op.create_table(
        "answer",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_answer_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["question.id"],
            name=op.f("fk_answer_question_id_question"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_answer_registration_id_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", "question_id", name=op.f("pk_answer")),
    )
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_question_id"), ["question_id"], unique=False)

    op.create_table(
        "travel_grant",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "REQUESTED", "GIVEN", "DECLINED", name="grantstatus", native_enum=False, length=10
            ),
            nullable=False,
        ),
        sa.Column("request", sa.String(length=1000), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_travel_grant_registration_id_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_travel_grant")),
    )
    op.create_table(
        "visa_request",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("nationality_code", sa.String(length=3), nullable=False),
        sa.Column("passport_number", sa.String(length=40), nullable=False),
        sa.Column("passport_expires_on", sa.Date(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("consulate", sa.String(length=120), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nationality_code"],
            ["country.code"],
            name=op.f("fk_visa_request_nationality_code_country"),
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_visa_request_registration_id_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_visa_request")),
    )
    for name, declaration in COLUMNS:
        op.execute(f"ALTER TABLE registration ADD COLUMN {name} {declaration}")
    moment = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute(f"ALTER TABLE registration ADD COLUMN answer_by {moment}")
    op.execute(
        f"ALTER TABLE registration ADD COLUMN queued_at {moment} "
        "NOT NULL DEFAULT '1970-01-01 00:00:00'"
    )
    op.execute("UPDATE registration SET queued_at = registered_at")
    op.drop_index("ix_registration_queue", table_name="registration")
    op.create_index(
        "ix_registration_queue", "registration", ["edition_id", "status", "queued_at", "id"]
    )
    op.create_index(
        "ix_registration_answer_due",
        "registration",
        ["answer_by"],
        sqlite_where=sa.text("answer_by IS NOT NULL"),
        postgresql_where=sa.text("answer_by IS NOT NULL"),
    )
    op.create_index("ix_registration_party_id", "registration", ["party_id"])
    op.execute(
        "INSERT INTO seat_count (edition_id, country_code, role, seated_count, waiting_count) "
        "SELECT edition_id, '', 'PARTICIPANT', "
        "SUM(CASE WHEN status = 'WAITLISTED' THEN 0 ELSE 1 END), "
        "SUM(CASE WHEN status = 'WAITLISTED' THEN 1 ELSE 0 END) FROM registration "
        "WHERE status IN ('CONFIRMED', 'OFFERED', 'CHECKED_IN', 'ATTENDED', 'WAITLISTED') "
        "GROUP BY edition_id"
    )


def downgrade() -> None:
    for name in ("party_id", "answer_due", "queue"):
        op.drop_index(f"ix_registration_{name}", table_name="registration")
    for name in ("queued_at", "answer_by", *(name for name, _declaration in reversed(COLUMNS))):
        op.execute(f"ALTER TABLE registration DROP COLUMN {name}")
    op.create_index(
        "ix_registration_queue", "registration", ["edition_id", "status", "registered_at", "id"]
    )
    op.drop_table("visa_request")
    op.drop_table("travel_grant")
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_question_id"))

    op.drop_table("answer")
    op.drop_table("seat_count")
    op.drop_table("quota")
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_edition_id"))

    op.drop_table("question")
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_party_edition_id"))

    op.drop_table("party")
    op.drop_table("admission_settings")
    op.drop_table("profile")
