"""Reads over calls, offers and interests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.countries.models import Country
from app.database import db
from app.editions.models import BEGUN, Edition
from app.hosting.judging_models import (
    Evaluator,
    OfferGate,
    ScoreSheet,
)
from app.hosting.models import (
    BEFORE_SUBMISSION,
    STANDING,
    UNDECIDED,
    CallForHosts,
    HostingInterest,
    HostingOffer,
    OfferAnnex,
    OfferVersion,
)
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from scheduler.hosting import Gate


def call_of(edition: Edition) -> CallForHosts | None:
    """Return the call for hosts of ``edition``."""
    return db.session.scalar(select(CallForHosts).filter_by(edition_id=edition.id))


def calls_of(edition_ids: Sequence[int]) -> dict[int, CallForHosts]:
    """Return the calls for hosts of these editions, by edition."""
    rows = db.session.scalars(select(CallForHosts).where(CallForHosts.edition_id.in_(edition_ids)))
    return {call.edition_id: call for call in rows}


def open_calls(now: datetime, *, published_only: bool = False) -> Sequence[CallForHosts]:
    """Return the calls that take offers at ``now``, the one that closes first on top."""
    query = (
        select(CallForHosts)
        .join(CallForHosts.edition)
        .where(CallForHosts.closes_at > now, Edition.status == EditionStatus.CALL_OPEN)
        .order_by(CallForHosts.closes_at)
    )
    if published_only:
        query = query.where(CallForHosts.is_published)
    return db.session.scalars(query).all()


def host_offer(edition: Edition) -> HostingOffer | None:
    """Return the offer with which the present host was chosen, if it was by one.

    An edition that was moved to another country has another host; what was chosen before is that
    country's own again.
    """
    return db.session.scalar(
        select(HostingOffer).filter_by(
            edition_id=edition.id, country_code=edition.country_code, status=OfferStatus.SELECTED
        )
    )


def find_offer(public_id: str) -> HostingOffer | None:
    """Return the offer with this public id."""
    return db.session.scalar(select(HostingOffer).filter_by(public_id=public_id))


def offers_for(edition: Edition) -> Sequence[HostingOffer]:
    """Return every offer for ``edition`` that was ever sent in, by country."""
    return db.session.scalars(
        select(HostingOffer)
        .where(HostingOffer.edition_id == edition.id, HostingOffer.submitted_at.is_not(None))
        .order_by(HostingOffer.country_code, HostingOffer.id)
    ).all()


def offers_by_edition(edition_ids: Sequence[int]) -> dict[int, list[HostingOffer]]:
    """Return the offers for these editions that were ever sent in, by edition and country."""
    found: dict[int, list[HostingOffer]] = {}
    rows = db.session.scalars(
        select(HostingOffer)
        .where(HostingOffer.edition_id.in_(edition_ids), HostingOffer.submitted_at.is_not(None))
        .order_by(HostingOffer.country_code, HostingOffer.id)
    )
    for offer in rows:
        found.setdefault(offer.edition_id, []).append(offer)
    return found


def open_offers(edition: Edition) -> Sequence[HostingOffer]:
    """Return the offers for ``edition`` that nothing was decided about, sent in or not."""
    return db.session.scalars(
        select(HostingOffer)
        .where(
            HostingOffer.edition_id == edition.id,
            HostingOffer.status.in_(UNDECIDED | BEFORE_SUBMISSION),
        )
        .order_by(HostingOffer.id)
    ).all()


def unsent_offers(edition: Edition) -> Sequence[HostingOffer]:
    """Return the drafts for ``edition``."""
    return db.session.scalars(
        select(HostingOffer).filter_by(edition_id=edition.id, status=OfferStatus.DRAFT)
    ).all()


def annexes_of(offers: Sequence[HostingOffer]) -> dict[int, list[OfferAnnex]]:
    """Return the annexes of these offers, by offer, in the order they were added."""
    found: dict[int, list[OfferAnnex]] = {offer.id: [] for offer in offers}
    query = select(OfferAnnex).where(OfferAnnex.offer_id.in_(found)).order_by(OfferAnnex.id)
    for annex in db.session.scalars(query):
        found[annex.offer_id].append(annex)
    return found


def annex(offer: HostingOffer, annex_id: int) -> OfferAnnex | None:
    """Return one annex of ``offer``."""
    return db.session.scalar(select(OfferAnnex).filter_by(offer_id=offer.id, id=annex_id))


def versions_of(offer: HostingOffer) -> Sequence[OfferVersion]:
    """Return the versions of ``offer`` that were sent in, first to last."""
    return db.session.scalars(
        select(OfferVersion).filter_by(offer_id=offer.id).order_by(OfferVersion.number)
    ).all()


def last_sent(offers: Sequence[HostingOffer]) -> dict[int, datetime]:
    """Return when the newest version of each of these offers was made, by offer."""
    rows = db.session.execute(
        select(OfferVersion.offer_id, func.max(OfferVersion.made_at))
        .where(OfferVersion.offer_id.in_([offer.id for offer in offers]))
        .group_by(OfferVersion.offer_id)
    )
    return {offer_id: made_at for offer_id, made_at in rows}  # noqa: C416 - rows are no pairs to mypy


def offers_of(country_codes: Sequence[str]) -> Sequence[HostingOffer]:
    """Return the offers of these countries, newest first."""
    return db.session.scalars(
        select(HostingOffer)
        .where(HostingOffer.country_code.in_(country_codes))
        .order_by(HostingOffer.id.desc())
    ).all()


def standing_offer(edition: Edition, country: Country) -> HostingOffer | None:
    """Return the offer of ``country`` for ``edition`` that is not withdrawn."""
    return db.session.scalar(
        select(HostingOffer).where(
            HostingOffer.edition_id == edition.id,
            HostingOffer.country_code == country.code,
            HostingOffer.status.in_(STANDING),
        )
    )


def count_standing(edition_ids: Sequence[int]) -> dict[int, int]:
    """Return how many offers stand for each of these editions; drafts are not yet any."""
    sent = STANDING - {OfferStatus.DRAFT}
    rows = db.session.execute(
        select(HostingOffer.edition_id, func.count())
        .where(HostingOffer.edition_id.in_(edition_ids), HostingOffer.status.in_(sent))
        .group_by(HostingOffer.edition_id)
    )
    return {edition_id: count for edition_id, count in rows}  # noqa: C416 - rows are no pairs to mypy


def undecided_offers() -> Sequence[HostingOffer]:
    """Return every offer that waits for its decision."""
    return db.session.scalars(
        select(HostingOffer).where(HostingOffer.status.in_(UNDECIDED)).order_by(HostingOffer.id)
    ).all()


def interests(country_codes: Sequence[str] | None = None) -> Sequence[HostingInterest]:
    """Return the interests that stand, of these countries or of all, by country and year."""
    query = (
        select(HostingInterest)
        .where(HostingInterest.withdrawn_at.is_(None))
        .order_by(HostingInterest.country_code, HostingInterest.first_year, HostingInterest.id)
    )
    if country_codes is not None:
        query = query.where(HostingInterest.country_code.in_(country_codes))
    return db.session.scalars(query).all()


def find_interest(public_id: str) -> HostingInterest | None:
    """Return the interest with this public id, withdrawn or not."""
    return db.session.scalar(select(HostingInterest).filter_by(public_id=public_id))


def overlapping_interest(
    series_id: int,
    country_code: str,
    first_year: int,
    last_year: int,
    own: HostingInterest | None,
) -> HostingInterest | None:
    """Return an interest of the country, other than ``own``, that shares a year with these."""
    query = select(HostingInterest).where(
        HostingInterest.series_id == series_id,
        HostingInterest.country_code == country_code,
        HostingInterest.withdrawn_at.is_(None),
        HostingInterest.first_year <= last_year,
        HostingInterest.last_year >= first_year,
    )
    if own is not None:
        query = query.where(HostingInterest.id != own.id)
    return db.session.scalar(query.limit(1))


def gates_of(offers: Sequence[HostingOffer]) -> dict[int, dict[Gate, OfferGate]]:
    """Return the gates of these offers that were ever checked, by offer."""
    found: dict[int, dict[Gate, OfferGate]] = {offer.id: {} for offer in offers}
    for row in db.session.scalars(select(OfferGate).where(OfferGate.offer_id.in_(found))):
        found[row.offer_id][row.gate] = row
    return found


def sheets_of(offers: Sequence[HostingOffer]) -> dict[int, list[ScoreSheet]]:
    """Return every score sheet of these offers, by offer, in the order of the people."""
    found: dict[int, list[ScoreSheet]] = {offer.id: [] for offer in offers}
    query = select(ScoreSheet).where(ScoreSheet.offer_id.in_(found)).order_by(ScoreSheet.person_id)
    for sheet in db.session.scalars(query):
        found[sheet.offer_id].append(sheet)
    return found


def sheet_of(offer: HostingOffer, person: Person) -> ScoreSheet | None:
    """Return what ``person`` gave ``offer``."""
    return db.session.scalar(select(ScoreSheet).filter_by(offer_id=offer.id, person_id=person.id))


def evaluators_of(call: CallForHosts) -> Sequence[Evaluator]:
    """Return who was asked to judge the offers of a call."""
    return db.session.scalars(
        select(Evaluator).filter_by(call_id=call.id).order_by(Evaluator.id)
    ).all()


def evaluator(call: CallForHosts, person: Person) -> Evaluator | None:
    """Return ``person`` as an evaluator of a call."""
    return db.session.scalar(select(Evaluator).filter_by(call_id=call.id, person_id=person.id))


def held_regions(edition: Edition) -> list[tuple[int, str | None]]:
    """Return year and region of each edition of the series that was held before ``edition``."""
    rows = db.session.execute(
        select(Edition.dtstart, Country.region)
        .join(Country, Edition.country_code == Country.code)
        .where(
            Edition.series_id == edition.series_id,
            Edition.id != edition.id,
            Edition.dtstart < edition.dtstart,
            Edition.status.in_(BEGUN),
        )
    )
    return [(dtstart.year, region) for dtstart, region in rows]
