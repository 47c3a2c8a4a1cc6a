"""The shape of needs for regional engagements."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.forms import DayField, LineField, ProseField, YearField, options
from app.hosting.interest_forms import MONTHS
from app.hosting.needs import NeedFacts
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from app.countries.models import Association
    from app.hosting.need_models import EngagementNeed

MONTH_CHOICES = options((str(number), label) for number, label in enumerate(MONTHS, start=1))


class NeedForm(FlaskForm):
    """What is needed, which region, roughly when, and why."""

    series = SelectField(_l("Region"), [InputRequired(_l("Choose the region."))])
    title = LineField(
        _l("What it is about, in a few words"),
        [
            InputRequired(_l("Give it a title, such as “Insider threats at ports”.")),
            Length(max=120),
        ],
        description=_l("The engagement bears this title."),
    )
    purpose = ProseField(
        _l("What is needed"),
        [InputRequired(_l("Say what the engagement should do, and for whom.")), Length(max=2000)],
        description=_l("What it should do, and for whom. No classified or sensitive information."),
    )
    reason = ProseField(
        _l("Why"), [InputRequired(_l("Say why the region needs it.")), Length(max=2000)]
    )
    year = YearField(_l("Year"), [InputRequired(_l("Write a year, as 2029."))])
    first_month = SelectField(_l("From"), [InputRequired()], coerce=int, choices=MONTH_CHOICES)
    last_month = SelectField(_l("To"), [InputRequired()], coerce=int, choices=MONTH_CHOICES)
    association = SelectField(_l("Proposed by an association"))
    submit = SubmitField(_l("Propose the need"))

    @classmethod
    def of(cls, need: EngagementNeed) -> NeedForm:
        """Return the form filled with what ``need`` says."""
        return cls(
            data={
                "series": need.series.slug,
                "title": need.title,
                "purpose": need.purpose,
                "reason": need.reason,
                "year": need.dtstart.year,
                "first_month": need.dtstart.month,
                "last_month": (need.dtend - timedelta(days=1)).month,
                "association": need.association_slug or "",
            }
        )

    def facts(self, association: Association | None) -> NeedFacts:
        """Return what was typed as the service takes it."""
        return NeedFacts(
            title=self.title.data or "",
            purpose=self.purpose.data or "",
            reason=self.reason.data or "",
            year=self.year.data or 0,
            months=(self.first_month.data, self.last_month.data),
            association=association,
        )


class SupportForm(FlaskForm):
    """Support a need, with a word if one likes."""

    remark = LineField(
        _l("What your support is about"),
        [Optional(), Length(max=500)],
        description=_l("People you would send, what you could bring. Shown with your name."),
    )
    submit = SubmitField(_l("Support it"))


class TakeBackForm(FlaskForm):
    """Take one's support back."""

    submit = SubmitField(_l("Take my support back"))


class BeginOfferForm(FlaskForm):
    """Begin an offer for a country of one's own."""

    country = SelectField(_l("Country"), [InputRequired()])
    submit = SubmitField(_l("Offer to host"))

    @classmethod
    def among(cls, own: list[tuple[str, str]]) -> BeginOfferForm:
        """Return the form with these countries to choose from."""
        form = cls()
        form.country.choices = options(own)
        return form


class EndForm(FlaskForm):
    """Withdraw a need, or decline it."""

    reason = ProseField(
        _l("Reason"),
        [InputRequired(_l("Say why, in a sentence.")), Length(max=500)],
        description=_l("Everyone concerned reads it."),
    )
    submit = SubmitField(_l("End it"))


class PutOffForm(FlaskForm):
    """Another day to decide by."""

    until = DayField(_l("Decide by"), [InputRequired(_l("Choose the day."))])
    reason = ProseField(
        _l("Reason"),
        [InputRequired(_l("Say why, in a sentence.")), Length(max=500)],
        description=_l("The committee and the countries that wait read it."),
    )
    submit = SubmitField(_l("Put the decision off"))
