"""Places and the queue: who is in, who waits, who moves up."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

Entry = TypeVar("Entry")


def admit(capacity: int | None, seated_count: int, waiting_count: int = 0) -> RegistrationStatus:
    """Say what a newcomer gets: a seat, or a place in the queue once every seat is taken.

    ``capacity`` is a number of seats, ``None`` for no limit. Nobody overtakes: while somebody
    waits, a newcomer waits too.

    >>> admit(10, 9).value, admit(10, 10).value, admit(10, 9, waiting_count=1).value
    ('confirmed', 'waitlisted', 'waitlisted')
    """
    if capacity is None or (seated_count < capacity and not waiting_count):
        return RegistrationStatus.CONFIRMED
    return RegistrationStatus.WAITLISTED


def moving_up(capacity: int | None, seated_count: int, queue: Sequence[Entry]) -> Sequence[Entry]:
    """Return the head of ``queue`` that the free seats take in, in queue order.

    >>> moving_up(3, 1, ["Ana", "Ben", "Cleo"])
    ['Ana', 'Ben']
    """
    return queue if capacity is None else queue[: max(0, capacity - seated_count)]
