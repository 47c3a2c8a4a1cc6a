"""The shape of a personal feed."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, SubmitField
from wtforms.validators import InputRequired, Length

from app.forms import LineField
from app.i18n import lazy_gettext as _l


class PersonalFeedForm(FlaskForm):
    """Make a secret address for one device."""

    name = LineField(
        _l("For which device"),
        [InputRequired(), Length(max=80)],
        description=_l("So that you know it again, such as “my phone”."),
    )
    has_alarms = BooleanField(_l("Remind me a day before"))
    submit = SubmitField(_l("Make an address"))
