"""Milestones: what must be done by when before an edition opens, and what is next.

A template holds lead times, not days. `due_days` counts them from the opening; `schedule` also
fits a late start by compressing the leads, never below their minimum.

>>> plan = schedule(TEMPLATES["symposium"], date(2030, 3, 5), begun_on=date(2029, 3, 5))
>>> plan.is_compressed, [str(item.due_on) for item in plan.milestones][:2]
(True, ['2029-03-05', '2029-05-17'])
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from scheduler.known_dates import say_day
from scheduler.lead_times import TEMPLATES, Basis, Lead, MilestoneError, Step, Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "TEMPLATES",
    "Basis",
    "Lead",
    "Milestone",
    "MilestoneError",
    "MilestoneStatus",
    "Progress",
    "Record",
    "Schedule",
    "Step",
    "Template",
    "due_days",
    "follow",
    "schedule",
]


class MilestoneStatus(StrEnum):
    """Where a milestone stands today; ``later`` also holds those without a day."""

    DONE = "done"
    WAIVED = "waived"
    OVERDUE = "overdue"
    NEXT = "next"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step laid before one opening; ``due_on`` is ``None`` where only ``says`` can tell."""

    key: str
    title: str
    due_on: date | None
    says: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """The milestones of one edition, or the ``problem`` why they cannot be met.

    In that case there are none, and ``earliest_dtstart`` is the first opening that would do.
    """

    milestones: tuple[Milestone, ...]
    is_compressed: bool = False
    problem: str = ""
    earliest_dtstart: date | None = None

    @property
    def can_be_met(self) -> bool:
        """Whether there is a plan."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Record:
    """What people did about a milestone: done on a day, or waived for a written reason.

    Raises:
        MilestoneError: it says neither or both.
    """

    key: str
    done_on: date | None = None
    waived_reason: str = ""

    def __post_init__(self) -> None:
        """A waiver without a reason is none."""
        if (self.done_on is None) == (not self.waived_reason.strip()):
            problem = "record the day it was done, or a reason to waive it."
            raise MilestoneError(name=self.key, problem=problem)


@dataclass(frozen=True, slots=True)
class Progress:
    """A milestone and where it stands; ``reason`` only where it is waived."""

    milestone: Milestone
    status: MilestoneStatus
    done_on: date | None = None
    reason: str = ""


def due_days(
    template: Template, dtstart: date, *, offered_on: date | None = None
) -> list[Milestone]:
    """Return the milestones of an edition that opens on ``dtstart``, by due day.

    Those without a day stand after the step they follow in the template. ``offered_on`` is the
    day of the offer, once there is one.

    >>> regional = TEMPLATES["regional_engagement"]
    >>> [str(item.due_on or item.says) for item in due_days(regional, date(2027, 5, 11))][:3]
    ['rolling', '2026-08-11', '60 days after the offer']
    """
    found: list[tuple[date, Milestone]] = []
    place = date.min
    for step in template.steps:
        due_on = step.lead.due_on(dtstart, offered_on)
        place = due_on or place
        found.append(
            (place, Milestone(step.key, step.title, due_on, step.lead.says, step.is_optional))
        )
    return [milestone for _, milestone in sorted(found, key=lambda item: item[0])]


def schedule(
    template: Template, dtstart: date, begun_on: date, *, offered_on: date | None = None
) -> Schedule:
    """Lay the milestones between ``begun_on`` and the opening, compressed where that is late.

    The leads shrink in proportion, in whole days, in their order, and stop at the minimum of
    their step; what lies further out than such a step shares the days that are left. What comes
    after the opening, and what is not counted from it, keeps its day.
    """
    milestones = due_days(template, dtstart, offered_on=offered_on)
    steps = {step.key: step for step in template.steps}
    leads = {
        item.key: (dtstart - item.due_on).days
        for item in milestones
        if item.due_on is not None
        and item.due_on < dtstart
        and steps[item.key].lead.basis is Basis.OPENING
    }
    available = (dtstart - begun_on).days
    if available >= max(leads.values(), default=0):
        return Schedule(tuple(milestones))
    binding = max(template.steps, key=lambda step: step.minimum_weeks)
    if available < max(binding.minimum_weeks * 7, 1):
        return _refusal(binding, dtstart, begun_on)
    minima: dict[int, int] = {}
    for key, lead in leads.items():
        minima[lead] = max(minima.get(lead, 0), steps[key].minimum_weeks * 7)
    compressed = _compress(minima, available)
    moved = [
        replace(item, due_on=dtstart - timedelta(days=compressed[leads[item.key]]))
        if item.key in leads
        else item
        for item in milestones
    ]
    return Schedule(tuple(moved), is_compressed=True)


def follow(
    milestones: Sequence[Milestone], records: Iterable[Record], today: date
) -> list[Progress]:
    """Say of each milestone where it stands on ``today``, in the given order.

    Overdue from the day after it was due. The next is the first to come among those neither done
    nor waived. An optional one that passed by counts as waived.
    """
    by_key = {record.key: record for record in records}
    open_ones = [
        item
        for item in milestones
        if item.key not in by_key and item.due_on is not None and item.due_on >= today
    ]
    upcoming = min(open_ones, key=lambda item: item.due_on or date.max, default=None)
    return [_progress(item, by_key, upcoming, today) for item in milestones]


def _progress(
    item: Milestone, by_key: Mapping[str, Record], upcoming: Milestone | None, today: date
) -> Progress:
    record = by_key.get(item.key)
    if record is not None and record.done_on is not None:
        return Progress(item, MilestoneStatus.DONE, record.done_on)
    if record is not None:
        return Progress(item, MilestoneStatus.WAIVED, reason=record.waived_reason)
    if item is upcoming:
        return Progress(item, MilestoneStatus.NEXT)
    if item.due_on is None or item.due_on >= today:
        return Progress(item, MilestoneStatus.LATER)
    if item.is_optional:
        return Progress(item, MilestoneStatus.WAIVED, reason="optional, and its day has passed")
    return Progress(item, MilestoneStatus.OVERDUE)


def _refusal(binding: Step, dtstart: date, begun_on: date) -> Schedule:
    earliest = begun_on + timedelta(days=max(binding.minimum_weeks * 7, 1))
    left = (dtstart - begun_on).days
    need = f"“{binding.title}” needs {binding.minimum_weeks} weeks"
    problem = (
        f"An opening on {say_day(dtstart)} cannot be met: work begins on {say_day(begun_on)}, "
        f"{f'{left} days before' if left > 0 else 'not before'} it, and "
        f"{need if binding.minimum_weeks else 'there must be a day between'}. "
        f"The earliest opening that can be met is {say_day(earliest)}."
    )
    return Schedule((), problem=problem, earliest_dtstart=earliest)


def _compress(minima: Mapping[int, int], available: int) -> dict[int, int]:
    """Map each lead to a shorter one, in days: in order, from its minimum up to ``available``.

    Fixed points are 0, the longest lead and the leads with a minimum; between two of them leads
    are spread evenly. Where no minimum binds, this is the plain proportion.
    """
    longest = max(minima)
    fixed = {0: 0}
    for lead in sorted(minima):
        if minima[lead] or lead == longest:
            # A lead further out is never shorter than one nearer in.
            nearer = max(fixed.values())
            fixed[lead] = max(lead * available // longest, minima[lead], nearer)
    result: dict[int, int] = {}
    for (low, short), (high, long) in pairwise(fixed.items()):
        for lead in minima:
            if low < lead <= high:
                result[lead] = short + (lead - low) * (long - short) // (high - low)
    return result
