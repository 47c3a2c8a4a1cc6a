"""Every form that a route takes, as the application itself makes it, filled in so that it passes.

A sheet is one form of one route, for one person who is let through. Its fields are those that the
application's own form has: a new form is found by its route's line in docs/access.md.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FieldList,
    FileField,
    FormField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    SubmitField,
)

from app import clock
from app.held_files import HeldFileField
from tests.factories import PDF
from tests.house import matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wtforms import Field

    from tests.house.matrix import Asker

Values = dict[str, Any]
EMAIL = "somebody.new@example.org"
# What no rule of its field tells; else a word, a number or a day of the kind asked for does.
TOLD: Mapping[str, Any] = {
    "password": "quiet lemon harbour seven",
    "rrule": "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU",
    "currency": "EUR",
    "rhythm": "week",
    "known": "day",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form of one route, and what a person would send with it."""

    route: str
    path: str
    who: str
    form: str
    kinds: Mapping[str, type]
    values: Values = field(default_factory=dict)

    def __str__(self) -> str:
        """What a failure names."""
        return f"{self.route} as {self.who} ({self.form})"


def sheets(asker: Asker, rows: Iterable[matrix.Row]) -> Iterator[Sheet]:
    """Yield every form of ``rows``, for the first and the last person let through."""
    for row in rows:
        path = matrix.address(row, asker.world.things)
        through = [name for name, mark in row.expected().items() if mark == matrix.THROUGH]
        if "POST" not in row.methods or path is None:
            continue
        for who in dict.fromkeys([through[0], through[-1]] if through else []):
            made: list[FlaskForm] = []
            with noted(made):
                send(asker, who, path, {}).close()
            asker.put_back()
            for form in made:
                yield from _of_form(row.route, path, who, form)


@contextmanager
def noted(made: list[FlaskForm]) -> Iterator[None]:
    """Note each form that a request makes."""
    real = FlaskForm.__init__

    def spy(self: FlaskForm, *values: Any, **options: Any) -> None:  # noqa: ANN401 - theirs
        real(self, *values, **options)
        made.append(self)

    FlaskForm.__init__ = spy  # type: ignore[method-assign]
    try:
        yield
    finally:
        FlaskForm.__init__ = real  # type: ignore[method-assign]


def send(asker: Asker, who: str, path: str, values: Values) -> Any:  # noqa: ANN401 - werkzeug's
    """Post ``values`` with the token of the person's form."""
    data = {"csrf_token": asker.tokens[who]} | {
        name: (BytesIO(value), "file.pdf") if isinstance(value, bytes) else value
        for name, value in values.items()
    }
    return asker.browser.post(path, data=data, headers={"Cookie": asker.cookies[who]})


def _of_form(route: str, path: str, who: str, form: FlaskForm) -> Iterator[Sheet]:
    fields = {one.name: one for one in _leaves(form) if one.name != "csrf_token"}
    kinds = {name: type(one) for name, one in fields.items()}
    sealed = [one.sealed_name for one in fields.values() if isinstance(one, HeldFileField)]
    kinds |= dict.fromkeys(sealed, HiddenField)
    buttons = [name for name, kind in kinds.items() if issubclass(kind, SubmitField)]
    values = {name: value_of(one) for name, one in fields.items() if name not in buttons}
    for button in buttons or [""]:
        pressed = {button: "1"} if button else {}
        yield Sheet(route, path, who, type(form).__name__, kinds, values | pressed)


def _leaves(fields: Iterable[Field]) -> Iterator[Field]:
    for one in fields:
        if isinstance(one, FieldList):
            yield from _leaves(one.entries)
        elif isinstance(one, FormField):
            yield from _leaves(one.form)
        else:
            yield one


def value_of(one: Field) -> Any:  # noqa: ANN401 - of whichever kind the field takes
    """Return what a person might give."""
    name = one.short_name
    if name in TOLD:
        return TOLD[name]
    if isinstance(one, (RadioField, SelectField, SelectMultipleField)):
        values = [str(choice.value) for choice in one.iter_choices()]
        return next((value for value in values if value), "")
    days = 60 + 3 * ("last" in name)
    by_kind: list[tuple[tuple[type, ...], Any]] = [
        ((FileField,), PDF),
        ((DateField,), (clock.today() + timedelta(days=days)).isoformat()),
        ((EmailField,), EMAIL),
        ((IntegerField,), str(clock.today().year + 4 if "year" in name else 3)),
        ((BooleanField,), "y"),
        ((HiddenField, PasswordField), str(one.data or "")),
    ]
    words = EMAIL if "email" in name else str(one.data or "Words")
    return next((value for kinds, value in by_kind if isinstance(one, kinds)), words)
