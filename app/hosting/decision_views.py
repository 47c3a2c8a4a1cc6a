"""The committee's decision on a host: the proposal, the ballot, and what is recorded."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.forms import put
from app.hosting import balloting, committee, consensus, deciding, decision_page
from app.hosting import decision_queries as queries
from app.hosting import queries as offers
from app.hosting.choosing import Choice, WindowChoiceError
from app.hosting.consensus import ObjectionError
from app.hosting.decision_forms import (
    AnswerForm,
    CallOffForm,
    ChoiceForm,
    EndForm,
    OpenBallotForm,
    PromoteForm,
    ProposeForm,
    RecordForm,
    ballot_form,
    end_of,
    places_in,
    set_offers,
    usual_days,
)
from app.hosting.offer_views import called
from app.i18n import gettext as _
from scheduler.deciding import RoundStatus
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask.typing import ResponseReturnValue
    from flask_wtf import FlaskForm
    from wtforms import Field

    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound
    from app.hosting.models import HostingOffer

bp = Blueprint("decisions", __name__, url_prefix="/hosting/calls/<slug>/decision")
DAY = timedelta(days=1)

USUAL_TIME = timedelta(days=14)
BALLOT_TIME = timedelta(days=7)


@bp.get("")
@access.needs(access.read_plan)
def show(slug: str) -> ResponseReturnValue:
    """Show the committee and organisers where the decision stands, and what is asked of them."""
    return _page(_called(slug))


@bp.route("/propose", methods=["GET", "POST"])
@access.needs(access.lead_decision)
def propose(slug: str) -> ResponseReturnValue:
    """Put an offer to the committee."""
    edition = _called(slug)
    form = ProposeForm()
    found = queries.candidates(edition)
    set_offers(form, found, found)
    if not form.is_submitted():
        if len(found) == 1:
            _suggest(form, found[0])
        else:
            form.first_day.data, form.last_day.data = edition.dtstart, edition.dtend - DAY
        form.closes_on.data = clock.today() + USUAL_TIME

    def ask() -> None:
        closes_at = end_of(form.closes_on.data)
        consensus.propose(
            edition, _choice(form, found), closes_at=closes_at, by=the_person(), now=clock.utcnow()
        )

    return _act(
        edition,
        form,
        ask,
        title=_("Ask the committee"),
        lede=_("Every member with a say is written to. Without an objection it is the decision."),
        said=_("The committee is asked; its members are written to."),
        offers=found,
    )


@bp.post("/answer")
@access.needs(access.judge_offers)
def answer(slug: str) -> ResponseReturnValue:
    """Take a member's answer to the proposal."""
    row = _latest(slug)
    form = AnswerForm()
    if not form.validate_on_submit():
        return _page(row.edition, answer_form=form)
    try:
        consensus.answer(
            row,
            the_person(),
            agrees=form.says.data == "agree",
            reason=form.reason.data or "",
            now=clock.utcnow(),
        )
    except DomainError as error:
        db.session.rollback()
        put(form, error, form.reason if isinstance(error, ObjectionError) else None)
        return _page(row.edition, answer_form=form)
    db.session.commit()
    flash(_("Your answer is recorded."), "success")
    return _back(slug)


@bp.route("/ballot", methods=["GET", "POST"])
@access.needs(access.lead_decision)
def open_ballot(slug: str) -> ResponseReturnValue:
    """Open the secret ballot, or open it again."""
    row = _latest(slug)
    form = OpenBallotForm()
    if not form.is_submitted():
        form.closes_on.data = clock.today() + BALLOT_TIME

    def begin() -> None:
        closes_at = end_of(form.closes_on.data)
        balloting.open_ballot(row, closes_at=closes_at, by=the_person(), now=clock.utcnow())

    return _act(
        row.edition,
        form,
        begin,
        title=_("Open the secret ballot"),
        lede=_("Who may vote is fixed at this moment; two thirds of them have to."),
        said=_("The ballot is open; the voters are written to."),
    )


@bp.route("/vote", methods=["GET", "POST"])
@access.needs(access.judge_offers)
def vote(slug: str) -> ResponseReturnValue:
    """Take a secret ballot."""
    row = _latest(slug)
    by_name = {offer.public_id: offer for offer in offers.offers_for(row.edition)}
    ranked = [by_name[name] for name in row.candidates]
    if not ranked:
        raise NotFoundError
    form = ballot_form(ranked)
    person = the_person()
    if form.validate_on_submit():
        try:
            balloting.cast(row, person, places_in(form, ranked), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            balloting.scrub()
            flash(_("Your ballot is in the box. Nobody can tell which one is yours."), "success")
            return _back(slug)
    elif not form.is_submitted() and not decision_page.may_vote(row, person, clock.utcnow()):
        return _back(slug)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/decision_vote.html", form=form, row=row, edition=row.edition, offers=ranked
    )
    return page, status


@bp.post("/end")
@access.needs(access.lead_decision)
def end(slug: str) -> ResponseReturnValue:
    """End what is over: record the proposal, or count the ballot."""
    row = _latest(slug)
    if EndForm().validate_on_submit():
        if row.status is RoundStatus.BALLOT_OPEN:
            balloting.close_ballot(row, by=the_person(), now=clock.utcnow())
            said = _("The ballot is closed and counted.")
        else:
            deciding.settle(row, by=the_person(), now=clock.utcnow())
            said = _("The decision is recorded. Everybody concerned is written to.")
        db.session.commit()
        flash(said, "success")
    return _back(slug)


