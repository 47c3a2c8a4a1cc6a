"""The shape of calls, offers and decisions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.forms import DayField, LineField, ProseField, day_after
from app.hosting.service import OfferFacts
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from app.hosting.models import CallForHosts, HostingOffer


class CallForm(FlaskForm):
    """Open a call for hosts, or change it."""

    closes_on = DayField(
        _l("Last day for offers"), [InputRequired()], description=_l("Until midnight UTC.")
    )
    text = ProseField(_l("Text of the call"), [Optional(), Length(max=5000)])
    is_published = BooleanField(
        _l("Show the call to everyone"),
        description=_l("Otherwise only national contacts and the committee see it."),
    )
    submit = SubmitField(_l("Open the call for hosts"))

    @classmethod
    def of(cls, call: CallForHosts) -> CallForm:
        """Return the form filled with the standing call."""
        return cls(
            data={
                "closes_on": call.last_day,
                "text": call.text,
                "is_published": call.is_published,
            }
        )

    @property
    def closes_at(self) -> datetime:
        """The moment at which the call closes: the midnight that ends its last day."""
        return datetime.combine(day_after(self.closes_on.data), time.min, UTC)


class OfferForm(FlaskForm):
    """What a country offers: place, windows of days, letter."""

    country = SelectField(_l("Country"), [InputRequired()])
    city = LineField(_l("City"), [InputRequired(), Length(max=120)])
    venue = LineField(_l("Venue"), [InputRequired(), Length(max=200)])
    capacity = IntegerField(
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
    letter = FileField(
        _l("The government's letter"),
        description=_l("A PDF file of at most 10 MB. No classified or sensitive information."),
    )
    note = ProseField(_l("What else the committee should know"), [Optional(), Length(max=5000)])
    submit = SubmitField(_l("Submit the offer"))

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
        }
        for window in offer.windows:
            values[f"first_{window.rank}"] = window.dtstart
            values[f"last_{window.rank}"] = window.dtend - timedelta(days=1)
        return cls(data=values)

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Check the pairs of days too: both or neither, and the last not before the first."""
        is_valid = bool(super().validate(extra_validators))
        for rank in (1, 2, 3):
            first, last = self[f"first_{rank}"], self[f"last_{rank}"]
            if (first.data is None) != (last.data is None) and not first.errors + last.errors:
                last.errors = [*last.errors, _("A window needs both its first and its last day.")]
                is_valid = False
            elif first.data and last.data and last.data < first.data:
                last.errors = [*last.errors, _("The last day lies before the first.")]
                is_valid = False
        return is_valid

    def facts(self) -> OfferFacts:
        """Return what was typed as the service takes it."""
        return OfferFacts(
            city=self.city.data,
            venue=self.venue.data,
            capacity=self.capacity.data,
            windows=list(self._windows()),
            authority=self.authority.data or "",
            note=self.note.data or "",
        )

    def _windows(self) -> Iterator[tuple[date, date]]:
        for rank in (1, 2, 3):
            first: date | None = self[f"first_{rank}"].data
            last: date | None = self[f"last_{rank}"].data
            if first and last:
                yield first, day_after(last)


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
    submit = SubmitField(_l("Select this host"))


class WithdrawForm(FlaskForm):
    """Withdraw an offer."""

    reason = ProseField(_l("Reason"), [Optional(), Length(max=2000)])
    submit = SubmitField(_l("Withdraw the offer"))


class CloseCallForm(FlaskForm):
    """Close the call and begin to judge."""

    submit = SubmitField(_l("Close the call and compare"))
