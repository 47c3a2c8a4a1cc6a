"""``flask audit``: proving the log."""

from __future__ import annotations

import sys

import click

from app import audit_proof
from app.commands import CommandGroup

audit = CommandGroup("audit", help="The log of who changed what.")


@audit.command("verify")
@click.option("--head", default="", help="A hash noted earlier, which must be part of the chain.")
def verify(head: str) -> None:
    """Prove that no entry was changed, left out or cut off; exit 1 if one was.

    Note the head it prints somewhere else: with it even a log that was written anew is found out.
    """
    proof = audit_proof.verify(head.strip())
    if not proof.holds:
        click.echo(proof.fault, err=True)
        sys.exit(1)
    click.echo(f"{proof.entry_count} entries hold, {proof.erased_count} of them partly erased.")
    click.echo(f"head {proof.head}")
