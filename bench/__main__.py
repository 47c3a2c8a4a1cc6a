"""``make bench``: run every benchmark in order; one table, then lines of what runs as a whole."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from bench import (
    building,
    clashes,
    desk,
    feeds,
    kills,
    pages,
    planning,
    reconciliation,
    registration,
    rotation,
    serving,
    visitors,
)
from bench.measuring import ROUNDS, Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADINGS = ("what", "input", "CPU ms", "reference", "CPU ms", "ratio")


def main() -> int:
    began = time.perf_counter()
    modules = (planning, reconciliation, clashes, feeds, building, desk, pages)
    figures = [figure for module in modules for figure in module.measure()]
    print(f"\nCPU time of one process, median of {ROUNDS}, interleaved with the reference:\n")
    print_table([HEADINGS, *map(cells, figures)])
    for whole in (serving, registration, visitors, kills):
        whole.main()
    print()
    failed = rotation.main([])
    print(f"\nall of it: {time.perf_counter() - began:.0f} s on the clock")
    return failed


def cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.what,
        figure.given,
        milliseconds(figure.ours_ms),
        figure.reference,
        milliseconds(figure.reference_ms),
        f"{figure.ratio:.4f}" if figure.ratio < 0.01 else f"{figure.ratio:.2f}",  # noqa: PLR2004 - two figures that tell
    )


def milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3f}"  # noqa: PLR2004 - three figures that tell


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        print("| " + " | ".join(map(str.ljust, row, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


if __name__ == "__main__":
    sys.exit(main())
