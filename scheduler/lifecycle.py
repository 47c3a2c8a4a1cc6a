"""The states of editions, offers, agreements and registrations, and the moves between them.

Each machine is a table, ``{state: states it may move to}``; nothing else decides a move.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from scheduler.errors import N_, ConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


class EditionStatus(StrEnum):
    """Where an edition stands between its projection and its last report."""

    PROJECTED = "projected"
    CALL_OPEN = "call_open"
    UNDER_EVALUATION = "under_evaluation"
    HOST_SELECTED = "host_selected"
    CONFIRMED = "confirmed"
    ANNOUNCED = "announced"
    REGISTRATION_OPEN = "registration_open"
    REGISTRATION_CLOSED = "registration_closed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REPORTED = "reported"
    CLOSED = "closed"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class OfferStatus(StrEnum):
    """Where a hosting offer stands between its draft and the decision."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ELIGIBLE = "eligible"
    EVALUATED = "evaluated"
    SHORTLISTED = "shortlisted"
    RECOMMENDED = "recommended"
    SELECTED = "selected"
    RESERVE = "reserve"
    NOT_SELECTED = "not_selected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class AgreementStatus(StrEnum):
    """Where the agreement with the host stands."""

    NOT_STARTED = "not_started"
    REQUESTED = "requested"
    UNDER_NEGOTIATION = "under_negotiation"
    ACCEPTED = "accepted"
    AMENDED = "amended"
    FULFILLED = "fulfilled"


class RegistrationStatus(StrEnum):
    """Where one person's registration for one edition stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ENDORSED = "endorsed"
    RETURNED = "returned"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    NOT_SELECTED = "not_selected"
    CHECKED_IN = "checked_in"
    ATTENDED = "attended"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    NO_SHOW = "no_show"


class MoveError(ConflictError):
    """A move that the table of states does not have."""

    message = N_("This is {current} and cannot become {target}.")


class ThereAlreadyError(MoveError):
    """A move to where the thing stands."""

    message = N_("This is {current} already.")


_E, _O, _A, _R = EditionStatus, OfferStatus, AgreementStatus, RegistrationStatus
_LEAVE = frozenset({_E.POSTPONED, _E.CANCELLED})

EDITION_MOVES: Mapping[EditionStatus, frozenset[EditionStatus]] = {
    # Straight to a host: the host was known from the start.
    _E.PROJECTED: frozenset({_E.CALL_OPEN, _E.HOST_SELECTED, _E.CANCELLED}),
    _E.CALL_OPEN: frozenset({_E.UNDER_EVALUATION}) | _LEAVE,
    _E.UNDER_EVALUATION: frozenset({_E.CALL_OPEN, _E.HOST_SELECTED}) | _LEAVE,
    # Back to the offers: the host withdrew.
    _E.HOST_SELECTED: frozenset({_E.CONFIRMED, _E.UNDER_EVALUATION}) | _LEAVE,
    _E.CONFIRMED: frozenset({_E.ANNOUNCED, _E.UNDER_EVALUATION}) | _LEAVE,
    _E.ANNOUNCED: frozenset({_E.REGISTRATION_OPEN, _E.IN_PROGRESS}) | _LEAVE,
    _E.REGISTRATION_OPEN: frozenset({_E.REGISTRATION_CLOSED, _E.IN_PROGRESS}) | _LEAVE,
    _E.REGISTRATION_CLOSED: frozenset({_E.REGISTRATION_OPEN, _E.IN_PROGRESS}) | _LEAVE,
    _E.IN_PROGRESS: frozenset({_E.COMPLETED}),
    _E.COMPLETED: frozenset({_E.REPORTED}),
    _E.REPORTED: frozenset({_E.CLOSED}),
    _E.CLOSED: frozenset(),
    _E.POSTPONED: frozenset({_E.CONFIRMED, _E.CANCELLED}),
    _E.CANCELLED: frozenset(),
}

_OFFER_DECISIONS = frozenset({_O.SELECTED, _O.RESERVE, _O.NOT_SELECTED, _O.WITHDRAWN, _O.LAPSED})
OFFER_MOVES: Mapping[OfferStatus, frozenset[OfferStatus]] = {
    _O.DRAFT: frozenset({_O.SUBMITTED, _O.WITHDRAWN, _O.LAPSED}),
    # The organiser may decide at any step; scores and shortlists inform, they do not gate.
    _O.SUBMITTED: frozenset({_O.RETURNED, _O.ELIGIBLE}) | _OFFER_DECISIONS,
    _O.RETURNED: frozenset({_O.SUBMITTED, _O.WITHDRAWN, _O.LAPSED}),
    # Back to be judged anew: it was changed, or a condition is found not to be met.
    _O.ELIGIBLE: frozenset({_O.EVALUATED, _O.SUBMITTED}) | _OFFER_DECISIONS,
    _O.EVALUATED: frozenset({_O.SHORTLISTED, _O.SUBMITTED}) | _OFFER_DECISIONS,
    _O.SHORTLISTED: frozenset({_O.RECOMMENDED, _O.SUBMITTED}) | _OFFER_DECISIONS,
    _O.RECOMMENDED: frozenset({_O.SUBMITTED}) | _OFFER_DECISIONS,
    _O.SELECTED: frozenset({_O.WITHDRAWN}),
    _O.RESERVE: frozenset({_O.SELECTED, _O.NOT_SELECTED, _O.WITHDRAWN}),
    # Reconsidered when the selected host withdraws.
    _O.NOT_SELECTED: frozenset({_O.SELECTED, _O.RESERVE}),
    _O.WITHDRAWN: frozenset(),
    _O.LAPSED: frozenset(),
}

AGREEMENT_MOVES: Mapping[AgreementStatus, frozenset[AgreementStatus]] = {
    _A.NOT_STARTED: frozenset({_A.REQUESTED}),
    _A.REQUESTED: frozenset({_A.UNDER_NEGOTIATION, _A.ACCEPTED}),
    _A.UNDER_NEGOTIATION: frozenset({_A.ACCEPTED}),
    _A.ACCEPTED: frozenset({_A.AMENDED, _A.FULFILLED}),
    _A.AMENDED: frozenset({_A.AMENDED, _A.FULFILLED}),
    _A.FULFILLED: frozenset(),
}

_REGISTRATION_DECISIONS = frozenset({_R.CONFIRMED, _R.WAITLISTED, _R.NOT_SELECTED, _R.CANCELLED})
REGISTRATION_MOVES: Mapping[RegistrationStatus, frozenset[RegistrationStatus]] = {
    # A nominee is endorsed already; a draft of somebody who applies is not sent yet.
    _R.DRAFT: frozenset(
        {_R.SUBMITTED, _R.ENDORSED, _R.CONFIRMED, _R.WAITLISTED, _R.CANCELLED, _R.REPLACED}
    ),
    _R.SUBMITTED: frozenset({_R.ENDORSED, _R.RETURNED, _R.REFUSED, _R.REPLACED})
    | _REGISTRATION_DECISIONS,
    _R.ENDORSED: _REGISTRATION_DECISIONS | {_R.REPLACED},
    _R.RETURNED: frozenset({_R.SUBMITTED, _R.ENDORSED, _R.CANCELLED, _R.REPLACED}),
    _R.REFUSED: frozenset(),
    _R.CONFIRMED: frozenset({_R.CHECKED_IN, _R.CANCELLED, _R.REPLACED, _R.NO_SHOW}),
    _R.WAITLISTED: frozenset(
        {_R.OFFERED, _R.CONFIRMED, _R.NOT_SELECTED, _R.CANCELLED, _R.REPLACED}
    ),
    _R.OFFERED: frozenset({_R.CONFIRMED, _R.WAITLISTED, _R.CANCELLED, _R.REPLACED}),
    _R.NOT_SELECTED: frozenset(),
    # Back: somebody was checked in by mistake.
    _R.CHECKED_IN: frozenset({_R.ATTENDED, _R.CONFIRMED}),
    _R.ATTENDED: frozenset(),
    _R.CANCELLED: frozenset(),
    _R.REPLACED: frozenset(),
    # What the door kept while it was offline may reach us after the list was closed.
    _R.NO_SHOW: frozenset({_R.CHECKED_IN}),
}

SEATED = frozenset({_R.CONFIRMED, _R.OFFERED, _R.CHECKED_IN, _R.ATTENDED})
"""Registrations that count against an edition's capacity; an offered place is kept free."""

