"""Reading ``data/events.csv``: past editions of our series, and known events of others."""

from __future__ import annotations

import calendar
import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.editions.models import Precision

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parent / "data" / "events.csv"
OWN_SERIES = frozenset({"symposium", "practitioner", "regional"})


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row: days ``[dtstart, dtend)`` as exactly as ``precision`` says."""

    name: str
    dtstart: date
    dtend: date
    precision: Precision
    city: str
    country_alpha2: str
    source: str
    certainty: str
    series: str
    note: str

    @property
    def is_ours(self) -> bool:
        """Whether the row is of one of our own series."""
        return self.series in OWN_SERIES

    @property
    def is_projection(self) -> bool:
        """Whether the row only repeats what a rule of ours says."""
        return self.is_ours and self.certainty == "inferred"


def rows() -> Iterator[EventRow]:
    """Yield the rows of the file in its order."""
    with SOURCE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield EventRow(
                name=row["name"],
                dtstart=_first_day(row["start"]),
                dtend=_last_day(row["end"]) + timedelta(days=1),
                precision=Precision(row["precision"]),
                city=row["city"],
                country_alpha2=row["country"],
                source=row["source"],
                certainty=row["certainty"],
                series=row["series"],
                note=row["note"],
            )


def _first_day(text: str) -> date:
    year, month, day = [*map(int, text.split("-")), 1, 1][:3]
    return date(year, month, day)


def _last_day(text: str) -> date:
    parts = [*map(int, text.split("-"))]
    if len(parts) == 1:
        return date(parts[0], 12, 31)
    if len(parts) == 2:  # noqa: PLR2004 - year and month
        year, month = parts
        return date(year, month, calendar.monthrange(year, month)[1])
    return date.fromisoformat(text)
