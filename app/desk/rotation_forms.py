"""The shape of the rotation's settings, of fixed choices and of what is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.forms import ProseField, WholeNumberField
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from app.desk.rotation_ground import Settings

VACANT = "-"
NUMBERS = {
    "until": (_l("Plan up to the year"), 1, 9999, _l("Included.")),
    "cooldown": (
        _l("A country returns to a series after"),
        0,
        20,
        _l("Editions in between, 0 to 20. A hard rule."),
    ),
    "tolerance": (
        _l("Weeks by which an edition may be early or late"),
        0,
        52,
        _l("Against the distance of its years, counted from the edition before. A hard rule."),
    ),
    "country_per_year": (
        _l("Editions a country hosts in a year"),
        1,
        9,
        _l("At most. A hard rule."),
    ),
    "week_cap": (_l("Editions in one week"), 1, 9, _l("At most. A hard rule.")),
    "spread": (
        _l("Editions in a row whose regions should differ"),
        1,
        9,
        _l("Of a series for all regions."),
    ),
    "soft_weeks": (
        _l("Weeks worth moving to avoid a soft clash"),
        0,
        26,
        _l("Ramadan, Easter, events of others."),
    ),
    "importance_symposium": (_l("Weight of a symposium"), 1, 100, ""),
    "importance_practitioner_workshop": (_l("Weight of a workshop"), 1, 100, ""),
    "importance_regional_engagement": (_l("Weight of a regional engagement"), 1, 100, ""),
    "seconds": (
        _l("Seconds to look for the best plan"),
        1,
        120,
        _l("1 to 120. What is not proved by then says how far from the best it may be."),
    ),
}


def _number(name: str) -> WholeNumberField:
    label, low, high, description = NUMBERS[name]
    problem = _l("Write a whole number from %(low)d to %(high)d.", low=low, high=high)
    return WholeNumberField(
        label,
        [InputRequired(problem), NumberRange(low, high, problem)],
        description=description,
    )


class SettingsForm(FlaskForm):
    """The numbers of the rotation."""

    until = _number("until")
    cooldown = _number("cooldown")
    tolerance = _number("tolerance")
    country_per_year = _number("country_per_year")
    week_cap = _number("week_cap")
    spread = _number("spread")
    soft_weeks = _number("soft_weeks")
    importance_symposium = _number("importance_symposium")
    importance_practitioner_workshop = _number("importance_practitioner_workshop")
    importance_regional_engagement = _number("importance_regional_engagement")
    seconds = _number("seconds")
    submit = SubmitField(_l("Save the settings"))

    @classmethod
    def of(cls, settings: Settings) -> SettingsForm:
        """Return the form filled with what is in force."""
        return cls(data={name: getattr(settings, name) for name in NUMBERS})

    def settings(self, current: Settings) -> Settings:
        """Return what was typed; the order of the levels stays."""
        return replace(current, **{name: self[name].data for name in NUMBERS})


class OrderForm(FlaskForm):
    """Move a level up or down."""

    level = HiddenField()
    up = HiddenField()


class AskForm(FlaskForm):
    """Ask for a plan: the best, or the one with the fewest changes."""

    mode = HiddenField()


class WhyForm(FlaskForm):
    """Ask what the other hosts would cost."""

    submit = SubmitField(_l("Work it out"))


class AdoptForm(FlaskForm):
    """Adopt a plan as the committee's working plan."""

    reason = ProseField(
        _l("What the committee decided"),
        [Optional(), Length(max=2000)],
        description=_l("It is recorded in the audit log."),
    )
    submit = SubmitField(_l("Adopt this plan"))


class FixForm(FlaskForm):
    """Fix the host of an edition."""

    host = SelectField(_l("Host"), [InputRequired()])
    keeps_week = BooleanField(_l("Fix the week of the plan too"))
    reason = ProseField(
        _l("Reason"),
        [InputRequired(_l("Say why this is fixed; it is shown beside the plan.")), Length(max=500)],
        description=_l("It is shown beside the plan."),
    )
    submit = SubmitField(_l("Fix it and plan again"))


class UnfixForm(FlaskForm):
    """Leave the choice to the plan again."""

    submit = SubmitField(_l("Leave it to the plan"))
