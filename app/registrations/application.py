"""The application as a page: its form, what is kept of it, and what was answered."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import request, url_for
from flask_babel import format_date

from app import clock
from app.database import db
from app.forms import put
from app.registrations import answering, travel_grants
from app.registrations import question_queries as queries
from app.registrations.answer_forms import with_questions
from app.registrations.answer_words import answer_words
from app.registrations.models import Profile, QuestionKind
from app.registrations.service import CountryMissingError

if TYPE_CHECKING:
    from datetime import datetime

    from flask_wtf import FlaskForm

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Answer, Registration
    from scheduler.errors import DomainError

BODY_MAX_BYTES = 16 * 1024 * 1024
"""An answer that is far too long comes back shortened, on the form, with all others."""


def take_long_answers() -> None:
    """Let the form of an application be read whatever its fields hold."""
    request.max_form_memory_size = BODY_MAX_BYTES


def form_of(
    base: type[FlaskForm], edition: Edition, reader: Person, registration: Registration | None
) -> Any:  # noqa: ANN401 - a class made of the edition's questions
    """Return the application to ``edition``, filled with what is known and was told before."""
    person = registration.person if registration is not None else reader
    profile = db.session.get(Profile, person.id)
    standing = queries.of_registration(registration) if registration is not None else {}
    grant_request = None
    if travel_grants.may_ask(edition, registration):
        grant = registration.travel_grant if registration is not None else None
        grant_request = grant.request if grant is not None else ""
    made = with_questions(
        base, queries.active(edition), standing, reader, grant_request=grant_request
    )
    return made.of(person.name, profile, registration)


def keep(registration: Registration, form: Any, *, by: Person, now: datetime) -> None:  # noqa: ANN401 - see form_of
    """Keep what was answered, and asked for, in the transaction that registers.

    Raises:
        DomainError: the questions have changed, or a file is gone.
    """
    answering.keep(registration, form.given, now=now, is_draft=form.is_draft)
    if "grant_request" in form:
        travel_grants.ask(registration, form.grant_request.data or "", by=by, now=now)


def refuse(form: Any, error: DomainError) -> None:  # noqa: ANN401 - see form_of
    """Undo everything, and say on the form what is wrong."""
    db.session.rollback()
    put(form, error, form.country if isinstance(error, CountryMissingError) else None)


def answer_again(form: Any, edition: Edition) -> HTTPStatus:  # noqa: ANN401 - see form_of
    """Keep the files of a form that is shown again; return the status to show it with."""
    if not form.is_submitted():
        return HTTPStatus.OK
    if form.hold(clock.utcnow()):
        db.session.commit()
    queries.of_edition(edition)  # at once: what was undone or saved is read anew, row by row
    return HTTPStatus.UNPROCESSABLE_ENTITY


def told(registration: Registration) -> list[tuple[str, str, str | None]]:
    """Return each question with the answer in words, and where its file is."""
    return [
        (
            answer.question.label,
            _in_words(answer),
            url_for(
                "registrations.answer_file",
                public_id=registration.public_id,
                question_id=answer.question_id,
            )
            if answer.file is not None
            else None,
        )
        for answer in queries.of_registration(registration).values()
    ]


def _in_words(answer: Answer) -> str:
    if answer.question.kind is QuestionKind.DATE:
        return str(format_date(date.fromisoformat(answer.value), "long"))
    return answer_words(answer)
