"""Surveys: the organiser's page, and the page of who is asked."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.editions import milestones
from app.editions import queries as editions
from app.forms import day_after, put
from app.i18n import gettext as _
from app.registrations import queries as registrations
from app.registrations.signals import tasks_asked
from app.surveys import queries, service
from app.surveys.forms import CloseForm, SurveyForm, answer_form, answers_in
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from datetime import datetime

    from flask.typing import ResponseReturnValue

    from app.registrations.models import Registration

bp = Blueprint("surveys", __name__)

TIME_TO_ANSWER = timedelta(days=21)


@tasks_asked.connect
def _survey_of(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    registration: Registration,
    now: datetime,
) -> list[tuple[str, str]]:
    """Lead a person who may answer to the questions."""
    try:
        service.check(registration, now=now)
    except DomainError:
        return []
    return [(_("Tell us how it was"), url_for("surveys.answer", public_id=registration.public_id))]


@bp.route("/organise/editions/<slug>/survey", methods=["GET", "POST"])
@access.needs(access.organise)
def desk(slug: str) -> ResponseReturnValue:
    """Ask everyone who came; then see what they answered."""
    edition = editions.get(slug)
    survey, now = queries.find(edition), clock.utcnow()
    form = SurveyForm(
        data={
            "ratings": "\n".join(
                (_("The event as a whole"), _("The programme"), _("The organisation on site"))
            ),
            "words": "\n".join((_("What was most useful to you?"), _("What should change?"))),
            "closes_on": edition.day_at(now) + TIME_TO_ANSWER,
        }
    )
    if survey is None and form.validate_on_submit():
        closes_at = milestones.midnight(day_after(form.closes_on.data), edition.zone)
        try:
            count = service.open_survey(
                edition, form.questions(), closes_at=closes_at, by=the_person(), now=now
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.closes_on if isinstance(error, service.NoTimeError) else None)
        else:
            db.session.commit()
            flash(_("%(count)s people are asked.", count=count), "success")
            return redirect(url_for(".desk", slug=slug), HTTPStatus.SEE_OTHER)
    came = queries.who_came(edition)
    page = render_template(
        "surveys/desk.html",
        edition=edition,
        survey=survey,
        is_over=edition.day_at(now) >= edition.dtend,
        is_open=service.is_open(survey, now),
        closes_at=survey.closes_at.astimezone(edition.zone) if survey else None,
        came_count=len(came),
        answer_count=queries.answer_count(edition),
        shown_from=queries.SHOWN_FROM,
        results=queries.results(survey, now) if survey else [],
        form=form,
        close_form=CloseForm(formdata=None),
    )
    wrong = survey is None and form.is_submitted()
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


@bp.post("/organise/editions/<slug>/survey/close")
@access.needs(access.organise)
def close(slug: str) -> ResponseReturnValue:
    """Take no more answers."""
    survey = queries.find(editions.get(slug))
    if survey is None:
        raise NotFoundError
    if CloseForm().validate_on_submit():
        service.close(survey, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("The survey is closed."), "success")
    return redirect(url_for(".desk", slug=slug), HTTPStatus.SEE_OTHER)


@bp.route("/registrations/<public_id>/survey", methods=["GET", "POST"])
@access.needs(access.signed_in)
def answer(public_id: str) -> ResponseReturnValue:
    """Answer once; only the person asked, not even an organiser in their place."""
    registration = registrations.by_public_id(public_id)
    if registration is None or registration.person_id != the_person().id:
        raise NotFoundError
    survey, edition = service.check(registration, now=clock.utcnow()), registration.edition
    questions = survey.asked
    form = answer_form(questions)
    if form.validate_on_submit():
        service.answer(registration, answers_in(form, questions), now=clock.utcnow())
        db.session.commit()
        flash(_("Thank you. Your answers are kept without your name."), "success")
        return redirect(url_for("registrations.show", public_id=public_id), HTTPStatus.SEE_OTHER)
    page = render_template(
        "surveys/answer.html",
        registration=registration,
        edition=edition,
        form=form,
        closes_at=survey.closes_at.astimezone(edition.zone),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
