"""``flask series``: the plan of the years ahead, from the command line."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from app import clock
from app.commands import CommandGroup
from app.database import db
from app.editions import milestones, planning
from scheduler.planning import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.editions.planning import PlannedChange

PENDING = 2  # the exit code that says: there is something to apply

series = CommandGroup("series", help="Series and their plan.")


class PlanUsageError(click.UsageError):
    """A usage error of the plan; 2, click's own code, is taken."""

    exit_code = 1


class PlanCommand(click.Command):
    """A command whose usage errors exit with 1: 2 says that changes are pending."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and change the exit code of what goes wrong."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise PlanUsageError(error.format_message(), ctx) from error


@series.command("plan", cls=PlanCommand)
@click.option(
    "--until",
    type=int,
    default=planning.DEFAULT_UNTIL,
    show_default=True,
    help="The last year of the plan, inclusive.",
)
@click.option("--apply", "applies", is_flag=True, help="Make what stands agree with the plan.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for other tools.")
@click.option("--all", "shows_all", is_flag=True, help="Show what stays as it is, too.")
def plan(until: int, applies: bool, as_json: bool, shows_all: bool) -> None:  # noqa: FBT001 - click's flags
    """Show what the rules ask for against what stands.

    Exits 0 when there is nothing to do or all was applied, 2 when changes are pending, 1 on any
    error.
    """
    proposal = planning.propose(until=until, today=clock.today())
    pending_count = len(proposal.pending)
    lines = proposal.changes if shows_all else proposal.pending
    told = _as_json(until, lines) if as_json else _as_text(lines)
    if applies and pending_count:
        planning.apply(proposal, by=None, now=clock.utcnow())
        db.session.commit()
    if told:
        click.echo(told)
    if not as_json:
        click.echo(_in_all(pending_count, until, applies=applies))
    sys.exit(PENDING if pending_count and not applies else 0)


def _in_all(count: int, until: int, *, applies: bool) -> str:
    if not count:
        return f"Nothing to do: up to {until}, what stands agrees with the rules."
    changes = "1 change" if count == 1 else f"{count} changes"
    if applies:
        return f"{changes} applied, up to {until}."
    return f"{changes} pending up to {until}; --apply makes {'it' if count == 1 else 'them'}."


def _as_json(until: int, lines: Sequence[PlannedChange]) -> str:
    changes = [
        {
            "action": line.action.value,
            "series": line.series.slug,
            "edition": line.edition,
            "dtstart": line.change.dtstart.isoformat(),
            "dtend": line.change.dtend.isoformat(),
            "reason": line.change.reason,
            "clashes": [
                {
                    "level": clash.level.value,
                    "name": clash.name,
                    "dtstart": clash.dtstart.isoformat(),
                    "dtend": clash.dtend.isoformat(),
                    "estimated": clash.estimated,
                    "reason": clash.reason,
                }
                for clash in line.clashes
            ],
        }
        for line in lines
    ]
    return json.dumps({"until": until, "changes": changes}, indent=2, ensure_ascii=False)


def _as_text(lines: Sequence[PlannedChange]) -> str:
    return "\n".join(row for line in lines for row in _rows(line))


def _rows(line: PlannedChange) -> list[str]:
    change = line.change
    last_day = change.dtend - timedelta(days=1)
    sign = {Action.CREATE: "+", Action.MOVE: "~", Action.KEEP: " ", Action.RETIRE: "-"}
    head = f"{sign[line.action]} {line.edition:<28} {change.dtstart} – {last_day}  {change.reason}"
    return [head, *(f"    ! {clash.level.value}: {clash.reason}" for clash in line.clashes)]


@series.command("lay-milestones")
def lay_milestones() -> None:
    """Lay the milestones of editions that have none yet, after an upgrade; safe to repeat."""
    count = milestones.lay_all(now=clock.utcnow())
    db.session.commit()
    click.echo(f"Milestones laid for {count} editions.")
