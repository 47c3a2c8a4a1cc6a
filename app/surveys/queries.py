"""Reads of surveys: counts, and words in no order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.database import db
from app.registrations.models import Registration
from app.surveys.models import AnswerKind, Survey, SurveyAnswer, SurveyTicket
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.editions.models import Edition

CAME = frozenset({RegistrationStatus.CHECKED_IN, RegistrationStatus.ATTENDED})
SHOWN_FROM = 5  # answers: among fewer, one could guess whose is whose
RATINGS = range(1, 6)


@dataclass(frozen=True, slots=True)
class Result:
    """What people answered to one question."""

    kind: AnswerKind
    question: str
    answered_count: int  # how many answered this question
    counts: tuple[int, ...] = ()  # of each rating from 1 to 5; none for words, or of too few
    words: tuple[str, ...] = ()  # sorted by their letters, so that no order tells who came first

    @property
    def by_rating(self) -> list[tuple[int, int]]:
        """Each rating with how many gave it, from 1 to 5."""
        return list(zip(RATINGS, self.counts, strict=False))

    @property
    def mean(self) -> float | None:
        """The mean rating, ``None`` where nobody rated."""
        total = sum(self.counts)
        rated = sum(rating * count for rating, count in self.by_rating)
        return rated / total if total else None


def find(edition: Edition) -> Survey | None:
    """Return the survey of ``edition``."""
    return db.session.get(Survey, edition.id)


def who_came(edition: Edition) -> Sequence[Registration]:
    """Return the registrations of who came to ``edition``."""
    return db.session.scalars(
        select(Registration)
        .where(Registration.edition_id == edition.id, Registration.status.in_(CAME))
        .order_by(Registration.id)
    ).all()


def has_answered(registration: Registration) -> bool:
    """Whether the person has answered."""
    return db.session.get(SurveyTicket, registration.id) is not None


def answer_count(edition: Edition) -> int:
    """Return how many people answered."""
    found = select(func.count()).select_from(SurveyAnswer).filter_by(edition_id=edition.id)
    return db.session.scalar(found) or 0


def results(survey: Survey, now: datetime) -> list[Result]:
    """Return what was answered, question by question, once the survey is closed.

    While answers come in, whoever looks before and after one would see what it says. Nothing is
    told of fewer than :data:`SHOWN_FROM` answers, to one question or to all.
    """
    if now < survey.closes_at:
        return []
    rows = db.session.scalars(
        select(SurveyAnswer.answers).filter_by(edition_id=survey.edition_id)
    ).all()
    if len(rows) < SHOWN_FROM:
        return []
    found = []
    for place, (kind, question) in enumerate(survey.asked):
        given = [row[place] for row in rows if row[place] not in {None, ""}]
        result = Result(kind, question, len(given))
        if result.answered_count < SHOWN_FROM:
            found.append(result)
        elif kind is AnswerKind.RATING:
            counted = Counter(given)
            found.append(replace(result, counts=tuple(counted[n] for n in RATINGS)))
        else:
            found.append(replace(result, words=tuple(sorted(given, key=str.casefold))))
    return found
