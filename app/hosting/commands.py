"""``flask hosting``: the count of a secret ballot, repeated."""

from __future__ import annotations

import click

from app.commands import CommandGroup
from app.editions import queries as editions
from app.hosting import balloting, queries
from app.hosting import decision_queries as decisions

hosting = CommandGroup("hosting", help="Where events are hosted.")


@hosting.command("count")
@click.argument("edition")
def count_again(edition: str) -> None:
    """Count the sealed ballots of EDITION again; 1 if they are not what was recorded."""
    found = editions.find(edition)
    row = decisions.last_counted(found) if found is not None else None
    if row is None:
        message = f"there is no counted ballot for {edition}"
        raise click.ClickException(message)
    again = balloting.recount(row)
    names = {offer.public_id: offer.country_code for offer in queries.offers_for(row.edition)}
    click.echo(f"ballots  {again.count.ballot_count} of {row.voter_count}")
    for place, group in enumerate(again.count.order, 1):
        click.echo(f"{place:>7}  {', '.join(names[offer] for offer in group)}")
    click.echo(f"digest   {again.digest}")
    if not again.is_same:
        message = f"this is not what was recorded: {row.digest}, {row.count_order}"
        raise click.ClickException(message)
    click.echo("as recorded")
