"""Signing in and out, by password and by link."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, session, url_for

from app import clock
from app.accounts import access, service
from app.accounts.access import the_person
from app.accounts.forms import LinkForm, PasswordForm, SpendLinkForm
from app.database import db
from app.forms import put
from app.i18n import gettext as _
from app.limits import LINKS, SIGN_IN, limiter
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.accounts.models import Person

bp = Blueprint("accounts", __name__)


@bp.route("/login", methods=["GET", "POST"])
@access.public
@limiter.limit(SIGN_IN, methods=["POST"])
def login() -> ResponseReturnValue:
    """Sign in by password; the page also offers a link by mail."""
    form = PasswordForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            person = service.check_password(form.email.data, form.password.data)
            sign_in(person)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            return redirect(own_path(form.next.data) or home_of(person), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("accounts/login.html", form=form), status


@bp.post("/login/link")
@access.public
@limiter.limit(LINKS)
def request_link() -> ResponseReturnValue:
    """Send a sign-in link; the answer is the same for every address."""
    form = LinkForm()
    if form.validate_on_submit():
        try:
            service.mail_link(
                form.email.data, now=clock.real_utcnow(), next_path=own_path(form.next.data)
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.email)
        else:
            db.session.commit()
            return redirect(url_for(".link_sent", email=form.email.data), HTTPStatus.SEE_OTHER)
    page_form = PasswordForm(formdata=None, next=form.next.data, email=form.email.data)
    page_form.email.errors = form.email.errors
    page = render_template("accounts/login.html", form=page_form)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@bp.get("/login/sent")
@access.public
def link_sent() -> ResponseReturnValue:
    """Say where to look for the link."""
    return render_template("accounts/link_sent.html", email=request.args.get("email", "")[:254])


@bp.route("/login/link/<token>", methods=["GET", "POST"])
@access.public
@limiter.limit(SIGN_IN, methods=["POST"])
def link(token: str) -> ResponseReturnValue:
    """Show a button that signs in, and sign in when it is pressed."""
    form = SpendLinkForm()
    if form.validate_on_submit():
        try:
            person, next_path = service.spend_link(token, now=clock.real_utcnow())
            sign_in(person)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            return redirect(own_path(next_path) or home_of(person), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("accounts/link.html", form=form, login_url=url_for(".login")), status


@bp.post("/logout")
@access.public
def logout() -> ResponseReturnValue:
    """Sign out: the session ends on the server, so a copy of the cookie is dead too."""
    token = session.get(access.SESSION_KEY)
    if token:
        service.end_session(token, now=clock.real_utcnow())
        db.session.commit()
    session.clear()
    return redirect(url_for("site.home"), HTTPStatus.SEE_OTHER)


@bp.post("/me/sign-out-everywhere")
@access.needs(access.signed_in)
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of the person, this one too."""
    service.end_sessions(the_person(), now=clock.real_utcnow())
    db.session.commit()
    session.clear()
    flash(_("You are signed out everywhere."), "success")
    return redirect(url_for(".login"), HTTPStatus.SEE_OTHER)


def sign_in(person: Person) -> None:
    """Begin a session of ``person`` in this browser, and commit."""
    device = request.user_agent.string
    token = service.open_session(person, device=device, now=clock.real_utcnow())
    db.session.commit()
    session.clear()  # nothing of a session before, not even its CSRF token
    session[access.SESSION_KEY] = token
    session.permanent = True
    access.forget_person()


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
