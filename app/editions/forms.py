"""The shape of what organisers do with one edition; one form an act."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app import clock
from app.editions import opening
from app.forms import (
    DayField,
    DegreesField,
    LineField,
    ProseField,
    WholeNumberField,
    day_after,
    options,
)
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import date

    from app.editions.models import Edition

NONE_YET, ACCEPTED, WAIVED = "none", "accepted", "waived"
ZONE_HINT = _l("The name of the zone that the place is in, such as Europe/Brussels.")


class EditionForm(FlaskForm):
    """One act on one edition; filled with what stands."""

    @classmethod
    def of(cls, edition: Edition) -> EditionForm:
        """Return the form filled with the facts of ``edition`` that it asks for."""
        return cls(data=_standing(edition))


class SpanForm(EditionForm):
    """First and last day, as people write them."""

    first_day = DayField(_l("First day"), [InputRequired()])
    last_day = DayField(_l("Last day"), [InputRequired()])

    @property
    def dtstart(self) -> date | None:
        """The first day."""
        found: date | None = self.first_day.data
        return found

    @property
    def dtend(self) -> date | None:
        """The day after the last: the exclusive end."""
        return day_after(self.last_day.data) if self.last_day.data else None

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Check that the days come in order."""
        is_valid = bool(super().validate(extra_validators))
        first, last = self.first_day.data, self.last_day.data
        if first and last and last < first:
            self.last_day.errors = [*self.last_day.errors, _("The last day lies before the first.")]
            return False
        return is_valid


class ConfirmForm(SpanForm):
    """Confirm days, zone and place."""

    city = LineField(_l("City"), [InputRequired(), Length(max=120)])
    venue = LineField(_l("Venue"), [Optional(), Length(max=200)])
    venue_address = LineField(
        _l("Address of the venue"),
        [Optional(), Length(max=500)],
        description=_l("Only people with a confirmed place see it."),
    )
    tzid = LineField(_l("Time zone"), [InputRequired(), Length(max=60)], description=ZONE_HINT)
    submit = SubmitField(_l("Confirm the edition"))


class AgreementForm(EditionForm):
    """Record the agreement, or why there is none."""

    kind = RadioField(
        _l("Agreement"),
        [InputRequired()],
        choices=options(
            [
                (ACCEPTED, _l("The agreement with the host is signed")),
                (WAIVED, _l("It is waived, for the reason below")),
            ]
        ),
    )
    waiver = ProseField(_l("Reason of the waiver"), [Optional(), Length(max=1000)])
    submit = SubmitField(_l("Record it"))

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """A waiver needs its reason."""
        return bool(super().validate(extra_validators)) & _waiver_says_why(self)


def _waiver_says_why(form: Any) -> bool:  # noqa: ANN401 - one with `kind` and `waiver`
    if form.kind.data != WAIVED or form.waiver.data:
        return True
    form.waiver.errors = [*form.waiver.errors, _("Say why the agreement is waived.")]
    return False


class SaveTheDateForm(EditionForm):
    """Publish days and place as tentative."""

    submit = SubmitField(_l("Publish the save-the-date"))


class AnnounceForm(EditionForm):
    """Announce the edition."""

    submit = SubmitField(_l("Announce the edition"))


class RegistrationSettingsForm(EditionForm):
    """How many seats, and until when one can register."""

    capacity = WholeNumberField(
        _l("Capacity"),
        [Optional(), NumberRange(min=1, max=100_000)],
        description=_l("Seats, a whole number from 1. Leave it empty for no limit."),
    )
    opens_on = DayField(
        _l("First day to register"),
        [Optional()],
        description=_l("At the edition’s place; it opens by itself. Empty: now."),
    )
    nominations_close_on = DayField(
        _l("Last day to nominate"),
        [Optional()],
        description=_l("For national contacts. Empty: its milestone’s day, if that lies ahead."),
    )
    closes_on = DayField(
        _l("Last day to register"),
        [Optional()],
        description=_l(
            "It closes by itself. Empty: its milestone’s day, if that lies ahead; else when the "
            "event begins."
        ),
    )

    @classmethod
    def of(cls, edition: Edition) -> RegistrationSettingsForm:
        """Return the form with the days that hold, or those of the milestones ahead."""
        usual, standing = opening.milestone_days(edition), _standing(edition)
        today = clock.today()

        def ahead(day: date | None) -> date | None:
            return day if day is not None and day > today else None

        if edition.status is not EditionStatus.REGISTRATION_OPEN:
            standing |= {
                "opens_on": ahead(usual.opens_on),
                "nominations_close_on": ahead(usual.nominations_close_on),
                "closes_on": ahead(usual.closes_on),
            }
        return cls(data=standing)

    @property
    def window(self) -> opening.Window:
        """The days, as the service takes them."""
        return opening.Window(
            self.opens_on.data, self.nominations_close_on.data, self.closes_on.data
        )


