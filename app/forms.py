"""What the features' forms share."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from wtforms import DateField, FieldList, FloatField, IntegerField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError

from app.i18n import gettext as _
from app.i18n import user_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flask_wtf import FlaskForm
    from wtforms import Field

    from scheduler.errors import DomainError


# What turns the words around it about (names of every script do without), and what no XML holds.
UNWANTED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")


def clean(text: str | None) -> str:
    """Return what was typed without control characters and outer blanks; marks alone are nothing.

    Feeds and mails carry these words; a stray U+000B or a lone CR breaks some clients.
    """
    kept = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    visible = (
        c
        for c in kept
        if c in "\n\t" or not (c in UNWANTED or unicodedata.category(c) in {"Cc", "Cs"})
    )
    text = "".join(visible).strip()
    # A zero width space is a name to no reader.
    is_seen = any(unicodedata.category(c) not in {"Cf", "Zs", "Zl", "Zp", "Cc"} for c in text)
    return text if is_seen else ""


def one_line(text: str | None) -> str:
    """Return what was typed, cleaned and without line breaks; blanks alone are nothing."""
    return " ".join(clean(text).split())


class EitherOf(Optional):
    """May stay empty where another field of the form answers; its label does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags = {"optional": True, "either": True}


TYPED_MAX = 100_000
"""Characters of one field that are looked at: more than any takes, and soon cleaned."""


class LineField(StringField):
    """One line of text."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Clean what was typed; a line has no line breaks, and blanks alone are nothing."""
        self.data = one_line(valuelist[0][:TYPED_MAX]) if valuelist else ""
        self.raw_data = [self.data]


class ProseField(TextAreaField):
    """Several lines of text."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Clean what was typed; blanks alone are nothing."""
        self.data = clean(valuelist[0][:TYPED_MAX]) if valuelist else ""
        self.raw_data = [self.data]


ROWS_READ = 100
"""Rows of a table with a most that are looked at, and come back as they were typed."""


class RowsField(FieldList):
    """Rows of a table; their names carry their numbers. Too many are refused, not cut off."""

    max_entries: Any

    def process(self, formdata: Any, *values: Any, **options: Any) -> None:  # noqa: ANN401 - theirs
        """Read the rows; theirs would drop those that are too many, and say nothing."""
        self.sent_count = len(set(self._extract_indices(self.name, formdata or ())))
        most = self.max_entries
        self.max_entries = max(most, ROWS_READ) if most else None
        super().process(formdata, *values, **options)
        self.max_entries = most

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:  # noqa: ANN401 - theirs
        """Check every row, then how many there are."""
        is_valid = bool(super().validate(form, extra_validators))
        if not self.max_entries or self.sent_count <= self.max_entries:
            return is_valid
        sentence = _(
            "There is room for %(most)s lines, and these are %(sent)s. Put some of them together.",
            most=self.max_entries,
            sent=self.sent_count,
        )
        form.form_errors.append(sentence)
        return False

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        # Theirs falls over a digit that is no number (²) and one of thousands of digits.
        for name in formdata:
            if found := re.match(rf"{re.escape(prefix)}-([0-9]{{1,6}})(-|$)", name):
                yield int(found[1])


class WholeNumberField(IntegerField):
    """A whole number in digits; says what it takes when it gets something else."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; what an empty field means, the validators say."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValidationError(
                _("“%(text)s” is not a whole number. Write it in digits.", text=valuelist[0][:40])
            ) from error


class DegreesField(FloatField):
    """Degrees as a decimal fraction; says what it takes when it gets something else."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; what an empty field means, the validators say."""
        text = one_line(valuelist[0][:TYPED_MAX]) if valuelist else ""
        try:
            super().process_formdata([text.replace("\N{MINUS SIGN}", "-")])
        except ValueError as error:
            raise ValidationError(
                _("“%(text)s” is not a number of degrees. Write it like 48.21.", text=text[:40])
            ) from error


class YearField(IntegerField):
    """A year in digits; says what it takes when it gets something else."""

    data: Any  # a number once the form is validated
    raw_data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the year; an empty field is none."""
        text = clean(valuelist[0][:TYPED_MAX]) if valuelist else ""
        self.data = None
        if not text:
            self.raw_data = []
            return
        if not re.fullmatch(r"[0-9]{4}", text):
            raise ValidationError(_("“%(text)s” is not a year. Write it as 2031.", text=text[:40]))
        self.data = int(text)


class DayField(DateField):
    """A day, ``YYYY-MM-DD``; says what it takes when it gets something else."""

    data: Any  # a date once the form is validated

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day; an empty field is none."""
        text = clean(valuelist[0][:TYPED_MAX]) if valuelist else ""
        self.raw_data = [text] if text else []
        self.data = None
        if not text:
            return
        try:
            self.data = date.fromisoformat(text)
        except ValueError as error:
            raise ValidationError(
                _("“%(text)s” is not a day. Write it as 2027-03-02.", text=text[:40])
            ) from error


def options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """Return the choices of a select or radio field from ``(value, label)`` pairs."""
    return [SelectChoice(value, label) for value, label in pairs]


def day_after(day: date) -> date:
    """Return the exclusive end for a last day as people write it.

    Forms ask for the last day; everything else counts with the day after it.
    """
    return day if day == date.max else day + timedelta(days=1)


def put(form: FlaskForm, error: DomainError, field: Field | None = None) -> None:
    """Show ``error`` on ``field``, or on the form as a whole."""
    sentence = user_message(error)
    if field is None:
        form.form_errors.append(sentence)
    else:
        field.errors = [*field.errors, sentence]
