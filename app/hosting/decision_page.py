"""What the page of a decision shows: where it stands, and what is asked of its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.accounts import access
from app.hosting import balloting, committee, deciding
from app.hosting import decision_queries as queries
from app.hosting import queries as offers
from app.hosting.decision_models import DecisionWay
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from scheduler.deciding import RoundStatus
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound, HostDecision

WAY_WORDS = {
    DecisionWay.CONSENSUS: _l("By consensus of the committee"),
    DecisionWay.BALLOT: _l("By secret ballot of the committee"),
    DecisionWay.CHAIR: _l("By the chair’s casting vote after a tied ballot"),
    DecisionWay.RESERVE: _l("The reserve moved up: the selected host had withdrawn"),
}


def facts(edition: Edition, person: Person, now: datetime) -> dict[str, Any]:
    """Return what the page shows to ``person``."""
    row = queries.latest(edition)
    is_member = access.judge_offers(person)
    recusal = committee.recusal(edition, person)
    return {
        "edition": edition,
        "row": row,
        "now": now,
        "is_member": is_member,
        "recusal": recusal,
        "leads": access.lead_decision(person) and not recusal,
        "can_ask": edition.status is EditionStatus.UNDER_EVALUATION,
        "reserve": queries.reserve(edition),
        "decisions": queries.decisions(edition),
        "offer_names": {one.public_id: one.country.name for one in offers.offers_for(edition)},
        "way_words": WAY_WORDS,
        "took_part": _took_part,
        **_standing(row, person, now, is_member=is_member),
    }


def may_vote(row: CommitteeRound, person: Person, now: datetime) -> bool:
    """Whether ``person`` is a voter of the open ballot and has not voted."""
    standing = committee.standing(row)
    waits = standing.voters & standing.members - standing.voted
    return row.status is RoundStatus.BALLOT_OPEN and person.id in waits and now < row.closes_at


def _took_part(decision: HostDecision) -> str | None:
    """Say who took part, as counts."""
    counts = decision.counts
    if not counts:
        return None
    said = _(
        "%(agreed)s agreed and %(objected)s objected, of %(entitled)s with a say.",
        agreed=counts["agreed"],
        objected=counts["objected"],
        entitled=counts["entitled"],
    )
    if not counts["voters"]:
        return said
    voted = _("%(cast)s of %(voters)s voted.", cast=counts["ballots"], voters=counts["voters"])
    return f"{said} {voted}"


def _standing(
    row: CommitteeRound | None, person: Person, now: datetime, *, is_member: bool
) -> dict[str, Any]:
    if row is None:
        return {"standing": None}
    standing = committee.standing(row)
    has_say = is_member and person.id in standing.members
    takes_answers = row.status in {RoundStatus.CONSENSUS_OPEN, RoundStatus.OBJECTED}
    return {
        "standing": standing,
        "answers": queries.answers(row),
        "cast_count": queries.count_ballots(row),
        "has_voted": person.id in standing.voted,
        "may_vote": is_member and may_vote(row, person, now),
        "may_answer": takes_answers
        and has_say
        and now < row.closes_at
        and person.id not in standing.objected,
        "has_agreed": person.id in standing.agreed,
        "is_over": standing.is_over(now),
        "is_chair": access.chair(person) and has_say,
        "leads_nowhere": deciding.leads_nowhere(row),
        "recount": balloting.recount(row) if row.digest else None,
    }
