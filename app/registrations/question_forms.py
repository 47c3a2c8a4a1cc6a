"""The shape of what an organiser asks of everybody who applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.forms import LineField, ProseField, WholeNumberField, one_line, options
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.registrations.answer_words import option_words
from app.registrations.models import CHOOSING, QuestionKind
from app.registrations.questions import QuestionFacts, Wishes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.registrations.models import Question

OPTIONS_MAX, OPTION_LENGTH_MAX = 60, 150
KEEP_DAYS_MAX = 730  # as long as registrations are kept
KIND_WORDS = {
    QuestionKind.TEXT: _l("A line of text"),
    QuestionKind.PROSE: _l("Several lines of text"),
    QuestionKind.YES_NO: _l("Yes or no"),
    QuestionKind.CHOICE: _l("One of several answers"),
    QuestionKind.CHOICES: _l("Any of several answers"),
    QuestionKind.DATE: _l("A day"),
    QuestionKind.FILE: _l("A file: PDF or picture"),
}
LISTED = frozenset({QuestionKind.CHOICE, QuestionKind.CHOICES})


class QuestionForm(FlaskForm):
    """One question: what is asked, of whom, why, and for how long the answers are kept."""

    label = LineField(_l("Question"), [InputRequired(), Length(max=200)])
    kind = SelectField(
        _l("Answered by"),
        [InputRequired()],
        choices=options((kind.value, words) for kind, words in KIND_WORDS.items()),
    )
    answers = ProseField(
        _l("Answers to choose from"),
        [Optional()],
        description=_l("For one or any of several answers: one a line, in their order."),
    )
    help_text = LineField(
        _l("Help"), [Optional(), Length(max=500)], description=_l("A sentence below the question.")
    )
    is_required = BooleanField(_l("Needs an answer"))
    condition = SelectField(
        _l("Asked of"),
        [Optional()],
        validate_choice=False,
        description=_l("A question can depend on an answer to one that stands before it."),
    )
    purpose = LineField(
        _l("Why it is asked"),
        [InputRequired(), Length(max=300)],
        description=_l("People read this below the question, and it binds: “to plan the meals”."),
    )
    keep_days = WholeNumberField(
        _l("Days after the event until the answers are deleted"),
        [
            InputRequired(),
            NumberRange(min=0, max=KEEP_DAYS_MAX, message=_l("Write a number from 0 to 730.")),
        ],
    )
    submit = SubmitField(_l("Save the question"))

    @classmethod
    def of(cls, question: Question | None, before: Iterable[Question]) -> QuestionForm:
        """Return the form filled with ``question``; ``before``: the active ones above it."""
        told: dict[str, Any] = {"keep_days": 30}
        if question is not None:
            told = {
                "label": question.label,
                "kind": question.kind.value,
                "answers": "\n".join(question.options),
                "help_text": question.help_text,
                "is_required": question.is_required,
                "condition": _key(question.depends_on_id, question.depends_on_answer),
                "purpose": question.purpose,
                "keep_days": question.keep_days,
            }
        form = cls(data=told)
        form.condition.choices = options(
            [
                ("", _("Everybody")),
                *(
                    (_key(row.id, option), _("who says “%(answer)s” to “%(question)s”",
                                             answer=words, question=row.label))
                    for row in before
                    if row.kind in CHOOSING
                    for option, words in option_words(row)
                ),
            ]
        )  # fmt: skip
        return form

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """A list has at least two answers, each once."""
        super().validate(extra_validators)
        problem = _problem(self._options()) if self.kind.data in LISTED else ""
        if problem:
            self.answers.errors = [*self.answers.errors, problem]
        if (self.condition.data or "") not in {choice.value for choice in self.condition.choices}:
            self.condition.errors = [_("Choose one from the list.")]
        return not self.errors

    def _options(self) -> list[str]:
        lines = (one_line(line) for line in (self.answers.data or "").splitlines())
        return [line for line in lines if line]

    @property
    def facts(self) -> QuestionFacts:
        """What was told, once it is valid."""
        kind = QuestionKind(self.kind.data)
        number, _colon, answer = (self.condition.data or "").partition(":")
        return QuestionFacts(
            kind=kind,
            label=self.label.data or "",
            purpose=self.purpose.data or "",
            help_text=self.help_text.data or "",
            options=tuple(self._options()) if kind in LISTED else (),
            is_required=bool(self.is_required.data),
            depends_on_id=int(number) if number else None,
            depends_on_answer=answer,
            keep_days=self.keep_days.data or 0,
        )


def _key(number: int | None, answer: str) -> str:
    return "" if number is None else f"{number}:{answer}"


def _problem(answers: Sequence[str]) -> str:
    if len(answers) < 2:  # noqa: PLR2004 - one is no choice
        return _("Write at least two answers, one a line.")
    if len(set(answers)) < len(answers):
        return _("One of the answers stands there twice.")
    if len(answers) > OPTIONS_MAX:
        return _("Write at most %(most)s answers.", most=OPTIONS_MAX)
    if max(map(len, answers)) > OPTION_LENGTH_MAX:
        return _("An answer may have at most %(most)s characters.", most=OPTION_LENGTH_MAX)
    return ""


class WishesForm(FlaskForm):
    """What an edition asks besides its questions, and what it offers."""

    asks_country = BooleanField(
        _l("Everybody has to name a country"),
        description=_l("Nominations and places by country need it anyway."),
    )
    offers_visa_letters = BooleanField(
        _l("Visa support letters are given"),
        description=_l("Who has a place can ask for one, and only then tells about the passport."),
    )
    offers_grants = BooleanField(_l("Travel grants can be asked for"))
    grants_per_country = WholeNumberField(
        _l("Grants for each country"),
        [
            InputRequired(),
            NumberRange(min=0, max=1000, message=_l("Write a number from 0 to 1000.")),
        ],
        description=_l("One more can be given all the same, by a tick."),
    )
    submit = SubmitField(_l("Save"))

    @property
    def wishes(self) -> Wishes:
        """What was told."""
        return Wishes(
            asks_country=bool(self.asks_country.data),
            offers_visa_letters=bool(self.offers_visa_letters.data),
            offers_grants=bool(self.offers_grants.data),
            grants_per_country=self.grants_per_country.data or 0,
        )


class CopyForm(FlaskForm):
    """Take the questions of another edition of the series."""

    source = SelectField(_l("From"), [InputRequired()])
    copy = SubmitField(_l("Copy its questions"))


class ActForm(FlaskForm):
    """A button beside a question."""
