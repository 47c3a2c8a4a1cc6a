"""``flask accounts``: people, their roles and their sign-in addresses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import clock, outbox
from app.accounts import grants, links, queries, service
from app.accounts.models import SCOPE_OF, Role, ScopeKind
from app.commands import CommandGroup
from app.countries import queries as countries
from app.database import db
from app.editions import queries as editions

if TYPE_CHECKING:
    from collections.abc import Sequence

accounts = CommandGroup("accounts", help="People, roles and sign-in addresses.")


@accounts.command("create")
@click.argument("email", required=False)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--scope", default="", help="country:XAA or edition:SLUG, for roles that need one.")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with one address a line.",
)
def create(email: str | None, role: str, scope: str, path: Path | None) -> None:
    """Make a person with a role; whoever has it already is left as they are."""
    emails = ([email] if email else []) + (_lines(path) if path else [])
    if not emails:
        message = "give an address, or --file with one address a line"
        raise click.UsageError(message)
    now = clock.real_utcnow()
    made_count = 0
    scope_key = _scope_key(Role(role), scope)
    for address in emails:
        person = service.find_or_create(address, now=now)
        made_count += service.grant(person, Role(role), scope_key, now=now)
    db.session.commit()
    click.echo(f"{made_count} of {len(emails)} are new.")


@accounts.command("link")
@click.argument("emails", nargs=-1, required=True)
def link(emails: Sequence[str]) -> None:
    """Print a one-time sign-in address for each EMAIL; it lives for a day.

    It stands for both proofs: give it to the person alone. Who has lost a second factor uses it to
    set up another.
    """
    now = clock.real_utcnow()
    tokens = [
        links.make_link(email, life=links.COMMANDED_LINK_LIFE, now=now, is_vouched=True)
        for email in emails
    ]
    db.session.commit()
    for token in tokens:
        click.echo(outbox.address("accounts.link", token=token))


@accounts.command("confirm")
@click.argument("emails", nargs=-1, required=True)
def confirm(emails: Sequence[str]) -> None:
    """Vouch that each EMAIL is an organiser in their own right, not somebody's second account.

    Copies of personal data need two organisers of whom neither made the other one. Who was given
    the role by a command needs no confirmation.
    """
    now = clock.real_utcnow()
    for email in emails:
        person = queries.find(email)
        if person is None:
            raise grants.NoOrganiserError(email=email)
        grants.confirm(person, now=now)
    db.session.commit()
    click.echo(f"{len(emails)} confirmed.")


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _scope_key(role: Role, scope: str) -> str:
    kind, _, key = scope.partition(":")
    needed = SCOPE_OF[role]
    if needed is ScopeKind.EVERYTHING and not scope:
        return ""
    if kind != needed.value or not key:
        wanted = {"country": "--scope country:XAA", "edition": "--scope edition:SLUG"}
        message = f"the role {role.value} takes {wanted.get(needed.value, 'no --scope')}"
        raise click.ClickException(message)
    if needed is ScopeKind.COUNTRY:
        key = key.upper()
        if countries.find(key) is None:
            message = f"there is no country {key}; codes are ISO 3166-1 alpha-3"
            raise click.ClickException(message)
    elif editions.find(key) is None:
        message = f"there is no edition {key}"
        raise click.ClickException(message)
    return key
