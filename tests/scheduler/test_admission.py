"""The engine against a model that is slow and obvious, over random histories."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from scheduler.admission import (
    EACH,
    Cause,
    Entry,
    Limit,
    Order,
    Rules,
    Scope,
    Seat,
    admits,
    decide,
    numbers,
)

COUNTRIES = ("", "XAA", "XAB", "XAC")
REGION = {"": "", "XAA": "africa", "XAB": "africa", "XAC": "europe"}
ROLES = ("participant", "speaker", "host")

seats = st.builds(
    lambda country, role: Seat(country, REGION[country], role),
    st.sampled_from(COUNTRIES),
    st.sampled_from(ROLES),
)
quotas = st.dictionaries(
    st.sampled_from(
        [
            (Scope.COUNTRY, EACH),
            (Scope.COUNTRY, "XAA"),
            (Scope.REGION, "africa"),
            (Scope.ROLE, "speaker"),
            (Scope.ROLE, EACH),
        ]
    ),
    st.integers(0, 4),
)
rules = st.builds(
    Rules,
    st.none() | st.integers(1, 9),
    quotas,
    st.dictionaries(st.sampled_from(("speaker", "host")), st.integers(1, 3), max_size=2),
    st.sampled_from(Order),
)
parties = st.lists(seats, min_size=1, max_size=3).map(tuple)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("come"), parties, st.none() | st.integers(1, 3)),
        st.tuples(st.just("leave"), st.integers(0, 30)),
        st.tuples(st.just("replace"), st.integers(0, 30)),
        st.tuples(st.just("change"), rules),
        st.tuples(st.just("close"), st.booleans()),
    ),
    max_size=25,
)


@dataclass
class Model:
    """Everybody in a list, everything counted again for each question."""

    rules: Rules
    seated: list[Entry] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)

    def people(self, with_entry: Entry | None = None) -> list[Seat]:
        entries = [*self.seated, *([with_entry] if with_entry else [])]
        return [seat for entry in entries for seat in entry.seats]

    def lacks(self, entry: Entry) -> set[tuple[Scope, str]]:
        after, found = self.people(entry), set()
        for scope, attribute in (
            (Scope.COUNTRY, "country"),
            (Scope.REGION, "region"),
            (Scope.ROLE, "role"),
        ):
            for key in {getattr(seat, attribute) for seat in entry.seats} - {""}:
                most = self.rules.quotas.get((scope, key), self.rules.quotas.get((scope, EACH)))
                if most is not None and [getattr(s, attribute) for s in after].count(key) > most:
                    found.add((scope, key))
        if self.rules.capacity is not None:
            kept = sum(
                max(0, count - [seat.role for seat in after].count(role))
                for role, count in self.rules.reserved.items()
            )
            draws = self.open_places(self.people()) != self.open_places(after)
            if len(after) > self.rules.capacity or (
                draws and len(after) + kept > self.rules.capacity
            ):
                found.add((Scope.PLACES, ""))
        return found

    def open_places(self, people: list[Seat]) -> int:
        return sum(
            max(0, [seat.role for seat in people].count(role) - self.rules.reserved.get(role, 0))
            for role in {seat.role for seat in people}
        )

    def draws(self, entry: Entry) -> set[tuple[Scope, str]]:
        found = set()
        for seat in entry.seats:
            for scope, key in (
                (Scope.COUNTRY, seat.country),
                (Scope.REGION, seat.region),
                (Scope.ROLE, seat.role),
            ):
                if key and {(scope, key), (scope, EACH)} & set(self.rules.quotas):
                    found.add((scope, key))
        if self.open_places(self.people()) != self.open_places(self.people(entry)):
            found.add((Scope.PLACES, ""))
        return found

    def next_of(self, left: list[Entry]) -> Entry:
        countries = {seat.country for seat in self.people()}
        if self.rules.order is Order.BALANCE:
            return min(
                left,
                key=lambda e: (
                    all(not s.country or s.country in countries for s in e.seats),
                    e.arrival,
                ),
            )
        if self.rules.order is Order.RANKING:
            return min(left, key=lambda e: (e.rank is None, e.rank or 0, e.arrival))
        return min(left, key=lambda e: e.arrival)

    def fill(self) -> None:
        left, closed = list(self.waiting), set()
        while left:
            entry = self.next_of(left)
            left.remove(entry)
            lacks = self.lacks(entry)
            if not Model(self.rules).lacks(entry):  # else it could never come in, and stops nobody
                closed |= lacks
            if not lacks and not self.draws(entry) & closed:
                self.waiting.remove(entry)
                self.seated.append(entry)


@given(rules, steps)
def test_over_any_history_the_engine_seats_whom_the_obvious_model_seats(
    rules: Rules, history: list[tuple[object, ...]]
) -> None:
    model, seated, waiting, is_open = Model(rules), [], [], True
    for number, (act, *given_) in enumerate(history):
        if act == "come" and is_open:
            entry = Entry(number, given_[0], (number,), given_[1])
            ahead = [party for party in waiting if len(party.seats) > 1]
            at_once = admits(rules, count(seated), entry, ahead)
            waiting.append(entry)
            model.waiting.append(entry)
        elif act == "leave":
            for group in (seated, waiting, model.seated, model.waiting):
                group[:] = [entry for entry in group if entry.id != given_[0]]
        elif act == "replace":  # a colleague of the same country keeps place and turn
            for group in (seated, waiting, model.seated, model.waiting):
                group[:] = [
                    replace(entry, id=100 + number) if entry.id == given_[0] else entry
                    for entry in group
                ]
        elif act == "change":
            rules = model.rules = given_[0]
        elif act == "close":
            is_open = given_[0]
        decision = decide(rules, count(seated), waiting)
        if act == "come" and is_open:
            assert at_once == (entry in decision.seated)
        seated += decision.seated
        waiting = [left.entry for left in decision.waiting]
        model.fill()
        assert {entry.id for entry in seated} == {entry.id for entry in model.seated}
        assert {entry.id for entry in waiting} == {entry.id for entry in model.waiting}
        assert_sound(rules, seated, decision.seated, decision.waiting)
        again = decide(rules, count(seated), waiting)
        assert again.seated == []


def assert_sound(rules: Rules, seated: list[Entry], moved: object, waiting: object) -> None:
    people = [seat for entry in seated for seat in entry.seats]
    if moved and rules.capacity is not None:
        assert len(people) <= rules.capacity
    for left in waiting:
        assert left.limits
        if len(left.entry.seats) == 1 and not any(len(w.entry.seats) > 1 for w in waiting):
            assert all(limit.is_full for limit in left.limits)


def count(entries: list[Entry]) -> Counter[Seat]:
    return Counter(seat for entry in entries for seat in entry.seats)


def one(number: int, country: str = "", role: str = "participant") -> Entry:
    return Entry(number, (Seat(country, REGION[country], role),), (number,))


def ids(entries: object) -> list[int]:
    return [entry.id for entry in entries]


def test_a_full_country_stops_nobody_else() -> None:
    rules = Rules(3, {(Scope.COUNTRY, "XAA"): 1})
    decision = decide(rules, {}, [one(1, "XAA"), one(2, "XAA"), one(3, "XAB"), one(4, "XAA")])
    assert ids(decision.seated) == [1, 3]
    assert [left.limits for left in decision.waiting] == [
        (Limit(Scope.COUNTRY, "XAA", 1, 1),),
        (Limit(Scope.COUNTRY, "XAA", 1, 1),),
    ]


def test_a_party_that_does_not_fit_is_overtaken_by_nobody_who_wants_its_places() -> None:
    party = Entry(1, (Seat("XAA"), Seat("XAB")), (1,))
    decision = decide(Rules(10), {Seat(): 9}, [party, one(2, "XAC")])
    assert ids(decision.seated) == []
    assert decision.waiting[1].limits == (Limit(Scope.PLACES, "", 10, 9),)


def test_a_party_larger_than_a_limit_ever_lets_in_stops_nobody() -> None:
    rules = Rules(3, {(Scope.COUNTRY, "XAA"): 1})
    queue = [Entry(1, (Seat("XAA"), Seat("XAA")), (1,)), one(2, "XAA"), one(3, "XAB")]
    decision = decide(rules, {}, queue)
    assert ids(decision.seated) == [2, 3]
    assert [(left.limits[0].key, left.cause) for left in decision.waiting] == [
        ("XAA", Cause.NEVER),
    ]
    full = decide(Rules(3), {Seat(): 3}, [Entry(1, (Seat(),) * 4, (1,)), one(2)])
    assert numbers(full) == {1: 1, 2: 1}


def test_a_party_too_large_for_its_country_lets_other_countries_pass() -> None:
    party = Entry(1, (Seat("XAA"), Seat("XAA")), (1,))
    rules = Rules(10, {(Scope.COUNTRY, EACH): 2})
    decision = decide(rules, {Seat("XAA"): 1}, [party, one(2, "XAA"), one(3, "XAB")])
    assert ids(decision.seated) == [3]
    assert [left.cause for left in decision.waiting] == [Cause.FULL, Cause.AHEAD]


def test_reserved_places_wait_for_their_role_and_more_of_it_compete_for_the_rest() -> None:
    rules = Rules(3, reserved={"speaker": 1})
    queue = [one(1), one(2), one(3), one(4, role="speaker"), one(5, role="speaker")]
    decision = decide(rules, {}, queue)
    assert ids(decision.seated) == [1, 2, 4]
    assert [left.limits[0].scope for left in decision.waiting] == [Scope.PLACES, Scope.PLACES]


def test_several_quotas_hold_at_once_and_each_that_lacks_is_named() -> None:
    rules = Rules(
        9, {(Scope.COUNTRY, EACH): 2, (Scope.REGION, "africa"): 3, (Scope.ROLE, "speaker"): 1}
    )
    seated = {
        Seat("XAA", "africa", "participant"): 2,
        Seat("XAB", "africa", "speaker"): 1,
    }
    decision = decide(rules, seated, [one(1, "XAA", "speaker")])
    assert [(limit.scope, limit.key) for limit in decision.waiting[0].limits] == [
        (Scope.COUNTRY, "XAA"),
        (Scope.REGION, "africa"),
        (Scope.ROLE, "speaker"),
    ]


def test_the_ranking_takes_every_first_before_any_second() -> None:
    queue = [
        replace(one(1, "XAA"), rank=2),
        replace(one(2, "XAA"), rank=1),
        one(3, "XAB"),
        replace(one(4, "XAC"), rank=1),
    ]
    assert ids(decide(Rules(3, order=Order.RANKING), {}, queue).seated) == [2, 4, 1]


def test_the_balance_takes_countries_that_nobody_is_in_for_yet() -> None:
    queue = [one(1, "XAA"), one(2, "XAB"), one(3, "XAB"), one(4, "XAC")]
    rules = Rules(4, order=Order.BALANCE)
    assert ids(decide(rules, {Seat("XAA"): 1}, queue).seated) == [2, 4, 1]


def test_fewer_places_than_people_put_nobody_out_and_let_nobody_in() -> None:
    rules = Rules(2, reserved={"speaker": 1})
    decision = decide(rules, {Seat("", "", "participant"): 3}, [one(1, role="speaker")])
    assert ids(decision.seated) == []
    assert decision.waiting[0].limits == (Limit(Scope.PLACES, "", 2, 3),)
