"""By when the committee has to decide on rolling offers; a decision that comes later is refused.

Only a new day, put down with its reason, makes it possible again, so that nobody waits unheard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.editions import milestone_queries
from scheduler.errors import N_, ConflictError

if TYPE_CHECKING:
    from datetime import date

    from app.editions.models import Edition


class LateDecisionError(ConflictError):
    """A decision, or a round of the committee, that would end after its day."""

    message = N_(
        "The decision on {edition} is due by {day}. Decide by then, or first put the day off on "
        "the page of the need, with the reason."
    )


def insist_in_time(edition: Edition, day: date) -> None:
    """Insist that a decision on ``day`` keeps to the day that is set, if one is.

    Raises:
        LateDecisionError: it does not.
    """
    schedule = milestone_queries.schedule_of(edition)
    if schedule is not None and schedule.decide_by is not None and day > schedule.decide_by:
        raise LateDecisionError(edition=edition.title, day=schedule.decide_by)
