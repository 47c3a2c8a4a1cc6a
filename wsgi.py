"""The WSGI entry point: ``granian --interface wsgi wsgi:app``, ``flask`` finds it too."""

import gc

import config
from app import create_app

app = create_app(config.read())
# What is loaded by now stays: looking through it again and again costs 0.1 s a full collection.
gc.freeze()
