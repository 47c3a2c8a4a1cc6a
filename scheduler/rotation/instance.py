"""What a rotation is planned from: series, countries, their offers, known events, the rules.

The notation is JSON (`tests/scheduler/rotation/README.md`). Years are indices from
``start_year``; every year there has 52 weeks, and an absolute week is ``52 * year + week of the
year``. An instance that is made otherwise may give each year more: with 53, every ISO week has a
number of its own, and that of the 53rd week of a short year stays unused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn, TypeVar

from scheduler.errors import N_, DomainError

WEEKS = 52
GLOBAL = "global"
# Beyond these a number is a slip of the pen, and the solver's 64 bits could overflow.
LARGEST = 1_000_000
LONGEST_HORIZON = 200

Item = TypeVar("Item")


class RotationInstanceError(DomainError):
    """A rotation instance that cannot be read: something is missing, wrong or contradictory."""

    message = N_("The rotation instance cannot be used: {problem}")

    def __init__(self, problem: str) -> None:
        """Say in ``problem`` what is wrong and where."""
        super().__init__(problem=problem)


@dataclass(frozen=True, slots=True)
class Country:
    """A possible host; ``blocked`` absolute weeks are never free, ``soft`` ones cost something.

    ``closed`` are, by series, further absolute weeks in which none of its editions starts here:
    their days meet a holiday, where a shorter event of the same week would not.
    """

    id: str
    region: str
    blocked: frozenset[int] = frozenset()
    soft: Mapping[int, int] = field(default_factory=dict)
    closed: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def is_free(self, weeks: Iterable[int]) -> bool:
        """Whether none of the absolute ``weeks`` is blocked."""
        return self.blocked.isdisjoint(weeks)

    def takes(self, edition: "Edition", week: int) -> bool:
        """Whether ``edition`` may start in absolute ``week`` here."""
        is_closed = week in self.closed.get(edition.series.id, ())
        return not is_closed and self.is_free(edition.weeks_from(week))


@dataclass(frozen=True, slots=True)
class Series:
    """A lasting undertaking: an edition every ``period`` years, of ``length`` weeks.

    ``scope`` is ``"global"`` or one region; ``pref`` is the preferred week of the year; editions
    with the same audience ``group`` never share a week. ``due`` lists year index and
    preferred week of each edition, in order of time, where ``period``, ``first`` and ``pref``
    do not say them: years may be left out, or differ.
    """

    id: str
    period: int
    first: int
    scope: str
    length: int
    pref: int
    importance: int
    group: int | str
    due: tuple[tuple[int, int], ...] | None = None

    @property
    def is_global(self) -> bool:
        """Whether its hosts rotate among the regions."""
        return self.scope == GLOBAL


@dataclass(frozen=True, slots=True)
class Edition:
    """The ``number``-th symposium or workshop of ``series``, due in year index ``year``."""

    series: Series
    number: int
    year: int
    weeks_a_year: int = WEEKS

    @property
    def first_week(self) -> int:
        """The first absolute week of its year."""
        return self.weeks_a_year * self.year

    @property
    def last_start(self) -> int:
        """The last absolute week from which it ends in its year."""
        return self.first_week + self.weeks_a_year - self.series.length

    @property
    def name(self) -> str:
        """Its name in plans: ``SERIES/NUMBER``."""
        return f"{self.series.id}/{self.number}"

    @property
    def pref(self) -> int:
        """The preferred week of the year."""
        return self.series.pref if self.series.due is None else self.series.due[self.number][1]

    def weeks_from(self, week: int) -> range:
        """Return the absolute weeks it fills when it starts in absolute ``week``."""
        return range(week, week + self.series.length)


@dataclass(frozen=True, slots=True)
class Offer:
    """A country's standing invitation to host ``series``, ``uses`` times at most.

    ``years`` are the first and last year index, both included; ``weeks`` are windows of weeks of
    the year, ends included, each open to every accepted series. Whether a country outside its
    region may host a regional series is the offer's matter: who accepts the series may host it.
    ``only`` says, where series, years and windows do not, the absolute weeks in which each
    edition, by name, may start on this offer.
    """

    id: str
    country: str
    series: tuple[str, ...]
    years: tuple[int, int]
    weeks: tuple[tuple[int, int], ...]
    cost: int
    uses: int
    only: Mapping[str, frozenset[int]] | None = None

    def accepts(self, edition: Edition) -> bool:
        """Whether series and year of ``edition`` are among those offered."""
        if self.only is not None:
            return edition.name in self.only
        first, last = self.years
        return edition.series.id in self.series and first <= edition.year <= last

    def names(self, edition: Edition, week: int) -> bool:
        """Whether absolute ``week`` is one in which it lets ``edition`` start."""
        if self.only is not None:
            return week in self.only.get(edition.name, ())
        return any(low <= week - edition.first_week <= high for low, high in self.weeks)

    def starts(self, edition: Edition) -> list[int]:
        """Return the absolute weeks, ascending, in which ``edition`` may start, in its year."""
        year = edition.first_week
        if self.only is not None:
            within = set(self.only.get(edition.name, ()))
        else:
            within = {year + w for low, high in self.weeks for w in range(low, high + 1)}
        return sorted(w for w in within if year <= w <= edition.last_start)


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """Somebody else's event from absolute ``week`` on; meeting it costs ``cost`` a week."""

    week: int
    length: int
    group: int | str
    cost: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers in the hard rules and in the fairness of the rotation.

    ``cooldown``: editions within which a country may not return to a series. ``tol``: weeks by
    which consecutive editions may differ from their period. ``country_per_year`` and
    ``week_cap``: editions a country hosts in a year, and that fall in one week, at most.
    ``rotation``: the number of consecutive editions whose regions should differ.
    """

    cooldown: int
    tol: int
    country_per_year: int
    week_cap: int
    rotation: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A host for an edition: the offer taken up and the absolute week in which it starts."""

    offer: str
    week: int


