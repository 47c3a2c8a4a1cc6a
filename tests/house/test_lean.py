"""What a process imports before anybody asks for more: it stays in the memory of each."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.processes import ROOT, environment

if TYPE_CHECKING:
    from flask import Flask

HEAVY = (
    *("authlib", "requests", "webauthn", "cryptography", "zxcvbn", "psycopg", "pygments", "rich"),
    *("redis", "greenlet", "alembic"),
    *("holidays", "ortools", "numpy", "pandas", "typst", "xlsxwriter", "nh3", "markdown_it"),
)


def test_a_process_starts_without_what_few_pages_use(app: Flask) -> None:
    environ = environment(app.config["SYMPOSIA"], DATABASE_URL="sqlite:///unused.db", REDIS_URL="")
    program = f"import serve, sys, wsgi; print(*(set({HEAVY}) & set(sys.modules)))"
    found = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", program], cwd=ROOT, env=environ, check=True, capture_output=True
    )
    assert found.stdout.decode().split() == []
