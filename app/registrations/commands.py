"""``flask registrations``: who is in and who waits."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from app.editions import queries as editions
from app.registrations import queries

registrations = AppGroup("registrations", help="Who is in and who waits.")


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
