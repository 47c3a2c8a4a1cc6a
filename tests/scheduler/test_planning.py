from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import RecurrenceRuleError
from scheduler.planning import Action, Override, Plan, SeriesRule, StandingEdition, is_in_step, plan
from scheduler.recurrence import RecurrenceRule, first_occurrence

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY = date(2026, 11, 24)
TRIENNIAL = "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU"


def make_series(
    rrule: str = TRIENNIAL, dtstart: date = date(2024, 3, 5), days: int = 3
) -> SeriesRule:
    return SeriesRule("symposium", RecurrenceRule(rrule, dtstart), days)


def make_edition(
    day: date | None, dtstart: date | None = None, *, status: str = "projected", days: int = 3
) -> StandingEdition:
    start = dtstart or day
    assert start
    end = start + timedelta(days=days)
    settled = status != "projected"
    slug = f"symposium-{start.year}"
    return StandingEdition(slug, "symposium", day, start, end, status, settled)


def skip(day: date, reason: str = "no host") -> Override:
    return Override("symposium", day, None, None, reason)


def moved(day: date, dtstart: date, dtend: date | None = None) -> Override:
    return Override("symposium", day, dtstart, dtend, "venue free then")


def lines(planned: Plan) -> list[tuple[str, str | None, str, str]]:
    return [
        (str(change.action), change.edition, change.dtstart.isoformat(), change.reason)
        for change in planned.changes
    ]


def apply(planned: Plan, editions: Sequence[StandingEdition]) -> list[StandingEdition]:
    """Do what a plan says, as the service does."""
    kept = {edition.edition: edition for edition in editions}
    for number, change in enumerate(planned.pending):
        if change.action == Action.RETIRE:
            assert change.edition
            del kept[change.edition]
            continue
        slug = change.edition or f"new-{change.dtstart}-{number}"
        old = kept.get(slug)
        kept[slug] = StandingEdition(
            slug,
            change.series,
            change.recurrence_id,
            change.dtstart,
            change.dtend,
            old.status if old else "projected",
            old.settled if old else False,
        )
    return list(kept.values())


def test_editions_are_created_ahead_up_to_the_horizon_and_not_before_today() -> None:
    assert lines(plan([make_series()], [], today=date(2027, 3, 3), until=2033)) == [
        ("create", None, "2030-03-05", "new: every 3 years, first Tuesday of March"),
        ("create", None, "2033-03-01", "new: every 3 years, first Tuesday of March"),
    ]
    assert plan([make_series()], [], today=date(2027, 3, 2), until=2027).changes[0].dtend == date(
        2027, 3, 5
    )


def test_a_series_without_a_rule_plans_nothing() -> None:
    series = SeriesRule("symposium", None, 3)
    editions = [make_edition(date(2027, 3, 2))]
    planned = plan([series], editions, today=TODAY, until=2040)
    assert planned.pending == ()
    assert [change.reason for change in planned.changes] == ["kept: the series has no rule"]


def test_a_changed_rule_moves_projections_and_keeps_their_identity() -> None:
    editions = [make_edition(date(2027, 3, 2)), make_edition(date(2030, 3, 5))]
    series = make_series("FREQ=YEARLY;INTERVAL=3;BYMONTH=4;BYDAY=2MO", date(2024, 4, 8))
    planned = plan([series], editions, today=TODAY, until=2031)
    reason = "moved: the rule now says every 3 years, second Monday of April"
    assert lines(planned) == [
        ("move", "symposium-2027", "2027-04-12", reason),
        ("move", "symposium-2030", "2030-04-08", reason),
    ]
    assert planned.changes[0].was == (date(2027, 3, 2), date(2027, 3, 5))
    assert planned.changes[0].recurrence_id == date(2027, 4, 12)


def test_what_moves_farther_than_half_a_period_is_another_edition() -> None:
    series = make_series("FREQ=YEARLY;BYMONTH=10;BYDAY=1TU", date(2027, 10, 5))
    planned = plan([series], [make_edition(date(2027, 3, 2))], today=TODAY, until=2027)
    assert lines(planned) == [
        ("retire", "symposium-2027", "2027-03-02", "retired: the rule no longer falls here"),
        ("create", None, "2027-10-05", "new: every year, first Tuesday of October"),
    ]


