"""gates, evaluators, scores, rounds of decision and sealed ballots

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def key(table: str, column: str, target: str, **options: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of a column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, **options)


def upgrade() -> None:
    with op.batch_alter_table("hosting_offer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weighed", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "offer_gate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column(
            "gate",
            sa.Enum(
                "LETTER", "CAPACITY", "NO_BARRIER", "LEGAL", "SECURITY_CONTACT", "DATES",
                "ACCESSIBLE", name="gate", native_enum=False, length=20,
            ),
            nullable=False,
        ),
        sa.Column("is_passed", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(length=1000), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=False),
        key("offer_gate", "offer_id", "hosting_offer.id", ondelete="CASCADE"),
        key("offer_gate", "person_id", "person.id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_gate")),
        sa.UniqueConstraint("offer_id", "gate", name=op.f("uq_offer_gate_offer_id")),
    )
    op.create_table(
        "evaluator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=3), nullable=True),
        sa.Column("interest", sa.String(length=1000), nullable=False),
        sa.Column("assigned_at", MOMENT, nullable=False),
        key("evaluator", "call_id", "call_for_hosts.id", ondelete="CASCADE"),
        key("evaluator", "person_id", "person.id", ondelete="CASCADE"),
        key("evaluator", "country_code", "country.code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluator")),
        sa.UniqueConstraint("call_id", "person_id", name=op.f("uq_evaluator_call_id")),
    )
    op.create_table(
        "score_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("comments", sa.JSON(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        key("score_sheet", "offer_id", "hosting_offer.id", ondelete="CASCADE"),
        key("score_sheet", "person_id", "person.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sheet")),
        sa.UniqueConstraint("offer_id", "person_id", name=op.f("uq_score_sheet_offer_id")),
    )
    op.create_table(
        "decision_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "CONSENSUS", "AGREED", "BALLOT", "COUNTED", "TIED", "NO_QUORUM",
                name="roundstate", native_enum=False, length=12,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("ballots", sa.JSON(), nullable=False),
        sa.Column("chosen_id", sa.Integer(), nullable=True),
        key("decision_round", "edition_id", "edition.id"),
        key("decision_round", "offer_id", "hosting_offer.id"),
        key("decision_round", "chosen_id", "hosting_offer.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_round")),
    )
    op.create_index(op.f("ix_decision_round_edition_id"), "decision_round", ["edition_id"])
    op.create_table(
        "round_member",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("has_voted", sa.Boolean(), nullable=False),
        key("round_member", "round_id", "decision_round.id", ondelete="CASCADE"),
        key("round_member", "person_id", "person.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_round_member")),
    )
    op.create_table(
        "ballot_urn",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        key("ballot_urn", "round_id", "decision_round.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_ballot_urn")),
    )


def downgrade() -> None:
    for table in (
        "ballot_urn", "round_member", "decision_round", "score_sheet", "evaluator", "offer_gate",
    ):  # fmt: skip
        op.drop_table(table)
    with op.batch_alter_table("hosting_offer", schema=None) as batch_op:
        batch_op.drop_column("weighed")
