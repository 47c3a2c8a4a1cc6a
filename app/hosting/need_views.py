"""Needs of the regions: proposed, supported, taken up by a country, ended or decided on."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import audit, clock
from app.accounts import access
from app.accounts.access import current_person, the_person
from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.database import db
from app.forms import options, put
from app.hosting import need_decisions, need_offers, need_page, need_queries, needs
from app.hosting.need_forms import (
    BeginOfferForm,
    EndForm,
    NeedForm,
    PutOffForm,
    SupportForm,
    TakeBackForm,
)
from app.i18n import gettext as _
from app.series import queries as series_queries
from app.series.models import SeriesKind
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue
    from wtforms import Field

    from app.accounts.models import Person
    from app.hosting.need_models import EngagementNeed

bp = Blueprint("needs", __name__, url_prefix="/hosting/needs")


@bp.get("/")
@access.needs(access.see_calls)
def index() -> ResponseReturnValue:
    """Show the needs of every region, those from which something may follow first."""
    today = clock.today()
    standing, ended = need_page.lines(today)
    return render_template(
        "hosting/needs.html",
        standing=standing,
        ended=ended,
        region_names=REGION_NAMES,
        may_propose=_may_propose(),
    )


@bp.route("/new", methods=["GET", "POST"])
@access.needs(access.see_calls)
def add() -> ResponseReturnValue:
    """Propose a need, as a member of the committee or for an association."""
    form = _with_choices(NeedForm())
    if form.validate_on_submit():
        series = series_queries.find(form.series.data)
        association = countries.find_association(form.association.data or "")
        if series is None:
            raise NotFoundError
        try:
            made = needs.propose(
                series, form.facts(association), by=the_person(), now=clock.utcnow()
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            flash(_("The need is proposed; the countries of the region are written to."), "success")
            return redirect(url_for(".show", public_id=made.public_id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/need_form.html",
        form=form,
        need=None,
        reads_plan=access.read_plan(current_person()),
    )
    return page, status


@bp.route("/<public_id>/edit", methods=["GET", "POST"])
@access.needs(access.see_calls)
def edit(public_id: str) -> ResponseReturnValue:
    """Change what a need says, as long as nobody has answered to it."""
    need = _need(public_id)
    access.require(may_speak_for, need)
    form = _with_choices(NeedForm.of(need))
    del form.series  # another region would have other readers
    form.submit.label.text = _("Save the need")
    if form.validate_on_submit():
        association = countries.find_association(form.association.data or "")
        try:
            needs.change(need, form.facts(association), by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            flash(_("The need is changed; whoever was told of it is written to."), "success")
            return redirect(url_for(".show", public_id=public_id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/need_form.html",
        form=form,
        need=need,
        reads_plan=access.read_plan(current_person()),
    )
    return page, status


@bp.get("/<public_id>")
@access.needs(access.see_calls)
def show(public_id: str) -> ResponseReturnValue:
    """Show a need: what, why, who supports it, and where its offers and its decision stand."""
    return _page(_need(public_id))


@bp.post("/<public_id>/support")
@access.needs(access.see_calls)
def support(public_id: str) -> ResponseReturnValue:
    """Support a need."""
    form, need = SupportForm(), _need(public_id)
    return _done(
        need,
        form,
        lambda: needs.support(need, form.remark.data or "", by=the_person(), now=clock.utcnow()),
        _("You support this need."),
    )


@bp.post("/<public_id>/take-back")
@access.needs(access.see_calls)
def take_back(public_id: str) -> ResponseReturnValue:
    """Take one's support back."""
    form, need = TakeBackForm(), _need(public_id)
    return _done(
        need,
        form,
        lambda: needs.take_support_back(need, by=the_person(), now=clock.utcnow()),
        _("Your support is taken back."),
    )


@bp.post("/<public_id>/offer")
@access.needs(access.make_offers)
def offer(public_id: str) -> ResponseReturnValue:
    """Begin the offer of a country of one's own."""
    need, form = _need(public_id), BeginOfferForm.among(_own_countries())
    if not form.validate_on_submit():
        return _page(need, form)
    country = countries.find(form.country.data)
    if country is None:
        raise NotFoundError
    access.require(access.offer_for, country.code)
    try:
        made = need_offers.offer(need, country, by=the_person(), now=clock.utcnow())
    except DomainError as error:
        db.session.rollback()
        put(form, error)
        return _page(need, form)
    db.session.commit()
    said = _("The offer is begun. Fill in its sections; the contacts of your country share it.")
    flash(said, "success")
    return redirect(url_for("hosting.offer", public_id=made.public_id), HTTPStatus.SEE_OTHER)


@bp.route("/<public_id>/withdraw", methods=["GET", "POST"])
@access.needs(access.see_calls)
def withdraw(public_id: str) -> ResponseReturnValue:
    """Withdraw a need that one proposed; organisers can do it in one's place."""
    need = _need(public_id)
    access.require(may_speak_for, need)
    form = EndForm()
    form.submit.label.text = _("Withdraw the need")
    return _asked(
        need,
        form,
        _("Withdraw the need"),
        lambda: need_decisions.withdraw(
            need, form.reason.data or "", by=the_person(), now=clock.utcnow()
        ),
        _("The need is withdrawn; everyone concerned is written to."),
    )


@bp.route("/<public_id>/decline", methods=["GET", "POST"])
@access.needs(access.lead_decision)
def decline(public_id: str) -> ResponseReturnValue:
    """Record that the committee declines a need."""
    need, form = _need(public_id), EndForm()
    form.submit.label.text = _("Decline the need")
    return _asked(
        need,
        form,
        _("Decline the need"),
        lambda: need_decisions.decline(
            need, form.reason.data or "", by=the_person(), now=clock.utcnow()
        ),
        _("The need is declined; everyone concerned is written to."),
    )


