"""Passkeys over HTTP: a script asks for what is to be signed, a form brings the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, flash, redirect, request, session, url_for

from app import clock
from app.accounts import access, arrival, passkeys, sessions
from app.accounts.access import the_sign_in
from app.accounts.forms import NewPasskeyForm, PasskeyForm
from app.accounts.models import Method
from app.accounts.second_factor_views import factor_is_set, go_on
from app.accounts.sessions import Stage
from app.accounts.views import bp
from app.database import db
from app.i18n import gettext as _
from app.i18n import user_message
from app.limits import SIGN_IN, limiter
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

CHALLENGE_KEY = "passkey_challenge"


@bp.post("/login/passkey/options")
@access.public
@limiter.limit(SIGN_IN)
def passkey_options() -> ResponseReturnValue:
    """Say what the browser is to sign: by any passkey, or by one of whom it is about."""
    sign_in = access.current_sign_in()
    options, challenge = passkeys.ask_to_sign(
        sign_in.person if sign_in else None, now=clock.real_utcnow()
    )
    return _options(options, challenge)


@bp.post("/login/passkey")
@access.public
@limiter.limit(SIGN_IN)
def use_passkey() -> ResponseReturnValue:
    """Sign in by a passkey, or prove by one again who it is."""
    sign_in, form = access.current_sign_in(), PasskeyForm()
    challenge, now = session.pop(CHALLENGE_KEY, ""), clock.real_utcnow()
    try:
        if sign_in is not None:
            passkeys.confirm(sign_in, form.answer.data or "", challenge=challenge, now=now)
            return go_on(form.next.data)
        person, _is_two = passkeys.check(
            form.answer.data or "", challenge=challenge, person=None, now=now
        )
        return arrival.arrive(person, Method.PASSKEY, to=form.next.data, has_second_factor=True)
    except DomainError as error:
        db.session.rollback()
        flash(user_message(error), "error")
        endpoint = {None: ".login", Stage.SECOND_FACTOR: ".second_factor_page"}.get(
            access.stage(), ".confirm"
        )
        return redirect(url_for(endpoint, next=form.next.data or None), HTTPStatus.SEE_OTHER)


@bp.post("/me/sign-in/passkeys/options")
@access.needs_stage(Stage.SET_UP, Stage.COMPLETE)
@access.fresh
def new_passkey_options() -> ResponseReturnValue:
    """Say what the browser is to make a passkey of."""
    options, challenge = passkeys.ask_to_make(the_sign_in().person, now=clock.real_utcnow())
    return _options(options, challenge)


@bp.post("/me/sign-in/passkeys")
@access.needs_stage(Stage.SET_UP, Stage.COMPLETE)
@access.fresh
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    form = NewPasskeyForm()
    try:
        codes = passkeys.add(
            the_sign_in(),
            form.answer.data or "",
            name=form.name.data or _device_name(),
            challenge=session.pop(CHALLENGE_KEY, ""),
            now=clock.real_utcnow(),
        )
    except DomainError as error:
        db.session.rollback()
        flash(user_message(error), "error")
        return redirect(url_for(".set_up", next=form.next.data or None), HTTPStatus.SEE_OTHER)
    return factor_is_set(codes, form.next.data)


@bp.post("/me/sign-in/passkeys/<int:passkey_id>/remove")
@access.needs(access.signed_in)
@access.fresh
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Forget one passkey."""
    passkeys.remove(the_sign_in(), passkey_id, now=clock.real_utcnow())
    db.session.commit()
    flash(_("The passkey is removed."), "success")
    return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)


def _options(options: str, challenge: str) -> Response:
    db.session.commit()
    session[CHALLENGE_KEY] = challenge
    return Response(options, mimetype="application/json")


def _device_name() -> str:
    return sessions.device_words(request.user_agent.string)
