"""Offers and interests told to who sent them; they are the country's, and stay without the name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.accounts.signals import person_data
from app.database import db
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
