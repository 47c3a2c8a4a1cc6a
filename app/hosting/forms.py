"""The shape of calls, offers and decisions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    SubmitField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.forms import DayField, EitherOf, LineField, ProseField, WholeNumberField, day_after
from app.held_files import HeldFileField
from app.hosting import merging, service
from app.hosting.calling import CallTerms
from app.hosting.service import OfferFacts
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from scheduler.hosting import DEFAULT_WEIGHTS, Criterion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from app.hosting.models import CallForHosts, HostingOffer


CRITERIA = {
    Criterion.VENUE: _l("Venue"),
    Criterion.ACCESS: _l("Access and visas"),
    Criterion.SECURITY: _l("Security"),
    Criterion.COST: _l("Cost"),
    Criterion.BALANCE: _l("Regional balance"),
    Criterion.PROGRAMME: _l("Programme"),
    Criterion.LANGUAGES: _l("Languages"),
}


def _weight(criterion: Criterion) -> WholeNumberField:
    return WholeNumberField(
        CRITERIA[criterion],
        [EitherOf(), NumberRange(min=0, max=100)],
        default=DEFAULT_WEIGHTS[criterion],
    )


class CallForm(FlaskForm):
    """Open a call for hosts, or change it."""

    closes_on = DayField(
        _l("Last day for offers"), [InputRequired()], description=_l("To its end, 24:00 UTC.")
    )
    text = ProseField(_l("Text of the call"), [Optional(), Length(max=5000)])
    is_published = BooleanField(
        _l("Show the call to everyone"),
        description=_l("Otherwise only national contacts and the committee see it."),
    )
    conditions = ProseField(
        _l("Conditions"),
        [Optional(), Length(max=5000)],
        description=_l("What a host must bring, line by line."),
    )
    dates_first = DayField(
        _l("Earliest day"),
        [EitherOf()],
        description=_l("Between which days an offer may lie. Leave both empty to take any."),
    )
    dates_last = DayField(_l("Latest day"), [EitherOf()])
    venue = _weight(Criterion.VENUE)
    access = _weight(Criterion.ACCESS)
    security = _weight(Criterion.SECURITY)
    cost = _weight(Criterion.COST)
    balance = _weight(Criterion.BALANCE)
    programme = _weight(Criterion.PROGRAMME)
    languages = _weight(Criterion.LANGUAGES)
    submit = SubmitField(_l("Open the call for hosts"))

    @classmethod
    def of(cls, call: CallForHosts) -> CallForm:
        """Return the form filled with the standing call."""
        return cls(
            data={
                "closes_on": call.last_day,
                "text": call.text,
                "is_published": call.is_published,
                "conditions": call.conditions,
                "dates_first": call.dates_from,
                "dates_last": call.dates_until - timedelta(days=1) if call.dates_until else None,
                **{criterion.value: weight for criterion, weight in call.weights.items()},
            }
        )

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Check that both days are given or neither, and that the weights sum to 100."""
        is_valid = bool(super().validate(extra_validators))
        first, last = self.dates_first, self.dates_last
        if (first.data is None) != (last.data is None) and not first.errors + last.errors:
            last.errors = [_("A window needs both its first and its last day.")]
            is_valid = False
        elif first.data and last.data and last.data < first.data:
            last.errors = [_("The last day lies before the first.")]
            is_valid = False
        return is_valid

    def terms(self) -> CallTerms:
        """Return conditions, days and weights as the service takes them.

        A form that leaves the weights out keeps the defaults.
        """
        typed = {criterion: self[criterion.value].data for criterion in Criterion}
        is_silent = all(weight is None for weight in typed.values())
        return CallTerms(
            conditions=self.conditions.data or "",
            dates=(self.dates_first.data, day_after(self.dates_last.data))
            if self.dates_first.data
            else None,
            weights=DEFAULT_WEIGHTS
            if is_silent
            else {criterion: weight or 0 for criterion, weight in typed.items()},
        )

    @property
    def closes_at(self) -> datetime:
        """The moment at which the call closes: the midnight that ends its last day."""
        return datetime.combine(day_after(self.closes_on.data), time.min, UTC)


