"""Use cases of interests: what countries could host in the years ahead, before any call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from app import audit, database
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions.planning import UNTIL_MAX
from app.hosting import queries
from app.hosting.models import CostShare, HostingInterest, InterestWindow
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.series.models import Series

MONTHS = 12


class InterestYearsError(DomainError):
    """Years that end before they begin."""

    message = N_("The last year ({last}) lies before the first ({first}).")


class InterestOverError(DomainError):
    """Years and months that are over."""

    message = N_(
        "These months are over. Choose years, and months in them, that lie ahead: "
        "from {first} to {last}."
    )


class InterestMonthsError(DomainError):
    """No months."""

    message = N_("Choose the months in which the country could host, one at least.")


class InterestRegionError(DomainError):
    """A regional series in another region than its own."""

    message = N_(
        "{series} is held in {region}, and {country} does not lie there. Choose another series."
    )


class InterestRuleError(DomainError):
    """A series of which nobody knows when it is held."""

    message = N_("{series} follows no rule, so its years ahead are not known. Wait for its call.")


class InterestTwiceError(ConflictError):
    """A second interest for the same series and years."""

    message = N_(
        "{country} has told its interest in {series} for {first} to {last} already. "
        "Change that one, or choose other years."
    )


class InterestWithdrawnError(ConflictError):
    """A change of what was withdrawn."""

    message = N_("This interest is withdrawn. Tell a new one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestFacts:
    """What a country could host: ``months`` are numbers from 1 on, the same in every year."""

    first_year: int
    last_year: int
    months: Sequence[int]
    use_count: int = 1
    cost_share: CostShare = CostShare.SHARED
    remark: str = ""


def tell(
    series: Series, country: Country, facts: InterestFacts, *, by: Person, now: datetime
) -> HostingInterest:
    """Record that ``country`` could host ``series``.

    Raises:
        InterestYearsError, InterestOverError, InterestMonthsError: years or months are of no use.
        InterestRegionError, InterestRuleError: the series is not one that it could host.
        InterestTwiceError: it has told the same before.
    """
    _check(series, country, facts, now)
    database.write()
    _insist_new(series, country, facts, None)
    interest = HostingInterest(
        series=series,
        country=country,
        stated_by=by,
        stated_at=now,
        modified_at=now,
        is_demonstration=country.is_fictional,
    )
    _fill(interest, facts)
    db.session.add(interest)
    db.session.flush()
    audit.record("interest.told", interest, by=by, now=now)
    return interest


def change(
    interest: HostingInterest, series: Series, facts: InterestFacts, *, by: Person, now: datetime
) -> None:
    """Change an interest that stands; errors as in `tell`.

    Raises:
        InterestWithdrawnError: it was withdrawn.
    """
    _check(series, interest.country, facts, now)
    database.write(interest)
    if not interest.stands:
        raise InterestWithdrawnError
    _insist_new(series, interest.country, facts, interest)
    interest.series = series
    _fill(interest, facts)
    interest.modified_at = now
    db.session.flush()
    audit.record("interest.changed", interest, by=by, now=now)


def withdraw(interest: HostingInterest, *, by: Person, now: datetime) -> None:
    """Withdraw an interest; once more changes nothing."""
    database.write(interest)
    if not interest.stands:
        return
    interest.withdrawn_at = interest.modified_at = now
    db.session.flush()
    audit.record("interest.withdrawn", interest, by=by, now=now)


def months_of(interest: HostingInterest) -> list[int]:
    """Return the months of an interest, as numbers, ascending."""
    return sorted({month for window in interest.windows for month in _months_in(window)})


def _months_in(window: InterestWindow) -> Iterator[int]:
    first = window.dtstart.year * MONTHS + window.dtstart.month - 1
    beyond = window.dtend.year * MONTHS + window.dtend.month - 1
    return (index % MONTHS + 1 for index in range(first, beyond))


def windows_of(months: Iterable[int], year: int) -> list[tuple[date, date]]:
    """Return the days of ``months`` in ``year``, those in a row as one; the ends exclusive.

    December and January are not in a row: an edition keeps within its year.

    >>> windows_of([12, 3, 4], 2031)[1]
    (datetime.date(2031, 12, 1), datetime.date(2032, 1, 1))
    """
    found = sorted(set(months))
    runs: list[list[int]] = [[month] for month in found[:1]]
    for before, month in pairwise(found):
        if month == before + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    return [
        (
            date(year, run[0], 1),
            date(year, run[-1] + 1, 1) if run[-1] < MONTHS else date(year + 1, 1, 1),
        )
        for run in runs
    ]


def _fill(interest: HostingInterest, facts: InterestFacts) -> None:
    interest.first_year, interest.last_year = facts.first_year, facts.last_year
    interest.use_count, interest.cost_share = facts.use_count, facts.cost_share
    interest.remark = facts.remark
    interest.windows = [
        InterestWindow(dtstart=dtstart, dtend=dtend)
        for dtstart, dtend in windows_of(facts.months, facts.first_year)
    ]


def _check(series: Series, country: Country, facts: InterestFacts, now: datetime) -> None:
    first, last = facts.first_year, facts.last_year
    if last < first:
        raise InterestYearsError(first=first, last=last)
    if not facts.months:
        raise InterestMonthsError
    reachable = first > 0 and last <= UNTIL_MAX
    if not reachable or windows_of(facts.months, last)[-1][1] <= now.date():
        raise InterestOverError(first=now.year, last=UNTIL_MAX)
    if series.rule is None:
        raise InterestRuleError(series=series.title)
    if series.region is not None and series.region != country.region:
        raise InterestRegionError(
            series=series.title,
            region=REGION_NAMES.get(series.region, series.region),
            country=country.name,
        )


def _insist_new(
    series: Series, country: Country, facts: InterestFacts, own: HostingInterest | None
) -> None:
    other = queries.overlapping_interest(
        series.id, country.code, facts.first_year, facts.last_year, own
    )
    if other is not None:
        raise InterestTwiceError(
            country=country.name,
            series=series.title,
            first=other.first_year,
            last=other.last_year,
        )
