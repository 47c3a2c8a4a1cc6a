"""What the planner found, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.i18n import ngettext
from app.site.dates import format_day, format_span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.editions.models import Edition

# By key of the engine's level: what it is called, and what counts in it.
LEVELS = {
    "vacancies": (
        _l("Editions without a host"),
        _l("Each counts by the weight of its kind."),
    ),
    "repeats": (
        _l("Regions that return too soon"),
        _l("Pairs of neighbouring editions of one series in one region; held ones count too."),
    ),
    "balance": (
        _l("Gap between the regions"),
        _l("Editions of the most hosting region minus those of the least, held ones included."),
    ),
    "dates": (
        _l("Distance from good dates"),
        _l("Weeks away from the rule’s week, and what soft clashes cost."),
    ),
    "offers": (
        _l("Cost and firmness"),
        _l("An offer costs 0; an interest 1, 2 or 3 by who bears the costs."),
    ),
    "changes": (
        _l("Changes"),
        _l("Against the plan this one started from: a new host or a new week counts one."),
    ),
}


@dataclass(frozen=True, slots=True)
class LevelLine:
    """One level of a plan as people read it."""

    place: int
    title: str
    meaning: str
    value: str
    proof: str
    is_proved: bool


def level_lines(result: Mapping[str, Any]) -> list[LevelLine]:
    """Return what a plan reaches, level by level."""
    return [
        LevelLine(
            place,
            str(LEVELS[level["key"]][0]),
            str(LEVELS[level["key"]][1]),
            _value(level["key"], level["value"], result),
            _proof(level["value"], level["bound"]),
            level["value"] == level["bound"],
        )
        for place, level in enumerate(result["levels"], start=1)
    ]


def _value(key: str, value: int, result: Mapping[str, Any]) -> str:
    match key:
        case "vacancies":
            count = sum(slot["offer"] is None for slot in result["slots"])
            said = ngettext("%(num)d edition", "%(num)d editions", count)
            if not count:
                return _("none")
            return _("%(editions)s, weight %(weight)d", editions=said, weight=value)
        case "repeats" if result.get("held_repeats"):
            old = result["held_repeats"]
            return _("%(num)d, of them %(old)d already held", num=value, old=old)
        case "balance":
            return ngettext("%(num)d edition", "%(num)d editions", value)
        case "dates":
            return ngettext("%(num)d week", "%(num)d weeks", value)
        case _:
            return str(value)


def _proof(value: int, bound: int) -> str:
    if value == bound:
        return _("proved: nothing better is possible")
    return _("best found, at most %(gap)d from optimal", gap=value - bound)


def summary(result: Mapping[str, Any]) -> str:
    """Say whether a plan is proved, in one sentence."""
    for place, level in enumerate(result["levels"], start=1):
        if level["value"] != level["bound"]:
            return (
                _(
                    "Best found: proved up to level %(place)d, at most %(gap)d from optimal on it.",
                    place=place - 1,
                    gap=level["value"] - level["bound"],
                )
                if place > 1
                else _(
                    "Best found: at most %(gap)d from optimal on the first level.",
                    gap=level["value"] - level["bound"],
                )
            )
    return _("Proved: no plan is better, in this order of levels.")


def fairness(result: Mapping[str, Any], region_names: Mapping[str, str]) -> dict[str, Any]:
    """Return how evenly the regions are treated: a row each, and sentences."""
    found = result["fairness"]
    rows = [
        {
            "region": region_names.get(region, region),
            "count": count,
            "absence": ngettext("%(num)d year", "%(num)d years", found["longest_absence"][region]),
        }
        for region, count in found["hostings"].items()
    ]
    sentences = [
        ngettext(
            "The most hosting region has %(num)d edition more than the least.",
            "The most hosting region has %(num)d editions more than the least.",
            found["gap"],
        )
        if found["gap"]
        else _("Every region hosts equally often."),
        ngettext(
            "A region returns too soon once.",
            "A region returns too soon %(num)d times.",
            found["repeats"],
        )
        if found["repeats"]
        else _("No region returns too soon."),
        _(
            "Gini coefficient %(gini).2f: 0 is perfectly even, 1 all in one region.",
            gini=found["gini"],
        ),
    ]
    return {"rows": rows, "sentences": sentences}


OMITTED = {
    "region": _l("its country lies in no region"),
    "week": _l("it meets no open edition in a free week"),
    "near": _l("what it could host is too near: the least times before an opening have passed"),
}
MENDED = {
    "region": _l("An administrator sets the region of a country."),
    "week": _l("Other years or months would do."),
    "near": _l("A later year would do, or an edition moved to a later week on its page."),
}


def too_near(slot: Mapping[str, Any]) -> str:
    """Say that an edition's own days come too soon, empty where they do not."""
    earliest = slot.get("earliest")
    if not earliest:
        return ""
    return _(
        "Too near: the first opening that keeps the least times of its milestones is %(day)s; no "
        "earlier week is used.",
        day=format_day(date.fromisoformat(earliest)),
    )


