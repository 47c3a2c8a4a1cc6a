"""The need for a regional engagement: its states, and the day by which an offer is decided on."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

DECISION_TIME = timedelta(days=60)
"""So long the committee has from the first complete offer on."""


class NeedStatus(StrEnum):
    """Where a need stands between its proposal and its engagement."""

    OPEN = "open"
    OFFERED = "offered"
    DECIDED = "decided"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


_N = NeedStatus
NEED_MOVES: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    _N.OPEN: frozenset({_N.OFFERED, _N.DECIDED, _N.DECLINED, _N.WITHDRAWN, _N.LAPSED}),
    # Back: every offer was withdrawn, or returned for changes.
    _N.OFFERED: frozenset({_N.OPEN, _N.DECIDED, _N.DECLINED}),
    # Back: the host withdrew, with or without another offer that stands by.
    _N.DECIDED: frozenset({_N.OPEN, _N.OFFERED}),
    _N.DECLINED: frozenset(),
    _N.WITHDRAWN: frozenset(),
    _N.LAPSED: frozenset(),
}

ENDED = frozenset(status for status, targets in NEED_MOVES.items() if not targets)
"""Needs that nothing follows from any more."""

_HOSTLESS = frozenset(
    {EditionStatus.PROJECTED, EditionStatus.CALL_OPEN, EditionStatus.UNDER_EVALUATION}
)


def follow(current: NeedStatus, edition: EditionStatus, waiting_count: int) -> NeedStatus:
    """Return where a need stands as its edition and the complete offers that wait make it.

    >>> follow(NeedStatus.OPEN, EditionStatus.CALL_OPEN, 1).value
    'offered'
    """
    if current in ENDED:
        return current
    if edition is EditionStatus.CANCELLED:
        # What was decided and called off later was decided; its edition tells the rest.
        return current if current is _N.DECIDED else _N.DECLINED
    if edition not in _HOSTLESS:
        return current if edition is EditionStatus.POSTPONED else _N.DECIDED
    return _N.OFFERED if waiting_count else _N.OPEN


def on_day(status: NeedStatus, last_day: date, today: date) -> NeedStatus:
    """Return ``status`` as the calendar makes it: past ``last_day`` of offers an open need lapses.

    >>> on_day(NeedStatus.OPEN, date(2027, 6, 1), date(2027, 6, 2)).value
    'lapsed'
    """
    return _N.LAPSED if status is _N.OPEN and today > last_day else status


def decide_by(offered_on: date) -> date:
    """Return the day by which the committee decides on an offer that was complete on a day."""
    return offered_on + DECISION_TIME
