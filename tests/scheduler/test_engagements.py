from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from scheduler import engagements
from scheduler.engagements import ENDED, NEED_MOVES, NeedStatus
from scheduler.lifecycle import EditionStatus

statuses = st.sampled_from(NeedStatus)
editions = st.sampled_from(EditionStatus)
events = st.lists(st.tuples(editions, st.integers(0, 3)), max_size=12)


def test_the_table_knows_every_state_and_leads_to_no_other() -> None:
    assert set(NEED_MOVES) == set(NeedStatus)
    assert {target for targets in NEED_MOVES.values() for target in targets} <= set(NeedStatus)


@given(statuses, events)
def test_whatever_happens_a_need_moves_as_its_table_allows(
    status: NeedStatus, told: list[tuple[EditionStatus, int]]
) -> None:
    for edition, waiting in told:
        after = engagements.follow(status, edition, waiting)
        assert after == status or after in NEED_MOVES[status]
        assert engagements.follow(after, edition, waiting) == after
        status = after


@given(st.sampled_from(sorted(ENDED)), editions, st.integers(0, 3))
def test_what_has_ended_stays_so(status: NeedStatus, edition: EditionStatus, waiting: int) -> None:
    assert engagements.follow(status, edition, waiting) is status
    assert engagements.on_day(status, date(2027, 1, 1), date(2030, 1, 1)) is status


@given(st.dates(max_value=date(2200, 1, 1)), st.dates(), statuses)
def test_only_an_open_need_lapses_and_only_after_its_last_day(
    last_day: date, today: date, status: NeedStatus
) -> None:
    after = engagements.on_day(status, last_day, today)
    if status is NeedStatus.OPEN and today > last_day:
        assert after is NeedStatus.LAPSED
    else:
        assert after is status


@given(st.dates(max_value=date(2200, 1, 1)))
def test_the_committee_has_sixty_days(offered_on: date) -> None:
    assert (engagements.decide_by(offered_on) - offered_on).days == 60
