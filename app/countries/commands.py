"""``flask countries``: reference data."""

from __future__ import annotations

import click

from app import clock
from app.commands import CommandGroup
from app.countries import service
from app.database import db

countries = CommandGroup("countries", help="Countries, regions and associations.")


@countries.command("load")
def load() -> None:
    """Bring the countries in step with the data file; safe to repeat."""
    new_count = service.load_countries(now=clock.utcnow())
    db.session.commit()
    click.echo(f"{new_count} countries added.")
