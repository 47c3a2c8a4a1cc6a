"""Why this host: what each other host would cost, found by forcing it and planning again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scheduler.rotation.instance import Instance
from scheduler.rotation.model import Pin, free_starts
from scheduler.rotation.plan import Assignment, Level, Plan
from scheduler.rotation.search import (
    Budget,
    NoPlanFoundError,
    PinsConflictError,
    pins_by_edition,
    search,
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another host for an edition, or none (``country`` is None), and what it would cost.

    ``differences`` are forced minus planned on each level, in the plan's order; None when no such
    plan was found. When ``is_exact`` they are the marginal cost, and no differences mean that the
    fixed choices and rules rule this host out; else there was no time to prove it: the cost is
    this at most, compared in the order of the levels.
    """

    country: str | None
    differences: tuple[int, ...] | None
    is_exact: bool

    def words(self, levels: Iterable[Level]) -> str:
        """Return the cost in a sentence; ``levels`` are the plan's."""
        host = "No host" if self.country is None else self.country
        if self.differences is None:
            return f"{host}: {'not possible' if self.is_exact else 'not known, the time was up'}."
        parts = [
            f"{level.words} {difference:+d}"
            for level, difference in zip(levels, self.differences, strict=True)
            if difference
        ]
        cost = ", ".join(parts) or "costs nothing more"
        return f"{host}: {'' if self.is_exact else 'at most '}{cost}."


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why ``edition`` has its host (``country``, None if vacant), in ``reason``.

    ``alternatives`` are all other countries with a usable offer, and leaving it vacant, from the
    cheapest to the dearest; those of unknown cost come last.
    """

    edition: str
    country: str | None
    reason: str
    alternatives: tuple[Alternative, ...]

    @property
    def runner_up(self) -> Alternative | None:
        """The host that would cost least, if any is known to be possible."""
        known = (other for other in self.alternatives if other.differences is not None)
        return next((other for other in known if other.country is not None), None)


def explain(  # noqa: PLR0913 - what solve took, and which editions
    instance: Instance,
    plan: Plan,
    *,
    editions: Iterable[str] | None = None,
    pins: Iterable[Pin] = (),
    adopted: Assignment | None = None,
    seconds: float = 60.0,
    seed: int = 0,
) -> dict[str, Explanation]:
    """Return for each of ``editions`` (all by default) why ``plan`` gives it its host.

    Each alternative host is forced and everything else planned again, with the levels and the
    order of ``plan``. ``pins``, ``adopted`` and ``seed`` are those that ``plan`` was made with; a
    pin of the edition itself is lifted. ``seconds`` bound all searches together, in the sense of
    `solve`; on some hundred editions each alternative needs a few.

    Raises:
        ValueError: an edition or a pin names what is not there.
    """
    pinned = pins_by_edition(instance, pins)
    names = list(instance.editions if editions is None else editions)
    for name in names:
        if name not in instance.editions:
            message = f"There is no edition {name}."
            raise ValueError(message)
    cases = [(name, host) for name in names for host in _other_hosts(instance, plan, name)]
    found: dict[str, list[Alternative]] = {name: [] for name in names}
    left = seconds
    for done, (name, country) in enumerate(cases):
        pin = Pin(name, country=country, vacant=country is None)
        budget = Budget(left / (len(cases) - done))
        left -= budget.left
        try:
            forced = search(
                instance,
                [result.level for result in plan.levels],
                {**pinned, name: pin},
                adopted or {},
                budget,
                seed=seed,
                # Without the edition's own pin, the forced plan may be better than the plan is.
                known=() if name in pinned else plan.levels,
                hint=plan.assignment,
            )
        except PinsConflictError:
            found[name].append(Alternative(country, None, is_exact=True))
        except NoPlanFoundError:
            found[name].append(Alternative(country, None, is_exact=False))
        else:
            pairs = zip(forced.values, plan.values, strict=True)
            differences = tuple(there - here for there, here in pairs)
            # The difference of two values is exact only if both are.
            is_exact = forced.proved and plan.proved
            found[name].append(Alternative(country, differences, is_exact))
        left += budget.left
    return {
        name: _explanation(instance, plan, name, alternatives)
        for name, alternatives in found.items()
    }


def _host(instance: Instance, plan: Plan, name: str) -> str | None:
    choice = plan.assignment[name]
    return None if choice is None else instance.offers[choice.offer].country


def _other_hosts(instance: Instance, plan: Plan, name: str) -> list[str | None]:
    """Return the countries that could host, by name, and None, but not what the plan has."""
    edition = instance.editions[name]
    able = {
        offer.country
        for offer in instance.offers.values()
        if offer.uses and free_starts(instance, edition, offer)
    }
    host = _host(instance, plan, name)
    return [country for country in (*sorted(able), None) if country != host]


def _explanation(
    instance: Instance, plan: Plan, name: str, alternatives: Iterable[Alternative]
) -> Explanation:
    unknown = [other for other in alternatives if other.differences is None]
    ranked = sorted(
        (other for other in alternatives if other.differences is not None),
        key=lambda other: other.differences or (),
    )
    everyone = (*ranked, *sorted(unknown, key=lambda other: other.is_exact))
    host = _host(instance, plan, name)
    return Explanation(name, host, _reason(plan, host, everyone), everyone)


def _reason(plan: Plan, host: str | None, ranked: Sequence[Alternative]) -> str:
    levels = [result.level for result in plan.levels]
    subject = "Leaving it vacant" if host is None else host
    others = [other for other in ranked if other.country is not None]
    if host is None and not others:
        return "No offer can be used: none is for this series and year in a free week."
    if not ranked or (differences := ranked[0].differences) is None:
        return f"{subject} is best as far as is known: no alternative was found."
    best = ranked[0]
    if not any(differences):
        rival = "leaving it vacant" if best.country is None else best.country
        return f"{subject} is one of several equally good choices; {rival} is another."
    if host is not None and not others:
        return f"{host} makes the only usable offer. {best.words(levels)}"
    return f"{subject} is better than every alternative found. The best: {best.words(levels)}"
