"""The pages of an edition's host: facts, checklist, documents, who is on the team."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock, outbox
from app.accounts import access, grants
from app.accounts.access import current_person, the_person
from app.accounts.models import Role
from app.database import db
from app.editions import agreements
from app.forms import put
from app.hosting import checklist, host_team, queries
from app.hosting.agreement_views import hosted_edition
from app.hosting.host_forms import (
    OWNERS,
    AddTaskForm,
    EndMemberForm,
    InviteForm,
    TaskActForm,
    WaiveTaskForm,
)
from app.hosting.host_models import TaskOwner
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

    from app.editions.models import Edition
    from app.hosting.host_models import HostTask

bp = Blueprint("hosts", __name__, url_prefix="/hosting/host/<slug>")


@bp.get("")
@access.needs(access.signed_in)
def show(slug: str) -> ResponseReturnValue:
    """Show an edition to its host: what is agreed, what is to be done, where to go on."""
    edition, person = hosted_edition(slug), current_person()
    tasks = checklist.tasks(edition)
    today = clock.today()
    is_contact = bool(edition.country_code) and access.offer_for(person, edition.country_code or "")
    return render_template(
        "hosting/host.html",
        edition=edition,
        status=edition.status_on(today),
        tasks=tasks,
        open_count=sum(task.is_open for task in tasks),
        overdue=[task for task in tasks if task.is_overdue(today)],
        today=today,
        title_of=checklist.title_of,
        owners=OWNERS,
        letters=[row for row in agreements.current(agreements.records(edition)) if row.letter],
        offer=queries.host_offer(edition) if is_contact or access.organise(person) else None,
        may_organise=access.organise(person),
        keeps_door=access.keep_door(person, edition, today),
        sees_participants=access.see_participants(person, edition, today),
        has_team=host_team.has_team(edition),
        form=TaskActForm(),
    )


# -- the checklist ---------------------------------------------------------------------------


@bp.post("/tasks/<int:task_id>/<any(done,reopen):what>")
@access.needs(access.signed_in)
def record_task(slug: str, task_id: int, what: str) -> ResponseReturnValue:
    """Record that an item is done, or take that back: its owner, and organisers."""
    edition = hosted_edition(slug)
    task = _task(edition, task_id)
    if task.owner is TaskOwner.ORGANISER or task.waived_reason:
        access.require(access.organise)
    if TaskActForm().validate_on_submit():
        do = checklist.mark_done if what == "done" else checklist.reopen
        do(task, by=the_person(), now=clock.utcnow())
        db.session.commit()
        title = checklist.title_of(task)
        said = _("Done: %(title)s.", title=title)
        flash(said if what == "done" else _("Open again: %(title)s.", title=title), "success")
    return _back(slug, "checklist")


@bp.route("/tasks/<int:task_id>/waive", methods=["GET", "POST"])
@access.needs(access.organise)
def waive_task(slug: str, task_id: int) -> ResponseReturnValue:
    """Waive an item, for a reason."""
    edition = hosted_edition(slug)
    task, form = _task(edition, task_id), WaiveTaskForm()
    if form.validate_on_submit():
        checklist.waive(task, form.reason.data, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("Waived: %(title)s.", title=checklist.title_of(task)), "success")
        return _back(slug, "checklist")
    label = _("Waive: %(title)s", title=checklist.title_of(task))
    return _act_page(edition, form, label, _("The reason stands on the checklist."))


@bp.route("/tasks/new", methods=["GET", "POST"])
@access.needs(access.organise)
def add_task(slug: str) -> ResponseReturnValue:
    """Add an item to the checklist."""
    edition, form = hosted_edition(slug), AddTaskForm()
    if form.validate_on_submit():
        try:
            checklist.add(
                edition,
                form.title.data,
                TaskOwner(form.owner.data),
                form.due_on.data,
                by=the_person(),
                now=clock.utcnow(),
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.due_on if isinstance(error, checklist.TaskDayError) else None)
        else:
            db.session.commit()
            flash(_("Added: %(title)s.", title=form.title.data), "success")
            return _back(slug, "checklist")
    return _act_page(edition, form, _("Add to the checklist"), edition.title)


# -- the host team ---------------------------------------------------------------------------


@bp.get("/team")
@access.needs(access.signed_in)
def team(slug: str) -> ResponseReturnValue:
    """Show who is on the host team, and to those who invite who is invited."""
    edition = hosted_edition(slug)
    may_invite = _may_invite(edition)
    waiting = host_team.invitations(edition, clock.real_utcnow()) if may_invite else []
    return render_template(
        "hosting/host_team.html",
        edition=edition,
        members=host_team.members(edition),
        invitations=waiting,
        form=TaskActForm(),
        may_invite=may_invite,
    )


@bp.route("/team/invite", methods=["GET", "POST"])
@access.needs(access.signed_in)
@access.fresh
def invite(slug: str) -> ResponseReturnValue:
    """Invite somebody to the host team: organisers, and the host's national contact."""
    edition, form = hosted_edition(slug), InviteForm()
    _insist_may_invite(edition)
    if form.validate_on_submit():
        try:
            invitation = host_team.invite(
                edition, form.email.data, by=the_person(), now=clock.real_utcnow()
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.email)
        else:
            db.session.commit()
            flash(_("An invitation is on its way to %(email)s.", email=invitation.email), "success")
            return redirect(url_for(".team", slug=slug), HTTPStatus.SEE_OTHER)
    lede = _("They keep the checklist, propose days and place, and keep the door.")
    return _act_page(edition, form, _("Invite somebody to the host team"), lede)