def test_each_takes_the_nearest_occurrence() -> None:
    editions = [make_edition(date(2027, 3, 2)), make_edition(date(2027, 9, 7))]
    editions[1] = editions[1]._replace(edition="autumn")
    series = make_series("FREQ=YEARLY;BYMONTH=4,10;BYDAY=1TU", date(2027, 4, 6))
    planned = plan([series], editions, today=TODAY, until=2027)
    assert [(change.edition, change.dtstart) for change in planned.changes] == [
        ("symposium-2027", date(2027, 4, 6)),
        ("autumn", date(2027, 10, 5)),
    ]


def test_a_settled_edition_stays_and_uses_up_its_occurrence_wherever_people_moved_it() -> None:
    settled = make_edition(date(2027, 3, 2), date(2027, 6, 8), status="registration_open")
    planned = plan([make_series()], [settled], today=TODAY, until=2029)
    kept = [("keep", "symposium-2027", "2027-06-08", "kept: registration open")]
    assert lines(planned) == kept
    assert planned.changes[0].recurrence_id == date(2027, 3, 2)
    # After the rule changed it still stands for the edition of that year.
    later = make_series("FREQ=YEARLY;INTERVAL=3;BYMONTH=4;BYDAY=2MO", date(2024, 4, 8))
    assert lines(plan([later], [settled], today=TODAY, until=2029)) == kept


def test_history_without_a_recurrence_id_is_not_touched() -> None:
    history = make_edition(None, date(2024, 3, 5), status="closed")
    first = make_edition(None, date(2019, 2, 11), status="closed")
    planned = plan([make_series()], [history, first], today=TODAY, until=2026)
    assert planned.pending == ()
    assert [change.reason for change in planned.changes] == ["kept: closed", "kept: closed"]


def test_an_edition_added_by_hand_is_kept_beside_those_of_the_rule() -> None:
    extra = make_edition(None, date(2027, 10, 5))
    planned = plan([make_series()], [extra], today=TODAY, until=2027)
    assert lines(planned) == [
        ("create", None, "2027-03-02", "new: every 3 years, first Tuesday of March"),
        ("keep", "symposium-2027", "2027-10-05", "kept: added by hand"),
    ]


def test_an_edition_added_by_hand_on_the_day_of_an_occurrence_is_that_occurrence() -> None:
    extra = make_edition(None, date(2027, 3, 2), status="confirmed")
    assert plan([make_series()], [extra], today=TODAY, until=2027).pending == ()


def test_a_projection_in_the_past_is_left_alone() -> None:
    old = make_edition(date(2024, 3, 12))
    assert lines(plan([make_series()], [old], today=TODAY, until=2026)) == [
        ("keep", "symposium-2024", "2024-03-12", "kept: in the past")
    ]


def test_nothing_beyond_the_horizon_is_touched() -> None:
    beyond = make_edition(date(2031, 7, 1))
    assert plan([make_series()], [beyond], today=TODAY, until=2029).changes[0].action == "create"
    assert len(plan([make_series()], [beyond], today=TODAY, until=2029).changes) == 1


def test_an_edition_moved_over_the_horizon_still_has_its_occurrence() -> None:
    series = make_series("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=28", date(2027, 12, 28))
    override = moved(date(2027, 12, 28), date(2028, 1, 11))
    editions = apply(plan([series], [], [override], today=TODAY, until=2027), [])
    assert [edition.dtstart for edition in editions] == [date(2028, 1, 11)]
    assert plan([series], editions, [override], today=TODAY, until=2027).pending == ()


@pytest.mark.parametrize(
    ("rrule", "exdates", "reason"),
    [
        (f"{TRIENNIAL};COUNT=2", (), "retired: beyond COUNT"),
        (f"{TRIENNIAL};UNTIL=20281231", (), "retired: beyond UNTIL"),
        (TRIENNIAL, (date(2030, 3, 5),), "retired: excepted from the rule"),
        (
            TRIENNIAL.replace("INTERVAL=3", "INTERVAL=9"),
            (),
            "retired: the rule no longer falls here",
        ),
    ],
)
def test_a_retired_edition_says_why(rrule: str, exdates: tuple[date, ...], reason: str) -> None:
    rule = RecurrenceRule(rrule, date(2024, 3, 5), exdates=exdates)
    editions = [make_edition(date(2030, 3, 5))]
    planned = plan([SeriesRule("symposium", rule, 3)], editions, today=date(2028, 1, 1), until=2031)
    assert [change.reason for change in planned.changes] == [reason]


