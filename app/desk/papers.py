"""Papers for committees: the plan, put into the values that its document shows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from flask_babel import get_locale

from app.i18n import gettext as _
from app.i18n import ngettext
from app.paper import typeset
from app.site.dates import SPACED_DASH, format_day, format_span
from app.site.states import state_of
from app.site.strip import lay_out_strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from app.desk.plan_page import Shown
    from app.editions.planning import PlannedChange
    from app.site.drawing import Planned
    from app.site.drawn_events import Event
    from app.site.strip import Bar, StripLane
    from scheduler.clashes import Clash

CLASHES_TOLD = 4


def plan_paper(shown: Shown, today: date) -> bytes:
    """Return the plan as a PDF: the strip, what would change, and each edition by year."""
    return typeset("plan.typ", plan=_values(shown, today, str(get_locale() or "en")))


def _values(shown: Shown, today: date, locale: str) -> dict[str, Any]:
    strip = lay_out_strip(
        shown.lanes, shown.first_year, shown.last_year, today=today, locale=locale
    )
    clashes = _clash_words()
    shown_years = range(shown.first_year, shown.last_year + 1)
    events = sorted(
        (
            each
            for each in shown.events
            if each.event.dtstart.year in shown_years and each.event.change != "removed"
        ),
        key=lambda each: (each.event.dtstart, each.event.title),
    )
    return {
        "lang": locale.split("_", maxsplit=1)[0],
        "title": _("Plan of the years ahead"),
        "period": f"{shown.first_year}{SPACED_DASH}{shown.last_year}",
        "date": _("as of %(day)s", day=format_day(today, locale=locale)),
        "footer": _(
            "Symposia – plan as of %(day)s. Expected editions are no commitments.",
            day=format_day(today, locale=locale),
        ),
        "years": strip.years,
        "today": strip.today,
        "lanes": [_lane(lane, shown) for lane in strip.lanes],
        "legend": _legend(strip.bars),
        "changes": [_change(line, clashes, locale) for line in shown.pending],
        "by_year": [
            (year, [_edition(each, clashes, locale) for each in group])
            for year, group in groupby(events, lambda each: each.event.dtstart.year)
        ],
        "words": {
            "page": _("Page"),
            "today": _("today"),
            "changes": _("Not applied yet"),
            "editions": _("Editions by year"),
            "nothing": _("Nothing lies in these years yet."),
            "edition": _("Edition"),
            "change": _("Change"),
            "days": _("Days"),
            "why": _("Why"),
            "place": _("Place"),
            "state": _("State"),
            "clashes": _("Clashes"),
        },
    }


def _lane(drawn: StripLane, shown: Shown) -> dict[str, Any]:
    return {
        "title": drawn.lane.title,
        "rhythm": drawn.lane.rhythm if not shown.address.by_region else "",
        "rows": drawn.rows,
        "bars": [_bar(bar) for bar in drawn.bars],
    }


def _bar(bar: Bar) -> dict[str, Any]:
    event = bar.event
    clash = event.clash if bar.look != "removed" else None
    looks = {
        "postponed": _("postponed"),
        "cancelled": _("cancelled"),
        "call": _("host sought"),
        "projected": _("expected"),
        "new": _("new"),
        "removed": _("goes"),
    }
    where = looks.get(bar.look) or event.place.split(",")[0][:18]
    return {
        "x": bar.x,
        "row": bar.row,
        "look": bar.look,
        "kind": event.kind,
        "when": bar.when,
        "where": _clash_words()[clash.level].lower() if clash else where,
        "level": clash.level if clash else "",
        "label_ends": bar.label_ends,
        "call": bar.call,
        "moved_from": bar.moved_from,
    }


def _edition(planned: Planned, clashes: dict[str, str], locale: str) -> dict[str, Any]:
    event = planned.event
    return {
        "days": format_span(event.dtstart, event.dtend, event.precision, locale=locale),
        "title": event.title,
        "place": event.place,
        "state": _(state_of(event.status).words),
        "clashes": _told(planned.clashes, clashes),
        "note": _rest(planned.clashes) or ("" if planned.clashes else _no_clash(event)),
    }


def _change(line: PlannedChange, clashes: dict[str, str], locale: str) -> dict[str, Any]:
    actions = {"create": _("New"), "move": _("Move"), "retire": _("Remove")}
    change, was = line.change, ""
    if change.was and change.was != (change.dtstart, change.dtend):
        was = _("from %(days)s", days=format_span(*change.was, locale=locale))
    return {
        "title": f"{line.series.title} {change.dtstart.year}",
        "action": actions[line.action.value],
        "days": format_span(change.dtstart, change.dtend, locale=locale),
        "was": was,
        "reason": change.reason,
        "clashes": _told(line.clashes, clashes),
        "note": _rest(line.clashes),
    }


def _told(found: Sequence[Clash], words: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (clash.level.value, words[clash.level.value], clash.reason)
        for clash in found[:CLASHES_TOLD]
    ]


def _no_clash(event: Event) -> str:
    return _("none known") if event.precision == "day" else _("not known without days")


def _rest(found: Sequence[Clash]) -> str:
    more = len(found) - CLASHES_TOLD
    return ngettext("and %(num)s more", "and %(num)s more", more) if more > 0 else ""


def _clash_words() -> dict[str, str]:
    return {"hard": _("Clash"), "soft": _("Soft clash"), "load": _("Close together")}


def _legend(bars: Iterable[Bar]) -> list[tuple[str, str]]:
    words = {
        "settled": _("host known"),
        "projected": _("expected by the rule"),
        "call": _("host sought, call open"),
        "postponed": _("postponed"),
        "cancelled": _("cancelled"),
        "new": _("new, not applied yet"),
        "removed": _("goes, not applied yet"),
    }
    looks = {bar.look for bar in bars}
    return [(look, said) for look, said in words.items() if look in looks]
