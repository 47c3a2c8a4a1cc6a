"""Walk-ins at the door: by a form, or sent later by a door that was offline."""

from __future__ import annotations

import secrets
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.door import service, walk_ins
from app.door.access import door_of
from app.door.forms import WalkInForm, sent_items
from app.door.walk_ins import Visitor
from app.forms import clean, options, put
from app.i18n import gettext as _
from app.i18n import user_message
from app.registrations import seating, waiting
from scheduler.errors import DomainError
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition
    from app.registrations.models import Registration

bp = Blueprint("walk_ins", __name__, url_prefix="/door")
SYNC_MAX = 100


@bp.route("/<slug>/walk-in", methods=["GET", "POST"])
@access.needs(access.signed_in)
def walk_in(slug: str) -> ResponseReturnValue:
    """Register somebody on site, as the edition's rule allows."""
    edition, now = door_of(slug), clock.utcnow()
    form = WalkInForm(data={"key": secrets.token_urlsafe(16)})
    form.country.choices = options([("", _("(not told)")), *countries.names()])
    if form.validate_on_submit():
        visitor = Visitor(
            form.key.data or "",
            form.name.data or "",
            form.email.data or "",
            form.country.data or None,
        )
        try:
            day = service.day_now(edition, now)
            made = walk_ins.take_in(edition, visitor, day, seen_at=now, by=the_person(), now=now)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(said(made), "success" if made.holds_seat else "warning")
            return redirect(url_for("door.show", slug=slug), HTTPStatus.SEE_OTHER)
    page = render_template(
        "door/walk_in.html",
        edition=edition,
        form=form,
        rule=seating.settings_of(edition).walk_ins,
        is_open=service.is_open(edition, now),
        prospect=waiting.prospect(edition, None),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.post("/<slug>/walk-ins")
@access.needs(access.signed_in)
def sync(slug: str) -> ResponseReturnValue:
    """Take who was registered offline: ``[{key, name, email, country, day, at}]``.

    Answers ``[{key, ok, words}]``: each in a transaction of its own, each counted once.
    """
    edition = door_of(slug)
    answer = jsonify([_synced(edition, item) for item in sent_items(SYNC_MAX)])
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _synced(edition: Edition, item: Any) -> dict[str, Any]:  # noqa: ANN401 - what a client sent
    fields = item if isinstance(item, dict) else {}

    def text(name: str, most: int) -> str:
        return clean(str(fields.get(name, ""))[:most])

    key, now = text("key", 40), clock.utcnow()
    code = text("country", 3)
    country = countries.find(code) if code else None
    try:
        seen_at = datetime.fromisoformat(text("at", 40))
        day = service.day_now(edition, seen_at if seen_at.tzinfo else now)
    except (ValueError, OverflowError):
        return {"key": key, "ok": False, "words": _("This is no day or no moment.")}
    visitor = Visitor(key, text("name", 200), text("email", 254), country.code if country else None)
    try:
        made = walk_ins.take_in(
            edition,
            visitor,
            day,
            seen_at=seen_at if seen_at.tzinfo else now,
            by=the_person(),
            now=now,
        )
        words = said(made)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        return {"key": key, "ok": False, "words": user_message(error)}
    return {"key": key, "ok": made.holds_seat, "words": words}


def said(registration: Registration) -> str:
    """Say what became of a walk-in."""
    name = registration.person.display_name
    if registration.holds_seat:
        return _("%(name)s has a place and is checked in.", name=name)
    if registration.status is RegistrationStatus.WAITLISTED:
        return _(
            "No place is free for %(name)s: number %(number)s in the queue.",
            name=name,
            number=waiting.number(registration),
        )
    return _("%(name)s is noted; an organiser decides.", name=name)
