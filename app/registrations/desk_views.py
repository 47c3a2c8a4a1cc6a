"""The selection desk: who is in, who waits and for what, and what is decided."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import audit, clock, database
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions import queries as editions
from app.editions.models import AdmissionPolicy
from app.forms import options, put
from app.i18n import gettext as _
from app.paging import page_of
from app.registrations import (
    application,
    desk_queries,
    parties,
    policy,
    queries,
    seating,
    selection,
    service,
    travel_grants,
    waiting,
)
from app.registrations.answer_page import GRANT_WORDS, answer_filters, answer_tallies
from app.registrations.desk_forms import (
    ROLE_WORDS,
    DecideForm,
    GrantForm,
    InviteForm,
    LimitsForm,
    PersonDecisionForm,
)
from app.registrations.desk_queries import Choice
from app.registrations.models import AttendeeRole, WalkIns
from app.registrations.seating import Candidate
from scheduler.admission import Order
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition

bp = Blueprint("selection", __name__, url_prefix="/organise/editions/<slug>")


@bp.route("/selection", methods=["GET", "POST"])
@access.needs(access.organise)
def desk(slug: str) -> ResponseReturnValue:
    """List who is in and who waits, and decide on the chosen; that somebody looked is noted."""
    edition = editions.get(slug)
    form = DecideForm()
    outcome: list[tuple[str, str, str]] = []
    ids = request.form.getlist("chosen")
    if form.everyone.data:
        # From here on they are named: who comes in after the look is not decided on.
        ids = desk_queries.public_ids(edition, Choice.of(request.args))
        form.everyone.data = False
    if form.validate_on_submit():
        try:
            outcome = _decide(edition, form, ids)
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            if form.submit.data:
                db.session.commit()
                flash(_("Done, and the people are written to."), "success")
                return redirect(url_for(".desk", **_asked(edition)), HTTPStatus.SEE_OTHER)
            db.session.rollback()
    page = _page(edition, form, ids, outcome)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


def _decide(edition: Edition, form: DecideForm, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Decide on the chosen; return who would stand where. The caller commits, or only looked."""
    now, by = clock.utcnow(), the_person()
    database.write(edition)
    service.lapse_offers(now=now, edition=edition)
    chosen = desk_queries.chosen(edition, ids)
    if not chosen:
        raise selection.NobodyChosenError
    was = {row.id: (row.person.display_name, row.status) for row in queries.live(edition)}
    if form.act.data == "party":
        parties.bind(edition, chosen, by=by, now=now)
    elif form.act.data == "part":
        parties.take_out(edition, chosen, by=by, now=now)
    else:
        selection.decide_many(
            edition, chosen, form.act.data, reason=form.reason.data or "", by=by, now=now
        )
    picked = {row.id for row in chosen}
    return [
        (was[row.id][0], was[row.id][1].value, row.status.value)
        for row in queries.by_ids(list(was))
        if row.id in picked or row.status is not was[row.id][1]
    ]


def _page(
    edition: Edition, form: DecideForm, ids: Sequence[str], outcome: list[tuple[str, str, str]]
) -> str:
    database.write()
    audit.record("edition.registrations_read", edition, by=the_person(), now=clock.utcnow())
    db.session.commit()
    choice = Choice.of(request.args)
    first, beyond, pages = page_of(
        request.args.get("page", 1, type=int),
        desk_queries.count(edition, choice),
        lambda page: url_for(".desk", **_asked(edition) | {"page": page}),
    )
    rows = desk_queries.page(edition, choice, first, beyond)
    return render_template(
        "registrations/desk.html",
        edition=edition,
        places=queries.places(edition),
        rows=rows,
        positions=waiting.numbers(rows),
        waits=waiting.waits(edition, rows, waiting.everything),
        parties=queries.parties([row.party_id for row in rows if row.party_id is not None]),
        party=choice.party,
        pages=pages,
        fields=[*_filters(choice), *answer_filters(edition, choice)],
        states=[each.value for each in RegistrationStatus],
        state=choice.status,
        tallies=desk_queries.tallies(edition),
        region_names=REGION_NAMES,
        grants=travel_grants.counts(edition),
        grant_words=GRANT_WORDS,
        answer_tallies=answer_tallies(edition),
        form=form,
        chosen=set(ids),
        elsewhere=[each for each in ids if each not in {row.public_id for row in rows}],
        outcome=outcome,
        role_words=ROLE_WORDS,
    )


def _asked(edition: Edition) -> dict[str, Any]:
    return {key: value for key, value in request.args.items() if value} | {"slug": edition.slug}


def _filters(choice: Choice) -> list[dict[str, object]]:
    return [
        {"name": "text", "label": _("Name or address"), "value": choice.text, "type": "search"},
        {
            "name": "country",
            "label": _("Country"),
            "value": choice.country,
            "options": [("", _("All")), *countries.names()],
        },
        {
            "name": "region",
            "label": _("Region"),
            "value": choice.region,
            "options": [("", _("All")), *((each, _(name)) for each, name in REGION_NAMES.items())],
        },
        {
            "name": "role",
            "label": _("Role"),
            "value": choice.role,
            "options": [
                ("", _("All")),
                *((role.value, words) for role, words in ROLE_WORDS.items()),
            ],
        },
    ]