@bp.route("/<public_id>/put-off", methods=["GET", "POST"])
@access.needs(access.lead_decision)
def put_off(public_id: str) -> ResponseReturnValue:
    """Put the committee's decision off to another day."""
    need, form = _need(public_id), PutOffForm()
    return _asked(
        need,
        form,
        _("Put the decision off"),
        lambda: need_decisions.put_off(
            need, form.until.data, form.reason.data or "", by=the_person(), now=clock.utcnow()
        ),
        _("The decision is put off; the committee and the countries that wait are written to."),
    )


def may_speak_for(person: Person | None, need: EngagementNeed) -> bool:
    """Whoever proposed it, and organisers."""
    is_own = person is not None and need.proposed_by_id == person.id
    return is_own or access.organise(person)


def _done(
    need: EngagementNeed,
    form: SupportForm | TakeBackForm,
    act: Callable[[], None],
    said: str,
) -> ResponseReturnValue:
    """Do what a button of the page of ``need`` asks for."""
    if not form.validate_on_submit():
        return _page(need, form)
    try:
        act()
    except DomainError as error:
        db.session.rollback()
        put(form, error)
        return _page(need, form)
    db.session.commit()
    flash(said, "success")
    return redirect(url_for(".show", public_id=need.public_id), HTTPStatus.SEE_OTHER)


def _asked(
    need: EngagementNeed,
    form: EndForm | PutOffForm,
    title: str,
    act: Callable[[], None],
    said: str,
) -> ResponseReturnValue:
    """Ask for what an act on ``need`` needs, and do it."""
    public_id = need.public_id
    if form.validate_on_submit():
        try:
            act()
        except DomainError as error:
            db.session.rollback()
            is_day = isinstance(error, need_decisions.PutOffError) and isinstance(form, PutOffForm)
            put(form, error, form["until"] if is_day else None)
        else:
            db.session.commit()
            flash(said, "success")
            return redirect(url_for(".show", public_id=public_id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "hosting/need_act.html",
        need=need,
        form=form,
        heading=title,
        decide_by=need_decisions.decision_day(need),
        is_end=isinstance(form, EndForm),
    )
    return page, status


def _page(
    need: EngagementNeed, form: SupportForm | TakeBackForm | BeginOfferForm | None = None
) -> ResponseReturnValue:
    """Show a need; ``form`` is one that was refused."""
    person, now = the_person(), clock.utcnow()
    own = _own_countries(need)
    page = render_template(
        "hosting/need.html",
        need=need,
        status=needs.status_on(need, now.date()),
        supports=need_queries.supports_of(need),
        own_support=need_queries.support_of(need, person),
        is_own=need.proposed_by_id == person.id,
        takes_offers=need_offers.takes_offers(need, now),
        own=own,
        own_offers=need_page.offers_of(need, access.countries_of(person)),
        is_contact=access.make_offers(person),
        offers=need_queries.waiting_offers(need.edition)
        if need.edition is not None and access.read_plan(person)
        else [],
        decide_by=need_decisions.decision_day(need),
        today=now.date(),
        region=REGION_NAMES[need.series.region or ""],
        reads_plan=access.read_plan(person),
        may_organise=access.organise(person),
        may_lead=access.lead_decision(person),
        may_edit=needs.is_unanswered(need) and may_speak_for(person, need),
        may_withdraw=may_speak_for(person, need),
        support_form=form if isinstance(form, SupportForm) else SupportForm(formdata=None),
        take_back_form=form if isinstance(form, TakeBackForm) else TakeBackForm(formdata=None),
        offer_form=form if isinstance(form, BeginOfferForm) else BeginOfferForm.among(own),
        refused=form,
        history=audit.history(need),
    )
    return page, HTTPStatus.OK if form is None else HTTPStatus.UNPROCESSABLE_ENTITY


def _may_propose() -> bool:
    person = current_person()
    return access.read_plan(person) or bool(countries.associations_of(access.countries_of(person)))


def _with_choices(form: NeedForm) -> NeedForm:
    person = current_person()
    reads_plan = access.read_plan(person)
    form.series.choices = options(
        (one.slug, _(REGION_NAMES[one.region]))
        for one in series_queries.all_series()
        if one.kind is SeriesKind.REGIONAL_ENGAGEMENT and one.region in REGION_NAMES
    )
    among = None if reads_plan else access.countries_of(person)
    own = [(one.slug, one.name) for one in countries.associations_of(among)]
    nobody = [("", _("None: by the committee"))] if reads_plan else []
    form.association.choices = options([*nobody, *own])
    return form


def _field_of(form: NeedForm, error: DomainError) -> Field | None:
    """Return the field that ``error`` is about."""
    names: dict[type[DomainError], str] = {
        needs.NeedSeriesError: "series",
        needs.NeedMonthsError: "last_month",
        needs.NeedTooNearError: "year",
        needs.NeedYearError: "year",
        needs.NeedTwiceError: "title",
        needs.ProposerError: "association",
    }
    name = names.get(type(error))
    return next((field for field in form if field.short_name == name), None)


def _own_countries(need: EngagementNeed | None = None) -> list[tuple[str, str]]:
    """Return the reader's countries, those of the region of ``need`` if one is named."""
    own = access.countries_of(current_person())
    names = {code: name for code, name in countries.names() if code in own}
    if need is not None:
        region = countries.codes_of(need.series.region or "")
        names = {code: name for code, name in names.items() if code in region}
    return list(names.items())


def _need(public_id: str) -> EngagementNeed:
    found = need_queries.find(public_id)
    if found is None:
        raise NotFoundError
    return found
