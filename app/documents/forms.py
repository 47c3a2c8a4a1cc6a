"""The shape of what organisers write for letters and certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.documents.service import Passport
from app.forms import DayField, LineField, ProseField
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import date


AGE_MAX = 130
"""Years: a day of birth from before is a slip of the keys."""


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


class VisaForm(FlaskForm):
    """What a visa support letter needs; asked of who wants one, and of nobody else."""

    full_name = LineField(_l("Name as in the passport"), [InputRequired(), Length(max=200)])
    nationality = SelectField(_l("Nationality"), [InputRequired()])
    passport_number = LineField(_l("Passport number"), [InputRequired(), Length(max=40)])
    passport_expires_on = DayField(_l("Valid until"), [InputRequired()])
    born_on = DayField(_l("Date of birth"), [InputRequired()])
    consulate = LineField(
        _l("Consulate"),
        [Optional(), Length(max=120)],
        description=_l("Where you ask for the visa."),
    )
    submit = SubmitField(_l("Ask for the letter"))

    def passport(self) -> Passport:
        """Return what was told."""
        return Passport(
            full_name=self.full_name.data or "",
            nationality_code=self.nationality.data,
            passport_number=self.passport_number.data or "",
            passport_expires_on=self.passport_expires_on.data,
            born_on=self.born_on.data,
            consulate=self.consulate.data or "",
        )

    def insist(self, today: date, last_day: date) -> bool:
        """Check that the days can be true: born before ``today``, valid on ``last_day``."""
        if self.born_on.data and self.born_on.data >= today:
            self.born_on.errors = [*self.born_on.errors, _("This day has not come yet.")]
        elif self.born_on.data and today.year - self.born_on.data.year > AGE_MAX:
            self.born_on.errors = [*self.born_on.errors, _("Nobody is as old as that.")]
        if self.passport_expires_on.data and self.passport_expires_on.data < last_day:
            self.passport_expires_on.errors = [
                *self.passport_expires_on.errors,
                _("The passport has to be valid on the last day of the event."),
            ]
        return not (self.born_on.errors or self.passport_expires_on.errors)


class ReturnVisaForm(FlaskForm):
    """Why no letter can be issued as it was asked for."""

    because = ProseField(
        _l("What has to change, or why there is no letter"),
        [InputRequired(), Length(max=500)],
        description=_l(
            "The person reads this where they correct it. It is in no mail and no history."
        ),
    )
    submit = SubmitField(_l("Send it back"))


class PostForm(FlaskForm):
    """A button that does something; it carries the token and nothing else."""


class BadgesForm(FlaskForm):
    """Which badges to print."""

    new = SubmitField(_l("Print the new badges"))
    all = SubmitField(_l("Print all badges"))
