"""A line of what waits for somebody: about which edition, what, by which day, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.editions import timeline

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from app.editions.models import Edition
    from app.editions.rows import EditionRow


@dataclass(frozen=True, slots=True)
class Decision:
    """Something to decide: about which edition, what, by which day if there is one, and where.

    ``time_left`` says the day's distance in words, ``is_overdue`` whether it has passed.
    """

    edition: Edition | EditionRow
    text: str
    due_on: date | None
    action_label: str
    action_url: str
    time_left: str = ""
    is_overdue: bool = False


def in_order(found: Iterable[Decision], today: date) -> list[Decision]:
    """Return lines with the distance of their days, the most urgent first."""
    timed = (_timed(decision, today) for decision in found)
    return sorted(timed, key=lambda row: (row.due_on or row.edition.dtstart, row.edition.slug))


def _timed(decision: Decision, today: date) -> Decision:
    if decision.due_on is None:
        return decision
    return replace(
        decision,
        time_left=timeline.time_left(decision.due_on, today),
        is_overdue=decision.due_on < today,
    )
