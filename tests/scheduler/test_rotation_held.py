"""Editions that have their host, years that follow no period, offers bound to editions."""

from __future__ import annotations

from dataclasses import replace

from scheduler import rotation
from scheduler.rotation import Choice, Country, Instance, Offer, Pin, Rules, Series

MEETING = Series("M", 1, 0, "global", 1, 0, 1, "M", due=((0, 10), (3, 10), (7, 12)))


def offer(id_: str, country: str, **only: set[int]) -> Offer:
    weeks = {f"M/{name[1:]}": frozenset(found) for name, found in only.items()}
    return Offer(id_, country, ("M",), (0, 9), (), 0, 2, only=weeks)


def instance(**changed: object) -> Instance:
    """Return three editions, of which A held the first; A and B offer the others."""
    made = Instance(
        years=8,
        start_year=2024,
        regions=("r", "s"),
        countries={"A": Country("A", "r"), "B": Country("B", "s")},
        series={"M": MEETING},
        offers={
            "held": offer("held", "A", e0={10}),
            "a": offer("a", "A", e1={166}, e2={376}),
            "b": offer("b", "B", e1={166, 168}, e2={376}),
        },
        intl=(),
        rules=Rules(cooldown=1, tol=26, country_per_year=1, week_cap=1, rotation=2),
        held={"M/0": Choice("held", 10)},
    )
    return replace(made, **changed)


def test_a_country_that_holds_an_edition_does_not_host_the_next() -> None:
    plan = rotation.solve(instance())
    assert plan.assignment == {
        "M/0": Choice("held", 10),
        "M/1": Choice("b", 166),
        "M/2": Choice("a", 376),
    }
    assert plan.proved
    assert rotation.check(instance(), plan.assignment) == []
    assert plan.values == rotation.score(instance(), plan.assignment)


def test_what_is_held_breaks_no_rule_however_it_stands() -> None:
    # Both in A, a week too far apart, on a blocked day: facts.
    offers = {**instance().offers, "too": offer("too", "A", e1={193})}
    countries = {**instance().countries, "A": Country("A", "r", blocked=frozenset({193}))}
    held = {"M/0": Choice("held", 10), "M/1": Choice("too", 193)}
    stands = instance(offers=offers, held=held, countries=countries)
    plan = rotation.solve(stands)
    assert plan.assignment == {**held, "M/2": Choice("b", 376)}
    assert rotation.check(stands, plan.assignment) == []


def test_a_plan_that_gives_a_held_edition_away_is_refused() -> None:
    plan = {"M/0": None, "M/1": None, "M/2": None}
    assert rotation.check(instance(), plan) == [
        "M/0 has its host already, and the plan gives it another."
    ]


def test_a_week_closed_to_the_series_is_not_used() -> None:
    closed = {"M": frozenset({166})}
    countries = {**instance().countries, "B": Country("B", "s", closed=closed)}
    plan = rotation.solve(instance(countries=countries))
    assert plan.assignment["M/1"] == Choice("b", 168)


def test_a_pin_against_a_held_edition_says_which_rules_conflict() -> None:
    found = rotation.conflict(instance(), [Pin("M/1", country="A")])
    assert found
    assert found.is_minimal
    assert {(rule.kind, rule.about) for rule in found.rules} == {
        ("pin", ("M/0",)),
        ("pin", ("M/1",)),
        ("cooldown", ("M",)),
    }
