"""The agreement with the host of an edition: where it stands, its letters, its history."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import format_date

from app import clock, uploads
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.access import current_person, the_person
from app.countries import queries as countries
from app.database import db
from app.editions import agreements, milestone_queries, progress
from app.editions import queries as editions
from app.editions.models import AgreementAct
from app.forms import put
from app.hosting import checklist
from app.hosting.agreement_forms import HELP, LABELS, WORDS, AgreementRecordForm
from app.i18n import gettext as _
from scheduler.errors import DomainError, NotFoundError
from scheduler.lifecycle import AgreementStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from flask.typing import ResponseReturnValue
    from wtforms import Field

    from app.editions.models import AgreementRecord, Edition

bp = Blueprint("agreements", __name__, url_prefix="/hosting/host/<slug>/agreement")

_A = AgreementAct
LATEST = "agreement_latest"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the stepper."""

    title: Any
    state: str
    words: str = ""


@bp.get("")
@access.needs(access.signed_in)
def show(slug: str) -> ResponseReturnValue:
    """Show where the agreement stands; a former host's letters are for organisers alone."""
    edition = hosted_edition(slug)
    may_organise = access.organise(current_person())
    found = agreements.records(edition)
    told = agreements.current(found)
    earlier = found[: len(found) - len(told)] if may_organise else []
    return render_template(
        "hosting/agreement.html",
        edition=edition,
        back_url=url_for("hosts.show", slug=slug),
        steps=_steps(edition, told),
        next_words=_next(edition),
        records=told,
        earlier=earlier,
        names=accounts.display_names([row.person_id for row in found]),
        country_names=dict(countries.names()),
        words=WORDS,
        acts=agreements.possible(edition, clock.today()) if may_organise else [],
        labels=LABELS,
        help=HELP,
        may_organise=may_organise,
    )


@bp.route("/<act>", methods=["GET", "POST"])
@access.needs(access.organise)
def record(slug: str, act: str) -> ResponseReturnValue:
    """Record an act on the agreement."""
    edition = hosted_edition(slug)
    if act not in {each.value for each in LABELS}:
        raise NotFoundError
    found, form = AgreementAct(act), AgreementRecordForm()
    if not form.is_submitted():
        if found not in agreements.possible(edition, clock.today()):
            flash(_("“%(label)s” is not possible at present.", label=LABELS[found]), "warning")
            return redirect(url_for(".show", slug=slug), HTTPStatus.SEE_OTHER)
        form.on_day.data = clock.today()
    form.ask_for(found)
    if form.validate_on_submit():
        try:
            letter = form.letter.sent(the_person().id)
            facts = agreements.Record(form.on_day.data, form.note.data or "", letter)
            who: dict[str, Any] = {"by": the_person(), "now": clock.utcnow()}
            made = agreements.record(edition, found, facts, **who)
            checklist.add_agreed(edition, made, form.agreed(), **who)
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            flash(_("Recorded: %(act)s.", act=WORDS[found]), "success")
            return redirect(url_for(".show", slug=slug), HTTPStatus.SEE_OTHER)
    if form.is_submitted():
        form.letter.keep(the_person().id, clock.utcnow())
    form.add_spare_rows()
    page = render_template(
        "hosting/agreement_act.html",
        edition=edition,
        form=form,
        label=LABELS[found],
        help=HELP[found],
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.get("/letters/<int:record_id>")
@access.needs(access.signed_in)
def letter(slug: str, record_id: int) -> ResponseReturnValue:
    """Send a letter as an attachment; one with a former host only to organisers."""
    edition = hosted_edition(slug)
    found = agreements.find(edition, record_id)
    if found is None or found.letter is None:
        raise NotFoundError
    standing = {row.id for row in agreements.current(agreements.records(edition))}
    if found.id not in standing:
        access.require(access.organise)
    return uploads.send(found.letter)


def hosted_edition(slug: str) -> Edition:
    """Return an edition that has, or had, a host, whose work the reader may see.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    edition = editions.get(slug)
    access.require(access.work_with_host, edition, edition.country_code, clock.today())
    if edition.country_code is None and not agreements.records(edition):
        raise NotFoundError
    return edition


def _steps(edition: Edition, told: Sequence[AgreementRecord]) -> list[Step]:
    """Return the way of an agreement, with what of it is done; amendments only where there are."""
    days = {row.act: row.on_day for row in told}
    way = [_A.REQUESTED, _A.UNDER_NEGOTIATION, _A.ACCEPTED, _A.AMENDED, _A.FULFILLED]
    at = [each.value for each in way].index(edition.agreement.value) if _begun(edition) else -1
    steps = []
    for number, act in enumerate(way):
        was = act in days
        if act is _A.AMENDED and not was:
            continue
        if act is _A.UNDER_NEGOTIATION and not was and at > number:
            continue
        done = number <= at
        is_next = number == at + 1 or (act is _A.FULFILLED and edition.has_agreement)
        state = (
            "done" if done else "current" if is_next and not edition.agreement_waiver else "todo"
        )
        steps.append(Step(WORDS[act], state, _day(days[act]) if was else ""))
    return steps


def _begun(edition: Edition) -> bool:
    return edition.agreement is not AgreementStatus.NOT_STARTED


def _next(edition: Edition) -> str:
    """Return what comes next, in a sentence."""
    if edition.country_code is None:
        return _("There is no host at present. The next host’s agreement begins anew.")
    if edition.agreement_waiver:
        return _("The agreement is waived; the edition can be announced without it.")
    match edition.agreement:
        case AgreementStatus.ACCEPTED | AgreementStatus.AMENDED:
            said = _("It stands. What changes later is recorded as an amendment; ")
            return said + _("once the event was held, it is fulfilled.")
        case AgreementStatus.FULFILLED:
            return _("Nothing more: both sides have done what they promised.")
        case AgreementStatus.NOT_STARTED:
            said = _("The organisers ask the host for the agreement.")
        case AgreementStatus.REQUESTED:
            said = _("The host answers; once both sides have signed, it is accepted.")
        case AgreementStatus.UNDER_NEGOTIATION:
            said = _("Both sides settle the words; once they have signed, it is accepted.")
    due_on = _due_on(edition)
    return f"{said} {_('It is needed by %(day)s.', day=_day(due_on))}" if due_on else said


def _due_on(edition: Edition) -> date | None:
    rows = milestone_queries.of_editions([edition.id])
    steps = progress.follow(edition, rows, clock.today())
    return {step.milestone.key: step.milestone.due_on for step in steps}.get(LATEST)


def _day(day: date) -> str:
    return str(format_date(day, "d MMMM yyyy"))


def _field_of(form: AgreementRecordForm, error: DomainError) -> Field | None:
    """Return the field that ``error`` is about."""
    if isinstance(error, agreements.DayToComeError):
        return form.on_day
    if isinstance(error, agreements.AmendmentWordsError):
        return form.note
    is_of_letter = isinstance(
        error,
        uploads.UploadError
        | uploads.UploadSizeError
        | uploads.UploadEmptyError
        | agreements.LetterWithoutFileError,
    )
    return form.letter if is_of_letter else None
