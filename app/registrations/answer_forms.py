"""The questions of an edition as fields of an application."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app import held_files, uploads
from app.forms import DayField, LineField, ProseField, options
from app.i18n import gettext as _
from app.i18n import user_message
from app.registrations import answering
from app.registrations.answer_words import condition_words, option_words
from app.registrations.answering import Given
from app.registrations.models import QuestionKind
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from wtforms import Field

    from app.accounts.models import Person
    from app.registrations.models import Answer, Question

RADIO_MAX = 7  # options; more are a list to choose from
WRITTEN: dict[QuestionKind, Any] = {
    QuestionKind.TEXT: LineField,
    QuestionKind.PROSE: ProseField,
    QuestionKind.DATE: DayField,
    QuestionKind.FILE: FileField,
}
_A_QUESTION = re.compile(r"q[0-9]+")


class Needed(Optional):
    """Shown as needed; whether it is, depends on the other answers."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags = {"optional": True, "needed": True}


class AsksQuestions(FlaskForm):
    """What the forms of an application do about the questions of their edition."""

    questions: ClassVar[Sequence[Question]] = ()
    standing: ClassVar[Mapping[int, Answer]] = {}
    person_id: ClassVar[int] = 0

    @property
    def is_draft(self) -> bool:
        """Whether everything may be left open."""
        return bool("keep" in self and self["keep"].data)

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Judge what is asked of who answers so; the rest is let go."""
        super().validate(extra_validators)
        self.uploads = self._read_files()
        self.given: dict[int, Given] = {row.id: self._given(row) for row in self.questions}
        put = {row.id for row in answering.asked(self.questions, self.given)}
        self.given = {number: told for number, told in self.given.items() if number in put}
        for row in self.questions:
            field = self.field_of(row)
            if row.id not in put:
                field.errors = []
            elif not field.errors:
                try:
                    answering.check(row, self.given[row.id], is_draft=self.is_draft)
                except DomainError as error:
                    field.errors = [user_message(error)]
        names = {name for name in (*request.form, *request.files) if _A_QUESTION.fullmatch(name)}
        if names - {f"q{row.id}" for row in self.questions}:
            self.form_errors.append(
                _("One of your answers is to a question that is not asked here. It is left out.")
            )
        return not self.errors

    def field_of(self, question: Question) -> Any:  # noqa: ANN401 - any field
        """Return the field of one question."""
        return self[f"q{question.id}"]

    def condition_of(self, question: Question) -> str:
        """Say of whom ``question`` is asked."""
        return condition_words(question, self.questions)

    def _read_files(self) -> dict[int, tuple[bytes, str]]:
        """Read what was sent as files, each once; what we do not take stands on its field."""
        found = {}
        for row in self.questions:
            sent = self.field_of(row).data if row.kind is QuestionKind.FILE else None
            if not isinstance(sent, FileStorage) or not sent.filename:
                continue
            try:
                found[row.id] = (uploads.read_scan(sent), sent.filename)
            except DomainError as error:
                self.field_of(row).errors = [user_message(error)]
        return found

    def _given(self, question: Question) -> Given:
        data = self.field_of(question).data
        if question.kind is QuestionKind.FILE:
            return self._given_file(question)
        if question.kind is QuestionKind.CHOICES:
            return Given(tuple(data or ()))
        if isinstance(data, date):
            return Given((data.isoformat(),))
        return Given((data,) if data else ())

    def _given_file(self, question: Question) -> Given:
        if question.id in self.uploads:
            return Given(upload=self.uploads[question.id])
        if self[f"q{question.id}_drop"].data:
            return Given()
        held = self._held(question)
        if held is not None:
            return Given(stored_name=held)
        answer = self.standing.get(question.id)
        stored = answer.file if answer is not None else None
        return Given(stored_name=stored.stored_name if stored is not None else None)

    def _held(self, question: Question) -> str | None:
        """Return the file that this person sent to this question before, by its seal."""
        field = self[f"q{question.id}_held"]
        found = held_files.unseal(field.data or "", self.person_id, question.id)
        if found is None:
            field.data = ""
            return None
        stored_name, field.description = found
        return stored_name

    def hold(self, now: datetime) -> bool:
        """Keep the files of a form that is shown again; the caller commits if there are any."""
        sent = {
            row.id: self.uploads[row.id]
            for row in self.questions
            if row.id in getattr(self, "uploads", {}) and not self.field_of(row).errors
        }
        if not sent:
            return False
        for number, stored in answering.hold(sent, person_id=self.person_id, now=now).items():
            field = self[f"q{number}_held"]
            field.data = held_files.seal(stored, self.person_id, number)
            field.description = stored.name
        return True


def with_questions(
    base: type[FlaskForm],
    questions: Sequence[Question],
    standing: Mapping[int, Answer],
    person: Person,
    *,
    grant_request: str | None,
) -> Any:  # noqa: ANN401 - a class that no checker can know
    """Return ``base`` with a field a question, named ``q`` and its number.

    ``grant_request``: why a travel grant was asked for, ``None`` where none can be.
    """
    fields: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for question in questions:
        name = f"q{question.id}"
        fields[name] = _field(question)
        if question.kind is QuestionKind.FILE:
            fields[f"{name}_held"] = HiddenField()
            fields[f"{name}_drop"] = BooleanField(_("Take the file away"))
        elif question.id in standing:
            told[name] = _told(question, standing[question.id])
    if grant_request is not None:
        fields["grant_request"] = ProseField(
            _("Travel grant"),
            [Optional(), Length(max=1000)],
            description=_(
                "Say why you need one, if you ask for one. The organisers decide, and write to you."
            ),
        )
        told["grant_request"] = grant_request
    facts = {
        "questions": questions,
        "standing": standing,
        "person_id": person.id,
        "told_before": told,
    }
    return type("ApplicationForm", (AsksQuestions, base), facts | fields)


def _told(question: Question, answer: Answer) -> object:
    if question.kind is QuestionKind.CHOICES:
        return list(answer.values)
    return date.fromisoformat(answer.value) if question.kind is QuestionKind.DATE else answer.value


def _field(question: Question) -> Field:
    common: dict[str, Any] = {
        "label": question.label,
        "description": question.help_text,
        "validators": [Needed() if question.is_required else Optional()],
    }
    choices = option_words(question)
    if question.kind in WRITTEN:
        return WRITTEN[question.kind](**common)
    if question.kind is QuestionKind.CHOICES:
        return SelectMultipleField(
            choices=options(choices),
            validate_choice=False,
            widget=ListWidget(prefix_label=False),
            option_widget=CheckboxInput(),
            **common,
        )
    if len(choices) > RADIO_MAX:
        first = _("Choose one") if question.is_required else _("(no answer)")
        return SelectField(
            choices=options([("", first), *choices]), validate_choice=False, **common
        )
    if not question.is_required:
        choices.append(("", _("No answer")))
    return RadioField(choices=options(choices), validate_choice=False, **common)
