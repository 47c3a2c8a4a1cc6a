"""The rotation as a model for CP-SAT: who hosts an edition, and in which week it starts.

Hosts and weeks are separate decisions, tied by one row for each (edition, offer): a chosen offer
has its week inside its windows. On the medium sample this proves all five levels in 6 s of CPU
time, where one variable for each (edition, offer, week) took 26 s.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from scheduler.rotation.instance import Choice, Edition, Instance, Offer, Series
from scheduler.rotation.plan import (
    BALANCE,
    CHANGES,
    DATES,
    OFFERS,
    REPEATS,
    VACANCIES,
    Assignment,
)

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    Expression = cp_model.LinearExprT
    Literal = cp_model.IntVar


@dataclass(frozen=True, slots=True)
class Pin:
    """A choice that people have made for an edition and the plan must keep.

    Whatever is None is left to the plan: a pin of nothing but the edition says that it is held.
    ``week`` is absolute; ``vacant`` leaves the edition without a host.
    """

    edition: str
    country: str | None = None
    offer: str | None = None
    week: int | None = None
    vacant: bool = False

    def allows(self, offer: Offer) -> bool:
        """Whether ``offer`` agrees with the pinned country and offer."""
        return self.country in (None, offer.country) and self.offer in (None, offer.id)

    def is_kept(self, instance: Instance, choice: Choice | None) -> bool:
        """Whether ``choice`` for its edition is what the pin asks for."""
        if choice is None or self.vacant:
            return choice is None and self.vacant
        return self.allows(instance.offers[choice.offer]) and self.week in (None, choice.week)


class Model:
    """The hard rules over Boolean variables, and an expression for each level."""

    def __init__(self, instance: Instance) -> None:
        """State every rule of ``instance``; the solver's module is loaded here."""
        from ortools.sat.python import cp_model  # noqa: PLC0415 - half a second, only when used

        self.instance = instance
        self.solver_model = cp_model.CpModel()
        # By edition: each usable offer, and each absolute week in which one lets it start.
        self.hosts: dict[str, dict[str, Literal]] = {name: {} for name in instance.editions}
        self.starts: dict[str, dict[int, Literal]] = {name: {} for name in instance.editions}
        self.vacant: dict[str, Literal] = {}
        # Beginning in a week that costs the host something: (edition, country, week), cost.
        self._soft: dict[tuple[str, str, int], tuple[Literal, int]] = {}
        # Variables of editions that are held: true, whatever a limit says.
        self._held: set[int] = set()
        for edition in instance.editions.values():
            self._add_edition(edition)
        self._add_host_rules()
        self._add_week_rules()
        for series in instance.series.values():
            self._add_series_rules(series)

    def _boolean(self) -> "Literal":
        return self.solver_model.new_bool_var("")

    def _add_edition(self, edition: Edition) -> None:
        vacant = self.vacant[edition.name] = self._boolean()
        hosts = self.hosts[edition.name]
        if edition.name in self.instance.held:
            self._hold(edition.name, self.instance.held[edition.name])
            return
        for offer in self.instance.offers.values():
            weeks = free_starts(self.instance, edition, offer)
            if not weeks or not offer.uses:
                continue
            hosts[offer.id] = self._boolean()
            ways = [self._way(edition, offer.country, week) for week in weeks]
            self.solver_model.add(sum(ways) >= hosts[offer.id])
        self.solver_model.add_exactly_one([*hosts.values(), vacant])
        self.solver_model.add_exactly_one([*self.starts[edition.name].values(), vacant])

    def _hold(self, name: str, choice: Choice) -> None:
        """Take an edition as it is, with its host and its week."""
        host = self.hosts[name][choice.offer] = self._boolean()
        start = self.starts[name][choice.week] = self._boolean()
        self.solver_model.add_bool_and([host, start, ~self.vacant[name]])
        self._held |= {host.index, start.index}

    def _way(self, edition: Edition, country: str, week: int) -> "Literal":
        """Return what is true only if ``edition`` starts in ``week``, at its cost for the host."""
        starts = self.starts[edition.name]
        if week not in starts:
            starts[week] = self._boolean()
        soft = self.instance.countries[country].soft
        cost = sum(soft.get(filled, 0) for filled in edition.weeks_from(week))
        if not cost:
            return starts[week]
        if (edition.name, country, week) not in self._soft:
            paid = self._boolean()
            self.solver_model.add_implication(paid, starts[week])
            self._soft[edition.name, country, week] = paid, cost
        return self._soft[edition.name, country, week][0]

    def _add_host_rules(self) -> None:
        """Uses of an offer, and what one country hosts in a year."""
        by_offer: dict[str, list[Literal]] = defaultdict(list)
        by_country: dict[tuple[str, int], list[Literal]] = defaultdict(list)
        for name, hosts in self.hosts.items():
            for id_, host in hosts.items():
                by_offer[id_].append(host)
                country = self.instance.offers[id_].country
                by_country[country, self.instance.editions[name].year].append(host)
        for id_, hosts_ in by_offer.items():
            self._cap(hosts_, self.instance.offers[id_].uses)
        for hosts_ in by_country.values():
            self._cap(hosts_, self.instance.rules.country_per_year)

    def _add_week_rules(self) -> None:
        """Editions in one week, and editions for one audience in it."""
        by_week: dict[int, list[Literal]] = defaultdict(list)
        by_group: dict[tuple[int | str, int], list[Literal]] = defaultdict(list)
        for name, starts in self.starts.items():
            edition = self.instance.editions[name]
            for week, start in starts.items():
                for filled in edition.weeks_from(week):
                    by_week[filled].append(start)
                    by_group[edition.series.group, filled].append(start)
        for starting in by_week.values():
            self._cap(starting, self.instance.rules.week_cap)
        for starting in by_group.values():
            self._cap(starting, 1)

    def _cap(self, literals: "list[Literal]", most: int) -> None:
        most = max(most, sum(literal.index in self._held for literal in literals))
        if most == 1 and len(literals) > 1:
            self.solver_model.add_at_most_one(literals)
        elif len(literals) > most:
            self.solver_model.add(sum(literals) <= most)

    def _add_series_rules(self, series: Series) -> None:
        """Cooldown of a country, and the distance of consecutive editions."""
        editions = self.instance.editions_of(series)
        reach = self.instance.rules.cooldown + 1
        for first in range(len(editions)):
            by_country: dict[str, list[Literal]] = defaultdict(list)
            for edition in editions[first : first + reach]:
                for id_, host in self.hosts[edition.name].items():
                    by_country[self.instance.offers[id_].country].append(host)
            for hosts in by_country.values():
                self._cap(hosts, 1)
        for before, after in pairwise(editions):
            self._add_distance(before, after)

    def _add_distance(self, before: Edition, after: Edition) -> None:
        """Forbid starts of consecutive editions that are too far apart or too close.

        All early starts of one exclude all late starts of the other: one clique for each week
        is far tighter for the solver than one clause for each pair of weeks.
        """
        if {before.name, after.name} <= self.instance.held.keys():
            return
        shift = after.first_week - before.first_week
        tol = self.instance.rules.tol
        starts, nexts = self.starts[before.name], self.starts[after.name]
        for limit in sorted(starts):
            early = [start for week, start in starts.items() if week <= limit]
            late = [start for week, start in nexts.items() if week > limit + shift + tol]
            if late:
                self.solver_model.add_at_most_one(early + late)
            early = [start for week, start in nexts.items() if week < limit + shift - tol]
            late = [start for week, start in starts.items() if week >= limit]
            if early:
                self.solver_model.add_at_most_one(early + late)

    def pin(self, pin: Pin) -> None:
        """Keep what people have decided for an edition."""
        self.solver_model.add(self.vacant[pin.edition] == int(pin.vacant))
        if pin.vacant:
            return
        allowed = [
            host
            for id_, host in self.hosts[pin.edition].items()
            if pin.allows(self.instance.offers[id_])
        ]
        self.solver_model.add_bool_or(allowed)
        if pin.week is not None:
            start = self.starts[pin.edition].get(pin.week)
            self.solver_model.add_bool_or([] if start is None else [start])

    def expression(self, key: str, adopted: Assignment) -> "Expression":
        """Return what the level called ``key`` (`Level.key`) minimises."""
        match key:
            case VACANCIES.key:
                editions = self.instance.editions.values()
                return _sum(self.vacant[e.name] * e.series.importance for e in editions)
            case REPEATS.key:
                return _sum(self._repeats())
            case BALANCE.key:
                return self._gap()
            case DATES.key:
                return _sum(self._date_costs())
            case OFFERS.key:
                offers = self.instance.offers
                hosts = (
                    pair
                    for name, by_offer in self.hosts.items()
                    if name not in self.instance.held
                    for pair in by_offer.items()
                )
                return _sum(host * offers[id_].cost for id_, host in hosts)
            case CHANGES.key:
                return _sum(self._changes(adopted))
        message = f"There is no level called {key}."
        raise ValueError(message)

    def _hosts_in(self, region: str, editions: Iterable[Edition]) -> "list[Literal]":
        return [
            host
            for edition in editions
            for id_, host in self.hosts[edition.name].items()
            if self.instance.region_of(id_) == region
        ]

    def _repeats(self) -> "list[Literal]":
        """Return a Boolean for each pair of editions that can repeat a region."""
        span = self.instance.rules.rotation
        found: list[Literal] = []
        for series in self.instance.series.values():
            editions = self.instance.editions_of(series) if series.is_global else []
            repeats: dict[tuple[int, int], Literal] = {}
            for one, other in combinations(editions, 2):
                if other.number - one.number < span:
                    repeats[one.number, other.number] = self._boolean()
                    self._add_repeat([one, other], [repeats[one.number, other.number]])
            # Three editions in one region are three repeats, not half of one as the pairs alone
            # let a fractional solution have it.
            for first in range(len(editions) - span + 1):
                window = editions[first : first + span]
                pairs = combinations([edition.number for edition in window], 2)
                self._add_repeat(window, [repeats[pair] for pair in pairs])
            found += repeats.values()
        return found

    def _add_repeat(self, editions: Sequence[Edition], repeats: "list[Literal]") -> None:
        for region in self.instance.regions:
            hosts = self._hosts_in(region, editions)
            if len(hosts) > 1:
                self.solver_model.add(sum(hosts) <= 1 + sum(repeats))

    def _gap(self) -> "Expression":
        """Return most minus least hostings over the regions, global series only."""
        if not self.instance.regions:
            return 0
        editions = [e for e in self.instance.editions.values() if e.series.is_global]
        most = self.solver_model.new_int_var(0, len(editions), "")
        least = self.solver_model.new_int_var(0, len(editions), "")
        for region in self.instance.regions:
            count = self.solver_model.new_int_var(0, len(editions), "")
            self.solver_model.add(count == _sum(self._hosts_in(region, editions)))
            self.solver_model.add(count <= most)
            self.solver_model.add(count >= least)
        # Counting cuts: the fullest region has no less than the average, the emptiest no more.
        held = len(editions) - _sum(self.vacant[edition.name] for edition in editions)
        self.solver_model.add(most * len(self.instance.regions) >= held)
        self.solver_model.add(least * len(self.instance.regions) <= held)
        return most - least

    def _date_costs(self) -> "Iterable[Expression]":
        costs = self.instance.event_costs
        for name, starts in self.starts.items():
            edition = self.instance.editions[name]
            if name in self.instance.held:
                continue
            for week, start in starts.items():
                cost = abs(week - edition.first_week - edition.pref)
                for filled in edition.weeks_from(week):
                    cost += costs.get((edition.series.group, filled), 0)
                yield start * cost
        for paid, cost in self._soft.values():
            yield paid * cost

    def _changes(self, adopted: Assignment) -> "Iterable[Expression]":
        """Count a new host and a new week one each, a host found or lost as both."""
        for name, choice in adopted.items():
            if name not in self.instance.editions:
                continue
            if choice is None:
                yield 2 - self.vacant[name] * 2
            else:
                yield 1 - _or_never(self.hosts[name].get(choice.offer))
                yield 1 - _or_never(self.starts[name].get(choice.week))

    def hint(self, assignment: Assignment) -> None:
        """Let the search begin at ``assignment``."""
        self.solver_model.clear_hints()  # type: ignore[no-untyped-call]
        for name, choice in assignment.items():
            self.solver_model.add_hint(self.vacant[name], choice is None)
            for id_, host in self.hosts[name].items():
                self.solver_model.add_hint(host, choice is not None and choice.offer == id_)
            for week, start in self.starts[name].items():
                self.solver_model.add_hint(start, choice is not None and choice.week == week)

    def assignment(self, solver: "cp_model.CpSolver") -> dict[str, Choice | None]:
        """Return the plan that ``solver`` has found."""
        plan: dict[str, Choice | None] = {}
        for name in self.instance.editions:
            hosts = [id_ for id_, host in self.hosts[name].items() if solver.boolean_value(host)]
            weeks = [week for week, at in self.starts[name].items() if solver.boolean_value(at)]
            plan[name] = Choice(hosts[0], weeks[0]) if hosts else None
        return plan


def free_starts(instance: Instance, edition: Edition, offer: Offer) -> list[int]:
    """Return the absolute weeks, ascending, in which ``offer`` lets ``edition`` start."""
    if not offer.accepts(edition):
        return []
    country = instance.countries[offer.country]
    return [week for week in offer.starts(edition) if country.takes(edition, week)]


def _sum(terms: "Iterable[Expression]") -> "Expression":
    return sum(terms)


def _or_never(literal: "Literal | None") -> "Expression":
    return 0 if literal is None else literal
