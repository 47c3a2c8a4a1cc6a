"""The WSGI entry point: ``granian --interface wsgi wsgi:app``, ``flask`` finds it too."""

import config
from app import create_app

app = create_app(config.read())
