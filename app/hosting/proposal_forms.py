"""The shape of what a host proposes to change, and of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import RadioField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.editions.forms import SpanForm
from app.forms import LineField, ProseField, options
from app.hosting.proposals import Change
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import date

REASON_HINT = _l("Everyone concerned reads it once the change is approved.")


class ProposeDaysForm(SpanForm):
    """Other days."""

    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)], description=REASON_HINT)
    submit = SubmitField(_l("Propose these days"))

    def change(self) -> Change:
        """What is proposed."""
        return Change(reason=self.reason.data, days=self.days)

    @property
    def days(self) -> tuple[date, date] | None:
        """The days, as far as they are typed; the end exclusive."""
        return (self.dtstart, self.dtend) if self.dtstart and self.dtend else None


class ProposePlaceForm(FlaskForm):
    """Another place in the same country."""

    city = LineField(_l("City"), [InputRequired(), Length(max=120)])
    venue = LineField(_l("Venue"), [Optional(), Length(max=200)])
    venue_address = LineField(_l("Address of the venue"), [Optional(), Length(max=500)])
    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)], description=REASON_HINT)
    submit = SubmitField(_l("Propose this place"))

    def change(self) -> Change:
        """What is proposed."""
        return Change(
            reason=self.reason.data,
            city=self.city.data,
            venue=self.venue.data or "",
            venue_address=self.venue_address.data or "",
        )


class AnswerForm(FlaskForm):
    """What an organiser answers."""

    verdict = RadioField(
        _l("Answer"),
        [InputRequired()],
        choices=options(
            [
                ("approve", _l("Approve: the edition is moved, and everyone is written to")),
                ("decline", _l("Decline, for the reason below")),
            ]
        ),
    )
    answer = ProseField(_l("What you say to the host"), [Optional(), Length(max=500)])
    submit = SubmitField(_l("Answer"))

    def validate(self, extra_validators: object = None) -> bool:
        """A refusal needs its reason."""
        is_valid = bool(super().validate(extra_validators))
        if self.verdict.data == "decline" and not self.answer.data:
            self.answer.errors = [*self.answer.errors, _("Say why, in a sentence.")]
            return False
        return is_valid


class WithdrawProposalForm(FlaskForm):
    """A button."""
