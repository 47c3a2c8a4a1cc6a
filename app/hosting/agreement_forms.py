"""The shape of what is recorded of an agreement with a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import Form, FormField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.editions.models import AgreementAct
from app.forms import DayField, EitherOf, LineField, ProseField, RowsField, options
from app.held_files import HeldFileField
from app.hosting.checklist import Term
from app.hosting.host_forms import OWNERS
from app.hosting.host_models import TaskOwner
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Mapping

_A = AgreementAct
TERMS = 4  # lines for the checklist; more are added there

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


class TermRow(Form):
    """One thing that was agreed: what, whose, by when."""

    title = LineField(_l("What is to be done"), [EitherOf(), Length(max=120)])
    owner = SelectField(
        _l("Whose it is"), choices=options((owner.value, words) for owner, words in OWNERS.items())
    )
    due_on = DayField(_l("Due on"), [EitherOf()])

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """A line has both what and when, or neither."""
        is_valid = bool(super().validate(extra_validators))
        if is_valid and bool(self.title.data) != (self.due_on.data is not None):
            missing = self.due_on if self.title.data else self.title
            missing.errors = [_("Say both what is to be done and by which day.")]
            return False
        return is_valid


class AgreementRecordForm(FlaskForm):
    """One act: its day, its words, its letter, and what of it stands on the checklist."""

    on_day = DayField(_l("Day"), [InputRequired()], description=_l("When it happened."))
    note = ProseField(_l("What was said or agreed"), [Optional(), Length(max=1000)])
    letter = HeldFileField(
        _l("Letter (PDF)"),
        description=_l("Up to 10 MB. No classified or sensitive nuclear information."),
    )
    terms = RowsField(
        FormField(TermRow),
        label=_l("For the checklist"),
        description=_l("What each side has agreed to do; the days move with the event."),
        max_entries=TERMS,
    )
    submit = SubmitField(_l("Record it"))

    def add_spare_rows(self) -> None:
        """Leave room for what was agreed, where the act has a place for it."""
        while self.terms is not None and len(self.terms) < TERMS:
            self.terms.append_entry()

    def agreed(self) -> list[Term]:
        """Return what was agreed for the checklist."""
        return [
            Term(row.title.data, TaskOwner(row.owner.data), row.due_on.data)
            for row in (entry.form for entry in self.terms or ())
            if row.title.data
        ]

    def ask_for(self, act: AgreementAct) -> None:
        """Say what ``act`` cannot do without."""
        self.note.flags.required = act is _A.AMENDED
        self.letter.flags.required = act is _A.LETTER
        if act not in {_A.ACCEPTED, _A.AMENDED}:
            del self.terms
