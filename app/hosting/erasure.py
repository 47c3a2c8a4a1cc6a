"""Offers and interests told to who sent them; they are the country's, and stay without the name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.accounts.signals import person_data
from app.database import db
from app.hosting.decision_models import BallotTicket, CommitteeRound, RoundAnswer
from app.hosting.models import HostingInterest, HostingOffer

if TYPE_CHECKING:
    from app.accounts.models import Person


@person_data.connect
def _tell(sender: object, *, person: Person) -> tuple[str, list[dict[str, Any]]]:  # noqa: ARG001
    """Tell a person what they sent for their country."""
    offers = db.session.scalars(
        select(HostingOffer).filter_by(submitted_by_id=person.id).order_by(HostingOffer.id)
    )
    interests = db.session.scalars(
        select(HostingInterest).filter_by(stated_by_id=person.id).order_by(HostingInterest.id)
    )
    told = [
        {
            "offer": offer.public_id,
            "edition": offer.edition.title,
            "country": offer.country_code,
            "submitted_at": offer.submitted_at.isoformat() if offer.submitted_at else "",
        }
        for offer in offers
    ] + [
        {
            "interest": interest.public_id,
            "series": interest.series.title,
            "country": interest.country_code,
            "stated_at": interest.stated_at.isoformat(),
        }
        for interest in interests
    ]
    return "sent_for_my_country", told


@person_data.connect
def _tell_answers(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    person: Person,
) -> tuple[str, list[dict[str, Any]]]:
    """Tell a member of the committee what they said to proposals, and in which ballots they voted.

    What they voted nobody knows.
    """
    answers = db.session.scalars(
        select(RoundAnswer).filter_by(person_id=person.id).order_by(RoundAnswer.round_id)
    )
    votes = db.session.scalars(
        select(CommitteeRound)
        .join(BallotTicket, BallotTicket.round_id == CommitteeRound.id)
        .where(BallotTicket.person_id == person.id)
        .order_by(CommitteeRound.id)
    )
    told = [
        {
            "edition": answer.round.edition.title,
            "agrees": answer.agrees,
            "reason": answer.reason,
            "answered_at": answer.answered_at.isoformat(),
        }
        for answer in answers
    ] + [{"edition": row.edition.title, "has_voted": True} for row in votes]
    return "said_on_the_committee", told
