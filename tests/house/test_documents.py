"""The documents agree with the code, and with each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "app/**/*.md", "tests/scheduler/**/*.md")
    for path in ROOT.glob(pattern)
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
HALF_A_PAGE_LINES = 45

VARIABLE = re.compile(r"SYMPOSIA_[A-Z][A-Z_]*[A-Z]")
ROW = re.compile(r"^\| `(SYMPOSIA_[A-Z_]+)` \| (\S[^|]*) \| (\S[^|]*) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def variables_read() -> set[str]:
    """Return the variables that config.py asks for, by its own ``get`` or by their full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="get"), args=[ast.Constant(value=str(name)), *_]):
                found.add(f"SYMPOSIA_{name}")
            case ast.Constant(value=str(words)):
                found |= set(VARIABLE.findall(words))
    return found


def test_every_variable_has_its_line_and_every_line_its_variable() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    lines = [variable for variable, _default, _meaning in ROW.findall(text)]
    assert sorted(lines) == sorted(variables_read())


def test_the_readme_shows_both_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[0].splitlines()
    assert [line.split("#")[0].strip() for line in commands] == ["make run", "make test"]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_context_choice_and_cost(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    number = path.name.split("-")[0]
    assert re.fullmatch(rf"# {number}\. \S.*", lines[0])
    headings = [line for line in lines if line.startswith("#")][1:]
    assert headings == ["## Context", "## Choice", "## Cost"]
    assert len(lines) <= HALF_A_PAGE_LINES


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name.split("-")[0]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_that_are_there(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target for target in LINK.findall(text) if "://" not in target]
    files = [target.split("#")[0] for target in targets if not target.startswith(("#", "mailto:"))]
    assert [target for target in files if not (path.parent / target).exists()] == []
