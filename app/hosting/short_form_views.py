"""The short form of an offer: made, or begun as a draft, and changed while the call is open."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock
from app.accounts import access
from app.accounts.access import current_person, the_person
from app.countries import queries as countries
from app.database import db
from app.forms import options, put
from app.hosting import drafts, merging, offer_page, queries, sections, service
from app.hosting.forms import OfferForm
from app.hosting.models import STANDING
from app.hosting.offer_views import called, field_of, seen_offer
from app.hosting.sections import Section
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import OfferStatus

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.countries.models import Country
    from app.editions.models import Edition
    from app.hosting.models import CallForHosts, HostingOffer

bp = Blueprint("short_form", __name__, url_prefix="/hosting")


@bp.route("/calls/<slug>/offer", methods=["GET", "POST"])
@access.needs(access.make_offers)
def make_offer(slug: str) -> ResponseReturnValue:
    """Offer to host an edition, for a country of the reader's."""
    call = called(slug)
    form = OfferForm()
    if not form.is_submitted() and not takes_offers(call):
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
            offer = _take(call.edition, country, form)
        except DomainError as error:
            db.session.rollback()
            put(form, error, field_of(form, error))
        else:
            db.session.commit()
            flash(
                _("The draft is saved. The contacts of your country share it.")
                if offer.status is OfferStatus.DRAFT
                else _("The offer is submitted. A confirmation is on its way to you."),
                "success",
            )
            page = url_for("hosting.offer", public_id=offer.public_id)
            return redirect(page, HTTPStatus.SEE_OTHER)
    is_wrong = form.is_submitted() and not is_tried
    if form.is_submitted():
        form.letter.keep(the_person().id, clock.utcnow())
    page = render_template(
        "hosting/offer_form.html",
        form=form,
        edition=call.edition,
        call=call,
        offer=None,
        standing=_standing_offers(call.edition),
        theirs=[],
        windows=_tried_windows(call.edition, form),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK


def _take(edition: Edition, country: Country, form: OfferForm) -> HostingOffer:
    """Take what was typed as an offer, or begin a draft with it."""
    letter = form.letter.sent(the_person().id)
    if "draft" in request.form:
        return _begin(edition, country, form, letter)
    return service.submit(
        edition, country, form.facts(), letter=letter, by=the_person(), now=clock.utcnow()
    )


def _begin(
    edition: Edition, country: Country, form: OfferForm, letter: tuple[bytes, str] | None
) -> HostingOffer:
    """Begin a draft with whatever is typed already."""
    who: dict[str, Any] = {"by": the_person(), "now": clock.utcnow()}
    facts = form.facts()
    offer = drafts.begin(edition, country, **who)
    drafts.save(offer, Section.AUTHORITY, {"authority": facts.authority}, letter=letter, **who)
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


@bp.route("/offers/<public_id>/edit", methods=["GET", "POST"])
@access.needs(access.make_offers)
def edit_offer(public_id: str) -> ResponseReturnValue:
    """Change an offer while the call is open."""
    offer = seen_offer(public_id)
    access.require(access.offer_for, offer.country_code)
    call = queries.call_of(offer.edition)
    form = OfferForm.of(offer)
    form.country.choices = options([(offer.country_code, offer.country.name)])
    theirs: list[tuple[Any, Any]] = []
    if form.validate_on_submit():
        letter = None
        try:
            letter = form.letter.sent(the_person().id)
            service.change_offer(
                offer,
                form.facts(),
                letter=letter,
                seen=form.seen.data or "",
                by=the_person(),
                now=clock.utcnow(),
            )
        except merging.WrittenMeanwhileError as error:
            db.session.rollback()
            put(form, error)
            typed = sections.typed(asdict(form.facts()), letter)
            theirs = offer_page.theirs(form, service.standing_facts(offer), typed)
        except DomainError as error:
            db.session.rollback()
            put(form, error, field_of(form, error))
        else:
            db.session.commit()
            flash(_("The offer is changed."), "success")
            return redirect(url_for("hosting.offer", public_id=public_id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.OK
    if form.is_submitted():
        form.letter.keep(the_person().id, clock.utcnow())
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    page = render_template(
        "hosting/offer_form.html",
        form=form,
        edition=offer.edition,
        call=call,
        offer=offer,
        standing=[],
        windows=_tried_windows(offer.edition, form),
        theirs=theirs,
    )
    return page, status


def _own_countries() -> list[tuple[str, str]]:
    codes = access.countries_of(current_person())
    return [(code, name) for code, name in countries.names() if code in codes]


def takes_offers(call: CallForHosts) -> bool:
    """Whether the call takes offers of the reader's countries; for others, whether it is open."""
    own: list[str] = access.countries_of(current_person()) or [""]
    codes = own if call.approached else own[:1]
    return any(service.takes_offers(call, code, clock.utcnow()) for code in codes)
