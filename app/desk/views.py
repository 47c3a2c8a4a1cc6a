"""The desk's pages: decisions, the plan, people, mail, the audit log, the page of pieces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for

from app import clock, outbox
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.desk import audit_page, decision_lines, decisions, evaluations, papers
from app.desk.forms import ApplyForm, HorizonForm, ReleaseForm, TakeDaysForm, TakeUpForm, TryForm
from app.desk.pieces import pieces_context
from app.desk.plan_page import Address, show
from app.desk.what_if import try_days
from app.editions import clashing, override_queries, overrides, planning, rows
from app.editions import queries as editions
from app.forms import put
from app.i18n import gettext as _
from app.i18n import ngettext
from app.registrations import queries as registrations
from app.series import queries as series_queries
from app.site import drawing
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("desk", __name__, url_prefix="/organise")

HOME_YEARS = 6


@bp.get("/")
@access.needs(access.read_plan)
def home() -> ResponseReturnValue:
    """Show what to decide next, the years ahead, and how full the open editions are."""
    today, now = clock.today(), clock.utcnow()
    series, last_year = series_queries.all_series(), today.year + HOME_YEARS - 1
    # What was held a moment ago is not drawn, and what comes after it may be too close to it.
    standing = rows.editions_ahead(series, today - clashing.TOO_NEAR)
    ahead = [edition for edition in standing if edition.dtend > today]
    beyond = date(last_year + 1, 1, 1) + clashing.TOO_NEAR
    near = [edition for edition in standing if edition.dtstart < beyond]
    running = [
        edition
        for edition in editions.with_status(EditionStatus.REGISTRATION_OPEN)
        if edition.takes_registrations(now)
    ]
    places = registrations.places_of(running) if running else []
    may_organise = access.organise(the_person())
    return render_template(
        "desk/home.html",
        decisions=decision_lines.in_order(
            [
                *(decisions.next_decisions(today, ahead) if may_organise else ()),
                *evaluations.of_member(the_person(), now),
            ],
            today,
        ),
        lanes=drawing.lanes(
            series,
            [edition for edition in ahead if edition.dtstart.year <= last_year],
            today,
            clashing.clashes_by_slug(near, today),
            manages=True,
        ),
        first_year=today.year,
        last_year=last_year,
        today=today,
        running=list(zip(running, places, strict=True)),
        may_organise=may_organise,
    )


@bp.route("/plan", methods=["GET", "POST"])
@access.needs(access.read_plan)
def plan() -> ResponseReturnValue:
    """Show the years ahead, and what the rules would change; an organiser applies it."""
    address, horizon = Address.read(request.args), HorizonForm.of(request.args)
    if not horizon.validate():
        address = replace(address, until=planning.DEFAULT_UNTIL)
    proposal = planning.propose(until=address.until, today=clock.today())
    form = ApplyForm(fingerprint=proposal.fingerprint)
    if form.validate_on_submit():
        access.require(access.organise)
        try:
            if form.fingerprint.data != proposal.fingerprint:
                raise planning.StalePlanError
            count = planning.apply(proposal, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
            form.fingerprint.data = proposal.fingerprint
        else:
            db.session.commit()
            flash(
                ngettext("%(num)d edition changed.", "%(num)d editions changed.", count), "success"
            )
            return redirect(address.url(), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.CONFLICT if form.form_errors else HTTPStatus.OK
    if horizon.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return _plan_page(address, proposal, form, horizon=horizon), status


@bp.get("/plan.pdf")
@access.needs(access.read_plan)
def plan_paper() -> ResponseReturnValue:
    """Answer the plan as a paper for a committee."""
    address, today = Address.read(request.args), clock.today()
    proposal = planning.propose(until=address.until, today=today)
    paper = papers.plan_paper(show(address, proposal, today), today)
    name = f"plan-{today.isoformat()}.pdf"
    return send_file(BytesIO(paper), mimetype="application/pdf", download_name=name)


@bp.get("/plan/what-if/<slug>")
@access.needs(access.read_plan)
def what_if(slug: str) -> ResponseReturnValue:
    """Answer the part of the plan's page that tries other days, for scripts."""
    asked, address, today = TryForm.of(request.args), Address.read(request.args), clock.today()
    day = asked.day.data if asked.validate() else None
    proposal = planning.propose(until=address.until, today=today)
    return render_template(
        "desk/_what_if.html",
        address=address,
        trial=try_days(slug, day, proposal, address.pending(proposal), today),
        try_form=asked,
        take_form=TakeDaysForm(formdata=None),
        may_organise=access.organise(the_person()),
    )


