"""registration opens and closes on the days of its milestones

Revision ID: 0024
Revises: 0023
"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SET_DAYS = ("registration_opens_on", "nominations_close_on", "registration_closes_on")


def upgrade() -> None:
    with op.batch_alter_table("edition") as batch:
        for name in ("registration_opens_at", "nominations_close_at"):
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("edition_schedule") as batch:
        for name in SET_DAYS:
            batch.add_column(sa.Column(name, sa.Date(), nullable=True))
    _keep_what_runs()


def _keep_what_runs() -> None:
    """Set the days of a registration that runs or ran: no milestone may open or close it anew."""
    edition = sa.table(
        "edition",
        sa.column("id", sa.Integer),
        sa.column("status", sa.String),
        sa.column("dtstart", sa.Date),
        sa.column("tzid", sa.String),
        sa.column("registration_closes_at", sa.DateTime(timezone=True)),
    )
    schedule = sa.table(
        "edition_schedule",
        sa.column("edition_id", sa.Integer),
        sa.column("begun_on", sa.Date),
        *(sa.column(name, sa.Date) for name in SET_DAYS),
    )
    rows = op.get_bind().execute(
        sa.select(
            schedule.c.edition_id,
            schedule.c.begun_on,
            edition.c.dtstart,
            edition.c.tzid,
            edition.c.registration_closes_at,
        )
        .join_from(schedule, edition, edition.c.id == schedule.c.edition_id)
        .where(edition.c.status.in_(["REGISTRATION_OPEN", "REGISTRATION_CLOSED"]))
    )
    for row in rows.all():
        op.get_bind().execute(
            sa.update(schedule)
            .where(schedule.c.edition_id == row.edition_id)
            .values(
                registration_opens_on=row.begun_on,
                registration_closes_on=(last_day := _last_day(row)),
                nominations_close_on=last_day,
            )
        )


def _last_day(row: sa.Row) -> date:
    closes_at = row.registration_closes_at
    if closes_at is None:
        return row.dtstart - timedelta(days=1)
    aware = closes_at if closes_at.tzinfo else closes_at.replace(tzinfo=ZoneInfo("UTC"))
    return (aware.astimezone(ZoneInfo(row.tzid or "UTC")) - timedelta(seconds=1)).date()


def downgrade() -> None:
    with op.batch_alter_table("edition_schedule") as batch:
        for name in reversed(SET_DAYS):
            batch.drop_column(name)
    with op.batch_alter_table("edition") as batch:
        for name in ("nominations_close_at", "registration_opens_at"):
            batch.drop_column(name)
