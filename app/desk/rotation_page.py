"""What the page of the rotation shows: the plan line by line, in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from flask import url_for

from app import clock
from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.desk import queries, rotation, rotation_words
from app.desk.models import RunStatus
from app.desk.rotation_ground import Settings
from app.editions import clashing
from app.editions import queries as editions
from app.i18n import gettext as _
from app.series import queries as series_queries
from scheduler import clashes
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.desk.models import RotationPin, RotationRun
    from app.desk.queries import CountryFacts
    from app.editions.models import Edition
    from scheduler.clashes import Clash


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the plan: an edition with its host and days, and why."""

    edition: Edition
    code: str = ""
    host: str = ""
    region: str = ""
    dtstart: date | None = None
    dtend: date | None = None
    shift: int = 0
    source_url: str = ""
    is_offer: bool = False
    is_held: bool = False
    pin: RotationPin | None = None
    why: str = ""
    change: str = ""
    was: tuple[date, date] | None = None
    clashes: Sequence[Clash] = ()
    too_near: str = ""


@dataclass(frozen=True, slots=True)
class OmittedLine:
    """An offer or an interest that the plan leaves out, why, and what would mend it."""

    country: str
    is_offer: bool
    url: str
    why: str
    mended: str


@dataclass(slots=True)
class Context:
    """What the lines of a plan are made from."""

    run: RotationRun
    names: Mapping[str, str]
    countries: Mapping[str, CountryFacts]
    pins: Mapping[int, RotationPin]
    before: Mapping[int, Mapping[str, Any]] | None
    explanations: Mapping[int, RotationRun] = field(default_factory=dict)


def country_names() -> dict[str, str]:
    """Return the names of all countries by code."""
    return dict(countries.names())


