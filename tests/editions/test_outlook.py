from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import audit, database
from app.accounts.models import Role
from app.database import db
from app.editions import (
    clashing,
    disruptions,
    override_queries,
    overrides,
    planning,
    queries,
    service,
)
from app.editions.models import Edition, KnownEvent, Precision
from app.editions.overrides import (
    NoOccurrenceError,
    NotProjectedError,
    OverlappingOverrideError,
    WeekTakenError,
)
from scheduler.known_dates import Level
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person, make_series
from tests.pages import words

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

TODAY = OPENING.date()
YEARLY = {"rrule": "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", "dtstart": date(2024, 3, 5)}
UNTIL = 2031
S = EditionStatus


@pytest.fixture
def organiser(client: Client) -> Client:
    """The browser of an organiser."""
    return client.sign_in(make_person(role=Role.ORGANISER))


def pending(until: int = UNTIL) -> list[tuple[str, str]]:
    proposal = planning.propose(until=until, today=TODAY)
    return [(line.action.value, line.edition) for line in proposal.pending]


def apply(until: int = UNTIL) -> None:
    planning.apply(planning.propose(until=until, today=TODAY), by=None, now=OPENING)


def found(slug: str) -> Edition:
    edition = queries.find(slug)
    assert edition
    return edition


def block(first: date, days: int, level: Level = Level.HARD, name: str = "Forum") -> None:
    database.write()
    db.session.add(
        KnownEvent(
            name=name, dtstart=first, dtend=first + timedelta(days=days), precision=Precision.DAY,
            level=level,
        )
    )  # fmt: skip
    db.session.flush()


def weeks(edition: Edition) -> list[tuple[date, int]]:
    outlook = clashing.outlook(edition, TODAY)
    return [(offer.week.dtstart, offer.week.distance_weeks) for offer in outlook.weeks]


def move(edition: Edition, dtstart: date, days: int = 3, reason: str = "Ramadan") -> None:
    overrides.override(
        edition, dtstart=dtstart, dtend=dtstart + timedelta(days=days), reason=reason,
        by=make_person(), now=OPENING,
    )  # fmt: skip


# -- free weeks ------------------------------------------------------------------------------


def test_free_weeks_keep_weekday_and_length_and_pass_over_what_is_taken() -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=date(2027, 6, 8), days=3)
    block(date(2027, 6, 7), 10)
    block(date(2027, 5, 31), 2, Level.SOFT, "Assembly")
    assert weeks(edition) == [
        (date(2027, 6, 22), 2),
        (date(2027, 5, 25), -2),
        (date(2027, 6, 29), 3),
        (date(2027, 7, 6), 4),
        (date(2027, 5, 11), -4),
    ]


def test_only_a_projection_is_offered_weeks_and_others_show_their_clashes() -> None:
    block(date(2027, 6, 7), 10)
    for status in (S.CALL_OPEN, S.CONFIRMED, S.POSTPONED):
        edition = make_edition(status=status, dtstart=date(2027, 6, 8))
        outlook = clashing.outlook(edition, TODAY)
        assert ("Forum" in {clash.name for clash in outlook.clashes}, outlook.weeks) == (True, ())
        db.session.rollback()
        block(date(2027, 6, 7), 10)


def test_what_no_calendar_tells_is_said_and_not_called_free(organiser: Client) -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=date(2037, 6, 9))
    outlook = clashing.outlook(edition, TODAY)
    assert outlook.unknown[0] == "The host is not known, nor are its holidays."
    assert "Diwali in 2037 is not known." in outlook.unknown
    assert {"Diwali in 2037 is not known." in offer.unknown for offer in outlook.weeks} == {True}
    country = make_country("XAB")
    hosted = make_edition(status=S.PROJECTED, dtstart=date(2027, 6, 8), country_code=country.code)
    assert (
        "Public holidays of XAB in 2027 are not known." in clashing.outlook(hosted, TODAY).unknown
    )
    page = words(organiser.get(f"/organise/editions/{edition.slug}"))
    assert page.count("Not known: Diwali in 2037 is not known.") == 6
    assert page.count("Not known: The host is not known, nor are its holidays.") == 1


