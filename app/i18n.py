"""Languages: one at present, but every sentence already goes through gettext."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import flask_babel
from babel.dates import format_date
from flask import g
from flask_babel import Babel
from flask_babel import lazy_gettext as lazy_gettext  # noqa: PLC0414 - re-exported

if TYPE_CHECKING:
    from flask import Flask

    from scheduler.errors import DomainError

babel = Babel()
POSIX_SIGNS = {"+": "\N{MINUS SIGN}", "-": "+"}  # Etc/GMT+5 lies west of Greenwich
LOCALE = "en_GB"  # the house writes "5 March 2024" and 24 hours


def gettext(message: str, **values: object) -> str:
    """Return ``message`` in the reader's language, its ``%(name)s`` filled from ``values``."""
    words: str = _catalogue().ugettext(message)
    return words % values if values else words


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """Return the form of the message that ``num`` asks for, in the reader's language."""
    words: str = _catalogue().ungettext(singular, plural, num)
    return words % {"num": num, **values}


def _catalogue() -> Any:  # noqa: ANN401 - gettext's classes, which have no types for these
    """Return the words of the reader's language, looked up once: a page has a hundred sentences."""
    if not g:
        return flask_babel.get_translations()
    if "catalogue" not in g:
        g.catalogue = flask_babel.get_translations()
    return g.catalogue


def _in_words(value: object) -> object:
    if isinstance(value, date):
        return format_date(value, "long", str(flask_babel.get_locale()))
    return value


def zone_words(tzid: str | None) -> str:
    """Say a time zone by its city, as people do: ``Lagos time``; UTC where there is none."""
    area, _slash, city = (tzid or "UTC").partition("/")
    if area == "Etc" and city[3:4] in POSIX_SIGNS:
        return f"UTC{POSIX_SIGNS[city[3]]}{city[4:]}"
    if not city or area == "Etc":
        return city or area
    return gettext("%(city)s time", city=city.rpartition("/")[2].replace("_", " "))


def init_app(app: Flask) -> None:
    """Install Babel; the locale is fixed while English is the one catalogue."""
    babel.init_app(app, locale_selector=lambda: LOCALE)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of its extension
        lambda message: _catalogue().ugettext(message),
        lambda singular, plural, num: _catalogue().ungettext(singular, plural, num),
        newstyle=True,
    )
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]
    app.jinja_env.globals["zone_words"] = zone_words


def user_message(error: DomainError) -> str:
    """Return the sentence of ``error`` in the reader's language."""
    values = {name: _in_words(value) for name, value in error.values.items()}
    return gettext(error.message).format(**values)
