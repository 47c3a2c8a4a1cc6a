"""A call that found nobody: extended once, then countries are asked directly."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.editions import queries as editions
from app.forms import options, put
from app.hosting import calling, queries
from app.hosting.forms import ApproachForm, ExtendForm
from app.hosting.service import CallClosingError
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.hosting.models import CallForHosts

bp = Blueprint("calls", __name__, url_prefix="/hosting/calls")


@bp.route("/<slug>/extend", methods=["GET", "POST"])
@access.needs(access.organise)
def extend(slug: str) -> ResponseReturnValue:
    """Extend the call by 60 days, once, since nobody has offered."""
    call = _call(slug)
    form = ExtendForm()
    if form.validate_on_submit():
        try:
            calling.extend(call, reason=form.reason.data, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The call is extended by 60 days."), "success")
            return redirect(url_for("hosting.compare", slug=slug), HTTPStatus.SEE_OTHER)
    page = render_template(
        "hosting/call_act.html", call=call, form=form, title=_("Extend the call")
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.route("/<slug>/approach", methods=["GET", "POST"])
@access.needs(access.organise)
def approach(slug: str) -> ResponseReturnValue:
    """Ask countries directly, after the extended call found nobody."""
    call = _call(slug)
    form = ApproachForm()
    form.countries.choices = options(countries.names())
    if form.validate_on_submit():
        asked = [country for code in form.countries.data if (country := countries.find(code))]
        try:
            calling.approach(
                call, asked, until=form.until.data, reason=form.reason.data, by=the_person(),
                now=clock.utcnow(),
            )  # fmt: skip
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.until if isinstance(error, CallClosingError) else None)
        else:
            db.session.commit()
            flash(_("Asked. Their national contacts are written to."), "success")
            return redirect(url_for("hosting.compare", slug=slug), HTTPStatus.SEE_OTHER)
    title = _("Ask countries directly")
    page = render_template("hosting/call_act.html", call=call, form=form, title=title)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _call(slug: str) -> CallForHosts:
    edition = editions.find(slug)
    call = queries.call_of(edition) if edition is not None else None
    if call is None:
        raise NotFoundError
    return call
