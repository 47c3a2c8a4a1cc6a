"""The shape of a series as an organiser types it: a rhythm for people, or a raw RRULE."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.countries.service import REGION_NAMES
from app.forms import DayField, EitherOf, LineField, ProseField, WholeNumberField, options
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.series.models import Series, SeriesKind
from app.series.service import SeriesFacts
from scheduler import recurrence
from scheduler.errors import RecurrenceRuleError
from scheduler.recurrence import YearlyPattern

if TYPE_CHECKING:
    from datetime import date

KIND_LABELS = {
    SeriesKind.SYMPOSIUM: _l("Symposium"),
    SeriesKind.PRACTITIONER_WORKSHOP: _l("Practitioner workshop"),
    SeriesKind.REGIONAL_ENGAGEMENT: _l("Regional engagement"),
}
ORDINALS = [
    ("1", _l("first")),
    ("2", _l("second")),
    ("3", _l("third")),
    ("4", _l("fourth")),
    ("-1", _l("last")),
]
# Some months have only three full weeks, so there is no fourth to count on.
WEEK_ORDINALS = [choice for choice in ORDINALS if choice[0] != "4"]
WEEKDAYS = [
    ("MO", _l("Monday")),
    ("TU", _l("Tuesday")),
    ("WE", _l("Wednesday")),
    ("TH", _l("Thursday")),
    ("FR", _l("Friday")),
    ("SA", _l("Saturday")),
    ("SU", _l("Sunday")),
]
MONTHS = [(str(number), calendar.month_name[number]) for number in range(1, 13)]
WEEKDAY, WEEK, DAY, RRULE, NONE = "weekday", "week", "day", "rrule", "none"
RHYTHM_FIELD_OF = {
    WEEKDAY: "ordinal",
    WEEK: "week_ordinal",
    DAY: "month_day",
    RRULE: "rrule",
    NONE: "rhythm",
}
RHYTHMS = [
    (WEEKDAY, _l("On a weekday, such as the first Tuesday of March")),
    (WEEK, _l("In a week, such as the last full week of March")),
    (DAY, _l("On a fixed day, such as 5 March")),
    (RRULE, _l("By a rule of my own (RRULE)")),
    (NONE, _l("By no rule: I add editions by hand")),
]


class SeriesForm(FlaskForm):
    """A series and its rhythm."""

    title = LineField(
        _l("Title"),
        [InputRequired(), Length(max=200)],
        description=_l("Each edition is called by it, with its number or its year."),
    )
    kind = SelectField(
        _l("Kind"), choices=options((kind.value, KIND_LABELS[kind]) for kind in SeriesKind)
    )
    region = SelectField(
        _l("Region"), choices=options([("", _l("Worldwide")), *REGION_NAMES.items()]), default=""
    )
    summary = ProseField(_l("What it is, for the public"), [Optional(), Length(max=2000)])
    rhythm = RadioField(_l("It recurs"), choices=options(RHYTHMS), default=WEEKDAY)
    interval = WholeNumberField(
        _l("Every how many years"), [EitherOf(), NumberRange(min=1, max=100)], default=3
    )
    month = SelectField(_l("Month"), choices=options(MONTHS), default="3")
    ordinal = SelectField(_l("Which weekday"), choices=options(ORDINALS), default="1")
    weekday = SelectField(_l("Weekday"), choices=options(WEEKDAYS), default="TU")
    week_ordinal = SelectField(_l("Which full week"), choices=options(WEEK_ORDINALS), default="-1")
    month_day = WholeNumberField(
        _l("Day of the month"), [EitherOf(), NumberRange(min=1, max=31)], default=5
    )
    rrule = LineField(
        _l("Recurrence rule (RFC 5545)"),
        [EitherOf(), Length(max=500)],
        description=_l("For example: FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU"),
    )
    starts_on = DayField(
        _l("First edition on or after"),
        [Optional()],
        description=_l("The rule counts from the first day it falls on from here."),
    )
    length_days = WholeNumberField(
        _l("Length in days"), [InputRequired(), NumberRange(min=1, max=60)], default=3
    )
    rule_note = LineField(
        _l("Where the rule comes from"),
        [Optional(), Length(max=500)],
        description=_l("A decision, or an assumption that should be marked as one."),
    )
    submit = SubmitField(_l("Save the series"))

    @classmethod
    def of(cls, series: Series) -> SeriesForm:
        """Return the form filled with what stands, in the people's form where it can say it."""
        values: dict[str, Any] = {
            "title": series.title,
            "kind": series.kind.value,
            "region": series.region or "",
            "summary": series.summary,
            "length_days": series.length_days,
            "rule_note": series.rule_note,
            "starts_on": series.dtstart,
            "rrule": series.rrule or "",
            "rhythm": RRULE if series.rrule else NONE,
        }
        pattern = YearlyPattern.read(series.rrule) if series.rrule else None
        if pattern is not None:
            values |= _values_of(pattern)
        return cls(data=values)

    def read_rule(self, today: date) -> tuple[str | None, date | None]:
        """Return RRULE and DTSTART as typed, ``(None, None)`` where no rule is wanted.

        Raises:
            RecurrenceRuleError: what was typed makes no rule.
        """
        if self.rhythm.data == NONE:
            return None, None
        rrule = self.rrule.data.strip() if self.rhythm.data == RRULE else self._pattern().rrule()
        rrule = rrule.upper().removeprefix("RRULE:")
        return rrule, first_day(rrule, self.starts_on.data, today)

    def facts(self, today: date) -> SeriesFacts:
        """Return what was typed as the service takes it.

        Raises:
            RecurrenceRuleError: what was typed makes no rule.
        """
        rrule, dtstart = self.read_rule(today)
        return SeriesFacts(
            title=self.title.data,
            kind=SeriesKind(self.kind.data),
            region=self.region.data or None,
            summary=self.summary.data or "",
            rrule=rrule,
            dtstart=dtstart,
            length_days=self.length_days.data,
            rule_note=self.rule_note.data or "",
        )

    def _pattern(self) -> YearlyPattern:
        # The preview reads the form before it is checked, so a forged choice comes this far.
        for field in (self.month, self.ordinal, self.week_ordinal):
            if field.data not in [choice.value for choice in field.choices]:
                raise RecurrenceRuleError(
                    problem=_("“%(label)s” has no such choice.", label=field.label.text),
                    accepted=_("Choose from the list."),
                )
        if self.interval.data is None:
            raise RecurrenceRuleError(
                problem=_("The number of years is missing."), accepted=_("For example: 3.")
            )
        interval, month = self.interval.data, int(self.month.data)
        if self.rhythm.data == DAY:
            if self.month_day.data is None:
                raise RecurrenceRuleError(
                    problem=_("The day of the month is missing."), accepted=_("For example: 5.")
                )
            return YearlyPattern(interval=interval, month=month, month_day=self.month_day.data)
        if self.rhythm.data == WEEK:
            return YearlyPattern(
                interval=interval, month=month, full_week=int(self.week_ordinal.data)
            )
        return YearlyPattern(
            interval=interval,
            month=month,
            ordinal=int(self.ordinal.data),
            weekday=self.weekday.data,
        )


def _values_of(pattern: YearlyPattern) -> dict[str, Any]:
    values: dict[str, Any] = {"interval": pattern.interval, "month": str(pattern.month)}
    if pattern.month_day is not None:
        return values | {"rhythm": DAY, "month_day": pattern.month_day}
    if pattern.full_week is not None:
        return values | {"rhythm": WEEK, "week_ordinal": str(pattern.full_week)}
    return values | {
        "rhythm": WEEKDAY,
        "ordinal": str(pattern.ordinal),
        "weekday": pattern.weekday,
    }


def first_day(rrule: str, typed: date | None, usual: date) -> date:
    """Return the day from which a rule counts, on or after the one typed, else after ``usual``.

    Raises:
        RecurrenceRuleError: it is no rule, or says no day and none is typed either.
    """
    if typed is None and recurrence.leaves_day_to_start(rrule):
        raise RecurrenceRuleError(
            problem=_("it takes its day from the first one, which is missing."),
            accepted=_("Give the first day, or say the day in the rule: {example}.").format(
                example="FREQ=YEARLY;BYMONTH=3;BYDAY=1TU"
            ),
        )
    return recurrence.first_occurrence(rrule, typed or usual)