@bp.post("/team/invitations/<int:invitation_id>/withdraw")
@access.needs(access.signed_in)
@access.fresh
def withdraw_invitation(slug: str, invitation_id: int) -> ResponseReturnValue:
    """Take an invitation back."""
    edition, now = hosted_edition(slug), clock.real_utcnow()
    _insist_may_invite(edition)
    invitation = host_team.find_invitation(edition, invitation_id, now)
    if TaskActForm().validate_on_submit():
        grants.withdraw(invitation, by=the_person(), now=now)
        db.session.commit()
        flash(_("The invitation is withdrawn; its link is dead."), "success")
    return redirect(url_for(".team", slug=slug), HTTPStatus.SEE_OTHER)


@bp.route("/team/<int:grant_id>/end", methods=["GET", "POST"])
@access.needs(access.signed_in)
@access.fresh
def end_member(slug: str, grant_id: int) -> ResponseReturnValue:
    """End somebody's role on the host team; the person is told."""
    edition, form = hosted_edition(slug), EndMemberForm()
    _insist_may_invite(edition)
    member = host_team.find_member(edition, grant_id)
    name = member.person.display_name
    if form.validate_on_submit():
        now = clock.real_utcnow()
        grants.end(member, reason=form.reason.data, by=the_person(), now=now)
        said = _("Your role on the host team of %(title)s has ended.", title=edition.title)
        letter = outbox.Letter(subject=said, paragraphs=[said, form.reason.data])
        outbox.post(member.person.email, letter, now=now)
        db.session.commit()
        flash(_("The role of %(name)s has ended.", name=name), "success")
        return redirect(url_for(".team", slug=slug), HTTPStatus.SEE_OTHER)
    label = _("End the role of %(name)s", name=name)
    return _act_page(edition, form, label, _("Host team of %(title)s", title=edition.title))


def _may_invite(edition: Edition) -> bool:
    offer = grants.Offer(Role.HOST_TEAM, edition.slug)
    return host_team.has_team(edition) and grants.may_give(
        current_person(), offer, clock.real_utcnow()
    )


def _insist_may_invite(edition: Edition) -> None:
    if not _may_invite(edition):
        raise NotFoundError


def _task(edition: Edition, task_id: int) -> HostTask:
    task = checklist.find(edition, task_id)
    if task is None:
        raise NotFoundError
    return task


def _act_page(
    edition: Edition,
    form: WaiveTaskForm | AddTaskForm | InviteForm | EndMemberForm,
    label: str,
    lede: str,
) -> ResponseReturnValue:
    page = render_template(
        "hosting/host_act.html", edition=edition, form=form, label=label, lede=lede
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _back(slug: str, part: str) -> Response:
    return redirect(f"{url_for('.show', slug=slug)}#{part}", HTTPStatus.SEE_OTHER)
