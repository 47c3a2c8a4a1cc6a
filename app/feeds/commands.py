"""``flask feeds``: what a subscriber would get."""

from __future__ import annotations

import click

from app import clock
from app.commands import CommandGroup
from app.database import db
from app.editions import opening
from app.feeds import components, service
from scheduler.errors import NotFoundError

feeds = CommandGroup("feeds", help="What subscribers get.")


@feeds.command("keep")
def keep() -> None:
    """Put right what is kept of every event, after an upgrade; safe to repeat."""
    now = clock.utcnow()
    moved = opening.follow_zones(now=now)
    count = components.keep_all(now=now)
    db.session.commit()
    if moved:
        click.echo(f"{moved} registrations open or close with the new rules of their zone.")
    click.echo(f"{count} events written anew.")


@feeds.command("show")
@click.argument("name")
def show(name: str) -> None:
    """Print the feed NAME.

    It is all, deadlines, series/SLUG, region/SLUG, country/CODE, association/SLUG or edition/SLUG.
    """
    try:
        feed = service.by_name(name, today=clock.today())
    except NotFoundError as error:
        message = f"there is no feed {name}; try all, series/symposium or edition/symposium-2024"
        raise click.ClickException(message) from error
    click.echo(feed.ics(), nl=False)