@dataclass(frozen=True)
class Instance:
    """Everything a rotation is planned from; countries, series and offers by their ids.

    ``held`` are the editions that have their host already, by name. Every rule counts them, and
    none judges them: what they break among themselves, or against a holiday, is a fact.
    """

    years: int
    start_year: int
    regions: tuple[str, ...]
    countries: Mapping[str, Country]
    series: Mapping[str, Series]
    offers: Mapping[str, Offer]
    intl: tuple[KnownEvent, ...]
    rules: Rules
    held: Mapping[str, Choice] = field(default_factory=dict)
    weeks_a_year: int = WEEKS

    @cached_property
    def editions(self) -> dict[str, Edition]:
        """The editions to be hosted, or held, by name: series by series, in order of time."""
        due = (
            Edition(series, number, year, self.weeks_a_year)
            for series in self.series.values()
            for number, year in enumerate(self._years_of(series))
        )
        return {edition.name: edition for edition in due}

    def _years_of(self, series: Series) -> Iterable[int]:
        if series.due is None:
            return range(series.first, self.years, series.period)
        return [year for year, _ in series.due]

    def editions_of(self, series: Series) -> list[Edition]:
        """Return the editions of ``series`` in order of time."""
        return [edition for edition in self.editions.values() if edition.series is series]

    @cached_property
    def event_costs(self) -> dict[tuple[int | str, int], int]:
        """What a week of an edition costs by known events: by (group, absolute week)."""
        costs: dict[tuple[int | str, int], int] = {}
        for event in self.intl:
            for week in range(event.week, event.week + event.length):
                costs[event.group, week] = costs.get((event.group, week), 0) + event.cost
        return costs

    def region_of(self, offer_id: str) -> str:
        """Return the region of the country that makes the offer."""
        return self.countries[self.offers[offer_id].country].region


