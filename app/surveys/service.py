"""Use cases of surveys: open, answer once, close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import audit, database, outbox, sealed
from app.database import db
from app.i18n import gettext as _
from app.outbox import address
from app.registrations import letters
from app.surveys import queries
from app.surveys.models import Survey, SurveyAnswer, SurveyTicket
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.outbox import Letter
    from app.registrations.models import Registration
    from app.surveys.models import AnswerKind


class NotOverError(ConflictError):
    """A survey of an event that has not ended."""

    message = N_("People can be asked once {event} has ended.")


class OpenedError(ConflictError):
    """A second survey."""

    message = N_("The survey of {event} is open already: its questions stay as they are.")


class NoTimeError(DomainError):
    """A survey that is closed before anybody can answer."""

    message = N_("The last day for answers is past already. Choose a later one.")


class ClosedError(ConflictError):
    """An answer when none is taken."""

    message = N_("The survey of {event} is closed.")


class NotAskedError(ConflictError):
    """An answer of somebody who was not there."""

    message = N_("The survey is for people who were at {event}.")


class AnsweredError(ConflictError):
    """A second answer of one person."""

    message = N_("You have answered already. Since nobody knows which answer is yours, it stays.")


def open_survey(
    edition: Edition,
    questions: Sequence[tuple[AnswerKind, str]],
    *,
    closes_at: datetime,
    by: Person,
    now: datetime,
) -> int:
    """Ask everyone who came; return how many are written to.

    Raises:
        NotOverError: the event has not ended.
        OpenedError: there is a survey.
        NoTimeError: nobody could answer it any more.
    """
    database.write(edition)
    if edition.day_at(now) < edition.dtend:
        raise NotOverError(event=edition.title)
    if queries.find(edition) is not None:
        raise OpenedError(event=edition.title)
    if closes_at <= now:
        raise NoTimeError
    survey = Survey(
        edition_id=edition.id,
        questions=[[kind.value, text] for kind, text in questions],
        opened_at=now,
        closes_at=closes_at,
    )
    db.session.add(survey)
    db.session.flush()
    asked = queries.who_came(edition)
    for registration in asked:
        outbox.post(registration.person.email, _letter(registration), now=now)
    audit.record(
        "edition.survey_opened",
        edition,
        by=by,
        now=now,
        changes={"recipients": [None, len(asked)]},
    )
    return len(asked)


def is_open(survey: Survey | None, now: datetime) -> bool:
    """Whether answers are taken at ``now``."""
    return survey is not None and now < survey.closes_at


def check(registration: Registration, *, now: datetime) -> Survey:
    """Return the survey that the person may answer at ``now``.

    Raises:
        ClosedError: none is open.
        NotAskedError: the person was not there.
        AnsweredError: the person has answered.
    """
    edition = registration.edition
    survey = queries.find(edition)
    if survey is None or not is_open(survey, now):
        raise ClosedError(event=edition.title)
    if registration.status not in queries.CAME:
        raise NotAskedError(event=edition.title)
    if queries.has_answered(registration):
        raise AnsweredError
    return survey


def answer(
    registration: Registration, answers: Sequence[int | str | None], *, now: datetime
) -> None:
    """Keep one person's answers, in the order of the questions; who has answered is kept apart.

    Nothing of it is logged: the log has times.

    Raises:
        ClosedError, NotAskedError, AnsweredError: as :func:`check` says.
    """
    survey = check(registration, now=now)
    database.write(survey)
    database.write(registration)
    check(registration, now=now)
    db.session.add(SurveyTicket(registration_id=registration.id))
    sealed.add(SurveyAnswer, {"edition_id": survey.edition_id}, answers=list(answers))


def close(survey: Survey, *, by: Person, now: datetime) -> None:
    """Take no more answers."""
    database.write(survey)
    if not is_open(survey, now):
        raise ClosedError(event=survey.edition.title)
    survey.closes_at = now
    db.session.flush()
    audit.record("edition.survey_closed", survey.edition, by=by, now=now)


def _letter(registration: Registration) -> Letter:
    title = registration.edition.title
    return letters.about(
        registration,
        _("How was it? %(title)s", title=title),
        [
            _(
                "Thank you for having been at %(title)s. A few questions help to make the next "
                "one better.",
                title=title,
            ),
            _("Your answers are kept without your name, and nobody can tell which are yours."),
        ],
        action=(
            _("Answer the questions"),
            address("surveys.answer", public_id=registration.public_id),
        ),
    )
