"""The shape of what is said at the door."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, SubmitField
from wtforms.validators import InputRequired, Length

from app.forms import DayField
from app.i18n import lazy_gettext as _l


class GuestForm(FlaskForm):
    """One person on one day; a button beside a name."""

    guest = HiddenField(validators=[InputRequired(), Length(max=40)])
    day = DayField(validators=[InputRequired()])
    q = HiddenField(validators=[Length(max=200)])  # what was searched, to come back to


class CloseForm(FlaskForm):
    """Close the list of who came."""

    submit = SubmitField(_l("Close the list"))