class _Node:
    """A piece of the JSON with the words for where it stands, for sentences about faults."""

    def __init__(self, value: object, where: str) -> None:
        self.value = value
        self.where = where

    def refuse(self, problem: str) -> NoReturn:
        sentence = f"{self.where} {problem}"
        raise RotationInstanceError(sentence)

    def at(self, key: str) -> "_Node":
        members = self.members()
        if key not in members:
            self.refuse(f"has no “{key}”.")
        return _Node(members[key], f"“{key}” of {self.where}")

    def members(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            self.refuse("must be an object.")
        return self.value

    def items(self) -> list["_Node"]:
        if not isinstance(self.value, list):
            self.refuse("must be a list.")
        return [_Node(value, f"item {i} in {self.where}") for i, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value:
            self.refuse("must be a text that is not empty.")
        return self.value

    def whole(self, low: int = 0, high: int = LARGEST) -> int:
        # In Python True is an int, in JSON it is not a number.
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.refuse("must be a whole number.")
        if not low <= self.value <= high:
            self.refuse(f"is {self.value}; {low} to {high} would do.")
        return self.value

    def group(self) -> int | str:
        return self.text() if isinstance(self.value, str) else self.whole(-LARGEST)

    def pair(self, high: int) -> tuple[int, int]:
        ends = [node.whole(0, high) for node in self.items()]
        if len(ends) != 2:  # noqa: PLR2004 - a first and a last
            self.refuse("must have two ends, the first and the last.")
        if ends[0] > ends[1]:
            self.refuse(f"ends before it begins: {ends[0]} to {ends[1]}.")
        return ends[0], ends[1]

    def known(self, among: Iterable[str], kind: str) -> str:
        name = self.text()
        if name not in among:
            self.refuse(f"is “{name}”, which is no {kind} of this instance.")
        return name

    def distinct(self, names: list[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.refuse(f"has “{name}” twice.")
            seen.add(name)


def read(document: object) -> Instance:
    """Return the instance that a parsed JSON ``document`` describes.

    Unknown keys are ignored. A window of weeks may reach past the end of the year, where no
    edition fits; one that lies wholly outside the year is a fault.

    Raises:
        RotationInstanceError: the first fault found, in a sentence that says where it is.
    """
    root = _Node(document, "the instance")
    years = root.at("years").whole(0, LONGEST_HORIZON)
    regions = [node.text() for node in root.at("regions").items()]
    root.at("regions").distinct(regions)
    if GLOBAL in regions:
        root.at("regions").refuse("may not name a region “global”: that is the scope of all.")
    countries = _table(root.at("countries"), lambda node, id_: _country(node, id_, regions))
    series = _table(root.at("series"), lambda node, id_: _series(node, id_, regions))
    offers = _table(root.at("offers"), lambda node, id_: _offer(node, id_, countries, series))
    events = tuple(_event(node) for node in root.at("intl").items())
    params = root.at("params")
    rules = Rules(
        cooldown=params.at("cooldown").whole(),
        tol=params.at("tol").whole(),
        country_per_year=params.at("country_per_year").whole(),
        week_cap=params.at("week_cap").whole(),
        rotation=params.at("rotation").whole(),
    )
    return Instance(
        years=years,
        start_year=root.at("start_year").whole(),
        regions=tuple(regions),
        countries=countries,
        series=series,
        offers=offers,
        intl=events,
        rules=rules,
    )


def _table(rows: _Node, build: Callable[[_Node, str], Item]) -> dict[str, Item]:
    """Read a list of objects with an ``id`` each; name the object, not its place, in faults."""
    table: dict[str, Item] = {}
    for row in rows.items():
        id_ = row.at("id").text()
        if id_ in table:
            rows.refuse(f"has “{id_}” twice.")
        table[id_] = build(_Node(row.value, f"“{id_}” in {rows.where}"), id_)
    return table


def _country(node: _Node, id_: str, regions: list[str]) -> Country:
    soft = node.at("soft")
    costs: dict[int, int] = {}
    for key in soft.members():
        # JSON has no numbers for keys; an ASCII check, since int() also reads "٣" and "1_0".
        if not (key.isascii() and key.isdecimal()):
            soft.refuse(f"has “{key}” where the number of a week is expected.")
        costs[int(key[:9])] = soft.at(key).whole()
    return Country(
        id=id_,
        region=node.at("region").known(regions, "region"),
        blocked=frozenset(week.whole() for week in node.at("blocked").items()),
        soft=costs,
    )


def _series(node: _Node, id_: str, regions: list[str]) -> Series:
    return Series(
        id=id_,
        period=node.at("period").whole(1),
        first=node.at("first").whole(),
        scope=node.at("scope").known([GLOBAL, *regions], "scope"),
        length=node.at("length").whole(1, WEEKS),
        pref=node.at("pref").whole(0, WEEKS - 1),
        importance=node.at("importance").whole(),
        group=node.at("group").group(),
    )


def _offer(
    node: _Node, id_: str, countries: Mapping[str, Country], series: Mapping[str, Series]
) -> Offer:
    windows = [window.pair(LARGEST) for window in node.at("weeks").items()]
    for window in windows:
        if window[0] >= WEEKS:
            node.at("weeks").refuse(f"are never: the year ends with week {WEEKS - 1}.")
    return Offer(
        id=id_,
        country=node.at("country").known(countries, "country"),
        series=tuple(item.known(series, "series") for item in node.at("series").items()),
        years=node.at("years").pair(LARGEST),
        # Whatever reaches past the year is no option; cut, so that it cannot cost memory either.
        weeks=tuple((low, min(high, WEEKS - 1)) for low, high in windows),
        cost=node.at("cost").whole(),
        uses=node.at("uses").whole(),
    )


def _event(node: _Node) -> KnownEvent:
    return KnownEvent(
        week=node.at("week").whole(),
        length=node.at("length").whole(0, WEEKS),
        group=node.at("group").group(),
        cost=node.at("cost").whole(),
    )
