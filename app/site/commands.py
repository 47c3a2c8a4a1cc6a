"""``flask demo`` and ``flask worker``."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from app import jobs
from app.commands import CommandGroup
from app.site import demo as demonstration

demo = CommandGroup("demo", help="The demonstration.")


@demo.command("load")
def load() -> None:
    """Load the demonstration; a second load changes nothing."""
    demonstration.load_and_commit(click.echo)


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Deliver mail and do what else waits, until told to stop."""
    jobs.run_worker(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - the app behind the proxy
