"""People and their roles: the desk's list, a contact's deputies, and taking an invitation."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import audit, clock
from app.accounts import access, grants
from app.accounts import queries as accounts
from app.accounts import service as accounts_service
from app.accounts.access import the_person
from app.accounts.forms import ROLE_LABELS
from app.accounts.models import Grant, Invitation, Person, Role
from app.countries import queries as countries
from app.database import db
from app.desk import people
from app.desk.people_forms import ActForm, DeputyForm, EndForm, HandOverForm, InviteForm
from app.editions import queries as editions
from app.editions.scopes import role_words, scope_names
from app.forms import options, put
from app.i18n import gettext as _
from app.i18n import user_message
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from flask_wtf import FlaskForm

bp = Blueprint("people", __name__)


# -- the desk --------------------------------------------------------------------------------


@bp.route("/organise/people", methods=["GET", "POST"])
@access.needs(access.organise)
@access.fresh_to_act
def index() -> ResponseReturnValue:
    """Show who holds which role and who is invited, and invite somebody."""
    names = scope_names()
    form = InviteForm()
    form.country.choices = options([("", _("None")), *countries.names()])
    form.edition.choices = options(
        [("", _("None")), *((one.slug, one.title) for one in editions.every_edition())]
    )
    if form.validate_on_submit() and _invite(form):
        return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)
    wish, now = people.Wish.read(request.args), clock.real_utcnow()
    found, pages = people.standing(wish)
    page = render_template(
        "desk/people.html",
        form=form,
        grants=[(grant, role_words(grant, names)) for grant in found],
        pages=pages,
        is_chosen=wish.is_any,
        fields=_filter_fields(wish, names),
        invitations=[
            (row, role_words(row, names), row.is_open(now)) for row in people.invitations()
        ],
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.get("/organise/people/<int:person_id>")
@access.needs(access.organise)
def person(person_id: int) -> ResponseReturnValue:
    """Show one person: the roles they hold and held, and what happened to them."""
    found = db.session.get(Person, person_id)
    if found is None:
        raise NotFoundError
    names, now = scope_names(), clock.real_utcnow()
    return render_template(
        "desk/person.html",
        person=found,
        grants=[
            (grant, role_words(grant, names), grant.holds(now)) for grant in reversed(found.grants)
        ],
        session_count=len(accounts.sessions_of(found, now=now)),
        form=ActForm(formdata=None),
        history=audit.history(found),
    )


@bp.post("/organise/people/<int:person_id>/sign-out")
@access.needs(access.organise)
@access.fresh
def sign_out(person_id: int) -> ResponseReturnValue:
    """End every session of somebody whose device is lost."""
    found = db.session.get(Person, person_id)
    if found is None:
        raise NotFoundError
    accounts_service.sign_out(found, by=the_person(), now=clock.real_utcnow())
    db.session.commit()
    flash(_("%(name)s is signed out everywhere, and told so.", name=found.display_name), "success")
    return redirect(url_for(".person", person_id=person_id), HTTPStatus.SEE_OTHER)


@bp.route("/organise/people/grants/<int:grant_id>/end", methods=["GET", "POST"])
@access.needs(access.organise)
@access.fresh
def end(grant_id: int) -> ResponseReturnValue:
    """End a role, now or after a day."""
    grant = _grant(grant_id)
    return _end(grant, url_for(".person", person_id=grant.person_id))


@bp.route("/organise/people/grants/<int:grant_id>/hand-over", methods=["GET", "POST"])
@access.needs(access.organise)
@access.fresh
def hand_over(grant_id: int) -> ResponseReturnValue:
    """Offer somebody's role to somebody else."""
    grant, form = _grant(grant_id), HandOverForm()
    back = url_for(".person", person_id=grant.person_id)
    if form.validate_on_submit():
        now = clock.real_utcnow()
        try:
            invitation, token = grants.hand_over(
                grant, form.email.data, reason=form.reason.data, by=the_person(), now=now
            )
            people.post_invitation(invitation, token, now=now)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The invitation is on its way. The role moves as it is taken."), "success")
            return redirect(back, HTTPStatus.SEE_OTHER)
    return _act_page(_("Hand over the role"), grant, form, back)


@bp.post("/organise/people/invitations/<int:invitation_id>/<any(resend,withdraw):what>")
@access.needs(access.organise)
@access.fresh
def change_invitation(invitation_id: int, what: str) -> ResponseReturnValue:
    """Send an invitation again, or withdraw it."""
    return _change(_invitation(invitation_id), what, url_for(".index"))


# -- a contact's deputies --------------------------------------------------------------------


