"""Long lists in pages: which rows are shown, and where the others are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.i18n import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pager shows; an address is ``None`` where there is nothing further."""

    text: str
    previous_url: str | None
    next_url: str | None
    previous_label: str = ""
    next_label: str = ""


def page_of(
    page: int, count: int, url: Callable[[int], str], *, length: int = ROWS_A_PAGE
) -> tuple[int, int, Pages]:
    """Return the rows ``[first, beyond)`` of ``page``, counted from 1, and the pager for them.

    A page beyond the ends is the nearest that there is.
    """
    page = min(max(page, 1), max(1, -(-count // length)))
    first, beyond = (page - 1) * length, min(page * length, count)
    text = _("%(first)s–%(last)s of %(count)s", first=first + 1, last=beyond, count=count)
    before = url(page - 1) if page > 1 else None
    after = url(page + 1) if beyond < count else None
    return first, beyond, Pages(text if count else "", before, after)
