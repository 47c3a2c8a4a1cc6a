"""The shape of what organisers write to many."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, SubmitField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from app.forms import LineField, ProseField
from app.i18n import lazy_gettext as _l


class MessageForm(FlaskForm):
    """To whom, and what; the choices are set by the view, with how many stand in each state."""

    statuses = SelectMultipleField(
        _l("To people whose registration is"),
        [InputRequired(message=_l("Choose at least one state."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    countries = SelectMultipleField(
        _l("Of these countries alone"),
        description=_l("Nothing ticked: of whichever country, or of none."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    roles = SelectMultipleField(
        _l("In these roles alone"),
        description=_l("Nothing ticked: in whichever role."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    subject = LineField(_l("Subject"), [InputRequired(), Length(max=200)])
    body = ProseField(
        _l("Message"),
        [InputRequired(), Length(max=8000)],
        description=_l(
            "An empty line begins a paragraph. {name}, {country}, {event}, {days} and {place} are "
            "filled in for each person."
        ),
    )
    submit = SubmitField(_l("See it before it goes"))


class PostForm(FlaskForm):
    """A button; it carries the token and nothing else."""
