from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app import audit, database
from app.database import db
from app.editions import disruptions, override_queries, overrides, planning, queries, service
from app.editions.models import Edition, KnownEvent, Precision
from app.editions.overrides import NotProjectedError
from app.editions.planning import HorizonError, StalePlanError
from app.series.models import SeriesKind
from app.series.service import SeriesFacts
from scheduler.errors import RecurrenceRuleError
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person, make_series

if TYPE_CHECKING:
    from click.testing import Result
    from flask import Flask

TODAY = OPENING.date()
SPRING = "FREQ=YEARLY;INTERVAL=3;BYMONTH=4;BYDAY=2MO"


def propose(until: int = 2033) -> planning.Proposal:
    return planning.propose(until=until, today=TODAY)


def apply(until: int = 2033) -> int:
    count = planning.apply(propose(until), by=None, now=OPENING)
    db.session.commit()
    return count


def change_rule(rrule: str, dtstart: date, length_days: int = 3) -> None:
    series = make_series()
    database.write(series)
    series.rrule, series.dtstart, series.length_days = rrule, dtstart, length_days
    db.session.commit()


def standing() -> dict[str, tuple[date, int]]:
    return {
        edition.slug: (edition.dtstart, (edition.dtend - edition.dtstart).days)
        for edition in queries.every_edition()
    }


def pending(until: int = 2033) -> list[tuple[str, str, date]]:
    return [
        (line.action.value, line.edition, line.change.dtstart) for line in propose(until).pending
    ]


def test_a_plan_is_proposed_without_saving_and_applied_once() -> None:
    make_series()
    assert pending() == [
        ("create", "symposium-2027", date(2027, 3, 2)),
        ("create", "symposium-2030", date(2030, 3, 5)),
        ("create", "symposium-2033", date(2033, 3, 1)),
    ]
    assert standing() == {}
    assert (apply(), apply()) == (3, 0)
    assert standing() == {
        "symposium-2027": (date(2027, 3, 2), 3),
        "symposium-2030": (date(2030, 3, 5), 3),
        "symposium-2033": (date(2033, 3, 1), 3),
    }
    edition = queries.find("symposium-2027")
    assert edition
    assert (edition.status, edition.sequence, edition.is_public, edition.recurrence_id) == (
        EditionStatus.PROJECTED,
        0,
        False,
        date(2027, 3, 2),
    )


def test_a_changed_rule_moves_projections_under_the_same_uid_and_a_higher_sequence() -> None:
    make_series()
    apply()
    before = {edition.slug: edition.uid for edition in queries.every_edition()}
    change_rule(SPRING, date(2024, 4, 8), length_days=4)
    assert (apply(), apply()) == (3, 0)
    assert standing()["symposium-2027"] == (date(2027, 4, 12), 4)
    after = {edition.slug: edition.uid for edition in queries.every_edition()}
    assert after == before
    assert {edition.sequence for edition in queries.every_edition()} == {1}


def test_the_slug_of_a_projection_follows_its_year() -> None:
    make_series()
    apply(2030)
    uid = queries.find("symposium-2027").uid  # type: ignore[union-attr]
    change_rule("FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYDAY=1TU", date(2025, 2, 4))
    apply(2031)
    assert list(standing()) == ["symposium-2028", "symposium-2031"]
    assert queries.find("symposium-2028").uid == uid  # type: ignore[union-attr]


def test_a_second_edition_in_a_year_has_a_number() -> None:
    series, person = make_series(), make_person()
    apply(2027)
    added = [
        service.add_by_hand(
            series, date(2027, month, 7), date(2027, month, 9), reason="Asked", by=person,
            now=OPENING,
        ).slug
        for month in (6, 10)
    ]  # fmt: skip
    assert added == ["symposium-2027-2", "symposium-2027-3"]
    assert pending(2027) == []


@pytest.mark.parametrize("shift", [-1, 0, 2])
def test_an_edition_is_not_added_on_days_that_its_series_has_already(shift: int) -> None:
    series, person, day = make_series(), make_person(), date(2027, 3, 2) + timedelta(days=shift)
    apply(2027)
    with pytest.raises(service.DaysTakenError) as refused:
        service.add_by_hand(
            series, day, day + timedelta(days=2), reason="Asked", by=person, now=OPENING
        )
    assert str(refused.value) == (
        "Symposium 2027 is on 2–4 March 2027 already, and two editions of a series cannot share "
        "days. Choose other days, or change that one."
    )
    db.session.rollback()
    edition = queries.find("symposium-2027")
    assert edition
    database.write(edition)
    edition.status = EditionStatus.CANCELLED
    service.add_by_hand(
        series, day, day + timedelta(days=2), reason="Instead", by=person, now=OPENING
    )


