"""The rotation of hosts: what the planner found, what people fix, and the plan in force."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)

from app import clock
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.desk import queries, rotation, rotation_jobs, rotation_page, rotation_words
from app.desk.models import RunKind, RunStatus
from app.desk.rotation_forms import (
    VACANT,
    AdoptForm,
    AskForm,
    FixForm,
    OrderForm,
    SettingsForm,
    UnfixForm,
    WhyForm,
)
from app.editions import queries as editions
from app.forms import options, put
from app.hosting import queries as hosting
from app.i18n import gettext as _
from app.i18n import user_message
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask.typing import ResponseReturnValue

    from app.desk.models import RotationRun
    from app.editions.models import Edition

bp = Blueprint("rotation", __name__, url_prefix="/organise/rotation")


@bp.get("/")
@access.needs(access.read_plan)
def plan() -> ResponseReturnValue:
    """Show the plan: the one asked for by its number, else the newest, and the one in force."""
    newest = queries.newest_plan()
    in_force = queries.plan_in_force()
    shown = _shown(newest)
    ground_is_empty = not hosting.interests() and not hosting.undecided_offers()
    names = rotation_page.country_names()
    pins = queries.pins()
    context: dict[str, Any] = {}
    if shown is not None:
        context = rotation_page.plan_context(shown, in_force, pins, names)
    pending = newest is not None and not newest.status.is_over
    answering = any(not run.status.is_over for run in context.get("explanations", {}).values())
    return render_template(
        "desk/rotation.html",
        newest=newest,
        shown=shown,
        in_force=in_force,
        adopters=accounts.display_names({in_force.adopted_by_id} if in_force else set()),
        pins=pins,
        names=names,
        settings=rotation.settings(),
        levels=rotation_words.LEVELS,
        is_pending=pending,
        is_answering=answering,
        poll_url=url_for(".state", run_id=newest.id) if newest and pending else "",
        conflict=rotation_page.conflict(newest, names) if newest else [],
        is_empty=ground_is_empty,
        ask_form=AskForm(),
        adopt_form=AdoptForm(),
        unfix_form=UnfixForm(),
        may_organise=access.organise(the_person()),
        today=clock.today(),
        **context,
    )


@bp.post("/runs")
@access.needs(access.organise)
def ask() -> ResponseReturnValue:
    """Ask for the best plan, or for the one that changes the plan in force least."""
    form = AskForm()
    if form.validate_on_submit():
        base = _base() if form.mode.data == "least" else None
        try:
            rotation.ask_for_plan(base=base, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            flash(user_message(error), "error")
        else:
            db.session.commit()
            rotation_jobs.wake()
    return redirect(url_for(".plan"), HTTPStatus.SEE_OTHER)


@bp.get("/runs/<int:run_id>/state")
@access.needs(access.read_plan)
def state(run_id: int) -> ResponseReturnValue:
    """Say whether an answer is there, for the page that waits for it."""
    run = _run(run_id)
    asked = queries.explanations_of(run).values() if run.kind is RunKind.PLAN else ()
    return jsonify(
        is_over=run.status.is_over,
        answered=sum(one.status.is_over for one in asked),
        open=sum(not one.status.is_over for one in asked),
    )


@bp.post("/runs/<int:run_id>/adopt")
@access.needs(access.organise)
def adopt(run_id: int) -> ResponseReturnValue:
    """Adopt a plan as the committee's working plan."""
    run = _run(run_id)
    form = AdoptForm()
    if form.validate_on_submit():
        try:
            rotation.adopt(run, reason=form.reason.data or "", by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            flash(user_message(error), "error")
        else:
            db.session.commit()
            flash(_("The plan is adopted. Nothing of it is public."), "success")
    return redirect(url_for(".plan", run=run_id), HTTPStatus.SEE_OTHER)


@bp.route("/settings", methods=["GET", "POST"])
@access.needs(access.organise)
def settings() -> ResponseReturnValue:
    """Change the rules and their weights; the order of the levels beside them."""
    current = rotation.settings()
    form = SettingsForm.of(current)
    if form.validate_on_submit():
        try:
            rotation.change_settings(form.settings(current), by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.until)
        else:
            db.session.commit()
            flash(_("The settings are saved. Plan again to see what follows."), "success")
            return redirect(url_for(".plan"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "desk/rotation_settings.html",
        form=form,
        order=current.order,
        levels=rotation_words.LEVELS,
        order_form=OrderForm(),
    )
    return page, status


@bp.post("/settings/order")
@access.needs(access.organise)
def order() -> ResponseReturnValue:
    """Move one level up or down."""
    form = OrderForm()
    if form.validate_on_submit():
        rotation.move_level(
            form.level.data or "", up=form.up.data == "1", by=the_person(), now=clock.utcnow()
        )
        db.session.commit()
    return redirect(f"{url_for('.settings')}#order", HTTPStatus.SEE_OTHER)


@bp.route("/slots/<slug>", methods=["GET", "POST"])
@access.needs(access.read_plan)
def slot(slug: str) -> ResponseReturnValue:
    """Show why an edition has its host and what others would cost; fix its host."""
    edition = editions.get(slug)
    shown = _shown(queries.newest_plan())
    found = next(
        (one for one in (shown.result["slots"] if shown else ()) if one["edition"] == edition.id),
        None,
    )
    pin = queries.pin_of(edition.id)
    if shown is None or (found is None and pin is None):
        raise NotFoundError
    names = rotation_page.country_names()
    form = FixForm(keeps_week=False, host=found["country"] if found and found["offer"] else None)
    form.host.choices = _hosts(names)
    if form.validate_on_submit():
        access.require(access.organise)
        try:
            _fix(edition, form, found)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            rotation_jobs.wake()
            flash(_("It is fixed; the plan that follows is being made."), "success")
            return redirect(url_for(".plan"), HTTPStatus.SEE_OTHER)
    asked = queries.explanations_of(shown).get(edition.id)
    context = rotation_page.plan_context(shown, queries.plan_in_force(), queries.pins(), names)
    keys = [level["key"] for level in shown.result["levels"]]
    is_answered = asked is not None and asked.status is RunStatus.DONE
    page = render_template(
        "desk/rotation_slot.html",
        edition=edition,
        run=shown,
        row=next((row for row in context["rows"] if row.edition.id == edition.id), None),
        asked=asked,
        alternatives=rotation_words.alternative_lines(asked.result, keys, names)
        if asked is not None and is_answered
        else [],
        why=rotation_words.why(asked.result, keys, names)
        if asked is not None and is_answered
        else "",
        poll_url=url_for(".state", run_id=asked.id)
        if asked is not None and not asked.status.is_over
        else "",
        pin=pin,
        form=form,
        why_form=WhyForm(),
        unfix_form=UnfixForm(),
        may_organise=access.organise(the_person()),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.post("/slots/<slug>/why")
@access.needs(access.organise)
def why(slug: str) -> ResponseReturnValue:
    """Ask what the other hosts of an edition would cost."""
    edition = editions.get(slug)
    shown = _shown(queries.newest_plan())
    if shown is None:
        raise NotFoundError
    if WhyForm().validate_on_submit():
        try:
            rotation.ask_why(shown, edition, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            flash(user_message(error), "error")
        else:
            db.session.commit()
            rotation_jobs.wake()
    return redirect(url_for(".slot", slug=slug, run=shown.id), HTTPStatus.SEE_OTHER)


@bp.post("/slots/<slug>/unfix")
@access.needs(access.organise)
def unfix(slug: str) -> ResponseReturnValue:
    """Leave a fixed choice to the plan again."""
    pin = queries.pin_of(editions.get(slug).id)
    if pin is not None and UnfixForm().validate_on_submit():
        rotation.unfix(pin, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("It is no longer fixed. Plan again to see what follows."), "success")
    return redirect(url_for(".plan"), HTTPStatus.SEE_OTHER)


def _fix(edition: Edition, form: FixForm, found: Mapping[str, Any] | None) -> None:
    """Fix what the form says, and ask for the plan that follows."""
    code = form.host.data
    week_of = None
    if form.keeps_week.data and found and found["offer"]:
        week_of = date.fromisoformat(found["dtstart"])
    person, now = the_person(), clock.utcnow()
    country = None if code == VACANT else countries.find(code)
    rotation.fix(edition, country, week_of, reason=form.reason.data or "", by=person, now=now)
    rotation.ask_for_plan(base=_base(), by=person, now=now)


def _hosts(names: Mapping[str, str]) -> list[Any]:
    """Return the choices of a host: who offers something, and nobody."""
    codes = {interest.country_code for interest in hosting.interests()}
    codes |= {offer.country_code for offer in hosting.undecided_offers()}
    offering = sorted((names.get(code, code), code) for code in codes)
    return options([*((code, name) for name, code in offering), (VACANT, _("No host"))])


def _base() -> RotationRun | None:
    """Return the plan that a new one should change little: the one in force, else the newest."""
    return queries.plan_in_force() or queries.newest_plan(RunStatus.DONE)


def _shown(newest: RotationRun | None) -> RotationRun | None:
    """Return the plan that the address asks for, else the newest that there is."""
    wanted = request.args.get("run", type=int)
    if wanted is not None:
        run = _run(wanted)
        if run.kind is not RunKind.PLAN or run.status is not RunStatus.DONE:
            return queries.newest_plan(RunStatus.DONE)
        return run
    if newest is not None and newest.status is RunStatus.DONE:
        return newest
    return queries.plan_in_force() or queries.newest_plan(RunStatus.DONE)


def _run(run_id: int) -> RotationRun:
    run = queries.run(run_id)
    if run is None:
        raise NotFoundError
    return run
