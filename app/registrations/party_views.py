"""Pages of a party: make one, join it by its code, leave it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.editions import queries as editions
from app.forms import put
from app.i18n import gettext as _
from app.limits import PARTY_CODES, REGISTRATION, limiter
from app.registrations import parties, queries
from app.registrations.forms import JoinPartyForm, PartyActForm, PartyForm
from app.registrations.views import own
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.registrations.models import Registration

bp = Blueprint("parties", __name__)


@bp.route("/editions/<slug>/party", methods=["GET", "POST"])
@access.needs(access.signed_in)
@limiter.limit(REGISTRATION, methods=["POST"])
def make(slug: str) -> ResponseReturnValue:
    """Make a party for an edition, or say that it is larger or smaller."""
    edition = editions.find(slug)
    if edition is None or not edition.is_public:
        raise NotFoundError
    standing = queries.find(edition, the_person())
    state = queries.party_of(standing) if standing is not None else None
    form = PartyForm(size=state.size if state is not None else None)
    if form.validate_on_submit():
        try:
            made = parties.form(edition, the_person(), form.size.data or 0, now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            public_id = made.public_id
            db.session.commit()
            flash(_("Share the address of your party with those who come with you."), "success")
            here = url_for("registrations.show", public_id=public_id, _anchor="party")
            return redirect(here, HTTPStatus.SEE_OTHER)
    page = render_template(
        "registrations/party.html",
        edition=edition,
        form=form,
        is_open=edition.takes_registrations(clock.utcnow()),
        standing=standing,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.route("/parties/<code>", methods=["GET", "POST"])
@access.needs(access.signed_in)
@limiter.limit(PARTY_CODES)
def join(code: str) -> ResponseReturnValue:
    """Ask who knows the code whether they come with the party; it names nobody."""
    party = queries.party_by_code(code)
    if party is None or not party.edition.is_public:
        raise NotFoundError
    standing = queries.find(party.edition, the_person())
    if standing is not None and standing.party_id == party.id:
        return _onward(standing)
    form = JoinPartyForm()
    if form.validate_on_submit():
        try:
            joined = parties.join(party, the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            answer = _onward(joined)
            db.session.commit()
            flash(_("You are in the party."), "success")
            return answer
    page = render_template(
        "registrations/join_party.html",
        edition=party.edition,
        form=form,
        state=queries.parties([party.id]).get(party.id),
        standing=queries.find(party.edition, the_person()),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _onward(registration: Registration) -> ResponseReturnValue:
    """Lead to the form of who has not registered, else to the page of the place."""
    if registration.status is RegistrationStatus.DRAFT:
        here = url_for("registrations.register", slug=registration.edition.slug)
    else:
        here = url_for("registrations.show", public_id=registration.public_id, _anchor="party")
    return redirect(here, HTTPStatus.SEE_OTHER)


@bp.post("/registrations/<public_id>/party")
@access.needs(access.signed_in)
def change(public_id: str) -> ResponseReturnValue:
    """Leave the party, or let it go on without who has not registered."""
    registration = queries.by_public_id(public_id)
    if registration is None:
        raise NotFoundError
    access.require(own, registration)
    form, by, now = PartyActForm(), the_person(), clock.utcnow()
    if form.validate_on_submit():
        if form.leave.data:
            parties.leave(registration, by=by, now=now)
            words = _("You come alone now, at your own turn.")
        else:
            parties.go_on(registration, by=by, now=now)
            words = _("Your party is complete as it is.")
        db.session.commit()
        flash(words, "success")
    here = url_for("registrations.show", public_id=public_id)
    return redirect(here, HTTPStatus.SEE_OTHER)
