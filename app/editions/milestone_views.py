"""The organiser's pages of milestones: a series' template, and the record of an edition's."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.editions import milestone_changes, milestone_queries, milestone_templates, queries
from app.editions.milestone_forms import (
    MilestoneDoneForm,
    MilestoneReopenForm,
    MilestoneWaiverForm,
    TemplateForm,
    TemplateResetForm,
)
from app.forms import put
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.series import queries as series_queries
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from datetime import datetime

    from flask.typing import ResponseReturnValue
    from flask_wtf import FlaskForm

    from app.accounts.models import Person
    from app.editions.models import Edition

bp = Blueprint("milestones", __name__, url_prefix="/organise")

DONE, WAIVE, REOPEN = "done", "waive", "reopen"
WORDS = {
    DONE: (_l("Done: %(title)s"), _l("It stands in the history, with your name.")),
    WAIVE: (
        _l("Waive: %(title)s"),
        _l("It is not asked for any more. If calendars show its day, they show it as cancelled."),
    ),
    REOPEN: (
        _l("Take back: %(title)s"),
        _l("It is open again, on the day that the template says."),
    ),
}
FORMS: dict[str, type[FlaskForm]] = {
    DONE: MilestoneDoneForm,
    WAIVE: MilestoneWaiverForm,
    REOPEN: MilestoneReopenForm,
}


@bp.route("/series/<slug>/milestones", methods=["GET", "POST"])
@access.needs(access.organise)
def template(slug: str) -> ResponseReturnValue:
    """Show and change the milestones that every edition of a series has."""
    series = series_queries.find(slug)
    if series is None:
        raise NotFoundError
    standing = milestone_templates.in_order(milestone_templates.template_of(series), series)
    form = TemplateForm() if request.method == "POST" else TemplateForm.of(standing)
    adds = "add" in request.form
    reset = TemplateResetForm(prefix="defaults")
    if reset.submit.data and reset.validate_on_submit():
        milestone_changes.reset_template(series, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The usual milestones hold again."), "success")
        return redirect(url_for(".template", slug=slug), HTTPStatus.SEE_OTHER)
    if not adds and form.validate_on_submit():
        try:
            known = {planned.step.key for planned in standing}
            milestone_changes.change_template(
                series, form.planned(known), by=the_person(), now=clock.utcnow()
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The milestones are saved. Editions ahead follow them."), "success")
            return redirect(url_for(".template", slug=slug), HTTPStatus.SEE_OTHER)
    form.offer_a_blank_row()
    refused = form.is_submitted() and not adds
    page = render_template(
        "editions/template.html",
        form=form,
        reset=reset,
        series=series,
        is_own=milestone_templates.has_own_template(series),
        internal=milestone_templates.INTERNAL,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK


@bp.route(
    f"/editions/<slug>/milestones/<key>/<any({DONE},{WAIVE},{REOPEN}):what>",
    methods=["GET", "POST"],
)
@access.needs(access.organise)
def record(slug: str, key: str, what: str) -> ResponseReturnValue:
    """Mark a milestone of an edition as done, waive it for a reason, or take that back."""
    edition = queries.find(slug)
    row = milestone_queries.find(edition, key) if edition is not None else None
    if edition is None or row is None:
        raise NotFoundError
    form: Any = FORMS[what]()
    label, help_text = WORDS[what]
    title = str(label) % {"title": _(row.title)}
    if form.validate_on_submit():
        try:
            _do(what, edition, key, form, the_person(), clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Recorded."), "success")
            manage = url_for("editions.manage", slug=slug)
            return redirect(f"{manage}#milestones", HTTPStatus.SEE_OTHER)
    elif not form.is_submitted() and what == DONE:
        form.done_on.data = clock.today()
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    words = {"label": title, "help": help_text, "is_grave": False}
    return render_template("editions/act.html", edition=edition, act=words, form=form), status


def _do(what: str, edition: Edition, key: str, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401 - any of the three
    if what == DONE:
        milestone_changes.mark_done(edition, key, on=form.done_on.data, by=by, now=now)
    elif what == WAIVE:
        milestone_changes.waive(edition, key, reason=form.reason.data, by=by, now=now)
    else:
        milestone_changes.reopen(edition, key, by=by, now=now)
