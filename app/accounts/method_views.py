"""How a person signs in: password, factors, sessions; and proving again who one is."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, session, url_for

from app import clock
from app.accounts import (
    access,
    arrival,
    held,
    links,
    passkeys,
    passwords,
    queries,
    second_factor,
    sessions,
)
from app.accounts.access import the_person, the_sign_in
from app.accounts.forms import ConfirmForm, EndSessionsForm, NewPasswordForm, PasskeyForm
from app.accounts.sessions import Stage
from app.accounts.signals import addresses_ended
from app.accounts.views import bp
from app.database import db
from app.forms import put
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.limits import LINKS, SIGN_IN, limiter
from app.outbox import settings
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.accounts.models import SignIn

# Of what was kept until the proof: enough to see what one is about to send.
SHOWN = {"email": _l("E-mail address"), "name": _l("Name"), "reason": _l("Reason")}


@bp.get("/me/sign-in")
@access.needs(access.signed_in)
def methods() -> ResponseReturnValue:
    """Show every way in which the person signs in, and where they are signed in."""
    person, now = the_person(), clock.real_utcnow()
    return render_template(
        "accounts/methods.html",
        person=person,
        is_needed=sessions.needs_second_factor(person, now=now),
        passkeys=queries.passkeys_of(person),
        recovery_count=queries.count_recovery_codes(person),
        identities=queries.identities_of(person),
        provider=settings().oidc,
        sessions=[
            (row, sessions.device_words(row.device)) for row in queries.sessions_of(person, now=now)
        ],
        this_session=the_sign_in(),
        end_form=EndSessionsForm(),
    )


@bp.route("/me/sign-in/password", methods=["GET", "POST"])
@access.needs(access.signed_in)
@access.fresh
def password() -> ResponseReturnValue:
    """Set, change or remove the password."""
    person, form = the_person(), NewPasswordForm()
    if form.validate_on_submit():
        try:
            passwords.set_password(
                person, form.password.data, now=clock.real_utcnow(), keeping=the_sign_in()
            )
            if form.ends_addresses.data:
                addresses_ended.send(person, now=clock.real_utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.password)
        else:
            db.session.commit()
            flash(_("Your password is set. You are signed out everywhere else."), "success")
            return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)
    page = render_template("accounts/password.html", form=form, person=person)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.post("/me/sign-in/password/remove")
@access.needs(access.signed_in)
@access.fresh
def remove_password() -> ResponseReturnValue:
    """Take the password away."""
    passwords.remove_password(the_person(), now=clock.real_utcnow(), keeping=the_sign_in())
    db.session.commit()
    flash(_("Your password is removed. A link by mail signs you in."), "success")
    return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)


@bp.post("/me/sign-in/sessions/<int:session_id>/end")
@access.needs(access.signed_in)
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign out on one other device."""
    sessions.end_one(the_person(), session_id, now=clock.real_utcnow())
    db.session.commit()
    flash(_("That device is signed out."), "success")
    return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)


@bp.post("/me/sign-out-everywhere")
@access.needs(access.signed_in)
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of the person, this one too."""
    person, form = the_person(), EndSessionsForm()
    sessions.end_sessions(person, now=clock.real_utcnow())
    if form.ends_addresses.data:
        addresses_ended.send(person, now=clock.real_utcnow())
    db.session.commit()
    session.clear()
    flash(_("You are signed out everywhere."), "success")
    return redirect(url_for(".login"), HTTPStatus.SEE_OTHER)


@bp.route("/confirm", methods=["GET", "POST"])
@access.needs_stage(Stage.SET_UP, Stage.IDLE, Stage.COMPLETE)
@limiter.limit(SIGN_IN, methods=["POST"])
def confirm() -> ResponseReturnValue:
    """Ask again who it is, before a sensitive act."""
    sign_in, form = the_sign_in(), ConfirmForm(next=request.args.get("next", ""))
    person = sign_in.person
    if form.validate_on_submit():
        if not form.is_filled_in:
            form.form_errors.append(_("Give one of these proofs."))
        elif _is_proved(sign_in, form):
            sessions.confirm(sign_in, now=clock.real_utcnow())
            db.session.commit()
            target = arrival.own_path(form.next.data) or arrival.home_of(person)
            return redirect(target, HTTPStatus.SEE_OTHER)
        else:
            sessions.note_failure(sign_in, now=clock.real_utcnow())
            is_over = sign_in.ended_at is not None
            db.session.commit()
            if is_over:
                session.clear()
                flash(_("That did not fit several times. Sign in anew."), "error")
                return redirect(url_for(".login", next=form.next.data), HTTPStatus.SEE_OTHER)
            form.form_errors.append(_("That did not fit. Try again, or take another way."))
    page = render_template(
        "accounts/confirm.html",
        form=form,
        passkey_form=PasskeyForm(formdata=None, next=form.next.data),
        person=person,
        has_passkey=bool(queries.passkeys_of(person)),
        party=passkeys.relying_party(),
        was_away=access.stage() is Stage.IDLE,
        is_code_sent=arrival.BROWSER_KEY in session,
        is_form_kept=(form.next.data or "").startswith(f"{url_for('.confirm')}/form/"),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.get("/confirm/form/<token>")
@access.needs(access.signed_in)
@access.fresh
def held_form(token: str) -> ResponseReturnValue:
    """Offer what was typed before the proof, to be sent now."""
    found = held.find(the_sign_in(), token, now=clock.real_utcnow())
    if found is None:
        raise NotFoundError
    shown = [(SHOWN[name], value) for name, value in found.fields if name in SHOWN]
    return render_template("accounts/held.html", held=found, shown=shown)


@bp.post("/confirm/code")
@access.needs_stage(Stage.SET_UP, Stage.IDLE, Stage.COMPLETE)
@limiter.limit(LINKS)
def mail_code() -> ResponseReturnValue:
    """Send a code to the person's address, for want of another proof."""
    form = ConfirmForm()
    arrival.ask_for_link(the_sign_in().person.email, to="")
    flash(_("A code is on its way to %(email)s.", email=session[arrival.ADDRESS_KEY]), "info")
    return redirect(url_for(".confirm", next=form.next.data or None), HTTPStatus.SEE_OTHER)


def _is_proved(sign_in: SignIn, form: ConfirmForm) -> bool:
    """Whether one of the fields proves who it is; a code is used up by being right."""
    now, person = clock.real_utcnow(), sign_in.person
    if form.password.data:
        return passwords.matches(person, form.password.data)
    if form.code.data and second_factor.accepts(person, form.code.data, now=now):
        return True
    found = links.spend_code(session.get(arrival.BROWSER_KEY, ""), form.mailed_code.data, now=now)
    if found is None or found.person is not person:
        return False
    session.pop(arrival.BROWSER_KEY, None)
    return True
