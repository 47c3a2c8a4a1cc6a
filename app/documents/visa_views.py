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
from app.documents.forms import PostForm
from app.documents.models import DocumentKind
from app.editions import queries as editions
from app.i18n import gettext as _
from app.registrations import queries as registrations
from scheduler.errors import NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition

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
    return render_template(
        "documents/visas.html",
        edition=edition,
        rows=queries.visa_requests(edition),
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


def _edition(slug: str) -> Edition:
    edition = editions.find(slug)
    if edition is None:
        raise NotFoundError
    access.require(access.handle_visas, edition, clock.today())
    return edition
