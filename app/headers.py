"""Trust between browsers and us: headers on every answer, and whose requests are taken."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import abort, current_app, request, session

if TYPE_CHECKING:
    from flask import Flask, Response

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)

HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask, *, is_https: bool, origin: str) -> None:
    """Put the headers on every answer of ``app``, and refuse what comes from other sites.

    ``origin``: the scheme and host by which people reach us.
    """

    @app.before_request
    def refuse_large() -> None:
        # Before anything of the body is read or looked up.
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        if (request.content_length or 0) > limit:
            abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    @app.before_request
    def refuse_other_sites() -> None:
        """Beside the forms' tokens: browsers say from where a request comes."""
        if request.method in SAFE_METHODS:
            return
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        sent_from = request.headers.get("Origin", origin)
        ours = {origin, f"{request.scheme}://{request.host}"}
        if site not in {"same-origin", "none"} or sent_from not in ours:
            abort(HTTPStatus.FORBIDDEN)

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
        # What is not there is answered with a page, and that may be a person's.
        is_file = request.endpoint == "static" and response.status_code < HTTPStatus.BAD_REQUEST
        if is_file and "v" in request.args:
            # The address carries a digest of the content.
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        # What Flask sends as a file says "no-cache" by itself.
        if headers.get("Cache-Control", "no-cache") == "no-cache" and not is_file:
            # A page made for one person is nobody else's, not even on a shared computer.
            # The session is saved after this, so its cookie is not among the headers yet.
            private = bool(session) or session.modified
            headers["Cache-Control"] = "no-store" if private else "no-cache"
        return response
