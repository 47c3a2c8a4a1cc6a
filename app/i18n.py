"""Languages: one at present, but every sentence already goes through gettext."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import flask_babel
from babel.dates import format_date
from flask_babel import Babel
from flask_babel import lazy_gettext as lazy_gettext  # noqa: PLC0414 - re-exported

if TYPE_CHECKING:
    from flask import Flask

    from scheduler.errors import DomainError

babel = Babel()
LOCALE = "en_GB"  # the house writes "5 March 2024" and 24 hours


def gettext(message: str, **values: object) -> str:
    """Return ``message`` in the reader's language, its ``%(name)s`` filled from ``values``."""
    return str(flask_babel.gettext(message, **values))


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """Return the form of the message that ``num`` asks for, in the reader's language."""
    return str(flask_babel.ngettext(singular, plural, num, **values))


def _in_words(value: object) -> object:
    if isinstance(value, date):
        return format_date(value, "long", str(flask_babel.get_locale()))
    return value


def init_app(app: Flask) -> None:
    """Install Babel; the locale is fixed while English is the one catalogue."""
    babel.init_app(app, locale_selector=lambda: LOCALE)


def user_message(error: DomainError) -> str:
    """Return the sentence of ``error`` in the reader's language."""
    values = {name: _in_words(value) for name, value in error.values.items()}
    return gettext(error.message).format(**values)
