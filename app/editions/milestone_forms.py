"""The shape of a series' template of milestones, and of what is recorded of an edition's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, FormField, HiddenField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.editions.milestone_changes import STEPS_MAX
from app.editions.milestone_templates import PlannedStep
from app.forms import DayField, LineField, ProseField, RowsField, WholeNumberField
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from scheduler.lead_times import Lead, MilestoneError, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEKS_MAX = 520


class MilestoneDoneForm(FlaskForm):
    """Say when it was done."""

    done_on = DayField(_l("Done on"), [InputRequired()])
    submit = SubmitField(_l("Mark as done"))


class MilestoneWaiverForm(FlaskForm):
    """Say why it is not needed."""

    reason = ProseField(
        _l("Reason"),
        [InputRequired(), Length(max=500)],
        description=_l("Organisers and committee read it."),
    )
    submit = SubmitField(_l("Waive it"))


class MilestoneReopenForm(FlaskForm):
    """Take back what was recorded."""

    submit = SubmitField(_l("Take it back"))


class StepForm(Form):
    """One line of a template; an empty one is none."""

    key = HiddenField()
    title = LineField(_l("Milestone"), [Length(max=120)])
    lead = LineField(_l("When"))
    minimum_weeks = WholeNumberField(
        _l("Weeks at least"), [Optional(), NumberRange(min=0, max=WEEKS_MAX)]
    )
    is_optional = BooleanField(_l("Optional"))
    is_public = BooleanField(_l("Public"))
    is_removed = BooleanField(_l("Remove"))

    @property
    def counts(self) -> bool:
        """Whether this line is one: it says something, and is not to be removed."""
        says = self.title.data or self.lead.data or self.key.data
        return bool(says) and not self.is_removed.data

    def check(self) -> Step | None:
        """Return the step that was typed, ``None`` with the errors on its fields."""
        if not self.title.data:
            self._put("title", _("Say what is due."))
        try:
            lead = Lead.parse(self.lead.data or "", name=self.title.data)
        except MilestoneError as error:
            self._put("lead", str(error.values["problem"]))
            return None
        try:
            step = Step(
                self.key.data,
                self.title.data,
                lead,
                self.minimum_weeks.data or 0,
                is_optional=self.is_optional.data,
            )
        except MilestoneError as error:
            self._put("minimum_weeks", str(error.values["problem"]))
            return None
        return None if self.errors else step

    def _put(self, name: str, sentence: str) -> None:
        field = self[name]
        field.errors = [*field.errors, sentence]


class TemplateForm(FlaskForm):
    """The milestones of a series, one line each."""

    steps = RowsField(FormField(StepForm), max_entries=STEPS_MAX + 20)
    submit = SubmitField(_l("Save the milestones"))

    @classmethod
    def of(cls, standing: Sequence[PlannedStep]) -> TemplateForm:
        """Return the form filled with what stands."""
        lines = [
            {
                "key": planned.step.key,
                "title": _(planned.step.title),
                "lead": str(planned.step.lead),
                "minimum_weeks": planned.step.minimum_weeks or None,
                "is_optional": planned.step.is_optional,
                "is_public": planned.is_public,
            }
            for planned in standing
        ]
        return cls(data={"steps": lines})

    def offer_a_blank_row(self) -> None:
        """End with a line in which a new milestone can be written."""
        lines = [entry.form for entry in self.steps]
        has_room = len(self.steps) < STEPS_MAX
        if has_room and (not lines or lines[-1].counts or lines[-1].is_removed.data):
            self.steps.append_entry()

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Check every line that counts; no two may have one name."""
        is_valid = bool(super().validate(extra_validators))
        seen = set[str]()
        for line in self._lines():
            is_valid = line.check() is not None and is_valid
            name = (line.title.data or "").casefold()
            if name and name in seen:
                sentence = _("There is a milestone of this name already.")
                line.title.errors = [*line.title.errors, sentence]
                is_valid = False
            seen.add(name)
        return is_valid

    def planned(self, known: set[str]) -> list[PlannedStep]:
        """Return the steps that were typed; a key that is not ``known`` makes a new one."""
        found = []
        for line in self._lines():
            if line.key.data not in known:
                line.key.data = ""
            step = line.check()
            if step is not None:
                found.append(PlannedStep(step, line.is_public.data))
        return found

    def _lines(self) -> list[StepForm]:
        return [entry.form for entry in self.steps if entry.form.counts]


class TemplateResetForm(FlaskForm):
    """Go back to the defaults."""

    submit = SubmitField(_l("Back to the defaults"))
