"""Pages of wishes for personal data, and the participants' list."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.editions import queries as editions
from app.exports import service
from app.exports.forms import KIND_LABELS, AskForm, PostForm
from app.exports.models import ReleaseKind
from app.i18n import gettext as _
from app.registrations import queries as registrations
from scheduler.errors import NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.exports.models import Release

bp = Blueprint("exports", __name__)

MEDIA_TYPES = {
    ReleaseKind.CSV: "text/csv",
    ReleaseKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@bp.route("/organise/editions/<slug>/exports", methods=["GET", "POST"])
@access.needs(access.organise)
@access.fresh
def index(slug: str) -> ResponseReturnValue:
    """Show what was asked for, and ask for more."""
    edition, form = editions.get(slug), AskForm()
    if form.validate_on_submit():
        kind = ReleaseKind(form.kind.data)
        service.ask(edition, kind, form.reason.data or "", by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("Asked. Who grants it does so on this page."), "success")
        return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    me, real_now = the_person(), clock.real_utcnow()
    has_others, has_granter = service.others(me, real_now)
    page = render_template(
        "exports/index.html",
        edition=edition,
        form=form,
        post_form=PostForm(formdata=None),
        releases=[
            (release, service.may_grant(release, me, real_now))
            for release in service.of_edition(edition)
        ],
        labels=KIND_LABELS,
        me=me,
        has_others=has_others,
        has_granter=has_granter,
    )
    return page, status


@bp.post("/organise/exports/<public_id>/<act>")
@access.needs(access.organise)
@access.fresh
def decide(public_id: str, act: str) -> ResponseReturnValue:
    """Grant, decline or end."""
    release, by, now = _release(public_id), the_person(), clock.utcnow()
    back = redirect(url_for(".index", slug=release.edition.slug), HTTPStatus.SEE_OTHER)
    if not PostForm().validate_on_submit():
        return back
    if act == "grant":
        service.grant(release, by=by, now=now, real_now=clock.real_utcnow())
        words = _("Granted: who asked can fetch it for 24 hours.")
        if release.kind is ReleaseKind.LIST:
            words = _("Granted: the participants see the list.")
    elif act == "decline":
        service.decline(release, by=by, now=now)
        words = _("Not granted.")
    elif act == "end":
        service.end(release, by=by, now=now)
        words = _("Taken away.")
    else:
        raise NotFoundError
    db.session.commit()
    flash(words, "success")
    return back


@bp.get("/organise/exports/<public_id>/file")
@access.needs(access.organise)
@access.fresh
def fetch(public_id: str) -> ResponseReturnValue:
    """Give the file to who asked for it, and to nobody else."""
    release = _release(public_id)
    if release.asked_by_id != the_person().id or release.kind is ReleaseKind.LIST:
        raise NotFoundError
    content = service.fetch(
        release, by=the_person(), now=clock.utcnow(), real_now=clock.real_utcnow()
    )
    db.session.commit()
    answer = Response(content, mimetype=MEDIA_TYPES[release.kind])
    name = f"{release.edition.slug}-registrations.{release.kind.value}"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def take_part(person: Person | None, edition: Edition) -> bool:
    """Who has a place there, and organisers."""
    if person is None:
        return False
    standing = registrations.find(edition, person)
    return access.organise(person) or (standing is not None and standing.has_place)


@bp.get("/editions/<slug>/participants")
@access.needs(access.signed_in)
def participants(slug: str) -> ResponseReturnValue:
    """Show the participants who of them agreed to be shown."""
    edition = editions.get(slug)
    access.require(take_part, edition)
    if service.shown_list(edition) is None:
        raise NotFoundError
    return render_template(
        "exports/participants.html", edition=edition, rows=service.who_agreed(edition)
    )


def _release(public_id: str) -> Release:
    release = service.find(public_id)
    if release is None:
        raise NotFoundError
    return release
