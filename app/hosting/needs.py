"""Needs for regional engagements: proposed, supported, taken up by a country, decided on.

No call is needed. The first offer makes the edition of the need, with a call of its own that runs
until the offers close; from there on an offer is an offer like any other. The committee has sixty
days from the first complete one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from app import audit, database
from app.accounts import access
from app.accounts import queries as accounts
from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions import disruptions, milestone_queries, milestone_templates, milestones, numbering
from app.editions import service as editions
from app.editions.models import Precision
from app.editions.signals import edition_revised
from app.hosting import (
    calling,
    choosing,
    committee,
    decision_queries,
    drafts,
    need_queries,
    service,
)
from app.hosting import need_letters as letters
from app.hosting.letters import organisers
from app.hosting.models import UNDECIDED
from app.hosting.need_models import EngagementNeed, NeedSupport
from app.hosting.signals import offers_changed
from app.series.models import SeriesKind
from scheduler import engagements, lifecycle
from scheduler.engagements import ENDED, NEED_MOVES, NeedStatus
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lead_times import Lead
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.accounts.models import Person
    from app.countries.models import Association, Country
    from app.editions.models import Edition
    from app.hosting.models import HostingOffer
    from app.outbox import Letter
    from app.series.models import Series

MONTHS = 12
OFFERS_CLOSE = Lead.parse("T-9 months")  # where a series' template does not say


class NeedSeriesError(DomainError):
    """A need of no region."""

    message = N_("Choose the series of regional engagements of one region.")


class NeedMonthsError(DomainError):
    """Months that end before they begin."""

    message = N_("The last month lies before the first. Choose it, or a later one.")


class NeedTooNearError(DomainError):
    """Months so near that offers would have closed already."""

    message = N_(
        "Countries could no longer offer: for these months, offers closed on {day}. Choose "
        "{month} or later."
    )


class NeedYearError(DomainError):
    """A year beyond every plan."""

    message = N_("Choose a year up to {last}.")


class NeedTwiceError(ConflictError):
    """The same need again."""

    message = N_("“{title}” is proposed for {region} already. Support it there.")


class ProposerError(DomainError):
    """A national contact who proposes for no association."""

    message = N_(
        "Members of the committee propose needs, and associations do. Choose an association that "
        "your country belongs to."
    )


class NeedEndedError(ConflictError):
    """An act on a need from which nothing follows any more."""

    message = N_("“{title}” was {status}; nothing follows from it any more. Propose it anew.")


class OwnNeedError(ConflictError):
    """The support of one's own proposal."""

    message = N_("You proposed this need; it stands for you already.")


class SupportedAlreadyError(ConflictError):
    """A second support of one person."""

    message = N_("You support this need already. Everyone does once.")


class NotSupportedError(ConflictError):
    """The withdrawal of a support that is not there."""

    message = N_("You do not support this need, so there is nothing to take back.")


class OfferWaitsError(ConflictError):
    """The withdrawal of a need for which a country has offered."""

    message = N_(
        "A country has made an offer for “{title}”; the committee decides on it by {day}. It can "
        "no longer be withdrawn."
    )


class OfferingOverError(ConflictError):
    """An offer after its last day, or while the committee decides."""

    message = N_("Offers for “{title}” are no longer taken.")


class NotWaitingError(ConflictError):
    """A new day for a decision that nobody waits for."""

    message = N_("No complete offer waits for “{title}”, so there is no decision to put off.")