class ChangeRegistrationForm(RegistrationSettingsForm):
    """Change them while it runs, or before it opens."""

    submit = SubmitField(_l("Save the changes"))


class OpenRegistrationForm(RegistrationSettingsForm):
    """The same, and who decides on a place."""

    policy = RadioField(
        _l("Who decides on a place"),
        [Optional()],
        choices=options(
            [
                ("open", _l("Nobody: places go in order of arrival")),
                ("approval", _l("The organisers")),
                ("nomination", _l("The national contact endorses, then the organisers decide")),
            ]
        ),
        default="open",
    )
    submit = SubmitField(_l("Open registration"))


class CloseRegistrationForm(EditionForm):
    """Close registration."""

    submit = SubmitField(_l("Close registration"))


class RescheduleForm(SpanForm):
    """Move a settled edition to other days."""

    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)])
    submit = SubmitField(_l("Move the edition"))


class OverrideForm(SpanForm):
    """Move one projected edition off its rule."""

    reason = ProseField(
        _l("Reason"),
        [InputRequired(), Length(max=500)],
        description=_l("It stands in the plan beside the new days."),
    )
    submit = SubmitField(_l("Move this edition"))


class TakeWeekForm(FlaskForm):
    """One of the free weeks that were offered, with the reason written there."""

    first_day = DayField(_l("First day"), [InputRequired()])
    reason = LineField(_l("Reason"), [InputRequired(), Length(max=500)])
    submit = SubmitField(_l("Take this week"))


class SkipForm(EditionForm):
    """Leave one occurrence out."""

    reason = ProseField(
        _l("Reason"),
        [InputRequired(), Length(max=500)],
        description=_l("It stands in the plan beside the skipped occurrence."),
    )
    submit = SubmitField(_l("Skip this occurrence"))


class ReleaseOverrideForm(EditionForm):
    """Let the edition follow its rule again."""

    submit = SubmitField(_l("Follow the rule again"))


class RelocateForm(EditionForm):
    """Move an edition to another place."""

    country = SelectField(_l("Country"), [InputRequired()])
    city = LineField(_l("City"), [InputRequired(), Length(max=120)])
    venue = LineField(_l("Venue"), [Optional(), Length(max=200)])
    venue_address = LineField(_l("Address of the venue"), [Optional(), Length(max=500)])
    tzid = LineField(_l("Time zone"), [InputRequired(), Length(max=60)], description=ZONE_HINT)
    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)])
    kind = RadioField(
        _l("Agreement, if the country changes"),
        [Optional()],
        choices=options(
            [
                (NONE_YET, _l("There is none with the new host yet")),
                (ACCEPTED, _l("The agreement with the new host is signed")),
                (WAIVED, _l("It is waived, for the reason below")),
            ]
        ),
        default=NONE_YET,
        description=_l(
            "The agreement with the present host ends; within the country it stays. What is "
            "announced needs a new one, or a waiver."
        ),
    )
    waiver = ProseField(_l("Reason of the waiver"), [Optional(), Length(max=1000)])
    submit = SubmitField(_l("Relocate the edition"))

    @classmethod
    def of(cls, edition: Edition) -> RelocateForm:
        """Return the form filled with the place; the next host's agreement is another one."""
        return cls(data=_standing(edition) | {"kind": NONE_YET, "waiver": ""})

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """A waiver needs its reason."""
        return bool(super().validate(extra_validators)) & _waiver_says_why(self)