@bp.route("/record", methods=["GET", "POST"])
@access.needs(access.lead_decision)
def record(slug: str) -> ResponseReturnValue:
    """Record what the ballot decided; a chair breaks a tie here."""
    row = _latest(slug)
    standing = committee.standing(row)
    if row.status not in {RoundStatus.COUNTED, RoundStatus.TIED}:
        raise NotFoundError
    found = queries.candidates(row.edition)
    chosen = [offer for offer in found if offer.public_id in standing.chosen]
    form = RecordForm()
    set_offers(form, chosen, found)
    if not form.is_submitted() and chosen:
        _suggest(form, chosen[0])
        if row.status is RoundStatus.COUNTED and len(row.count_order) > 1:
            form.reserve.data = row.count_order[1][0]
        form.weighed.data = row.weighed

    def decide() -> None:
        deciding.record(row, _choice(form, found), by=the_person(), now=clock.utcnow())

    is_tied = row.status is RoundStatus.TIED
    return _act(
        row.edition,
        form,
        decide,
        title=_("Break the tie") if is_tied else _("Record the decision"),
        lede=_("These offers are equal; the chair decides between them, and says why.")
        if is_tied
        else _("The ballot has decided. Say in words why, and what was weighed."),
        said=_("The decision is recorded. Everybody concerned is written to."),
        offers=chosen,
    )


@bp.route("/call-off", methods=["GET", "POST"])
@access.needs(access.lead_decision)
def call_off(slug: str) -> ResponseReturnValue:
    """End the round without a decision."""
    row = _latest(slug)
    form = CallOffForm()

    def stop() -> None:
        deciding.call_off(row, reason=form.reason.data, by=the_person(), now=clock.utcnow())

    return _act(
        row.edition,
        form,
        stop,
        title=_("Call the round off"),
        lede=_("The committee is told why. The offers stay as they are."),
        said=_("The round is called off."),
    )


@bp.route("/reserve", methods=["GET", "POST"])
@access.needs(access.lead_decision)
def promote(slug: str) -> ResponseReturnValue:
    """Make the reserve the host, after the selected one has withdrawn."""
    edition = _called(slug)
    reserve = queries.reserve(edition)
    if reserve is None or edition.status is not EditionStatus.UNDER_EVALUATION:
        raise NotFoundError
    form = PromoteForm()
    set_offers(form, [reserve], [])
    if not form.is_submitted():
        _suggest(form, reserve)

    def make_host() -> None:
        choice = _choice(form, [reserve])
        deciding.promote_reserve(edition, choice, by=the_person(), now=clock.utcnow())

    return _act(
        edition,
        form,
        make_host,
        title=_("Make the reserve the host"),
        lede=_(
            "The selected host has withdrawn. %(country)s stands by.", country=reserve.country.name
        ),
        said=_("The reserve is the host. Everybody concerned is written to."),
        offers=[reserve],
    )


# -- what these share ------------------------------------------------------------------------


def _called(slug: str) -> Edition:
    """Return the edition whose hosts were called for."""
    return called(slug).edition


def _latest(slug: str) -> CommitteeRound:
    row = queries.latest(_called(slug))
    if row is None:
        raise NotFoundError
    return row


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".show", slug=slug), HTTPStatus.SEE_OTHER)


def _act(  # noqa: PLR0913 - what the pages of acts differ in
    edition: Edition,
    form: FlaskForm,
    act: Callable[[], None],
    *,
    title: str,
    lede: str,
    said: str,
    offers: Sequence[HostingOffer] = (),
) -> ResponseReturnValue:
    """Do ``act`` with what was typed and lead back, or show the form with what is wrong."""
    if form.validate_on_submit():
        try:
            act()
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            flash(said, "success")
            return _back(edition.slug)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/decision_act.html",
        form=form,
        edition=edition,
        offers=offers,
        title=title,
        lede=lede,
    )
    return page, status


def _field_of(form: FlaskForm, error: DomainError) -> Field | None:
    return form.first_day if isinstance(error, WindowChoiceError) else None


def _choice(form: ChoiceForm, found: Sequence[HostingOffer]) -> Choice:
    by_name = {offer.public_id: offer for offer in found}
    dtstart, dtend = form.days
    return Choice(
        offer=by_name[form.offer.data],
        reserve=by_name.get(form.reserve.data or "") if form.reserve is not None else None,
        dtstart=dtstart,
        dtend=dtend,
        reason=form.reason.data or "",
        weighed=form.weighed.data or "",
    )


def _suggest(form: ChoiceForm, offer: HostingOffer) -> None:
    dtstart, dtend = usual_days(offer)
    form.first_day.data, form.last_day.data = dtstart, dtend - DAY


def _page(edition: Edition, *, answer_form: AnswerForm | None = None) -> ResponseReturnValue:
    """Show where the decision stands; a form that was sent comes back as it was typed."""
    page = render_template(
        "hosting/decision.html",
        **decision_page.facts(edition, the_person(), clock.utcnow()),
        answer_form=answer_form or AnswerForm(),
        end_form=EndForm(),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if answer_form else HTTPStatus.OK
