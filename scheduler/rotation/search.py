"""The best rotation, level by level."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scheduler.errors import N_, DomainError
from scheduler.rotation.instance import Instance
from scheduler.rotation.model import Model, Pin
from scheduler.rotation.plan import (
    CHANGES,
    LEVELS,
    Assignment,
    Level,
    LevelResult,
    Plan,
    check,
    score,
)

# A bound comes back as a float; the levels are whole numbers far below where that matters.
TOLERANCE = 1e-6


@dataclass(slots=True)
class Budget:
    """The deterministic seconds that are left for solving."""

    left: float


class PinsConflictError(DomainError):
    """Choices that people have pinned and that the rules do not allow together."""

    message = N_("The pinned choices contradict the rules. No plan keeps them all.")


class NoPlanFoundError(DomainError):
    """The time was up before any plan was found, and before it was shown that there is none."""

    message = N_("No plan was found in {seconds} seconds. Allow more time.")


def solve(
    instance: Instance,
    *,
    order: Sequence[Level] = LEVELS,
    pins: Iterable[Pin] = (),
    adopted: Assignment | None = None,
    seconds: float = 120.0,
    seed: int = 0,
) -> Plan:
    """Return the best plan for ``instance`` that keeps ``pins``.

    The levels are minimised in ``order``: each optimum is kept while the next one is sought.
    Equal arguments give equal plans, for the time is counted in the solver's own deterministic
    seconds, of which a core does one or two a second. After twice ``seconds`` on the clock the
    search stops anyway; only then can two runs differ. Levels that were not closed in time say so
    by a bound below their value.

    Args:
        instance: what to plan from.
        order: the levels that count, most important first.
        pins: choices to keep, at most one for each edition.
        adopted: the plan in force, from which `CHANGES` counts and the search begins.
        seconds: the time for all levels together.
        seed: another seed may give another plan, equally good.

    Raises:
        PinsConflictError: no plan keeps ``pins``; `conflict` says why.
        NoPlanFoundError: ``pins`` made it too hard to find any plan in time.
        ValueError: a pin or ``order`` names what is not there.
    """
    return search(
        instance, order, pins_by_edition(instance, pins), adopted or {}, Budget(seconds), seed=seed
    )


def resolve(
    instance: Instance,
    adopted: Assignment,
    pins: Iterable[Pin] = (),
    *,
    order: Sequence[Level] = LEVELS,
    seconds: float = 120.0,
    seed: int = 0,
) -> Plan:
    """Return the plan that keeps ``pins`` and otherwise changes ``adopted`` as little as possible.

    `CHANGES` comes first, then ``order``; arguments, errors and time as in `solve`.
    """
    order = (CHANGES, *order)
    return solve(instance, order=order, pins=pins, adopted=adopted, seconds=seconds, seed=seed)


def changes(adopted: Assignment, plan: Assignment) -> int:
    """Return how far ``plan`` is from ``adopted``: one for a new host, one for a new week.

    An edition that gains or loses its host counts two; editions in only one plan count nothing.
    """
    count = 0
    for name in adopted.keys() & plan.keys():
        before, after = adopted[name], plan[name]
        if before is None or after is None:
            count += 2 * (before is not after)
        else:
            count += (before.offer != after.offer) + (before.week != after.week)
    return count


def search(  # noqa: PLR0913 - what solve takes, and what the explanation knows beforehand
    instance: Instance,
    order: Sequence[Level],
    pins: Mapping[str, Pin],
    adopted: Assignment,
    budget: Budget,
    *,
    seed: int,
    known: Sequence[LevelResult] = (),
    hint: Assignment | None = None,
) -> Plan:
    """Do what `solve` does within ``budget``, taking from it what is used.

    ``known`` are results with fewer pins, in the same order: as long as the levels before are no
    worse than there, pins cannot improve on its bounds. ``hint`` is where to begin.
    """
    from ortools.sat.python import cp_model  # noqa: PLC0415 - half a second, only when used

    model = Model(instance)
    for pin in pins.values():
        model.pin(pin)
    found = _first_plan(instance, pins, adopted)
    seconds, bounds, as_good = budget.left, list[int](), True
    for i, level in enumerate(order):
        objective = model.expression(level.key, adopted)
        if known and as_good:
            model.solver_model.add(objective >= known[i].bound)
        model.solver_model.minimize(objective)
        start = found or hint
        if start:
            model.hint(start)
        solver = cp_model.CpSolver()
        # One worker repeats itself exactly. Level 2 puts every row into the linear relaxation,
        # whose optimum nearly always is the level's: without it the date level did not close.
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.random_seed = seed
        # Half of what is left, so that a hard level leaves time to those after it.
        share = budget.left if i == len(order) - 1 else budget.left / 2
        solver.parameters.max_deterministic_time = share
        solver.parameters.max_time_in_seconds = 2 * share
        status = solver.solve(model.solver_model)
        budget.left = max(0.0, budget.left - solver.deterministic_time)
        if status == cp_model.INFEASIBLE:
            raise PinsConflictError
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            found = model.assignment(solver)
        if found is None:
            raise NoPlanFoundError(seconds=f"{seconds:g}")
        bound = max(0, math.ceil(solver.best_objective_bound - TOLERANCE))
        value = _value(instance, level, adopted, found)
        bounds.append(value if status == cp_model.OPTIMAL else min(bound, value))
        as_good = as_good and bool(known) and value <= known[i].value
        model.solver_model.add(objective <= value)
    final = found or {name: instance.held.get(name) for name in instance.editions}
    results = (
        LevelResult(level, _value(instance, level, adopted, final), bound)
        for level, bound in zip(order, bounds, strict=True)
    )
    return Plan(final, tuple(results))


def pins_by_edition(instance: Instance, pins: Iterable[Pin]) -> dict[str, Pin]:
    """Index ``pins``; what they name must be there, or a typing error would look like a rule."""
    table: dict[str, Pin] = {}
    for pin in pins:
        for name, among in (
            (pin.edition, instance.editions),
            (pin.country, instance.countries),
            (pin.offer, instance.offers),
        ):
            if name is not None and name not in among:
                message = f"A pin names {name}, which is not in the instance."
                raise ValueError(message)
        if pin.edition in table:
            message = f"There are two pins for {pin.edition}."
            raise ValueError(message)
        table[pin.edition] = pin
    return table


def _first_plan(
    instance: Instance, pins: Mapping[str, Pin], adopted: Assignment
) -> Assignment | None:
    """Return a plan to begin with, if one is at hand: the adopted one, or nothing but vacancies."""
    nothing: Assignment = {name: instance.held.get(name) for name in instance.editions}
    for plan in ({name: held or adopted.get(name) for name, held in nothing.items()}, nothing):
        kept = all(pin.is_kept(instance, plan[name]) for name, pin in pins.items())
        if not check(instance, plan) and kept:
            return plan
    return None


def _value(instance: Instance, level: Level, adopted: Assignment, plan: Assignment) -> int:
    if level == CHANGES:
        return changes(adopted, plan)
    return score(instance, plan)[LEVELS.index(level)]
