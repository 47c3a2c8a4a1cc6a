"""Rate limits on what strangers could try in bulk; real time, per address of the caller."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from app import clock
from app.outbox import settings

if TYPE_CHECKING:
    from flask import Flask, Response

    from config import Config

SIGN_IN = "30 per minute"
LINKS = "20 per minute"
REGISTRATION = "60 per minute"
FEED_TOKENS = "120 per minute"

limiter = Limiter(key_func=get_remote_address)


@limiter.request_filter
def _is_off() -> bool:
    # Asked of the application that answers: the limiter is one for all of a process.
    return not settings().rate_limits


def init_app(app: Flask, config: Config) -> None:
    """Put the limits in force, unless the settings say otherwise (load tests do)."""
    app.config["RATELIMIT_STORAGE_URI"] = config.redis_url or "memory://"
    app.config["RATELIMIT_HEADERS_ENABLED"] = False
    limiter.init_app(app)

    @app.after_request
    def tell_when(response: Response) -> Response:
        limit = limiter.current_limit
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and limit is not None:
            seconds = math.ceil(limit.reset_at - clock.real_utcnow().timestamp())
            response.headers["Retry-After"] = str(max(1, seconds))
        return response
