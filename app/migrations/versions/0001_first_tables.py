"""first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "association",
        sa.Column("slug", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_association")),
    )
    op.create_table(
        "country",
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("alpha2", sa.String(length=2), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("official_name", sa.String(length=120), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=True),
        sa.Column("sub_region", sa.String(length=60), nullable=False),
        sa.Column("is_un_member", sa.Boolean(), nullable=False),
        sa.Column("is_iaea_member", sa.Boolean(), nullable=False),
        sa.Column("infcirc908", sa.String(length=8), nullable=False),
        sa.Column("is_fictional", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_country")),
        sa.UniqueConstraint("alpha2", name=op.f("uq_country_alpha2")),
    )
    with op.batch_alter_table("country", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_country_region"), ["region"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("is_secret", sa.Boolean(), nullable=False),
        sa.Column("calendar_method", sa.String(length=10), nullable=False),
        sa.Column("calendar", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_due", ["sent_at", "due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_outbox_message_to_address"), ["to_address"], unique=False
        )

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_person_fs_uniquifier")),
    )
    op.create_table(
        "public_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_revision")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "SYMPOSIUM",
                "PRACTITIONER_WORKSHOP",
                "REGIONAL_ENGAGEMENT",
                name="serieskind",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("region", sa.String(length=20), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("rrule", sa.String(length=500), nullable=True),
        sa.Column("dtstart", sa.Date(), nullable=True),
        sa.Column("length_days", sa.Integer(), nullable=False),
        sa.Column("rule_note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(rrule IS NULL) = (dtstart IS NULL)", name=op.f("ck_series_rule_has_a_start")
        ),
        sa.CheckConstraint("length_days BETWEEN 1 AND 60", name=op.f("ck_series_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("slug", name=op.f("uq_series_slug")),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_region"), ["region"], unique=False)

    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("next_path", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
    )
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_link_email", ["email"], unique=False)

    op.create_table(
        "stored_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stored_name", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_stored_file_stored_name")),
    )
    op.create_table(
        "association_member",
        sa.Column("association_slug", sa.String(length=20), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["association_slug"],
            ["association.slug"],
            name=op.f("fk_association_member_association_slug_association"),
        ),
        sa.ForeignKeyConstraint(
            ["country_code"],
            ["country.code"],
            name=op.f("fk_association_member_country_code_country"),
        ),
        sa.PrimaryKeyConstraint(
            "association_slug", "country_code", name=op.f("pk_association_member")
        ),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_audit_entry_person_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_subject", ["subject_kind", "subject_id"], unique=False
        )

    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PROJECTED",
                "CALL_OPEN",
                "UNDER_EVALUATION",
                "HOST_SELECTED",
                "CONFIRMED",
                "ANNOUNCED",
                "REGISTRATION_OPEN",
                "REGISTRATION_CLOSED",
                "IN_PROGRESS",
                "COMPLETED",
                "REPORTED",
                "CLOSED",
                "POSTPONED",
                "CANCELLED",
                name="editionstatus",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("own_title", sa.String(length=250), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column("recurrence_id", sa.Date(), nullable=True),
        sa.Column("dtstart", sa.Date(), nullable=False),
        sa.Column("dtend", sa.Date(), nullable=False),
        sa.Column(
            "precision",
            sa.Enum(
                "DAY", "MONTH", "YEAR", "WINDOW", name="precision", native_enum=False, length=10
            ),
            nullable=False,
        ),
        sa.Column("dates_to_follow", sa.Boolean(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("venue", sa.String(length=200), nullable=False),
        sa.Column("venue_address", sa.String(length=500), nullable=False),
        sa.Column("tzid", sa.String(length=60), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column(
            "agreement",
            sa.Enum(
                "NOT_STARTED",
                "REQUESTED",
                "UNDER_NEGOTIATION",
                "ACCEPTED",
                "AMENDED",
                "FULFILLED",
                name="agreementstatus",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("agreement_waiver", sa.String(length=1000), nullable=False),
        sa.Column(
            "admission_policy",
            sa.Enum(
                "OPEN",
                "APPROVAL",
                "NOMINATION",
                name="admissionpolicy",
                native_enum=False,
                length=15,
            ),
            nullable=False,
        ),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("registration_closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demonstration", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("capacity IS NULL OR capacity > 0", name=op.f("ck_edition_capacity")),
        sa.CheckConstraint("dtstart < dtend", name=op.f("ck_edition_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_edition_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_edition_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("series_id", "recurrence_id", name=op.f("uq_edition_series_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_edition_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_edition_uid")),
    )
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edition_country_code"), ["country_code"], unique=False)
        batch_op.create_index("ix_edition_feed_order", ["dtstart", "uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_edition_series_id"), ["series_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_edition_status"), ["status"], unique=False)

    op.create_table(
        "edition_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("recurrence_id", sa.Date(), nullable=False),
        sa.Column("dtstart", sa.Date(), nullable=True),
        sa.Column("dtend", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(dtstart IS NULL) = (dtend IS NULL)",
            name=op.f("ck_edition_override_both_days_or_skip"),
        ),
        sa.CheckConstraint(
            "dtstart IS NULL OR dtstart < dtend",
            name=op.f("ck_edition_override_ends_after_it_starts"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_edition_override_person_id_person"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_edition_override_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_override")),
        sa.UniqueConstraint(
            "series_id", "recurrence_id", name=op.f("uq_edition_override_series_id")
        ),
    )
    op.create_table(
        "grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "ORGANISER",
                "COMMITTEE",
                "NATIONAL_CONTACT",
                "HOST_TEAM",
                "VISA_OFFICER",
                "PARTICIPANT",
                name="role",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "scope_kind",
            sa.Enum(
                "EVERYTHING", "COUNTRY", "EDITION", name="scopekind", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("scope_key", sa.String(length=80), nullable=False),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_grant_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant")),
        sa.UniqueConstraint(
            "person_id", "role", "scope_kind", "scope_key", name=op.f("uq_grant_person_id")
        ),
    )
    op.create_table(
        "known_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("dtstart", sa.Date(), nullable=False),
        sa.Column("dtend", sa.Date(), nullable=False),
        sa.Column(
            "precision",
            sa.Enum(
                "DAY", "MONTH", "YEAR", "WINDOW", name="precision", native_enum=False, length=10
            ),
            nullable=False,
        ),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("certainty", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_known_event_country_code_country")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_event")),
        sa.UniqueConstraint("name", "dtstart", name=op.f("uq_known_event_name")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_sign_in_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_token_hash")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_person_id"), ["person_id"], unique=False)

    op.create_table(
        "call_for_hosts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_call_for_hosts_edition_id_edition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_for_hosts")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_call_for_hosts_edition_id")),
    )
    op.create_table(
        "hosting_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "RETURNED",
                "ELIGIBLE",
                "EVALUATED",
                "SHORTLISTED",
                "RECOMMENDED",
                "SELECTED",
                "RESERVE",
                "NOT_SELECTED",
                "WITHDRAWN",
                "LAPSED",
                name="offerstatus",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("venue", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision_reason", sa.String(length=2000), nullable=False),
        sa.Column("is_demonstration", sa.Boolean(), nullable=False),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_hosting_offer_capacity")),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_hosting_offer_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_hosting_offer_edition_id_edition")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["stored_file.id"], name=op.f("fk_hosting_offer_letter_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by_id"],
            ["person.id"],
            name=op.f("fk_hosting_offer_submitted_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosting_offer")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hosting_offer_public_id")),
    )
    with op.batch_alter_table("hosting_offer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_hosting_offer_country_code"), ["country_code"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_hosting_offer_edition_id"), ["edition_id"], unique=False
        )
        batch_op.create_index(
            "one_standing_offer",
            ["edition_id", "country_code"],
            unique=True,
            sqlite_where=sa.text(
                "status IN ('DRAFT', 'ELIGIBLE', 'EVALUATED', 'RECOMMENDED', 'RESERVE', 'RETURNED', 'SELECTED', 'SHORTLISTED', 'SUBMITTED')"
            ),
            postgresql_where=sa.text(
                "status IN ('DRAFT', 'ELIGIBLE', 'EVALUATED', 'RECOMMENDED', 'RESERVE', 'RETURNED', 'SELECTED', 'SHORTLISTED', 'SUBMITTED')"
            ),
        )

    op.create_table(
        "registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "ENDORSED",
                "RETURNED",
                "REFUSED",
                "CONFIRMED",
                "WAITLISTED",
                "OFFERED",
                "NOT_SELECTED",
                "CHECKED_IN",
                "ATTENDED",
                "CANCELLED",
                "REPLACED",
                "NO_SHOW",
                name="registrationstatus",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("dietary_needs", sa.String(length=500), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_registration_edition_id_edition")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_registration_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("public_id", name=op.f("uq_registration_public_id")),
    )
    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registration_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_registration_queue", ["edition_id", "status", "registered_at", "id"], unique=False
        )
        batch_op.create_index(
            "one_live_place",
            ["edition_id", "person_id"],
            unique=True,
            sqlite_where=sa.text(
                "status IN ('ATTENDED', 'CHECKED_IN', 'CONFIRMED', 'DRAFT', 'ENDORSED', 'OFFERED', 'RETURNED', 'SUBMITTED', 'WAITLISTED')"
            ),
            postgresql_where=sa.text(
                "status IN ('ATTENDED', 'CHECKED_IN', 'CONFIRMED', 'DRAFT', 'ENDORSED', 'OFFERED', 'RETURNED', 'SUBMITTED', 'WAITLISTED')"
            ),
        )

    op.create_table(
        "offer_window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("dtstart", sa.Date(), nullable=False),
        sa.Column("dtend", sa.Date(), nullable=False),
        sa.CheckConstraint("dtstart < dtend", name=op.f("ck_offer_window_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["offer_id"],
            ["hosting_offer.id"],
            name=op.f("fk_offer_window_offer_id_hosting_offer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_window")),
    )
    with op.batch_alter_table("offer_window", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_window_offer_id"), ["offer_id"], unique=False)

    op.create_table(
        "feed_component",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_feed_component_edition_id_edition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_feed_component")),
    )
    op.create_table(
        "personal_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("has_alarms", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_personal_feed_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_personal_feed_token_hash")),
    )
    with op.batch_alter_table("personal_feed", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_personal_feed_person_id"), ["person_id"], unique=False
        )


def downgrade() -> None:
    op.drop_table("personal_feed")
    op.drop_table("feed_component")
    with op.batch_alter_table("offer_window", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_window_offer_id"))

    op.drop_table("offer_window")
    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.drop_index(
            "one_live_place",
            sqlite_where=sa.text(
                "status IN ('ATTENDED', 'CHECKED_IN', 'CONFIRMED', 'DRAFT', 'ENDORSED', 'OFFERED', 'RETURNED', 'SUBMITTED', 'WAITLISTED')"
            ),
            postgresql_where=sa.text(
                "status IN ('ATTENDED', 'CHECKED_IN', 'CONFIRMED', 'DRAFT', 'ENDORSED', 'OFFERED', 'RETURNED', 'SUBMITTED', 'WAITLISTED')"
            ),
        )
        batch_op.drop_index("ix_registration_queue")
        batch_op.drop_index(batch_op.f("ix_registration_person_id"))

    op.drop_table("registration")
    with op.batch_alter_table("hosting_offer", schema=None) as batch_op:
        batch_op.drop_index(
            "one_standing_offer",
            sqlite_where=sa.text(
                "status IN ('DRAFT', 'ELIGIBLE', 'EVALUATED', 'NOT_SELECTED', 'RECOMMENDED', 'RESERVE', 'RETURNED', 'SELECTED', 'SHORTLISTED', 'SUBMITTED')"
            ),
            postgresql_where=sa.text(
                "status IN ('DRAFT', 'ELIGIBLE', 'EVALUATED', 'NOT_SELECTED', 'RECOMMENDED', 'RESERVE', 'RETURNED', 'SELECTED', 'SHORTLISTED', 'SUBMITTED')"
            ),
        )
        batch_op.drop_index(batch_op.f("ix_hosting_offer_edition_id"))
        batch_op.drop_index(batch_op.f("ix_hosting_offer_country_code"))

    op.drop_table("hosting_offer")
    op.drop_table("call_for_hosts")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_person_id"))

    op.drop_table("sign_in")
    op.drop_table("known_event")
    op.drop_table("grant")
    op.drop_table("edition_override")
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edition_status"))
        batch_op.drop_index(batch_op.f("ix_edition_series_id"))
        batch_op.drop_index("ix_edition_feed_order")
        batch_op.drop_index(batch_op.f("ix_edition_country_code"))

    op.drop_table("edition")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.drop_index(batch_op.f("ix_audit_entry_person_id"))

    op.drop_table("audit_entry")
    op.drop_table("association_member")
    op.drop_table("stored_file")
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_link_email")

    op.drop_table("sign_in_link")
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_series_region"))

    op.drop_table("series")
    op.drop_table("public_revision")
    op.drop_table("person")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_message_to_address"))
        batch_op.drop_index("ix_outbox_message_due")

    op.drop_table("outbox_message")
    with op.batch_alter_table("country", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_country_region"))

    op.drop_table("country")
    op.drop_table("association")