@bp.post("/plan/what-if/<slug>")
@access.needs(access.organise)
def take_days(slug: str) -> ResponseReturnValue:
    """Move a projected edition to the days that were tried."""
    edition = editions.get(slug)
    address = replace(Address.read(request.args), tried=slug)
    form = TakeDaysForm()
    if form.validate_on_submit():
        dtstart = form.first_day.data
        try:
            overrides.override(
                edition,
                dtstart=dtstart,
                dtend=dtstart + (edition.dtend - edition.dtstart),
                reason=form.reason.data,
                by=the_person(),
                now=clock.utcnow(),
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("%(title)s is moved. Plans keep it there.", title=edition.title), "success")
            return redirect(address.url(), HTTPStatus.SEE_OTHER)
    proposal = planning.propose(until=address.until, today=clock.today())
    apply_form = ApplyForm(formdata=None, fingerprint=proposal.fingerprint)
    page = _plan_page(address, proposal, apply_form, take_form=form)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def _plan_page(
    address: Address,
    proposal: planning.Proposal,
    form: ApplyForm,
    *,
    horizon: HorizonForm | None = None,
    take_form: TakeDaysForm | None = None,
) -> str:
    today, asked, day = clock.today(), None, None
    if address.tried:
        asked = TryForm.of(request.args)
        day = asked.day.data if asked.validate() else None
        if take_form is not None:
            day = None if take_form.first_day.errors else take_form.first_day.data
        take_form = take_form or TakeDaysForm(formdata=None)
    skipped = override_queries.skipped(today)
    return render_template(
        "desk/plan.html",
        shown=show(address, proposal, today, day),
        address=address,
        today=today,
        form=form,
        horizon=horizon or HorizonForm.of(request.args),
        try_form=asked,
        take_form=take_form,
        skipped=skipped,
        take_up_form=TakeUpForm() if skipped else None,
        may_organise=access.organise(the_person()),
    )


@bp.post("/plan/skipped/<int:override_id>")
@access.needs(access.organise)
def take_up(override_id: int) -> ResponseReturnValue:
    """Take up a skipped occurrence again; the plan then proposes it."""
    skipped = override_queries.find_skipped(override_id)
    if skipped is None:
        raise NotFoundError
    if TakeUpForm().validate_on_submit():
        overrides.take_up(skipped, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The occurrence is taken up again: the plan proposes it."), "success")
    return redirect(url_for(".plan"), HTTPStatus.SEE_OTHER)


@bp.get("/mail")
@access.needs(access.organise)
def mail() -> ResponseReturnValue:
    """Show the newest mails and whether they have left; first those that are held."""
    others = [message for message in outbox.latest() if not message.is_held]
    return render_template(
        "desk/mail.html", messages=[*outbox.held(), *others], held_count=outbox.held_count()
    )


@bp.route("/mail/<int:message_id>", methods=["GET", "POST"])
@access.needs(access.organise)
def message(message_id: int) -> ResponseReturnValue:
    """Show one mail as it was, or will be, sent; let one that is held leave."""
    found = outbox.find(message_id)
    if found is None:
        raise NotFoundError
    form = ReleaseForm()
    if form.validate_on_submit():
        outbox.release(found)
        db.session.commit()
        return redirect(url_for(".message", message_id=message_id), HTTPStatus.SEE_OTHER)
    # Without SMTP the mail lies in a folder of this machine, and the desk is how one reads it;
    # with it, a sign-in link is its addressee's alone.
    is_hidden = found.is_secret and outbox.settings().smtp_url is not None
    return render_template("desk/message.html", message=found, is_hidden=is_hidden, form=form)


@bp.get("/audit")
@access.needs(access.read_plan)
def history() -> ResponseReturnValue:
    """Show who did what to which thing, the newest first."""
    wish = audit_page.Wish.read(request.args)
    may_organise = access.organise(the_person())
    lines, pages = audit_page.lines_and_pages(wish, may_organise=may_organise)
    return render_template(
        "desk/audit.html",
        lines=lines,
        pages=pages,
        fields=audit_page.filter_fields(wish),
        is_chosen=wish != audit_page.Wish(),
        may_organise=may_organise,
    )


@bp.get("/pieces")
@access.needs(access.organise)
def pieces() -> ResponseReturnValue:
    """Show every piece of the design language in every state."""
    return render_template("desk/pieces.html", **pieces_context())
