"""An edition as calendars show it: the one mapping from its row to a calendar entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import gettext as _
from app.outbox import address
from app.series.models import SeriesKind
from scheduler.ical import CalendarEntry
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from app.editions.models import Edition

COLOR_OF = {
    SeriesKind.SYMPOSIUM: "steelblue",
    SeriesKind.PRACTITIONER_WORKSHOP: "teal",
    SeriesKind.REGIONAL_ENGAGEMENT: "plum",
}


def entry_of(edition: Edition) -> CalendarEntry:
    """Return ``edition`` as the world's calendars show it."""
    return CalendarEntry(
        uid=edition.uid,
        sequence=edition.sequence,
        created=edition.created_at,
        # Its words carry the series' title, so it is revised with the series too.
        last_modified=max(edition.modified_at, edition.series.modified_at),
        summary=summary_of(edition),
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        status=edition.public_entry_status,
        location=edition.place,
        geo=edition.geo,
        url=address("site.edition", slug=edition.slug),
        description=_description(edition),
        categories=(edition.series.title,),
        color=COLOR_OF[edition.series.kind],
        related_to=(("SIBLING", edition.sibling_uid),) if edition.sibling_uid else (),
        transparent=True,
    )


def _description(edition: Edition) -> str:
    if not edition.is_demonstration:
        return edition.summary
    return "\n".join(filter(None, [_("Demonstration data."), edition.summary]))


def summary_of(edition: Edition) -> str:
    """Return what a calendar shows of ``edition`` at a glance."""
    if edition.status is not EditionStatus.POSTPONED:
        return edition.title
    if edition.dates_to_follow:
        return _("%(title)s (postponed, new dates to follow)", title=edition.title)
    return _("%(title)s (postponed to these days)", title=edition.title)
