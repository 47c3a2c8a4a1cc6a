"""The visa officer's page: who needs a letter, what stands in the passport, and the letter."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import audit, clock, database
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.documents import queries, service
from app.documents.forms import PostForm, ReturnVisaForm, VisaForm
from app.documents.models import DocumentKind
from app.editions import milestone_queries
from app.editions import queries as editions
from app.forms import options
from app.i18n import gettext as _
from app.registrations import queries as registrations
from app.registrations.signals import tasks_asked
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from datetime import date, datetime

    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition
    from app.registrations.models import Registration

bp = Blueprint("visas", __name__, url_prefix="/visas")

VALID_BEYOND = timedelta(days=183)
"""Many states want a passport that is valid for half a year after the journey."""


@bp.get("/<slug>")
@access.needs(access.signed_in)
def index(slug: str) -> ResponseReturnValue:
    """List who asked for a visa support letter; that somebody looked stands in the log."""
    edition = _edition(slug)
    database.write()
    audit.record("edition.visa_requests_read", edition, by=the_person(), now=clock.utcnow())
    db.session.commit()
    rows = queries.visa_requests(edition)
    return render_template(
        "documents/visas.html",
        edition=edition,
        rows=rows,
        open_count=sum(
            document is None and not (place.visa_request and place.visa_request.returned_because)
            for place, document in rows
        ),
        due_on=_due_on(edition),
        nationalities=dict(countries.names()),
        expires_early=edition.dtend + VALID_BEYOND,
        has_words=DocumentKind.VISA_SUPPORT in queries.texts(edition),
        form=PostForm(),
    )


@bp.post("/<slug>/<public_id>")
@access.needs(access.signed_in)
def give(slug: str, public_id: str) -> ResponseReturnValue:
    """Issue a letter, and write to its person."""
    edition = _edition(slug)
    registration = registrations.by_public_id(public_id)
    if registration is None or registration.edition_id != edition.id:
        raise NotFoundError
    if PostForm().validate_on_submit():
        service.give_visa_letter(registration, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The letter is issued, and its person is written to."), "success")
    return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)


@bp.route("/<slug>/<public_id>/return", methods=["GET", "POST"])
@access.needs(access.signed_in)
def send_back(slug: str, public_id: str) -> ResponseReturnValue:
    """Send a request back with a reason; a letter that was issued is taken back."""
    edition, form = _edition(slug), ReturnVisaForm()
    registration = registrations.by_public_id(public_id)
    if registration is None or registration.edition_id != edition.id:
        raise NotFoundError
    if registration.visa_request is None:
        raise service.NotAskedError(name=registration.person.display_name)
    if form.validate_on_submit():
        because = form.because.data or ""
        service.return_asking(registration, by=the_person(), because=because, now=clock.utcnow())
        db.session.commit()
        flash(_("It is sent back, and its person is written to."), "success")
        return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    page = render_template(
        "documents/visa_return.html",
        edition=edition,
        request=registration.visa_request,
        document=queries.of_registration(registration).get(DocumentKind.VISA_SUPPORT),
        form=form,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@tasks_asked.connect
def _asking_of(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    registration: Registration,
    now: datetime,
) -> list[tuple[str, str]]:
    """Lead who may ask for a letter to the form, where it is the person's own place."""
    if registration.person_id != the_person().id:
        return []
    try:
        service.check_asking(registration, now=now)
    except DomainError:
        return []
    words = _("Ask for a visa support letter")
    if registration.visa_request is not None:
        is_back = registration.visa_request.returned_because
        words = _("Change what you told for the visa letter")
        if is_back:
            words = _("Correct what you told for the visa letter: it was sent back")
    return [(words, url_for("visas.ask", public_id=registration.public_id))]


@bp.route("/ask/<public_id>", methods=["GET", "POST"])
@access.needs(access.signed_in)
def ask(public_id: str) -> ResponseReturnValue:
    """Ask for a visa support letter of one's own; nobody else sees this form."""
    registration, now = _own(public_id), clock.utcnow()
    edition, request_ = registration.edition, registration.visa_request
    service.check_asking(registration, now=now)
    form = VisaForm(obj=request_, data=None if request_ else {"full_name": the_person().name})
    form.nationality.choices = options([("", _("Choose a country")), *countries.names()])
    if request_ is not None and not form.is_submitted():
        form.nationality.data = request_.nationality_code
    back = redirect(url_for("registrations.show", public_id=public_id), HTTPStatus.SEE_OTHER)
    last_day = edition.dtend - timedelta(days=1)
    if form.validate_on_submit() and form.insist(edition.day_at(now), last_day):
        service.ask_for_visa_letter(registration, form.passport(), by=the_person(), now=now)
        db.session.commit()
        flash(_("Asked. We write to you when the letter is ready."), "success")
        return back
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "documents/visa_form.html",
        edition=edition,
        registration=registration,
        form=form,
        post_form=PostForm(formdata=None),
        due_on=_due_on(edition),
    )
    return page, status


@bp.post("/ask/<public_id>/take-back")
@access.needs(access.signed_in)
def take_back(public_id: str) -> ResponseReturnValue:
    """Delete what one told for a letter."""
    registration = _own(public_id)
    if PostForm().validate_on_submit():
        service.take_back_asking(registration, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("What you told about your passport is deleted."), "success")
    return redirect(url_for("registrations.show", public_id=public_id), HTTPStatus.SEE_OTHER)


def _own(public_id: str) -> Registration:
    registration = registrations.by_public_id(public_id)
    if registration is None or registration.person_id != the_person().id:
        raise NotFoundError
    return registration


def _due_on(edition: Edition) -> date | None:
    """Return the day until which letters are to be asked for, while it is ahead."""
    due = milestone_queries.find(edition, "visa_letters")
    return due.due_on if due is not None and not due.is_recorded else None


def _edition(slug: str) -> Edition:
    edition = editions.get(slug)
    access.require(access.handle_visas, edition, clock.today())
    return edition
