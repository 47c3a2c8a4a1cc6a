"""The shape of what organisers write for letters and certificates."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.forms import LineField, ProseField
from app.i18n import lazy_gettext as _l


class TextForm(FlaskForm):
    """What a letter or certificate says, and who signs it."""

    issuer = LineField(
        _l("Issued by"),
        [InputRequired(), Length(max=200)],
        description=_l("The office, as it should stand at the head of the paper."),
    )
    signatory = LineField(_l("Signed by"), [InputRequired(), Length(max=200)])
    signatory_title = LineField(_l("Title of who signs"), [Optional(), Length(max=200)])
    body = ProseField(
        _l("Words"),
        [InputRequired(), Length(max=8000)],
        description=_l(
            "An empty line begins a paragraph. {name}, {country}, {event}, {days}, {place}, "
            "{venue} and {number} are filled in for each person."
        ),
    )
    submit = SubmitField(_l("Save the words"))
    preview = SubmitField(_l("Save and see an example"))


class PostForm(FlaskForm):
    """A button that does something; it carries the token and nothing else."""


class BadgesForm(FlaskForm):
    """Which badges to print."""

    new = SubmitField(_l("Print the new badges"))
    all = SubmitField(_l("Print all badges"))
