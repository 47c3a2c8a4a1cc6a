"""The shape of proposals, answers, ballots and decisions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.forms import DayField, ProseField, day_after, options
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from app.hosting.models import HostingOffer

NO_PLACE = ""


class ChoiceForm(FlaskForm):
    """An offer and its days, a reserve, why, and what was weighed."""

    offer = SelectField(_l("Host"), [InputRequired(_l("Choose one of the offers."))])
    first_day = DayField(_l("First day"), [InputRequired()])
    last_day = DayField(_l("Last day"), [InputRequired()])
    reserve = SelectField(
        _l("Reserve"),
        [Optional()],
        description=_l("Comes first, should the host withdraw."),
    )
    reason = ProseField(
        _l("Reason"),
        [InputRequired(), Length(max=2000)],
        description=_l("It is recorded with the decision."),
    )
    weighed = ProseField(
        _l("What was weighed"),
        [InputRequired(), Length(max=5000)],
        description=_l("What spoke for and against the offers, scores and balance included."),
    )

    @property
    def days(self) -> tuple[date, date]:
        """The days as the services take them, the end exclusive."""
        return self.first_day.data, day_after(self.last_day.data)


class ProposeForm(ChoiceForm):
    """Put an offer to the committee."""

    closes_on = DayField(
        _l("Last day for answers"), [InputRequired()], description=_l("To its end, 24:00 UTC.")
    )
    submit = SubmitField(_l("Ask the committee"))


class RecordForm(ChoiceForm):
    """Record what a ballot decided."""

    submit = SubmitField(_l("Record the decision"))


class PromoteForm(ChoiceForm):
    """Make the reserve the host."""

    reserve = None
    submit = SubmitField(_l("Make the reserve the host"))


class AnswerForm(FlaskForm):
    """Agree or object."""

    says = RadioField(
        _l("Your answer"),
        [InputRequired(_l("Choose whether you agree or object."))],
        choices=options(
            [("agree", _l("I agree")), ("object", _l("I object, and ask for a secret ballot"))]
        ),
    )
    reason = ProseField(
        _l("Reason"),
        [Optional(), Length(max=2000)],
        description=_l("An objection needs one. The committee and the organisers read it."),
    )
    submit = SubmitField(_l("Send my answer"))


class OpenBallotForm(FlaskForm):
    """Open the secret ballot."""

    closes_on = DayField(
        _l("Last day to vote"), [InputRequired()], description=_l("To its end, 24:00 UTC.")
    )
    submit = SubmitField(_l("Open the secret ballot"))


class EndForm(FlaskForm):
    """End what is over: record the proposal, or count the ballot."""

    submit = SubmitField(_l("Record the decision"))


class CallOffForm(FlaskForm):
    """End a round without a decision."""

    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=2000)])
    submit = SubmitField(_l("Call the round off"))


def ballot_form(offers: Sequence[HostingOffer]) -> FlaskForm:
    """Return a form with a place to choose for each offer, ``place0``, ``place1`` and so on."""
    places = options(
        [
            (NO_PLACE, _("no place")),
            *((str(n), _("1 (best)") if n == 1 else str(n)) for n in range(1, len(offers) + 1)),
        ]
    )
    fields: dict[str, Any] = {"submit": SubmitField(_l("Cast my ballot"))}
    for at, offer in enumerate(offers):
        label = f"{offer.country.name}, {offer.city}"
        fields[f"place{at}"] = SelectField(label, [Optional()], choices=places)
    return type("BallotForm", (FlaskForm,), fields)()


def places_in(form: FlaskForm, offers: Sequence[HostingOffer]) -> dict[str, int]:
    """Return the places that were given, by the public ids of the offers."""
    return {
        offer.public_id: int(form[f"place{at}"].data)
        for at, offer in enumerate(offers)
        if form[f"place{at}"].data
    }


def set_offers(
    form: ChoiceForm, offers: Iterable[HostingOffer], reserves: Iterable[HostingOffer]
) -> None:
    """Fill what can be chosen."""
    form.offer.choices = options(offers_named(offers))
    if form.reserve is not None:
        form.reserve.choices = options([("", _("none")), *_named(reserves)])


def offers_named(offers: Iterable[HostingOffer]) -> list[tuple[str, str]]:
    """Return what can be chosen; among several none is chosen beforehand."""
    named = _named(offers)
    return [("", _("Choose an offer")), *named] if len(named) > 1 else named


def _named(offers: Iterable[HostingOffer]) -> list[tuple[str, str]]:
    return [(offer.public_id, f"{offer.country.name}, {offer.city}") for offer in offers]


def end_of(day: date) -> datetime:
    """Return the midnight that ends ``day``, in UTC."""
    return datetime.combine(day_after(day), time.min, UTC)


def usual_days(offer: HostingOffer) -> tuple[date, date]:
    """Return the expected days if ``offer`` has room for them, else the first of its first wish."""
    edition = offer.edition
    expected = (edition.dtstart, edition.dtend)
    windows = offer.windows
    if not windows or any(
        window.dtstart <= expected[0] and expected[1] <= window.dtend for window in windows
    ):
        return expected
    first = windows[0].dtstart
    return first, first + max(expected[1] - expected[0], timedelta(days=1))