class WindowsMixin:
    """Three pairs of days, ``first_1`` to ``last_3``, the first wish first."""

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Check the pairs of days too: both or neither, and the last not before the first."""
        fields: Any = self
        is_valid = bool(super().validate(extra_validators))  # type: ignore[misc]  # the form's
        for rank in (1, 2, 3):
            first, last = fields[f"first_{rank}"], fields[f"last_{rank}"]
            if (first.data is None) != (last.data is None) and not first.errors + last.errors:
                last.errors = [*last.errors, _("A window needs both its first and its last day.")]
                is_valid = False
            elif first.data and last.data and last.data < first.data:
                last.errors = [*last.errors, _("The last day lies before the first.")]
                is_valid = False
        return is_valid

    def windows(self) -> Iterator[tuple[date, date]]:
        """Yield the windows that are filled in, the end exclusive."""
        fields: Any = self
        for rank in (1, 2, 3):
            first: date | None = fields[f"first_{rank}"].data
            last: date | None = fields[f"last_{rank}"].data
            if first and last:
                yield first, day_after(last)


class OfferForm(WindowsMixin, FlaskForm):
    """What a country offers: place, windows of days, letter."""

    country = SelectField(_l("Country"), [InputRequired()])
    city = LineField(_l("City"), [InputRequired(), Length(max=120)])
    venue = LineField(_l("Venue"), [InputRequired(), Length(max=200)])
    capacity = WholeNumberField(
        _l("Capacity of the plenary room"),
        [InputRequired(), NumberRange(min=1, max=100_000)],
        description=_l("Seats, a whole number from 1."),
    )
    authority = LineField(
        _l("Sponsoring authority"),
        [Optional(), Length(max=200)],
        description=_l("The ministry or agency that stands behind the offer."),
    )
    first_1 = DayField(_l("First wish: from"), [InputRequired()])
    last_1 = DayField(_l("First wish: to"), [InputRequired()])
    first_2 = DayField(_l("Second wish: from"), [Optional()])
    last_2 = DayField(_l("Second wish: to"), [Optional()])
    first_3 = DayField(_l("Third wish: from"), [Optional()])
    last_3 = DayField(_l("Third wish: to"), [Optional()])
    letter = HeldFileField(
        _l("The government’s letter"),
        description=_l("A PDF file of at most 10 MB. No classified or sensitive information."),
    )
    note = ProseField(_l("What else the committee should know"), [Optional(), Length(max=5000)])
    seen = HiddenField()
    submit = SubmitField(_l("Submit the offer"))

    def as_draft(self) -> OfferForm:
        """Ask for the country alone: everything else may follow."""
        for field in self:
            if field.short_name != "country":
                kept = [one for one in field.validators if not isinstance(one, InputRequired)]
                field.validators = [Optional(), *kept]
        return self

    @classmethod
    def of(cls, offer: HostingOffer) -> OfferForm:
        """Return the form filled with the standing offer."""
        values: dict[str, Any] = {
            "country": offer.country_code,
            "city": offer.city,
            "venue": offer.venue,
            "capacity": offer.capacity,
            "authority": offer.authority,
            "note": offer.note,
            "seen": merging.marks(service.standing_facts(offer)),
        }
        for window in offer.windows:
            values[f"first_{window.rank}"] = window.dtstart
            values[f"last_{window.rank}"] = window.dtend - timedelta(days=1)
        return cls(data=values)

    def facts(self) -> OfferFacts:
        """Return what was typed as the service takes it."""
        return OfferFacts(
            city=self.city.data,
            venue=self.venue.data,
            capacity=self.capacity.data,
            windows=list(self.windows()),
            authority=self.authority.data or "",
            note=self.note.data or "",
        )


class SelectForm(FlaskForm):
    """Choose an offer as host."""

    offer = SelectField(_l("Offer"), [InputRequired(_l("Choose one of the offers."))])
    first_day = DayField(_l("First day"), [InputRequired()])
    last_day = DayField(_l("Last day"), [InputRequired()])
    reason = ProseField(
        _l("Reason"),
        [InputRequired(), Length(max=2000)],
        description=_l("It is recorded with the decision."),
    )
    reserve = SelectField(
        _l("In reserve"), [Optional()], description=_l("Hosts instead, should this one withdraw.")
    )
    weighed = ProseField(
        _l("What was weighed"),
        [Optional(), Length(max=5000)],
        description=_l("What spoke for and against; the committee reads it."),
    )
    submit = SubmitField(_l("Select this host"))


class WithdrawForm(FlaskForm):
    """Withdraw an offer."""

    reason = ProseField(_l("Reason"), [Optional(), Length(max=2000)])
    submit = SubmitField(_l("Withdraw the offer"))


class CloseCallForm(FlaskForm):
    """Close the call and begin to judge."""

    submit = SubmitField(_l("Close the call and compare"))


class ExtendForm(FlaskForm):
    """Give the call another 60 days."""

    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=2000)])
    submit = SubmitField(_l("Extend the call by 60 days"))


class ApproachForm(FlaskForm):
    """Ask countries directly."""

    countries = SelectMultipleField(
        _l("Countries to ask"),
        [InputRequired(_l("Choose the countries to ask, one at least."))],
        description=_l("Their national contacts are written to; only they can offer."),
        render_kw={"size": 8},
    )
    until = DayField(_l("Last day for their offers"), [InputRequired()])
    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=2000)])
    submit = SubmitField(_l("Ask these countries"))


class SendForm(FlaskForm):
    """A button that carries nothing but its token."""
