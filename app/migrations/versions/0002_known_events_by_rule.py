"""known events by rule

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEVEL = sa.Enum("HARD", "SOFT", "LOAD", name="level", native_enum=False, length=10)
NEW = (
    ("length_days", sa.Integer(), "1"),
    ("margin_days", sa.Integer(), "0"),
    ("level", LEVEL, "SOFT"),
)
CHECKS = {
    "days_or_rule": "(rrule IS NULL) = (dtend IS NOT NULL)",
    "ends_after_it_starts": "dtend IS NULL OR dtstart < dtend",
    "length": "length_days BETWEEN 1 AND 366",
    "margin": "margin_days BETWEEN 0 AND 31",
    "level": "level IN ('HARD', 'SOFT')",
}


def upgrade() -> None:
    with op.batch_alter_table("known_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rrule", sa.String(length=500), nullable=True))
        for name, kind, value in NEW:
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=value))
        batch_op.alter_column("dtend", existing_type=sa.Date(), nullable=True)

    # The rows that were there have their values; from now on the application gives them.
    with op.batch_alter_table("known_event", schema=None) as batch_op:
        for name, kind, _ in NEW:
            batch_op.alter_column(name, existing_type=kind, server_default=None)
        for name, condition in CHECKS.items():
            batch_op.create_check_constraint(batch_op.f(f"ck_known_event_{name}"), condition)

    # The conference that an announced day settles is as hard as its expected week.
    op.execute("UPDATE known_event SET level = 'HARD' WHERE kind = 'IAEA-GC'")


def downgrade() -> None:
    # A rule has no end, and without one it is no row of the old table.
    op.execute("DELETE FROM known_event WHERE dtend IS NULL")
    with op.batch_alter_table("known_event", schema=None) as batch_op:
        for name in CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_known_event_{name}"), type_="check")
        batch_op.alter_column("dtend", existing_type=sa.Date(), nullable=False)
        for name in ("level", "margin_days", "length_days", "rrule"):
            batch_op.drop_column(name)
