"""What the commands of all features have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.database import db

if TYPE_CHECKING:
    from flask import Flask


@pytest.mark.parametrize(
    ("command", "table"),
    [
        ("accounts link olga@example.org", "sign_in_link"),
        ("countries load", "country"),
        ("demo load", "country"),
        ("feeds show all", "edition"),
        ("registrations list symposium-2027", "edition"),
        ("series plan", "edition"),
    ],
)
def test_a_database_without_tables_is_told_in_a_sentence(
    app: Flask, command: str, table: str
) -> None:
    db.session.execute(text(f"ALTER TABLE {table} RENAME TO elsewhere"))
    db.session.commit()
    result = app.test_cli_runner().invoke(args=command.split())
    db.session.execute(text(f"ALTER TABLE elsewhere RENAME TO {table}"))
    db.session.commit()
    assert result.exit_code == 1
    assert result.output.startswith("Error: The database refuses: ")
    assert result.output.endswith("`flask db upgrade` makes its tables.\n")
