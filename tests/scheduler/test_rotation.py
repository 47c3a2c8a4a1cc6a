"""The rotation against samples with known optima, and against trying every plan there is."""

import io
import json
import random
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from scheduler import rotation
from scheduler.rotation import CHANGES, LEVELS, Choice, Pin

SAMPLES = Path(__file__).parent / "rotation"
OPTIMA = {
    "tiny-0": (7, 0, 2, 7, 22),
    "tiny-1": (8, 0, 2, 8, 37),
    "tiny-2": (6, 0, 1, 5, 33),
    "tiny-3": (14, 0, 3, 17, 39),
    "tiny-4": (12, 0, 3, 6, 50),
    "small-0": (1, 0, 4, 47, 323),
}
Document = dict[str, Any]


def load(name: str) -> Document:
    document: Document = json.loads((SAMPLES / f"{name}.json").read_text())
    return document


def sample(name: str) -> rotation.Instance:
    return rotation.read(load(name))


def random_document(seed: int) -> Document:
    """Return a small instance in which every rule bites for some seed."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable example
    years, regions = rng.randint(2, 4), ["AFR", "AME", "EUR"][: rng.randint(1, 3)]
    countries = [
        {
            "id": f"C{i}",
            "region": rng.choice(regions),
            "blocked": sorted(rng.sample(range(52 * years), rng.choice([0, 5, 20]))),
            "soft": {str(week): rng.choice([2, 6]) for week in rng.sample(range(52 * years), 30)},
        }
        for i in range(rng.randint(1, 4))
    ]
    series = [
        {
            "id": f"S{i}",
            "period": rng.randint(1, 3),
            "first": rng.randrange(2),
            "scope": rng.choice(["global", "global", *regions]),
            "length": rng.choice([1, 1, 2, 4]),
            "pref": rng.choice([1, 20, 22, 25, 51]),
            "importance": rng.choice([0, 1, 1, 2, 3]),
            "group": rng.choice([0, "experts"]),
        }
        for i in range(rng.randint(1, 3))
    ]
    windows = [[0, 0], [20, 20], [20, 21], [21, 22], [22, 22], [48, 48], [50, 60]]
    offers = [
        {
            "id": f"O{i}",
            "country": rng.choice(countries)["id"],
            "series": [s["id"] for s in rng.sample(series, rng.randint(1, len(series)))],
            "years": [rng.randrange(2), rng.randrange(1, years + 2)],
            "weeks": rng.sample(windows, rng.choice([0, 1, 1, 2, 2, 2])),
            "cost": rng.randrange(9),
            "uses": rng.choice([0, 1, 1, 1, 2, 3]),
        }
        for i in range(rng.choice([0, 4, 5, 6, 6, 6]))
    ]
    intl = [
        {
            "week": 52 * rng.randrange(years) + rng.choice([1, 20, 22, 49]),
            "length": rng.randint(1, 3),
            "group": rng.choice([0, "experts"]),
            "cost": rng.choice([3, 9]),
        }
        for _ in range(4)
    ]
    params = {
        "cooldown": rng.choice([0, 1, 2]),
        "tol": rng.choice([0, 1, 2, 26, 26]),
        "country_per_year": rng.choice([0, *[1] * 9, *[2] * 9]),
        "week_cap": rng.choice([0, *[1] * 9, *[2] * 9]),
        "rotation": rng.choice([0, 1, 2, 3, 3]),
    }
    return {
        "years": years,
        "start_year": 2027,
        "regions": regions,
        "countries": countries,
        "series": series,
        "offers": offers,
        "intl": intl,
        "params": params,
    }


# Trying every plan, on the JSON itself: this shares no line with the planner.

Held = list[tuple[str, int, int, Document, Document, int]]  # name, k, year, series, offer, week


def all_plans(doc: Document) -> Iterator[Held]:
    due = [
        (s, k, year)
        for s in doc["series"]
        for k, year in enumerate(range(s["first"], doc["years"], s["period"]))
    ]

    def extend(held: Held, rest: list[tuple[Document, int, int]]) -> Iterator[Held]:
        if not rest:
            yield held
            return
        (s, k, year), *later = rest
        yield from extend(held, later)
        for o in doc["offers"]:
            for start in sorted({w for low, high in o["weeks"] for w in range(low, high + 1)}):
                more = [*held, (f"{s['id']}/{k}", k, year, s, o, 52 * year + start)]
                if start + s["length"] <= 52 and fits(doc, more):
                    yield from extend(more, later)

    yield from extend([], due)


def fits(doc: Document, held: Held) -> bool:
    """Whether the last of ``held`` agrees with the rules and with the others."""
    params = doc["params"]
    _, k, year, s, o, week = held[-1]
    country = next(c for c in doc["countries"] if c["id"] == o["country"])
    filled = set(range(week, week + s["length"]))
    ok = s["id"] in o["series"] and o["years"][0] <= year <= o["years"][1]
    ok = ok and not filled & set(country["blocked"])
    ok = ok and sum(other[4] is o for other in held) <= o["uses"]
    here = [other for other in held if other[4]["country"] == o["country"]]
    ok = ok and sum(other[2] == year for other in here) <= params["country_per_year"]
    ok = ok and not any(
        other[3] is s and other[1] != k and k - other[1] <= params["cooldown"] for other in here
    )
    for w in filled:
        meeting = [other for other in held if other[5] <= w < other[5] + other[3]["length"]]
        ok = ok and len(meeting) <= params["week_cap"]
        ok = ok and sum(other[3]["group"] == s["group"] for other in meeting) == 1
    before = [other for other in held if other[3] is s and other[1] == k - 1]
    return ok and all(abs(week - other[5] - 52 * s["period"]) <= params["tol"] for other in before)


def value(doc: Document, held: Held) -> tuple[int, int, int, int, int]:
    region = {c["id"]: c["region"] for c in doc["countries"]}
    soft = {c["id"]: c["soft"] for c in doc["countries"]}
    count = dict.fromkeys(doc["regions"], 0)
    vacant = sum(
        s["importance"] * len(range(s["first"], doc["years"], s["period"])) for s in doc["series"]
    )
    repeats = dates = cost = 0
    for i, (_, k, _, s, o, week) in enumerate(held):
        vacant -= s["importance"]
        cost += o["cost"]
        dates += abs(week % 52 - s["pref"])
        for w in range(week, week + s["length"]):
            dates += soft[o["country"]].get(str(w), 0)
            dates += sum(
                e["cost"]
                for e in doc["intl"]
                if e["group"] == s["group"] and w in range(e["week"], e["week"] + e["length"])
            )
        if s["scope"] == "global":
            count[region[o["country"]]] += 1
            repeats += sum(
                t is s
                and k - j < doc["params"]["rotation"]
                and region[p["country"]] == region[o["country"]]
                for _, j, _, t, p, _ in held[:i]
            )
    return vacant, repeats, max(count.values()) - min(count.values()), dates, cost


def as_assignment(instance: rotation.Instance, held: Held) -> dict[str, Choice | None]:
    chosen = {name: Choice(o["id"], week) for name, _, _, _, o, week in held}
    return {name: chosen.get(name) for name in instance.editions}


@pytest.mark.parametrize("name", OPTIMA)
def test_samples_reach_their_known_optima_and_prove_them(name: str) -> None:
    instance = sample(name)
    plan = rotation.solve(instance)
    assert (plan.values, plan.proved) == (OPTIMA[name], True)
    assert rotation.check(instance, plan.assignment) == []
    assert rotation.score(instance, plan.assignment) == plan.values


@pytest.mark.parametrize("block", range(6))
def test_no_plan_at_all_is_better_on_small_instances(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        document = random_document(seed)
        instance = rotation.read(document)
        plan = rotation.solve(instance)
        best = min(value(document, held) for held in all_plans(document))
        assert (seed, plan.values, plan.proved) == (seed, best, True)
        assert rotation.check(instance, plan.assignment) == []
        assert rotation.score(instance, plan.assignment) == best


@pytest.mark.parametrize("seed", range(40))
def test_the_judge_finds_a_fault_exactly_where_a_plan_breaks_a_rule(seed: int) -> None:
    document = random_document(seed)
    instance, rng = rotation.read(document), random.Random(seed)  # noqa: S311 - as above
    series = {s["id"]: s for s in document["series"]}
    for _ in range(100):
        held: Held = []
        broken = False
        for name, edition in instance.editions.items():
            if document["offers"] and rng.random() < 0.6:
                offer = rng.choice(document["offers"])
                week = 52 * edition.year + rng.choice([0, 20, 21, 22, 48, 50, 51])
                s = series[edition.series.id]
                held.append((name, edition.number, edition.year, s, offer, week))
                broken |= week % 52 + s["length"] > 52 or not fits(document, held)
                broken |= not any(low <= week % 52 <= high for low, high in offer["weeks"])
        plan = as_assignment(instance, held)
        assert bool(rotation.check(instance, plan)) == broken
        assert rotation.score(instance, plan) == value(document, held)


def test_the_judge_names_what_is_missing_and_what_is_unknown() -> None:
    instance = sample("tiny-0")
    plan: dict[str, Choice | None] = dict.fromkeys(list(instance.editions)[1:])
    plan |= {"S0000/1": Choice("O99999", 130), "S9/0": None}
    assert rotation.check(instance, plan) == [
        "S0000/0 is not in the plan.",
        "S9/0 is no edition.",
        "S0000/1: there is no offer O99999.",
    ]


def test_equal_input_and_seed_give_the_same_plan() -> None:
    instance = sample("small-0")
    one, other = (rotation.solve(instance, seed=7).document() for _ in range(2))
    assert one == other


def test_without_time_the_plan_is_valid_and_its_bounds_are_honest() -> None:
    instance = sample("small-0")
    plan = rotation.solve(instance, seconds=0.001)
    assert not plan.proved
    assert rotation.check(instance, plan.assignment) == []
    assert rotation.score(instance, plan.assignment) == plan.values
    assert plan.levels[0].bound <= OPTIMA["small-0"][0] <= plan.levels[0].value
    assert all(result.bound <= result.value for result in plan.levels)


def test_an_organiser_may_put_the_levels_in_another_order() -> None:
    document = random_document(17)
    order = [LEVELS[i] for i in (3, 0, 4, 2, 1)]
    plan = rotation.solve(rotation.read(document), order=order)
    values = (value(document, held) for held in all_plans(document))
    assert plan.values == min((v[3], v[0], v[4], v[2], v[1]) for v in values)


def test_nothing_to_plan_is_a_plan_too() -> None:
    document = load("tiny-0") | {"series": [], "offers": [], "regions": [], "countries": []}
    plan = rotation.solve(rotation.read(document))
    assert plan.document() == {"plan": {}, "levels": [{"value": 0, "bound": 0}] * 5, "proved": True}


# Pins and what follows from them.


def kept(pins: list[Pin], held: Held) -> bool:
    chosen = {name: (offer, week) for name, _, _, _, offer, week in held}
    for pin in pins:
        if pin.edition not in chosen or pin.vacant:
            if pin.edition in chosen or not pin.vacant:
                return False
            continue
        offer, week = chosen[pin.edition]
        if pin.country not in (None, offer["country"]) or pin.offer not in (None, offer["id"]):
            return False
        if pin.week not in (None, week):
            return False
    return True


def random_pins(rng: random.Random, instance: rotation.Instance) -> list[Pin]:
    names = rng.sample(list(instance.editions), min(len(instance.editions), rng.randint(1, 4)))
    return [
        rng.choice(
            [
                Pin(name),
                Pin(name, vacant=True),
                Pin(name, country=rng.choice(list(instance.countries))),
                Pin(name, offer=rng.choice(list(instance.offers))),
                Pin(name, week=52 * instance.editions[name].year + rng.choice([0, 20, 21, 22])),
            ]
        )
        for name in names
    ]


def pinned_documents(count: int) -> Iterator[tuple[Document, rotation.Instance, list[Pin]]]:
    rng = random.Random(1)  # noqa: S311 - a repeatable example
    for seed in range(count):
        document = random_document(seed)
        instance = rotation.read(document)
        if instance.offers and instance.editions:
            yield document, instance, random_pins(rng, instance)


def test_pins_are_kept_at_the_least_cost_or_refused() -> None:
    for document, instance, pins in pinned_documents(60):
        possible = [held for held in all_plans(document) if kept(pins, held)]
        if possible:
            best = min(value(document, held) for held in possible)
            plan = rotation.solve(instance, pins=pins)
            assert (plan.values, plan.proved) == (best, True)
            assert rotation.conflict(instance, pins) is None
        else:
            with pytest.raises(rotation.PinsConflictError):
                rotation.solve(instance, pins=pins)


def can_keep(doc: Document, pins: list[Pin], rules: list[rotation.Rule]) -> bool:
    """Whether some choice for the pinned editions keeps ``rules``, and no other rule at all."""
    due = {
        f"{s['id']}/{k}": (s, k, year)
        for s in doc["series"]
        for k, year in enumerate(range(s["first"], doc["years"], s["period"]))
    }
    named = {(rule.kind, rule.about) for rule in rules}
    # An edition whose pin is given up can be vacant, and is then in nobody's way.
    pinned = [pin for pin in pins if ("pin", (pin.edition,)) in named and not pin.vacant]

    def extend(held: Held, rest: list[Pin]) -> bool:
        if not rest:
            return True
        pin, *later = rest
        s, k, year = due[pin.edition]
        for o in doc["offers"]:
            for week in {*(52 * year + w for w in (0, 20, 21, 22, 50)), pin.week}:
                if week is None:
                    continue
                more = [*held, (pin.edition, k, year, s, o, week)]
                if not kept([pin], more):
                    continue
                if not broken_kinds(doc, more) & named and extend(more, later):
                    return True
        return False

    return extend([], pinned)


def broken_kinds(doc: Document, held: Held) -> set[tuple[str, tuple[object, ...]]]:
    """Return the rules that the last of ``held`` breaks, as kind and subject."""
    params = doc["params"]
    name, k, year, s, o, week = held[-1]
    country = next(c for c in doc["countries"] if c["id"] == o["country"])
    filled = set(range(week, week + s["length"]))
    here = [other for other in held if other[4]["country"] == o["country"]]
    alike = [other for other in here if other[3] is s and other[1] != k]
    meetings = [
        [other for other in held if other[5] <= w < other[5] + other[3]["length"]] for w in filled
    ]
    start = week - 52 * year
    tests: list[tuple[str, tuple[object, ...], bool]] = [
        ("offer", (name,), s["id"] in o["series"] and o["years"][0] <= year <= o["years"][1]),
        ("window", (name,), any(low <= start <= high for low, high in o["weeks"])),
        ("year", (name,), 0 <= start <= 52 - s["length"]),
        ("blocked", (name,), not filled & set(country["blocked"])),
        ("uses", (o["id"],), sum(other[4] is o for other in held) <= o["uses"]),
        (
            "country_per_year",
            (country["id"], year),
            sum(other[2] == year for other in here) <= params["country_per_year"],
        ),
        ("week_cap", (year,), all(len(meeting) <= params["week_cap"] for meeting in meetings)),
        (
            "group",
            (s["group"], year),
            all(sum(other[3]["group"] == s["group"] for other in m) == 1 for m in meetings),
        ),
        (
            "cooldown",
            (s["id"],),
            all(abs(k - other[1]) > params["cooldown"] for other in alike),
        ),
    ]
    for other in held:
        if other[3] is s and abs(other[1] - k) == 1:
            pair = sorted([other, held[-1]], key=lambda one: one[1])
            apart = pair[1][5] - pair[0][5] - 52 * s["period"]
            tests.append(("tol", (pair[0][0], pair[1][0]), abs(apart) <= params["tol"]))
    return {(kind, about) for kind, about, holds in tests if not holds}


def all_rules(doc: Document, pins: list[Pin]) -> list[rotation.Rule]:
    """Return the pins, and every rule that choices for the pinned editions can break."""
    due = {
        f"{s['id']}/{k}": (s, k, year)
        for s in doc["series"]
        for k, year in enumerate(range(s["first"], doc["years"], s["period"]))
    }
    held_pins = [pin for pin in pins if not pin.vacant]
    choices = [
        [None, *product(doc["offers"], {*(52 * due[pin.edition][2] + w for w in (0, 20, 22))})]
        for pin in held_pins
    ]
    named: set[tuple[str, tuple[object, ...]]] = {("pin", (pin.edition,)) for pin in pins}
    for chosen in product(*choices):
        held: Held = []
        for pin, choice in zip(held_pins, chosen, strict=True):
            if choice is not None:
                s, k, year = due[pin.edition]
                held.append((pin.edition, k, year, s, *choice))
                named |= broken_kinds(doc, held)
    return [rotation.Rule(kind, about, "") for kind, about in sorted(named, key=str)]


def test_a_conflict_is_real_and_dissolves_with_any_one_of_its_rules() -> None:
    seen: set[str] = set()
    for document, instance, pins in pinned_documents(150):
        conflict = rotation.conflict(instance, pins)
        assert (conflict is None) == any(kept(pins, held) for held in all_plans(document))
        if conflict is not None:
            rules = list(conflict.rules)
            seen |= {rule.kind for rule in rules}
            assert (conflict.is_minimal, conflict.is_smallest) == (True, True)
            assert not can_keep(document, pins, rules)
            for rule in rules:
                assert can_keep(document, pins, [other for other in rules if other != rule])
    assert {"pin", "offer", "window", "uses", "group", "country_per_year"} <= seen


def test_no_fewer_rules_contradict_each_other() -> None:
    sizes = set()
    for document, instance, pins in pinned_documents(150):
        conflict = rotation.conflict(instance, pins) if len(pins) <= 2 else None
        if conflict is None or len(conflict.rules) > 3:  # more would take minutes
            continue
        sizes.add(len(conflict.rules))
        for fewer in combinations(all_rules(document, pins), len(conflict.rules) - 1):
            assert can_keep(document, pins, list(fewer))
    assert sizes == {1, 2, 3}


def test_a_conflict_is_told_in_words() -> None:
    document = load("tiny-0")
    instance = rotation.read(document)
    pins = [
        Pin("S0002/1", offer="O00000"),
        Pin("S0000/1", country="C001"),
        Pin("S0001/0", vacant=True),
    ]
    conflict = rotation.conflict(instance, pins)
    assert conflict is not None
    assert [rule.words for rule in conflict.rules] == [
        "S0000/1 is held in C001.",
        "S0002/1 is held on offer O00000.",
        "C001 hosts once at most in 2029.",
    ]


@pytest.mark.parametrize("seed", range(30))
def test_replanning_changes_as_little_as_the_pin_demands(seed: int) -> None:
    document = random_document(seed)
    instance = rotation.read(document)
    adopted = rotation.solve(instance)
    name = list(instance.editions)[-1]
    pin = Pin(name, vacant=adopted.assignment[name] is not None)
    possible = [held for held in all_plans(document) if kept([pin], held)]
    if not possible:
        return
    plan = rotation.resolve(instance, adopted.assignment, [pin])
    assert plan.values == min(
        (
            rotation.changes(adopted.assignment, as_assignment(instance, held)),
            *value(document, held),
        )
        for held in possible
    )
    assert (plan.levels[0].level, plan.proved) == (CHANGES, True)


def test_a_pin_on_what_is_not_there_is_a_mistake_and_no_rule() -> None:
    with pytest.raises(ValueError, match="O99999, which is not in the instance"):
        rotation.solve(sample("tiny-0"), pins=[Pin("S0000/0", offer="O99999")])


# Explanations.


@pytest.mark.parametrize("seed", range(25))
def test_an_alternative_costs_what_the_best_plan_with_it_costs(seed: int) -> None:
    document = random_document(seed)
    instance = rotation.read(document)
    plan = rotation.solve(instance)
    plans = list(all_plans(document))
    for name, explanation in rotation.explain(instance, plan).items():
        assert all(other.is_exact for other in explanation.alternatives)
        for other in explanation.alternatives:
            pin = Pin(name, country=other.country, vacant=other.country is None)
            forced = [value(document, held) for held in plans if kept([pin], held)]
            if other.differences is None:
                assert not forced
            else:
                pairs = zip(min(forced), plan.values, strict=True)
                assert other.differences == tuple(there - here for there, here in pairs)


def test_a_host_is_explained_by_its_runner_up() -> None:
    instance = sample("tiny-1")
    plan = rotation.solve(instance)
    explained = rotation.explain(instance, plan, editions=["S0002/0", "S0000/1"])
    assert explained["S0002/0"].country == "C003"
    assert explained["S0002/0"].runner_up == rotation.Alternative(
        "C002", (0, 0, 0, 5, 3), is_exact=True
    )
    assert explained["S0002/0"].reason == (
        "C003 is better than every alternative found. The best: C002: holidays, known events and "
        "weeks away from the preferred one +5, cost of the offers taken up +3."
    )
    assert explained["S0000/1"].reason == (
        "No offer can be used: none is for this series and year in a free week."
    )


def test_an_explanation_without_time_says_that_it_only_knows_a_bound() -> None:
    instance = sample("small-0")
    plan = rotation.solve(instance)
    (explanation,) = rotation.explain(instance, plan, editions=["S0000/3"], seconds=0.001).values()
    assert not any(other.is_exact for other in explanation.alternatives)


def test_fairness_counts_hostings_absences_repeats_and_their_spread() -> None:
    instance = sample("tiny-1")
    plan: dict[str, Choice | None] = dict.fromkeys(instance.editions)
    plan |= {
        "S0000/0": Choice("O00000", 0),
        "S0001/0": Choice("O00000", 0),
    }
    region, year = instance.region_of("O00000"), instance.editions["S0000/0"].year
    report = rotation.fairness(instance, plan)
    others = [other for other in instance.regions if other != region]
    assert report.hostings == {region: 2} | dict.fromkeys(others, 0)
    assert report.gap == 2
    assert report.longest_absence == {region: max(year, 3 - year)} | dict.fromkeys(others, 4)
    assert report.repeats == 0
    assert report.gini == pytest.approx(2 / 3)


# The command.


def run(text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    out = io.StringIO()
    status = rotation.main(io.StringIO(text), out)
    return status, out.getvalue(), capsys.readouterr().err


def test_the_command_prints_the_plan_as_the_format_has_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, err = run(json.dumps(load("tiny-0")), capsys)
    printed = json.loads(out)
    assert (status, err) == (0, "")
    assert printed["levels"] == [{"value": v, "bound": v} for v in OPTIMA["tiny-0"]]
    assert printed["proved"] is True
    assert printed["plan"]["S0001/0"] == ["O00001", 31]
    assert printed["plan"]["S0000/0"] is None


def test_an_id_that_is_no_text_comes_back_as_it_was(
    tmp_path: Path,
) -> None:
    instance = load("tiny-0")
    instance["offers"][1]["id"] = "\ud800"
    with (tmp_path / "plan.json").open("w", encoding="utf-8") as out:
        assert rotation.main(io.StringIO(json.dumps(instance)), out) == 0
    printed = json.loads((tmp_path / "plan.json").read_text())
    assert printed["plan"]["S0001/0"] == ["\ud800", 31]


Fault = Callable[[Document], object]
FAULTS: list[tuple[Fault, str]] = [
    (lambda d: d.pop("offers"), "the instance has no “offers”."),
    (lambda d: d.pop("params"), "the instance has no “params”."),
    (lambda d: d["params"].pop("tol"), "“params” of the instance has no “tol”."),
    (lambda d: d["series"][0].pop("pref"), "“S0000” in “series” of the instance has no “pref”."),
    (lambda d: d.update(years="4"), "“years” of the instance must be a whole number."),
    (lambda d: d.update(years=True), "“years” of the instance must be a whole number."),
    (lambda d: d.update(countries={}), "“countries” of the instance must be a list."),
    (lambda d: d["series"].append(3), "item 3 in “series” of the instance must be an object."),
    (
        lambda d: d["series"][0].update(period=0),
        "“period” of “S0000” in “series” of the instance is 0; 1 to 1000000 would do.",
    ),
    (
        lambda d: d["offers"].append(d["offers"][0]),
        "“offers” of the instance has “O00000” twice.",
    ),
    (lambda d: d["regions"].append("AFR"), "“regions” of the instance has “AFR” twice."),
    (
        lambda d: d["offers"][0].update(country="C9"),
        (
            "“country” of “O00000” in “offers” of the instance is “C9”, "
            "which is no country of this instance."
        ),
    ),
    (
        lambda d: d["offers"][0].update(series=["S9"]),
        (
            "item 0 in “series” of “O00000” in “offers” of the instance is “S9”, "
            "which is no series of this instance."
        ),
    ),
    (
        lambda d: d["offers"][0].update(weeks=[[30, 20]]),
        (
            "item 0 in “weeks” of “O00000” in “offers” of the instance ends before it begins: "
            "30 to 20."
        ),
    ),
    (
        lambda d: d["offers"][0].update(weeks=[[60, 70]]),
        "“weeks” of “O00000” in “offers” of the instance are never: the year ends with week 51.",
    ),
    (
        lambda d: d["offers"][0].update(years=[1]),
        (
            "“years” of “O00000” in “offers” of the instance must have two ends, "
            "the first and the last."
        ),
    ),
    (
        lambda d: d["countries"][0]["soft"].update(May=2),
        (
            "“soft” of “C000” in “countries” of the instance has “May” "
            "where the number of a week is expected."
        ),
    ),
]


@pytest.mark.parametrize(("fault", "sentence"), FAULTS)
def test_a_malformed_instance_is_refused_in_a_sentence(
    fault: Fault, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = load("tiny-0")
    fault(document)
    expected = f"The rotation instance cannot be used: {sentence}\n"
    assert run(json.dumps(document), capsys) == (1, "", expected)


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "nonsense"])
def test_what_is_no_json_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(text, capsys)
    assert (status, out) == (1, "")
    assert err.startswith("The rotation instance cannot be used: it is no JSON (")


def test_a_key_that_stands_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps(load("tiny-0")).replace('"years"', '"years": 9, "years"', 1)
    expected = "The rotation instance cannot be used: an object has “years” twice.\n"
    assert run(text, capsys) == (1, "", expected)