class PutOffError(DomainError):
    """A new day that is none."""

    message = N_("Choose a day after {day} and before the first possible day, {first}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedFacts:
    """What is needed, in which months of one year, and why."""

    title: str
    purpose: str
    reason: str
    year: int
    months: tuple[int, int]
    association: Association | None = None


# -- proposed and supported ------------------------------------------------------------------


def propose(series: Series, facts: NeedFacts, *, by: Person, now: datetime) -> EngagementNeed:
    """Propose a need of the region of ``series``; its countries can offer from now on.

    Raises:
        NeedSeriesError, NeedMonthsError, NeedYearError, NeedTooNearError: see there.
        ProposerError: a national contact names no association of the country.
        NeedTwiceError: it is proposed already.
    """
    if series.kind is not SeriesKind.REGIONAL_ENGAGEMENT or series.region is None:
        raise NeedSeriesError
    dtstart, dtend = _months(facts)
    last_day = _last_day(series, dtstart, now.date())
    _insist_on_proposer(by, facts.association)
    database.write()
    if need_queries.standing_twin(series, facts.title):
        raise NeedTwiceError(title=facts.title, region=REGION_NAMES[series.region])
    need = EngagementNeed(
        series=series,
        title=facts.title,
        purpose=facts.purpose,
        reason=facts.reason,
        dtstart=dtstart,
        dtend=dtend,
        last_day=last_day,
        association=facts.association,
        status=NeedStatus.OPEN,
        proposed_by=by,
        proposed_at=now,
    )
    db.session.add(need)
    db.session.flush()
    audit.record("need.proposed", need, by=by, now=now, reason=facts.reason)
    _post({*_leaders(), *_members(), *_contacts(series)}, letters.proposed(need), now)
    return need


def support(need: EngagementNeed, remark: str, *, by: Person, now: datetime) -> None:
    """Support a need, once.

    Raises:
        NeedEndedError, OwnNeedError, SupportedAlreadyError: see there.
    """
    database.write(need)
    insist_stands(need, now)
    if need.proposed_by_id == by.id:
        raise OwnNeedError
    if need_queries.support_of(need, by):
        raise SupportedAlreadyError
    countries = access.countries_of(by)
    db.session.add(
        NeedSupport(
            need_id=need.id,
            person_id=by.id,
            country_code=countries[0] if countries else None,
            remark=remark.strip(),
            supported_at=now,
        )
    )
    db.session.flush()
    audit.record("need.supported", need, by=by, now=now)


def take_support_back(need: EngagementNeed, *, by: Person, now: datetime) -> None:
    """Take one's support back.

    Raises:
        NeedEndedError, NotSupportedError: see there.
    """
    database.write(need)
    insist_stands(need, now)
    standing = need_queries.support_of(need, by)
    if standing is None:
        raise NotSupportedError
    db.session.delete(standing)
    db.session.flush()
    audit.record("need.support_taken_back", need, by=by, now=now)


def status_on(need: EngagementNeed, today: date) -> NeedStatus:
    """Return where a need stands as the calendar makes it."""
    return engagements.on_day(need.status, need.last_day, today)


def insist_stands(need: EngagementNeed, now: datetime) -> None:
    """Insist that something may still follow from ``need``.

    Raises:
        NeedEndedError: it does not.
    """
    status = status_on(need, now.date())
    if status in ENDED:
        raise NeedEndedError(title=need.title, status=status.value)


# -- taken up by a country -------------------------------------------------------------------


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
    insist_stands(need, now)
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


# -- decided on, or not ----------------------------------------------------------------------


def withdraw(need: EngagementNeed, reason: str, *, by: Person, now: datetime) -> None:
    """Withdraw a need, as long as no complete offer waits.

    Raises:
        NeedEndedError, OfferWaitsError, ReasonMissingError: see there.
    """
    editions.insist_on_reason(reason)
    _lock(need, now)
    if need.status is not NeedStatus.OPEN:
        day = decision_day(need) or need.last_day
        raise OfferWaitsError(title=need.title, day=day.isoformat())
    _end(need, NeedStatus.WITHDRAWN, reason, by=by, now=now)


def decline(need: EngagementNeed, reason: str, *, by: Person, now: datetime) -> None:
    """Record that the committee does not want it; the countries that offered are thanked.

    Raises:
        NeedEndedError, MoveError, RoundRunningError, ReasonMissingError: see there.
        RecusedError: who records it keeps out of the choice.
    """
    editions.insist_on_reason(reason)
    _lock(need, now)
    if need.edition is not None:
        committee.insist_on_say(need.edition, by)
        if decision_queries.running(need.edition) is not None:
            raise choosing.RoundRunningError(edition=need.edition.title)
    _end(need, NeedStatus.DECLINED, reason, by=by, now=now)


def put_off(need: EngagementNeed, until: date, reason: str, *, by: Person, now: datetime) -> None:
    """Give the committee until another day to decide, and say why.

    Raises:
        NotWaitingError, PutOffError, ReasonMissingError: see there.
    """
    editions.insist_on_reason(reason)
    _lock(need, now)
    was, edition = decision_day(need), need.edition
    if need.status is not NeedStatus.OFFERED or was is None or edition is None:
        raise NotWaitingError(title=need.title)
    earliest = max(was, now.date())
    if not earliest < until < need.dtstart:
        raise PutOffError(day=earliest.isoformat(), first=need.dtstart.isoformat())
    milestones.note_decision_day(edition, until, now=now)
    changes = {"decide_by": [was.isoformat(), until.isoformat()]}
    audit.record("need.decision_put_off", need, by=by, now=now, changes=changes, reason=reason)
    waiting = need_queries.waiting_offers(edition)
    offering = {service.contact_of(one) for one in waiting}
    _post({*_leaders(), *_members(), *offering}, letters.put_off(need, until, reason), now)


def decision_day(need: EngagementNeed) -> date | None:
    """Return the day by which the committee decides; none while no complete offer waits."""
    schedule = milestone_queries.schedule_of(need.edition) if need.edition is not None else None
    return schedule.decide_by if schedule is not None else None


@offers_changed.connect
def _follow_offers(sender: object, *, edition: Edition, now: datetime) -> None:  # noqa: ARG001
    _follow(edition, now)


@edition_revised.connect
def _follow_edition(sender: object, *, edition: Edition) -> None:  # noqa: ARG001
    # A rule's own occurrences are no needs; most editions cost no look.
    if edition.series.kind is SeriesKind.REGIONAL_ENGAGEMENT and edition.recurrence_id is None:
        _follow(edition, edition.modified_at)


def _follow(edition: Edition, now: datetime) -> None:
    """Bring the need of ``edition`` in step with it and its offers; its write lock is held."""
    need = need_queries.of_edition(edition)
    if need is None or need.status in ENDED:
        return
    waiting = need_queries.waiting_offers(edition)
    target = engagements.follow(need.status, edition.status, len(waiting))
    if target is need.status:
        return
    need.status = lifecycle.move(NEED_MOVES, need.status, target)
    if target is NeedStatus.DECLINED:
        need.ended_at = now
    db.session.flush()
    audit.record(f"need.{target.value}", need, by=None, now=now)
    decide_by = engagements.decide_by(now.date()) if target is NeedStatus.OFFERED else None
    milestones.note_decision_day(edition, decide_by, now=now)
    if decide_by is not None:
        _post({*_leaders(), *_proposer(need)}, letters.offered(need, decide_by), now)
    elif target is NeedStatus.DECIDED and edition.country is not None:
        _post(_concerned(need), letters.decided(need), now)


def _end(
    need: EngagementNeed, status: NeedStatus, reason: str, *, by: Person, now: datetime
) -> None:
    need.status = lifecycle.move(NEED_MOVES, need.status, status)
    need.ended_at, need.end_reason = now, reason.strip()
    db.session.flush()
    audit.record(f"need.{status.value}", need, by=by, now=now, reason=need.end_reason)
    edition = need.edition
    if edition is not None:
        offers = [*need_queries.waiting_offers(edition), *need_queries.at_their_countries(edition)]
        disruptions.cancel(edition, reason=reason, by=by, now=now)
        for one in offers:
            is_in = one.status in UNDECIDED
            service.conclude(
                one, OfferStatus.NOT_SELECTED if is_in else OfferStatus.LAPSED, reason, by, now
            )
            _post({service.contact_of(one)}, letters.offer_ended(need, one), now)
    _post({*_leaders(), *_concerned(need)}, letters.ended(need), now)


def _lock(need: EngagementNeed, now: datetime) -> None:
    if need.edition is not None:
        database.write(need.edition)  # first, as everywhere
    database.write(need)
    insist_stands(need, now)


# -- what these share ------------------------------------------------------------------------


def _months(facts: NeedFacts) -> tuple[date, date]:
    """Return the first day of the months and the day after their last."""
    first, last = facts.months
    if last < first:
        raise NeedMonthsError
    if not 1 <= facts.year < editions.YEAR_MAX:
        raise NeedYearError(last=editions.YEAR_MAX - 1)
    return date(facts.year, first, 1), _next_month(date(facts.year, last, 1))


def _next_month(day: date) -> date:
    return date(day.year + day.month // MONTHS, day.month % MONTHS + 1, 1)


def _last_day(series: Series, dtstart: date, today: date) -> date:
    """Return the last day of offers for days from ``dtstart`` on."""
    steps = milestone_templates.template_of(series)
    lead = next(
        (one.step.lead for one in steps if one.step.key == milestones.OFFERS_CLOSE),
        OFFERS_CLOSE,
    )
    last_day = lead.due_on(dtstart) or dtstart - timedelta(days=1)
    if last_day > today:
        return last_day
    month = _next_month(today)
    while (lead.due_on(month) or month) <= today:
        month = _next_month(month)
    raise NeedTooNearError(day=last_day.isoformat(), month=month.strftime("%Y-%m"))


def _insist_on_proposer(by: Person, association: Association | None) -> None:
    if access.read_plan(by):
        return
    if association not in countries.associations_of(access.countries_of(by)):
        raise ProposerError


def _leaders() -> set[str]:
    return set(committee.leaders())


def _members() -> set[str]:
    return {*organisers(), *(person.email for person in committee.everyone())}


def _contacts(series: Series) -> set[str]:
    """Return the addresses of the national contacts of a region."""
    codes = countries.codes_of(series.region or "")
    return {person.email for person in accounts.contacts_of(codes)}


def _proposer(need: EngagementNeed) -> set[str]:
    return {need.proposed_by.email} if need.proposed_by is not None else set()


def _concerned(need: EngagementNeed) -> set[str]:
    return {*_proposer(need), *(one.person.email for one in need_queries.supports_of(need))}


def _post(addresses: Iterable[str], letter: Letter, now: datetime) -> None:
    committee.write_to(addresses, letter, now)
