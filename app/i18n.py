"""Languages: one at present, but every sentence already goes through gettext."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import Babel
from flask_babel import gettext as gettext  # noqa: PLC0414 - re-exported, typed
from flask_babel import lazy_gettext as lazy_gettext  # noqa: PLC0414 - re-exported, typed
from flask_babel import ngettext as ngettext  # noqa: PLC0414 - re-exported, typed

if TYPE_CHECKING:
    from flask import Flask

    from scheduler.errors import DomainError

babel = Babel()


def init_app(app: Flask) -> None:
    """Install Babel; the locale is fixed while English is the one catalogue."""
    babel.init_app(app, locale_selector=lambda: "en")


def user_message(error: DomainError) -> str:
    """Return the sentence of ``error`` in the reader's language."""
    return str(gettext(error.message).format(**error.values))
