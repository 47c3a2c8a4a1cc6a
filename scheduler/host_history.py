"""Who hosted how often, when last, and how long each had to wait in between."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Record:
    """The years in which one region or country hosted, ascending; a year with two stands twice."""

    years: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many editions it hosted."""
        return len(self.years)

    @property
    def last(self) -> int | None:
        """The year in which it hosted last."""
        return self.years[-1] if self.years else None

    @property
    def longest_gap(self) -> int | None:
        """The most years between two of its editions; none where there are fewer than two."""
        return max((after - before for before, after in pairwise(self.years)), default=None)


def records(held: Iterable[tuple[str, int]]) -> dict[str, Record]:
    """Return the record of each host among ``held``, pairs of a host and a year in any order.

    >>> records([("europe", 2024), ("africa", 2023), ("europe", 2019)])["europe"].longest_gap
    5
    """
    years: dict[str, list[int]] = {}
    for host, year in held:
        years.setdefault(host, []).append(year)
    return {host: Record(tuple(sorted(found))) for host, found in years.items()}
