"""Numbers of editions ("4th Symposium") follow what was held, and nothing is guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database import db
from app.editions import override_queries, queries
from scheduler import recurrence
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import date

    from app.series.models import Series


def renumber(series: Series) -> None:
    """Count the editions ahead on from what was held.

    A number follows from the number before it, and stops being known once an occurrence of the
    rule went by unrecorded. What the world was already told keeps its number.
    """
    number: int | None = None
    occurrences = _occurrences_so_far(series)
    for edition in queries.of_series(series):
        if edition.status is EditionStatus.CANCELLED:
            if edition.recurrence_id is not None:
                occurrences.discard(edition.recurrence_id)
            continue
        unrecorded = {
            day for day in occurrences if day < (edition.recurrence_id or edition.dtstart)
        }
        occurrences -= unrecorded
        if edition.recurrence_id is not None:
            occurrences.discard(edition.recurrence_id)
        if edition.is_public and edition.ordinal is not None:
            number = edition.ordinal
            continue
        number = None if number is None or unrecorded else number + 1
        if edition.ordinal != number and not edition.is_public:
            edition.ordinal = number
    db.session.flush()


def _occurrences_so_far(series: Series) -> set[date]:
    last = max((edition.dtstart for edition in queries.of_series(series)), default=None)
    if series.rule is None or last is None or last < series.rule.dtstart:
        return set()
    skipped = {
        override.recurrence_id
        for override in override_queries.every()
        if override.series_id == series.id and override.dtstart is None
    }
    return set(recurrence.occurrences(series.rule, series.rule.dtstart, last)) - skipped
