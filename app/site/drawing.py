"""Editions as calendars, strips and cards draw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from flask import url_for

from app.countries.service import REGION_NAMES
from app.editions.models import Precision
from app.i18n import gettext as _
from app.site.drawn_events import Clash, Event, MilestoneMark
from app.site.strip import Lane
from scheduler import recurrence
from scheduler.lifecycle import EditionStatus
from scheduler.planning import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from app.editions.models import Edition, EditionMilestone
    from app.editions.planning import PlannedChange
    from app.editions.rows import EditionRow
    from app.series.models import Series
    from scheduler import clashes


@dataclass(frozen=True, slots=True)
class Tried:
    """Other days that are tried for one edition, and what they clash with; ``key`` is its slug."""

    key: str
    dtstart: date
    dtend: date
    clashes: Sequence[clashes.Clash]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a plan shows beside its editions, by their ids; calls are ``[from, to)``."""

    calls: Mapping[int, tuple[date, date]] = field(default_factory=dict)
    milestones: Mapping[int, tuple[MilestoneMark, ...]] = field(default_factory=dict)
    tried: Tried | None = None


class Planned(NamedTuple):
    """An edition as the plan would leave it, with what its lane may go by."""

    series_id: int
    region: str | None
    event: Event
    clashes: Sequence[clashes.Clash]


def event_of(
    edition: Edition | EditionRow,
    today: date,
    found: Sequence[clashes.Clash] = (),
    *,
    manages: bool = False,
    drawn: Drawn | None = None,
    pages: str = "",
) -> Event:
    """Return ``edition`` as it is drawn; ``manages`` links to its page at the desk.

    ``pages`` is where these pages lie, for whoever draws hundreds: an address takes a while.
    """
    can_move = manages and edition.status is EditionStatus.PROJECTED
    return Event(
        title=edition.title,
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        kind=edition.series.kind.value,
        status=edition.status_on(today).value,
        place=edition.place,
        url=f"{pages or pages_of(manages=manages)}{edition.slug}",
        precision=edition.precision.value,
        call=drawn.calls.get(edition.id) if drawn else None,
        clash=gravest(found),
        milestones=drawn.milestones.get(edition.id, ()) if drawn else (),
        key=edition.slug if can_move else "",
    )


def pages_of(*, manages: bool) -> str:
    """Return what stands before an edition's slug in the address of its page."""
    return _before_slug("editions.manage" if manages else "site.edition")


def _before_slug(endpoint: str) -> str:
    """Return the address of ``endpoint`` up to the slug: hundreds of them take a while each."""
    return url_for(endpoint, slug="_").removesuffix("_")


def gravest(found: Sequence[clashes.Clash]) -> Clash | None:
    """Return the clash to be drawn: the first of those sorted by gravity."""
    return Clash(found[0].level.value, found[0].reason) if found else None


def lanes(
    series: Iterable[Series],
    editions: Iterable[Edition | EditionRow],
    today: date,
    found: Mapping[str, Sequence[clashes.Clash]] | None = None,
    *,
    manages: bool = False,
) -> tuple[Lane, ...]:
    """Return one lane for each series with its editions."""
    pages = pages_of(manages=manages)
    events: dict[int, list[Event]] = {}
    for edition in editions:
        clashing = (found or {}).get(edition.slug, ())
        event = event_of(edition, today, clashing, manages=manages, pages=pages)
        events.setdefault(edition.series.id, []).append(event)
    return _lanes_of(series, events)


def planned(
    editions: Iterable[EditionRow],
    pending: Iterable[PlannedChange],
    today: date,
    found: Mapping[str, Sequence[clashes.Clash]],
    drawn: Drawn,
) -> list[Planned]:
    """Return the editions ahead as the plan would leave them; what would move shows its old place.

    ``drawn`` has what is drawn beside them, and the days that are tried for one of them.
    """
    lines = {line.edition: line for line in pending}
    events, pages = [], pages_of(manages=True)
    for edition in editions:
        line = lines.pop(edition.slug, None)
        if edition.dtend <= today:
            continue
        known = line.clashes if line else found.get(edition.slug, ())
        event = event_of(edition, today, known, manages=True, drawn=drawn, pages=pages)
        days = (line.change.dtstart, line.change.dtend) if line else None
        if drawn.tried and drawn.tried.key == edition.slug:
            days = (drawn.tried.dtstart, drawn.tried.dtend)
            known = drawn.tried.clashes
            event = event._replace(clash=gravest(known))
        if line and line.action is Action.RETIRE:
            event = event._replace(change="removed", key="")
        elif days and days != (event.dtstart, event.dtend):
            event = event._replace(
                change="moved", moved_from=event.dtstart, dtstart=days[0], dtend=days[1]
            )
        events.append(Planned(edition.series.id, edition.region, event, known))
    for line in lines.values():
        if line.action is Action.CREATE:
            event = Event(
                title=f"{line.series.title} {line.change.dtstart.year}",
                dtstart=line.change.dtstart,
                dtend=line.change.dtend,
                kind=line.series.kind.value,
                status="projected",
                clash=gravest(line.clashes),
                change="new",
            )
            events.append(Planned(line.series.id, line.series.region, event, line.clashes))
    return events


def milestone_marks(
    milestones: Iterable[tuple[EditionMilestone, EditionRow]],
) -> dict[int, tuple[MilestoneMark, ...]]:
    """Return milestones that are still to come, given by day, as marks by their edition's id."""
    marks: dict[int, tuple[MilestoneMark, ...]] = {}
    for row, edition in milestones:
        if row.due_on is not None:
            before = marks.get(edition.id, ())
            mark = MilestoneMark(row.due_on, _(row.title), is_next=not before)
            marks[edition.id] = (*before, mark)
    return marks


def lanes_by_series(series: Iterable[Series], events: Iterable[Planned]) -> tuple[Lane, ...]:
    """Return a lane for each series."""
    of_series: dict[int, list[Event]] = {}
    for each in events:
        of_series.setdefault(each.series_id, []).append(each.event)
    return _lanes_of(series, of_series)


def _lanes_of(series: Iterable[Series], events: Mapping[int, Iterable[Event]]) -> tuple[Lane, ...]:
    pages = _before_slug("site.series")
    return tuple(
        Lane(
            title=one.title,
            kind=one.kind.value,
            events=tuple(events.get(one.id, ())),
            rhythm=rhythm(one),
            url=f"{pages}{one.slug}",
        )
        for one in series
    )


def lanes_by_region(events: Iterable[Planned]) -> tuple[Lane, ...]:
    """Return a lane for what belongs to no region, then one for each region, empty ones too."""
    of_region: dict[str | None, list[Event]] = {None: []} | {region: [] for region in REGION_NAMES}
    for each in events:
        of_region.setdefault(each.region, []).append(each.event)
    return tuple(
        Lane(
            title=region_words(region),
            kind="",
            events=tuple(found),
        )
        for region, found in of_region.items()
    )


def region_words(region: str | None) -> str:
    """Return what a region is called, and what belongs to none."""
    return _(REGION_NAMES.get(region, region)) if region else _("Worldwide")


def rhythm(series: Series) -> str:
    """Return the rule of ``series`` in words, empty where it has none."""
    return recurrence.describe(series.rule, series.length_days) if series.rule else ""


def is_exact(edition: Edition) -> bool:
    """Whether a calendar can draw ``edition`` on its days."""
    return edition.precision is Precision.DAY
