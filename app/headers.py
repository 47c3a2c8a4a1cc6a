"""The headers of trust that every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, session

if TYPE_CHECKING:
    from flask import Flask, Response

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)

HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def init_app(app: Flask, *, is_https: bool) -> None:
    """Put the headers on every answer of ``app``."""

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CSP)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if is_https:
            headers.setdefault(*HSTS)
        if request.endpoint == "static" and "v" in request.args:
            # The address carries a digest of the content.
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if "Cache-Control" not in headers and request.endpoint != "static":
            # A page made for one person is nobody else's, not even on a shared computer.
            # The session is saved after this, so its cookie is not among the headers yet.
            private = bool(session) or session.modified
            headers["Cache-Control"] = "no-store" if private else "no-cache"
        return response