@bp.route("/me/deputies", methods=["GET", "POST"])
@access.needs(access.name_deputies)
@access.fresh_to_act
def deputies() -> ResponseReturnValue:
    """Show the deputies of the reader's countries, and invite one."""
    own = access.countries_with_deputies(the_person())
    form = DeputyForm()
    form.country.choices = options((code, name) for code, name in countries.names() if code in own)
    if form.validate_on_submit() and _invite(form):
        return redirect(url_for(".deputies"), HTTPStatus.SEE_OTHER)
    now, names = clock.real_utcnow(), dict(countries.names())
    page = render_template(
        "desk/deputies.html",
        form=form,
        names=names,
        grants=people.deputies(own),
        invitations=[(row, row.is_open(now)) for row in people.invitations(own)],
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.route("/me/deputies/<int:grant_id>/end", methods=["GET", "POST"])
@access.needs(access.name_deputies)
@access.fresh
def end_deputy(grant_id: int) -> ResponseReturnValue:
    """End a deputy's role."""
    grant = _grant(grant_id)
    if not grant.is_deputy:
        raise NotFoundError
    access.require(access.deputises_for, grant.scope_key)
    return _end(grant, url_for(".deputies"))


@bp.post("/me/deputies/invitations/<int:invitation_id>/<any(resend,withdraw):what>")
@access.needs(access.name_deputies)
@access.fresh
def change_deputys_invitation(invitation_id: int, what: str) -> ResponseReturnValue:
    """Send a deputy's invitation again, or withdraw it."""
    invitation = _invitation(invitation_id)
    if not invitation.is_deputy:
        raise NotFoundError
    access.require(access.deputises_for, invitation.scope_key)
    return _change(invitation, what, url_for(".deputies"))


# -- whoever is invited ----------------------------------------------------------------------


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@access.needs(access.signed_in)
def invitation(token: str) -> ResponseReturnValue:
    """Show what is offered to the reader's address, and take it."""
    now, form = clock.real_utcnow(), ActForm()
    found = grants.find_open(token, the_person(), now=now)
    if form.validate_on_submit():
        replaced = found.replaces
        grant = grants.accept(token, the_person(), now=now)
        if grant.role is Role.ORGANISER:
            people.post_new_organiser(grant, found.invited_by, now=now)
        if replaced is not None:
            people.post_end(replaced, now=now)
        db.session.commit()
        flash(_("The role is yours."), "success")
        return redirect(url_for("registrations.mine"), HTTPStatus.SEE_OTHER)
    return render_template(
        "desk/invitation.html",
        invitation=found,
        role=role_words(found, scope_names()),
        form=form,
    )


# -- what they share -------------------------------------------------------------------------


def _invite(form: InviteForm | DeputyForm) -> bool:
    now = clock.real_utcnow()
    try:
        invitation, token = grants.invite(form.email.data, form.offer, by=the_person(), now=now)
        people.post_invitation(invitation, token, now=now)
    except DomainError as error:
        db.session.rollback()
        put(form, error)
        return False
    db.session.commit()
    flash(_("The invitation is on its way to %(email)s.", email=invitation.email), "success")
    return True


def _end(grant: Grant, back: str) -> ResponseReturnValue:
    form = EndForm()
    if form.validate_on_submit():
        now = clock.real_utcnow()
        try:
            grants.end(grant, reason=form.reason.data, by=the_person(), now=now, at=form.at)
            people.post_end(grant, now=now)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The role ends, and its holder is told."), "success")
            return redirect(back, HTTPStatus.SEE_OTHER)
    return _act_page(_("End the role"), grant, form, back)


def _change(invitation: Invitation, what: str, back: str) -> ResponseReturnValue:
    now = clock.real_utcnow()
    if ActForm().validate_on_submit():
        try:
            if what == "resend":
                token = grants.resend(invitation, by=the_person(), now=now)
                people.post_invitation(invitation, token, now=now)
            else:
                grants.withdraw(invitation, by=the_person(), now=now)
        except DomainError as error:
            db.session.rollback()
            flash(user_message(error), "error")
        else:
            db.session.commit()
            said = _("Sent again; the link before is dead."), _("The invitation is withdrawn.")
            flash(said[what == "withdraw"], "success")
    return redirect(back, HTTPStatus.SEE_OTHER)


def _act_page(title: str, grant: Grant, form: FlaskForm, back: str) -> ResponseReturnValue:
    page = render_template(
        "desk/role_act.html",
        title=title,
        grant=grant,
        role=role_words(grant, scope_names()),
        form=form,
        back=back,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _filter_fields(wish: people.Wish, names: dict[str, str]) -> list[dict[str, object]]:
    scopes = sorted({grant.scope_key for grant in accounts.staff() if grant.scope_key})
    roles = [(role.value, ROLE_LABELS[role]) for role in Role]
    return [
        {"name": "words", "label": _("Name or address"), "value": wish.words},
        {
            "name": "role",
            "label": _("Role"),
            "value": wish.role,
            "options": [("", _("All")), *roles],
        },
        {
            "name": "scope",
            "label": _("For"),
            "value": wish.scope,
            "options": [("", _("All")), *((key, names.get(key, key)) for key in scopes)],
        },
    ]


def _grant(grant_id: int) -> Grant:
    found = db.session.get(Grant, grant_id)
    if found is None:
        raise NotFoundError
    return found


def _invitation(invitation_id: int) -> Invitation:
    found = db.session.get(Invitation, invitation_id)
    if found is None:
        raise NotFoundError
    return found
