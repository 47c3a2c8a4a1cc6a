"""The ground that a rotation is planned on: its settings, its slots, and the way back to our days.

A week is an ISO week, counted from 0. Each year has room for the 53rd that long years have, so
that every week has a number of its own; in a short year nothing ever lies in the last one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from scheduler import rotation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.series.models import SeriesKind

WEEKS = 53
_WEEK = timedelta(weeks=1)
LEVEL_KEYS = tuple(level.key for level in rotation.LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an organiser can change: the horizon, the hard rules, the weights, the order of levels.

    ``soft_weeks`` is how many weeks away from the rule's week a soft clash is worth avoiding.
    """

    until: int = 2040
    cooldown: int = 2
    spread: int = 3
    tolerance: int = 26
    country_per_year: int = 1
    week_cap: int = 1
    soft_weeks: int = 6
    importance_symposium: int = 10
    importance_practitioner_workshop: int = 6
    importance_regional_engagement: int = 4
    seconds: int = 30
    order: Sequence[str] = LEVEL_KEYS

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Settings:
        """Return what is stored, with the defaults for what is not."""
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        order = [key for key in known.pop("order", ()) if key in LEVEL_KEYS]
        return cls(**known, order=(*order, *(key for key in LEVEL_KEYS if key not in order)))

    @property
    def levels(self) -> tuple[rotation.Level, ...]:
        """The engine's levels in this order."""
        by_key = {level.key: level for level in rotation.LEVELS}
        return tuple(by_key[key] for key in self.order)

    def importance_of(self, kind: SeriesKind) -> int:
        """Return what an edition of this kind counts when it is left without a host."""
        found: int = getattr(self, f"importance_{kind.value}")
        return found


@dataclass(frozen=True, slots=True)
class Slot:
    """An edition as the engine knows it, by ``name``: its place in its series, its usual days."""

    name: str
    edition_id: int
    title: str
    dtstart: date
    days: int
    takes_interests: bool
    earliest: date = date.min  # the first opening that keeps the least times of its milestones

    @property
    def is_too_near(self) -> bool:
        """Whether its own days come before all that must be done can be done."""
        return self.dtstart < self.earliest


@dataclass(frozen=True, slots=True)
class Omitted:
    """An offer or an interest that is left out, and why: no region, no free week, too near."""

    kind: Literal["offer", "interest"]
    public_id: str
    country: str
    why: Literal["region", "week", "near"]


@dataclass(frozen=True)
class Ground:
    """The instance, and the way back from its names to our rows and days."""

    instance: rotation.Instance
    slots: Mapping[str, Slot]  # open ones, by the engine's name
    held: Mapping[str, Slot]
    sources: Mapping[str, str]  # offer: the public id of our row; none of what is held
    starts: Mapping[tuple[str, str, int], date]  # (name, offer, week) off the usual weekday
    omitted: Sequence[Omitted] = ()
    unknown: Sequence[str] = ()
    names: Mapping[int, str] = field(default_factory=dict)  # by the edition's number

    @property
    def digest(self) -> str:
        """A text that differs when what is planned from does."""
        told = json.dumps(asdict(self.instance), default=sorted, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def monday(self, week: int) -> date:
        """Return the first day of an absolute week."""
        year, number = divmod(week, WEEKS)
        return date.fromisocalendar(self.instance.start_year + year, 1, 1) + number * _WEEK

    def week_of(self, day: date) -> int:
        """Return the absolute week of ``day``."""
        return absolute(day, self.instance.start_year)

    def days_of(self, name: str, choice: rotation.Choice) -> tuple[date, date]:
        """Return the days, the end exclusive, on which a plan holds an edition."""
        slot = self.slots[name]
        usual = self.monday(choice.week) + timedelta(days=slot.dtstart.weekday())
        first = self.starts.get((name, choice.offer, choice.week), usual)
        return first, first + timedelta(days=slot.days)

    def hosts_for(self, name: str) -> list[str]:
        """Return the codes of the countries that could host an edition, whatever the others do."""
        edition = self.instance.editions[name]
        return sorted(
            {
                offer.country
                for offer in self.instance.offers.values()
                if any(
                    self.instance.countries[offer.country].takes(edition, week)
                    for week in offer.starts(edition)
                )
            }
        )


def iso_year(day: date) -> int:
    """Return the year that the ISO week of ``day`` belongs to."""
    return day.isocalendar().year


def week_of_year(day: date) -> int:
    """Return the week of its ISO year, from 0."""
    return day.isocalendar().week - 1


def weeks_of(year: int) -> int:
    """Return how many weeks an ISO year has."""
    return date(year, 12, 28).isocalendar().week


def absolute(day: date, start_year: int) -> int:
    """Return the week of ``day``, counted from the first of ``start_year``."""
    return WEEKS * (iso_year(day) - start_year) + week_of_year(day)