def test_one_button_takes_a_free_week_and_records_why(organiser: Client) -> None:
    make_series()
    apply(2027)
    db.session.commit()
    path = "/organise/editions/symposium-2027"
    offer = clashing.outlook(found("symposium-2027"), TODAY).weeks[0]
    assert "Take this week" in words(organiser.get(path))
    answer = organiser.submit(
        f"{path}/take-week", first_day=offer.week.dtstart.isoformat(), reason=offer.reason
    )
    assert (answer.status_code, answer.location) == (303, path)
    db.session.rollback()
    edition = found("symposium-2027")
    assert (edition.dtstart, edition.dtend) == (date(2027, 3, 16), date(2027, 3, 19))
    (override,) = override_queries.every()
    assert override.reason == "Away from Ramadan. 2 weeks later: no clash known"
    assert pending(2027) == []
    assert "Away from Ramadan." in words(organiser.get(path))


@pytest.mark.parametrize(
    "typed",
    [
        {"first_day": "", "reason": "x"},
        {"first_day": "2027-06-31", "reason": "x"},
        {"first_day": "2027-06-22", "reason": " "},
        {"first_day": "9999-12-31", "reason": "x"},
        {"first_day": "0001-01-01", "reason": "x"},
    ],
)
def test_a_week_that_was_never_offered_is_not_taken(
    typed: dict[str, str], organiser: Client
) -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=date(2027, 6, 8), commit=True)
    path = f"/organise/editions/{edition.slug}"
    assert organiser.submit(f"{path}/take-week", **typed).status_code == 303
    assert 'role="alert"' in organiser.get(path).text
    db.session.rollback()
    assert (found(edition.slug).dtstart, override_queries.every()) == (date(2027, 6, 8), [])


def test_a_week_that_was_taken_meanwhile_is_refused() -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=date(2027, 6, 8))
    block(date(2027, 6, 21), 5)
    with pytest.raises(WeekTakenError, match=r"22–24 June 2027 lies in Forum .* Choose another"):
        overrides.take_week(edition, date(2027, 6, 22), reason="x", by=make_person(), now=OPENING)
    db.session.rollback()


@settings(max_examples=15, deadline=None)
@given(
    blocks=st.lists(
        st.tuples(st.integers(-120, 120), st.integers(1, 20), st.sampled_from([*Level][:2])),
        max_size=8,
    ),
    choice=st.integers(0, clashing.WEEKS_OFFERED - 1),
)
def test_a_free_week_that_was_taken_has_no_hard_clash_and_stays(
    blocks: list[tuple[int, int, Level]], choice: int
) -> None:
    make_series()
    apply(2028)
    edition = found("symposium-2027")
    for number, (shift, days, level) in enumerate(blocks):
        block(edition.dtstart + timedelta(days=shift), days, level, f"Event {number}")
    offers = clashing.outlook(edition, TODAY).weeks
    for offer in offers[choice : choice + 1]:
        week = offer.week
        overrides.take_week(
            edition, week.dtstart, reason=offer.reason, by=make_person(), now=OPENING
        )
        clashes = clashing.outlook(edition, TODAY).clashes
        assert [clash for clash in clashes if clash.level is Level.HARD] == []
        assert (edition.dtstart, edition.dtend, pending(2028)) == (week.dtstart, week.dtend, [])
    db.session.rollback()


# -- skipping --------------------------------------------------------------------------------


