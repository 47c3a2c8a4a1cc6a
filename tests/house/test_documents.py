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


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_no_document_keeps_the_marks_of_a_merge(path: Path) -> None:
    assert (
        re.findall("^(?:<<<<<<<|>>>>>>>) .*", path.read_text(encoding="utf-8"), re.MULTILINE) == []
    )


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


# -- security.md -----------------------------------------------------------------------------

ASVS_COUNTS = {
    # How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; they come first.
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5,
    "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2,
    "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11,
    "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1,
    "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5,
    "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
REQUIREMENTS = [
    tuple(map(int, f"{section}.{number}".split(".")))
    for section, count in ASVS_COUNTS.items()
    for number in range(1, count + 1)
]
NUMBERS = re.compile(r"(\d+\.\d+\.\d+)(?:–(\d+\.\d+\.\d+))?")
MARKS = {"●", "◐", "○", "⚙"}


def security() -> str:
    return (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_requirement_of_level_2_is_answered_once() -> None:
    answered: list[tuple[int, ...]] = []
    for line in security().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        is_row = len(cells) == 6 and cells[3] in MARKS
        if not is_row and not line.startswith("17.1.1"):
            continue
        assert not is_row or cells[3] in "●⚙○" or cells[4], line  # what deviates is argued
        for first, last in NUMBERS.findall(cells[1] if is_row else line):
            low, high = (tuple(map(int, text.split("."))) for text in (first, last or first))
            answered += [found for found in REQUIREMENTS if low <= found <= high]
    assert sorted(answered) == sorted(REQUIREMENTS)


def test_every_test_that_security_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", security())
    assert len(named) > 60
    missing = [
        (path, test)
        for path, test in named
        if not (ROOT / path).exists()
        or (test and f"def {test}(" not in (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert missing == []
