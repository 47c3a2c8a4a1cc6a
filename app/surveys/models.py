"""Tables of surveys. An answer knows no person, no time and no order."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app import sealed
from app.database import Instant, Model
from app.editions.models import Edition


class AnswerKind(StrEnum):
    """How a question is answered."""

    RATING = "rating"  # from 1, poor, to 5, excellent
    WORDS = "words"


class Survey(Model):
    """What the people of one edition are asked; open until ``closes_at``."""

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    questions: Mapped[list[Any]] = mapped_column(JSON)  # [kind, text] each
    opened_at: Mapped[Instant]
    closes_at: Mapped[Instant]
    edition: Mapped[Edition] = relationship()

    @property
    def asked(self) -> list[tuple[AnswerKind, str]]:
        """The questions in their order."""
        return [(AnswerKind(kind), text) for kind, text in self.questions]


class SurveyTicket(Model):
    """Somebody who has answered: who, and nothing of what or when."""

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )


class SurveyAnswer(Model):
    """One person's answers, in the order of the questions.

    The key is random and nothing counts up, so neither its value nor its place tells when, or
    after whom, it was given.
    """

    __table_args__ = sealed.NO_ROW_NUMBERS
    id: Mapped[str] = mapped_column(sealed.KEY, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    answers: Mapped[list[Any]] = mapped_column(JSON)
