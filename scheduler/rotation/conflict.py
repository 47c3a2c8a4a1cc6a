"""Why pinned choices cannot be kept together: the fewest rules that contradict each other.

Only pinned editions matter, since leaving all the others vacant breaks no rule. So the question
is small, even where the whole rotation is large.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from scheduler.rotation.instance import Edition, Instance
from scheduler.rotation.model import Pin
from scheduler.rotation.search import Budget, NoPlanFoundError, pins_by_edition

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    Literal = cp_model.IntVar

_TRIES = 1000  # each costs some milliseconds beside what the budget counts


@dataclass(frozen=True, slots=True)
class Rule:
    """One pin or hard rule: ``kind`` and what it is ``about`` for programs, ``words`` for people.

    Kinds: pin, offer, window, year, blocked (about an edition), uses (an offer), country_per_year
    (a country and a year), week_cap (a year), group (a group and a year), cooldown (a series),
    tol (two editions). A pin is also what stands for an edition that has its host already.
    """

    kind: str
    about: tuple[object, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules that no plan keeps together.

    When ``is_minimal``, any one of them less and the rest can be kept (which need not settle all:
    there may be another conflict); else some may be superfluous, because the time was up. When
    ``is_smallest``, no fewer rules contradict each other.
    """

    rules: tuple[Rule, ...]
    is_minimal: bool
    is_smallest: bool


def conflict(instance: Instance, pins: Iterable[Pin], *, seconds: float = 20.0) -> Conflict | None:
    """Return the smallest set of rules that ``pins`` contradict, or None when a plan keeps them.

    One rule after the other is left out, rules before pins, and stays out if the rest still
    contradict each other; then smaller sets are looked for among all rules. Each step is decided
    by the solver anew. ``seconds`` bounds its time, in the sense of `solve`; a step that is not
    decided keeps its rule, or ends the search.

    Raises:
        NoPlanFoundError: the time was up before it was known whether there is a conflict.
        ValueError: a pin names what is not there.
    """
    held = {name: Pin(name, offer=at.offer, week=at.week) for name, at in instance.held.items()}
    model = _RuleModel(instance, pins_by_edition(instance, pins) | held)
    verdict = model.contradicts(list(model.rules), seconds / 3)
    if verdict is None:
        raise NoPlanFoundError(seconds=f"{seconds:g}")
    if not verdict:
        return None
    kept = model.core
    share = seconds / 3 / max(1, len(kept))
    undecided: set[Rule] = set()
    for rule in sorted(kept, key=lambda rule: rule.kind == "pin"):
        if rule not in kept:
            continue
        verdict = model.contradicts([other for other in kept if other != rule], share)
        if verdict:
            kept = model.core
        elif verdict is None:
            undecided.add(rule)
    fewest, is_smallest = _fewest(model, kept, Budget(seconds / 3))
    # What was needed among more rules is needed among fewer; only the undecided are not sure.
    is_minimal = is_smallest or undecided.isdisjoint(kept)
    return Conflict(tuple(fewest), is_minimal=is_minimal, is_smallest=is_smallest)


def _fewest(model: "_RuleModel", kept: list[Rule], budget: Budget) -> tuple[list[Rule], bool]:
    """Return the fewest rules that contradict each other, ``kept`` at worst, and if it is proved.

    Of what has to be given up so that the rest can be kept, every contradiction holds a rule. The
    fewest rules that hold one of each such set known so far are tried until they contradict each
    other, or are as many as ``kept`` (Ignatiev and others, *Smallest MUS extraction*, CP 2015).
    """
    meeting = _Meeting(model.rules)
    for _ in range(_TRIES):
        tried = meeting.fewest(budget)
        if tried is None:
            break
        if len(tried) >= len(kept):
            return kept, True
        given_up = model.given_up(tried, budget)
        if given_up is None:
            break
        if not given_up:
            return tried, True
        meeting.add(given_up)
    return kept, False