class HostForm(SpanForm):
    """Name a host that was known from the start."""

    country = SelectField(_l("Country"), [InputRequired()])
    city = LineField(_l("City"), [InputRequired(), Length(max=120)])
    venue = LineField(_l("Venue"), [Optional(), Length(max=200)])
    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)])
    submit = SubmitField(_l("Name the host"))


class PostponeForm(SpanForm):
    """Postpone, to other days or to days that will follow."""

    first_day = DayField(
        _l("New first day"), [Optional()], description=_l("Leave both empty: new dates follow.")
    )
    last_day = DayField(_l("New last day"), [Optional()])
    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)])
    submit = SubmitField(_l("Postpone the edition"))

    @classmethod
    def of(cls, edition: Edition) -> PostponeForm:  # noqa: ARG003 - nothing stands to be shown
        """Return the empty form: the old days are no proposal."""
        return cls()

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """New days come as a pair."""
        is_valid = super().validate(extra_validators)
        if (self.first_day.data is None) != (self.last_day.data is None) and is_valid:
            self.last_day.errors = [
                *self.last_day.errors,
                _("Give both days, or leave both empty."),
            ]
            return False
        return is_valid


class CancelEditionForm(EditionForm):
    """Call an edition off."""

    reason = ProseField(
        _l("Reason"),
        [InputRequired(), Length(max=500)],
        description=_l("Everybody who is registered reads it."),
    )
    submit = SubmitField(_l("Cancel the edition"))


class DescribeForm(EditionForm):
    """Change the words, not the facts."""

    title = LineField(
        _l("Title of its own"),
        [Optional(), Length(max=250)],
        description=_l("Leave it empty for the series’ title with its number or year."),
    )
    summary = ProseField(_l("What it is about"), [Optional(), Length(max=5000)])
    submit = SubmitField(_l("Save the words"))


class LocateForm(EditionForm):
    """Say where on the map the city is."""

    latitude = DegreesField(
        _l("Latitude"),
        [Optional(), NumberRange(-90, 90)],
        description=_l("Degrees to the north, such as 48.21; with a minus to the south."),
    )
    longitude = DegreesField(
        _l("Longitude"),
        [Optional(), NumberRange(-180, 180)],
        description=_l("Degrees to the east, such as 16.37; with a minus to the west."),
    )
    submit = SubmitField(_l("Save the point"))

    @property
    def geo(self) -> tuple[float, float] | None:
        """Latitude and longitude, ``None`` where both are empty."""
        if self.latitude.data is None or self.longitude.data is None:
            return None
        return self.latitude.data, self.longitude.data

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """They come as a pair."""
        is_valid = bool(super().validate(extra_validators))
        if is_valid and (self.latitude.data is None) != (self.longitude.data is None):
            field = self.longitude if self.longitude.data is None else self.latitude
            field.errors = [*field.errors, _("Give both, or leave both empty.")]
            return False
        return is_valid


class AddEditionForm(SpanForm):
    """Add an edition by hand."""

    series = SelectField(_l("Series"), [InputRequired()])
    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)])
    submit = SubmitField(_l("Add the edition"))


def _standing(edition: Edition) -> dict[str, Any]:
    return {
        "first_day": edition.dtstart,
        "last_day": edition.dtend - timedelta(days=1),
        "city": edition.city,
        "latitude": edition.latitude,
        "longitude": edition.longitude,
        "country": edition.country_code,
        "venue": edition.venue,
        "venue_address": edition.venue_address,
        "tzid": edition.tzid,
        "capacity": edition.capacity,
        "opens_on": edition.registration_opens_on,
        "nominations_close_on": edition.nominations_close_on,
        "closes_on": edition.registration_closes_on,
        "title": edition.own_title,
        "summary": edition.summary,
        "waiver": edition.agreement_waiver,
        "kind": WAIVED if edition.agreement_waiver else ACCEPTED,
    }
