"""offers in sections, with drafts, annexes and versions; terms of calls

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CAPACITY = sa.CheckConstraint("capacity > 0", name=sa.schema.conv("ck_hosting_offer_capacity"))
WINDOW = sa.table(
    "offer_window",
    sa.column("id", sa.Integer),
    sa.column("offer_id", sa.Integer),
    sa.column("rank", sa.Integer),
    sa.column("dtstart", sa.Date),
    sa.column("dtend", sa.Date),
)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("call_for_hosts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("conditions", sa.Text(), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("dates_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("dates_until", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("own_weights", sa.JSON(), nullable=False, server_default="{}")
        )
        batch_op.add_column(sa.Column("extended_at", MOMENT, nullable=True))
        batch_op.add_column(
            sa.Column("approached", sa.JSON(), nullable=False, server_default="[]")
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_call_for_hosts_dates"), "dates_from < dates_until"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_call_for_hosts_both_dates"),
            "(dates_from IS NULL) = (dates_until IS NULL)",
        )
    windows = op.get_bind().execute(sa.select(WINDOW)).mappings().all()
    with op.batch_alter_table("hosting_offer", schema=None, table_args=[CAPACITY]) as batch_op:
        batch_op.add_column(sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("returned_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("resubmit_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("comments", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.alter_column("capacity", existing_type=sa.Integer(), nullable=True)
        batch_op.alter_column("submitted_at", existing_type=MOMENT, nullable=True)
    bring_back(windows)
    op.create_table(
        "offer_annex",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_offer_annex_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"],
            ["hosting_offer.id"],
            name=op.f("fk_offer_annex_offer_id_hosting_offer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_annex")),
    )
    op.create_index(op.f("ix_offer_annex_offer_id"), "offer_annex", ["offer_id"])
    op.create_table(
        "offer_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["offer_id"],
            ["hosting_offer.id"],
            name=op.f("fk_offer_version_offer_id_hosting_offer"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_offer_version_person_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_version")),
        sa.UniqueConstraint("offer_id", "number", name=op.f("uq_offer_version_offer_id")),
    )


def bring_back(windows: list) -> None:
    """Write again what SQLite deletes with the old table when it copies an offer's table."""
    there = op.get_bind().scalar(sa.select(sa.func.count()).select_from(WINDOW))
    if windows and not there:
        op.get_bind().execute(sa.insert(WINDOW), [dict(window) for window in windows])


def downgrade() -> None:
    op.drop_table("offer_version")
    op.drop_table("offer_annex")
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM hosting_offer WHERE submitted_at IS NULL"))
    windows = connection.execute(sa.select(WINDOW)).mappings().all()
    with op.batch_alter_table("hosting_offer", schema=None, table_args=[CAPACITY]) as batch_op:
        for name in ("details", "returned_at", "resubmit_until", "comments"):
            batch_op.drop_column(name)
        batch_op.alter_column("capacity", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("submitted_at", existing_type=MOMENT, nullable=False)
    bring_back(windows)
    with op.batch_alter_table("call_for_hosts", schema=None) as batch_op:
        for name in ("both_dates", "dates"):
            batch_op.drop_constraint(batch_op.f(f"ck_call_for_hosts_{name}"), type_="check")
        for name in (
            "conditions",
            "dates_from",
            "dates_until",
            "own_weights",
            "extended_at",
            "approached",
        ):
            batch_op.drop_column(name)
