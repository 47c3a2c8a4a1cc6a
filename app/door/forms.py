"""The shape of what is said at the door."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import abort, request
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.forms import DayField, LineField
from app.i18n import lazy_gettext as _l


class GuestForm(FlaskForm):
    """One person on one day; a button beside a name."""

    guest = HiddenField(validators=[InputRequired(), Length(max=40)])
    day = DayField(validators=[InputRequired()])
    q = HiddenField(validators=[Length(max=200)])  # what was searched, to come back to


class WalkInForm(FlaskForm):
    """Somebody who comes without a registration."""

    key = HiddenField(validators=[InputRequired(), Length(max=40)])
    name = LineField(_l("Name"), [InputRequired(), Length(max=200)])
    email = EmailField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    country = SelectField(_l("Country"), [Optional()], validate_choice=False)
    submit = SubmitField(_l("Register and check in"))


class CloseForm(FlaskForm):
    """Close the list of who came."""

    submit = SubmitField(_l("Close the list"))


def sent_items(most: int) -> list[Any]:
    """Return what a door sent: a list in JSON, of ``most`` items at the most; 400 for all else."""
    try:
        asked = request.get_json(silent=True)
    except RecursionError:  # a list in a list in a list …
        asked = None
    if not isinstance(asked, list) or len(asked) > most:
        abort(HTTPStatus.BAD_REQUEST)
    return asked
