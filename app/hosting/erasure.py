"""What hosting holds of people: what they sent for their country, scored and said, checked.

Offers and interests are the country's, and evidence the offer's; they stay without the name. Scores
and answers are a person's, and go with them; what was decided stays, with its counts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from app import retention
from app.accounts.signals import person_data
from app.database import db
from app.editions.models import Edition
from app.hosting.decision_models import (
    BallotTicket,
    BallotVoter,
    CommitteeRound,
    RoundAnswer,
)
from app.hosting.judging_models import Evaluator, OfferGate, ScoreSheet
from app.hosting.models import CallForHosts, HostingInterest, HostingOffer
from app.hosting.need_models import EngagementNeed, NeedSupport
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person

KEPT = timedelta(days=730)  # after the event


@person_data.connect
def _tell(sender: object, *, person: Person) -> tuple[str, list[dict[str, Any]]]:  # noqa: ARG001
    """Tell a person what they sent for their country, and which needs of regions they spoke for."""
    offers = db.session.scalars(
        select(HostingOffer).filter_by(submitted_by_id=person.id).order_by(HostingOffer.id)
    )
    interests = db.session.scalars(
        select(HostingInterest).filter_by(stated_by_id=person.id).order_by(HostingInterest.id)
    )
    needs = db.session.scalars(
        select(EngagementNeed).filter_by(proposed_by_id=person.id).order_by(EngagementNeed.id)
    )
    supports = db.session.scalars(
        select(NeedSupport).filter_by(person_id=person.id).order_by(NeedSupport.need_id)
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
    told += [
        {"need": need.title, "proposed_at": need.proposed_at.isoformat()} for need in needs
    ] + [
        {
            "supported": one.need.title,
            "remark": one.remark,
            "supported_at": one.supported_at.isoformat(),
        }
        for one in supports
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


@person_data.connect
def _tell_judging(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    person: Person,
) -> tuple[str, list[dict[str, Any]]]:
    """Tell an evaluator what they were asked, declared and scored; who checked, what they found."""
    asked = db.session.scalars(
        select(Evaluator).filter_by(person_id=person.id).order_by(Evaluator.id)
    )
    sheets = db.session.scalars(
        select(ScoreSheet).filter_by(person_id=person.id).order_by(ScoreSheet.id)
    )
    gates = db.session.execute(
        select(OfferGate, HostingOffer)
        .join(HostingOffer, HostingOffer.id == OfferGate.offer_id)
        .where(OfferGate.person_id == person.id)
        .order_by(OfferGate.id)
    )
    told: list[dict[str, Any]] = [
        {
            "edition": row.call.edition.title,
            "asked_at": row.assigned_at.isoformat(),
            "country": row.country_code or "",
            "interest": row.interest,
        }
        for row in asked
    ]
    told += [
        {
            **_offer(sheet.offer),
            "scores": sheet.scores,
            "comments": sheet.comments,
            "given_at": sheet.given_at.isoformat(),
        }
        for sheet in sheets
    ]
    told += [
        {
            **_offer(offer),
            "gate": gate.gate.value,
            "is_passed": gate.is_passed,
            "evidence": gate.evidence,
            "checked_at": gate.checked_at.isoformat(),
        }
        for gate, offer in gates
    ]
    return "judged_offers", told


def _offer(offer: HostingOffer) -> dict[str, str]:
    return {
        "offer": offer.public_id,
        "edition": offer.edition.title,
        "country": offer.country_code,
    }


@retention.rule(
    _l("Scores, comments and answers of the committee, and who has voted"),
    _l("24 months after the event; then only what was decided, with its counts"),
)
def _let_go(now: datetime) -> int:
    """Delete what members gave by name for events that are long over."""
    old = select(Edition.id).where(Edition.dtend <= (now - KEPT).date())
    offers = select(HostingOffer.id).where(HostingOffer.edition_id.in_(old))
    calls = select(CallForHosts.id).where(CallForHosts.edition_id.in_(old))
    rounds = select(CommitteeRound.id).where(CommitteeRound.edition_id.in_(old))
    return sum(
        retention.rows(
            db.session.execute(
                delete(model).where(key.in_(found)).execution_options(synchronize_session=False)
            )
        )
        for model, key, found in (
            (ScoreSheet, ScoreSheet.offer_id, offers),
            (Evaluator, Evaluator.call_id, calls),
            (RoundAnswer, RoundAnswer.round_id, rounds),
            (BallotTicket, BallotTicket.round_id, rounds),
            (BallotVoter, BallotVoter.round_id, rounds),
        )
    )
