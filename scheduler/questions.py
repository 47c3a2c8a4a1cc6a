"""What an application asks: in which order, and what only of who answered another question so.

A question may depend on an answer to one that stands before it, and on nothing else. So no
question can lead back to itself, and whoever reads from the top has always met the question that
decides on the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scheduler.errors import N_, ConflictError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class OrderError(ConflictError):
    """A question that would stand before the one that decides on it."""

    message = N_("A question stands after the one whose answer decides whether it is asked.")


@dataclass(frozen=True, slots=True)
class Ask:
    """One question; asked only of who answered ``depends_on`` with ``answer``, if it is named."""

    id: int
    depends_on: int | None = None
    answer: str = ""


def asked(questions: Sequence[Ask], answers: Mapping[int, Collection[str]]) -> list[int]:
    """Return the ids of the questions that are put to who gave ``answers``, in their order.

    An answer to a question that is not put to somebody decides nothing.

    >>> poster = [Ask(1), Ask(2, depends_on=1, answer="yes"), Ask(3, depends_on=2, answer="A0")]
    >>> asked(poster, {1: ["no"], 2: ["A0"]})
    [1]
    """
    met: dict[int, Collection[str]] = {}
    for question in questions:
        if question.depends_on is None or question.answer in met.get(question.depends_on, ()):
            met[question.id] = answers.get(question.id, ())
    return list(met)


def insist_on_order(questions: Sequence[Ask]) -> None:
    """Insist that each question stands after the one it depends on.

    Raises:
        OrderError: one does not, or depends on what is not among ``questions``.
    """
    before: set[int] = set()
    for question in questions:
        if question.depends_on is not None and question.depends_on not in before:
            raise OrderError
        before.add(question.id)


def moved(questions: Sequence[Ask], number: int, step: int) -> list[Ask]:
    """Return ``questions`` with the one of id ``number`` moved by ``step`` places.

    At an end it stays where it is.

    Raises:
        OrderError: it would pass a question that depends on it, or on which it depends.
    """
    row = list(questions)
    place = next(place for place, question in enumerate(row) if question.id == number)
    question = row.pop(place)
    row.insert(max(0, place + step), question)
    insist_on_order(row)
    return row
