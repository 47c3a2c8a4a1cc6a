"""The history of the tables.

What walks it, Alembic, is imported where there is something to do: each process would take 4 MB
more, and a tenth longer to start.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click import Group
from flask import current_app
from sqlalchemy import inspect, text

from app.database import db
from app.lean import without

if TYPE_CHECKING:
    from click import Context
    from sqlalchemy import Connection

FOLDER = Path(__file__).parent


class _Group(Group):
    """The commands of Flask-Migrate, in whose place they are."""

    def make_context(self, *args: Any, **more: Any) -> Context:  # noqa: ANN401 - click's own
        found: Context = library().cli.db.make_context(*args, **more)
        return found


group = _Group("db", help="Perform database migrations.")


def upgrade() -> None:
    """Bring the tables up to date, if they are not."""
    with db.engine.connect() as connection:
        found = revision(connection)
    if found != revisions()[-1]:
        library().upgrade()


def upgrade_within(connection: Connection) -> None:
    """Bring the tables behind ``connection`` up to date, in its transaction."""
    library()
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["connection"] = connection  # for env.py
    importlib.import_module("alembic.command").upgrade(config, "head")


def revision(connection: Connection) -> str | None:
    """Return at which migration the database is; ``None``: at none, it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def revisions() -> list[str]:
    """Return the migrations that this code knows, in order, by the names of their files."""
    return sorted(path.name.partition("_")[0] for path in FOLDER.glob("versions/[0-9]*_*.py"))


def library() -> Any:  # noqa: ANN401 - a module without types
    """Return Flask-Migrate, which knows the current application from then on."""
    with without("pygments"):  # colours for errors in templates
        migrate = importlib.import_module("flask_migrate")
    if "migrate" not in current_app.extensions:
        migrate.Migrate(current_app, db, directory=str(FOLDER), render_as_batch=True)
    return migrate
