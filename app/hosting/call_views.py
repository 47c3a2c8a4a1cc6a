"""A call for hosts: opened, changed, extended once when nobody offers, closed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.editions import progress
from app.editions import queries as editions
from app.editions.milestones import OFFERS_CLOSE
from app.forms import options, put
from app.hosting import calling, queries
from app.hosting.forms import ApproachForm, CallForm, CloseCallForm, ExtendForm
from app.hosting.offer_views import called
from app.i18n import gettext as _
from scheduler.errors import DomainError
from scheduler.hosting import WeightsError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import date

    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition

bp = Blueprint("calls", __name__)


@bp.route("/organise/editions/<slug>/call", methods=["GET", "POST"])
@access.needs(access.organise)
def open_call(slug: str) -> ResponseReturnValue:
    """Open the call for hosts of an edition, or change the one that stands."""
    edition = editions.get(slug)
    call = queries.call_of(edition)
    stands = call is not None and edition.status is EditionStatus.CALL_OPEN
    if call is not None and stands:
        form = CallForm.of(call)
    else:
        form = CallForm(closes_on=_usual_last_day(edition))
    if form.validate_on_submit():
        facts = {
            "closes_at": form.closes_at,
            "text": form.text.data or "",
            "is_published": form.is_published.data,
            "terms": form.terms(),
            "by": the_person(),
            "now": clock.utcnow(),
        }
        try:
            if call is not None and stands:
                calling.change_call(call, **facts)
            else:
                calling.open_call(edition, **facts)
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of_call(form, error))
        else:
            db.session.commit()
            flash(_("The call for hosts is open."), "success")
            return redirect(url_for("hosting.compare", slug=slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/call_form.html",
        form=form,
        edition=edition,
        stands=stands,
        headroom=None if stands else progress.headroom(edition, clock.today()),
    )
    return page, status


def _usual_last_day(edition: Edition) -> date | None:
    """Return the day on which offers usually close, as long as that lies ahead."""
    today = clock.today()
    steps = progress.preview(edition, today) if edition.dtstart > today else []
    due = {step.milestone.key: step.milestone.due_on for step in steps}.get(OFFERS_CLOSE)
    return due if due is not None and today < due < edition.dtstart else None


def _field_of_call(form: CallForm, error: DomainError) -> object:
    """Return the field that ``error`` is about."""
    if isinstance(error, calling.CallWindowError):
        return form.dates_last
    return None if isinstance(error, WeightsError) else form.closes_on


@bp.post("/hosting/calls/<slug>/close")
@access.needs(access.organise)
def close_call(slug: str) -> ResponseReturnValue:
    """Close the call and begin to judge the offers."""
    edition = editions.get(slug)
    if CloseCallForm().validate_on_submit():
        calling.close_call(edition, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The call is closed. Compare the offers and select a host."), "success")
    return redirect(url_for("hosting.compare", slug=slug), HTTPStatus.SEE_OTHER)


@bp.route("/hosting/calls/<slug>/extend", methods=["GET", "POST"])
@access.needs(access.organise)
def extend(slug: str) -> ResponseReturnValue:
    """Extend the call by 60 days, once, since nobody has offered."""
    call = called(slug)
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


@bp.route("/hosting/calls/<slug>/approach", methods=["GET", "POST"])
@access.needs(access.organise)
def approach(slug: str) -> ResponseReturnValue:
    """Ask countries directly, after the extended call found nobody."""
    call = called(slug)
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
            put(form, error, form.until if isinstance(error, calling.CallClosingError) else None)
        else:
            db.session.commit()
            flash(_("Asked. Their national contacts are written to."), "success")
            return redirect(url_for("hosting.compare", slug=slug), HTTPStatus.SEE_OTHER)
    title = _("Ask countries directly")
    page = render_template("hosting/call_act.html", call=call, form=form, title=title)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
