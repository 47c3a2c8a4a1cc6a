"""Editions as calendars, strips and cards draw them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from app.editions.models import Precision
from app.site.presentation import Clash, Event, Lane
from scheduler import recurrence
from scheduler.planning import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from app.editions.models import Edition
    from app.editions.planning import Proposal
    from app.series.models import Series
    from scheduler import clashes


def event_of(
    edition: Edition, today: date, found: Sequence[clashes.Clash] = (), *, manages: bool = False
) -> Event:
    """Return ``edition`` as it is drawn; ``manages`` links to its page at the desk."""
    endpoint = "editions.manage" if manages else "site.edition"
    return Event(
        title=edition.title,
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        kind=edition.series.kind.value,
        status=edition.status_on(today).value,
        place=edition.place,
        url=url_for(endpoint, slug=edition.slug),
        precision=edition.precision.value,
        clash=gravest(found),
    )


def gravest(found: Sequence[clashes.Clash]) -> Clash | None:
    """Return the clash to be drawn: the first of those sorted by gravity."""
    return Clash(found[0].level.value, found[0].reason) if found else None


def lanes(
    series: Iterable[Series],
    editions: Iterable[Edition],
    today: date,
    found: Mapping[str, Sequence[clashes.Clash]] | None = None,
    *,
    manages: bool = False,
) -> list[Lane]:
    """Return one lane for each series with its editions."""
    events: dict[str, list[Event]] = {}
    for edition in editions:
        clashing = (found or {}).get(edition.slug, ())
        event = event_of(edition, today, clashing, manages=manages)
        events.setdefault(edition.series.slug, []).append(event)
    return [
        Lane(
            title=one.title,
            kind=one.kind.value,
            events=tuple(events.get(one.slug, ())),
            rhythm=rhythm(one),
            url=url_for("site.series", slug=one.slug),
        )
        for one in series
    ]


def planned_lanes(
    series: Sequence[Series],
    editions: Sequence[Edition],
    proposal: Proposal,
    today: date,
    found: Mapping[str, Sequence[clashes.Clash]],
) -> list[Lane]:
    """Return the lanes as the plan would leave them; what would move shows its old place."""
    ahead = [edition for edition in editions if edition.dtend > today]
    pending = {line.edition: line for line in proposal.pending}
    standing = {lane.url: lane for lane in lanes(series, ahead, today, found, manages=True)}
    for one in series:
        lane = standing[url_for("site.series", slug=one.slug)]
        by_slug = {
            edition.slug: event
            for edition, event in zip(
                (edition for edition in ahead if edition.series_id == one.id),
                lane.events,
                strict=True,
            )
        }
        for slug, line in pending.items():
            if line.series.id != one.id:
                continue
            if line.action is Action.RETIRE:
                by_slug.pop(slug, None)
            elif line.action is Action.MOVE and slug in by_slug:
                by_slug[slug] = replace(
                    by_slug[slug],
                    moved_from=by_slug[slug].dtstart,
                    dtstart=line.change.dtstart,
                    dtend=line.change.dtend,
                    clash=gravest(line.clashes),
                )
            elif line.action is Action.CREATE:
                by_slug[slug] = Event(
                    title=f"{one.title} {line.change.dtstart.year}",
                    dtstart=line.change.dtstart,
                    dtend=line.change.dtend,
                    kind=one.kind.value,
                    status="projected",
                    clash=gravest(line.clashes),
                )
        standing[lane.url] = replace(lane, events=tuple(by_slug.values()))
    return list(standing.values())


def rhythm(series: Series) -> str:
    """Return the rule of ``series`` in words, empty where it has none."""
    return recurrence.describe(series.rule, series.length_days) if series.rule else ""


def is_exact(edition: Edition) -> bool:
    """Whether a calendar can draw ``edition`` on its days."""
    return edition.precision is Precision.DAY
