"""How long data is kept: one list of rules, which the command runs and the notice shows.

A feature states its rule by :func:`rule` on the function that lets the data go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from app import clock, database
from app.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import CursorResult, Result

    LettingGo = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is kept, for how long, and how it is let go; says how many that were."""

    data: str
    kept: str
    let_go: LettingGo
    real_time: bool


RULES: list[Rule] = []


def rule(data: str, kept: str, *, real_time: bool = False) -> Callable[[LettingGo], LettingGo]:
    """State how long ``data`` is ``kept``; both are sentences for people.

    The function is called again until it lets nothing go, so it may take a batch at a time.
    ``real_time``: what has no part in the domain's clock, such as sessions and mails.
    """

    def state(let_go: LettingGo) -> LettingGo:
        RULES.append(Rule(data, kept, let_go, real_time))
        return let_go

    return state


def run(*, dry: bool = False) -> Iterator[tuple[Rule, int]]:
    """Let go of what is due, each rule's batches in transactions of their own.

    ``dry``: undo each first batch instead, so its number says how many are due at least.
    """
    for stated in RULES:
        now = clock.real_utcnow() if stated.real_time else clock.utcnow()
        count = 0
        while True:
            database.write()
            let_go = stated.let_go(now)
            count += let_go
            if dry:
                db.session.rollback()
            else:
                db.session.commit()
            if dry or not let_go:
                break
        yield stated, count
    if not dry:
        database.scrub()


def rows(result: Result[Any]) -> int:
    """Return how many rows a statement changed."""
    return cast("CursorResult[Any]", result).rowcount
