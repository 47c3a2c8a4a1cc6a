"""The WSGI entry point: ``granian --interface wsgi wsgi:app``, ``flask`` finds it too."""

import gc
from datetime import date

from babel.dates import format_date
from sqlalchemy.orm import configure_mappers

import config
from app import create_app

app = create_app(config.read())
# What every page needs is made once for all processes that are forked from this one: how tables
# hang together, and the words of the locale.
configure_mappers()
format_date(date.min, locale="en")
# What is loaded by now stays: looking through it again and again costs 0.1 s a full collection.
gc.freeze()
