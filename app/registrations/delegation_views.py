"""A national contact's pages: the delegation of the own country, and no other."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.accounts.service import EmailError
from app.countries import queries as countries
from app.database import db
from app.editions import queries as editions
from app.editions import timeline
from app.forms import put
from app.i18n import gettext as _
from app.limits import REGISTRATION, limiter
from app.registrations import delegations, parties, service, waiting
from app.registrations.forms import BindForm, DelegateForm, NominateForm
from scheduler.admission import Scope
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from flask.typing import ResponseReturnValue

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.editions.models import Edition
    from app.registrations.models import Registration

bp = Blueprint("delegations", __name__, url_prefix="/delegations")


def nominate(person: Person | None) -> bool:
    """National contacts of whichever country: see and make its delegation."""
    return bool(access.countries_of(person))


@bp.get("/")
@access.needs(nominate)
def index() -> ResponseReturnValue:
    """List the editions that take registrations, or took them and lie ahead."""
    statuses = (EditionStatus.REGISTRATION_OPEN, EditionStatus.REGISTRATION_CLOSED)
    found = [edition for status in statuses for edition in editions.with_status(status)]
    now = clock.utcnow()
    return render_template(
        "registrations/delegations.html",
        editions=[edition for edition in found if not service.has_begun(edition, now)],
    )


@bp.route("/<slug>", methods=["GET", "POST"])
@access.needs(nominate)
@limiter.limit(REGISTRATION, methods=["POST"])
def show(slug: str) -> ResponseReturnValue:
    """Show the delegation of the contact's country; nominate, judge, rank or replace."""
    edition = editions.find(slug)
    if edition is None or not edition.is_public:
        raise NotFoundError
    country = _country()
    form, delegate_form, bind_form = NominateForm(), DelegateForm(), BindForm()
    is_about_one = request.method == "POST" and bool(delegate_form.id.data)
    used = delegate_form if is_about_one else bind_form if bind_form.bind.data else form
    chosen = request.form.getlist("together") if used is bind_form else []
    meant = _delegates(edition, country, [delegate_form.id.data] if is_about_one else chosen)
    delegate = meant[0] if is_about_one else None
    if used.validate_on_submit():
        who: dict[str, Any] = {"by": the_person(), "now": clock.utcnow()}
        done = _("Done, and the person is written to.")
        try:
            if delegate is not None:
                _act(delegate, country, delegate_form)
            elif used is bind_form:
                parties.bind(edition, meant, **who)
                done = _("Done, and the people are written to.")
            else:
                delegations.nominate(edition, country, form.email.data, form.name.data, **who)
        except DomainError as error:
            db.session.rollback()
            put(used, error, used.email if isinstance(error, EmailError) else None)
        else:
            db.session.commit()
            flash(done, "success")
            here = url_for(".show", slug=slug, country=country.code)
            return redirect(here, HTTPStatus.SEE_OTHER)
    rows = delegations.of_country(edition, country)
    read = delegations.parties_read(rows)
    page = render_template(
        "registrations/delegation.html",
        edition=edition,
        country=country,
        own_countries=[countries.find(code) for code in access.countries_of(the_person())],
        form=form,
        delegate_form=delegate_form,
        act_forms=_act_forms(rows, read, delegate, delegate_form),
        sent_id=delegate.public_id if delegate is not None else "",
        bind_form=bind_form,
        chosen=chosen,
        parties=read,
        **_standing(edition, country, rows),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if used.errors else HTTPStatus.OK


def _standing(
    edition: Edition, country: Country, rows: Sequence[Registration]
) -> dict[str, object]:
    """Return what the page shows of a delegation and of the time left for it."""
    now, last_day = clock.utcnow(), edition.nominations_close_on
    today = edition.day_at(now)
    return {
        "rows": rows,
        "waits": waiting.waits(
            edition, rows, lambda limit: (limit.scope, limit.key) == (Scope.COUNTRY, country.code)
        ),
        "positions": waiting.numbers(rows),
        "bindable": [row for row in rows if row.status in parties.OPEN_TO_PARTIES],
        "is_open": edition.takes_nominations(now),
        "has_closed": last_day is not None and last_day < today,
        "nominations_left": timeline.time_left(last_day, today) if last_day else "",
    }


def _country() -> Country:
    """Return the country asked for among the contact's own; another one is not there."""
    own = access.countries_of(the_person())
    code = request.args.get("country", own[0])
    country = countries.find(code) if code in own else None
    if country is None:
        raise NotFoundError
    return country


def _act_forms(
    rows: Sequence[Registration],
    in_party: Container[int],
    delegate: Registration | None,
    sent: DelegateForm,
) -> dict[str, DelegateForm]:
    """Return a form for each of whom something can be done, as it was sent about ``delegate``."""
    return {
        row.public_id: (sent if row is delegate else DelegateForm(formdata=None)).narrow_to(acts)
        for row in rows
        if (acts := delegations.acts_on(row, is_in_party=row.id in in_party))
    }


def _act(delegate: Registration, country: Country, form: DelegateForm) -> None:
    by, now = the_person(), clock.utcnow()
    act = form.act.data
    if act in delegations.JUDGEMENTS:
        target, reason = delegations.JUDGEMENTS[act], form.reason.data or ""
        delegations.judge(delegate, target, reason=reason, by=by, now=now)
    elif act == "part":
        parties.take_out(delegate.edition, [delegate], by=by, now=now)
    elif act == "replace":
        delegations.replace(delegate, form.email.data or "", form.name.data or "", by=by, now=now)
    else:
        delegations.put_at(delegate, country, form.rank.data, by=by, now=now)


def _delegates(edition: Edition, country: Country, public_ids: Sequence[str]) -> list[Registration]:
    """Return these of the delegation; a foreign one is not there, whatever the form says."""
    if not public_ids:
        return []
    found = {row.public_id: row for row in delegations.of_country(edition, country)}
    if not found.keys() >= set(public_ids):
        raise NotFoundError
    return [found[public_id] for public_id in dict.fromkeys(public_ids)]
