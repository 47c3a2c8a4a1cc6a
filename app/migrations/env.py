"""How Alembic reaches the application's database and tables."""

from __future__ import annotations

from alembic import context
from flask import current_app

from app.database import Model, UtcDateTime, db


def render_item(kind: str, item: object, _: object) -> str | bool:
    """Write our moments as what the database stores: a migration must not need today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


options = {
    "render_item": render_item,
    "target_metadata": Model.metadata,
    # SQLite cannot alter a column: tables are copied instead.
    "render_as_batch": True,
    "compare_type": True,
}


def run_offline() -> None:
    """Print the statements instead of running them."""
    context.configure(
        url=current_app.config["SQLALCHEMY_DATABASE_URI"], literal_binds=True, **options
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run the migrations in one transaction that writes: the caller's, if there is one."""
    given = context.config.attributes.get("connection")
    if given is not None:
        context.configure(connection=given, **options)
        context.run_migrations()
        return
    with db.engine.connect().execution_options(writes=True) as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