class _RuleModel:
    """The pinned editions alone, with a switch for each rule."""

    def __init__(self, instance: Instance, pins: Mapping[str, Pin]) -> None:
        from ortools.sat.python import cp_model  # noqa: PLC0415 - half a second, only when used

        self._cp_model = cp_model
        self._instance = instance
        self._model = cp_model.CpModel()
        self._switches: dict[Rule, Literal] = {}
        self._hosts: dict[str, dict[str, Literal]] = {}
        self._starts: dict[str, dict[int, Literal]] = {}
        self._held: set[int] = set()
        self._editions = [e for e in instance.editions.values() if e.name in pins]
        self.core: list[Rule] = []
        for edition in self._editions:
            self._add_pin(edition, pins[edition.name])
        self._add_count_rules()
        self._add_pair_rules()

    @property
    def rules(self) -> Iterable[Rule]:
        """Every rule that the pinned editions can break."""
        return self._switches.keys()

    def contradicts(self, rules: Sequence[Rule], seconds: float) -> bool | None:
        """Whether no plan keeps ``rules``, whatever becomes of the others; None is undecided.

        After yes, ``core`` holds rules among them that suffice.
        """
        solver = _solver(seconds)
        self._model.clear_assumptions()
        self._model.add_assumptions([self._switches[rule] for rule in rules])
        status = solver.solve(self._model)
        if status == self._cp_model.INFEASIBLE:
            enough = set(solver.sufficient_assumptions_for_infeasibility())
            self.core = [rule for rule in rules if self._switches[rule].index in enough]
            return True
        return False if status in (self._cp_model.OPTIMAL, self._cp_model.FEASIBLE) else None

    def given_up(self, rules: Sequence[Rule], budget: Budget) -> list[Rule] | None:
        """Return the fewest other rules to give up so that ``rules`` can be kept.

        None is undecided; nothing at all means that ``rules`` contradict each other, since with
        all the others they do.
        """
        model = self._model.clone()
        model.clear_assumptions()
        model.add_bool_and([self._switches[rule] for rule in rules])
        model.maximize(sum(self._switches.values()))
        solver = _solver(budget.left)
        status = solver.solve(model)
        budget.left -= solver.deterministic_time
        if status == self._cp_model.INFEASIBLE:
            return []
        if status not in (self._cp_model.OPTIMAL, self._cp_model.FEASIBLE):
            return None
        return [rule for rule, switch in self._switches.items() if not solver.value(switch)]

    def _switch(self, kind: str, about: tuple[object, ...], words: str) -> "Literal":
        rule = Rule(kind, about, words)
        if rule not in self._switches:
            self._switches[rule] = self._model.new_bool_var("")
        return self._switches[rule]

    def _add_pin(self, edition: Edition, pin: Pin) -> None:
        """Let the pinned edition choose among all it could be if no rule but the pin held."""
        name, year = edition.name, edition.first_week
        offers = [offer for offer in self._instance.offers.values() if pin.allows(offer)]
        weeks = range(year, year + edition.weeks_a_year) if pin.week is None else [pin.week]
        hosts = self._hosts[name] = {o.id: self._model.new_bool_var("") for o in offers}
        starts = self._starts[name] = {week: self._model.new_bool_var("") for week in weeks}
        self._model.add_at_most_one(hosts.values())
        self._model.add(sum(hosts.values()) == sum(starts.values()))
        pinned = self._switch("pin", (name,), _words_of_pin(pin))
        held = 0 if pin.vacant else 1
        self._model.add(sum(hosts.values()) == held).only_enforce_if(pinned)
        if name in self._instance.held:
            self._held |= {literal.index for literal in (*hosts.values(), *starts.values())}
            return
        offer_rule = self._switch(
            "offer", (name,), f"{name} takes an offer for its series and year."
        )
        window = self._switch("window", (name,), f"{name} starts in a week that its offer names.")
        fits = self._switch("year", (name,), f"{name} begins and ends in its year.")
        blocked = self._switch("blocked", (name,), f"{name} avoids the blocked weeks of its host.")
        for week, start in starts.items():
            if not year <= week <= edition.last_start:
                self._model.add_implication(fits, ~start)
        for offer in offers:
            host = hosts[offer.id]
            if not offer.accepts(edition):
                self._model.add_implication(offer_rule, ~host)
            country = self._instance.countries[offer.country]
            for week, start in starts.items():
                if not offer.names(edition, week):
                    self._model.add_bool_or(~window, ~host, ~start)
                if not country.takes(edition, week):
                    self._model.add_bool_or(~blocked, ~host, ~start)

    def _add_count_rules(self) -> None:
        rules, countries = self._instance.rules, self._instance.countries
        for offer in self._instance.offers.values():
            hosts = [by[offer.id] for by in self._hosts.values() if offer.id in by]
            words = f"Offer {offer.id} is used {_times(offer.uses)}."
            self._cap(hosts, offer.uses, ("uses", (offer.id,), words))
        for year in dict.fromkeys(edition.year for edition in self._editions):
            editions = [edition for edition in self._editions if edition.year == year]
            for country in countries:
                words = (
                    f"{country} hosts {_times(rules.country_per_year)} "
                    f"in {self._instance.start_year + year}."
                )
                hosts = self._hosts_from(country, editions)
                self._cap(
                    hosts, rules.country_per_year, ("country_per_year", (country, year), words)
                )
            self._add_week_rules(year, editions)

    def _add_week_rules(self, year: int, editions: Sequence[Edition]) -> None:
        cap, calendar_year = self._instance.rules.week_cap, self._instance.start_year + year
        in_week: dict[int, list[Literal]] = defaultdict(list)
        in_group: dict[tuple[int | str, int], list[Literal]] = defaultdict(list)
        for edition in editions:
            for week, start in self._starts[edition.name].items():
                for filled in edition.weeks_from(week):
                    in_week[filled].append(start)
                    in_group[edition.series.group, filled].append(start)
        words = f"A week of {calendar_year} has at most {cap} editions."
        for starts in in_week.values():
            self._cap(starts, cap, ("week_cap", (year,), words))
        for (group, _), starts in in_group.items():
            words = f"Editions for audience {group} share no week in {calendar_year}."
            self._cap(starts, 1, ("group", (group, year), words))

    def _cap(
        self, literals: "list[Literal]", most: int, rule: tuple[str, tuple[object, ...], str]
    ) -> None:
        most = max(most, sum(literal.index in self._held for literal in literals))
        if len(literals) > most:
            self._model.add(sum(literals) <= most).only_enforce_if(self._switch(*rule))

    def _add_pair_rules(self) -> None:
        rules = self._instance.rules
        for one, other in combinations(self._editions, 2):
            if one.series != other.series or {one.name, other.name} <= self._instance.held.keys():
                continue
            if other.number - one.number <= rules.cooldown:
                words = (
                    f"A country returns to {one.series.id} after {rules.cooldown} other editions."
                )
                for country in self._instance.countries:
                    hosts = self._hosts_from(country, [one, other])
                    self._cap(hosts, 1, ("cooldown", (one.series.id,), words))
        for before, after in pairwise(self._editions):
            if before.series == after.series and after.number == before.number + 1:
                self._add_distance(before, after)

    def _add_distance(self, before: Edition, after: Edition) -> None:
        if {before.name, after.name} <= self._instance.held.keys():
            return
        tol, due = self._instance.rules.tol, after.first_week - before.first_week
        words = f"{before.name} and {after.name} are {due} weeks apart, give or take {tol}."
        for week, start in self._starts[before.name].items():
            for later, other in self._starts[after.name].items():
                if abs(later - week - due) > tol:
                    switch = self._switch("tol", (before.name, after.name), words)
                    self._model.add_bool_or(~switch, ~start, ~other)

    def _hosts_from(self, country: str, editions: Iterable[Edition]) -> "list[Literal]":
        return [
            host
            for edition in editions
            for id_, host in self._hosts[edition.name].items()
            if self._instance.offers[id_].country == country
        ]


