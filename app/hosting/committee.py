"""Who of the committee has a say in a choice, who is written to, and where its round stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import database, outbox
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.models import Role
from app.hosting import choosing, decision_queries, judges, queries
from app.hosting.decision_models import BallotTicket, BallotVoter
from app.hosting.letters import organisers
from scheduler.deciding import Round
from scheduler.errors import N_, ConflictError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound
    from app.outbox import Letter


class NotEvaluatedError(ConflictError):
    """A proposal for an edition whose offers are not being judged."""

    message = N_("Close the call for hosts of {edition} first; then the committee can be asked.")


class RecusedError(ConflictError):
    """An act of somebody who keeps out of the choice."""

    message = N_(
        "You keep out of this choice: your country has made an offer, or you have declared an "
        "interest. Somebody else has to do this."
    )


def everyone() -> Sequence[Person]:
    """Return the members of the committee, by address."""
    return accounts.with_role(Role.COMMITTEE)


def members(edition: Edition) -> list[Person]:
    """Return the members who have a say in the choice of the host, by address."""
    call = queries.call_of(edition)
    return judges.entitled(call) if call is not None else []


def recusal(edition: Edition, person: Person) -> str:
    """Return why ``person`` keeps out of the choice, nothing where there is no reason to."""
    call = queries.call_of(edition)
    if call is None:
        return ""
    return judges.recusal(call, person, queries.evaluator(call, person))


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


def lock(row: CommitteeRound) -> Round:
    """Lock a round for an act on it, and return it as the engine decides over it."""
    database.write(row.edition)  # first, as everywhere
    database.write(row)
    return standing(row)


def insist_no_round(edition: Edition) -> None:
    """Insist that offers are being judged and no round runs.

    Raises:
        RoundRunningError, NotEvaluatedError: it is otherwise.
    """
    if decision_queries.running(edition) is not None:
        raise choosing.RoundRunningError(edition=edition.title)
    if edition.status is not EditionStatus.UNDER_EVALUATION:
        raise NotEvaluatedError(edition=edition.title)


def insist_on_say(edition: Edition, by: Person | None) -> None:
    """Insist that ``by`` does not keep out of the choice; what runs by itself has no person.

    Raises:
        RecusedError: they do.
    """
    if by is not None and recusal(edition, by):
        raise RecusedError


def leaders() -> set[str]:
    """Return the addresses of the chairs and organisers."""
    chairs = {person.email for person in everyone() if access.chair(person)}
    return chairs | set(organisers())


def write_to(addresses: Iterable[str], letter: Letter, now: datetime) -> None:
    """Send ``letter`` to each address once."""
    for address in sorted(set(addresses)):
        outbox.post(address, letter, now=now)
