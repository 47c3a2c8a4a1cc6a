"""The organiser's pages of editions: the list, one edition, and what can be done with it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import audit, clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.editions import (
    clashing,
    override_queries,
    overrides,
    progress,
    queries,
    service,
    timeline,
)
from app.editions.actions import ACTS, acts_for
from app.editions.forms import AddEditionForm, TakeWeekForm
from app.forms import options, put
from app.i18n import gettext as _
from app.i18n import user_message
from app.paging import ROWS_A_PAGE, page_of
from app.series import queries as series
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


bp = Blueprint("editions", __name__, url_prefix="/organise/editions")


@bp.get("")
@access.needs(access.read_plan)
def index() -> ResponseReturnValue:
    """List every edition, projections included; the page that today is on, unless one is named."""
    today, chosen = clock.today(), request.args.get("series", "")
    count = queries.count_editions(chosen)
    here = queries.count_ended(today, chosen) // ROWS_A_PAGE + 1
    first, beyond, pages = page_of(
        request.args.get("page", here, type=int),
        count,
        lambda page: url_for(".index", series=chosen or None, page=page),
    )
    return render_template(
        "editions/index.html",
        editions=queries.some_editions(first, beyond, chosen),
        pages=pages,
        fields=[
            {
                "name": "series",
                "label": _("Series"),
                "value": chosen,
                "options": [
                    ("", _("All")),
                    *((each.slug, each.title) for each in series.all_series()),
                ],
            }
        ],
        today=today,
        may_organise=access.organise(the_person()),
    )


@bp.route("/new", methods=["GET", "POST"])
@access.needs(access.organise)
def add() -> ResponseReturnValue:
    """Add an edition that no rule asks for."""
    form = AddEditionForm(series=request.args.get("series"))
    form.series.choices = options((found.slug, found.title) for found in series.all_series())
    if form.validate_on_submit():
        chosen = series.find(form.series.data)
        if chosen is None or form.dtstart is None or form.dtend is None:
            raise NotFoundError
        try:
            edition = service.add_by_hand(
                chosen,
                form.dtstart,
                form.dtend,
                reason=form.reason.data,
                by=the_person(),
                now=clock.utcnow(),
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The edition is added."), "success")
            return redirect(url_for(".manage", slug=edition.slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("editions/add.html", form=form), status


@bp.get("/<slug>")
@access.needs(access.read_plan)
def manage(slug: str) -> ResponseReturnValue:
    """Show one edition: facts, what can be done now, its clashes and its history."""
    edition = queries.get(slug)
    today = clock.today()
    may_organise = access.organise(the_person())
    return render_template(
        "editions/manage.html",
        edition=edition,
        status=edition.status_on(today),
        acts=acts_for(edition, today) if may_organise else [],
        may_organise=may_organise,
        override=override_queries.of_edition(edition),
        outlook=clashing.outlook(edition, today),
        week_form=TakeWeekForm(),
        milestones=timeline.of_edition(edition, today, may_act=may_organise),
        headroom=progress.headroom(edition, today),
        opens_on=edition.registration_opens_on if edition.opens_by_itself(today) else None,
        history=audit.history(edition),
    )


@bp.route("/<slug>/<name>", methods=["GET", "POST"])
@access.needs(access.organise)
def act(slug: str, name: str) -> ResponseReturnValue:
    """Do one thing with one edition: show its form, or do it."""
    edition = queries.get(slug)
    found = ACTS.get(name)
    if found is None:
        raise NotFoundError
    if not found.is_open_to(edition, clock.today()):
        flash(_("“%(label)s” is not possible at present.", label=found.label), "warning")
        return redirect(url_for(".manage", slug=slug), HTTPStatus.SEE_OTHER)
    question = access.ask_again() if found.publishes else None
    if question is not None:
        return question
    form = found.form.of(edition)
    if "country" in form:
        form.country.choices = options([("", _("Choose a country")), *countries.names()])
    if form.validate_on_submit():
        try:
            found.do(edition, form, the_person(), clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Done: %(label)s.", label=found.label), "success")
            if found.removes:
                return redirect(url_for("desk.plan"), HTTPStatus.SEE_OTHER)
            return redirect(url_for(".manage", slug=slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("editions/act.html", edition=edition, act=found, form=form), status


@bp.post("/<slug>/take-week")
@access.needs(access.organise)
def take_week(slug: str) -> ResponseReturnValue:
    """Move a projected edition to a free week that was offered, with the reason given there."""
    edition = queries.get(slug)
    form = TakeWeekForm()
    if not form.validate_on_submit():
        flash(_("This week cannot be taken. Choose one of those below."), "error")
        return redirect(url_for(".manage", slug=slug), HTTPStatus.SEE_OTHER)
    try:
        overrides.take_week(
            edition,
            form.first_day.data,
            reason=form.reason.data,
            by=the_person(),
            now=clock.utcnow(),
        )
    except DomainError as error:
        db.session.rollback()
        flash(user_message(error), "error")
    else:
        db.session.commit()
        flash(_("The edition is moved. Plans keep it there."), "success")
    return redirect(url_for(".manage", slug=slug), HTTPStatus.SEE_OTHER)
