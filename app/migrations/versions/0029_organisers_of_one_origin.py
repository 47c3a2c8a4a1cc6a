"""organisers know by whom they came to be ones

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Whoever took an invitation has the origin of who sent it, however long the row of people is.
INVITED = sa.text(
    'SELECT g.id, (SELECT MAX(b.id) FROM "grant" b WHERE b.person_id = i.invited_by_id '
    "AND b.role = 'ORGANISER' AND b.granted_at <= g.granted_at AND b.id <> g.id) "
    'FROM "grant" g JOIN person p ON p.id = g.person_id '
    "JOIN invitation i ON i.email = p.email AND i.role = 'ORGANISER' AND i.is_taken "
    "AND i.closed_at = g.granted_at "
    "WHERE g.role = 'ORGANISER' ORDER BY g.id"
)


def upgrade() -> None:
    op.execute("ALTER TABLE \"grant\" ADD COLUMN origin VARCHAR(32) NOT NULL DEFAULT ''")
    op.execute("UPDATE \"grant\" SET origin = 'grant ' || id WHERE role = 'ORGANISER'")
    connection = op.get_bind()
    take = sa.text(
        'UPDATE "grant" SET origin = (SELECT b.origin FROM "grant" b WHERE b.id = :by) '
        "WHERE id = :id"
    )
    for key, by in connection.execute(INVITED).all():  # in order: a giver's own comes first
        if by is not None:
            connection.execute(take, {"id": key, "by": by})


def downgrade() -> None:
    with op.batch_alter_table("grant") as batch_op:
        batch_op.drop_column("origin")