def test_a_skipped_occurrence_goes_at_once_and_stays_away_until_taken_up(
    organiser: Client,
) -> None:
    make_series("yearly", **YEARLY)
    apply()
    db.session.commit()
    answer = organiser.submit("/organise/editions/yearly-2029/skip", reason="Merged with another")
    assert (answer.status_code, answer.location) == (303, "/organise/plan")
    db.session.rollback()
    assert (queries.find("yearly-2029"), pending()) == (None, [])
    page = words(organiser.get("/organise/plan"))
    assert "Skipped occurrences" in page
    assert "Tuesday 6 March 2029 Merged with another Take it up again" in page
    (skipped,) = override_queries.skipped(TODAY)
    assert organiser.submit(f"/organise/plan/skipped/{skipped.id}").status_code == 303
    db.session.rollback()
    assert (list(override_queries.skipped(TODAY)), pending()) == ([], [("create", "yearly-2029")])
    apply()
    assert pending() == []
    told = [entry.action for entry in audit.history(make_series("yearly"))]
    assert [action for action in told if "occurrence" in action] == [
        "series.occurrence_skipped",
        "series.occurrence_taken_up",
    ]
    db.session.commit()
    assert "Occurrence skipped 6 March 2029" in words(organiser.get("/organise/audit"))


def test_a_skip_survives_a_change_of_the_rule() -> None:
    series = make_series("yearly", **YEARLY)
    apply()
    overrides.skip(found("yearly-2029"), reason="x", by=make_person(), now=OPENING)
    series.rrule, series.dtstart = "FREQ=YEARLY;BYMONTH=5;BYDAY=1TU", date(2024, 5, 7)
    apply()
    years = [edition.dtstart for edition in queries.of_series(series)]
    assert (date(2029, 5, 1) in years, len(years), pending()) == (False, 4, [])


def test_only_a_projected_occurrence_can_be_skipped() -> None:
    settled = make_edition(status=S.CALL_OPEN, recurrence_id=date(2027, 3, 2))
    with pytest.raises(NotProjectedError):
        overrides.skip(settled, reason="x", by=make_person(), now=OPENING)
    db.session.rollback()
    by_hand = make_edition(status=S.PROJECTED)
    with pytest.raises(NoOccurrenceError, match="added by hand"):
        overrides.skip(by_hand, reason="x", by=make_person(), now=OPENING)
    db.session.rollback()
    edition = make_edition(status=S.PROJECTED, recurrence_id=date(2027, 3, 2))
    with pytest.raises(service.ReasonMissingError):
        overrides.skip(edition, reason=" ", by=make_person(), now=OPENING)
    db.session.rollback()


def test_what_is_not_skipped_cannot_be_taken_up(organiser: Client) -> None:
    make_series()
    apply(2027)
    move(found("symposium-2027"), date(2027, 3, 16))
    db.session.commit()
    (moved,) = override_queries.every()
    for number in (moved.id, 999):
        assert organiser.submit(f"/organise/plan/skipped/{number}").status_code == 404
    organiser.sign_in(make_person(role=Role.COMMITTEE))
    assert organiser.submit(f"/organise/plan/skipped/{moved.id}").status_code == 403
    assert organiser.submit("/organise/editions/symposium-2027/skip", reason="x").status_code == 403


# -- overrides -------------------------------------------------------------------------------


def test_two_editions_of_a_series_are_not_moved_onto_the_same_days() -> None:
    make_series("yearly", **YEARLY)
    apply()
    move(found("yearly-2027"), date(2027, 10, 5), reason="Elections")
    with pytest.raises(
        OverlappingOverrideError,
        match=r"^7–9 October 2027 overlaps 5–7 October 2027, where .* \(Elections\)\. Choose other",
    ):
        move(found("yearly-2028"), date(2027, 10, 7))
    db.session.rollback()


def test_a_moved_edition_that_was_settled_gives_its_days_free() -> None:
    make_series("yearly", **YEARLY)
    apply()
    move(found("yearly-2027"), date(2027, 10, 5))
    disruptions.cancel(found("yearly-2027"), reason="x", by=make_person(), now=OPENING)
    move(found("yearly-2028"), date(2027, 10, 5))
    assert found("yearly-2028").dtstart == date(2027, 10, 5)


