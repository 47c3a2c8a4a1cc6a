"""Errors that a person can act on."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, g, render_template, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import IntegerConverter

from app.database import db
from app.i18n import user_message
from scheduler.errors import (
    ConflictError,
    DomainError,
    GoneError,
    NotFoundError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue
    from werkzeug.routing import Map

STATUS_OF: list[tuple[type[DomainError], HTTPStatus]] = [
    (PermissionDeniedError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (GoneError, HTTPStatus.GONE),
    (DomainError, HTTPStatus.UNPROCESSABLE_ENTITY),
]
HEADINGS = {
    400: _l("That request made no sense"),
    403: _l("This page is not open to you"),
    404: _l("There is nothing here"),
    405: _l("That does not work here"),
    409: _l("Something has changed"),
    410: _l("This is gone"),
    413: _l("That is too large"),
    422: _l("That is not possible"),
    429: _l("Too many tries"),
    500: _l("Something broke on our side"),
}
SENTENCES = {
    400: _l("Go back, reload the page and try again."),
    403: _l("Your sign-in does not cover it. Ask an organiser if you think it should."),
    404: _l("The address may be old or mistyped, or what it named is not for everyone to see."),
    405: _l("Go back and use the buttons of the page."),
    413: _l(
        "A file may have at most 10 MB, the text of a form 1 MB. Nothing was saved: go back, and "
        "send less."
    ),
    429: _l("Wait a few minutes, then try again."),
    500: _l("Nothing was saved. We have noted it; please try again in a while."),
}


class ColumnNumber(IntegerConverter):
    """A number in an address; beyond what a column counts to it names nothing."""

    def __init__(self, map: Map, **limits: Any) -> None:  # noqa: A002, ANN401 - werkzeug's
        super().__init__(map, **{"max": 2**31 - 1} | limits)


def init_app(app: Flask) -> None:
    """Answer every error of ``app`` with a page in its own look."""
    app.url_map.converters["int"] = ColumnNumber
    # An address with a slash too many names nothing: calendar programs do not follow redirects.
    app.url_map.merge_slashes = False
    app.before_request(_refuse_nul)
    app.register_error_handler(DomainError, _answer_domain_error)
    app.register_error_handler(CSRFError, _answer_stale_form)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(500, _answer_fault)


def request_id() -> str:
    """Return the number under which this request is found in the log."""
    return str(g.get("request_id", ""))


def _refuse_nul() -> None:
    # PostgreSQL takes no text with U+0000, so no address that has one names anything.
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        raise NotFoundError


def _answer_domain_error(error: DomainError) -> ResponseReturnValue:
    db.session.rollback()
    status = next(status for kind, status in STATUS_OF if isinstance(error, kind))
    return _page(status, user_message(error))


def _answer_stale_form(error: CSRFError) -> ResponseReturnValue:  # noqa: ARG001 - handler's form
    return _page(HTTPStatus.BAD_REQUEST, str(SENTENCES[400]))


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    status = HTTPStatus(error.code or 500)
    headers = dict(error.get_headers())
    kept: dict[str, str] = {
        name: headers[name] for name in ("Allow", "Retry-After") if name in headers
    }
    page, status = _page(status, str(SENTENCES.get(status, error.description)))
    page.headers.update(kept)
    return page, status


def _answer_fault(error: Exception) -> ResponseReturnValue:  # noqa: ARG001 - handler's form
    db.session.rollback()
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR, str(SENTENCES[500]))


def _page(status: HTTPStatus, sentence: str) -> tuple[Response, HTTPStatus]:
    heading = HEADINGS.get(status, status.phrase)
    # A calendar client shows no page, and an empty calendar would erase its copy; under a host
    # that is not ours no link of a page could be made.
    is_foreign = isinstance(request.routing_exception, SecurityError)
    if request.path.startswith("/feeds/") or is_foreign:
        return Response(f"{heading}. {sentence}\n", mimetype="text/plain"), status
    page = render_template(
        "errors/error.html",
        status=int(status),
        heading=heading,
        sentence=sentence,
        request_id=request_id(),
    )
    return Response(page), status
