"""Judging: gates with evidence, evaluators, scores, and the comparison as a paper."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.access import the_person
from app.accounts.models import Role
from app.countries import queries as countries
from app.database import db
from app.forms import options, put
from app.hosting import comparison, consensus, judges, judging, merging, queries
from app.hosting.forms import CRITERIA
from app.hosting.judging_forms import (
    GATES,
    EvaluatorForm,
    GateForm,
    InterestDeclarationForm,
    ScoreForm,
)
from app.hosting.offer_views import called, seen_offer
from app.i18n import gettext as _
from app.i18n import user_message
from scheduler.errors import DomainError
from scheduler.hosting import JUDGED

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from app.hosting.models import HostingOffer


bp = Blueprint("judging", __name__, url_prefix="/hosting")


@bp.route("/offers/<public_id>/gates", methods=["GET", "POST"])
@access.needs(access.organise)
def gates(public_id: str) -> ResponseReturnValue:
    """Record which gates an offer passes, each with its evidence."""
    offer = seen_offer(public_id)
    known = queries.gates_of([offer])[offer.id]
    current = judging.gates_now([offer])[offer.id]
    form = GateForm.of(known, current)
    theirs: list[tuple[Any, str]] = []
    if form.validate_on_submit():
        found = form.found()
        try:
            judging.check_gates(
                offer, found, seen=form.seen.data or "", by=the_person(), now=clock.utcnow()
            )
        except judging.EvidenceMissingError as error:
            db.session.rollback()
            for gate, (_is_passed, shown) in found.items():
                if not shown:
                    put(form, error, form[f"{gate.value}_evidence"])
        except merging.WrittenMeanwhileError as error:
            db.session.rollback()
            put(form, error)
            known = queries.gates_of([offer])[offer.id]
            theirs = form.theirs(known)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The conditions are recorded."), "success")
            return redirect(
                url_for("hosting.compare", slug=offer.edition.slug), HTTPStatus.SEE_OTHER
            )
    page = render_template(
        "hosting/gates.html",
        offer=offer,
        form=form,
        gates=GATES,
        known=known,
        current=current,
        theirs=theirs,
        why_not=_why_not(judging.insist_judged, offer),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.route("/offers/<public_id>/scores", methods=["GET", "POST"])
@access.needs(access.judge_offers)
def scores(public_id: str) -> ResponseReturnValue:
    """Score an offer, as one of the evaluators of its call."""
    offer, person = seen_offer(public_id), the_person()
    call = queries.call_of(offer.edition)
    evaluator = queries.evaluator(call, person) if call is not None else None
    form = ScoreForm.of(queries.sheet_of(offer, person))
    if form.validate_on_submit():
        try:
            judging.score(offer, form.scores(), form.comments(), by=person, now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Your scores are recorded. You now see those of the others."), "success")
            return redirect(
                url_for("hosting.compare", slug=offer.edition.slug), HTTPStatus.SEE_OTHER
            )
    page = render_template(
        "hosting/scores.html",
        offer=offer,
        form=form,
        judged=JUDGED,
        criteria=CRITERIA,
        weights=call.weights if call is not None else {},
        is_asked=evaluator is not None,
        recusal=judges.recusal(call, person, evaluator) if call is not None else "",
        why_not=_why_not(judging.insist_scored, offer),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _why_not(insist: Callable[[HostingOffer], None], offer: HostingOffer) -> str:
    """Return in words why ``offer`` is not judged now, nothing if it is."""
    try:
        insist(offer)
    except DomainError as error:
        return user_message(error)
    return ""


@bp.route("/calls/<slug>/evaluators", methods=["GET", "POST"])
@access.needs(access.organise)
def evaluators(slug: str) -> ResponseReturnValue:
    """Ask members of the committee to judge the offers of a call."""
    call = called(slug)
    members = {str(member.id): member for member in accounts.with_role(Role.COMMITTEE)}
    rows = queries.evaluators_of(call)
    asked = {row.person_id for row in rows}
    unasked = (key for key, one in members.items() if one.id not in asked)
    form = EvaluatorForm(person=next(unasked, None))
    form.person.choices = options((key, one.display_name) for key, one in members.items())
    form.country.choices = options([("", _("(not told)")), *countries.names()])
    if form.validate_on_submit():
        judges.assign(
            call, members[form.person.data], form.country.data or None, by=the_person(),
            now=clock.utcnow(),
        )  # fmt: skip
        db.session.commit()
        flash(_("Asked to judge."), "success")
        return redirect(url_for(".evaluators", slug=slug), HTTPStatus.SEE_OTHER)
    offers = queries.offers_for(call.edition)
    page = render_template(
        "hosting/evaluators.html",
        call=call,
        form=form,
        rows=[(row, judges.keeps_out(offers, row.person, row)) for row in rows],
        names=dict(countries.names()),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.route("/calls/<slug>/interest", methods=["GET", "POST"])
@access.needs(access.judge_offers)
def interest(slug: str) -> ResponseReturnValue:
    """Declare an interest, and keep out of the choice."""
    call = called(slug)
    evaluator = queries.evaluator(call, the_person())
    form = InterestDeclarationForm(words=evaluator.interest if evaluator else "")
    if form.validate_on_submit():
        try:
            consensus.declare_interest(call, the_person(), form.words.data, now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Recorded. You keep out of this choice."), "success")
            return redirect(url_for("hosting.compare", slug=slug), HTTPStatus.SEE_OTHER)
    page = render_template("hosting/interest_declared.html", call=call, form=form)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.get("/calls/<slug>/comparison.pdf")
@access.needs(access.read_plan)
def paper(slug: str) -> ResponseReturnValue:
    """Send the comparison as a paper for the committee."""
    call = called(slug)
    content = comparison.as_paper(call, the_person(), clock.utcnow())
    name = f"offers-{call.edition.slug}.pdf"
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    return Response(content, mimetype="application/pdf", headers=headers)
