"""``flask backup``: everything in one file, proved, put back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import clock
from app.backups import service
from app.commands import CommandGroup

if TYPE_CHECKING:
    from app.backups.aftermath import Told
    from app.backups.service import Made

backup = CommandGroup("backup", help="Everything in one file: made, proved, put back.")

FILE = click.argument("file", type=click.Path(path_type=Path))
OTHER_KEY = click.option(
    "--other-key", is_flag=True, help="It may have been made under another secret key."
)
UNKNOWN = (
    "What ended after that moment is not known here, and counts again: roles, secret calendar "
    "addresses, withdrawn consents, documents taken back, passwords and passkeys that were changed "
    "or removed. End them again. Erase again who was erased, if the file `erased` of the instance "
    "folder was lost too."
)


@backup.command("create")
@FILE
def create(file: Path) -> None:
    """Write everything but the secret key into the new FILE; the service goes on meanwhile."""
    made = service.create(file.absolute(), now=clock.real_utcnow())
    click.echo(_told(made))
    click.echo("The secret key is not in it: keep that elsewhere, it opens authenticator apps.")
    for name in made.missing:
        click.echo(f"Lost before: files/{name}, which a row names.", err=True)
    for name in made.damaged:
        click.echo(f"Damaged before: files/{name} is not what was uploaded.", err=True)


@backup.command("verify")
@FILE
@OTHER_KEY
def verify(file: Path, other_key: bool) -> None:  # noqa: FBT001 - click's flag
    """Prove that FILE can be put back here; changes nothing."""
    made = service.verify(file.absolute(), other_key=other_key)
    click.echo(_told(made))
    click.echo(f"It holds. audit head {made.head}")
    for name in made.missing:
        click.echo(f"Lost before it was made: files/{name}.")
    for name in made.damaged:
        click.echo(f"Damaged before it was made: files/{name}.")


@backup.command("restore")
@FILE
@click.option("--replace", is_flag=True, help="Take the place of a database that is not empty.")
@OTHER_KEY
def restore(file: Path, replace: bool, other_key: bool) -> None:  # noqa: FBT001 - click's flags
    """Put FILE in the place of the database, whole or not at all. Stop the service before."""
    made, told = service.restore(
        file.absolute(),
        now=clock.utcnow(),
        real_now=clock.real_utcnow(),
        replaces=replace,
        other_key=other_key,
    )
    click.echo(_told(made))
    for line in _lines(made, told):
        click.echo(line)


def _told(made: Made) -> str:
    return (
        f"Backup of {made.made_at}, schema {made.revision}: {made.row_count} rows, "
        f"{made.file_count} files, {made.audit_count} entries in the audit log."
    )


def _lines(made: Made, told: Told) -> list[str]:
    """Return what whoever put a backup back must know."""
    counted = [
        (told.sessions, "sessions ended: everybody signs in again."),
        (told.erased, "persons erased again."),
        (told.not_erased, "persons NOT erased again: nobody else may organise. Erase them."),
        (told.invitations, "open invitations to roles withdrawn: send them again."),
        (told.held_letters, "mails held, which may have been sent: see Desk → Mail."),
        (told.stopped_messages, "messages to many stopped: see whom they have not reached."),
        (told.revised, "events revised, so that calendars take them back as they are now."),
        (told.reminders, "reminders that are due taken for sent."),
    ]
    lines = ["It is put back.", *(f"{count:>6} {words}" for count, words in counted if count)]
    if not told.knows_former:
        lines.append(f"The backup is of {made.made_at}. {UNKNOWN}")
    return lines
