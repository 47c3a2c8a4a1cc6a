"""Signing in and out: by password, by link, by the link's code."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, session, url_for

from app import clock
from app.accounts import access, arrival, links, passkeys, passwords, sessions
from app.accounts.forms import CodeForm, LinkForm, PasskeyForm, PasswordForm, SpendLinkForm
from app.accounts.models import Method
from app.accounts.sessions import Stage
from app.database import db
from app.forms import put
from app.limits import LINKS, LINKS_EACH, SIGN_IN, SIGN_IN_EACH, limiter, per_address
from app.outbox import settings
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("accounts", __name__)


@bp.route("/login", methods=["GET", "POST"])
@access.public
@limiter.limit(SIGN_IN, methods=["POST"])
@limiter.limit(SIGN_IN_EACH, methods=["POST"], key_func=per_address)
def login() -> ResponseReturnValue:
    """Sign in by password; the page also offers every other way."""
    form = PasswordForm(next=request.args.get("next", ""))
    if request.method == "GET" and access.stage() is Stage.IDLE:
        return redirect(access.step_to(arrival.own_path(form.next.data)), HTTPStatus.SEE_OTHER)
    if form.validate_on_submit():
        try:
            person = passwords.check_password(form.email.data, form.password.data)
            return arrival.arrive(person, Method.PASSWORD, to=form.next.data)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
    return _login_page(form)


@bp.post("/login/link")
@access.public
@limiter.limit(LINKS)
@limiter.shared_limit(LINKS_EACH, scope="links", key_func=per_address)
def request_link() -> ResponseReturnValue:
    """Send a sign-in link; the answer is the same for every address."""
    form = LinkForm()
    if form.validate_on_submit():
        try:
            return arrival.ask_for_link(form.email.data, to=form.next.data or "")
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.email)
    page_form = PasswordForm(formdata=None, next=form.next.data, email=form.email.data)
    page_form.email.errors = form.email.errors
    return _login_page(page_form)


def _login_page(form: PasswordForm) -> ResponseReturnValue:
    page = render_template(
        "accounts/login.html",
        form=form,
        passkey_form=PasskeyForm(formdata=None, next=form.next.data),
        party=passkeys.relying_party(),
        provider=settings().oidc,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK


@bp.route("/login/sent", methods=["GET", "POST"])
@access.public
@limiter.limit(SIGN_IN, methods=["POST"])
def link_sent() -> ResponseReturnValue:
    """Say where to look for the link, and take the code that came with it."""
    form = CodeForm()
    if form.validate_on_submit():
        found = links.spend_code(
            session.get(arrival.BROWSER_KEY, ""), form.code.data, now=clock.real_utcnow()
        )
        if found is not None:
            return arrival.arrive(found.person, Method.CODE, to=found.next_path)
        db.session.commit()  # that one more code was tried
        put(form, links.CodeError(), form.code)
    page = render_template(
        "accounts/link_sent.html",
        form=form,
        email=session.get(arrival.ADDRESS_KEY, ""),
        sends_mail=settings().smtp_url is not None,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.route("/login/link/<token>", methods=["GET", "POST"])
@access.public
@limiter.limit(SIGN_IN, methods=["POST"])
def link(token: str) -> ResponseReturnValue:
    """Show a button that signs in, and sign in when it is pressed."""
    form = SpendLinkForm()
    if form.validate_on_submit():
        try:
            spent = links.spend_link(token, now=clock.real_utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            return arrival.arrive(
                spent.person,
                Method.LINK,
                to=spent.next_path,
                has_second_factor=spent.is_vouched,
            )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("accounts/link.html", form=form, login_url=url_for(".login")), status


@bp.post("/logout")
@access.public
def logout() -> ResponseReturnValue:
    """Sign out: the session ends on the server, so a copy of the cookie is dead too."""
    token = session.get(access.SESSION_KEY)
    if token:
        sessions.end_session(token, now=clock.real_utcnow())
        db.session.commit()
    session.clear()
    return redirect(url_for("site.home"), HTTPStatus.SEE_OTHER)
