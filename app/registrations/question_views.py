"""The organiser's pages of the application: what is asked, in which order, as people see it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.editions import queries as editions
from app.forms import options, put
from app.i18n import gettext as _
from app.i18n import user_message
from app.registrations import question_queries as queries
from app.registrations import questions, seating
from app.registrations.answer_forms import with_questions
from app.registrations.answer_words import condition_words
from app.registrations.forms import RegistrationForm
from app.registrations.question_forms import (
    KIND_WORDS,
    ActForm,
    CopyForm,
    QuestionForm,
    WishesForm,
)
from app.registrations.questions import (
    ConditionError,
    KeptShorterError,
    KindKeptError,
    OptionKeptError,
    PurposeKeptError,
)
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from flask_wtf import FlaskForm

    from app.editions.models import Edition
    from app.registrations.models import Question

bp = Blueprint("application", __name__, url_prefix="/organise/editions/<slug>/application")

FIELD_OF: dict[type[DomainError], str] = {
    KindKeptError: "kind",
    PurposeKeptError: "purpose",
    KeptShorterError: "keep_days",
    OptionKeptError: "answers",
    ConditionError: "condition",
}
ACTS = {
    "retire": questions.retire,
    "ask-again": questions.ask_again,
    "delete": questions.delete,
}


@bp.route("", methods=["GET", "POST"])
@access.needs(access.organise)
def index(slug: str) -> ResponseReturnValue:
    """Show what is asked, and say what else the edition wants to know and offers."""
    edition = editions.get(slug)
    form = WishesForm(obj=seating.settings_of(edition))
    if form.validate_on_submit():
        questions.set_wishes(edition, form.wishes, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    return _page(edition, form, _copy_form(edition), form)


@bp.post("/copy")
@access.needs(access.organise)
def copy(slug: str) -> ResponseReturnValue:
    """Take over what another edition of the series asks."""
    edition = editions.get(slug)
    form = _copy_form(edition)
    if form.validate_on_submit():
        source = editions.get(form.source.data)
        try:
            made = questions.copy(edition, source, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("%(count)s questions are copied.", count=len(made)), "success")
            return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    wishes = WishesForm(formdata=None, obj=seating.settings_of(edition))
    return _page(edition, wishes, form, form)


def _copy_form(edition: Edition) -> CopyForm:
    form = CopyForm()
    form.source.choices = options((row.slug, row.title) for row in queries.sources(edition))
    return form


def _page(
    edition: Edition, wishes: WishesForm, copying: CopyForm, sent: FlaskForm
) -> ResponseReturnValue:
    rows = queries.of_edition(edition)
    page = render_template(
        "registrations/application.html",
        edition=edition,
        form=wishes,
        copy_form=copying,
        act_form=ActForm(formdata=None),
        rows=[row for row in rows if not row.is_retired],
        retired=[row for row in rows if row.is_retired],
        conditions={row.id: condition_words(row, rows) for row in rows},
        counts=queries.answer_counts(edition),
        kind_words=KIND_WORDS,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if sent.errors else HTTPStatus.OK


@bp.get("/preview")
@access.needs(access.organise)
def preview(slug: str) -> ResponseReturnValue:
    """Show the application as people see it."""
    edition, person = editions.get(slug), the_person()
    offers_grants = seating.settings_of(edition).offers_grants
    form = with_questions(
        RegistrationForm,
        queries.active(edition),
        {},
        person,
        grant_request="" if offers_grants else None,
    ).of("", None, None)
    return render_template("registrations/preview.html", edition=edition, form=form)


@bp.route("/questions/new", methods=["GET", "POST"])
@access.needs(access.organise)
def new(slug: str) -> ResponseReturnValue:
    """Ask one question more."""
    edition = editions.get(slug)
    form = QuestionForm.of(None, queries.active(edition))
    if form.validate_on_submit():
        try:
            questions.add(edition, form.facts, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            _refuse(form, error)
        else:
            db.session.commit()
            flash(_("The question is asked from now on."), "success")
            return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    return _question_page(edition, form, None)


@bp.route("/questions/<int:number>", methods=["GET", "POST"])
@access.needs(access.organise)
def change(slug: str, number: int) -> ResponseReturnValue:
    """Change a question that is asked."""
    edition = editions.get(slug)
    question = _question(edition, number)
    if question.is_retired:
        raise NotFoundError
    before = [row for row in queries.active(edition) if row.sort < question.sort]
    form = QuestionForm.of(question, before)
    if form.validate_on_submit():
        try:
            questions.change(question, form.facts, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            _refuse(form, error)
        else:
            db.session.commit()
            flash(_("The question is changed."), "success")
            return redirect(url_for(".index", slug=slug), HTTPStatus.SEE_OTHER)
    return _question_page(edition, form, question)


def _refuse(form: QuestionForm, error: DomainError) -> None:
    db.session.rollback()
    name = FIELD_OF.get(type(error))
    put(form, error, form[name] if name else None)


def _question_page(
    edition: Edition, form: QuestionForm, question: Question | None
) -> ResponseReturnValue:
    page = render_template(
        "registrations/question.html",
        edition=edition,
        form=form,
        question=question,
        answer_count=queries.answer_counts(edition).get(question.id, 0) if question else 0,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@bp.post("/questions/<int:number>/<act>")
@access.needs(access.organise)
def do(slug: str, number: int, act: str) -> ResponseReturnValue:
    """Move a question, retire it, ask it again, or take it away."""
    edition = editions.get(slug)
    question, by, now = _question(edition, number), the_person(), clock.utcnow()
    if act not in ACTS and act not in {"up", "down"}:
        raise NotFoundError
    if ActForm().validate_on_submit():
        try:
            if act in ACTS:
                ACTS[act](question, by=by, now=now)
            else:
                questions.move(question, -1 if act == "up" else 1, by=by, now=now)
        except DomainError as error:
            db.session.rollback()
            flash(user_message(error), "error")
        else:
            db.session.commit()
    return redirect(
        url_for(".index", slug=slug, _anchor=f"question-{number}"), HTTPStatus.SEE_OTHER
    )


def _question(edition: Edition, number: int) -> Question:
    question = queries.find(edition, number)
    if question is None:
        raise NotFoundError
    return question
