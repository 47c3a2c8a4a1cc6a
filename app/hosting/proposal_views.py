"""What a host proposes to change: the forms of the host, the answer of an organiser."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.access import current_person, the_person
from app.database import db
from app.editions import clashing
from app.editions import service as editions
from app.forms import put
from app.hosting import host_team, proposals
from app.hosting.agreement_views import hosted_edition
from app.hosting.host_models import ProposalStatus
from app.hosting.offer_page import CheckedWindow
from app.hosting.proposal_forms import (
    AnswerForm,
    ProposeDaysForm,
    ProposePlaceForm,
    WithdrawProposalForm,
)
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.i18n import user_message
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from datetime import date

    from flask.typing import ResponseReturnValue
    from wtforms import Field

    from app.editions.models import Edition
    from app.hosting.host_models import HostProposal

bp = Blueprint("proposals", __name__, url_prefix="/hosting/host/<slug>/proposals")

STATUS_WORDS = {
    ProposalStatus.OPEN: _l("Waits for an answer"),
    ProposalStatus.APPROVED: _l("Approved"),
    ProposalStatus.DECLINED: _l("Declined"),
    ProposalStatus.WITHDRAWN: _l("Withdrawn"),
    ProposalStatus.REPLACED: _l("Replaced by a newer one"),
}


@bp.get("")
@access.needs(access.signed_in)
def index(slug: str) -> ResponseReturnValue:
    """Show what was proposed and answered, the newest first."""
    edition = hosted_edition(slug)
    found = [one for one in proposals.proposals(edition) if _is_seen(edition, one)]
    return render_template(
        "hosting/proposals.html",
        edition=edition,
        proposals=list(reversed(found)),
        words=STATUS_WORDS,
        names=accounts.display_names([one.person_id for one in found]),
        may_propose=_may_propose(edition),
        may_organise=access.organise(current_person()),
        form=WithdrawProposalForm(),
    )


@bp.route("/<any(days,place):what>", methods=["GET", "POST"])
@access.needs(access.signed_in)
def propose(slug: str, what: str) -> ResponseReturnValue:
    """Propose other days or another place; "look" tells of clashes and saves nothing."""
    edition = hosted_edition(slug)
    if not _may_propose(edition):
        raise NotFoundError
    form = ProposeDaysForm() if what == "days" else ProposePlaceForm(obj=_Standing(edition))
    is_look = "check" in request.form
    if form.validate_on_submit() and not is_look:
        try:
            proposals.propose(edition, form.change(), by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            flash(_("The proposal is on its way to the organisers."), "success")
            return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    days = form.days if isinstance(form, ProposeDaysForm) else None
    page = render_template(
        "hosting/propose.html",
        edition=edition,
        form=form,
        what=what,
        windows=[_looked_at(edition, days)] if days else [],
    )
    is_wrong = form.is_submitted() and not is_look
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK


@bp.post("/look")
@access.needs(access.signed_in)
def look(slug: str) -> ResponseReturnValue:
    """Answer with what lies on the days being typed, as a fragment."""
    edition, form = hosted_edition(slug), ProposeDaysForm()
    if not _may_propose(edition):
        raise NotFoundError
    form.validate()  # reads the days; what else is missing does not matter yet
    windows = [_looked_at(edition, form.days)] if form.days else []
    return render_template("hosting/_windows.html", windows=windows)


@bp.post("/<int:number>/withdraw")
@access.needs(access.signed_in)
def withdraw(slug: str, number: int) -> ResponseReturnValue:
    """Take a proposal back."""
    edition = hosted_edition(slug)
    if not _may_propose(edition):
        raise NotFoundError
    found = _proposal(edition, number)
    if WithdrawProposalForm().validate_on_submit():
        proposals.withdraw(found, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The proposal is withdrawn."), "success")
    return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)


@bp.route("/<int:number>/answer", methods=["GET", "POST"])
@access.needs(access.organise)
def answer(slug: str, number: int) -> ResponseReturnValue:
    """Approve or decline a proposal."""
    edition = hosted_edition(slug)
    found, form = _proposal(edition, number), AnswerForm()
    if not found.is_open and not form.is_submitted():
        return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    if form.validate_on_submit():
        by, now, said = the_person(), clock.utcnow(), form.answer.data or ""
        try:
            if form.verdict.data == "approve":
                proposals.approve(found, answer=said, by=by, now=now)
            else:
                proposals.decline(found, said, by=by, now=now)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Answered: %(words)s.", words=STATUS_WORDS[found.status]), "success")
            return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    days = found.days
    page = render_template(
        "hosting/proposal_answer.html",
        edition=edition,
        proposal=found,
        form=form,
        windows=[_looked_at(edition, days)] if days else [],
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


class _Standing:
    """The place as it stands, for the form to begin with."""

    def __init__(self, edition: Edition) -> None:
        self.city, self.venue = edition.city, edition.venue
        self.venue_address = edition.venue_address


def _looked_at(edition: Edition, days: tuple[date, date]) -> CheckedWindow:
    """Return what is to be said of ``days``."""
    try:
        editions.check_span(*days)
    except DomainError as error:
        return CheckedWindow(*days, user_message(error), ())
    return CheckedWindow(*days, "", clashing.clashes_on(edition, *days))


def _may_propose(edition: Edition) -> bool:
    """Whether the reader is of the host, and the edition lies ahead with its host confirmed."""
    person, now = current_person(), clock.utcnow()
    is_contact = edition.country_code is not None and access.offer_for(person, edition.country_code)
    is_host = is_contact or access.on_host_team(person, edition, now.date())
    has_begun = edition.has_begun(edition.day_at(now))
    return is_host and host_team.has_team(edition) and not has_begun


def _is_seen(edition: Edition, proposal: HostProposal) -> bool:
    """Whether the reader sees it: of the present host, or for organisers any."""
    is_present = proposal.country_code == edition.country_code
    return is_present or access.organise(current_person())


def _proposal(edition: Edition, number: int) -> HostProposal:
    found = proposals.find(edition, number)
    if found is None or not _is_seen(edition, found):
        raise NotFoundError
    return found


def _field_of(form: ProposeDaysForm | ProposePlaceForm, error: DomainError) -> Field | None:
    """Return the field that ``error`` is about."""
    if isinstance(error, proposals.PastDaysError | editions.YearError):
        return form.first_day
    if isinstance(error, editions.SpanError):
        return form.last_day
    if isinstance(error, proposals.SameError):
        return form.first_day if isinstance(form, ProposeDaysForm) else form.city
    return None
