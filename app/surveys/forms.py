"""The shape of a survey, and of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.forms import DayField, ProseField, options
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.surveys.models import AnswerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

QUESTIONS_MAX, QUESTION_LENGTH_MAX = 20, 300


class SurveyForm(FlaskForm):
    """What people are asked, one question a line, and until when."""

    ratings = ProseField(
        _l("Questions answered from 1 to 5"),
        [Optional(), Length(max=6000)],
        description=_l("One a line. 1 is poor, 5 excellent."),
    )
    words = ProseField(
        _l("Questions answered in words"), [Optional(), Length(max=6000)],
        description=_l("One a line."),
    )  # fmt: skip
    closes_on = DayField(_l("Last day for answers"), [InputRequired()])
    submit = SubmitField(_l("Ask everyone who came"))

    def questions(self) -> list[tuple[AnswerKind, str]]:
        """Return the questions in the order they are asked."""
        return [
            (kind, line.strip())
            for kind, field in ((AnswerKind.RATING, self.ratings), (AnswerKind.WORDS, self.words))
            for line in (field.data or "").splitlines()
            if line.strip()
        ]

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Check that something is asked, and not too much."""
        is_valid = bool(super().validate(extra_validators))
        questions = self.questions()
        problem = ""
        if not questions:
            problem = _("Ask at least one question.")
        elif len(questions) > QUESTIONS_MAX:
            problem = _("Ask at most %(count)s questions.", count=QUESTIONS_MAX)
        elif any(len(text) > QUESTION_LENGTH_MAX for _kind, text in questions):
            problem = _("A question may have at most %(n)s characters.", n=QUESTION_LENGTH_MAX)
        if problem:
            self.ratings.errors = [*self.ratings.errors, problem]
        return is_valid and not problem


class CloseForm(FlaskForm):
    """Take no more answers."""

    submit = SubmitField(_l("Close the survey"))


def answer_form(questions: Sequence[tuple[AnswerKind, str]]) -> FlaskForm:
    """Return a form with one field a question, named ``q0``, ``q1`` …; none must be answered."""
    fields: dict[str, Any] = {"submit": SubmitField(_l("Send my answers"))}
    ratings = options([*((str(n), str(n)) for n in range(1, 6)), ("", _("No answer"))])
    for place, (kind, text) in enumerate(questions):
        if kind is AnswerKind.RATING:
            field: Any = RadioField(
                text, [Optional()], choices=ratings, description=_l("1 is poor, 5 excellent.")
            )
        else:
            field = ProseField(text, [Optional(), Length(max=4000)])
        fields[f"q{place}"] = field
    return type("AnswerForm", (FlaskForm,), fields)()


def answers_in(
    form: FlaskForm, questions: Sequence[tuple[AnswerKind, str]]
) -> list[int | str | None]:
    """Return what was answered, in the order of the questions; ``None`` and ``""``: nothing."""
    return [
        (int(form[f"q{place}"].data) if form[f"q{place}"].data else None)
        if kind is AnswerKind.RATING
        else (form[f"q{place}"].data or "")
        for place, (kind, _text) in enumerate(questions)
    ]
