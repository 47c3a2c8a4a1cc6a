"""Calls for hosts, offers, and the choice among them."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import audit, clock, uploads
from app.accounts import access
from app.accounts.access import current_person, the_person
from app.countries import queries as countries
from app.database import db
from app.editions import progress
from app.editions import queries as editions
from app.editions.milestones import OFFERS_CLOSE
from app.forms import day_after, options, put
from app.hosting import (
    comparison,
    decision_queries,
    drafts,
    host_team,
    judging,
    offer_page,
    queries,
    sections,
    service,
)
from app.hosting.forms import (
    CRITERIA,
    CallForm,
    CloseCallForm,
    OfferForm,
    SelectForm,
    SendForm,
    WithdrawForm,
)
from app.hosting.models import BEFORE_SUBMISSION, CHOOSABLE, STANDING, UNDECIDED
from app.hosting.offer_views import field_of, seen_offer
from app.hosting.sections import Section
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError
from scheduler.hosting import WeightsError
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from datetime import date

    from flask.typing import ResponseReturnValue

    from app.countries.models import Country
    from app.editions.models import Edition
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
    return render_template(
        "hosting/calls.html",
        calls=[(call, (call.closes_at - now).days) for call in found],
        offers=queries.offers_of(own_countries) if own_countries else [],
        hosted=host_team.hosted_by(person),
        can_offer=bool(own_countries),
        sees_interests=access.see_calls(person),
    )


@bp.route("/hosting/calls/<slug>/offer", methods=["GET", "POST"])
@access.needs(access.make_offers)
def make_offer(slug: str) -> ResponseReturnValue:
    """Offer to host an edition, for a country of the reader's."""
    call = _call(slug)
    form = OfferForm()
    if not form.is_submitted() and not _takes_offers(call):
        raise NotFoundError
    form.letter.flags.required = True
    form.country.choices = options(_own_countries())
    is_tried = "check" in request.form
    if "draft" in request.form or is_tried:
        form.as_draft()
    if form.validate_on_submit() and not is_tried:
        country = countries.find(form.country.data)
        if country is None:
            raise NotFoundError
        access.require(access.offer_for, country.code)
        try:
            letter = uploads.read_pdf(form.letter.data) if form.letter.data else None
            said = _("The offer is submitted. A confirmation is on its way to you.")
            if "draft" in request.form:
                offer = _begin(call.edition, country, form, letter)
                said = _("The draft is saved. The contacts of your country share it.")
            else:
                offer = service.submit(
                    call.edition,
                    country,
                    form.facts(),
                    letter=letter,
                    letter_name=form.letter.data.filename if form.letter.data else "",
                    by=the_person(),
                    now=clock.utcnow(),
                )
        except DomainError as error:
            db.session.rollback()
            put(form, error, field_of(form, error))
        else:
            db.session.commit()
            flash(said, "success")
            return redirect(url_for(".offer", public_id=offer.public_id), HTTPStatus.SEE_OTHER)
    is_wrong = form.is_submitted() and not is_tried
    page = render_template(
        "hosting/offer_form.html",
        form=form,
        edition=call.edition,
        call=call,
        offer=None,
        standing=_standing_offers(call.edition),
        windows=_tried_windows(call.edition, form),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK


def _begin(
    edition: Edition, country: Country, form: OfferForm, letter: bytes | None
) -> HostingOffer:
    """Begin a draft with whatever is typed already."""
    who: dict[str, Any] = {"by": the_person(), "now": clock.utcnow()}
    facts = form.facts()
    offer = drafts.begin(edition, country, **who)
    sent = (letter, form.letter.data.filename or "") if letter is not None else None
    drafts.save(offer, Section.AUTHORITY, {"authority": facts.authority}, letter=sent, **who)
    drafts.save(offer, Section.DATES, {"windows": facts.windows}, **who)
    place = {"city": facts.city or "", "venue": facts.venue or "", "capacity": facts.capacity}
    drafts.save(offer, Section.VENUE, place, **who)
    drafts.save(offer, Section.CONTACTS, {"note": facts.note}, **who)
    return offer


def _standing_offers(edition: Edition) -> list[HostingOffer]:
    """Return the offers for ``edition`` that the reader's countries have already."""
    own = queries.offers_of(access.countries_of(current_person()))
    return [one for one in own if one.edition_id == edition.id and one.status in STANDING]


def _tried_windows(edition: Edition, form: OfferForm) -> list[offer_page.CheckedWindow]:
    country = countries.find(form.country.data or "")
    return offer_page.checked(
        edition, form.windows(), country, form.city.data or "", now=clock.utcnow()
    )


@bp.route("/hosting/offers/<public_id>/edit", methods=["GET", "POST"])
@access.needs(access.make_offers)
def edit_offer(public_id: str) -> ResponseReturnValue:
    """Change an offer while the call is open."""
    offer = seen_offer(public_id)
    access.require(access.offer_for, offer.country_code)
    call = queries.call_of(offer.edition)
    form = OfferForm.of(offer)
    form.country.choices = options([(offer.country_code, offer.country.name)])
    if form.validate_on_submit():
        try:
            letter = uploads.read_pdf(form.letter.data) if form.letter.data else None
            service.change_offer(
                offer,
                form.facts(),
                letter=letter,
                letter_name=form.letter.data.filename if form.letter.data else "",
                by=the_person(),
                now=clock.utcnow(),
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, field_of(form, error))
        else:
            db.session.commit()
            flash(_("The offer is changed."), "success")
            return redirect(url_for(".offer", public_id=public_id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/offer_form.html",
        form=form,
        edition=offer.edition,
        call=call,
        offer=offer,
        standing=[],
        windows=_tried_windows(offer.edition, form),
    )
    return page, status


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


@bp.route("/organise/editions/<slug>/call", methods=["GET", "POST"])
@access.needs(access.organise)
def open_call(slug: str) -> ResponseReturnValue:
    """Open the call for hosts of an edition, or change the one that stands."""
    edition = _edition(slug)
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
                service.change_call(call, **facts)
            else:
                service.open_call(edition, **facts)
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of_call(form, error))
        else:
            db.session.commit()
            flash(_("The call for hosts is open."), "success")
            return redirect(url_for(".compare", slug=slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template("hosting/call_form.html", form=form, edition=edition, stands=stands)
    return page, status


def _usual_last_day(edition: Edition) -> date | None:
    """Return the day on which offers usually close, as long as that lies ahead."""
    today = clock.today()
    steps = progress.preview(edition, today) if edition.dtstart > today else []
    due = {step.milestone.key: step.milestone.due_on for step in steps}.get(OFFERS_CLOSE)
    return due if due is not None and today < due < edition.dtstart else None


def _field_of_call(form: CallForm, error: DomainError) -> object:
    """Return the field that ``error`` is about."""
    if isinstance(error, service.CallWindowError):
        return form.dates_last
    return None if isinstance(error, WeightsError) else form.closes_on


@bp.post("/hosting/calls/<slug>/close")
@access.needs(access.organise)
def close_call(slug: str) -> ResponseReturnValue:
    """Close the call and begin to judge the offers."""
    edition = _edition(slug)
    if CloseCallForm().validate_on_submit():
        service.close_call(edition, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The call is closed. Compare the offers and select a host."), "success")
    return redirect(url_for(".compare", slug=slug), HTTPStatus.SEE_OTHER)


@bp.route("/hosting/calls/<slug>", methods=["GET", "POST"])
@access.public
def compare(slug: str) -> ResponseReturnValue:
    """Compare the offers side by side, and select; everybody else reads the call alone."""
    edition = _edition(slug)
    call = queries.call_of(edition)
    if call is None:
        raise NotFoundError
    person = current_person()
    if not access.read_plan(person):
        return _read_call(call)
    judged = judging.judge(call, person)
    decided = decision_queries.latest(edition)
    offers = [one.offer for one in judged]
    form = SelectForm(first_day=edition.dtstart, last_day=edition.dtend - timedelta(days=1))
    form.offer.choices = options(
        (offer.public_id, f"{offer.country.name}, {offer.city}")
        for offer in offers
        if offer.status in CHOOSABLE
    )
    form.reserve.choices = options(
        [("", _("none")), *((c.value, c.label) for c in form.offer.choices)]
    )
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
        edition=edition,
        call=call,
        offers=offers,
        form=form,
        close_form=CloseCallForm(),
        can_decide=access.organise(person) and edition.status is EditionStatus.UNDER_EVALUATION,
        can_close=access.organise(person) and edition.status is EditionStatus.CALL_OPEN,
        is_open=call.is_open(clock.utcnow()),
        judged=judged,
        groups=comparison.groups(call, judged, clock.utcnow()),
        may_organise=access.organise(person),
        may_judge=access.judge_offers(person),
        is_asked=queries.evaluator(call, the_person()) is not None,
        round_status=decided.status.value if decided is not None else "",
        asked=[name for code, name in countries.names() if code in call.approached],
    )
    return page, status


def _read_call(call: CallForHosts) -> str:
    """Show the call to whom it is for: everyone once published, else the national contacts."""
    edition = call.edition
    is_open = _takes_offers(call)
    own = access.countries_of(current_person())
    has_offered = any(offer.country_code in own for offer in queries.offers_for(edition))
    is_for_reader = is_open and (call.is_published or bool(own))
    if not is_for_reader and not has_offered:
        raise NotFoundError
    return render_template(
        "hosting/call.html",
        call=call,
        edition=edition,
        is_open=is_open,
        can_offer=bool(own),
        criteria=CRITERIA,
    )


def _takes_offers(call: CallForHosts) -> bool:
    """Whether the call takes offers of the reader's countries; for others, whether it is open."""
    own: list[str] = access.countries_of(current_person()) or [""]
    codes = own if call.approached else own[:1]
    return any(service.takes_offers(call, code, clock.utcnow()) for code in codes)


def _select(form: SelectForm) -> None:
    chosen = seen_offer(form.offer.data)
    first_day, last_day = form.first_day.data, form.last_day.data
    service.select(
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
        and offer.edition.status in before_announcement
        and offer.edition.announced_at is None
    )


def _own_countries() -> list[tuple[str, str]]:
    codes = access.countries_of(current_person())
    return [(code, name) for code, name in countries.names() if code in codes]


def _edition(slug: str) -> Edition:
    edition = editions.find(slug)
    if edition is None:
        raise NotFoundError
    return edition


def _call(slug: str) -> CallForHosts:
    call = queries.call_of(_edition(slug))
    if call is None:
        raise NotFoundError
    return call
