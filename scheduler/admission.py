"""Places and the queue: who is in, who waits and for what, who moves up.

One rule. An entry (a person, or a party that comes together or not at all) draws on limits: the
places of the event, and the quotas of its people's countries, regions and roles. It is seated when
each of them has room for all its people and none is closed. Otherwise it waits for the limits that
are too full for it, and closes those for everybody behind it. So nobody overtakes, except who does
not draw on what the one ahead waits for: a full country stops that country alone, a full house
stops everyone. A party that has more people than a limit ever lets in stops nobody.

Places reserved for a role are taken out of the house: its people fill them first, and draw on the
other places once they are full.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Scope(StrEnum):
    """What a limit counts."""

    PLACES = "places"  # that are reserved for nobody
    COUNTRY = "country"
    REGION = "region"
    ROLE = "role"


class Order(StrEnum):
    """By which rule a queue is ordered; whoever is equal stands in order of arrival."""

    TIME = "time"
    RANKING = "ranking"  # every country's first nominee, then every second
    BALANCE = "balance"  # people of countries that nobody is in for yet


class Cause(StrEnum):
    """Why an entry waits."""

    FULL = "full"  # no room for all its people
    AHEAD = "ahead"  # there would be room; it is kept for somebody ahead
    NEVER = "never"  # more people than the limit lets in, were nobody in


EACH = ""
"""The key of a quota that holds for each country, region or role without one of its own."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What one person counts as; an empty value counts against no quota."""

    country: str = ""
    region: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that somebody waits for: how many it lets in, and how many are in."""

    scope: Scope
    key: str
    most: int
    taken: int

    @property
    def is_full(self) -> bool:
        """Whether nobody fits any more; else it is only too full, or kept for somebody ahead."""
        return self.taken >= self.most


@dataclass(frozen=True, slots=True)
class Rules:
    """How many come in, and in which order; ``None`` of ``capacity`` is no limit."""

    capacity: int | None = None
    quotas: Mapping[tuple[Scope, str], int] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)  # role: places kept for it
    order: Order = Order.TIME

    def quota(self, scope: Scope, key: str) -> int | None:
        """Return how many of ``key`` come in: by a quota of its own, else by the one for each."""
        if not key:
            return None
        return self.quotas.get((scope, key), self.quotas.get((scope, EACH)))


@dataclass(frozen=True, slots=True)
class Entry:
    """Who waits as one: ``seats`` has one for each person, ``arrival`` orders equals."""

    id: int
    seats: tuple[Seat, ...]
    arrival: tuple[object, ...] = ()
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry that stays in the queue, the limits it waits for, and why."""

    entry: Entry
    limits: tuple[Limit, ...]
    cause: Cause = Cause.FULL


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is seated now and who still waits, each in the order of the queue."""

    seated: Sequence[Entry]
    waiting: Sequence[Waiting]


def decide(rules: Rules, seated: Mapping[Seat, int], queue: Iterable[Entry]) -> Decision:
    """Say who of ``queue`` is seated, given how many of each kind sit already.

    Single people who wait close only what is full, which closes itself. So a newcomer is decided
    by the waiting parties alone, and nobody has to read a long queue.

    >>> rules = Rules(capacity=3, quotas={(Scope.COUNTRY, EACH): 1})
    >>> queue = [Entry(1, (Seat("XAA"),)), Entry(2, (Seat("XAB"),))]
    >>> decision = decide(rules, {Seat("XAA"): 1}, queue)
    >>> [entry.id for entry in decision.seated], decision.waiting[0].limits
    ([2], (Limit(scope=<Scope.COUNTRY: 'country'>, key='XAA', most=1, taken=1),))
    """
    house, empty = _House(rules, seated), _House(rules, {})
    closed: set[tuple[Scope, str]] = set()
    moving: list[Entry] = []
    waiting: list[Waiting] = []
    for entry in _in_order(rules.order, queue, house):
        if lacking := house.lacking(entry):
            never = {(limit.scope, limit.key) for limit in empty.lacking(entry)}
            if never:
                awaited = tuple(limit for limit in lacking if (limit.scope, limit.key) in never)
                waiting.append(Waiting(entry, awaited, Cause.NEVER))
            else:
                closed.update((limit.scope, limit.key) for limit in lacking)
                waiting.append(Waiting(entry, lacking))
            continue
        awaited = tuple(
            limit for limit in house.limits(entry) if (limit.scope, limit.key) in closed
        )
        if awaited:
            waiting.append(Waiting(entry, awaited, Cause.AHEAD))
        else:
            house.seat(entry)
            moving.append(entry)
    return Decision(moving, waiting)


def admits(
    rules: Rules, seated: Mapping[Seat, int], newcomer: Entry, parties: Iterable[Entry] = ()
) -> bool:
    """Whether ``newcomer`` is seated at once, while ``parties`` wait.

    >>> admits(Rules(capacity=10), {Seat(): 9}, Entry(1, (Seat(),)))
    True
    >>> admits(Rules(capacity=10), {Seat(): 10}, Entry(1, (Seat(),)))
    False
    """
    return newcomer in decide(rules, seated, [*parties, newcomer]).seated


def numbers(decision: Decision) -> dict[int, int]:
    """Return the number in the queue, from 1, of each entry that waits (of a party, its first).

    Counted are the people ahead who wait for a limit that the entry waits for, too: who waits for
    another country is in nobody's way.

    >>> rules = Rules(capacity=9, quotas={(Scope.COUNTRY, EACH): 1})
    >>> seated = {Seat("XAA"): 1, Seat("XAB"): 1}
    >>> queue = [Entry(n, (Seat(code),), (n,)) for n, code in enumerate(["XAA", "XAB", "XAA"])]
    >>> numbers(decide(rules, seated, queue))
    {0: 1, 1: 1, 2: 2}
    """
    ahead: Counter[frozenset[tuple[Scope, str]]] = Counter()
    found = {}
    for left in decision.waiting:
        awaited = frozenset((limit.scope, limit.key) for limit in left.limits)
        found[left.entry.id] = 1 + sum(count for others, count in ahead.items() if others & awaited)
        if left.cause is not Cause.NEVER:
            ahead[awaited] += len(left.entry.seats)
    return found


def overfull(rules: Rules, seated: Mapping[Seat, int]) -> list[Limit]:
    """Return the limits of which more is taken than they let in; nobody is put out by them.

    >>> [limit.key for limit in overfull(Rules(quotas={(Scope.COUNTRY, ""): 1}), {Seat("XAA"): 2})]
    ['XAA']
    """
    return _House(rules, seated).overfull()


def _in_order(order: Order, queue: Iterable[Entry], house: _House) -> Iterable[Entry]:
    """Yield the queue by ``order``; what was seated meanwhile counts for the balance."""
    if order is Order.RANKING:
        yield from sorted(
            queue, key=lambda entry: (entry.rank is None, entry.rank or 0, entry.arrival)
        )
        return
    by_time = sorted(queue, key=lambda entry: entry.arrival)
    if order is Order.TIME:
        yield from by_time
        return
    later = []
    for entry in by_time:
        if house.has_countries_of(entry):
            later.append(entry)
        else:
            yield entry
    yield from later


class _House:
    """How full everything is, while one entry after the other is seated."""

    def __init__(self, rules: Rules, seated: Mapping[Seat, int]) -> None:
        self.rules = rules
        self.total = 0
        self.taken: Counter[tuple[Scope, str]] = Counter()
        self.roles: Counter[str] = Counter()
        for seat, count in seated.items():
            self._take(seat, count)

    def _take(self, seat: Seat, count: int = 1) -> None:
        self.total += count
        self.roles[seat.role] += count
        for limit in _keys(seat):
            self.taken[limit] += count

    def seat(self, entry: Entry) -> None:
        for seat in entry.seats:
            self._take(seat)

    def has_countries_of(self, entry: Entry) -> bool:
        return all(
            not seat.country or self.taken[Scope.COUNTRY, seat.country] for seat in entry.seats
        )

    def limits(self, entry: Entry) -> tuple[Limit, ...]:
        """Return every limit that ``entry`` draws on."""
        return tuple(limit for limit, _need in self._needs(entry))

    def lacking(self, entry: Entry) -> tuple[Limit, ...]:
        """Return the limits that are too full for ``entry``."""
        found = [limit for limit, need in self._needs(entry) if limit.taken + need > limit.most]
        capacity = self.rules.capacity
        is_crowded = capacity is not None and self.total + len(entry.seats) > capacity
        if is_crowded and not any(limit.scope is Scope.PLACES for limit in found):
            # Fewer places than people: even a reserved place is one that is not there.
            found.insert(0, Limit(Scope.PLACES, "", capacity or 0, self.total))
        return tuple(found)

    def overfull(self) -> list[Limit]:
        """Return what is taken beyond its limit."""
        found = []
        if self.rules.capacity is not None and self.total > self.rules.capacity:
            found.append(Limit(Scope.PLACES, "", self.rules.capacity, self.total))
        for (scope, key), taken in sorted(self.taken.items()):
            quota = self.rules.quota(scope, key)
            if quota is not None and taken > quota:
                found.append(Limit(scope, key, quota, taken))
        return found

    def _needs(self, entry: Entry) -> Iterable[tuple[Limit, int]]:
        reserved = self.rules.reserved
        if self.rules.capacity is not None:
            free = self._beyond_reserved(self.roles)
            need = self._beyond_reserved(self.roles + Counter(seat.role for seat in entry.seats))
            most = max(0, self.rules.capacity - sum(reserved.values()))
            if need > free:
                yield Limit(Scope.PLACES, "", most, free), need - free
        counted = Counter(key for seat in entry.seats for key in _keys(seat))
        for (scope, key), need in counted.items():
            quota = self.rules.quota(scope, key)
            if quota is not None:
                yield Limit(scope, key, quota, self.taken[scope, key]), need

    def _beyond_reserved(self, roles: Mapping[str, int]) -> int:
        """Return how many sit on places that are reserved for nobody."""
        reserved = self.rules.reserved
        return sum(max(0, count - reserved.get(role, 0)) for role, count in roles.items())


def _keys(seat: Seat) -> Iterable[tuple[Scope, str]]:
    pairs = (
        (Scope.COUNTRY, seat.country),
        (Scope.REGION, seat.region),
        (Scope.ROLE, seat.role),
    )
    return (pair for pair in pairs if pair[1])
