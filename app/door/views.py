"""The door of an edition: large type, one hand, and it goes on when the network does not."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from http import HTTPStatus
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)

from app import audit, clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.documents import service as documents
from app.door import queries, service, walk_ins
from app.door.access import door_of
from app.door.forms import CloseForm, GuestForm, WalkInForm, sent_items
from app.forms import options
from app.i18n import gettext as _
from app.i18n import user_message
from app.registrations import queries as registrations
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition
    from app.registrations.models import Registration

bp = Blueprint("door", __name__, url_prefix="/door")

SYNC_MAX = 500  # check-ins in one message; a door that was offline longer sends several
SHOWN_MAX = 30
READER = "lona_html5_qrcode"
"""Brings html5-qrcode, which reads codes in every browser; nothing else of the package is used."""


@bp.get("/<slug>")
@access.needs(access.signed_in)
def show(slug: str) -> ResponseReturnValue:
    """Find people by badge or name, and see how many have come."""
    edition, now = door_of(slug), clock.utcnow()
    found = queries.guests(edition)
    text = request.args.get("q", "")[:200]
    matching = queries.matching(found, text) if text.strip() else []
    counts = queries.counts(edition)
    page = render_template(
        "door/show.html",
        edition=edition,
        is_open=service.is_open(edition, now),
        is_over=edition.day_at(now) >= edition.dtend,
        may_close=access.organise(the_person()),
        day=service.day_now(edition, now),
        days=[(day, counts.get(day, 0)) for day in service.days_of(edition)],
        guest_count=len(found),
        text=text,
        matching=matching[:SHOWN_MAX],
        more_count=max(0, len(matching) - SHOWN_MAX),
        form=GuestForm(formdata=None),
        close_form=CloseForm(formdata=None),
        walk_in_form=_walk_in_form() if walk_ins.are_taken(edition) else None,
        walk_in_key=secrets.token_urlsafe(16),
        reader_version=version(READER),
    )
    answer = make_response(page)
    answer.headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=()"
    return answer


@bp.post("/<slug>/check-in")
@access.needs(access.signed_in)
def check_in(slug: str) -> ResponseReturnValue:
    """Record that somebody came."""
    return _at_the_door(slug, takes_back=False)


@bp.post("/<slug>/take-back")
@access.needs(access.signed_in)
def take_back(slug: str) -> ResponseReturnValue:
    """Take a check-in back."""
    return _at_the_door(slug, takes_back=True)


def _at_the_door(slug: str, *, takes_back: bool) -> ResponseReturnValue:
    edition, form, now = door_of(slug), GuestForm(), clock.utcnow()
    back = redirect(url_for(".show", slug=slug, q=form.q.data or None), HTTPStatus.SEE_OTHER)
    if not form.validate_on_submit():
        flash(_("Choose a person and a day of the event."), "error")
        return back
    registration = _guest(edition, form.guest.data)
    name = registration.person.display_name
    try:
        if takes_back:
            service.take_back(registration, form.day.data, by=the_person(), now=now)
            words = _("%(name)s is not checked in any more.", name=name)
        elif service.check_in(registration, form.day.data, seen_at=now, by=the_person(), now=now):
            words = _("%(name)s is checked in.", name=name)
        else:
            words = _("%(name)s was checked in already.", name=name)
    except DomainError as error:
        db.session.rollback()
        flash(user_message(error), "error")
        return back
    db.session.commit()
    flash(words, "success")
    return back


@bp.get("/<slug>/guests.json")
@access.needs(access.signed_in)
def guests(slug: str) -> ResponseReturnValue:
    """Answer with who may come in, for a door that has to go on without the network.

    Badges that are not made yet are made now, so that every code can be read offline. That the
    list was taken along stands in the log.
    """
    edition, now = door_of(slug), clock.utcnow()
    documents.make_badges(edition, by=the_person(), now=now)
    audit.record("edition.door_list_taken", edition, by=the_person(), now=now)
    db.session.commit()
    return _json(
        {
            "until": edition.dtend.isoformat(),
            "now": now.isoformat(),
            "guests": [
                {
                    "id": guest.public_id,
                    "name": guest.name,
                    "code": guest.code,
                    "days": [day.isoformat() for day in guest.days],
                }
                for guest in queries.guests(edition)
            ],
        }
    )


@bp.post("/<slug>/sync")
@access.needs(access.signed_in)
def sync(slug: str) -> ResponseReturnValue:
    """Take what a door recorded: ``[{id, day, at}]``, each counted once however often it is sent.

    Answers ``{"answers": [{id, day, ok, words}], "days": {day: count}, "came": [id]}``: in the
    order asked, how many came by day, and who has come today, at whichever door.
    """
    edition = door_of(slug)
    answers = [_synced(edition, item) for item in sent_items(SYNC_MAX)]
    today = service.day_now(edition, clock.utcnow())
    return _json(
        {
            "answers": answers,
            "days": {day.isoformat(): n for day, n in queries.counts(edition).items()},
            "came": queries.came_on(edition, today),
        }
    )


def _synced(edition: Edition, item: Any) -> dict[str, Any]:  # noqa: ANN401 - what a client sent
    """Record one check-in in a transaction of its own, so that one refusal costs no other."""
    fields = item if isinstance(item, dict) else {}
    public_id, day_text = str(fields.get("id", ""))[:40], str(fields.get("day", ""))[:10]
    answer: dict[str, Any] = {"id": public_id, "day": day_text, "ok": True, "words": ""}
    now = clock.utcnow()
    try:
        day = date.fromisoformat(day_text)
        seen_at = datetime.fromisoformat(str(fields.get("at", "")))
        seen_at = seen_at.astimezone(UTC) if seen_at.tzinfo else now
    except (ValueError, OverflowError):  # a moment before the first year of UTC
        return answer | {"ok": False, "words": _("This is no day or no moment.")}
    try:
        service.check_in(_guest(edition, public_id), day, seen_at=seen_at, by=the_person(), now=now)
        db.session.commit()
    except NotFoundError:
        db.session.rollback()
        return answer | {"ok": False, "words": _("Nobody here has this badge.")}
    except DomainError as error:
        db.session.rollback()
        return answer | {"ok": False, "words": user_message(error)}
    return answer


@bp.post("/<slug>/close")
@access.needs(access.organise)
def close(slug: str) -> ResponseReturnValue:
    """Note who attended and who did not come."""
    edition, form = door_of(slug), CloseForm()
    if form.validate_on_submit():
        came, stayed = service.close_list(edition, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(
            _(
                "The list is closed: %(came)s attended, %(stayed)s did not come.",
                came=came,
                stayed=stayed,
            ),
            "success",
        )
    return redirect(url_for(".show", slug=slug), HTTPStatus.SEE_OTHER)


@bp.get("/worker.js")
@access.public
def worker() -> ResponseReturnValue:
    """Answer with the script that keeps the door's page at hand, under the path it serves."""
    folder = f"{current_app.static_folder}/js"
    answer = send_from_directory(folder, "door_worker.js", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/reader.js")
@access.public
def reader() -> ResponseReturnValue:
    """Answer with the script that reads codes; its address changes with its version."""
    spec = find_spec(READER)
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise NotFoundError
    dist = f"{folders[0]}/static/lona-html5-qrcode/dist"
    return send_from_directory(
        dist, "html5-qrcode.min.js", mimetype="text/javascript", max_age=31_536_000
    )


def _walk_in_form() -> WalkInForm:
    form = WalkInForm(formdata=None)
    form.country.choices = options([("", _("(not told)")), *countries.names()])
    return form


def _json(found: dict[str, Any]) -> Response:
    answer = jsonify(found)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _guest(edition: Edition, public_id: str) -> Registration:
    # Half a character or a NUL would stop at the database.
    is_id = public_id.isascii() and public_id.isprintable()
    registration = registrations.by_public_id(public_id) if is_id else None
    if registration is None or registration.edition_id != edition.id:
        raise NotFoundError
    return registration
