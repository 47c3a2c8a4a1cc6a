"""What the macros call, in the reader's language."""

from collections.abc import Callable, Hashable
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from jinja2.runtime import Macro
from markupsafe import Markup

from app.site.dates import (
    date_block_parts,
    format_day,
    format_moment,
    format_month,
    format_short_span,
    format_span,
    format_until,
)
from app.site.drawn_events import group_by_month
from app.site.grids import lay_out_month, lay_out_year
from app.site.states import series_words, state_of
from app.site.strip import lay_out_strip, signs_of


@lru_cache(maxsize=512)
def _kept(_locale: str, macro: Macro, *values: Hashable) -> Markup:
    """Draw ``macro`` once for equal ``values``; all that it draws from is among them.

    A plan of fifty lanes is drawn again after a change, and then only the lane that changed.
    """
    return Markup(macro(*values))  # noqa: S704 - what an escaping macro returns  # nosec B704


def install(environment: Environment, current_locale: Callable[[], str]) -> None:
    """Give the macros of ``environment`` what they call, in the locale of the moment."""

    def localized(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: object, **options: object) -> object:
            return function(*args, **options, locale=current_locale())

        return call

    def kept(macro: Macro, *values: Hashable) -> Markup:
        return _kept(current_locale(), macro, *values)

    environment.globals["kept"] = kept
    for function in (
        date_block_parts,
        format_day,
        format_moment,
        format_month,
        format_short_span,
        format_span,
        format_until,
        group_by_month,
        lay_out_month,
        lay_out_strip,
        lay_out_year,
    ):
        environment.globals[function.__name__] = localized(function)
    environment.globals.update(
        signs_of=signs_of,
        parse_day=date.fromisoformat,
        series_words=series_words,
        state_of=state_of,
    )
