"""What higher features listen to: a series has changed, or might.

Sent inside the change's transaction; a listener only writes rows. One signal asks instead: whoever
keeps the plan answers what a rule would change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blinker import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """What the plan would do with one edition: ``action`` is create, move or retire.

    ``dtend`` is exclusive; ``was`` is the days it has now, for a move.
    """

    action: str
    title: str
    dtstart: date
    dtend: date
    was: tuple[date, date] | None
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the plan of a series would change up to ``until``, and how many it keeps, by reason."""

    until: int
    lines: Sequence[DifferenceLine]
    kept: Mapping[str, int]


series_changed = Signal()
"""``(sender=None, series=, by=, now=)``: its title, kind, region or rule may be others."""

rule_tried = Signal()
"""``(sender=None, series=, facts=, today=)``: answered with the ``Difference`` it would make."""