def test_a_move_by_hand_can_be_released_after_the_rule_has_changed() -> None:
    series = make_series("yearly", **YEARLY)
    apply()
    edition = found("yearly-2028")
    move(edition, date(2028, 9, 5))
    series.rrule, series.dtstart = "FREQ=YEARLY;BYMONTH=5;BYDAY=1TU", date(2024, 5, 7)
    apply()
    assert (edition.dtstart, override_queries.of_edition(edition) is not None) == (
        date(2028, 9, 5),
        True,
    )
    overrides.release(edition, by=make_person(), now=OPENING)
    assert pending() == [("move", "yearly-2028")]
    apply()
    assert (edition.dtstart, pending(), override_queries.every()) == (date(2028, 5, 2), [], [])


RULES = [
    (YEARLY["rrule"], YEARLY["dtstart"]),
    ("FREQ=YEARLY;BYMONTH=5;BYDAY=1TU", date(2024, 5, 7)),
    ("FREQ=YEARLY;INTERVAL=2;BYMONTH=9;BYDAY=2MO", date(2025, 9, 8)),
    ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=1TU", date(2024, 3, 5)),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;COUNT=5", date(2024, 3, 5)),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;UNTIL=20290301", date(2024, 3, 5)),
]
steps = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 9), st.integers(-60, 60)),
    st.tuples(st.just("skip"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("take up"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("release"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("rule"), st.integers(0, len(RULES) - 1), st.just(0)),
)


@settings(max_examples=25, deadline=None)
@given(chosen=st.lists(steps, min_size=1, max_size=6))
def test_after_whatever_people_decide_an_applied_plan_has_nothing_left_to_do(
    chosen: list[tuple[str, int, int]],
) -> None:
    series, person = make_series("yearly", **YEARLY), make_person()
    apply()
    for kind, number, shift in chosen:
        editions = [edition for edition in queries.of_series(series) if edition.dtstart > TODAY]
        edition = editions[number % len(editions)] if editions else None
        skipped = override_queries.skipped(TODAY)
        if kind == "rule":
            series.rrule, series.dtstart = RULES[number]  # type: ignore[assignment]
            db.session.flush()
        elif kind == "take up" and skipped:
            overrides.take_up(skipped[number % len(skipped)], by=person, now=OPENING)
        elif edition and kind == "skip":
            overrides.skip(edition, reason="x", by=person, now=OPENING)
        elif edition and kind == "release":
            overrides.release(edition, by=person, now=OPENING)
        elif edition and kind == "move" and edition.dtstart + timedelta(days=shift) > TODAY:
            try:
                move(edition, edition.dtstart + timedelta(days=shift))
            except OverlappingOverrideError:
                continue
        apply()
        assert pending() == []
    db.session.rollback()


# -- reasons ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rrule", "said"),
    [
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;COUNT=5", "retired: beyond COUNT"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;UNTIL=20280401", "retired: beyond UNTIL"),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU;COUNT=5",
            "moved: the rule now says every year, second Tuesday of March, 5 times",
        ),
    ],
)
def test_the_plan_says_why_on_its_page_and_in_the_command(
    rrule: str, said: str, organiser: Client, app: Flask
) -> None:
    series = make_series("yearly", **YEARLY)
    apply(2030)
    series.rrule = rrule
    if "2TU" in rrule:
        series.dtstart = date(2024, 3, 12)
    db.session.commit()
    assert said in words(organiser.get("/organise/plan?until=2030"))
    told = app.test_cli_runner().invoke(args=["series", "plan", "--until", "2030"]).output
    assert said in told


def test_a_series_that_lost_its_rule_keeps_what_it_has_and_says_so(app: Flask) -> None:
    series = make_series("yearly", **YEARLY)
    apply(2028)
    series.rrule = series.dtstart = None
    db.session.commit()
    run = app.test_cli_runner().invoke
    assert run(args=["series", "plan", "--until", "2030"]).exit_code == 0
    told = run(args=["series", "plan", "--until", "2030", "--all"]).output
    assert told.count("kept: the series has no rule") == 2
