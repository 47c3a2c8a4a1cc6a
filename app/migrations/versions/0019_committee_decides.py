"""rounds of the committee, sealed ballots, decisions on hosts

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op


revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RUNNING = sa.text(
    "status IN ('BALLOT_OPEN', 'CONSENSUS_OPEN', 'COUNTED', 'LAPSED', 'OBJECTED', 'TIED')"
)


def key(table: str, column: str, target: str, **options: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of a column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, **options)


def upgrade() -> None:
    # The first form of rounds, which no release has had.
    for table in ("ballot_urn", "round_member", "decision_round"):
        op.drop_table(table)
    op.create_table(
        "committee_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "CONSENSUS_OPEN",
                "OBJECTED",
                "BALLOT_OPEN",
                "LAPSED",
                "COUNTED",
                "TIED",
                "DECIDED",
                "CALLED_OFF",
                name="roundstatus",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("reserve_id", sa.Integer(), nullable=True),
        sa.Column("dtstart", sa.Date(), nullable=False),
        sa.Column("dtend", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("weighed", sa.Text(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("voter_count", sa.Integer(), nullable=False),
        sa.Column("count_order", sa.JSON(), nullable=False),
        sa.Column("ballot_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("dtstart < dtend", name=op.f("ck_committee_round_ends_after_it_starts")),
        sa.CheckConstraint("offer_id <> reserve_id", name=op.f("ck_committee_round_reserve")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_committee_round_edition_id_edition")
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"],
            ["hosting_offer.id"],
            name=op.f("fk_committee_round_offer_id_hosting_offer"),
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"],
            ["person.id"],
            name=op.f("fk_committee_round_opened_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reserve_id"],
            ["hosting_offer.id"],
            name=op.f("fk_committee_round_reserve_id_hosting_offer"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_round")),
    )
    with op.batch_alter_table("committee_round", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_committee_round_edition_id"), ["edition_id"], unique=False
        )
        batch_op.create_index(
            "one_running_round",
            ["edition_id"],
            unique=True,
            sqlite_where=RUNNING,
            postgresql_where=RUNNING,
        )

    op.create_table(
        "ballot_ticket",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_ballot_ticket_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["committee_round.id"],
            name=op.f("fk_ballot_ticket_round_id_committee_round"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_ballot_ticket")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ballot_voter",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_ballot_voter_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["committee_round.id"],
            name=op.f("fk_ballot_voter_round_id_committee_round"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_ballot_voter")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "host_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column(
            "way",
            sa.Enum(
                "CONSENSUS",
                "BALLOT",
                "CHAIR",
                "RESERVE",
                name="decisionway",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("reserve_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("weighed", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["person.id"],
            name=op.f("fk_host_decision_decided_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_host_decision_edition_id_edition")
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["hosting_offer.id"], name=op.f("fk_host_decision_offer_id_hosting_offer")
        ),
        sa.ForeignKeyConstraint(
            ["reserve_id"],
            ["hosting_offer.id"],
            name=op.f("fk_host_decision_reserve_id_hosting_offer"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["committee_round.id"],
            name=op.f("fk_host_decision_round_id_committee_round"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_decision")),
    )
    with op.batch_alter_table("host_decision", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_host_decision_edition_id"), ["edition_id"], unique=False
        )

    op.create_table(
        "round_answer",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_round_answer_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["committee_round.id"],
            name=op.f("fk_round_answer_round_id_committee_round"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_round_answer")),
    )
    op.create_table(
        "sealed_ballot",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["committee_round.id"],
            name=op.f("fk_sealed_ballot_round_id_committee_round"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_ballot")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in (
        "sealed_ballot",
        "round_answer",
        "host_decision",
        "ballot_voter",
        "ballot_ticket",
        "committee_round",
    ):
        op.drop_table(table)
    op.create_table(
        "decision_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "CONSENSUS",
                "AGREED",
                "BALLOT",
                "COUNTED",
                "TIED",
                "NO_QUORUM",
                name="roundstate",
                native_enum=False,
                length=12,
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