def cost(keys: Sequence[str], differences: Sequence[int]) -> str:
    """Say what another choice would cost, the gravest level first."""
    parts = [
        _difference(key, number) for key, number in zip(keys, differences, strict=True) if number
    ]
    return "; ".join(parts) or _("costs nothing more, an equally good choice")


def _difference(key: str, number: int) -> str:
    more, size = number > 0, abs(number)
    match key:
        case "vacancies":
            said = (
                _("weight %(size)d more without a host", size=size)
                if more
                else _("weight %(size)d less without a host", size=size)
            )
        case "repeats":
            said = (
                ngettext(
                    "%(num)d region more returns too soon",
                    "%(num)d regions more return too soon",
                    size,
                )
                if more
                else ngettext(
                    "%(num)d region less returns too soon",
                    "%(num)d regions less return too soon",
                    size,
                )
            )
        case "balance":
            said = (
                _("the gap between regions grows by %(size)d", size=size)
                if more
                else _("the gap between regions shrinks by %(size)d", size=size)
            )
        case "dates":
            said = (
                ngettext(
                    "%(num)d week farther from good dates",
                    "%(num)d weeks farther from good dates",
                    size,
                )
                if more
                else ngettext(
                    "%(num)d week closer to good dates",
                    "%(num)d weeks closer to good dates",
                    size,
                )
            )
        case "offers":
            said = (
                _("cost higher by %(size)d", size=size)
                if more
                else _("cost lower by %(size)d", size=size)
            )
        case _:
            said = (
                ngettext("%(num)d change more", "%(num)d changes more", size)
                if more
                else ngettext("%(num)d change less", "%(num)d changes less", size)
            )
    return said


@dataclass(frozen=True, slots=True)
class AlternativeLine:
    """Another host, or none, and what it would cost."""

    host: str
    cost: str
    is_runner_up: bool


def alternative_lines(
    answer: Mapping[str, Any], keys: Sequence[str], names: Mapping[str, str]
) -> list[AlternativeLine]:
    """Return what each other host would cost, the cheapest first."""
    lines, is_first = [], True
    for other in answer["alternatives"]:
        host = _host(other["country"], names)
        if other["differences"] is None:
            said = (
                _("not possible with the rules and what is fixed")
                if other["exact"]
                else _("not known, the time was up")
            )
            lines.append(AlternativeLine(host, said, is_runner_up=False))
            continue
        said = cost(keys, other["differences"])
        if not other["exact"]:
            said = _("at most: %(cost)s", cost=said)
        is_runner_up = is_first and other["country"] is not None
        is_first = is_first and not is_runner_up
        lines.append(AlternativeLine(host, said, is_runner_up))
    return lines


def why(answer: Mapping[str, Any], keys: Sequence[str], names: Mapping[str, str]) -> str:
    """Say in a sentence why the plan has this host, and what the runner-up would cost."""
    lines = alternative_lines(answer, keys, names)
    runner_up = next((line for line in lines if line.is_runner_up), None)
    if runner_up is None:
        return _without_runner_up(answer, lines)
    if answer["host"] is None:
        return _("With %(host)s: %(cost)s.", host=runner_up.host, cost=runner_up.cost)
    return _("Runner-up %(host)s: %(cost)s.", host=runner_up.host, cost=runner_up.cost)


def _without_runner_up(answer: Mapping[str, Any], lines: Sequence[AlternativeLine]) -> str:
    others = [other for other in answer["alternatives"] if other["country"] is not None]
    if not all(other["exact"] for other in others):
        return _("No other host was found in time.")
    if answer["host"] is None:
        return _("No host is possible with the rules and what is fixed.")
    if others:
        return _("The rules and what is fixed leave no other host.")
    if not lines:
        return _("The only host that offers this.")
    return _("The only host that offers this. Without one: %(cost)s.", cost=lines[0].cost)


