"""Lead times: how long before its opening an edition's steps fall due, per kind, as data.

The notation of a lead is short enough to edit by hand, so a template can be kept as text:

>>> [f"{step.key}: {step.lead}" for step in TEMPLATES["symposium"].steps][:2]
['call_opens: T-30 months', 'offers_close: T-24 months']
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta

from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MONTHS = 120

_LEAD = re.compile(
    r"T(?P<sign>[+-])(?P<count>\d{1,4}) (?P<unit>month|week|day)s?"
    r"|(?P<rolling>rolling)|offer\+(?P<days>\d{1,4}) days?"
)
_DAYS_OF = {"month": 30, "week": 7, "day": 1}


class MilestoneError(DomainError):
    """A lead time, a template or a record that says nothing one could keep to."""

    message = N_("The milestone “{name}” is not usable: {problem}")


class Basis(StrEnum):
    """What a lead is counted from; ``rolling`` is open at any time and has no day."""

    OPENING = "opening"
    OFFER = "offer"
    ROLLING = "rolling"


@dataclass(frozen=True, slots=True)
class Lead:
    """A distance in time from ``basis``, negative before it; written ``T-30 months``.

    The notation is ``T-30 months``, ``T+1 week``, ``T-10 days``, ``rolling`` or
    ``offer+60 days``; `parse` and ``str`` are inverse to each other.
    """

    count: int = 0
    unit: str = "day"
    basis: Basis = Basis.OPENING

    @classmethod
    def parse(cls, text: str, *, name: str = "") -> Lead:
        """Read the notation; ``name`` says in the error which milestone it is of.

        >>> Lead.parse("T-30 months").says
        '30 months before the opening'

        Raises:
            MilestoneError: ``text`` is not in the notation, or out of all proportion.
        """
        match = _LEAD.fullmatch(text.strip())
        if match is None:
            problem = (
                f"“{text[:40]}” is no lead time; T-30 months, T-10 weeks, T+1 week, rolling "
                "and offer+60 days are accepted."
            )
            raise MilestoneError(name=name, problem=problem)
        if match["rolling"]:
            return cls(basis=Basis.ROLLING)
        if match["days"]:
            lead = cls(int(match["days"]), basis=Basis.OFFER)
        else:
            lead = cls(int(match["sign"] + match["count"]), match["unit"])
        if abs(lead.count) * _DAYS_OF[lead.unit] > MAX_MONTHS * _DAYS_OF["month"]:
            problem = f"“{text[:40]}” is too far away; up to {MAX_MONTHS} months are accepted."
            raise MilestoneError(name=name, problem=problem)
        return lead

    def __str__(self) -> str:
        match self.basis:
            case Basis.ROLLING:
                return "rolling"
            case Basis.OFFER:
                return f"offer+{self._amount}"
            case Basis.OPENING:
                return f"T{'+' if self.count > 0 else '-'}{self._amount}"

    @property
    def says(self) -> str:
        """The lead in words, fit to stand where a day would."""
        match self.basis:
            case Basis.ROLLING:
                return "rolling"
            case Basis.OFFER:
                return f"{self._amount} after the offer"
            case Basis.OPENING if not self.count:
                return "at the opening"
            case Basis.OPENING:
                return f"{self._amount} {'after' if self.count > 0 else 'before'} the opening"

    @property
    def _amount(self) -> str:
        return f"{abs(self.count)} {self.unit}{'' if abs(self.count) == 1 else 's'}"

    def due_on(self, dtstart: date, offered_on: date | None = None) -> date | None:
        """Return the day, or ``None`` where there is none to tell.

        Months are counted on the calendar; a month too short gives its last day.

        >>> Lead.parse("T-30 months").due_on(date(2030, 3, 31))
        datetime.date(2027, 9, 30)
        """
        origin = {Basis.OPENING: dtstart, Basis.OFFER: offered_on}.get(self.basis)
        if origin is None:
            return None
        if self.unit == "month":
            return origin + relativedelta(months=self.count)
        return origin + timedelta(days=self.count * _DAYS_OF[self.unit])


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a template. ``minimum_weeks`` is the lead that a compressed plan must keep.

    Raises:
        MilestoneError: the lead itself is below the minimum.
    """

    key: str
    title: str
    lead: Lead
    minimum_weeks: int = 0
    is_optional: bool = False

    def __post_init__(self) -> None:
        """Refuse a lead that no plan could keep."""
        if not self.minimum_weeks:
            return
        # A leap day or a short month may not decide: February 29 to May 1 is the shortest case.
        days = -self.lead.count * (28 if self.lead.unit == "month" else _DAYS_OF[self.lead.unit])
        if self.lead.basis is not Basis.OPENING or days < self.minimum_weeks * 7:
            problem = f"{self.lead.says} is later than its minimum, {self.minimum_weeks} weeks."
            raise MilestoneError(name=self.title, problem=problem)


