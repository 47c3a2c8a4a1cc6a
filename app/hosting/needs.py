"""Needs for regional engagements: proposed, changed while nobody has answered, supported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from app import audit, database
from app.accounts import access
from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions import milestone_templates, milestones
from app.editions import service as editions
from app.hosting import committee, need_people, need_queries
from app.hosting import need_letters as letters
from app.hosting.need_models import EngagementNeed, NeedSupport
from app.series.models import SeriesKind
from scheduler import engagements
from scheduler.engagements import ENDED, NeedStatus
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lead_times import Lead

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.countries.models import Association
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

    message = N_(
        "“{title}” has ended ({status}); nothing follows from it any more. Propose it anew."
    )


class NeedAnsweredError(ConflictError):
    """A change of words that somebody has answered to."""

    message = N_(
        "“{title}” is supported by now, or a country has begun an offer; what they answered to "
        "stays as it is. Withdraw the need with its reason, and propose it anew."
    )


class OwnNeedError(ConflictError):
    """The support of one's own proposal."""

    message = N_("You proposed this need; it stands for you already.")


class SupportedAlreadyError(ConflictError):
    """A second support of one person."""

    message = N_("You support this need already. Everyone does once.")


class NotSupportedError(ConflictError):
    """The withdrawal of a support that is not there."""

    message = N_("You do not support this need, so there is nothing to take back.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedFacts:
    """What is needed, in which months of one year, and why."""

    title: str
    purpose: str
    reason: str
    year: int
    months: tuple[int, int]
    association: Association | None = None


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
    told = {*need_people.leaders(), *need_people.members(), *need_people.contacts(series)}
    committee.write_to(told, letters.proposed(need), now)
    return need


def change(need: EngagementNeed, facts: NeedFacts, *, by: Person, now: datetime) -> None:
    """Change what a need says, as long as nobody has answered to it.

    Raises:
        NeedEndedError, NeedAnsweredError: it is too late.
        NeedMonthsError, NeedYearError, NeedTooNearError, ProposerError, NeedTwiceError: see there.
    """
    dtstart, dtend = _months(facts)
    last_day = _last_day(need.series, dtstart, now.date())
    _insist_on_proposer(by, facts.association)
    database.write(need)
    insist_stands(need, now)
    if not is_unanswered(need):
        raise NeedAnsweredError(title=need.title)
    twin = need_queries.standing_twin(need.series, facts.title, but=need)
    if twin is not None:
        raise NeedTwiceError(title=facts.title, region=REGION_NAMES[need.series.region or ""])
    was = _told(need)
    need.title, need.purpose, need.reason = facts.title, facts.purpose, facts.reason
    need.dtstart, need.dtend, need.last_day = dtstart, dtend, last_day
    need.association = facts.association
    db.session.flush()
    now_is = _told(need)
    changes = {key: [was[key], now_is[key]] for key in was if was[key] != now_is[key]}
    if not changes:
        return
    audit.record("need.changed", need, by=by, now=now, changes=changes)
    told = {*need_people.leaders(), *need_people.members(), *need_people.contacts(need.series)}
    committee.write_to(told, letters.changed(need), now)


def is_unanswered(need: EngagementNeed) -> bool:
    """Whether nobody supports ``need`` and no country has begun an offer."""
    return need.edition_id is None and not need_queries.supports_of(need)


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
    raise NeedTooNearError(day=last_day, month=month.strftime("%Y-%m"))


def _insist_on_proposer(by: Person, association: Association | None) -> None:
    if access.read_plan(by):
        return
    if association not in countries.associations_of(access.countries_of(by)):
        raise ProposerError


def _told(need: EngagementNeed) -> dict[str, str]:
    return {
        "title": need.title,
        "purpose": need.purpose,
        "reason": need.reason,
        "months": f"{need.dtstart.isoformat()} – {need.dtend.isoformat()}",
        "association": need.association.name if need.association else "",
    }
