"""What countries could host in the years ahead: told by their contacts, read by the committee."""

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
from app.hosting import interests, queries
from app.hosting.interest_forms import COST_SHARES, MONTHS, InterestForm, WithdrawInterestForm
from app.i18n import gettext as _
from app.series import queries as series_queries
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from wtforms import Field

    from app.hosting.models import HostingInterest
    from app.series.models import Series

bp = Blueprint("interests", __name__, url_prefix="/hosting/interests")


@bp.get("/")
@access.needs(access.see_calls)
def index() -> ResponseReturnValue:
    """Show the interests of the reader's countries; to the committee and organisers, all."""
    person = current_person()
    sees_all = access.read_plan(person)
    own = access.countries_of(person)
    return render_template(
        "hosting/interests.html",
        interests=queries.interests(None if sees_all else own),
        own=own,
        sees_all=sees_all,
        words=_words,
        region_names=REGION_NAMES,
    )


@bp.route("/new", methods=["GET", "POST"])
@access.needs(access.make_offers)
def add() -> ResponseReturnValue:
    """Tell what a country of the reader's could host."""
    own = access.countries_of(current_person())
    form = _with_choices(
        InterestForm(), [(code, name) for code, name in countries.names() if code in own]
    )
    if form.validate_on_submit():
        country, series = countries.find(form.country.data), _series(form)
        if country is None:
            raise NotFoundError
        access.require(access.offer_for, country.code)
        try:
            made = interests.tell(
                series, country, form.facts(), by=the_person(), now=clock.utcnow()
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            said = _("The interest is recorded; the committee and the organisers see it.")
            flash(said, "success")
            return redirect(url_for(".show", public_id=made.public_id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("hosting/interest_form.html", form=form, interest=None), status


@bp.get("/<public_id>")
@access.needs(access.see_calls)
def show(public_id: str) -> ResponseReturnValue:
    """Show one interest to its country, the committee and organisers."""
    found = _interest(public_id)
    return render_template(
        "hosting/interest.html",
        interest=found,
        words=_words,
        can_change=access.offer_for(current_person(), found.country_code) and found.stands,
        withdraw_form=WithdrawInterestForm(),
        history=audit.history(found),
    )


@bp.route("/<public_id>/edit", methods=["GET", "POST"])
@access.needs(access.make_offers)
def edit(public_id: str) -> ResponseReturnValue:
    """Change an interest."""
    found = _interest(public_id)
    access.require(access.offer_for, found.country_code)
    form = _with_choices(InterestForm.of(found), [(found.country_code, found.country.name)])
    if form.validate_on_submit():
        try:
            interests.change(
                found, _series(form), form.facts(), by=the_person(), now=clock.utcnow()
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            flash(_("The interest is changed."), "success")
            return redirect(url_for(".show", public_id=public_id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("hosting/interest_form.html", form=form, interest=found), status


@bp.post("/<public_id>/withdraw")
@access.needs(access.make_offers)
def withdraw(public_id: str) -> ResponseReturnValue:
    """Withdraw an interest."""
    found = _interest(public_id)
    access.require(access.offer_for, found.country_code)
    if WithdrawInterestForm().validate_on_submit():
        interests.withdraw(found, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The interest is withdrawn."), "success")
    return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)


def _with_choices(form: InterestForm, own: list[tuple[str, str]]) -> InterestForm:
    form.country.choices = options(own)
    form.series.choices = options(
        (series.slug, series.title)
        for series in series_queries.all_series()
        if series.rule is not None
    )
    return form


def _series(form: InterestForm) -> Series:
    found = series_queries.find(form.series.data)
    if found is None:
        raise NotFoundError
    return found


def _field_of(form: InterestForm, error: DomainError) -> Field | None:
    """Return the field that ``error`` is about."""
    if isinstance(error, interests.InterestYearsError | interests.InterestOverError):
        return form.last_year
    if isinstance(error, interests.InterestRegionError | interests.InterestRuleError):
        return form.series
    return None


def _words(interest: HostingInterest) -> dict[str, str]:
    """Return what an interest says, for templates: years, months, costs."""
    first, last = interest.first_year, interest.last_year
    return {
        "years": str(first) if first == last else f"{first}–{last}",
        "months": ", ".join(str(MONTHS[month - 1]) for month in interests.months_of(interest)),
        "costs": str(COST_SHARES[interest.cost_share]),
    }


def _interest(public_id: str) -> HostingInterest:
    found = queries.find_interest(public_id)
    if found is None:
        raise NotFoundError
    access.require(access.see_offer, found.country_code)
    return found