TAKEN = SEATED - {_R.OFFERED}
"""Registrations whose person has the place, and not only the choice of one."""

LIVE = SEATED | {_R.DRAFT, _R.SUBMITTED, _R.ENDORSED, _R.RETURNED, _R.WAITLISTED}
"""Registrations that hold or await a place: a person has at most one for an edition."""

SETTLED = frozenset(_E) - {_E.PROJECTED}
"""Editions that no plan moves any more."""

BEFORE_THE_DAYS = frozenset({_E.ANNOUNCED, _E.REGISTRATION_OPEN, _E.REGISTRATION_CLOSED})
"""Editions that the world was told of, until they begin: each has an agreement, or a waiver."""

_BEFORE_THEIR_END = BEFORE_THE_DAYS | {_E.IN_PROGRESS}

Status = TypeVar("Status", bound=StrEnum)


def move(moves: Mapping[Status, frozenset[Status]], current: Status, target: Status) -> Status:
    """Return ``target`` if the table allows to move there from ``current``.

    Raises:
        MoveError: it does not.

    >>> move(EDITION_MOVES, EditionStatus.PROJECTED, EditionStatus.CALL_OPEN).value
    'call_open'
    """
    if target not in moves[current]:
        kind = ThereAlreadyError if target is current else MoveError
        raise kind(current=current.value.replace("_", " "), target=target.value.replace("_", " "))
    return target


def by_the_clock(
    status: EditionStatus,
    dtstart: date,
    dtend: date,
    today: date,
    *,
    opens_on: date | None = None,
    closes_on: date | None = None,
) -> EditionStatus:
    """Return ``status`` as the calendar makes it: what is announced begins and ends by itself.

    So does registration that was let open: from ``opens_on`` to ``closes_on``, both included.
    ``dtend`` is exclusive; ``today`` is the day at the edition's place.

    >>> from datetime import date
    >>> by_the_clock(EditionStatus.ANNOUNCED, date(2027, 5, 4), date(2027, 5, 7), date(2027, 5, 6))
    <EditionStatus.IN_PROGRESS: 'in_progress'>
    """
    if status in _BEFORE_THEIR_END and today >= dtend:
        return _E.COMPLETED
    if status in BEFORE_THE_DAYS and today >= dtstart:
        return _E.IN_PROGRESS
    if status is _E.REGISTRATION_OPEN:
        if opens_on is not None and today < opens_on:
            return _E.ANNOUNCED
        if closes_on is not None and today > closes_on:
            return _E.REGISTRATION_CLOSED
    return status
