"""What the pages of needs show, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.editions import milestone_queries
from app.hosting import need_queries, needs, queries
from scheduler.engagements import ENDED, NeedStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.hosting.models import HostingOffer
    from app.hosting.need_models import EngagementNeed


@dataclass(frozen=True, slots=True)
class Line:
    """A need in the list: its state today, its support, and by when it is decided on."""

    need: EngagementNeed
    status: NeedStatus
    support_count: int
    decide_by: date | None
    is_late: bool


def lines(today: date) -> tuple[list[Line], list[Line]]:
    """Return the needs from which something may follow, and those that have ended."""
    rows = need_queries.needs()
    counts = need_queries.count_supports([need.id for need in rows])
    days = milestone_queries.decision_days([need.edition_id for need in rows if need.edition_id])
    found = []
    for need in rows:
        day = days.get(need.edition_id or 0)
        is_late = day is not None and day < today
        status = needs.status_on(need, today)
        found.append(Line(need, status, counts.get(need.id, 0), day, is_late))
    return (
        [line for line in found if line.status not in ENDED],
        [line for line in found if line.status in ENDED],
    )


def offers_of(need: EngagementNeed, country_codes: Sequence[str]) -> list[HostingOffer]:
    """Return the offers of these countries for what is needed, drafts among them."""
    return [
        offer for offer in queries.offers_of(country_codes) if offer.edition_id == need.edition_id
    ]