@dataclass(frozen=True, slots=True)
class Template:
    """The steps of one kind of event, in reading order, each key once.

    Raises:
        MilestoneError: two steps have one key.
    """

    kind: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse a key that would name two steps."""
        seen = set[str]()
        for step in self.steps:
            if step.key in seen:
                raise MilestoneError(name=step.title, problem=f"the key {step.key} twice.")
            seen.add(step.key)


# The table of lead times, one column a kind; "" where a kind has no such step.
_KINDS = ("symposium", "practitioner_workshop", "regional_engagement")
_OPTIONAL = ", optional"
_DEFAULTS: tuple[tuple[str, str, int, tuple[str, str, str]], ...] = (
    ("call_opens", N_("Call for hosts opens"), 0, ("T-30 months", "T-18 months", "rolling")),
    ("offers_close", N_("Offers close"), 0, ("T-24 months", "T-14 months", "T-9 months")),
    (
        "committee_decides",
        N_("Committee decides"),
        0,
        ("T-18 months", "T-12 months", "offer+60 days"),
    ),
    (
        "agreement_target",
        N_("Host agreement, target"),
        0,
        ("T-12 months", "T-6 months", "T-5 months"),
    ),
    (
        "agreement_latest",
        N_("Host agreement, latest"),
        10,
        ("T-6 months", "T-4 months", "T-10 weeks"),
    ),
    (
        "announcement",
        N_("Announcement and call for contributions"),
        0,
        ("T-10 months", "T-7 months", "T-5 months"),
    ),
    (
        "registration_opens",
        N_("Registration opens"),
        0,
        ("T-7 months", "T-5 months", "T-4 months"),
    ),
    (
        "contributions_close",
        N_("Contributions close"),
        0,
        ("T-30 weeks", "T-20 weeks", "T-12 weeks, optional"),
    ),
    ("authors_told", N_("Authors are told"), 0, ("T-20 weeks", "T-16 weeks", "")),
    (
        "nominations_close",
        N_("Nominations and grant requests close"),
        8,
        ("T-22 weeks", "T-16 weeks", "T-12 weeks"),
    ),
    ("invitations_sent", N_("Invitations sent"), 0, ("T-18 weeks", "T-14 weeks", "T-10 weeks")),
    (
        "visa_letters",
        N_("Visa letters requested by"),
        8,
        ("T-10 weeks", "T-10 weeks", "T-8 weeks"),
    ),
    ("registration_closes", N_("Registration closes"), 0, ("T-8 weeks", "T-6 weeks", "T-6 weeks")),
    (
        "provisional_programme",
        N_("Provisional programme"),
        0,
        ("T-12 weeks", "T-8 weeks", "T-6 weeks"),
    ),
    ("logistics_note", N_("Logistics note"), 0, ("T-4 weeks", "T-4 weeks", "T-3 weeks")),
    ("survey", N_("Survey"), 0, ("T+1 week", "T+1 week", "T+1 week")),
    ("chair_report", N_("Chair’s report due"), 0, ("T+6 weeks", "T+6 weeks", "T+4 weeks")),
    (
        "outcome_reports",
        N_("Outcome reports due"),
        0,
        ("T+6 months", "T+6 months", "T+3 months"),
    ),
)


def _default(kind: str, column: int) -> Template:
    steps = (
        Step(
            key,
            title,
            Lead.parse(leads[column].removesuffix(_OPTIONAL), name=title),
            minimum_weeks,
            is_optional=leads[column].endswith(_OPTIONAL),
        )
        for key, title, minimum_weeks, leads in _DEFAULTS
        if leads[column]
    )
    return Template(kind, tuple(steps))


TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {kind: _default(kind, column) for column, kind in enumerate(_KINDS)}
)
