"""A process that runs ``flask backup`` until it is done or killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import create_app

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from config import Config


def run(settings: Config, words: Sequence[str], told: Connection) -> None:
    """Tell when the command begins, and how it has ended."""
    app = create_app(settings)
    told.send("begins")
    told.send(app.test_cli_runner().invoke(args=["backup", *words]).exit_code)
