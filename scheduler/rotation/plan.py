"""A rotation plan, and what can be said about one without a solver.

`check` and `score` read the rules a second time, edition by edition and week by week, so that
they are a judge of the model and not its echo.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from scheduler.rotation.instance import Choice, Edition, Instance

# By name of edition; None is a vacant edition, one without a host.
Assignment = Mapping[str, Choice | None]


@dataclass(frozen=True, slots=True)
class Level:
    """One aim of the rotation: ``key`` for programs, ``words`` for the organiser who orders it."""

    key: str
    words: str


VACANCIES = Level("vacancies", "importance of editions left without a host")
REPEATS = Level("repeats", "regions that host a global series again too soon")
BALANCE = Level("balance", "gap between the most and the least hosting region")
DATES = Level("dates", "holidays, known events and weeks away from the preferred one")
OFFERS = Level("offers", "cost of the offers taken up")
CHANGES = Level("changes", "changes against the adopted plan")

# The first counts most: no gain in a later one outweighs a loss in an earlier one.
LEVELS = (VACANCIES, REPEATS, BALANCE, DATES, OFFERS)


@dataclass(frozen=True, slots=True)
class LevelResult:
    """What a plan reaches on one level.

    ``bound`` is the least that is possible as long as the levels before are no worse than found;
    the level is closed when ``value`` equals it.
    """

    level: Level
    value: int
    bound: int

    @property
    def closed(self) -> bool:
        """Whether nothing better is possible on this level."""
        return self.value == self.bound


@dataclass(frozen=True, slots=True)
class Plan:
    """A host or none for every edition, with what it reaches on each level, in order."""

    assignment: Assignment
    levels: tuple[LevelResult, ...]

    @property
    def proved(self) -> bool:
        """Whether no plan is better: every level closed."""
        return all(result.closed for result in self.levels)

    @property
    def values(self) -> tuple[int, ...]:
        """The values of the levels, in order: plans compare as these tuples do."""
        return tuple(result.value for result in self.levels)

    def document(self) -> dict[str, object]:
        """Return the plan as JSON has it, an offer and an absolute week for each edition."""
        return {
            "plan": {
                name: None if choice is None else [choice.offer, choice.week]
                for name, choice in self.assignment.items()
            },
            "levels": [{"value": result.value, "bound": result.bound} for result in self.levels],
            "proved": self.proved,
        }


def check(instance: Instance, plan: Assignment) -> list[str]:
    """Return the hard rules that ``plan`` breaks, a sentence each; none when it is allowed."""
    faults = [f"{name} is not in the plan." for name in instance.editions if name not in plan]
    faults += [f"{name} is no edition." for name in plan if name not in instance.editions]
    held: list[tuple[Edition, Choice]] = []
    for name, edition in instance.editions.items():
        choice = plan.get(name)
        if name in instance.held and choice != instance.held[name]:
            faults.append(f"{name} has its host already, and the plan gives it another.")
        if choice is None:
            continue
        if choice.offer not in instance.offers:
            faults.append(f"{name}: there is no offer {choice.offer}.")
            continue
        if name not in instance.held:
            faults += [f"{name}: {fault}" for fault in _faults_of_choice(instance, edition, choice)]
        held.append((edition, choice))
    faults += _faults_of_counts(instance, held)
    for one, other in combinations(held, 2):
        faults += _faults_of_pair(instance, one, other)
    return faults


def _faults_of_choice(instance: Instance, edition: Edition, choice: Choice) -> Iterator[str]:
    offer = instance.offers[choice.offer]
    start = choice.week - edition.first_week
    if offer.only is not None:
        if choice.week not in offer.only.get(edition.name, ()):
            yield f"offer {offer.id} is not for it in week {start} of the year."
    else:
        if edition.series.id not in offer.series:
            yield f"offer {offer.id} is not for {edition.series.id}."
        if not offer.years[0] <= edition.year <= offer.years[1]:
            yield f"offer {offer.id} is not for year {edition.year}."
        if not any(low <= start <= high for low, high in offer.weeks):
            yield f"offer {offer.id} is not for week {start} of the year."
    if choice.week in instance.countries[offer.country].closed.get(edition.series.id, ()):
        yield f"week {choice.week} is closed to {edition.series.id} in {offer.country}."
    if not edition.first_week <= choice.week <= edition.last_start:
        yield "it does not fit into its year."
    for week in range(choice.week, choice.week + edition.series.length):
        if week in instance.countries[offer.country].blocked:
            yield f"week {week} is blocked in {offer.country}."


def _faults_of_counts(instance: Instance, held: list[tuple[Edition, Choice]]) -> Iterator[str]:
    rules = instance.rules
    country_of = {id_: offer.country for id_, offer in instance.offers.items()}
    # What is held breaks no rule: where it fills a limit, or more, no other edition comes to it.
    fixed = [(edition, choice) for edition, choice in held if edition.name in instance.held]
    for offer, uses in Counter(choice.offer for _, choice in held).items():
        if uses > instance.offers[offer].uses:
            yield f"offer {offer} is used {uses} times, {instance.offers[offer].uses} at most."
    hosts = Counter((country_of[choice.offer], edition.year) for edition, choice in held)
    taken = Counter((country_of[choice.offer], edition.year) for edition, choice in fixed)
    for (country, year), count in hosts.items():
        if count > max(rules.country_per_year, taken[country, year]):
            yield (
                f"{country} hosts {count} editions in year {year}, "
                f"{rules.country_per_year} at most."
            )
    load, filled = (
        Counter(
            week
            for edition, choice in some
            for week in range(choice.week, choice.week + edition.series.length)
        )
        for some in (held, fixed)
    )
    for week, count in load.items():
        if count > max(rules.week_cap, filled[week]):
            yield f"{count} editions fall in week {week}, {rules.week_cap} at most."


def _faults_of_pair(
    instance: Instance, one: tuple[Edition, Choice], other: tuple[Edition, Choice]
) -> Iterator[str]:
    (first, here), (second, there) = one, other
    if first.name in instance.held and second.name in instance.held:
        return
    names = f"{first.name} and {second.name}"
    if (
        first.series.group == second.series.group
        and here.week < there.week + second.series.length
        and there.week < here.week + first.series.length
    ):
        yield f"{names} share a week and an audience."
    if first.series.id != second.series.id:
        return
    apart = abs(second.number - first.number)
    country = instance.offers[here.offer].country
    if apart <= instance.rules.cooldown and country == instance.offers[there.offer].country:
        yield f"{names} are both in {country}."
    drift = abs(there.week - here.week) - abs(second.first_week - first.first_week)
    if apart == 1 and abs(drift) > instance.rules.tol:
        yield f"{names} are {abs(there.week - here.week)} weeks apart."


def score(instance: Instance, plan: Assignment) -> tuple[int, int, int, int, int]:
    """Return what ``plan`` reaches on the five levels of `LEVELS`, in that order.

    What is held counts for the regions, and costs nothing on the last two levels.
    """
    vacant = sum(e.series.importance for n, e in instance.editions.items() if plan.get(n) is None)
    gap = max(hostings(instance, plan).values(), default=0)
    gap -= min(hostings(instance, plan).values(), default=0)
    held = _held(instance, plan)
    free = [(edition, choice) for edition, choice in held if edition.name not in instance.held]
    dates = sum(_date_cost(instance, edition, choice) for edition, choice in free)
    offers = sum(instance.offers[choice.offer].cost for _, choice in free)
    return vacant, repeats(instance, plan), gap, dates, offers


def hostings(instance: Instance, plan: Assignment) -> dict[str, int]:
    """Return how many editions of global series each region hosts, 0 included."""
    count = dict.fromkeys(instance.regions, 0)
    for edition, choice in _held(instance, plan):
        if edition.series.is_global:
            count[instance.region_of(choice.offer)] += 1
    return count


def repeats(instance: Instance, plan: Assignment) -> int:
    """Return the pairs of editions of a global series that are in one region too soon."""
    count = 0
    for (one, here), (other, there) in combinations(_held(instance, plan), 2):
        count += (
            one.series.id == other.series.id
            and one.series.is_global
            and abs(one.number - other.number) < instance.rules.rotation
            and instance.region_of(here.offer) == instance.region_of(there.offer)
        )
    return count


def _held(instance: Instance, plan: Assignment) -> list[tuple[Edition, Choice]]:
    pairs = ((edition, plan.get(name)) for name, edition in instance.editions.items())
    return [(edition, choice) for edition, choice in pairs if choice is not None]


def _date_cost(instance: Instance, edition: Edition, choice: Choice) -> int:
    soft = instance.countries[instance.offers[choice.offer].country].soft
    cost = abs(choice.week - edition.first_week - edition.pref)
    for week in range(choice.week, choice.week + edition.series.length):
        cost += soft.get(week, 0)
        for event in instance.intl:
            if event.group == edition.series.group:
                cost += event.cost * (event.week <= week < event.week + event.length)
    return cost


@dataclass(frozen=True, slots=True)
class Fairness:
    """How evenly the global series go round the regions.

    ``hostings`` by region; ``gap`` is most minus least; ``longest_absence`` is by region the
    longest run of years without a global edition there; ``repeats`` as on the second level;
    ``gini`` of the hostings, 0 when all are equal and below 1 always.
    """

    hostings: dict[str, int]
    gap: int
    longest_absence: dict[str, int]
    repeats: int
    gini: float


def fairness(instance: Instance, plan: Assignment) -> Fairness:
    """Return how evenly ``plan`` treats the regions."""
    count = hostings(instance, plan)
    years: dict[str, set[int]] = {region: set() for region in instance.regions}
    for edition, choice in _held(instance, plan):
        if edition.series.is_global:
            years[instance.region_of(choice.offer)].add(edition.year)
    absence = {
        region: max(after - before - 1 for before, after in pairwise([-1, *sorted(visits), end]))
        for end in [instance.years]
        for region, visits in years.items()
    }
    total, regions = sum(count.values()), len(count)
    spread = sum(abs(one - other) for one, other in combinations(count.values(), 2))
    return Fairness(
        hostings=count,
        gap=max(count.values(), default=0) - min(count.values(), default=0),
        longest_absence=absence,
        repeats=repeats(instance, plan),
        gini=spread / (regions * total) if total else 0.0,
    )
