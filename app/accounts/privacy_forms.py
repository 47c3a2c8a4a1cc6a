"""The shape of what people say about their data; boxes of consent, for whoever asks for it."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, SubmitField
from wtforms.validators import InputRequired, Length

from app.accounts.consents import WORDINGS
from app.accounts.models import Purpose
from app.forms import LineField, ProseField
from app.i18n import lazy_gettext as _l


def _box(purpose: Purpose) -> BooleanField:
    return BooleanField(WORDINGS[purpose].label, description=WORDINGS[purpose].text)


class ConsentFields(Form):
    """One box a purpose, none ticked: for a form to inherit; shown by ``consent_fields``.

    A box says yes. Not ticking it withdraws nothing, so who agreed before need not be asked.
    """

    consent_participants_list = _box(Purpose.PARTICIPANTS_LIST)
    consent_photo = _box(Purpose.PHOTO)
    consent_slides = _box(Purpose.SLIDES)
    consent_mailing = _box(Purpose.MAILING)

    @property
    def consents(self) -> list[Purpose]:
        """What was ticked, for :func:`app.accounts.consents.give`."""
        return [purpose for purpose in Purpose if self[f"consent_{purpose.value}"].data]


class ConsentForm(FlaskForm):
    """Give one consent or withdraw it."""

    give = SubmitField(_l("I agree"))
    withdraw = SubmitField(_l("Withdraw"))


class EraseForm(FlaskForm):
    """Confirm that one wants to be erased."""

    confirms = BooleanField(
        _l("Erase everything about me"),
        [InputRequired(_l("Tick the box to confirm; without it nothing is erased."))],
        description=_l("This cannot be undone, not even by us."),
    )
    submit = SubmitField(_l("Erase me"))


class ErasePersonForm(FlaskForm):
    """Erase somebody else, by their address."""

    email = LineField(
        _l("Their e-mail address"),
        [InputRequired(_l("Whose data is to be erased?")), Length(max=254)],
    )
    reason = ProseField(
        _l("Reason"),
        [InputRequired(_l("Say why; it stays in the audit log.")), Length(max=500)],
        description=_l("How they asked, and when. Do not name them: this stays."),
    )
    confirms = BooleanField(
        _l("I have made sure that this person asked for it"),
        [InputRequired(_l("Tick the box to confirm; without it nothing is erased."))],
        description=_l("It cannot be undone."),
    )
    submit = SubmitField(_l("Erase this person"))
