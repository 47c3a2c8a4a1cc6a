"""How the benchmarks measure: CPU time, interleaved with a reference in the same run.

These machines are shared, so a figure alone says little; its ratio to something nobody here
wrote says much.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """What was done to which input, in CPU milliseconds, and what the reference took for it."""

    what: str
    given: str
    ours_ms: float
    reference: str
    reference_ms: float

    @property
    def ratio(self) -> float:
        """How much of the reference's time ours takes."""
        return self.ours_ms / self.reference_ms


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds of this process that ``work`` takes."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def interleaved(rounds: Sequence[Sequence[Callable[[], object]]]) -> list[float]:
    """Return the median CPU milliseconds of each work; a round does each of its works once."""
    taken = [[cpu_ms(work) for work in works] for works in rounds]
    return [median(column) for column in zip(*taken, strict=True)]