def plan_context(
    run: RotationRun,
    in_force: RotationRun | None,
    pins: Sequence[RotationPin],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Return what templates need of one plan."""
    before = run.base or (in_force if in_force is not run else None)
    explanations = queries.explanations_of(run)
    context = Context(
        run,
        names,
        queries.country_facts(),
        {pin.edition_id: pin for pin in pins},
        {slot["edition"]: slot for slot in before.result["slots"]}
        if before is not None and before.result.get("slots")
        else None,
        explanations,
    )
    rows = _rows(context)
    return {
        "rows": rows,
        "explanations": explanations,
        "before": before,
        "changed_count": sum(bool(row.change) for row in rows),
        "level_lines": rotation_words.level_lines(run.result),
        "summary": rotation_words.summary(run.result),
        "fairness": rotation_words.fairness(run.result, REGION_NAMES),
        "omitted": [_omitted(each, names) for each in run.result.get("omitted", ())],
        "load": _load(rows, run.inputs["settings"]["until"]),
        "is_current": rotation.is_current(run, clock.today()),
        "used": Settings.of(run.inputs["settings"]),
    }


def _rows(context: Context) -> list[Row]:
    """Return the plan's lines in order of time, with what already has its host among them."""
    slots = context.run.result["slots"]
    found = queries.editions_by_id(slot["edition"] for slot in slots)
    rows = [
        _row(found[slot["edition"]], slot, context) for slot in slots if slot["edition"] in found
    ]
    planned = {row.edition.id for row in rows}
    today, until = clock.today(), context.run.inputs["settings"]["until"]
    rows += [
        Row(
            edition,
            edition.country.code,
            edition.country.name,
            REGION_NAMES.get(edition.country.region or "", ""),
            edition.dtstart,
            edition.dtend,
            is_held=True,
        )
        for edition in editions.settled_from(today)
        if edition.country is not None
        and edition.id not in planned
        and edition.status is not EditionStatus.CANCELLED
        and edition.dtstart.year <= until
    ]
    rows.sort(key=lambda row: (row.dtstart or row.edition.dtstart, row.edition.id))
    return _with_clashes(rows, context)


def _row(edition: Edition, slot: Mapping[str, Any], context: Context) -> Row:
    asked = context.explanations.get(edition.id)
    keys = [level["key"] for level in context.run.result["levels"]]
    why = ""
    if asked is not None and asked.status is RunStatus.DONE:
        why = rotation_words.why(asked.result, keys, context.names)
    elif not slot["options"]:
        why = _("No offer and no interest meets it in a free week.")
    near = rotation_words.too_near(slot)
    pin = context.pins.get(edition.id)
    change, was = _change(slot, context)
    if slot["offer"] is None:
        return Row(edition, pin=pin, why=why, change=change, was=was, too_near=near)
    is_offer = slot["offer"].startswith("offer:")
    code = slot["country"]
    return Row(
        edition,
        code,
        context.names.get(code, code),
        REGION_NAMES.get(context.countries[code].region or "", ""),
        date.fromisoformat(slot["dtstart"]),
        date.fromisoformat(slot["dtend"]),
        slot["shift"],
        url_for("hosting.offer", public_id=slot["source"])
        if is_offer
        else url_for("interests.show", public_id=slot["source"]),
        is_offer=is_offer,
        pin=pin,
        why=why,
        change=change,
        was=was,
        too_near=near,
    )


def _omitted(each: Mapping[str, str], names: Mapping[str, str]) -> OmittedLine:
    is_offer = each["kind"] == "offer"
    return OmittedLine(
        country=names.get(each["country"], each["country"]),
        is_offer=is_offer,
        url=url_for("hosting.offer" if is_offer else "interests.show", public_id=each["public_id"]),
        why=_(rotation_words.OMITTED[each["why"]]),
        mended=_(rotation_words.MENDED[each["why"]]),
    )


def _load(rows: Sequence[Row], until: int) -> list[tuple[int, list[Row]]]:
    """Return what is hosted in each year, by year; none is left out, empty ones too."""
    hosted: dict[int, list[Row]] = {}
    for row in rows:
        if row.dtstart is not None:
            hosted.setdefault(row.dtstart.year, []).append(row)
    return [(year, hosted.get(year, [])) for year in range(min(hosted, default=until), until + 1)]


def _change(slot: Mapping[str, Any], context: Context) -> tuple[str, tuple[date, date] | None]:
    """Return what changed against the plan before: the host it was, and the days if they moved."""
    if context.before is None or slot["edition"] not in context.before:
        return "", None
    old = context.before[slot["edition"]]
    if old["offer"] is None and slot["offer"] is None:
        return "", None
    if old["offer"] is None:
        return _("had no host"), None
    is_moved = slot["offer"] is None or old["dtstart"] != slot["dtstart"]
    days = (date.fromisoformat(old["dtstart"]), date.fromisoformat(old["dtend"]))
    was = days if is_moved else None
    if slot["offer"] is None or old["country"] != slot["country"]:
        return _("was %(host)s", host=context.names.get(old["country"], old["country"])), was
    if is_moved:
        return _("the same host, on other days"), was
    return "", None


def _with_clashes(rows: list[Row], context: Context) -> list[Row]:
    """Add what the planned days clash with, the other planned days among it."""
    events, hosts = [], {}
    for row in rows:
        if row.dtstart is None or row.dtend is None:
            continue
        own = clashing.own_event(row.edition, row.dtstart, row.dtend)
        events.append(own)
        facts = context.countries.get(row.code)
        if facts is not None and facts.alpha2:
            hosts[own.key] = facts.alpha2
    if not events:
        return rows
    years = [event.dtstart.year for event in events]
    known = clashing.known_dates(min(years), max(years) + 1)
    met = clashes.find_all_clashes(events, known, events, hosts)
    return [
        row if row.is_held else replace(row, clashes=met.get(row.edition.slug, ())) for row in rows
    ]


def conflict(run: RotationRun, names: Mapping[str, str]) -> list[str]:
    """Return the rules that contradict each other, if that is what ``run`` found."""
    if run.status is not RunStatus.CONFLICT:
        return []
    numbers = {
        item for rule in run.result["rules"] for item in rule["about"] if isinstance(item, int)
    }
    titles = {series.slug: series.title for series in series_queries.all_series()}
    words = rotation_words.ConflictWords(
        run.inputs, run.result, queries.editions_by_id(numbers), names, titles
    )
    return words.lines()
