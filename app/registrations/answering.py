"""Use cases of answers: what may be answered, and keeping it with its registration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import database, held_files, uploads
from app.database import db
from app.registrations import question_queries as queries
from app.registrations.models import CHOOSING, Answer, QuestionKind
from app.uploads import StoredFile
from scheduler import questions as engine
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.registrations.models import Question, Registration

LENGTH_MAX = {QuestionKind.TEXT: 300, QuestionKind.PROSE: 5000}


class AnswerMissingError(DomainError):
    """Nothing where an answer is needed."""

    message = N_("This needs an answer.")


class NotOfferedError(DomainError):
    """A choice that is not on the list."""

    message = N_("Choose among the answers that are shown.")


class TooLongError(DomainError):
    """More words than are kept."""

    message = N_("At most {most} characters are taken. Shorten it, and send it again.")


class NotADayError(DomainError):
    """A day that is none."""

    message = N_("Write the day as 2027-03-02.")


class FileGoneError(DomainError):
    """A file that was sent too long ago, or not by this person."""

    message = N_("The file is no longer here. Choose it again.")


class QuestionsChangedError(ConflictError):
    """Answers that no longer fit what is asked."""

    message = N_(
        "The questions have changed in the meantime. What you told is below: look it over, then "
        "send it again."
    )


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gives as an answer: choices, one text or day, or a file."""

    values: tuple[str, ...] = ()
    upload: tuple[bytes, str] | None = None  # content and name
    # Of a file sent before. No number: SQLite gives that of a deleted row to the next one.
    stored_name: str | None = None

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.values or self.upload or self.stored_name)


def asked(questions: Sequence[Question], given: Mapping[int, Given]) -> list[Question]:
    """Return the questions that are put to who gave these answers."""
    chosen = {number: answer.values for number, answer in given.items()}
    numbers = set(engine.asked([question.ask for question in questions], chosen))
    return [question for question in questions if question.id in numbers]


def check(question: Question, given: Given, *, is_draft: bool = False) -> None:
    """Insist that ``given`` answers ``question``; a draft may leave it open.

    Raises:
        DomainError: it does not.
    """
    if not given:
        if question.is_required and not is_draft:
            raise AnswerMissingError
        return
    values = given.values
    is_file = question.kind is QuestionKind.FILE
    if is_file == bool(values) or (len(values) > 1 and question.kind is not QuestionKind.CHOICES):
        raise NotOfferedError
    if question.kind in CHOOSING and not set(values) <= set(question.offered):
        raise NotOfferedError
    most = LENGTH_MAX.get(question.kind)
    if most is not None and len(values[0]) > most:
        raise TooLongError(most=most)
    if question.kind is QuestionKind.DATE:
        try:
            date.fromisoformat(values[0])
        except ValueError as error:
            raise NotADayError from error


def missing(registration: Registration) -> list[Question]:
    """Return the questions that need an answer and have none: who was let in was never asked."""
    questions = queries.active(registration.edition)
    if not any(question.is_required for question in questions):
        return []
    given = {
        number: Given(answer.values, stored_name=answer.file.stored_name if answer.file else None)
        for number, answer in queries.of_registration(registration).items()
    }
    return [
        question
        for question in asked(questions, given)
        if question.is_required and not given.get(question.id)
    ]


def keep(
    registration: Registration,
    given: Mapping[int, Given],
    *,
    now: datetime,
    is_draft: bool = False,
) -> None:
    """Keep what was answered; the caller's transaction holds the lock of the edition.

    What is not asked of this person is not kept, whatever was sent. Answers to what is no longer
    asked at all stay for their time.

    Raises:
        QuestionsChangedError: the answers do not fit what is asked now.
        FileGoneError: a file that was sent before is gone.
    """
    questions = queries.active(registration.edition)
    if not questions:
        if given:
            raise QuestionsChangedError
        return
    put = {question.id: question for question in asked(questions, given)}
    standing = queries.of_registration(registration)
    if given.keys() - {question.id for question in questions}:
        raise QuestionsChangedError
    for question in questions:
        told = given.get(question.id, Given()) if question.id in put else Given()
        if question.id in put:
            try:
                check(question, told, is_draft=is_draft)
            except DomainError as error:
                raise QuestionsChangedError from error
        _keep_one(registration, question, standing.get(question.id), told, now)
    db.session.flush()


def _keep_one(
    registration: Registration,
    question: Question,
    answer: Answer | None,
    told: Given,
    now: datetime,
) -> None:
    if not told:
        if answer is not None:
            drop_file(answer)
            db.session.delete(answer)
        return
    if answer is None:
        answer = Answer(registration_id=registration.id, question_id=question.id)
        db.session.add(answer)
    answer.value = "\n".join(option for option in question.offered if option in told.values)
    if question.kind not in CHOOSING:
        answer.value = "".join(told.values)
    if told.upload is not None:
        drop_file(answer)
        answer.file = uploads.store(*told.upload, now=now)
    elif told.stored_name is not None and (
        answer.file is None or told.stored_name != answer.file.stored_name
    ):
        drop_file(answer)
        answer.file = _sent_before(told.stored_name)


def _sent_before(stored_name: str) -> StoredFile:
    stored = db.session.scalar(select(StoredFile).filter_by(stored_name=stored_name))
    if stored is None or db.session.scalar(select(Answer.question_id).filter_by(file=stored)):
        raise FileGoneError
    stored.held_for_id = None
    return stored


def drop_file(answer: Answer) -> None:
    """Delete the file of ``answer``, if it has one."""
    stored = answer.file
    if stored is not None:
        answer.file = None
        db.session.flush()
        uploads.remove(stored)


def hold(
    sent: Mapping[int, tuple[bytes, str]], *, person_id: int, now: datetime
) -> dict[int, StoredFile]:
    """Store files of a form that has to be sent once more, so that nobody chooses them again.

    Nothing refers to them: after a day they are deleted, if no answer does.
    """
    database.write()
    return {
        number: held_files.hold(*upload, person_id=person_id, now=now)
        for number, upload in sent.items()
    }