def test_a_plan_that_was_overtaken_is_not_applied() -> None:
    make_series()
    proposal = propose()
    change_rule(SPRING, date(2024, 4, 8))
    with pytest.raises(StalePlanError):
        planning.apply(proposal, by=None, now=OPENING)
    db.session.rollback()
    assert standing() == {}


def test_a_settled_edition_never_moves_and_uses_up_its_occurrence() -> None:
    make_series()
    apply()
    person = make_person()
    edition = queries.find("symposium-2027")
    assert edition
    service.select_host(
        edition,
        make_country(),
        city="Rabat",
        venue="",
        dtstart=date(2027, 5, 4),
        dtend=date(2027, 5, 7),
        by=person,
        now=OPENING,
    )
    db.session.commit()
    assert pending() == []
    change_rule(SPRING, date(2024, 4, 8))
    assert [line[1] for line in pending()] == ["symposium-2030", "symposium-2033"]
    apply()
    assert standing()["symposium-2027"] == (date(2027, 5, 4), 3)
    # Even where the series has no rule any more.
    series = make_series()
    database.write(series)
    series.rrule = series.dtstart = None
    db.session.commit()
    assert pending() == []


def test_what_the_rule_no_longer_asks_for_is_retired() -> None:
    make_series("yearly", rrule="FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", dtstart=date(2027, 3, 2))
    apply(2030)
    series = make_series("yearly")
    database.write(series)
    series.rrule = "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU;COUNT=2"
    db.session.commit()
    assert pending(2030) == [
        ("retire", "yearly-2029", date(2029, 3, 6)),
        ("retire", "yearly-2030", date(2030, 3, 5)),
    ]
    apply(2030)
    assert list(standing()) == ["yearly-2027", "yearly-2028"]


def test_nothing_beyond_the_horizon_is_touched() -> None:
    make_series()
    apply(2036)
    change_rule(SPRING, date(2024, 4, 8))
    apply(2030)
    assert [found[0] for found in standing().values()] == [
        date(2027, 4, 12),
        date(2030, 4, 8),
        date(2033, 3, 1),
        date(2036, 3, 4),
    ]


@pytest.mark.parametrize("until", [2026, 0, -1, 2127, 10_000])
def test_a_horizon_that_no_plan_reaches_is_refused(until: int) -> None:
    with pytest.raises(HorizonError, match="from 2027 to 2126"):
        propose(until)


def test_a_hundred_years_are_planned() -> None:
    make_series()
    assert apply(2126) == 34
    assert pending(2126) == []


def test_a_rule_can_be_tried_before_it_is_saved() -> None:
    series = make_series()
    apply(2027)

    def tried(rrule: str, dtstart: date) -> list[tuple[str, date]]:
        facts = SeriesFacts(
            title=series.title, kind=SeriesKind.SYMPOSIUM, region=None, summary="", rrule=rrule,
            dtstart=dtstart, length_days=3,
        )  # fmt: skip
        proposal = planning.propose(until=2027, today=TODAY, with_rule=(series, facts))
        return [(line.action.value, line.change.dtstart) for line in proposal.pending]

    assert tried(SPRING, date(2024, 4, 8)) == [("move", date(2027, 4, 12))]
    assert pending(2027) == []
    with pytest.raises(RecurrenceRuleError):
        tried("FREQ=YEARLY;INTERVAL=0", date(2024, 4, 8))


# -- overrides -------------------------------------------------------------------------------


def overridden(slug: str = "symposium-2027", days: int = 14) -> Edition:
    edition = queries.find(slug)
    assert edition
    overrides.override(
        edition,
        dtstart=edition.dtstart + timedelta(days=days),
        dtend=edition.dtend + timedelta(days=days),
        reason="Ramadan",
        by=make_person(),
        now=OPENING,
    )
    db.session.commit()
    return edition


def test_a_move_by_hand_survives_plans_with_its_reason() -> None:
    make_series()
    apply()
    edition = overridden()
    assert edition.sequence == 1
    (line,) = (line for line in propose().changes if line.edition == edition.slug)
    assert (line.action.value, line.change.reason) == ("keep", "kept: moved by hand: Ramadan")
    assert apply() == 0
    assert standing()["symposium-2027"] == (date(2027, 3, 16), 3)
    # It outlives a change of the rule, too.
    change_rule(SPRING, date(2024, 4, 8))
    apply()
    assert standing()["symposium-2027"] == (date(2027, 3, 16), 3)