def test_a_second_projection_of_one_occurrence_is_retired() -> None:
    settled = make_edition(date(2027, 3, 2), status="confirmed")
    double = make_edition(date(2027, 3, 2))._replace(edition="symposium-2027-2")
    planned = plan([make_series()], [double, settled], today=TODAY, until=2027)
    assert lines(planned) == [
        ("keep", "symposium-2027", "2027-03-02", "kept: confirmed"),
        ("retire", "symposium-2027-2", "2027-03-02", "retired: another edition has its occurrence"),
    ]


def test_a_new_length_moves_the_end() -> None:
    planned = plan([make_series(days=4)], [make_edition(date(2027, 3, 2))], today=TODAY, until=2027)
    assert [(change.dtstart, change.dtend, change.reason) for change in planned.pending] == [
        (date(2027, 3, 2), date(2027, 3, 6), "moved: the length is now 4 days")
    ]


def test_days_moved_by_hand_survive_planning_and_a_change_of_the_rule() -> None:
    override = moved(date(2027, 3, 2), date(2027, 4, 20), date(2027, 4, 22))
    planned = plan(
        [make_series()], [make_edition(date(2027, 3, 2))], [override], today=TODAY, until=2027
    )
    assert lines(planned) == [
        ("move", "symposium-2027", "2027-04-20", "moved: by hand: venue free then")
    ]
    editions = apply(planned, [make_edition(date(2027, 3, 2))])
    assert editions[0].dtend == date(2027, 4, 22)
    assert lines(plan([make_series()], editions, [override], today=TODAY, until=2027)) == [
        ("keep", "symposium-2027", "2027-04-20", "kept: moved by hand: venue free then")
    ]
    # The occurrence moves and the days do not: a pending change, or the next plan would differ.
    later = make_series(TRIENNIAL.replace("1TU", "2TU"), date(2024, 3, 12))
    planned = plan([later], editions, [override], today=TODAY, until=2027)
    assert [
        (change.action, change.recurrence_id, change.dtstart) for change in planned.pending
    ] == [("move", date(2027, 3, 9), date(2027, 4, 20))]
    editions = apply(planned, editions)
    assert plan([later], editions, [override], today=TODAY, until=2027).pending == ()


def test_an_override_taken_back_moves_the_edition_back() -> None:
    edition = make_edition(date(2027, 3, 2), date(2027, 4, 20))
    assert lines(plan([make_series()], [edition], today=TODAY, until=2027)) == [
        (
            "move",
            "symposium-2027",
            "2027-03-02",
            "moved: back to the rule, every 3 years, first Tuesday of March",
        )
    ]


def test_a_skipped_occurrence_is_retired_and_not_created_again() -> None:
    editions = [make_edition(date(2027, 3, 2))]
    override = skip(date(2027, 3, 2))
    planned = plan([make_series()], editions, [override], today=TODAY, until=2027)
    assert lines(planned) == [
        ("retire", "symposium-2027", "2027-03-02", "retired: skipped: no host")
    ]
    assert plan([make_series()], [], [override], today=TODAY, until=2027).changes == ()
    later = make_series(TRIENNIAL.replace("1TU", "2TU"), date(2024, 3, 12))
    assert plan([later], [], [override], today=TODAY, until=2027).changes == ()


def test_a_rule_that_is_not_usable_is_refused() -> None:
    with pytest.raises(RecurrenceRuleError):
        plan([make_series("FREQ=YEARLY;INTERVAL=0")], [], today=TODAY, until=2040)


def test_changes_of_all_series_come_by_day() -> None:
    rule = RecurrenceRule("FREQ=YEARLY;INTERVAL=2;BYMONTH=9;BYDAY=2MO", date(2023, 9, 11))
    workshop = SeriesRule("practitioner-workshop", rule, 5)
    planned = plan([make_series(), workshop], [], today=TODAY, until=2030)
    assert [(change.series, change.dtstart.year) for change in planned.changes] == [
        ("symposium", 2027),
        ("practitioner-workshop", 2027),
        ("practitioner-workshop", 2029),
        ("symposium", 2030),
    ]