# -- limits ----------------------------------------------------------------------------------


@bp.route("/admission", methods=["GET", "POST"])
@access.needs(access.organise)
def limits(slug: str) -> ResponseReturnValue:
    """Set quotas, reserved places and the queue's rule; see first what that would do."""
    edition = editions.get(slug)
    settings, quotas = seating.settings_of(edition), seating.quotas_of(edition)
    form = LimitsForm.of(edition, quotas, settings)
    moving, below, told = None, _below(edition), list[str]()
    if form.validate_on_submit():
        told = policy.consequences(edition, AdmissionPolicy(form.policy.data))
        moving = _set_limits(edition, form)
        below = _below(edition)
        if form.submit.data:
            db.session.commit()
            flash(_("The limits are saved; %(count)s moved up.", count=len(moving)), "success")
            for sentence in below:
                flash(sentence, "warning")
            return redirect(url_for(".limits", slug=slug), HTTPStatus.SEE_OTHER)
        db.session.rollback()
    page = render_template(
        "registrations/limits.html",
        edition=edition,
        form=form,
        places=queries.places(edition),
        moving=moving,
        told=told,
        below=below,
    )
    is_refused = form.is_submitted() and moving is None
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK


def _set_limits(edition: Edition, form: LimitsForm) -> list[str]:
    """Set them, under the lock; return who has a seat by it. The caller commits, or only looked."""
    database.write(edition)
    by, now = the_person(), clock.utcnow()
    service.lapse_offers(now=now, edition=edition)
    seated = {row.id for row in queries.live(edition) if row.holds_seat}
    selection.record_limits(
        edition,
        form.quotas,
        order=Order(form.order.data),
        answer_days=form.answer_days.data,
        walk_ins=WalkIns(form.walk_ins.data),
        by=by,
        now=now,
    )
    policy.change(edition, AdmissionPolicy(form.policy.data), form.capacity.data, by=by, now=now)
    seating.fill_seats(edition, now=now)
    live = queries.live(edition)
    return [row.person.display_name for row in live if row.holds_seat and row.id not in seated]


def _below(edition: Edition) -> list[str]:
    """Say which limits lie below what is taken: nobody loses a place by that."""
    limits = seating.overfull(edition, seating.rules_of(edition))
    words = waiting.limit_words(limits)
    return [
        _(
            "%(limit)s: nobody loses a place, and nobody comes in before it is below.",
            limit=words[limit],
        )
        for limit in limits
    ]


# -- invitations, roles, grants --------------------------------------------------------------


@bp.route("/selection/invite", methods=["GET", "POST"])
@access.needs(access.organise)
def invite(slug: str) -> ResponseReturnValue:
    """Invite somebody past the policy, or after the closing, with the reason."""
    edition = editions.get(slug)
    form = InviteForm()
    form.country.choices = options([("", _("(not told)")), *countries.names()])
    if form.validate_on_submit():
        try:
            selection.invite(
                edition,
                form.email.data,
                Candidate(form.country.data or None, AttendeeRole(form.role.data)),
                keeps_place=form.keeps_place.data,
                reason=form.reason.data,
                by=the_person(),
                now=clock.utcnow(),
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("The invitation is on its way."), "success")
            return redirect(url_for(".desk", slug=slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("registrations/invite.html", edition=edition, form=form), status


@bp.route("/selection/<public_id>", methods=["GET", "POST"])
@access.needs(access.organise)
def person(slug: str, public_id: str) -> ResponseReturnValue:
    """Show one registration to the organisers: role, travel grant, what it waits for."""
    edition = editions.get(slug)
    registration = queries.by_public_id(public_id)
    if registration is None or registration.edition_id != edition.id:
        raise NotFoundError
    role_form, grant_form = PersonDecisionForm(role=registration.role.value), GrantForm()
    is_role = bool(role_form.save_role.data)
    form = role_form if is_role else grant_form
    if form.validate_on_submit():
        try:
            if is_role:
                role = AttendeeRole(role_form.role.data)
                selection.set_role(registration, role, by=the_person(), now=clock.utcnow())
            else:
                selection.decide_grant(
                    registration,
                    gives=bool(grant_form.give.data),
                    reason=grant_form.reason.data,
                    goes_beyond=grant_form.goes_beyond.data,
                    by=the_person(),
                    now=clock.utcnow(),
                )
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            here = url_for(".person", slug=slug, public_id=public_id)
            return redirect(here, HTTPStatus.SEE_OTHER)
    page = render_template(
        "registrations/person.html",
        edition=edition,
        registration=registration,
        role_form=role_form,
        grant_form=grant_form,
        awaited=waiting.waits(edition, [registration], waiting.everything).get(registration.id),
        companions=queries.companions(registration),
        role_words=ROLE_WORDS,
        answers=application.told(registration),
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return page, status
