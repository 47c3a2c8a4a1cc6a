"""Templates of milestones: the steps of a series, its own or the defaults of its kind.

Reads alone; changing one is in :mod:`app.editions.milestone_changes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.editions import milestone_queries
from scheduler import milestones
from scheduler.lead_times import TEMPLATES, Lead, Step, Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.editions.models import MilestoneStep
    from app.editions.rows import SeriesRow
    from app.series.models import Series

PUBLIC = frozenset(
    {
        "contributions_close",
        "authors_told",
        "nominations_close",
        "visa_letters",
        "registration_opens",
        "registration_closes",
        "provisional_programme",
    }
)
"""Of the standard milestones, those whose day the world may know."""

INTERNAL = (
    frozenset(step.key for template in TEMPLATES.values() for step in template.steps) - PUBLIC
)
"""Standard milestones that stay with organisers and committee, whatever a template says."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a series' template; ``is_public``: the world may know its day."""

    step: Step
    is_public: bool = False


def template_of(series: Series) -> list[PlannedStep]:
    """Return the template of ``series``: its own, else the defaults of its kind."""
    return templates([series])[series.id]


def templates(series: Sequence[Series | SeriesRow]) -> dict[int, list[PlannedStep]]:
    """Return the templates of these series by their ids, in one query."""
    own: dict[int, list[PlannedStep]] = {}
    for row in milestone_queries.steps_of([one.id for one in series]):
        own.setdefault(row.series_id, []).append(_planned(row))
    return {one.id: own.get(one.id) or defaults(one) for one in series}


def defaults(series: Series | SeriesRow) -> list[PlannedStep]:
    """Return the template that the kind of ``series`` has."""
    return [PlannedStep(step, step.key in PUBLIC) for step in TEMPLATES[series.kind.value].steps]


def has_own_template(series: Series) -> bool:
    """Whether an organiser has changed the template of ``series``."""
    return bool(milestone_queries.steps_of([series.id]))


def may_be_public(key: str) -> bool:
    """Whether the world may know the day of this milestone, if the template says so."""
    return key not in INTERNAL


def in_order(steps: Sequence[PlannedStep], series: Series) -> list[PlannedStep]:
    """Return ``steps`` by their distance from the opening; one without a day stays in its place."""
    by_key = {planned.step.key: planned for planned in steps}
    laid = milestones.due_days(engine_template(steps, series), series.modified_at.date())
    return [by_key[item.key] for item in laid]


def _planned(row: MilestoneStep) -> PlannedStep:
    lead = Lead.parse(row.lead, name=row.title)
    step = Step(row.key, row.title, lead, row.minimum_weeks, is_optional=row.is_optional)
    return PlannedStep(step, row.is_public)


def engine_template(steps: Iterable[PlannedStep], series: Series) -> Template:
    """Return ``steps`` as the engine takes them."""
    return Template(series.kind.value, tuple(planned.step for planned in steps))
