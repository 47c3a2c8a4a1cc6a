from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.editions import clashing, planning
from app.editions.clashing import clashes_among
from scheduler.clashes import OwnEvent, find_all_clashes
from scheduler.known_dates import KnownDate, Level
from scheduler.lifecycle import EditionStatus
from scheduler.recurrence import RecurrenceRule
from tests.factories import OPENING, make_edition, make_series

DAY = timedelta(days=1)
days = st.dates(date(2026, 6, 1), date(2030, 6, 1))
cities = st.sampled_from(["", "Vienna", "Brussels"])
RECORDS = (
    KnownDate(
        name="Forum",
        rule=RecurrenceRule("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=29", date(2025, 12, 29)),
        length_days=6,
        margin_days=10,
        level=Level.HARD,
        estimated=True,
        kind="FORUM",
    ),
    KnownDate(
        name="Forum, as announced",
        dtstart=date(2028, 1, 3),
        dtend=date(2028, 1, 8),
        level=Level.HARD,
        kind="FORUM",
    ),
)


@st.composite
def own_events(draw: st.DrawFn) -> list[OwnEvent]:
    found = []
    for key in range(draw(st.integers(0, 10))):
        dtstart = draw(days)
        dtend = dtstart + draw(st.integers(1, 60)) * DAY
        series = draw(st.sampled_from("ab"))
        found.append(OwnEvent(str(key), f"Event {key}", series, dtstart, dtend, draw(cities)))
    return found


@given(own=own_events(), host=st.sampled_from(["AT", "XAA"]))
@settings(deadline=None, max_examples=60)
def test_year_by_year_the_same_clashes_are_found_as_at_once(own: list[OwnEvent], host: str) -> None:
    known = [*RECORDS, *clashing.built_in(RECORDS)]
    known += clashing.observances(2025, 2031)
    hosts = {event.key: host for event in own[::2]}
    assert clashes_among(own, own, hosts, RECORDS) == find_all_clashes(own, known, own, hosts)


def test_what_was_held_a_moment_ago_is_too_close_whether_a_plan_is_pending_or_not() -> None:
    today = OPENING.date()
    ahead, held = (
        make_edition(
            series=make_series(slug, rrule=None, dtstart=None),
            status=EditionStatus.ANNOUNCED,
            dtstart=today + shift * DAY,
            days=3,
        )
        for slug, shift in (("ahead", 14), ("held", -10))
    )
    found = []
    for rule in ((None, None), ("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1", date(2027, 6, 1))):
        held.series.rrule, held.series.dtstart = rule
        proposal = planning.propose(until=2028, today=today)
        clashes = proposal.clashes_now[ahead.slug]
        found.append((bool(proposal.pending), [clash.level.value for clash in clashes]))
    assert found == [(False, ["load"]), (True, ["load"])]
