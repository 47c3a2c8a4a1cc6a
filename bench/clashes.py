"""Who meets whom: the sorted sweep among 10³, 10⁴ and 10⁵ spans, and how its time grows."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

from bench.measuring import ROUNDS, Figure, interleaved
from scheduler.clashes import overlaps

SIZES = (1_000, 10_000, 100_000)
REPEATS = {1_000: 50, 10_000: 5, 100_000: 1}
DAYS_A_SPAN = 5  # spans lie equally dense whatever their number
EVERY_PAIR_MAX = 1_000

Span = tuple[date, date]


def measure() -> list[Figure]:
    """Measure the sweep against a bare sort, and against comparing every pair."""
    figures = [_against_a_sort(size) for size in SIZES]
    small, large = figures[0].ours_ms, figures[-1].ours_ms
    exponent = math.log(large / small) / math.log(SIZES[-1] / SIZES[0])
    print(f"clashes: growth exponent {exponent:.2f} between {SIZES[0]:,} and {SIZES[-1]:,} spans")
    return [*figures, _against_every_pair()]


def make_spans(count: int) -> list[Span]:
    """Make spans of one to five days, the same ones every time."""
    chance = random.Random(count)  # noqa: S311 - spans, not secrets
    made = []
    for _ in range(count):
        dtstart = date(1900, 1, 1) + timedelta(days=chance.randrange(count * DAYS_A_SPAN))
        made.append((dtstart, dtstart + timedelta(days=chance.randint(1, 5))))
    return made


def compare_every_pair(spans: list[Span]) -> list[tuple[int, int]]:
    """Find the pairs that share a day the way one writes it first."""
    return [
        (one, other)
        for one in range(len(spans))
        for other in range(one + 1, len(spans))
        if spans[one][0] < spans[other][1] and spans[other][0] < spans[one][1]
    ]


def _against_a_sort(size: int) -> Figure:
    spans, repeats = make_spans(size), REPEATS[size]
    pair_count = len(overlaps(spans))

    def ours() -> None:
        for _ in range(repeats):
            overlaps(spans)

    def reference() -> None:
        for _ in range(repeats):
            sorted(spans)

    taken = interleaved([[ours, reference]] * ROUNDS)
    ours_ms, reference_ms = (ms / repeats for ms in taken)
    given = f"{size:,} spans, {pair_count:,} pairs"
    return Figure("clashes: sweep", given, ours_ms, "sorting the spans, no more", reference_ms)


def _against_every_pair() -> Figure:
    spans = make_spans(EVERY_PAIR_MAX)
    assert {frozenset(pair) for pair in overlaps(spans)} == {
        frozenset(pair) for pair in compare_every_pair(spans)
    }
    ours_ms, reference_ms = interleaved(
        [[lambda: overlaps(spans), lambda: compare_every_pair(spans)]] * ROUNDS
    )
    given = f"{EVERY_PAIR_MAX:,} spans"
    return Figure("clashes: sweep", given, ours_ms, "comparing every pair", reference_ms)