def test_a_second_move_by_hand_replaces_the_first() -> None:
    make_series()
    apply()
    overridden()
    overridden()
    assert [found.dtstart for found in override_queries.every()] == [date(2027, 3, 30)]


def test_a_released_edition_follows_its_rule_again_with_the_next_plan() -> None:
    make_series()
    apply()
    edition = overridden()
    overrides.release(edition, by=make_person(), now=OPENING)
    db.session.commit()
    assert standing()["symposium-2027"][0] == date(2027, 3, 16)
    assert pending() == [("move", "symposium-2027", date(2027, 3, 2))]
    apply()
    assert (standing()["symposium-2027"][0], edition.sequence) == (date(2027, 3, 2), 2)
    actions = [entry.action for entry in audit.history(edition)]
    assert actions == ["edition.overridden", "edition.override_released"]


def test_only_projections_are_moved_off_their_rule() -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN)
    with pytest.raises(NotProjectedError, match="is settled"):
        overrides.override(
            edition, dtstart=edition.dtstart, dtend=edition.dtend, reason="x",
            by=make_person(), now=OPENING,
        )  # fmt: skip
    db.session.rollback()


def test_an_override_needs_a_span_and_a_reason() -> None:
    make_series()
    apply(2027)
    edition = queries.find("symposium-2027")
    assert edition
    person = make_person()
    day = edition.dtstart
    for dtstart, dtend, reason, error in (
        (day, day, "x", service.SpanError),
        (day, day - timedelta(days=1), "x", service.SpanError),
        (day, day + timedelta(days=61), "x", service.SpanError),
        (date(1, 1, 1), date(1, 1, 2), "x", service.YearError),
        (date(9999, 12, 30), date(9999, 12, 31), "x", service.YearError),
        (day, day + timedelta(days=3), " \n ", service.ReasonMissingError),
    ):
        with pytest.raises(error):
            overrides.override(
                edition, dtstart=dtstart, dtend=dtend, reason=reason, by=person, now=OPENING
            )
        db.session.rollback()
    assert (override_queries.every(), edition.sequence, edition.dtstart) == ([], 0, day)


# -- numbers ---------------------------------------------------------------------------------


def numbers() -> dict[str, int | None]:
    return {edition.slug: edition.ordinal for edition in queries.every_edition()}


def held(year: int, number: int, recurrence_id: date | None) -> Edition:
    return make_edition(
        series=make_series(),
        status=EditionStatus.COMPLETED,
        dtstart=recurrence_id or date(year, 3, 5),
        ordinal=number,
        recurrence_id=recurrence_id,
    )


def test_editions_ahead_are_numbered_on_from_those_held() -> None:
    held(2019, 1, None)
    held(2024, 2, date(2024, 3, 5))
    apply()
    assert numbers() == {
        "symposium-2019": 1,
        "symposium-2024": 2,
        "symposium-2027": 3,
        "symposium-2030": 4,
        "symposium-2033": 5,
    }
    assert queries.find("symposium-2027").title == "3rd Symposium"  # type: ignore[union-attr]


def test_no_number_is_shown_after_an_occurrence_that_nobody_recorded() -> None:
    make_series(dtstart=date(2021, 3, 2))
    held(2024, 2, None)
    held(2021, 1, date(2021, 3, 2))
    apply(2027)
    # 2024's record uses up no occurrence, so the one of that year stands unrecorded.
    assert numbers()["symposium-2027"] is None
    assert queries.find("symposium-2027").title == "Symposium 2027"  # type: ignore[union-attr]


def test_a_cancelled_edition_has_no_number_and_the_next_takes_it() -> None:
    held(2024, 2, date(2024, 3, 5))
    apply()
    edition = queries.find("symposium-2027")
    assert edition
    disruptions.cancel(edition, reason="No host", by=make_person(), now=OPENING)
    db.session.commit()
    assert numbers()["symposium-2030"] == 3


def test_what_the_world_was_told_keeps_its_number() -> None:
    held(2024, 2, date(2024, 3, 5))
    told = make_edition(
        series=make_series(), status=EditionStatus.ANNOUNCED, dtstart=date(2027, 3, 2),
        ordinal=7, recurrence_id=date(2027, 3, 2),
    )  # fmt: skip
    apply()
    assert (told.ordinal, numbers()["symposium-2030"]) == (7, 8)


