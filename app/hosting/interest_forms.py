"""The shape of interests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, SelectMultipleField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.forms import ProseField, WholeNumberField, YearField, options
from app.hosting import interests
from app.hosting.interests import InterestFacts
from app.hosting.models import CostShare
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from app.hosting.models import HostingInterest

MONTHS = [
    _l("January"),
    _l("February"),
    _l("March"),
    _l("April"),
    _l("May"),
    _l("June"),
    _l("July"),
    _l("August"),
    _l("September"),
    _l("October"),
    _l("November"),
    _l("December"),
]
COST_SHARES = {
    CostShare.HOST: _l("The host bears the costs"),
    CostShare.SHARED: _l("Shared with the group"),
    CostShare.GROUP: _l("The group bears the costs"),
}


class InterestForm(FlaskForm):
    """What a country could host, and when."""

    country = SelectField(_l("Country"), [InputRequired()])
    series = SelectField(_l("Series"), [InputRequired()])
    first_year = YearField(_l("From the year"), [InputRequired(_l("Write a year, as 2031."))])
    last_year = YearField(_l("To the year"), [InputRequired(_l("Write a year, as 2036."))])
    months = SelectMultipleField(
        _l("Months in which it could be held"),
        [InputRequired(_l("Choose the months in which the country could host, one at least."))],
        description=_l("The same in every year."),
        coerce=int,
        choices=options((str(number), label) for number, label in enumerate(MONTHS, start=1)),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    use_count = WholeNumberField(
        _l("How often in these years"),
        [InputRequired(), NumberRange(min=1, max=9)],
        description=_l("Editions your country would host at most, 1 to 9."),
        default=1,
    )
    cost_share = RadioField(
        _l("Costs of venue and programme"),
        [InputRequired(_l("Choose who would bear the costs."))],
        choices=options((share.value, label) for share, label in COST_SHARES.items()),
    )
    remark = ProseField(
        _l("What it could offer"),
        [Optional(), Length(max=2000)],
        description=_l("Cost, venue, experience. No classified or sensitive information."),
    )
    submit = SubmitField(_l("Save the interest"))

    @classmethod
    def of(cls, interest: HostingInterest) -> InterestForm:
        """Return the form filled with what stands."""
        return cls(
            data={
                "country": interest.country_code,
                "series": interest.series.slug,
                "first_year": interest.first_year,
                "last_year": interest.last_year,
                "months": interests.months_of(interest),
                "use_count": interest.use_count,
                "cost_share": interest.cost_share.value,
                "remark": interest.remark,
            }
        )

    def facts(self) -> InterestFacts:
        """Return what was typed as the service takes it."""
        return InterestFacts(
            first_year=self.first_year.data,
            last_year=self.last_year.data,
            months=self.months.data or [],
            use_count=self.use_count.data,
            cost_share=CostShare(self.cost_share.data),
            remark=self.remark.data or "",
        )


class WithdrawInterestForm(FlaskForm):
    """Withdraw an interest."""

    submit = SubmitField(_l("Withdraw the interest"))
