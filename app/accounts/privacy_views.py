"""A person's own data: consents, a copy of everything, and being erased."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, redirect, render_template, session, url_for

from app import audit, clock, database
from app.accounts import access, consents, privacy
from app.accounts.access import the_person
from app.accounts.models import Purpose
from app.accounts.privacy_forms import ConsentForm, EraseForm, ErasePersonForm
from app.database import db
from app.forms import put
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("privacy", __name__)

HISTORY_MAX = 30


@bp.get("/me/privacy")
@access.needs(access.signed_in)
def mine() -> ResponseReturnValue:
    """Show what the person agrees to, and offer a copy of their data and its erasure."""
    return render_template(
        "accounts/privacy.html",
        wordings=consents.WORDINGS,
        standing=consents.standing(the_person()),
        history=audit.concerning(the_person())[-HISTORY_MAX:],
        form=ConsentForm(),
    )


@bp.post("/me/privacy/<purpose>")
@access.needs(access.signed_in)
def choose(purpose: str) -> ResponseReturnValue:
    """Give one consent, or withdraw it."""
    if purpose not in set(Purpose):
        raise NotFoundError
    form, chosen = ConsentForm(), Purpose(purpose)
    label = consents.WORDINGS[chosen].label
    if form.validate_on_submit():
        if form.give.data:
            consents.give(the_person(), [chosen], now=clock.utcnow())
            flash(_("You agree: %(label)s.", label=label), "success")
        elif form.withdraw.data:
            consents.withdraw(the_person(), [chosen], now=clock.utcnow())
            flash(_("You no longer agree: %(label)s.", label=label), "success")
        db.session.commit()
    return redirect(url_for(".mine"), HTTPStatus.SEE_OTHER)


@bp.get("/me/data.json")
@access.needs(access.signed_in)
@access.fresh
def data() -> ResponseReturnValue:
    """Answer everything that is held about the person, as a file."""
    held = json.dumps(privacy.data_of(the_person()), indent=2, ensure_ascii=False)
    answer = Response(held + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.route("/me/erase", methods=["GET", "POST"])
@access.needs(access.signed_in)
@access.fresh
def erase_me() -> ResponseReturnValue:
    """Say what goes and what stays, and erase the person once they confirm."""
    form = EraseForm()
    if form.validate_on_submit():
        person = the_person()
        try:
            privacy.erase(person, by=person, now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            database.scrub()
            session.clear()
            access.forget_person()
            flash(_("You are erased from Symposia."), "success")
            return redirect(url_for("site.home"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("accounts/erase.html", form=form), status


@bp.route("/organise/people/erase", methods=["GET", "POST"])
@access.needs(access.organise)
@access.fresh
def erase_person() -> ResponseReturnValue:
    """Erase somebody who asked for it by other ways."""
    form = ErasePersonForm()
    if form.validate_on_submit():
        try:
            person = privacy.find(form.email.data)
            privacy.erase(person, by=the_person(), now=clock.utcnow(), reason=form.reason.data)
        except privacy.UnknownPersonError as error:
            put(form, error, form.email)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            database.scrub()
            flash(_("The person is erased."), "success")
            return redirect(url_for("people.index"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("accounts/erase_person.html", form=form), status
