"""a chained audit log that is only added to, and consents

Revision ID: 0005
Revises: 0004
"""

import hashlib
import json
import secrets
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ENTRY = sa.table(
    "audit_entry",
    sa.column("id", sa.Integer),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("action", sa.String),
    sa.column("subject_kind", sa.String),
    sa.column("subject_id", sa.Integer),
    sa.column("person_id", sa.Integer),
    sa.column("reason", sa.String),
    sa.column("changes", sa.JSON),
    sa.column("actor_salt", sa.String),
    sa.column("salt", sa.String),
    sa.column("actor_hash", sa.String),
    sa.column("content_hash", sa.String),
    sa.column("hash", sa.String),
)
HASHES = ("actor_hash", "content_hash", "hash")
SALTS = ("actor_salt", "salt")
REFUSAL = "the audit log is only added to"


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "PARTICIPANTS_LIST",
                "PHOTO",
                "SLIDES",
                "MAILING",
                name="purpose",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_consent_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_person_id"), ["person_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_audit_entry_person_id_person"), type_="foreignkey")
        for name in SALTS:
            batch_op.add_column(sa.Column(name, sa.String(length=32), nullable=True))
        for name in HASHES:
            batch_op.add_column(sa.Column(name, sa.String(length=64), nullable=True))
    chain()
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        for name in HASHES:
            batch_op.alter_column(name, existing_type=sa.String(length=64), nullable=False)
    guard()


def chain() -> None:
    """Chain the entries that are there, as ``app.audit`` does with new ones."""
    connection = op.get_bind()
    number, previous = 0, ""
    for row in connection.execute(sa.select(ENTRY).order_by(ENTRY.c.id)).mappings().all():
        entry = dict(row)
        number, entry["actor_salt"], entry["salt"] = (
            entry["id"],
            secrets.token_hex(16),
            secrets.token_hex(16),
        )
        entry["actor_hash"] = digest([entry["actor_salt"], entry["person_id"]])
        entry["content_hash"] = digest(
            [entry["salt"], entry["subject_id"], entry["reason"], entry["changes"]]
        )
        moment = entry["at"]
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        parts = [previous, moment.isoformat(), entry["id"], entry["action"], entry["subject_kind"]]
        previous = entry["hash"] = digest([*parts, entry["actor_hash"], entry["content_hash"]])
        connection.execute(
            sa.update(ENTRY)
            .where(ENTRY.c.id == entry["id"])
            .values({name: entry[name] for name in (*SALTS, *HASHES)})
        )
    connection.execute(
        sa.text("INSERT INTO audit_head (id, number, hash) VALUES (1, :number, :hash)"),
        {"number": number, "hash": previous},
    )


def digest(parts: list[object]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def guard() -> None:
    """Let the database refuse every change but adding at the end, and erasing."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in ON_SQLITE:
            op.execute(statement)
    else:
        for statement in ON_POSTGRESQL:
            op.execute(statement)


KEPT = ("id", "at", "action", "subject_kind", *HASHES)


def _erasure(same: str, empty_changes: str, old_changes: str, new_changes: str) -> str:
    """Return the condition under which an update only takes away who or what was done."""
    kept = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in KEPT)
    actor = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in ("person_id", "actor_salt"))
    content = " AND ".join(
        f"NEW.{name} {same} OLD.{name}" for name in ("subject_id", "reason", "salt")
    )
    return (
        f"{kept} AND (({actor}) OR (NEW.person_id IS NULL AND NEW.actor_salt IS NULL))"
        f" AND (({content} AND {new_changes} {same} {old_changes})"
        f" OR (NEW.subject_id = 0 AND NEW.reason = '' AND NEW.salt IS NULL"
        f" AND {new_changes} = {empty_changes}))"
    )


ON_SQLITE = [
    f"""CREATE TRIGGER audit_entry_continues BEFORE INSERT ON audit_entry
    WHEN NEW.id <> (SELECT number + 1 FROM audit_head WHERE id = 1)
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    """CREATE TRIGGER audit_entry_ends AFTER INSERT ON audit_entry
    BEGIN UPDATE audit_head SET number = NEW.id, hash = NEW.hash WHERE id = 1; END""",
    f"""CREATE TRIGGER audit_entry_stays BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER audit_entry_is_only_erased BEFORE UPDATE ON audit_entry
    WHEN NOT ({_erasure("IS", "'{}'", "OLD.changes", "NEW.changes")})
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head
    WHEN NEW.id <> OLD.id OR NEW.number <> OLD.number + 1
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
]
ON_POSTGRESQL = [
    f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation'; END $$""",
    f"""CREATE FUNCTION audit_continue() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE audit_head SET number = NEW.id, hash = NEW.hash WHERE id = 1 AND number = NEW.id - 1;
      IF NOT FOUND THEN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER audit_entry_continues BEFORE INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_continue()""",
    """CREATE TRIGGER audit_entry_stays BEFORE DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    f"""CREATE TRIGGER audit_entry_is_only_erased BEFORE UPDATE ON audit_entry
    FOR EACH ROW WHEN (NOT ({
        _erasure("IS NOT DISTINCT FROM", "'{}'", "OLD.changes::text", "NEW.changes::text")
    })) EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.number <> OLD.number + 1)
    EXECUTE FUNCTION audit_refuse()""",
]


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("continues", "ends", "stays", "is_only_erased"):
            op.execute(f"DROP TRIGGER audit_entry_{name}")
    else:
        for name in ("continues", "stays", "is_not_emptied", "is_only_erased"):
            op.execute(f"DROP TRIGGER audit_entry_{name} ON audit_entry")
    op.drop_table("audit_head")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_continue()")
        op.execute("DROP FUNCTION audit_refuse()")
    op.execute("UPDATE audit_entry SET person_id = NULL WHERE person_id NOT IN (SELECT id FROM person)")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        for name in (*SALTS, *HASHES):
            batch_op.drop_column(name)
        batch_op.create_foreign_key(
            op.f("fk_audit_entry_person_id_person"),
            "person",
            ["person_id"],
            ["id"],
            ondelete="SET NULL",
        )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_person_id"))
    op.drop_table("consent")