class _Meeting:
    """The fewest rules that meet every set added."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        from ortools.sat.python import cp_model  # noqa: PLC0415 - as above

        self._cp_model = cp_model
        self._model = cp_model.CpModel()
        self._chosen = {rule: self._model.new_bool_var("") for rule in rules}
        self._model.minimize(sum(self._chosen.values()))

    def add(self, rules: Iterable[Rule]) -> None:
        self._model.add_bool_or([self._chosen[rule] for rule in rules])

    def fewest(self, budget: Budget) -> list[Rule] | None:
        """Return them, or None when the time was too short."""
        solver = _solver(budget.left)
        status = solver.solve(self._model)
        budget.left -= solver.deterministic_time
        if status != self._cp_model.OPTIMAL:
            return None
        return [rule for rule, chosen in self._chosen.items() if solver.value(chosen)]


def _solver(seconds: float) -> "cp_model.CpSolver":
    from ortools.sat.python import cp_model  # noqa: PLC0415 - as above

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = max(0.0, seconds)
    solver.parameters.max_time_in_seconds = 2 * max(0.0, seconds)
    return solver


def _times(count: int) -> str:
    return {0: "never", 1: "once at most"}.get(count, f"{count} times at most")


def _words_of_pin(pin: Pin) -> str:
    if pin.vacant:
        return f"{pin.edition} stays without a host."
    return " ".join(_parts_of_pin(pin)) + "."


def _parts_of_pin(pin: Pin) -> Iterator[str]:
    yield f"{pin.edition} is held"
    if pin.country is not None:
        yield f"in {pin.country}"
    if pin.offer is not None:
        yield f"on offer {pin.offer}"
    if pin.week is not None:
        yield f"from week {pin.week} on"
