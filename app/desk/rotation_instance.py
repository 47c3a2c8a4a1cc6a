"""What the rotation of hosts is planned from: editions, offers and interests in engine terms.

An edition keeps the weekday and the length that it has; where an offer names other days of the
week, those.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Literal

from app.countries.service import REGION_NAMES
from app.desk.rotation_ground import (
    WEEKS,
    Ground,
    Omitted,
    Settings,
    Slot,
    absolute,
    iso_year,
    week_of_year,
    weeks_of,
)
from app.editions import clashing, milestone_templates, progress
from app.editions import queries as editions
from app.hosting import need_queries
from app.hosting import queries as hosting
from app.hosting.models import CostShare, HostingInterest
from scheduler import clashes, rotation
from scheduler.known_dates import Level, span
from scheduler.lifecycle import EditionStatus
from scheduler.observances import national_holidays, unknown_holidays

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from app.countries.models import Country
    from app.editions.models import Edition
    from app.hosting.models import HostingOffer

OPEN = frozenset({EditionStatus.PROJECTED, EditionStatus.CALL_OPEN, EditionStatus.UNDER_EVALUATION})
# A formal offer is the firmest; of interests, the less the group pays the better.
COSTS = {CostShare.HOST: 1, CostShare.SHARED: 2, CostShare.GROUP: 3}

_WEEK = timedelta(weeks=1)


def build(settings: Settings, today: date) -> Ground:
    """Return what the rotation is planned from, as things stand."""
    return _Builder(settings, today).ground()


class _Builder:
    """Collects, series by series, what the engine asks for."""

    def __init__(self, settings: Settings, today: date) -> None:
        self.settings, self.today = settings, today
        self.slots: dict[str, Slot] = {}
        self.held: dict[str, Slot] = {}
        self.held_rows: dict[str, Edition] = {}
        self.countries: dict[str, Country] = {}
        self.offers: dict[str, rotation.Offer] = {}
        self.sources: dict[str, str] = {}
        self.starts: dict[tuple[str, str, int], date] = {}
        self.omitted: list[Omitted] = []
        # What a region asked for stands beside its rule, and is decided on by itself.
        self.of_needs = need_queries.edition_ids()
        self.by_series = self._rows_by_series()
        every = [row for rows in self.by_series.values() for row in rows]
        self.start_year = min((iso_year(row.dtstart) for row in every), default=today.year)
        self.years = max((iso_year(row.dtstart) for row in every), default=today.year)
        self.years -= self.start_year - 1
        series = {rows[0].series.id: rows[0].series for rows in self.by_series.values()}
        self.earliest = {
            series_id: progress.earliest_opening(steps, today)
            for series_id, steps in milestone_templates.templates(list(series.values())).items()
        }

    def ground(self) -> Ground:
        series = {}
        for rows in self.by_series.values():
            made = self._series(rows)
            series[made.id] = made
        self._add_interests()
        self._add_offers()
        held = self._hold()
        unmet = self._known_clashes()
        closed = {code: self._closed(code, unmet.closed) for code in self.countries}
        instance = rotation.Instance(
            years=self.years,
            start_year=self.start_year,
            regions=tuple(REGION_NAMES),
            countries={
                code: rotation.Country(code, country.region or "", closed=closed[code])
                for code, country in sorted(self.countries.items())
            },
            series=series,
            offers=self.offers,
            intl=tuple(unmet.costs),
            rules=rotation.Rules(
                cooldown=self.settings.cooldown,
                tol=self.settings.tolerance,
                country_per_year=self.settings.country_per_year,
                week_cap=self.settings.week_cap,
                rotation=self.settings.spread,
            ),
            held=held,
            weeks_a_year=WEEKS,
        )
        return Ground(
            instance,
            self.slots,
            self.held,
            self.sources,
            self.starts,
            self.omitted,
            self._unknown(),
            {slot.edition_id: name for name, slot in chain(self.slots.items(), self.held.items())},
        )

    def _rows_by_series(self) -> dict[str, list[Edition]]:
        """Return open and held editions of each series that has open ones, in order of time."""
        found: dict[str, list[Edition]] = defaultdict(list)
        for row in editions.every_edition(until=self.settings.until):
            if row.id not in self.of_needs and (self._is_open(row) or self._is_held(row)):
                found[row.series.slug].append(row)
        return {
            slug: rows for slug, rows in found.items() if any(self._is_open(row) for row in rows)
        }

    def _is_open(self, row: Edition) -> bool:
        return (
            row.status in OPEN
            and row.country_code is None
            and row.dtstart > self.today
            and row.series.rule is not None
        )

    def _is_held(self, row: Edition) -> bool:
        return (
            row.country is not None
            and row.country.region in REGION_NAMES
            and row.status is not EditionStatus.CANCELLED
        )

    def _series(self, rows: Sequence[Edition]) -> rotation.Series:
        series = rows[0].series
        due, length = [], 1
        for number, row in enumerate(rows):
            name, days = f"{series.slug}/{number}", (row.dtend - row.dtstart).days
            takes_interests = row.status is not EditionStatus.UNDER_EVALUATION
            earliest = self.earliest[series.id]
            slot = Slot(name, row.id, row.title, row.dtstart, days, takes_interests, earliest)
            if self._is_open(row):
                self.slots[name] = slot
                length = max(length, -(-(row.dtstart.weekday() + days) // 7))
            else:
                self.held[name], self.held_rows[name] = slot, row
            due.append((iso_year(row.dtstart) - self.start_year, week_of_year(row.dtstart)))
        return rotation.Series(
            id=series.slug,
            period=1,
            first=0,
            scope=series.region or rotation.instance.GLOBAL,
            length=min(length, WEEKS),
            pref=due[0][1],
            importance=self.settings.importance_of(series.kind),
            group=series.slug,
            due=tuple(due),
        )

    def _add_interests(self) -> None:
        for interest in hosting.interests():
            only = {
                slot.name: weeks
                for slot in self._slots_of(interest.series.slug)
                if slot.takes_interests and (weeks := self._weeks_of_interest(interest, slot))
            }
            cost = COSTS[interest.cost_share]
            is_near = any(
                slot.takes_interests and slot.is_too_near
                for slot in self._slots_of(interest.series.slug)
                if interest.first_year <= slot.dtstart.year <= interest.last_year
            )
            self._add(
                "interest", interest, only, cost=cost, uses=interest.use_count, is_near=is_near
            )

    def _add_offers(self) -> None:
        by_edition = {slot.edition_id: slot for slot in self.slots.values()}
        for offer in hosting.undecided_offers():
            slot = by_edition.get(offer.edition_id)
            if slot is None:
                continue
            key = f"offer:{offer.id}"
            found = self._weeks_of_offer(offer, slot)
            for week, first in found.items():
                self.starts[slot.name, key, week] = first
            only = {slot.name: frozenset(found)} if found else {}
            self._add("offer", offer, only, cost=0, uses=1, is_near=slot.is_too_near)

    def _add(
        self,
        kind: Literal["offer", "interest"],
        row: HostingInterest | HostingOffer,
        only: Mapping[str, frozenset[int]],
        *,
        cost: int,
        uses: int,
        is_near: bool,
    ) -> None:
        if row.country.region not in REGION_NAMES or not only:
            why: Literal["region", "week", "near"] = "near" if is_near else "week"
            if row.country.region not in REGION_NAMES:
                why = "region"
            self.omitted.append(Omitted(kind, row.public_id, row.country_code, why))
            return
        key = f"{kind}:{row.id}"
        self.countries[row.country_code] = row.country
        series = tuple(dict.fromkeys(name.rpartition("/")[0] for name in only))
        years = (0, self.years - 1)
        self.offers[key] = rotation.Offer(
            key, row.country_code, series, years, (), cost, uses, dict(only)
        )
        self.sources[key] = row.public_id

    def _slots_of(self, series: str) -> list[Slot]:
        return [slot for slot in self.slots.values() if slot.name.rpartition("/")[0] == series]

    def _weeks_of_interest(self, interest: HostingInterest, slot: Slot) -> frozenset[int]:
        year = slot.dtstart.year
        if not interest.first_year <= year <= interest.last_year:
            return frozenset()
        windows = interest.windows_in(year)
        return frozenset(
            week for week, first in self._usual_days(slot) if _fits(first, slot.days, windows)
        )

    def _usual_days(self, slot: Slot) -> Iterator[tuple[int, date]]:
        """Yield the weeks of the slot's year that leave time enough, with its first day in each."""
        year = iso_year(slot.dtstart)
        monday = date.fromisocalendar(year, 1, 1)
        for week in range(weeks_of(year)):
            first = monday + week * _WEEK + timedelta(days=slot.dtstart.weekday())
            if first >= slot.earliest:
                yield WEEKS * (year - self.start_year) + week, first

    def _weeks_of_offer(self, offer: HostingOffer, slot: Slot) -> dict[int, date]:
        """Return the first day in each week that the offer names: on the usual weekday if it can.

        Only weeks of the year in which the edition is due: another year is another edition.
        """
        windows = [(window.dtstart, window.dtend) for window in offer.windows]
        found: dict[int, date] = {}
        room = 7 * max(1, -(-(slot.dtstart.weekday() + slot.days) // 7)) - slot.days
        for week, usual in self._usual_days(slot):
            monday = usual - timedelta(days=usual.weekday())
            tried = (usual, *(monday + timedelta(days=shift) for shift in range(room + 1)))
            fitting = (
                day for day in tried if day >= slot.earliest and _fits(day, slot.days, windows)
            )
            first = next(fitting, None)
            if first is not None:
                found[week] = first
        return found

    def _hold(self) -> dict[str, rotation.Choice]:
        """Give each edition that has its host an offer of its own, in its week."""
        held = {}
        for name, row in self.held_rows.items():
            if row.country is None:
                continue
            self.countries.setdefault(row.country.code, row.country)
            key, week = f"held:{row.id}", absolute(row.dtstart, self.start_year)
            self.offers[key] = rotation.Offer(
                key, row.country.code, (row.series.slug,), (0, self.years - 1), (), 0, 1,
                {name: frozenset({week})},
            )  # fmt: skip
            held[name] = rotation.Choice(key, week)
        return held

    def _known_clashes(self) -> _Unmet:
        """Compare every week of every open edition with what is known of the world."""
        events: dict[str, tuple[str, int]] = {}
        tried = []
        for slot in self.slots.values():
            for week, first in self._usual_days(slot):
                key = f"{slot.name}@{week}"
                events[key] = slot.name.rpartition("/")[0], week
                dtend = first + timedelta(days=slot.days)
                tried.append(clashes.OwnEvent(key, "", "", first, dtend))
        unmet = _Unmet()
        if not tried:
            return unmet
        known = clashing.known_dates(
            min(event.dtstart for event in tried).year, max(event.dtend for event in tried).year
        )
        costs: dict[tuple[str, int], int] = {}
        for key, found in clashes.find_all_clashes(tried, known, [], {}).items():
            series, week = events[key]
            if any(clash.level is Level.HARD for clash in found):
                unmet.closed[series].add(week)
            names = {clash.name for clash in found if clash.level is Level.SOFT}
            if names:
                costs[series, week] = self.settings.soft_weeks * len(names)
        unmet.costs = [
            rotation.KnownEvent(week, 1, series, cost)
            for (series, week), cost in sorted(costs.items())
            if cost
        ]
        return unmet

    def _closed(self, code: str, known: Mapping[str, Iterable[int]]) -> dict[str, frozenset[int]]:
        """Return by series the weeks in which its editions do not start in a country."""
        closed = {series: set(weeks) for series, weeks in known.items()}
        taken = _holidays(self.countries[code], self._years_ahead())
        own = [offer for offer in self.offers.values() if offer.country == code]
        for slot in self.slots.values():
            if not any(slot.name in (offer.only or ()) for offer in own):
                continue
            series = slot.name.rpartition("/")[0]
            for week, usual in self._usual_days(slot):
                firsts = {
                    self.starts.get((slot.name, offer.id, week), usual)
                    for offer in own
                    if week in (offer.only or {}).get(slot.name, ())
                }
                if any(_meets(first, slot.days, taken) for first in firsts):
                    closed.setdefault(series, set()).add(week)
        return {series: frozenset(weeks) for series, weeks in sorted(closed.items())}

    def _years_ahead(self) -> range:
        return range(self.today.year, self.start_year + self.years + 1)

    def _unknown(self) -> list[str]:
        """Say whose holidays are not known; they are never taken for free days in silence."""
        offering = {
            offer.country for key, offer in self.offers.items() if not key.startswith("held:")
        }
        return [
            sentence.replace(
                f" {self.countries[code].alpha2 or code} ", f" {self.countries[code].name} "
            )
            for code in sorted(offering)
            for sentence in unknown_holidays(
                self.countries[code].alpha2 or code, self._years_ahead()
            )
        ]


@dataclass(slots=True)
class _Unmet:
    """Weeks by series that meet a hard known date, and what soft ones cost."""

    closed: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    costs: list[rotation.KnownEvent] = field(default_factory=list)


def _fits(first: date, days: int, windows: Iterable[tuple[date, date]]) -> bool:
    dtend = first + timedelta(days=days)
    return any(dtstart <= first and dtend <= end for dtstart, end in windows)


def _holidays(country: Country, years: range) -> frozenset[date]:
    found = (span(day) for day in national_holidays(country.alpha2 or country.code, years))
    return frozenset(
        dtstart + timedelta(days=shift)
        for dtstart, dtend in found
        for shift in range((dtend - dtstart).days)
    )


def _meets(first: date, days: int, taken: frozenset[date]) -> bool:
    return any(first + timedelta(days=shift) in taken for shift in range(days))
