"""Backups made, proved and put back by the command, as an operator does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData

from app.database import db

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    Run = Callable[..., str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a backup is to be."""
    return tmp_path / "backup.symposia"


@pytest.fixture
def flask(app: Flask) -> Run:
    """Return what runs ``flask backup …`` and returns what it says; ``fails``: its exit code."""

    def run(*words: object, fails: int = 0, of: Flask = app) -> str:
        db.session.commit()
        db.session.remove()
        with of.app_context():
            result = of.test_cli_runner().invoke(args=["backup", *map(str, words)])
            db.engine.dispose()
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        assert result.exit_code == fails, result.output
        return result.output

    return run


def contents() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    db.session.rollback()
    found = MetaData()
    with db.engine.connect() as connection:
        found.reflect(connection)
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in found.sorted_tables
        }
