from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app import database
from app.desk.decisions import next_decisions
from app.editions import disruptions, milestone_changes, queries, timeline
from app.editions.models import Edition
from app.hosting import calling
from scheduler.lifecycle import AgreementStatus, EditionStatus
from tests.factories import OPENING, make_edition, make_person, make_series
from tests.pages import CountedQueries

if TYPE_CHECKING:
    from app.desk.decision_lines import Decision

S = EditionStatus
TODAY = OPENING.date()
FAR = date(2030, 3, 5)


@pytest.fixture(autouse=True)
def _in_a_request(app) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - Flask's
    """Decisions carry addresses of pages."""
    with app.test_request_context():
        yield


def lines(today: date = TODAY) -> list[tuple[str, date | None, str, str]]:
    return [(one.text, one.due_on, one.time_left, one.action_label) for one in decide(today)]


def decide(today: date = TODAY) -> list[Decision]:
    return next_decisions(today)


def open_for_registration() -> Edition:
    return make_edition(status=S.REGISTRATION_OPEN, dtstart=FAR, agreement=AgreementStatus.ACCEPTED)


def test_a_milestone_that_is_next_stands_with_its_day_and_its_action() -> None:
    edition = open_for_registration()
    (decision,) = decide()
    assert (decision.text, decision.due_on, decision.time_left, decision.is_overdue) == (
        "Contributions close.",
        FAR - timedelta(weeks=30),
        "in 30 months",
        False,
    )
    assert decision.action_url.endswith(
        f"/organise/editions/{edition.slug}/milestones/contributions_close/done"
    )


def test_what_state_and_milestone_both_ask_for_is_said_once() -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=FAR)
    calling.open_call(
        edition, closes_at=OPENING + timedelta(days=60), text="", is_published=False,
        by=make_person(), now=OPENING,
    )  # fmt: skip
    assert lines() == [
        ("The call for hosts runs; 0 offers so far.", TODAY + timedelta(days=60), "in 8 weeks",
         "Compare the offers"),
    ]  # fmt: skip
    ended = lines(TODAY + timedelta(days=61))[0]
    assert ended[0] == "The call for hosts has ended: close it and compare the offers."
    calling.close_call(edition, by=make_person(), now=OPENING)
    assert lines() == [
        ("Select a host among the offers.", date(2028, 9, 5), "in 19 months", "Compare the offers"),
    ]  # fmt: skip


def test_the_agreement_is_asked_for_once_though_it_has_two_days() -> None:
    make_edition(status=S.CONFIRMED, dtstart=FAR)
    after_both = date(2029, 12, 1)
    assert [line[:2] for line in lines(after_both) if "agreement" in line[0]] == [
        ("Record the agreement with the host, or a waiver.", date(2029, 3, 5)),
    ]


def test_the_overdue_come_first_and_are_called_late() -> None:
    edition = open_for_registration()
    today = FAR - timedelta(weeks=29)
    found = decide(today)
    assert [(one.text, one.time_left, one.is_overdue) for one in found] == [
        ("Contributions close.", "7 days late", True),
        ("Nominations and grant requests close.", "in 7 weeks", False),
    ]
    database.write(edition)
    on = OPENING + timedelta(days=1000)
    milestone_changes.mark_done(
        edition, "contributions_close", on=on.date(), by=make_person(), now=on
    )
    assert [one.text for one in decide(today)] == ["Nominations and grant requests close."]


def test_a_held_edition_owes_its_reports() -> None:
    edition = make_edition(status=S.REGISTRATION_CLOSED, dtstart=FAR)
    after = FAR + timedelta(days=10)
    assert [one.text for one in decide(after)] == ["Survey.", "Chair’s report due."]
    by, now = make_person(), OPENING + timedelta(days=1300)
    for key in ("survey", "chair_report", "outcome_reports"):
        milestone_changes.waive(edition, key, reason="Small", by=by, now=now)
    assert decide(after) == []


def test_a_projected_edition_whose_call_is_due_is_there() -> None:
    series = make_series()
    make_edition(series=series, status=S.PROJECTED, dtstart=FAR)  # due in September 2027
    assert decide() == []
    (decision,) = decide(date(2027, 8, 1))
    assert (decision.text, decision.due_on, decision.time_left, decision.action_label) == (
        "Open the call for hosts.",
        date(2027, 9, 5),
        "in 5 weeks",
        "Open the call",
    )
    (late,) = decide(FAR - timedelta(weeks=9))
    assert late.text == "No call for hosts yet, and not enough time before these days."


def test_what_is_postponed_without_days_is_asked_for_its_days_alone() -> None:
    edition = make_edition(status=S.CONFIRMED, dtstart=FAR)
    disruptions.postpone(
        edition, dtstart=None, dtend=None, reason="Flood", by=make_person(), now=OPENING
    )
    asked = ("Postponed without new dates: find them, then confirm.", None, "", "Confirm new days")
    assert [lines(), lines(FAR + timedelta(days=400))] == [[asked], [asked]]


def test_decisions_cost_as_many_queries_for_three_editions_as_for_one() -> None:
    def grow() -> None:
        for status in (S.PROJECTED, S.UNDER_EVALUATION, S.CONFIRMED, S.REGISTRATION_OPEN):
            number = len(queries.every_edition())
            make_edition(
                series=make_series(f"series-{number}"),
                status=status,
                dtstart=TODAY + timedelta(days=300 + number),
            )

    def count() -> int:
        with CountedQueries() as counted:
            decide()
        return counted.count

    grow()
    one = count()
    grow()
    grow()
    assert count() == one


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (1, "in 1 day"),
        (20, "in 20 days"),
        (21, "in 3 weeks"),
        (-1, "1 day late"),
        (-30, "4 weeks late"),
        (121, "in 4 months"),
        (200, "in 6 months"),
        (-200, "6 months late"),
    ],
)
def test_time_left_is_said_in_the_unit_that_people_use(days: int, words: str) -> None:
    assert timeline.time_left(TODAY + timedelta(days=days), TODAY) == words


def test_every_decision_leads_to_a_page() -> None:
    for number, status in enumerate((S.CALL_OPEN, S.HOST_SELECTED, S.CONFIRMED, S.ANNOUNCED)):
        make_edition(status=status, dtstart=FAR + timedelta(days=90 * number))
    found = decide(date(2029, 12, 1))
    assert all(one.action_url.startswith(("/organise/", "/hosting/")) for one in found)
    keyed = [(one.edition.slug, one.action_url) for one in found]
    by_act = [pair for pair in keyed if not pair[1].endswith("#milestones")]
    assert len(by_act) == len(set(by_act))
    assert all(isinstance(one.edition, Edition) for one in found)
