"""The code of templates is made once, and anew when anything that it comes from has changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from jinja2 import DictLoader, Environment

from app.site.compiled import CompiledTemplates

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

SOURCE = "{{ 'word'|ours }} {{ x }}"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "filters.py").write_text("")
    return folder


def told(folder: Path, modules: Path, source: str = SOURCE, filtered: str = "first") -> str:
    """Return what a process tells that starts now; with its own filter, which knows one word."""
    kept = CompiledTemplates(folder, modules)
    env = Environment(loader=DictLoader({"page": source}), bytecode_cache=kept, autoescape=True)
    env.filters["ours"] = lambda _word: filtered
    return env.get_template("page").render(x=1)


def test_the_next_process_finds_it_made(
    tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept"
    assert told(folder, modules) == "first 1"
    with monkeypatch.context() as patched:
        patched.setattr(Environment, "_parse", None)  # would not make it again
        assert told(folder, modules) == "first 1"


def test_it_is_made_anew_when_its_source_or_a_module_changes(tmp_path: Path, modules: Path) -> None:
    folder = tmp_path / "kept"
    assert told(folder, modules) == "first 1"
    assert told(folder, modules, source=f"{SOURCE}!") == "first 1!"
    os.utime(modules / "filters.py", ns=(1, 1))
    assert told(folder, modules, filtered="second") == "second 1"


@pytest.mark.parametrize("size", [0, 10, 30, 60])
def test_what_is_kept_in_part_is_made_again(tmp_path: Path, modules: Path, size: int) -> None:
    folder = tmp_path / "kept"
    assert told(folder, modules) == "first 1"
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for broken in (whole[:size], whole[:size].ljust(len(whole), b"\0")):
        file.write_bytes(broken)
        assert told(folder, modules) == "first 1"
    assert file.read_bytes() == whole


def test_where_nothing_can_be_kept_pages_are_drawn_all_the_same(
    tmp_path: Path, modules: Path
) -> None:
    no_folder = modules / "filters.py"
    assert told(no_folder, modules) == "first 1"
    assert told(tmp_path / "nowhere" / "kept", modules) == "first 1"


def test_the_applications_templates_are_kept(app: Flask) -> None:
    assert isinstance(app.jinja_env.bytecode_cache, CompiledTemplates)
