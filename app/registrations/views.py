"""A participant's pages: register, see where one stands, cancel."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import audit, clock, database, uploads
from app.accounts import access, arrival, consents
from app.accounts import service as accounts
from app.accounts.access import the_person
from app.accounts.forms import LinkForm, ProfileForm
from app.accounts.models import Purpose, Role
from app.database import db
from app.editions import queries as editions
from app.editions import timeline
from app.editions.models import AdmissionPolicy
from app.editions.scopes import role_words, scope_names
from app.forms import put
from app.i18n import gettext as _
from app.limits import LINKS_EACH, REGISTRATION, limiter, per_address
from app.outbox import address
from app.registrations import (
    answering,
    application,
    parties,
    queries,
    question_queries,
    seating,
    service,
    standing,
    waiting,
)
from app.registrations.forms import (
    AcceptForm,
    CancelForm,
    ChangeForm,
    PartyActForm,
    RegistrationForm,
)
from app.registrations.signals import papers_asked, tasks_asked
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from blinker import Signal
    from flask.typing import ResponseReturnValue

    from app.accounts.models import Grant, Person
    from app.editions.models import Edition
    from app.registrations.models import Registration

bp = Blueprint("registrations", __name__)


def own(person: Person | None, registration: Registration) -> bool:
    """The person registered, and organisers."""
    return person is not None and (registration.person_id == person.id or access.organise(person))


@bp.route("/editions/<slug>/register", methods=["GET", "POST"])
@access.public
@limiter.limit(REGISTRATION, methods=["POST"])
@limiter.shared_limit(
    LINKS_EACH,
    scope="links",
    methods=["POST"],
    key_func=per_address,
    exempt_when=lambda: access.signed_in(access.current_person()),
)
def register(slug: str) -> ResponseReturnValue:
    """Register the signed-in person for an edition; a visitor is first sent a link."""
    edition = _public_edition(slug)
    person = access.current_person()
    if person is None:
        return _ask_for_address(edition)
    draft = queries.find(edition, person)
    if draft is not None and draft.status is not RegistrationStatus.DRAFT:
        flash(_("You are registered for %(title)s already.", title=edition.title), "info")
        return redirect(url_for(".show", public_id=draft.public_id), HTTPStatus.SEE_OTHER)
    form = application.form_of(RegistrationForm, edition, person, draft)
    if form.validate_on_submit():
        try:
            registration = _take_in(edition, person, form)
        except service.AlreadyRegisteredError:  # pressed twice: what was registered is shown
            db.session.rollback()
            return redirect(url_for(".register", slug=slug), HTTPStatus.SEE_OTHER)
        except DomainError as error:
            application.refuse(form, error)
        else:
            # Before the commit: after it the rows would be read again.
            welcome, public_id = _welcome(registration), registration.public_id
            db.session.commit()
            flash(welcome, "success")
            return redirect(url_for(".show", public_id=public_id), HTTPStatus.SEE_OTHER)
    status, now = application.answer_again(form, edition), clock.utcnow()
    form.leave_out(consents.standing(person))
    is_invited = draft is not None and bool(draft.entry_reason)
    page = render_template(
        "registrations/register.html",
        form=form,
        edition=edition,
        places=queries.places(edition),
        is_open=edition.takes_registrations(now) or is_invited,
        window=timeline.registration_window(edition, now),
        prospect=waiting.prospect(edition, person, draft),
        draft=draft,
        offers_visa_letters=seating.settings_of(edition).offers_visa_letters,
        link_form=None,
    )
    return page, status


def _take_in(edition: Edition, person: Person, form: RegistrationForm) -> Registration:
    """Register, or keep the draft, and what need not be told again."""
    now = clock.utcnow()
    if form.keep.data:
        registration = service.save_draft(edition, person, form.told, now=now)
    else:
        registration = service.register(
            edition, person, now=now, told=form.told, name=form.name.data or ""
        )
    application.keep(registration, form, by=person, now=now)
    service.keep_profile(person, form.told, now=now)
    if form.name.data and form.name.data != person.name:
        accounts.rename(person, form.name.data, now=now)
    if form.consents.data:
        consents.give(person, map(Purpose, form.consents.data), now=now)
    return registration


@bp.get("/registrations/<public_id>")
@access.needs(access.signed_in)
def show(public_id: str) -> ResponseReturnValue:
    """Show where a registration stands, what comes next, and how to give the place back."""
    registration = _registration(public_id)
    return _page(registration, AcceptForm.of(registration))


def _page(registration: Registration, accept_form: AcceptForm) -> str:
    edition, now = registration.edition, clock.utcnow()
    if accept_form.consents:
        accept_form.leave_out(consents.standing(registration.person))
    party = queries.party_of(registration)
    can_change = registration.status in service.EDITABLE and service.is_open_to(registration, now)
    return render_template(
        "registrations/show.html",
        registration=registration,
        edition=edition,
        standing=standing.of(registration, now=now),
        party=party,
        party_url=address("parties.join", code=party.code) if party and party.code else None,
        party_form=PartyActForm(),
        can_leave=registration.status in parties.OPEN_TO_PARTIES,
        can_make_party=registration.status in parties.OPEN_TO_PARTIES
        and registration.party_id is None
        and edition.takes_registrations(now)
        and registration.person_id == the_person().id,
        shows_venue=registration.has_place,
        can_cancel=registration.status in service.CANCELLABLE
        and not service.has_begun(edition, now),
        can_change=can_change,
        unanswered=answering.missing(registration) if can_change else [],
        cancel_form=CancelForm(),
        may_return=edition.takes_registrations(now),
        has_contact=registration.country_code is not None
        and (
            edition.admission_policy is AdmissionPolicy.NOMINATION
            or registration.nominated_by_id is not None
        ),
        accept_form=accept_form,
        is_own=registration.person_id == the_person().id,
        history=audit.history(registration),
        answers=application.told(registration),
        papers=_told_by(papers_asked, registration),
        tasks=_told_by(tasks_asked, registration),
    )


def _told_by(signal: Signal, registration: Registration) -> list[tuple[str, str]]:
    answers = signal.send(registration=registration, now=clock.utcnow())
    return [item for _listener, found in answers for item in found]


@bp.post("/registrations/<public_id>/accept")
@access.needs(access.signed_in)
def accept(public_id: str) -> ResponseReturnValue:
    """Take the place that was offered; nobody accepts the terms for somebody else."""
    registration, person, now = _registration(public_id), the_person(), clock.utcnow()
    if registration.person_id != person.id:
        raise NotFoundError
    form = AcceptForm.of(registration)
    if not form.validate_on_submit():
        if registration.status is not RegistrationStatus.OFFERED:
            raise service.OfferOverError
        return _page(registration, form), HTTPStatus.UNPROCESSABLE_ENTITY
    name = (form.name and form.name.data) or ""
    service.accept_offer(registration, by=person, now=now, name=name)
    if form.consents and form.consents.data:
        consents.give(person, map(Purpose, form.consents.data), now=now)
    db.session.commit()
    flash(_("The place is yours."), "success")
    return redirect(url_for(".show", public_id=public_id), HTTPStatus.SEE_OTHER)


@bp.route("/registrations/<public_id>/edit", methods=["GET", "POST"])
@access.needs(access.signed_in)
def edit(public_id: str) -> ResponseReturnValue:
    """Change what was told, until registration closes."""
    registration = _registration(public_id)
    person = registration.person
    form = application.form_of(ChangeForm, registration.edition, the_person(), registration)
    if form.validate_on_submit():
        try:
            service.change(registration, form.told, by=the_person(), now=clock.utcnow())
            application.keep(registration, form, by=the_person(), now=clock.utcnow())
            if form.name.data and form.name.data != person.name:
                accounts.rename(person, form.name.data, now=clock.utcnow())
        except DomainError as error:
            application.refuse(form, error)
        else:
            db.session.commit()
            flash(_("Your changes are saved."), "success")
            return redirect(url_for(".show", public_id=public_id), HTTPStatus.SEE_OTHER)
    status = application.answer_again(form, registration.edition)
    return render_template("registrations/edit.html", registration=registration, form=form), status


@bp.get("/registrations/<public_id>/answers/<int:question_id>")
@access.needs(access.signed_in)
def answer_file(public_id: str, question_id: int) -> ResponseReturnValue:
    """Give out the file that was sent as an answer; that somebody else read it is noted."""
    registration = _registration(public_id)
    answer = question_queries.of_registration(registration).get(question_id)
    if answer is None or answer.file is None:
        raise NotFoundError
    if registration.person_id != the_person().id:
        database.write()
        audit.record(
            "registration.answer_file_read", registration, by=the_person(), now=clock.utcnow()
        )
        db.session.commit()
    return uploads.send(answer.file)


@bp.post("/registrations/<public_id>/cancel")
@access.needs(access.signed_in)
def cancel(public_id: str) -> ResponseReturnValue:
    """Give the place back."""
    registration = _registration(public_id)
    form = CancelForm()
    if form.validate_on_submit():
        service.cancel(registration, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("Your registration is cancelled."), "success")
    return redirect(url_for(".show", public_id=public_id), HTTPStatus.SEE_OTHER)


@bp.get("/organise/editions/<slug>/registrations")
@access.needs(access.signed_in)
def of_edition(slug: str) -> ResponseReturnValue:
    """List who is in and who waits; that somebody looked stands in the log."""
    edition = editions.get(slug)
    access.require(access.see_participants, edition, clock.today())
    database.write()
    audit.record("edition.registrations_read", edition, by=the_person(), now=clock.utcnow())
    db.session.commit()
    return render_template(
        "registrations/of_edition.html",
        edition=edition,
        places=queries.places(edition),
        rows=queries.in_queue_order(edition),
        sees_diet=access.see_diet(the_person()),
    )


@bp.route("/me", methods=["GET", "POST"])
@access.needs(access.signed_in)
def mine() -> ResponseReturnValue:
    """Show the person's registrations and their own settings."""
    person = the_person()
    profile_form = ProfileForm(name=person.name)
    if profile_form.submit.data and profile_form.validate_on_submit():
        accounts.rename(person, profile_form.name.data or "", now=clock.utcnow())
        db.session.commit()
        flash(_("Your name is saved."), "success")
        return redirect(url_for(".mine"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    rows = queries.of_person(person)
    positions = waiting.numbers(rows)
    page = render_template(
        "registrations/mine.html",
        person=person,
        registrations=[(row, positions.get(row.id)) for row in rows],
        profile_form=profile_form,
        roles=_roles(person),
        names_deputies=access.name_deputies(person),
    )
    return page, status


def _roles(person: Person) -> list[tuple[Grant, str, str | None]]:
    """Return the roles that ``person`` holds, in words, and the page of what they are for."""
    held = [grant for grant in person.grants if grant.holds(clock.real_utcnow())]
    names = scope_names() if held else {}
    return [(grant, role_words(grant, names), _page_of(grant)) for grant in held]


def _page_of(grant: Grant) -> str | None:
    """Return where the work of a role for one edition is done, while it opens that page."""
    pages = {
        Role.VISA_OFFICER: (access.handle_visas, "visas.index"),
        Role.HOST_TEAM: (access.on_host_team, "hosts.show"),
    }
    if grant.role not in pages:
        return None
    may, endpoint = pages[grant.role]
    edition = editions.find(grant.scope_key)
    if edition is None or not may(grant.person, edition, clock.today()):
        return None
    return url_for(endpoint, slug=edition.slug)


def _ask_for_address(edition: Edition) -> ResponseReturnValue:
    """Show a visitor the facts, and send a link that comes back here."""
    here = url_for(".register", slug=edition.slug)
    form = LinkForm(next=here)
    if form.validate_on_submit():
        try:
            return arrival.ask_for_link(form.email.data, to=here)
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.email)
    page = render_template(
        "registrations/register.html",
        form=None,
        edition=edition,
        places=queries.places(edition),
        is_open=edition.takes_registrations(clock.utcnow()),
        window=timeline.registration_window(edition, clock.utcnow()),
        prospect=waiting.prospect(edition, None),
        link_form=form,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _welcome(registration: Registration) -> str:
    title = registration.edition.title
    if registration.status is RegistrationStatus.DRAFT:
        return _("Your draft is kept. It holds no place until you register.")
    if registration.status in {RegistrationStatus.SUBMITTED, RegistrationStatus.ENDORSED}:
        return _("Your registration for %(title)s is sent; we write to you.", title=title)
    if registration.status is RegistrationStatus.CONFIRMED:
        return _("You are registered for %(title)s and have a place.", title=title)
    if registration.status is RegistrationStatus.OFFERED:  # the last of a party, which is seated
        return _("A place at %(title)s is offered to you: take it on this page.", title=title)
    return _("You are registered for %(title)s, and wait for a place.", title=title)


def _public_edition(slug: str) -> Edition:
    edition = editions.find(slug)
    if edition is None or not edition.is_public:
        raise NotFoundError
    return edition


def _registration(public_id: str) -> Registration:
    registration = queries.by_public_id(public_id)
    if registration is None:
        raise NotFoundError
    access.require(own, registration)
    if service.is_over(registration, clock.utcnow()):
        # The job comes by every minute; whoever looks first sees the same.
        service.lapse_offers(now=clock.utcnow(), edition=registration.edition)
        db.session.commit()
    return registration


@bp.url_value_preprocessor
def _take_long_answers(endpoint: str | None, values: dict[str, object] | None) -> None:  # noqa: ARG001 - Flask's form
    if endpoint in {"registrations.register", "registrations.edit"}:
        application.take_long_answers()
