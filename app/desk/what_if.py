"""What if a projected edition took other days: its clashes before and after, nothing saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.editions import clashing, overrides, planning, service
from app.editions import queries as editions
from app.editions.models import Precision
from app.site.drawing import Tried
from scheduler.lifecycle import EditionStatus
from scheduler.planning import Action

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.editions.clashing import Outlook, WeekOffer
    from app.editions.models import Edition
    from app.editions.planning import PlannedChange, Proposal
    from scheduler.clashes import Clash

WEEK = timedelta(weeks=1)
WEEKS_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """Days ``[dtstart, dtend)`` tried for an edition; ``outlook`` is that of where it stands.

    ``planned`` are the days to which a plan that is not applied yet would move it. What the tried
    days, and the ``offers`` of free weeks, clash with is told as if that plan were applied, since
    the strip is drawn so.
    """

    edition: Edition
    dtstart: date
    dtend: date
    outlook: Outlook
    offers: Sequence[WeekOffer]
    after: Sequence[Clash]
    planned: tuple[date, date] | None = None
    planned_clashes: Sequence[Clash] = ()

    @property
    def is_moved(self) -> bool:
        """Whether other days are tried than those that stand."""
        return self.dtstart != self.edition.dtstart

    @property
    def is_as_planned(self) -> bool:
        """Whether the tried days are those of the plan that is not applied yet."""
        return self.planned is not None and self.planned[0] == self.dtstart

    @property
    def home(self) -> tuple[date, date, Sequence[Clash]]:
        """Where the strip draws it when nothing is tried, and what clashes there."""
        if self.planned is not None:
            return (*self.planned, self.planned_clashes)
        return self.edition.dtstart, self.edition.dtend, self.before

    @property
    def before(self) -> Sequence[Clash]:
        """What clashes where it stands."""
        return self.outlook.clashes

    @property
    def earlier(self) -> date:
        """The same weekday a week earlier."""
        return self.dtstart - WEEK

    @property
    def later(self) -> date:
        """The same weekday a week later."""
        return self.dtstart + WEEK

    @property
    def days_away(self) -> int:
        """How far the tried days are from those that stand, negative for earlier."""
        return (self.dtstart - self.edition.dtstart).days

    @property
    def weeks(self) -> Sequence[WeekOffer]:
        """The nearest weeks without a hard clash."""
        return self.offers[:WEEKS_OFFERED]

    @property
    def tried(self) -> Tried:
        """What the strip draws."""
        return Tried(self.edition.slug, self.dtstart, self.dtend, self.after)


def try_days(
    slug: str,
    dtstart: date | None,
    proposal: Proposal,
    pending: Sequence[PlannedChange],
    today: date,
) -> Trial:
    """Return what another first day would mean for an edition; without one, what is planned.

    ``pending`` is what of the plan, which is not applied yet, is looked at.

    Raises:
        NotFoundError: no such edition.
        NotProjectedError: only people move it, on its own page.
        YearError: no event lies there.
    """
    edition = editions.get(slug)
    if edition.status is not EditionStatus.PROJECTED or edition.precision is not Precision.DAY:
        raise overrides.NotProjectedError(edition=edition.title)
    line = next((line for line in pending if line.edition == slug), None)
    moved = line if line is not None and line.action is Action.MOVE else None
    planned = (moved.change.dtstart, moved.change.dtend) if moved else None
    first = dtstart or (planned[0] if planned else edition.dtstart)
    service.check_year(first)
    dtend = first + (edition.dtend - edition.dtstart)
    standing = as_planned = _beside(proposal, ())
    outlook = clashing.outlook(edition, today, standing)
    offers = outlook.weeks
    if pending:
        as_planned = _beside(proposal, pending)
        offers = clashing.outlook(edition, today, as_planned).weeks
    return Trial(
        edition,
        first,
        dtend,
        outlook,
        offers,
        clashing.clashes_on(edition, first, dtend, as_planned),
        planned,
        moved.clashes if moved else (),
    )


def _beside(proposal: Proposal, lines: Sequence[PlannedChange]) -> clashing.Beside:
    own = planning.events_as_planned(lines, proposal.editions)
    return clashing.Beside(list(own.values()), proposal.recorded)
