"""A need that a country takes up: no call is needed, and the first offer makes the edition.

Its call runs until the offers close; from there on an offer is an offer like any other. What was
begun and never sent in is let go, and the edition with it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from app import audit, database, retention
from app.database import db
from app.editions import numbering
from app.editions import service as editions
from app.editions.models import Edition, Precision
from app.hosting import calling, drafts, needs, queries, service
from app.hosting.decision_models import CommitteeRound
from app.hosting.models import CallForHosts, HostingOffer
from app.hosting.need_models import EngagementNeed
from app.i18n import lazy_gettext as _l
from scheduler.engagements import ENDED
from scheduler.errors import N_, ConflictError
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.countries.models import Country

KEPT = timedelta(days=30)  # what was begun and given up
WITHOUT_HOST = frozenset(
    {EditionStatus.CALL_OPEN, EditionStatus.UNDER_EVALUATION, EditionStatus.CANCELLED}
)


class OfferingOverError(ConflictError):
    """An offer after its last day, or while the committee decides."""

    message = N_("Offers for “{title}” are no longer taken.")


def offer(need: EngagementNeed, country: Country, *, by: Person, now: datetime) -> HostingOffer:
    """Begin the offer of ``country`` to host what is needed; the first makes its edition.

    Raises:
        NeedEndedError, OfferingOverError: it is too late.
        ForeignRegionError: the country lies in another region.
        AlreadyOfferedError: the country has a standing offer.
    """
    if need.edition is not None:
        database.write(need.edition)  # first, as everywhere
    database.write(need)
    needs.insist_stands(need, now)
    service.insist_on_region(need.series, country)
    if not takes_offers(need, now):
        raise OfferingOverError(title=need.title)
    edition = need.edition or _open_edition(need, by=by, now=now)
    return drafts.begin(edition, country, by=by, now=now)


def takes_offers(need: EngagementNeed, now: datetime) -> bool:
    """Whether countries of the region can offer at ``now``."""
    is_open = need.edition is None or need.edition.status is EditionStatus.CALL_OPEN
    return is_open and need.status not in ENDED and now.date() <= need.last_day


def _open_edition(need: EngagementNeed, *, by: Person, now: datetime) -> Edition:
    is_one_month = need.dtend - need.dtstart <= timedelta(days=31)
    edition = editions.make(
        need.series,
        need.dtstart,
        need.dtstart + timedelta(days=need.series.length_days),
        now=now,
        own_title=need.title,
        summary=need.purpose,
        # Only the months are told; nothing finer is invented.
        precision=Precision.MONTH if is_one_month else Precision.YEAR,
        is_demonstration=need.is_demonstration,
    )
    numbering.renumber(need.series)
    audit.record("edition.added", edition, by=by, now=now, reason=need.reason)
    need.edition = edition
    db.session.flush()
    call = calling.open_call(
        edition,
        closes_at=datetime.combine(need.last_day + timedelta(days=1), time.min, UTC),
        text=f"{need.purpose}\n\n{need.reason}",
        is_published=False,
        terms=calling.CallTerms(dates=(need.dtstart, need.dtend)),
        by=by,
        now=now,
    )
    call.is_rolling = True
    db.session.flush()
    return edition


@retention.rule(
    _l("Drafts of hosting offers that were never sent in, and editions that they alone made"),
    _l("30 days after the draft was given up or came too late"),
)
def _let_go(now: datetime) -> int:
    """Delete what was begun and came to nothing; the need then has no edition, as before."""
    long_over = select(CallForHosts.edition_id).where(
        CallForHosts.is_rolling, CallForHosts.closes_at <= now - KEPT
    )
    begun = db.session.scalars(
        select(HostingOffer).where(
            HostingOffer.submitted_at.is_(None),
            HostingOffer.modified_at <= now - KEPT,
            or_(
                HostingOffer.status.in_([OfferStatus.WITHDRAWN, OfferStatus.LAPSED]),
                HostingOffer.edition_id.in_(long_over),
            ),
        )
    ).all()
    for draft in begun:
        db.session.delete(draft)
    db.session.flush()
    left = db.session.scalars(
        select(EngagementNeed)
        .join(EngagementNeed.edition)
        .where(
            Edition.status.in_(WITHOUT_HOST),
            Edition.public_since.is_(None),
            ~select(HostingOffer.id).where(HostingOffer.edition_id == Edition.id).exists(),
            ~select(CommitteeRound.id).where(CommitteeRound.edition_id == Edition.id).exists(),
        )
    ).all()
    for need in left:
        _take_edition_out(need, now)
    return len(begun) + len(left)


def _take_edition_out(need: EngagementNeed, now: datetime) -> None:
    edition, need.edition = need.edition, None
    db.session.flush()
    if edition is None:
        return
    call = queries.call_of(edition)
    if call is not None:
        db.session.delete(call)
        db.session.flush()
    title = edition.title
    db.session.delete(edition)
    db.session.flush()
    numbering.renumber(need.series)
    changes = {"edition": [title, None]}
    audit.record("need.edition_taken_out", need, by=None, now=now, changes=changes)
