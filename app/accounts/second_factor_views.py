"""The second proof of signing in, and setting it up."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, session, url_for

from app import clock
from app.accounts import access, arrival, passkeys, queries, second_factor, sessions
from app.accounts.access import the_sign_in
from app.accounts.forms import AppForm, NewPasskeyForm, PasskeyForm, ProofForm
from app.accounts.sessions import Stage
from app.accounts.views import bp
from app.database import db
from app.forms import put
from app.i18n import gettext as _
from app.limits import SIGN_IN, limiter
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

SECRET_KEY = "app_secret"  # noqa: S105 # nosec B105 - a key of the session


@bp.route("/login/second", methods=["GET", "POST"])
@access.needs_stage(Stage.SECOND_FACTOR)
@limiter.limit(SIGN_IN, methods=["POST"])
def second_factor_page() -> ResponseReturnValue:
    """Ask for the second proof."""
    sign_in, form = the_sign_in(), ProofForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            is_proved = second_factor.prove(sign_in, form.code.data, now=clock.real_utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.code)
        else:
            if is_proved:
                return go_on(form.next.data)
            db.session.commit()  # the count of what was tried
            if sign_in.ended_at is not None:
                session.clear()
                flash(_("That were too many wrong codes. Sign in anew."), "error")
                return redirect(url_for(".login", next=form.next.data), HTTPStatus.SEE_OTHER)
            put(form, second_factor.CodeError(), form.code)
    page = render_template(
        "accounts/second_factor.html",
        form=form,
        passkey_form=PasskeyForm(formdata=None, next=form.next.data),
        has_app=sign_in.person.totp_secret is not None,
        has_passkey=bool(queries.passkeys_of(sign_in.person)),
        party=passkeys.relying_party(),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def go_on(to: str | None) -> ResponseReturnValue:
    """Commit a further proof of this session, give it a new token and lead on."""
    sign_in = the_sign_in()
    token = sessions.renew_token(sign_in)
    person = sign_in.person
    db.session.commit()
    arrival.carry(token)
    target = arrival.own_path(to) or arrival.home_of(person)
    return redirect(access.step_to(target), HTTPStatus.SEE_OTHER)


@bp.get("/me/sign-in/set-up")
@access.needs_stage(Stage.SET_UP, Stage.COMPLETE)
@access.fresh
def set_up() -> ResponseReturnValue:
    """Offer the ways to have a second factor; who needs one begins here."""
    return render_template(
        "accounts/set_up.html",
        is_needed=access.stage() is Stage.SET_UP,
        party=passkeys.relying_party(),
        form=NewPasskeyForm(next=request.args.get("next", "")),
    )


@bp.route("/me/sign-in/app", methods=["GET", "POST"])
@access.needs_stage(Stage.SET_UP, Stage.COMPLETE)
@access.fresh
@limiter.limit(SIGN_IN, methods=["POST"])
def set_up_app() -> ResponseReturnValue:
    """Show the secret of a new authenticator app, and take its first code."""
    sign_in, form = the_sign_in(), AppForm(next=request.args.get("next", ""))
    sealed = session.get(SECRET_KEY, "")
    secret = second_factor.unseal(sealed)
    if secret is None:
        session[SECRET_KEY] = sealed = second_factor.new_secret()
        secret = second_factor.unseal(sealed) or ""
    if form.validate_on_submit():
        try:
            codes = second_factor.set_up_app(
                sign_in, sealed, form.code.data, now=clock.real_utcnow()
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.code)
        else:
            session.pop(SECRET_KEY)
            return factor_is_set(codes, form.next.data)
    page = render_template(
        "accounts/app.html",
        form=form,
        picture=second_factor.picture_of(secret, sign_in.person),
        address=second_factor.address_of(secret, sign_in.person),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        replaces=sign_in.person.totp_secret is not None,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.post("/me/sign-in/app/remove")
@access.needs(access.signed_in)
@access.fresh
def remove_app() -> ResponseReturnValue:
    """Forget the authenticator app."""
    second_factor.remove_app(the_sign_in(), now=clock.real_utcnow())
    db.session.commit()
    flash(_("The authenticator app is removed."), "success")
    return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)


@bp.post("/me/sign-in/recovery-codes")
@access.needs(access.signed_in)
@access.fresh
def new_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes; the old ones are void."""
    person = access.the_person()
    if not person.has_second_factor:
        return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)
    codes = second_factor.new_recovery_codes(person, now=clock.real_utcnow())
    db.session.commit()
    return codes_page(codes, url_for(".methods"))


def factor_is_set(codes: Sequence[str], to: str | None) -> ResponseReturnValue:
    """Commit a new second factor, show the recovery codes that came with it, and lead on."""
    answer = go_on(to or url_for(".methods"))
    if not codes:
        flash(_("Your new second factor counts from now on."), "success")
        return answer
    return codes_page(codes, arrival.own_path(to) or url_for(".methods"))


def codes_page(codes: Sequence[str], next_url: str) -> ResponseReturnValue:
    """Show recovery codes, this once."""
    return render_template("accounts/recovery_codes.html", codes=codes, next_url=next_url)
