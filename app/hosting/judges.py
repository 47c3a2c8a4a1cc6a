"""Who judges the offers of a call, and who keeps out of the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import audit, database
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.models import Role
from app.database import db
from app.hosting import queries
from app.hosting.judging_models import Evaluator
from app.hosting.models import STANDING
from scheduler import hosting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.hosting.models import CallForHosts, HostingOffer


def assign(
    call: CallForHosts, person: Person, country_code: str | None, *, by: Person, now: datetime
) -> Evaluator:
    """Ask ``person`` to judge the offers of a call; again only changes the country.

    Without a country, the one told before stays: what keeps a member out is not lost by the way.
    """
    database.write(call)
    found = queries.evaluator(call, person) or Evaluator(
        call_id=call.id, person_id=person.id, assigned_at=now
    )
    was = found.country_code
    found.country_code = country_code or was
    db.session.add(found)
    db.session.flush()
    changes = {"country": [was, found.country_code]} if found.country_code != was else {}
    audit.record("edition.evaluator_assigned", call.edition, by=by, now=now, changes=changes)
    return found


def declare_interest(evaluator: Evaluator, words: str, *, by: Person, now: datetime) -> None:
    """Declare an interest: from now on the member keeps out, and its scores do not count."""
    database.write(evaluator)
    evaluator.interest = words
    db.session.flush()
    audit.record("edition.interest_declared", evaluator.call.edition, by=by, now=now)


def recusal(call: CallForHosts, person: Person, evaluator: Evaluator | None) -> str:
    """Return why ``person`` keeps out of the choice, nothing where there is no reason to."""
    return keeps_out(queries.offers_for(call.edition), person, evaluator)


def keeps_out(offers: Sequence[HostingOffer], person: Person, evaluator: Evaluator | None) -> str:
    """Return why ``person`` keeps out of the choice among ``offers``, nothing without a reason."""
    bidding = {offer.country_code for offer in offers if offer.status in STANDING}
    own = set(access.countries_of(person))
    interest = ""
    if evaluator is not None:
        own |= {evaluator.country_code} if evaluator.country_code else set()
        interest = evaluator.interest
    if not hosting.is_recused(own, bidding, has_interest=bool(interest)):
        return ""
    names = [offer.country.name for offer in offers if offer.country_code in own & bidding]
    return ", ".join(dict.fromkeys(names)) or interest


def entitled(call: CallForHosts) -> list[Person]:
    """Return the members of the committee who decide: all but those who keep out."""
    evaluators = {row.person_id: row for row in queries.evaluators_of(call)}
    offers = queries.offers_for(call.edition)
    return [
        person
        for person in accounts.with_role(Role.COMMITTEE)
        if not keeps_out(offers, person, evaluators.get(person.id))
    ]