def _host(code: str | None, names: Mapping[str, str]) -> str:
    return _("No host") if code is None else names.get(code, code)


@dataclass(frozen=True, slots=True)
class ConflictWords:
    """Says the rules that contradict each other: ``run`` is one that found a conflict."""

    inputs: Mapping[str, Any]
    result: Mapping[str, Any]
    editions: Mapping[int, Edition]
    names: Mapping[str, str]
    series_titles: Mapping[str, str]

    def lines(self) -> list[str]:
        """Return a sentence for each rule, what people fixed first."""
        rules = sorted(self.result["rules"], key=lambda rule: rule["kind"] != "pin")
        said = []
        for rule in rules:
            about = rule["about"]
            match rule["kind"]:
                case "pin" if rule["held"]:
                    said.append(self._held(about[0]))
                case "pin":
                    said.append(self._fixed(about[0]))
                case "country_per_year" | "week_cap" | "cooldown" | "uses" | "group":
                    said.append(self._limit(rule["kind"], about))
                case "tol":
                    said.append(self._distance(about[0], about[1]))
                case kind:
                    said.append(self._option(kind, about[0]))
        return said

    def _title(self, item: object) -> str:
        edition = self.editions.get(item) if isinstance(item, int) else None
        return edition.title if edition else str(item)

    def _held(self, item: int) -> str:
        edition = self.editions.get(item)
        if edition is None:
            return _("An edition has its host already.")
        return _(
            "%(edition)s has its host: %(country)s, %(days)s.",
            edition=edition.title,
            country=_host(edition.country_code, self.names),
            days=format_span(edition.dtstart, edition.dtend),
        )

    def _fixed(self, item: int) -> str:
        pins = {pin["edition"]: pin for pin in self.inputs.get("pins", ())}
        pin, title = pins.get(item, {}), self._title(item)
        if pin.get("country") is None:
            return _("%(edition)s is fixed without a host.", edition=title)
        host = _host(pin["country"], self.names)
        if not pin.get("week_of"):
            return _("%(edition)s is fixed in %(country)s.", edition=title, country=host)
        monday = date.fromisoformat(pin["week_of"])
        return _(
            "%(edition)s is fixed in %(country)s, in the week of %(day)s.",
            edition=title,
            country=host,
            day=format_day(monday),
        )

    def _limit(self, kind: str, about: Sequence[Any]) -> str:
        used, first = self.inputs["settings"], self.result["start_year"]
        match kind:
            case "country_per_year":
                return ngettext(
                    "%(country)s hosts %(num)d edition in %(year)d at most.",
                    "%(country)s hosts %(num)d editions in %(year)d at most.",
                    used["country_per_year"],
                    country=_host(about[0], self.names),
                    year=first + about[1],
                )
            case "week_cap":
                return ngettext(
                    "A week of %(year)d has %(num)d edition at most.",
                    "A week of %(year)d has %(num)d editions at most.",
                    used["week_cap"],
                    year=first + about[0],
                )
            case "cooldown":
                return ngettext(
                    "A country returns to %(series)s after %(num)d other edition.",
                    "A country returns to %(series)s after %(num)d other editions.",
                    used["cooldown"],
                    series=self.series_titles.get(about[0], about[0]),
                )
            case "group":
                return _("Editions of one series share no week in %(year)d.", year=first + about[1])
            case _:
                return _("Nobody hosts more often than its offer or interest says.")

    def _distance(self, one: object, other: object) -> str:
        return _(
            "%(one)s and %(other)s are as far apart as their years, give or take %(weeks)d weeks.",
            one=self._title(one),
            other=self._title(other),
            weeks=self.inputs["settings"]["tolerance"],
        )

    def _option(self, kind: str, item: object) -> str:
        title = self._title(item)
        match kind:
            case "offer":
                return _(
                    "Who hosts %(edition)s has made an offer, or told an interest, for it.",
                    edition=title,
                )
            case "window":
                return _("%(edition)s keeps to the weeks that its host offers.", edition=title)
            case "year":
                return _("%(edition)s begins and ends in its year.", edition=title)
            case _:
                return _(
                    "%(edition)s keeps clear of its host’s holidays and of hard clashes.",
                    edition=title,
                )
