"""``flask retention`` and the worker's daily run: letting go of what was kept long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from huey import crontab

from app import retention
from app.commands import CommandGroup

if TYPE_CHECKING:
    from flask import Flask

HOUR = "3"  # UTC, when few are here

group = CommandGroup("retention", help="How long personal data is kept.")


@group.command("run")
@click.option("--dry-run", is_flag=True, help="Say what is due, and leave it.")
def run(dry_run: bool) -> None:  # noqa: FBT001 - click's flag
    """Let go of personal data that was kept long enough, and say what that was."""
    verb = "due" if dry_run else "let go"
    for rule, count in retention.run(dry=dry_run):
        click.echo(f"{count:>6} {verb}: {rule.data} ({rule.kept})")


def init_app(app: Flask) -> None:
    """Let the worker of ``app`` do it every night."""
    huey = app.extensions["huey"]

    @huey.periodic_task(crontab(minute="20", hour=HOUR))
    def let_go() -> None:
        with app.app_context():
            for rule, count in retention.run():
                app.logger.info("let go of %d: %s", count, rule.data)
