"""The shape of what a participant tells us."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.forms import LineField, ProseField
from app.i18n import lazy_gettext as _l


class RegistrationForm(FlaskForm):
    """What a participant tells us; rules that need the database are the service's."""

    name = LineField(
        _l("Name"),
        [Optional(), Length(max=200)],
        description=_l("As it should stand on your badge. You can add it later."),
    )
    dietary_needs = ProseField(
        _l("Dietary needs"),
        [Optional(), Length(max=500)],
        description=_l("Only the organisers see this, and for this event alone."),
    )
    accepts_terms = BooleanField(
        _l("I accept the terms"),
        [InputRequired(_l("Tick the box to accept the terms; without it there is no place."))],
        description=_l(
            "The place is for me alone. If I cannot come I cancel, so that the next in the "
            "queue moves up."
        ),
    )
    submit = SubmitField(_l("Register"))


class CancelForm(FlaskForm):
    """Give the place back."""

    submit = SubmitField(_l("Cancel my registration"))