# -- clashes ---------------------------------------------------------------------------------


def test_the_plan_shows_what_each_line_clashes_with() -> None:
    make_series()
    (line, *_rest) = propose(2027).pending
    assert [clash.level.value for clash in line.clashes] == ["soft"]
    assert "Ramadan" in line.clashes[0].reason


def test_only_events_known_to_the_day_clash() -> None:
    make_series("yearly", rrule="FREQ=YEARLY;BYMONTH=6;BYDAY=2TU", dtstart=date(2027, 6, 8))
    for name, precision in (("Exact", Precision.DAY), ("Vague", Precision.MONTH)):
        db.session.add(
            KnownEvent(
                name=name, dtstart=date(2027, 6, 1), dtend=date(2027, 7, 1), precision=precision
            )
        )
    db.session.commit()
    (line,) = propose(2027).pending
    assert [clash.name for clash in line.clashes] == ["Exact"]


# -- the command -----------------------------------------------------------------------------


def run(app: Flask, *args: str) -> Result:
    db.session.commit()
    return app.test_cli_runner().invoke(args=["series", "plan", *args])


def test_the_command_tells_by_its_exit_code_whether_changes_are_pending(app: Flask) -> None:
    assert run(app).exit_code == 0
    make_series()
    assert run(app).exit_code == 2
    assert standing() == {}
    assert run(app, "--apply").exit_code == 0
    assert len(standing()) == 5  # the default horizon, 2040, is included
    assert run(app, "--apply").exit_code == 0
    assert run(app).exit_code == 0


@pytest.mark.parametrize(
    "args",
    [
        ("--until", "soon"),
        ("--until", "1999"),
        ("--until", "9999"),
        ("--until",),
        ("--nonsense",),
        ("argument",),
    ],
)
def test_the_command_exits_with_one_on_any_error(args: tuple[str, ...], app: Flask) -> None:
    make_series()
    result = run(app, *args)
    assert (result.exit_code, "Error: " in result.output) == (1, True)
    assert standing() == {}


def test_the_command_speaks_json(app: Flask) -> None:
    make_series()
    told = json.loads(run(app, "--json", "--until", "2027").output)
    assert told == {
        "until": 2027,
        "changes": [
            {
                "action": "create",
                "series": "symposium",
                "edition": "symposium-2027",
                "dtstart": "2027-03-02",
                "dtend": "2027-03-05",
                "reason": "new: every 3 years, first Tuesday of March",
                "clashes": told["changes"][0]["clashes"],
            }
        ],
    }
    assert set(told["changes"][0]["clashes"][0]) == {
        "level", "name", "dtstart", "dtend", "estimated", "reason",
    }  # fmt: skip
    applied = json.loads(run(app, "--json", "--apply", "--until", "2027").output)
    assert applied == told
    assert json.loads(run(app, "--json", "--until", "2027").output)["changes"] == []
    kept = json.loads(run(app, "--json", "--all", "--until", "2027").output)["changes"]
    assert [(line["action"], line["edition"]) for line in kept] == [("keep", "symposium-2027")]


def test_the_command_speaks_plainly_too(app: Flask) -> None:
    make_series()
    output = run(app, "--until", "2027").output
    assert output.startswith("+ symposium-2027")
    assert output.endswith("\n1 change pending up to 2027; --apply makes it.\n")
    assert run(app, "--until", "2030", "--apply").output.endswith(
        "2 changes applied, up to 2030.\n"
    )
    nothing = run(app, "--until", "2030").output
    assert nothing == "Nothing to do: up to 2030, what stands agrees with the rules.\n"


def test_a_settled_edition_follows_its_rule_no_more() -> None:
    edition = make_edition(status=EditionStatus.CONFIRMED)
    with pytest.raises(NotProjectedError):
        overrides.release(edition, by=make_person(), now=OPENING)


def test_what_changed_beyond_the_horizon_does_not_make_a_plan_stale() -> None:
    make_series()
    apply(2040)
    change_rule(SPRING, date(2024, 4, 8))
    proposal = propose(2033)
    person = make_person()
    service.add_by_hand(
        make_series(), date(2050, 6, 7), date(2050, 6, 9), reason="Asked", by=person, now=OPENING
    )
    db.session.commit()
    assert planning.apply(proposal, by=None, now=OPENING) == 3
