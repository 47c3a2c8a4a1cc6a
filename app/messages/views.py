"""Organisers write to the people of an edition: choose, see, send, stop."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.editions import queries as editions
from app.forms import options, put
from app.i18n import gettext as _
from app.messages import jobs, queries, service
from app.messages.forms import MessageForm, PostForm
from app.messages.models import MessageStatus
from app.registrations.desk_forms import ROLE_WORDS
from app.registrations.models import AttendeeRole
from app.site.states import state_of
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition
    from app.messages.models import GroupMessage

bp = Blueprint("messages", __name__, url_prefix="/organise")


@bp.get("/editions/<slug>/messages")
@access.needs(access.organise)
def index(slug: str) -> ResponseReturnValue:
    """List what was written to the people of an edition."""
    edition = editions.get(slug)
    found = queries.of_edition(edition)
    return render_template(
        "messages/index.html",
        edition=edition,
        messages=[(message, *queries.progress(message)) for message in found],
        words_of=_words_of,
    )


@bp.route("/editions/<slug>/messages/new", methods=["GET", "POST"])
@access.needs(access.organise)
def new(slug: str) -> ResponseReturnValue:
    """Write a message; it is a draft until it was seen and sent."""
    return _write(editions.get(slug), None)


@bp.route("/messages/<int:message_id>/edit", methods=["GET", "POST"])
@access.needs(access.organise)
def edit(message_id: int) -> ResponseReturnValue:
    """Change a draft."""
    message = _message(message_id)
    return _write(message.edition, message)


def _write(edition: Edition, message: GroupMessage | None) -> ResponseReturnValue:
    form = MessageForm(obj=message)
    counts = queries.counts_by_status(edition)
    form.statuses.choices = options(
        (
            status.value,
            _(
                "%(state)s (%(count)s)",
                state=_(state_of(status, "registration").words),
                count=count,
            ),
        )
        for status, count in sorted(counts.items())
    )
    form.countries.choices = options(
        (code, _("%(name)s (%(count)s)", name=_country_name(code), count=count))
        for code, count in queries.counts_by_country(edition).items()
    )
    form.roles.choices = options(
        (role.value, _("%(name)s (%(count)s)", name=ROLE_WORDS[role], count=count))
        for role, count in queries.counts_by_role(edition).items()
    )
    if form.validate_on_submit():
        group = queries.Group(
            form.statuses.data or [], form.countries.data or [], form.roles.data or []
        )
        try:
            message = service.write(
                edition,
                service.Words(form.subject.data or "", form.body.data or "", group),
                by=the_person(),
                now=clock.utcnow(),
                message=message,
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            return redirect(url_for(".show", message_id=message.id), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template("messages/write.html", edition=edition, form=form, has_people=counts)
    return page, status


@bp.get("/messages/<int:message_id>")
@access.needs(access.organise)
def show(message_id: int) -> ResponseReturnValue:
    """Show a message as the first of its readers gets it, and how far it has come."""
    message = _message(message_id)
    meant = queries.meant(message.edition, queries.group_of(message))
    posted, everyone = queries.progress(message)
    return render_template(
        "messages/show.html",
        message=message,
        edition=message.edition,
        letter=service.letter(message, meant[0]) if meant else None,
        reader=meant[0].person if meant else None,
        posted_count=posted,
        everyone_count=everyone or len(meant),
        states=[_(state_of(status, "registration").words) for status in message.statuses],
        country_names=[_country_name(code) for code in message.countries],
        role_names=[ROLE_WORDS[AttendeeRole(role)] for role in message.roles],
        words_of=_words_of,
        gaps=service.gaps(message, meant) if message.status is MessageStatus.DRAFT else [],
        form=PostForm(),
    )


@bp.post("/messages/<int:message_id>/<act>")
@access.needs(access.organise)
def act(message_id: int, act: str) -> ResponseReturnValue:
    """Send, stop, go on with or discard a message."""
    message, by, now = _message(message_id), the_person(), clock.utcnow()
    here = url_for(".show", message_id=message_id)
    if not PostForm().validate_on_submit():
        return redirect(here, HTTPStatus.SEE_OTHER)
    if act == "send":
        count = service.send(message, by=by, now=now, real_now=clock.real_utcnow())
        words = _("It leaves in a minute, to %(count)s people.", count=count)
    elif act == "stop":
        service.stop(message, by=by, now=now)
        words = _("Stopped: nobody else is written to.")
    elif act == "continue":
        service.go_on(message, by=by, now=now, real_now=clock.real_utcnow())
        words = _("The others are written to now.")
    elif act == "discard":
        here = url_for(".index", slug=message.edition.slug)
        service.discard(message)
        words = _("The draft is gone.")
    else:
        raise NotFoundError
    db.session.commit()
    if act in {"send", "continue"}:
        jobs.wake()
    flash(words, "success")
    return redirect(here, HTTPStatus.SEE_OTHER)


def _country_name(code: str) -> str:
    country = countries.find(code)
    return country.name if country else code


def _words_of(status: MessageStatus) -> str:
    return {
        MessageStatus.DRAFT: _("Draft"),
        MessageStatus.SENDING: _("On its way"),
        MessageStatus.STOPPED: _("Stopped"),
        MessageStatus.SENT: _("Sent"),
    }[status]


def _message(message_id: int) -> GroupMessage:
    message = queries.find(message_id)
    if message is None:
        raise NotFoundError
    return message
