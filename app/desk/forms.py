"""The shape of what is asked on the pages of plan and mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import HiddenField, SubmitField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app import clock
from app.editions import planning, service
from app.forms import DayField, LineField, WholeNumberField
from app.i18n import lazy_gettext as _l
from app.i18n import user_message
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict
    from wtforms import Field


class ApplyForm(FlaskForm):
    """Apply the plan that was looked at."""

    fingerprint = HiddenField()
    submit = SubmitField(_l("Apply the plan"))


class HorizonForm(FlaskForm):
    """How far ahead the plan looks."""

    until = WholeNumberField(_l("up to and including"), [Optional()])
    submit = SubmitField(_l("Show"))

    def validate_until(self, field: WholeNumberField) -> None:
        """Refuse a year that no plan reaches."""
        try:
            planning.check_until(field.data or 0, clock.today())
        except DomainError as error:
            field.errors = []  # the words for what is no number say less
            raise ValidationError(user_message(error)) from error

    @classmethod
    def of(cls, args: MultiDict[str, str]) -> HorizonForm:
        """Return the form as the address fills it; reading needs no token."""
        return cls(args, meta={"csrf": False})


class ReleaseForm(FlaskForm):
    """Let a mail leave that was held."""

    submit = SubmitField(_l("Send it now"))


class TakeUpForm(FlaskForm):
    """Take up a skipped occurrence again."""

    submit = SubmitField(_l("Take it up again"))


def in_a_year_of_events(form: FlaskForm, field: Field) -> None:  # noqa: ARG001 - the validator's form
    """Refuse a year in which no event lies."""
    if field.data is None:
        return
    try:
        service.check_year(field.data)
    except DomainError as error:
        raise ValidationError(user_message(error)) from error


class TryForm(FlaskForm):
    """Another first day for an edition; looking at it saves nothing."""

    day = DayField(_l("First day"), [Optional(), in_a_year_of_events])
    submit = SubmitField(_l("Show these days"))

    @classmethod
    def of(cls, args: MultiDict[str, str]) -> TryForm:
        """Return the form as the address fills it; reading needs no token."""
        return cls(args, meta={"csrf": False})


class TakeDaysForm(FlaskForm):
    """Take the days that were tried."""

    first_day = DayField(_l("First day"), [InputRequired(), in_a_year_of_events])
    reason = LineField(
        _l("Reason"),
        [InputRequired(), Length(max=500)],
        description=_l("It stands in the plan beside the new days."),
    )
    submit = SubmitField(_l("Take these days"))
