"""The privacy notice: the operator's own words, or what is true of this software."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

if TYPE_CHECKING:
    from pathlib import Path

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def own_words(path: Path) -> Markup:
    """Return the notice in the Markdown file at ``path`` as HTML that holds no script or style."""
    return _rendered(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _rendered(path: Path, changed: int) -> Markup:  # noqa: ARG001 - read anew once it has changed
    html = nh3.clean(
        _markdown.render(path.read_text(encoding="utf-8")),
        attributes={"a": {"href", "title"}, "th": {"scope"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    return Markup(html)  # noqa: S704 - cleaned the line before  # nosec B704
