"""A process that serves the application until it is ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from app import create_app

if TYPE_CHECKING:
    from config import Config


def serve(settings: Config, port: int) -> None:
    """Answer on the loopback ``port``, one thread a request."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_server("127.0.0.1", port, create_app(settings), threaded=True).serve_forever()
