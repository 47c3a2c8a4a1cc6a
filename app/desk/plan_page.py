"""What the plan page shows: which years, by series or by region, and what is drawn in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from flask import url_for

from app.countries.service import REGION_NAMES
from app.desk.what_if import try_days
from app.editions import milestone_queries, planning
from app.editions.models import Precision
from app.hosting import queries as hosting
from app.paging import Pages, page_of
from app.site import drawing
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from werkzeug.datastructures import MultiDict

    from app.desk.what_if import Trial
    from app.editions.models import Edition, EditionMilestone
    from app.editions.planning import PlannedChange, Proposal
    from app.editions.rows import EditionRow
    from app.site.strip import Lane
    from scheduler.clashes import Clash

ZOOMS = (6, 12, 24)
CLOSE_ZOOM, USUAL_ZOOM = 6, 12  # milestones are shown on the close one
ROWS_A_PAGE = 30
CLASHES_TOLD = 3


@dataclass(frozen=True, slots=True)
class Address:
    """Which part of the plan is looked at, as its address says it."""

    until: int = planning.DEFAULT_UNTIL
    years: int = USUAL_ZOOM
    by_region: bool = False
    page: int = 1
    tried: str = ""  # the slug of the edition for which other days are tried
    is_discarded: bool = False  # what the plan would change is left out

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> Address:
        """Read the address; what it does not say, or says wrongly, is as usual."""
        years = args.get("years", USUAL_ZOOM, type=int)
        return cls(
            until=args.get("until", planning.DEFAULT_UNTIL, type=int),
            years=years if years in ZOOMS else USUAL_ZOOM,
            by_region=args.get("by") == "region",
            page=max(1, args.get("page", 1, type=int)),
            tried=args.get("try", ""),
            is_discarded=args.get("plan") == "discarded",
        )

    @property
    def args(self) -> dict[str, Any]:
        """What `url_for` needs to come back to the same years and lanes."""
        return {
            "until": self.until,
            "years": self.years,
            "by": "region" if self.by_region else None,
            "page": self.page if self.page > 1 else None,
            "plan": "discarded" if self.is_discarded else None,
        }

    def pending(self, proposal: Proposal) -> Sequence[PlannedChange]:
        """Return what the plan would change, as far as it is looked at."""
        return () if self.is_discarded else proposal.pending

    @property
    def query(self) -> str:
        """The same as the query of an address."""
        return urlencode({name: value for name, value in self.args.items() if value is not None})

    def url(self, **changes: Any) -> str:  # noqa: ANN401 - the fields of the address
        """Return the page's address with some things changed, without the trial."""
        return url_for("desk.plan", **replace(self, **changes).args)

    @property
    def paper_url(self) -> str:
        """Return the same years and lanes as a paper."""
        return url_for("desk.plan_paper", **{**self.args, "page": None})

    def try_url(self, edition: Edition, day: date | None = None) -> str:
        """Return the page that tries ``day`` for ``edition``."""
        last = f"&day={day.isoformat()}" if day else ""
        return f"{self.before_try}{edition.slug}{last}#what-if"

    @property
    def before_try(self) -> str:
        """The same address up to the slug of an edition that is tried."""
        return f"{self.url()}&try="


class Standing(NamedTuple):
    """A row of what stands: all that is drawn of it, so that a row drawn before can be kept.

    ``try_url`` tries other days and is empty for what no plan moves; ``clashes`` are the gravest.
    """

    title: str
    url: str
    try_url: str
    dtstart: date
    dtend: date
    precision: str
    region: str
    place: str
    status: str
    clashes: tuple[Clash, ...]
    more_count: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The plan as the page shows it."""

    address: Address
    pending: Sequence[PlannedChange]
    first_year: int
    last_year: int
    events: Sequence[drawing.Planned]
    lanes: Sequence[Lane]
    standing: tuple[Standing, ...]
    trial: Trial | None
    pages: Pages
    milestones: Sequence[tuple[EditionMilestone, EditionRow]]
    discarded_count: int = 0
    zooms: Sequence[int] = ZOOMS


def show(address: Address, proposal: Proposal, today: date, day: date | None = None) -> Shown:
    """Gather what the page shows; ``day`` is tried for the edition that the address names."""
    pending = address.pending(proposal)
    discarded_count = len(proposal.pending) - len(pending)
    standing = [
        edition
        for edition in proposal.editions
        if edition.dtend > today and edition.dtstart.year <= address.until
    ]
    clashes = proposal.clashes_now
    trial = None
    if address.tried:
        trial = try_days(address.tried, day, proposal, pending, today)
    settled = {
        edition.id: edition
        for edition in standing
        if edition.status not in {EditionStatus.PROJECTED, EditionStatus.CANCELLED}
    }
    milestones = _milestones(settled, today) if address.years == CLOSE_ZOOM else []
    drawn = drawing.Drawn(
        calls=_calls(list(settled)),
        milestones=drawing.milestone_marks(milestones),
        tried=trial.tried if trial and trial.is_moved else None,
    )
    events = drawing.planned(standing, pending, today, clashes, drawn)
    if address.by_region:
        lanes = drawing.lanes_by_region(events)
        order = [None, *REGION_NAMES]
        standing.sort(key=lambda edition: order.index(edition.region))
    else:
        lanes = drawing.lanes_by_series(proposal.series, events)
    last = min(today.year + address.years - 1, max(address.until, today.year))
    first, beyond, pages = page_of(
        address.page,
        len(standing),
        lambda page: f"{address.url(page=page)}#stands",
        length=ROWS_A_PAGE,
    )
    return Shown(
        address=address,
        pending=pending,
        first_year=today.year,
        last_year=last,
        events=events,
        lanes=lanes,
        standing=_rows(standing[first:beyond], address, today, clashes),
        trial=trial,
        pages=pages,
        milestones=milestones,
        discarded_count=discarded_count,
    )


def _rows(
    editions: Iterable[EditionRow],
    address: Address,
    today: date,
    clashes: Mapping[str, Sequence[Clash]],
) -> tuple[Standing, ...]:
    manage, trial = drawing.pages_of(manages=True), address.before_try
    rows = []
    for one in editions:
        found = clashes.get(one.slug, ())
        can_move = one.status is EditionStatus.PROJECTED and one.precision is Precision.DAY
        rows.append(
            Standing(
                one.title,
                f"{manage}{one.slug}",
                f"{trial}{one.slug}#what-if" if can_move else "",
                one.dtstart,
                one.dtend,
                one.precision.value,
                drawing.region_words(one.region),
                one.place,
                one.status_on(today).value,
                tuple(found[:CLASHES_TOLD]),
                max(0, len(found) - CLASHES_TOLD),
            )
        )
    return tuple(rows)


def _calls(settled: Sequence[int]) -> dict[int, tuple[date, date]]:
    """Return the days ``[from, to)`` on which hosts may offer, by edition, in one query."""
    if not settled:
        return {}
    return {
        edition_id: (call.opened_at.date(), call.last_day + timedelta(days=1))
        for edition_id, call in hosting.calls_of(settled).items()
    }


def _milestones(
    settled: Mapping[int, EditionRow], today: date
) -> list[tuple[EditionMilestone, EditionRow]]:
    """Return what is still to be done for these editions, by day, each with its edition."""
    ahead = [
        (row.due_on, row.id, row)
        for row in milestone_queries.of_editions(list(settled))
        if row.due_on and row.due_on >= today and not row.is_recorded and not row.is_dropped
    ]
    return [(row, settled[row.edition_id]) for _due_on, _id, row in sorted(ahead)]
