"""The colours of the design are said once, in tokens.css; every pair that is read meets AA."""

import re
from pathlib import Path

import pytest

import app

TOKENS = (Path(app.__file__).parent / "static/css/tokens.css").read_text()
PAIRS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS
    )
}
SERIES = ("symposium", "workshop", "regional")
TEXT = [
    *((ink, paper) for ink in ("ink", "muted", "accent", "danger", "signal", "ok")
      for paper in ("paper", "wash")),
    *(("ink", f"{tone}-wash") for tone in ("accent", "signal", "danger", "ok")),
    *((tone, f"{tone}-wash") for tone in ("accent", "signal", "danger", "ok")),
    ("accent-strong", "accent-wash"), ("accent-strong", "paper"),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-danger", "danger"),
    ("paper", "ink"),
    *(("on-series", f"series-{kind}") for kind in SERIES),
    *(("ink", f"series-{kind}-wash") for kind in SERIES),
]  # fmt: skip
SHAPES = [("edge", "paper"), *((f"series-{kind}", "paper") for kind in SERIES)]


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_meets_aa(theme: int) -> None:
    ratios = {pair: contrast(PAIRS[pair[0]][theme], PAIRS[pair[1]][theme]) for pair in TEXT}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_shapes_and_edges_of_controls_meet_aa(theme: int) -> None:
    ratios = {pair: contrast(PAIRS[pair[0]][theme], PAIRS[pair[1]][theme]) for pair in SHAPES}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 3} == {}
