"""The tables of states, as the ways that they open: what is gone through, what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from scheduler.lifecycle import (
    AGREEMENT_MOVES,
    EDITION_MOVES,
    OFFER_MOVES,
    REGISTRATION_MOVES,
    AgreementStatus,
    EditionStatus,
    MoveError,
    OfferStatus,
    ThereAlreadyError,
    move,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

E, F, A = EditionStatus, OfferStatus, AgreementStatus
Status = TypeVar("Status", bound="StrEnum")


def reached(
    moves: Mapping[Status, frozenset[Status]], start: Status, *, without: Status | None = None
) -> set[Status]:
    """Return every state that can be come to from ``start``, never passing one of them."""
    found, waiting = {start}, [start]
    while waiting:
        ahead = moves[waiting.pop()] - found - {without}
        found |= ahead
        waiting += ahead
    return found


@pytest.mark.parametrize("moves", [EDITION_MOVES, OFFER_MOVES, AGREEMENT_MOVES, REGISTRATION_MOVES])
def test_a_table_has_a_line_for_each_state_and_leads_to_all_of_them(
    moves: Mapping[StrEnum, frozenset[StrEnum]],
) -> None:
    start = next(iter(moves))
    assert set(moves) == set(type(start))
    assert reached(moves, start) == set(moves)


def test_nobody_registers_and_nothing_is_held_before_the_announcement() -> None:
    without = reached(EDITION_MOVES, E.PROJECTED, without=E.ANNOUNCED)
    after = {E.REGISTRATION_OPEN, E.REGISTRATION_CLOSED, E.IN_PROGRESS, E.COMPLETED}
    assert without & (after | {E.REPORTED, E.CLOSED}) == set()
    before = {status for status, targets in EDITION_MOVES.items() if E.ANNOUNCED in targets}
    assert before == {E.CONFIRMED}


def test_an_edition_can_be_called_off_until_it_begins_and_never_after() -> None:
    able = {status for status, targets in EDITION_MOVES.items() if E.CANCELLED in targets}
    over = {E.IN_PROGRESS, E.COMPLETED, E.REPORTED, E.CLOSED, E.CANCELLED}
    assert able == set(E) - over
    assert reached(EDITION_MOVES, E.CANCELLED) == {E.CANCELLED}


def test_no_offer_is_decided_on_that_was_never_sent_in() -> None:
    without = reached(OFFER_MOVES, F.DRAFT, without=F.SUBMITTED)
    assert without == {F.DRAFT, F.WITHDRAWN, F.LAPSED}


def test_what_was_withdrawn_or_lapsed_never_comes_back() -> None:
    assert [reached(OFFER_MOVES, end) for end in (F.WITHDRAWN, F.LAPSED)] == [
        {F.WITHDRAWN},
        {F.LAPSED},
    ]
    assert F.SELECTED in reached(OFFER_MOVES, F.NOT_SELECTED)  # the host may still withdraw


def test_nothing_is_amended_or_fulfilled_that_was_not_accepted() -> None:
    without = reached(AGREEMENT_MOVES, A.NOT_STARTED, without=A.ACCEPTED)
    assert without == {A.NOT_STARTED, A.REQUESTED, A.UNDER_NEGOTIATION}


def test_a_move_that_the_table_does_not_have_is_refused_in_words() -> None:
    with pytest.raises(MoveError, match="This is confirmed and cannot become call open"):
        move(EDITION_MOVES, E.CONFIRMED, E.CALL_OPEN)
    with pytest.raises(ThereAlreadyError, match="This is call open already"):
        move(EDITION_MOVES, E.CALL_OPEN, E.CALL_OPEN)
