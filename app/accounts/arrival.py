"""Arriving: a session begins in this browser, and leads on to where the person was going."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import g, redirect, request, session, url_for

from app import clock
from app.accounts import access, links, sessions
from app.database import db

if TYPE_CHECKING:
    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

    from app.accounts.models import Method, Person

BROWSER_KEY = "link_browser"
ADDRESS_KEY = "link_address"


def init_app(app: Flask) -> None:
    """Note for every request of ``app`` that its session is in use; written every five minutes."""

    @app.after_request
    def note_use(response: Response) -> Response:
        now = clock.real_utcnow()
        session_id, used_at = g.get(access.LAST_USE_KEY, (None, now))
        if now - used_at >= sessions.USE_STEP:
            db.session.rollback()  # views have committed what they did
            sessions.note_use(session_id, now=now)
            db.session.commit()
        return response


def arrive(
    person: Person, method: Method, *, to: str | None = "", has_second_factor: bool = False
) -> ResponseReturnValue:
    """Begin a session of ``person`` in this browser, commit, and lead on."""
    token = sessions.open_session(
        person,
        method=method,
        device=request.user_agent.string,
        now=clock.real_utcnow(),
        has_second_factor=has_second_factor,
    )
    db.session.commit()
    session.clear()  # nothing of a session before, not even its CSRF token
    carry(token)
    return redirect(access.step_to(own_path(to) or home_of(person)), HTTPStatus.SEE_OTHER)


def carry(token: str) -> None:
    """Put the token of a session into this browser's cookie."""
    session[access.SESSION_KEY] = token
    session.permanent = True
    g.pop("sign_in", None)


def ask_for_link(email: str, *, to: str) -> ResponseReturnValue:
    """Send a sign-in link and its code for this browser, commit, and say where to look for it.

    Raises:
        EmailError: it is not an address.
    """
    browser, sign_in = secrets.token_urlsafe(32), access.current_sign_in()
    links.mail_link(
        email,
        now=clock.real_utcnow(),
        next_path=own_path(to),
        browser=browser,
        is_signed_in=sign_in is not None and sign_in.person.email == email.strip().lower(),
    )
    db.session.commit()
    session[BROWSER_KEY], session[ADDRESS_KEY] = browser, email[:254]
    return redirect(url_for("accounts.link_sent"), HTTPStatus.SEE_OTHER)


def own_path(path: str | None) -> str:
    """Return ``path`` if it leads to a page of ours, else an empty text."""
    path = path or ""
    # Browsers read a backslash as a slash, and //host as another site.
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isprintable() else ""


def home_of(person: Person) -> str:
    """Return where ``person`` goes on to after signing in."""
    if access.read_plan(person):
        return url_for("desk.home")
    if access.countries_of(person):
        return url_for("hosting.calls")
    return url_for("registrations.mine")
