"""The shape of what organisers tell of the events of others, by hand or by a file."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.editions.known_events import KnownEventFacts
from app.editions.models import Precision
from app.editions.service import YEAR_MAX, YEAR_MIN
from app.forms import DayField, LineField, WholeNumberField, day_after, options
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.series.forms import first_day
from scheduler.known_dates import KnownDate, KnownDateError, Level

if TYPE_CHECKING:
    from app.editions.models import KnownEvent

RULE = "rule"
KNOWN = [
    (Precision.DAY.value, _l("Its days")),
    (Precision.MONTH.value, _l("Only the month")),
    (Precision.YEAR.value, _l("Only the year")),
    (Precision.WINDOW.value, _l("Only that it falls between two days")),
    (RULE, _l("A rule by which it recurs")),
]
LEVELS = [
    (Level.HARD.value, _l("Hard: no edition should be held on these days")),
    (Level.SOFT.value, _l("Soft: the plan warns")),
]
LEVEL_WORDS = {Level.HARD: _l("Hard"), Level.SOFT: _l("Soft")}
CERTAINTY_WORDS = {
    "": _l("Not said"),
    "verified": _l("Verified"),
    "recalled": _l("Recalled"),
    "inferred": _l("Inferred"),
}


class KnownEventForm(FlaskForm):
    """An event of somebody else: what is known of its days, and how much it weighs."""

    name = LineField(_l("What it is"), [InputRequired(), Length(max=250)])
    known = RadioField(_l("What is known"), choices=options(KNOWN), default=Precision.DAY.value)
    first_day = DayField(_l("First day"), [Optional()])
    last_day = DayField(
        _l("Last day"), [Optional()], description=_l("Empty where it is the same day.")
    )
    year = WholeNumberField(_l("Year"), [Optional(), NumberRange(min=YEAR_MIN, max=YEAR_MAX)])
    month = SelectField(
        _l("Month"),
        choices=options((str(number), calendar.month_name[number]) for number in range(1, 13)),
        default="1",
    )
    rrule = LineField(
        _l("Recurrence rule (RFC 5545)"),
        [Optional(), Length(max=500)],
        description=_l("For example: FREQ=YEARLY;BYMONTH=9;BYDAY=3MO"),
    )
    starts_on = DayField(
        _l("First time on or after"),
        [Optional()],
        description=_l("The rule counts from the first day it falls on from here."),
    )
    length_days = WholeNumberField(_l("Length in days"), [Optional()], default=1)
    margin_days = WholeNumberField(
        _l("Uncertain by ± days"),
        [Optional()],
        default=0,
        description=_l("So many days before and after, a clash is possible."),
    )
    level = RadioField(_l("How much it weighs"), choices=options(LEVELS), default=Level.SOFT.value)
    city = LineField(
        _l("City"),
        [Optional(), Length(max=120)],
        description=_l("An edition in the same city on the same days is a hard clash."),
    )
    country = SelectField(_l("Country"), default="")
    certainty = SelectField(
        _l("How certain"),
        choices=options(CERTAINTY_WORDS.items()),
        default="",
        description=_l("Inferred days count as estimated."),
    )
    kind = LineField(
        _l("Recurs as"),
        [Optional(), Length(max=40)],
        description=_l(
            "A short name such as IAEA-GC. Announced days replace the expected days of a rule of "
            "the same name."
        ),
    )
    source = LineField(_l("Where it is known from"), [Optional(), Length(max=300)])
    submit = SubmitField(_l("Save the event"))

    @classmethod
    def of(cls, event: KnownEvent) -> KnownEventForm:
        """Return the form filled with what stands."""
        values = _values_of(event.known_date) | {
            "country": event.country_code or "",
            "certainty": event.certainty,
        }
        return cls(data=values)

    @classmethod
    def like(cls, known: KnownDate) -> KnownEventForm:
        """Return the form filled with what is built in, to be changed."""
        return cls(data=_values_of(known) | {"certainty": "inferred" if known.estimated else ""})

    def facts(self, today: date) -> KnownEventFacts:
        """Return what was typed as the service takes it.

        Raises:
            KnownDateError: the days, the month or the year that were chosen are missing.
            RecurrenceRuleError: what was typed makes no rule.
        """
        rrule, dtend = None, None
        if self.known.data == RULE:
            precision = Precision.DAY
            rrule = self.rrule.data.upper().removeprefix("RRULE:")
            dtstart = first_day(rrule, self.starts_on.data, _new_year(today))
        else:
            precision = Precision(self.known.data)
            dtstart, dtend = self._span(precision)
        return KnownEventFacts(
            name=self.name.data,
            dtstart=dtstart,
            dtend=dtend,
            precision=precision,
            rrule=rrule,
            length_days=1 if rrule is None or self.length_days.data is None
            else self.length_days.data,
            margin_days=self.margin_days.data or 0 if precision is Precision.DAY else 0,
            level=Level(self.level.data),
            city=self.city.data or "",
            country_code=self.country.data or None,
            kind=self.kind.data or "",
            source=self.source.data or "",
            certainty=self.certainty.data,
        )  # fmt: skip

    def _span(self, precision: Precision) -> tuple[date, date]:
        year, first, last = self.year.data, self.first_day.data, self.last_day.data
        if precision in {Precision.MONTH, Precision.YEAR}:
            if year is None:
                self._refuse(_("the year is missing."))
            if precision is Precision.YEAR:
                return date(year, 1, 1), date(year + 1, 1, 1)
            start = date(year, int(self.month.data), 1)
            return start, (start + timedelta(days=31)).replace(day=1)
        if first is None:
            self._refuse(
                _(
                    "it has no day. Give the first day, or say that only the month or the year "
                    "is known."
                )
            )
        if last is None and precision is Precision.WINDOW:
            self._refuse(_("give both days between which it falls."))
        return first, day_after(last or first)

    def _refuse(self, problem: str) -> None:
        raise KnownDateError(name=self.name.data, problem=problem)


class RemoveKnownEventForm(FlaskForm):
    """Take an event away."""

    submit = SubmitField(_l("Delete this event"))


class ImportForm(FlaskForm):
    """A file of events."""

    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "A calendar (.ics), with events that recur by a rule, or a table (.csv); at most 1 MB "
            "and 1000 events."
        ),
    )
    level = RadioField(_l("How much they weigh"), choices=options(LEVELS), default=Level.SOFT.value)
    takes_rest = BooleanField(
        _l("Import the rest if some lines cannot be read"),
        description=_l("Without it, one fault is enough and nothing is imported."),
    )
    submit = SubmitField(_l("Import the events"))


class ImportRestForm(FlaskForm):
    """What of a file could be read, to be imported without what could not."""

    kept = HiddenField(validators=[InputRequired()])
    submit = SubmitField(_l("Import the rest"))


def _values_of(known: KnownDate) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": known.name,
        "known": RULE if known.rule else known.precision,
        "length_days": known.length_days,
        "margin_days": known.margin_days,
        "level": known.level.value,
        "city": known.city,
        "kind": known.kind,
        "source": known.source,
    }
    if known.rule:
        return values | {"rrule": known.rule.rrule, "starts_on": known.rule.dtstart}
    if known.dtstart is None or known.dtend is None:
        return values
    values |= {"year": known.dtstart.year, "month": str(known.dtstart.month)}
    if known.precision in {Precision.MONTH, Precision.YEAR}:
        return values
    return values | {"first_day": known.dtstart, "last_day": known.dtend - timedelta(days=1)}


def _new_year(today: date) -> date:
    return today.replace(month=1, day=1)
