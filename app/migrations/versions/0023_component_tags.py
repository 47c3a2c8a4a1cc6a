"""what feeds keep of an edition is told by a tag on its row, public changes by a stamp

Revision ID: 0023
Revises: 0022
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

COMPONENT = sa.table(
    "feed_component",
    sa.column("edition_id", sa.Integer),
    sa.column("key", sa.String),
    sa.column("body", sa.LargeBinary),
)
EDITION = sa.table(
    "edition", sa.column("id", sa.Integer), sa.column("component_tag", sa.LargeBinary)
)
FEED = ("dtstart", "uid", "public_since", "status", "precision", "dtend")


def upgrade() -> None:
    op.drop_index("ix_edition_feed", "edition")
    op.add_column("edition", sa.Column("component_tag", sa.LargeBinary(length=16), nullable=True))
    connection = op.get_bind()
    columns = (COMPONENT.c.edition_id, COMPONENT.c.key, COMPONENT.c.body)
    for edition_id, key, body in connection.execute(sa.select(*columns)).all():
        tag = bytes.fromhex(key)[:4] + hashlib.sha256(body).digest()[:12]
        connection.execute(
            sa.update(EDITION).where(EDITION.c.id == edition_id).values(component_tag=tag)
        )
    op.create_index("ix_edition_feed", "edition", [*FEED, "component_tag"])
    with op.batch_alter_table("public_revision") as table:
        table.alter_column(
            "number",
            new_column_name="stamp",
            existing_type=sa.Integer(),
            type_=sa.BigInteger(),
            existing_nullable=False,
        )


def downgrade() -> None:
    # A stamp is larger than the count was.
    op.execute("UPDATE public_revision SET stamp = 1")
    with op.batch_alter_table("public_revision") as table:
        table.alter_column(
            "stamp",
            new_column_name="number",
            existing_type=sa.BigInteger(),
            type_=sa.Integer(),
            existing_nullable=False,
        )
    op.drop_index("ix_edition_feed", "edition")
    with op.batch_alter_table("edition") as table:
        table.drop_column("component_tag")
    op.create_index("ix_edition_feed", "edition", list(FEED))
