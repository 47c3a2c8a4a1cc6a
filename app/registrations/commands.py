"""``flask registrations``: who is in and who waits."""

from __future__ import annotations

import json

import click

from app import database
from app.commands import CommandGroup
from app.database import db
from app.editions import queries as editions
from app.registrations import queries, tally

registrations = CommandGroup("registrations", help="Who is in and who waits.")


@registrations.command("list")
@click.argument("edition")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for other tools.")
def list_registrations(edition: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """List the registrations of EDITION in queue order, the cancelled ones last."""
    found = editions.find(edition)
    if found is None:
        message = f"there is no edition {edition}"
        raise click.ClickException(message)
    rows = [
        {
            "id": registration.public_id,
            "email": registration.person.email,
            "status": registration.status.value,
            "position": position,
        }
        for registration, position in queries.in_queue_order(found)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        place = f"{row['position']:>4}" if row["position"] else "    "
        click.echo(f"{place}  {row['status']:<14} {row['email']}")


@registrations.command("recount")
@click.argument("edition")
def recount(edition: str) -> None:
    """Count who sits and waits at EDITION anew from its rows."""
    found = editions.find(edition)
    if found is None:
        message = f"there is no edition {edition}"
        raise click.ClickException(message)
    database.write(found)
    tally.recount(found)
    db.session.commit()
    places = queries.places(found)
    click.echo(f"{places.seated_count} seated, {places.waiting_count} waiting")