RRULES = [
    TRIENNIAL,
    "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=9;BYDAY=2MO;COUNT=4",
    "FREQ=YEARLY;BYMONTH=3,9;BYDAY=-1FR;UNTIL=20341231",
    "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=28",
]
days = st.dates(date(2022, 1, 1), date(2034, 9, 1))


@st.composite
def situations(
    draw: st.DrawFn,
) -> tuple[SeriesRule, list[StandingEdition], list[Override]]:
    """Draw a rule and what an older rule, people and time left standing."""
    rrule = draw(st.sampled_from(RRULES))
    series = make_series(rrule, first_occurrence(rrule, draw(days)), draw(st.integers(1, 5)))
    near = st.one_of(days, st.sampled_from([date(2027, 3, 2), date(2027, 3, 9), date(2028, 3, 14)]))
    editions = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(near)
        rid = draw(st.one_of(st.none(), st.just(start), near))
        end = start + timedelta(days=draw(st.integers(1, 5)))
        settled = draw(st.booleans())
        status = "confirmed" if settled else "projected"
        editions.append(
            StandingEdition(f"e{number}", "symposium", rid, start, end, status, settled)
        )
    overrides = [
        draw(st.sampled_from([skip(day), moved(day, draw(days))]))
        for day in draw(st.lists(near, max_size=3, unique=True))
    ]
    return series, editions, overrides


@given(situation=situations(), until=st.integers(2026, 2036))
def test_planning_an_applied_plan_yields_no_change(
    situation: tuple[SeriesRule, list[StandingEdition], list[Override]], until: int
) -> None:
    series, editions, overrides = situation
    planned = plan([series], editions, overrides, today=TODAY, until=until)
    applied = apply(planned, editions)
    assert plan([series], applied, overrides, today=TODAY, until=until).pending == ()


@given(situation=situations(), until=st.integers(2026, 2036))
def test_what_is_settled_past_or_by_hand_never_changes(
    situation: tuple[SeriesRule, list[StandingEdition], list[Override]], until: int
) -> None:
    series, editions, overrides = situation
    planned = plan([series], editions, overrides, today=TODAY, until=until)
    touched = {change.edition for change in planned.pending}
    for edition in editions:
        if edition.settled or edition.recurrence_id is None or edition.dtstart < TODAY:
            assert edition.edition not in touched
    for change in planned.pending:
        assert change.recurrence_id
        assert change.recurrence_id.year <= until
        assert change.action != Action.CREATE or change.dtstart >= TODAY
    names = [change.edition for change in planned.changes if change.edition]
    assert len(names) == len(set(names))


@given(situation=situations(), until=st.integers(2026, 2036))
def test_what_is_in_step_at_a_glance_has_nothing_to_do(
    situation: tuple[SeriesRule, list[StandingEdition], list[Override]], until: int
) -> None:
    series, editions, _ = situation
    planned = plan([series], editions, today=TODAY, until=until)
    if is_in_step(series, editions, today=TODAY, until=until):
        assert planned.pending == ()
    applied = apply(planned, editions)
    follows = all(edition.recurrence_id is None or not edition.settled for edition in editions)
    if follows and all(edition.dtstart >= TODAY for edition in editions):
        assert is_in_step(series, applied, today=TODAY, until=until)


def test_a_settled_edition_on_an_occurrence_and_one_by_hand_are_in_step() -> None:
    editions = [
        make_edition(date(2027, 3, 2), date(2027, 6, 8), status="confirmed"),
        make_edition(None, date(2030, 3, 5)),
        make_edition(date(2024, 3, 5), status="closed"),
        make_edition(date(2033, 3, 1)),
    ]
    assert is_in_step(make_series(), editions, today=TODAY, until=2033)
    assert not is_in_step(make_series(), editions[:3], today=TODAY, until=2033)
    assert is_in_step(make_series(), editions[:3], today=TODAY, until=2032)
    assert not is_in_step(make_series(days=4), editions, today=TODAY, until=2033)
    elsewhere = make_edition(date(2033, 3, 8))
    assert not is_in_step(make_series(), [*editions[:3], elsewhere], today=TODAY, until=2033)
