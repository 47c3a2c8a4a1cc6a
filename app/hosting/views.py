"""Calls for hosts, offers, and the choice among them."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, url_for

from app import audit, clock, uploads
from app.accounts import access
from app.accounts.access import current_person, the_person
from app.countries import queries as countries
from app.database import db
from app.editions import milestone_queries
from app.forms import day_after, put
from app.hosting import (
    choosing,
    comparison,
    decision_queries,
    host_team,
    judges,
    judging,
    need_queries,
    offer_page,
    queries,
    sections,
    service,
)
from app.hosting.decision_forms import set_offers, usual_days
from app.hosting.forms import (
    CRITERIA,
    CloseCallForm,
    SelectForm,
    SendForm,
    WithdrawForm,
)
from app.hosting.models import BEFORE_SUBMISSION, CHOOSABLE, STANDING, UNDECIDED
from app.hosting.offer_views import called, seen_offer
from app.hosting.short_form_views import takes_offers
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition
    from app.hosting.judging import Judged
    from app.hosting.models import CallForHosts, HostingOffer

bp = Blueprint("hosting", __name__)


@bp.get("/hosting/")
@access.public
def calls() -> ResponseReturnValue:
    """Show the open calls that the reader may see, and the offers of their countries."""
    person = current_person()
    now = clock.utcnow()
    found = queries.open_calls(now, published_only=not access.see_calls(person))
    own_countries = access.countries_of(person)
    offers = queries.offers_of(own_countries) if own_countries else []
    standing = {
        (offer.edition_id, offer.country_code): offer
        for offer in offers
        if offer.status in STANDING
    }
    return render_template(
        "hosting/calls.html",
        # Those of needs run by themselves, and stand with their needs.
        calls=[
            (
                call,
                (call.closes_at - now).days,
                any(
                    service.takes_offers(call, code, now)
                    for code in own_countries
                    if (call.edition_id, code) not in standing
                ),
                [
                    standing[call.edition_id, code]
                    for code in own_countries
                    if (call.edition_id, code) in standing
                ],
            )
            for call in found
            if not call.is_rolling
        ],
        offers=offers,
        hosted=host_team.hosted_by(person),
        sees_interests=access.see_calls(person),
    )


@bp.get("/hosting/offers/<public_id>")
@access.needs(access.see_calls)
def offer(public_id: str) -> ResponseReturnValue:
    """Show one offer to its country, the committee and organisers."""
    found = seen_offer(public_id)
    person = current_person()
    is_own = access.offer_for(person, found.country_code)
    parts = offer_page.shown(found)
    windows = [(window.dtstart, window.dtend) for window in found.windows]
    return render_template(
        "hosting/offer.html",
        offer=found,
        edition=found.edition,
        sections=parts,
        share_told=sections.share_told(part.completeness for part in parts),
        costs=offer_page.costs(found),
        windows=offer_page.checked(
            found.edition, windows, found.country, found.city, now=clock.utcnow()
        ),
        annexes=queries.annexes_of([found])[found.id],
        versions=queries.versions_of(found),
        is_own=is_own,
        can_edit=is_own and _may_change(found),
        can_withdraw=is_own and _can_withdraw(found),
        can_return=access.organise(person)
        and found.status is OfferStatus.SUBMITTED
        and found.returned_at is None,
        send_form=SendForm(),
        withdraw_form=WithdrawForm(),
        history=audit.history(found),
    )


@bp.post("/hosting/offers/<public_id>/withdraw")
@access.needs(access.make_offers)
def withdraw(public_id: str) -> ResponseReturnValue:
    """Withdraw an offer."""
    found = seen_offer(public_id)
    access.require(access.offer_for, found.country_code)
    form = WithdrawForm()
    if form.validate_on_submit():
        service.withdraw(found, reason=form.reason.data or "", by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The offer is withdrawn. The organisers have been told."), "success")
    else:
        flash(_("Not withdrawn: the reason may have at most 2,000 characters."), "error")
    return redirect(url_for(".offer", public_id=public_id), HTTPStatus.SEE_OTHER)


@bp.get("/hosting/offers/<public_id>/letter")
@access.needs(access.see_calls)
def letter(public_id: str) -> ResponseReturnValue:
    """Send the offer's letter as an attachment."""
    found = seen_offer(public_id)
    if found.letter is None:
        raise NotFoundError
    return uploads.send(found.letter)


