"""The shape of what is recorded of an agreement with a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.editions.models import AgreementAct
from app.forms import DayField, ProseField
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Mapping

_A = AgreementAct

WORDS: Mapping[AgreementAct, Any] = {
    _A.REQUESTED: _l("Asked for"),
    _A.UNDER_NEGOTIATION: _l("Under negotiation"),
    _A.ACCEPTED: _l("Accepted"),
    _A.AMENDED: _l("Amended"),
    _A.FULFILLED: _l("Fulfilled"),
    _A.LETTER: _l("Letter"),
    _A.WAIVED: _l("Waived"),
    _A.ENDED: _l("Ended: the host left"),
}
"""How the history tells each act."""

LABELS: Mapping[AgreementAct, Any] = {
    _A.REQUESTED: _l("Record that it was asked for"),
    _A.UNDER_NEGOTIATION: _l("Record that it is negotiated"),
    _A.ACCEPTED: _l("Record that it is accepted"),
    _A.AMENDED: _l("Record an amendment"),
    _A.FULFILLED: _l("Record that it is fulfilled"),
    _A.LETTER: _l("Add a letter"),
}

HELP: Mapping[AgreementAct, Any] = {
    _A.REQUESTED: _l("The host was sent the draft, or asked for one."),
    _A.UNDER_NEGOTIATION: _l("The host has answered, and the words are still being settled."),
    _A.ACCEPTED: _l("Both sides have signed. From now on the edition can be announced."),
    _A.AMENDED: _l("Something was agreed anew. Every version is kept."),
    _A.FULFILLED: _l("The event was held, and both sides have done what they promised."),
    _A.LETTER: _l("A letter that changes nothing of where the agreement stands."),
}


class AgreementRecordForm(FlaskForm):
    """One act: its day, its words, its letter."""

    on_day = DayField(_l("Day"), [InputRequired()], description=_l("When it happened."))
    note = ProseField(_l("What was said or agreed"), [Optional(), Length(max=1000)])
    letter = FileField(
        _l("Letter (PDF)"),
        description=_l("Up to 10 MB. No classified or sensitive nuclear information."),
    )
    submit = SubmitField(_l("Record it"))

    def ask_for(self, act: AgreementAct) -> None:
        """Say what ``act`` cannot do without."""
        self.note.flags.required = act is _A.AMENDED
        self.letter.flags.required = act is _A.LETTER
