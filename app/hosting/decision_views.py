"""The decision: a proposal, agreement or objection, a secret ballot, its count."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock
from app.accounts import access
from app.accounts.access import current_person, the_person
from app.database import db
from app.forms import options, put
from app.hosting import queries, rounds
from app.hosting.judging_forms import (
    CastForm,
    CloseRoundForm,
    RoundForm,
    VoiceForm,
    ballot_form,
)
from app.hosting.judging_models import LIVE_ROUNDS, RoundState
from app.hosting.judging_views import called
from app.hosting.models import UNDECIDED
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError
from scheduler.hosting import QUORUM
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask.typing import ResponseReturnValue
    from flask_wtf import FlaskForm

    from app.hosting.judging_models import DecisionRound
    from app.hosting.models import HostingOffer

bp = Blueprint("decisions", __name__, url_prefix="/hosting/calls")

ROUND_DAYS = 14


@bp.route("/<slug>/decision", methods=["GET", "POST"])
@access.needs(access.read_plan)
def show(slug: str) -> ResponseReturnValue:
    """Show where the decision stands; post what one may do about it."""
    call = called(slug)
    edition = call.edition
    offers = queries.offers_for(edition)
    found = queries.latest_round(edition)
    forms = _forms(offers, found)
    act = request.form.get("act", "")
    if request.method == "POST":
        form = forms.get(act)
        if form is None:
            raise NotFoundError
        access.require(access.organise if act in {"open", "close"} else access.judge_offers)
        if form.validate_on_submit():
            try:
                said = _do(act, form, found)
            except DomainError as error:
                db.session.rollback()
                put(form, error)
            else:
                db.session.commit()
                flash(said, "success")
                return redirect(url_for(".show", slug=slug), HTTPStatus.SEE_OTHER)
    person = current_person()
    members = queries.members_of(found) if found is not None else []
    own = next((one for one in members if person and one.person_id == person.id), None)
    is_over = found is not None and bool(found.ballots)
    page = render_template(
        "hosting/decision.html",
        edition=edition,
        round=found,
        states=RoundState,
        members=members,
        own=own,
        voted_count=sum(member.has_voted for member in members),
        quorum=-(-len(members) * QUORUM.numerator // QUORUM.denominator),
        count=rounds.recount(found) if found is not None and is_over else None,
        offers={offer.public_id: offer for offer in offers},
        forms=forms,
        failed=act if request.method == "POST" else "",
        may_organise=access.organise(person),
        is_chair=person is not None and any(grant.is_chair for grant in person.grants),
        can_open=edition.status is EditionStatus.UNDER_EVALUATION
        and (found is None or found.state not in LIVE_ROUNDS)
        and any(offer.status in UNDECIDED for offer in offers),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK


def _forms(offers: Sequence[HostingOffer], found: DecisionRound | None) -> Mapping[str, FlaskForm]:
    """Return the form of each act, by its name; the prefix keeps their fields apart."""
    by_id = {offer.public_id: offer for offer in offers}
    forms: dict[str, Any] = {
        "open": RoundForm(prefix="open-", closes_on=clock.today() + timedelta(days=ROUND_DAYS))
    }
    forms["open"].offer.choices = options(
        (offer.public_id, f"{offer.country.name}, {offer.city}")
        for offer in offers
        if offer.status in UNDECIDED
    )
    if found is None:
        return forms
    candidates = [by_id[key] for key in found.candidates if key in by_id]
    forms |= {
        "speak": VoiceForm(prefix="speak-"),
        "vote": ballot_form(candidates, prefix="vote-"),
        "close": CloseRoundForm(prefix="close-"),
        "cast": CastForm(prefix="cast-"),
    }
    tied = rounds.recount(found).winners if found.state is RoundState.TIED else ()
    forms["cast"].offer.choices = options(
        (key, f"{by_id[key].country.name}, {by_id[key].city}") for key in tied if key in by_id
    )
    return forms


def _do(act: str, form: Any, found: DecisionRound | None) -> str:  # noqa: ANN401 - one of ours
    who: dict[str, Any] = {"by": the_person(), "now": clock.utcnow()}
    if act == "open":
        offer = _offer(form.offer.data)
        reason, day = form.reason.data, form.closes_on.data
        rounds.open_round(offer, reason=reason, closes_on=day, **who)
        return _("Proposed. Every member who decides is written to.")
    if found is None:
        raise NotFoundError
    if act == "speak":
        agrees = form.agrees.data == "yes"
        rounds.speak(found, agrees=agrees, words=form.words.data or "", **who)
        return _("Recorded.") if agrees else _("Recorded. The secret ballot is open.")
    if act == "vote":
        rounds.vote(found, form.places(), **who)
        return _("Your ballot lies in the urn. Nobody can tell it from the others.")
    if act == "cast":
        rounds.cast(found, _offer(form.offer.data), reason=form.reason.data, **who)
        return _("The tie is decided.")
    rounds.close(found, **who)
    return _("Closed. The result stands below.")


def _offer(public_id: str) -> HostingOffer:
    offer = queries.find_offer(public_id)
    if offer is None:
        raise NotFoundError
    return offer
