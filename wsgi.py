"""The WSGI entry point: ``granian --interface wsgi wsgi:app``, ``flask`` finds it too."""

import gc

# What is imported stays: to look through it again and again would take a sixth of the start.
gc.disable()

from datetime import date  # noqa: E402 - as said

from babel.dates import format_date  # noqa: E402 - as above
from sqlalchemy.orm import configure_mappers  # noqa: E402 - as above

import config  # noqa: E402 - as above
from app import create_app  # noqa: E402 - as above

try:
    app = create_app(config.read())
except config.ConfigError as problem:
    raise SystemExit(str(problem)) from None
# What every page needs is made once for all processes that are forked from this one: how tables
# hang together, and the words of the locale.
configure_mappers()
format_date(date.min, locale="en")
# And from now on, since a full collection would take 0.1 s each time.
gc.freeze()
gc.enable()
