"""Reading ``data/events.csv``: past editions of our series, and known events of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.editions import event_files
from app.editions.known_events import OWN_SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.editions.event_files import FoundEvent

SOURCE = Path(__file__).parent / "data" / "events.csv"


def rows() -> Sequence[FoundEvent]:
    """Return the rows of the file in its order.

    Raises:
        ValueError: a row cannot be read.
    """
    reading = event_files.read_csv(SOURCE.read_bytes())
    if reading.faults:
        problem = f"{SOURCE.name}: {reading.faults}"
        raise ValueError(problem)
    return reading.events


def is_ours(row: FoundEvent) -> bool:
    """Whether the row is of one of our own series."""
    return row.series in OWN_SERIES


def is_projection(row: FoundEvent) -> bool:
    """Whether the row only repeats what a rule of ours says."""
    return is_ours(row) and row.certainty == "inferred"
