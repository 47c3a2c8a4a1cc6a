"""Who of the committee has a say in a choice, and where its round stands for the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.accounts import queries as accounts
from app.accounts.models import Role
from app.hosting import decision_queries, judging, queries
from app.hosting.decision_models import BallotTicket, BallotVoter
from scheduler.deciding import Round

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound


def everyone() -> Sequence[Person]:
    """Return the members of the committee, by address."""
    return accounts.with_role(Role.COMMITTEE)


def members(edition: Edition) -> list[Person]:
    """Return the members who have a say in the choice of the host, by address."""
    call = queries.call_of(edition)
    return judging.entitled(call) if call is not None else []


def recusal(edition: Edition, person: Person) -> str:
    """Return why ``person`` keeps out of the choice, nothing where there is no reason to."""
    call = queries.call_of(edition)
    if call is None:
        return ""
    return judging.recusal(call, person, queries.evaluator(call, person))


def standing(row: CommitteeRound) -> Round:
    """Return ``row`` as the engine decides over it."""
    said = {answer.person_id: answer.agrees for answer in decision_queries.answers(row)}
    chosen = row.count_order[0] if row.count_order else [row.offer.public_id]
    return Round(
        status=row.status,
        closes_at=row.closes_at,
        chosen=tuple(chosen),
        members=frozenset(person.id for person in members(row.edition)),
        agreed=frozenset(person for person, agrees in said.items() if agrees),
        objected=frozenset(person for person, agrees in said.items() if not agrees),
        voters=decision_queries.people(BallotVoter, row),
        voted=decision_queries.people(BallotTicket, row),
    )