@bp.route("/hosting/calls/<slug>", methods=["GET", "POST"])
@access.public
def compare(slug: str) -> ResponseReturnValue:
    """Compare the offers side by side, and select; everybody else reads the call alone."""
    call = called(slug)
    person = current_person()
    if not access.read_plan(person):
        return _read_call(call)
    judged = judging.judge(call, person)
    form = _choice(call.edition, [one.offer for one in judged])
    if form.validate_on_submit():
        access.require(access.organise)
        try:
            _select(form)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The host is selected. Every contact has been written to."), "success")
            return redirect(url_for("editions.manage", slug=slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/compare.html",
        call=call,
        edition=call.edition,
        form=form,
        close_form=CloseCallForm(),
        # What was typed comes back, even if nothing can be decided any more.
        is_refused=access.organise(person) and form.is_submitted(),
        **_compared(call, judged),
        **_what_may_be_done(call),
    )
    return page, status


def _choice(edition: Edition, offers: Sequence[HostingOffer]) -> SelectForm:
    """Return the form that chooses among ``offers``; the days of the one that there is."""
    choosable = [offer for offer in offers if offer.status in CHOOSABLE]
    first = choosable[0] if len(choosable) == 1 else None
    dtstart, dtend = usual_days(first) if first else (edition.dtstart, edition.dtend)
    form = SelectForm(first_day=dtstart, last_day=dtend - timedelta(days=1))
    set_offers(form, choosable, choosable)
    return form


def _compared(call: CallForHosts, judged: Sequence[Judged]) -> dict[str, Any]:
    """Return what the page shows of the offers and of their decision."""
    edition, now = call.edition, clock.utcnow()
    decided = decision_queries.latest(edition)
    return {
        "offers": [one.offer for one in judged],
        "judged": judged,
        "criteria": CRITERIA,
        "groups": comparison.groups(call, judged, now),
        "undecided": UNDECIDED,
        "is_open": call.is_open(now),
        "round_status": decided.status.value if decided is not None else "",
        "need": need_queries.of_edition(edition) if call.is_rolling else None,
        "decide_by": milestone_queries.decision_days([edition.id]).get(edition.id),
        "today": clock.today(),
        "asked": [name for code, name in countries.names() if code in call.approached],
    }


def _what_may_be_done(call: CallForHosts) -> dict[str, Any]:
    """Return what the reader may do, where the edition stands."""
    person, status = the_person(), call.edition.status
    may_organise = access.organise(person)
    evaluator = queries.evaluator(call, person)
    return {
        "may_organise": may_organise,
        "can_decide": may_organise and status is EditionStatus.UNDER_EVALUATION,
        "can_close": may_organise and status is EditionStatus.CALL_OPEN,
        "is_judged": status is EditionStatus.UNDER_EVALUATION,
        "waits_for_close": status is EditionStatus.CALL_OPEN,
        "may_judge": access.judge_offers(person),
        "is_asked": evaluator is not None,
        "recusal": judges.recusal(call, person, evaluator),
    }


def _read_call(call: CallForHosts) -> str:
    """Show the call to whom it is for: everyone once published, else the national contacts."""
    edition = call.edition
    is_open = takes_offers(call)
    own = access.countries_of(current_person())
    has_offered = any(offer.country_code in own for offer in queries.offers_for(edition))
    standing = [
        offer
        for offer in queries.offers_of(own)
        if offer.edition_id == edition.id and offer.status in STANDING
    ]
    others = set(own) - {offer.country_code for offer in standing}
    region = set(countries.codes_of(edition.series.region or "")) if call.is_rolling else set()
    is_for_reader = is_open and (call.is_published or bool(own))
    if not is_for_reader and not has_offered:
        raise NotFoundError
    return render_template(
        "hosting/call.html",
        call=call,
        edition=edition,
        is_open=is_open,
        can_offer=bool(others) and not (call.is_rolling and region.isdisjoint(others)),
        own=standing,
        criteria=CRITERIA,
    )


def _select(form: SelectForm) -> None:
    chosen = seen_offer(form.offer.data)
    first_day, last_day = form.first_day.data, form.last_day.data
    choosing.select(
        chosen,
        dtstart=first_day,
        dtend=day_after(last_day),
        reason=form.reason.data or "",
        weighed=form.weighed.data or "",
        reserve=seen_offer(form.reserve.data) if form.reserve.data else None,
        by=the_person(),
        now=clock.utcnow(),
    )


def _may_change(offer: HostingOffer) -> bool:
    try:
        service.insist_changeable(offer, clock.utcnow())
    except DomainError:
        return False
    return True


def _can_withdraw(offer: HostingOffer) -> bool:
    before_announcement = {EditionStatus.HOST_SELECTED, EditionStatus.CONFIRMED}
    return offer.status in UNDECIDED | BEFORE_SUBMISSION or (
        offer.status is OfferStatus.SELECTED
        and offer.country_code == offer.edition.country_code
        and offer.edition.status in before_announcement
        and offer.edition.announced_at is None
    )
