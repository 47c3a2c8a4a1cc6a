"""The privacy notice: the operator's own words, or what is true of this software."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from pathlib import Path


def own_words(path: Path) -> Markup:
    """Return the notice in the Markdown file at ``path`` as HTML that holds no script or style."""
    return _rendered(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _rendered(path: Path, changed: int) -> Markup:  # noqa: ARG001 - read anew once it has changed
    import nh3  # noqa: PLC0415 - only where an operator has written one
    from markdown_it import MarkdownIt  # noqa: PLC0415 - as above

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    html = nh3.clean(
        markdown.render(path.read_text(encoding="utf-8")),
        attributes={"a": {"href", "title"}, "th": {"scope"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    return Markup(html)  # noqa: S704 - cleaned the line before  # nosec B704
