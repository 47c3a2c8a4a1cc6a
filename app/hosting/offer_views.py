"""The long form of an offer: its sections, annexes and versions, sent in and returned once."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock, uploads
from app.accounts import access
from app.accounts.access import current_person, the_person
from app.countries import queries as countries
from app.database import db
from app.editions import queries as editions
from app.forms import put
from app.hosting import drafts, merging, offer_page, queries, sections, service
from app.hosting.forms import OfferForm, SendForm
from app.hosting.section_forms import FORMS, AnnexForm, CostsForm, DatesForm, ReturnForm
from app.hosting.sections import Section
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.hosting.models import CallForHosts, HostingOffer
    from app.hosting.section_forms import SectionForm

bp = Blueprint("offers", __name__, url_prefix="/hosting")

RETURN_DAYS = 14
ORDER = list(Section)


@bp.route("/offers/<public_id>/sections/<name>", methods=["GET", "POST"])
@access.needs(access.make_offers)
def section(public_id: str, name: str) -> ResponseReturnValue:
    """Fill in one section of an offer; half filled is fine."""
    offer = own_offer(public_id)
    if name not in ORDER:
        raise NotFoundError
    part = Section(name)
    form = FORMS[part].of(offer)
    is_tried = "check" in request.form
    theirs: list[tuple[Any, Any]] = []
    if form.validate_on_submit() and not is_tried:
        try:
            letter = _letter(form)
            drafts.save(
                offer, part, form.facts(), letter=letter, seen=form.seen.data or "",
                by=the_person(), now=clock.utcnow(),
            )  # fmt: skip
        except merging.WrittenMeanwhileError as error:
            db.session.rollback()
            put(form, error)
            standing = sections.standing(offer, part)
            theirs = offer_page.theirs(form, standing, sections.typed(form.facts(), letter))
        except DomainError as error:
            db.session.rollback()
            put(form, error, field_of(form, error))
        else:
            db.session.commit()
            flash(_("Saved: %(section)s.", section=form.title), "success")
            return redirect(_next_page(offer, part), HTTPStatus.SEE_OTHER)
    if isinstance(form, CostsForm):
        form.add_spare_rows()
    is_wrong = form.is_submitted() and not is_tried
    if is_wrong and "letter" in form:
        form.letter.keep(the_person().id, clock.utcnow())
    page = render_template(
        "hosting/section.html",
        offer=offer,
        form=form,
        part=part,
        sections=offer_page.shown(offer),
        windows=_windows(offer, form),
        is_last=part is ORDER[-1],
        theirs=theirs,
        call=queries.call_of(offer.edition),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK


@bp.post("/calls/<slug>/days")
@access.needs(access.make_offers)
def days(slug: str) -> ResponseReturnValue:
    """Answer with what lies on the days being typed, as a fragment."""
    edition = called(slug).edition
    form = OfferForm()
    form.country.choices = []
    form.validate()  # reads the days; what else is missing does not matter yet
    code = request.args.get("country", "") or (form.country.data or "")
    windows = offer_page.checked(
        edition, form.windows(), countries.find(code), form.city.data or "", now=clock.utcnow()
    )
    return render_template("hosting/_windows.html", windows=windows)


@bp.post("/offers/<public_id>/send")
@access.needs(access.make_offers)
def send(public_id: str) -> ResponseReturnValue:
    """Send in a draft or a returned offer."""
    offer = own_offer(public_id)
    if SendForm().validate_on_submit():
        drafts.send_in(offer, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The offer is submitted. A confirmation is on its way to you."), "success")
    return redirect(url_for("hosting.offer", public_id=public_id), HTTPStatus.SEE_OTHER)


@bp.route("/offers/<public_id>/annexes", methods=["GET", "POST"])
@access.needs(access.make_offers)
def annexes(public_id: str) -> ResponseReturnValue:
    """Show the annexes of one's own offer, and add one."""
    offer = own_offer(public_id)
    form = AnnexForm()
    if form.validate_on_submit():
        try:
            sent = form.file.sent(the_person().id)
            if sent is None:
                raise drafts.AnnexMissingError
            drafts.add_annex(offer, form.title.data, *sent, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.file)
        else:
            db.session.commit()
            flash(_("The annex is added."), "success")
            return redirect(url_for(".annexes", public_id=public_id), HTTPStatus.SEE_OTHER)
    if form.is_submitted():
        form.file.keep(the_person().id, clock.utcnow())
    page = render_template(
        "hosting/annexes.html",
        offer=offer,
        form=form,
        annexes=queries.annexes_of([offer])[offer.id],
        remove_form=SendForm(),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.post("/offers/<public_id>/annexes/<int:annex_id>/remove")
@access.needs(access.make_offers)
def remove_annex(public_id: str, annex_id: int) -> ResponseReturnValue:
    """Take an annex away."""
    offer = own_offer(public_id)
    if SendForm().validate_on_submit():
        drafts.remove_annex(offer, annex_id, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The annex is removed."), "success")
    return redirect(url_for(".annexes", public_id=public_id), HTTPStatus.SEE_OTHER)


@bp.get("/offers/<public_id>/annexes/<int:annex_id>")
@access.needs(access.see_calls)
def annex(public_id: str, annex_id: int) -> ResponseReturnValue:
    """Send an annex as an attachment."""
    found = queries.annex(seen_offer(public_id), annex_id)
    if found is None:
        raise NotFoundError
    return uploads.send(found.file)


@bp.get("/offers/<public_id>/versions")
@access.needs(access.see_calls)
def versions(public_id: str) -> ResponseReturnValue:
    """Compare two versions of an offer side by side: the last two, unless others are named."""
    offer = seen_offer(public_id)
    kept = queries.versions_of(offer)
    numbers = {version.number: version for version in kept}
    last = len(kept)
    before = numbers.get(request.args.get("before", max(last - 1, 1), type=int))
    after = numbers.get(request.args.get("after", last, type=int))
    if before is None or after is None:
        raise NotFoundError
    return render_template(
        "hosting/versions.html",
        offer=offer,
        versions=kept,
        before=before,
        after=after,
        differences=offer_page.compared(before, after),
    )


@bp.route("/offers/<public_id>/return", methods=["GET", "POST"])
@access.needs(access.organise)
def send_back(public_id: str) -> ResponseReturnValue:
    """Return an offer to its country, once, with comments by section."""
    offer = seen_offer(public_id)
    form = ReturnForm(until=clock.today() + timedelta(days=RETURN_DAYS))
    if form.validate_on_submit():
        try:
            drafts.send_back(
                offer, form.comments(), until=form.until.data, by=the_person(), now=clock.utcnow()
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.until if isinstance(error, drafts.ReturnDayError) else None)
        else:
            db.session.commit()
            flash(_("The offer is returned. The country’s contacts are written to."), "success")
            return redirect(url_for("hosting.offer", public_id=public_id), HTTPStatus.SEE_OTHER)
    page = render_template(
        "hosting/return.html", offer=offer, form=form, sections=offer_page.shown(offer)
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def called(slug: str) -> CallForHosts:
    """Return the call for hosts of an edition.

    Raises:
        NotFoundError: it has none.
    """
    edition = editions.find(slug)
    call = queries.call_of(edition) if edition is not None else None
    if call is None:
        raise NotFoundError
    return call


def seen_offer(public_id: str) -> HostingOffer:
    """Return an offer that the reader may see; a draft is its country's alone.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    found = queries.find_offer(public_id)
    if found is None:
        raise NotFoundError
    permission = access.see_offer if found.submitted_at is not None else access.offer_for
    access.require(permission, found.country_code)
    return found


def own_offer(public_id: str) -> HostingOffer:
    """Return an offer of a country of the reader's.

    Raises:
        NotFoundError: there is none, or it is another country's.
    """
    found = queries.find_offer(public_id)
    if found is None or not access.offer_for(current_person(), found.country_code):
        raise NotFoundError
    return found


def field_of(form: Any, error: DomainError) -> Any:  # noqa: ANN401 - any form of an offer
    """Return the field of an offer's form that ``error`` is about."""
    if isinstance(
        error,
        uploads.UploadError
        | uploads.UploadSizeError
        | uploads.UploadEmptyError
        | service.LetterMissingError,
    ):
        return getattr(form, "letter", None)
    if isinstance(error, service.WindowError | service.WindowOutsideError):
        filled = [
            rank for rank in (1, 2, 3) if form[f"first_{rank}"].data and form[f"last_{rank}"].data
        ]
        at = int(str(error.values["at"]))
        return form[f"first_{filled[at] if filled else 1}"]
    return None


def _letter(form: SectionForm) -> tuple[bytes, str] | None:
    return form.letter.sent(the_person().id) if "letter" in form else None


def _windows(offer: HostingOffer, form: SectionForm) -> list[offer_page.CheckedWindow]:
    if not isinstance(form, DatesForm):
        return []
    return offer_page.checked(
        offer.edition, form.windows(), offer.country, offer.city, now=clock.utcnow()
    )


def _next_page(offer: HostingOffer, part: Section) -> str:
    """Lead on to the next section where that was asked for, else back to the offer."""
    following = ORDER[ORDER.index(part) + 1 :]
    if "next" in request.form and following:
        return url_for(".section", public_id=offer.public_id, name=following[0].value)
    return url_for("hosting.offer", public_id=offer.public_id)
