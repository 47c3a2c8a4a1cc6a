"""What is said to people is written in one typography."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

ROOT = Path(__file__).parents[2]
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
OPTIONS = {"**.html": {"extensions": "jinja2.ext.do"}, "**.txt": {"extensions": "jinja2.ext.do"}}
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None}


def sentences() -> set[str]:
    """Return everything that goes through gettext."""
    found = set()
    for folder in ("app", "scheduler"):
        for _file, _line, told, *_rest in extract_from_dir(
            ROOT / folder, METHODS, OPTIONS, KEYWORDS
        ):
            found.update([told] if isinstance(told, str) else told)
    return found


def test_apostrophes_are_typographic_as_the_quotes_are() -> None:
    told = sentences()
    assert len(told) > 1000
    without_tags = {re.sub("<[^>]*>", "", text) for text in told}
    assert sorted(text for text in without_tags if re.search(r"\w'|\"", text)) == []
