"""Reads of what an edition asks, and of what was answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from app.database import db
from app.editions.models import Edition
from app.registrations.models import CHOOSING, Answer, Question, Registration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


_OF_EDITION = (
    select(Question)
    .where(Question.edition_id == bindparam("edition_id"))
    .order_by(Question.sort, Question.id)
)


def of_edition(edition: Edition) -> Sequence[Question]:
    """Return every question of ``edition`` in its order, those no longer asked included."""
    return db.session.scalars(_OF_EDITION, {"edition_id": edition.id}).all()


def active(edition: Edition) -> list[Question]:
    """Return what ``edition`` asks, in its order."""
    return [question for question in of_edition(edition) if not question.is_retired]


def find(edition: Edition, number: int) -> Question | None:
    """Return one question of ``edition``."""
    return db.session.scalar(select(Question).filter_by(edition_id=edition.id, id=number))


def answer_counts(edition: Edition) -> dict[int, int]:
    """Return how many answered each question of ``edition``, by its id."""
    rows = db.session.execute(
        select(Answer.question_id, func.count())
        .join(Question, Question.id == Answer.question_id)
        .where(Question.edition_id == edition.id)
        .group_by(Answer.question_id)
    )
    return {number: count for number, count in rows}  # noqa: C416 - rows are no pairs to mypy


def chosen_counts(edition: Edition) -> dict[int, Counter[str]]:
    """Return how often each answer one can choose was given, by question."""
    rows = db.session.execute(
        select(Question.id, Answer.value, func.count())
        .join(Answer, Answer.question_id == Question.id)
        .where(Question.edition_id == edition.id, Question.kind.in_(CHOOSING))
        .group_by(Question.id, Answer.value)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for number, value, count in rows:
        for chosen in value.split("\n"):
            found[number][chosen] += count
    return found


def of_registration(registration: Registration) -> dict[int, Answer]:
    """Return the answers of one registration by question, in the order of the questions."""
    rows = db.session.scalars(
        select(Answer)
        .join(Answer.question)
        .where(Answer.registration_id == registration.id)
        .order_by(Question.sort, Question.id)
    )
    return {answer.question_id: answer for answer in rows}


def of_registrations(edition: Edition) -> dict[tuple[int, int], Answer]:
    """Return every answer of ``edition`` by registration and question."""
    rows = db.session.scalars(
        select(Answer).join(Answer.question).where(Question.edition_id == edition.id)
    )
    return {(answer.registration_id, answer.question_id): answer for answer in rows}


def sources(edition: Edition) -> Sequence[Edition]:
    """Return the other editions of the series that ask something, the latest first."""
    asks = select(Question.edition_id).where(Question.is_retired.is_(False))
    return db.session.scalars(
        select(Edition)
        .where(
            Edition.series_id == edition.series_id, Edition.id != edition.id, Edition.id.in_(asks)
        )
        .order_by(Edition.dtstart.desc())
    ).all()


def ended(today: date) -> list[tuple[int, int, date]]:
    """Return id, days to keep and last day's morrow of what was asked for events that are over.

    Questions without an answer are left out.
    """
    answered = select(Answer.question_id).where(Answer.question_id == Question.id).exists()
    rows = db.session.execute(
        select(Question.id, Question.keep_days, Edition.dtend)
        .join(Edition, Edition.id == Question.edition_id)
        .where(Edition.dtend <= today, answered)
    )
    return [(number, keep_days, dtend) for number, keep_days, dtend in rows]
