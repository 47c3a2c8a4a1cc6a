from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.milestones import (
    TEMPLATES,
    Basis,
    Lead,
    Milestone,
    MilestoneError,
    MilestoneStatus,
    Record,
    Step,
    Template,
    due_days,
    follow,
    schedule,
)

DAY = timedelta(days=1)
OPENING = date(2030, 3, 5)
SYMPOSIUM = TEMPLATES["symposium"]
REGIONAL = TEMPLATES["regional_engagement"]
MINIMUM_WEEKS = {"agreement_latest": 10, "nominations_close": 8, "visa_letters": 8}


def due(milestones: tuple[Milestone, ...] | list[Milestone]) -> dict[str, date | None]:
    return {item.key: item.due_on for item in milestones}


def test_the_symposium_keeps_the_lead_times_of_the_table() -> None:
    assert due(due_days(SYMPOSIUM, OPENING)) == {
        "call_opens": date(2027, 9, 5),
        "offers_close": date(2028, 3, 5),
        "committee_decides": date(2028, 9, 5),
        "agreement_target": date(2029, 3, 5),
        "announcement": date(2029, 5, 5),
        "contributions_close": date(2029, 8, 7),
        "agreement_latest": date(2029, 9, 5),
        "registration_opens": date(2029, 8, 5),
        "nominations_close": date(2029, 10, 2),
        "authors_told": date(2029, 10, 16),
        "invitations_sent": date(2029, 10, 30),
        "provisional_programme": date(2029, 12, 11),
        "visa_letters": date(2029, 12, 25),
        "registration_closes": date(2030, 1, 8),
        "logistics_note": date(2030, 2, 5),
        "survey": date(2030, 3, 12),
        "chair_report": date(2030, 4, 16),
        "outcome_reports": date(2030, 9, 5),
    }


def test_months_counted_back_stop_at_the_end_of_a_short_month() -> None:
    days = due(due_days(SYMPOSIUM, date(2030, 3, 31)))
    assert days["call_opens"] == date(2027, 9, 30)
    assert Lead.parse("T-1 month").due_on(date(2028, 3, 31)) == date(2028, 2, 29)


def test_what_has_no_day_says_so_instead_of_inventing_one() -> None:
    first, second, third, *_ = due_days(REGIONAL, date(2027, 5, 11))
    assert (first.key, first.due_on, first.says) == ("call_opens", None, "rolling")
    assert (second.key, second.due_on) == ("offers_close", date(2026, 8, 11))
    assert (third.due_on, third.says) == (None, "60 days after the offer")


def test_an_offer_gives_the_decision_its_day() -> None:
    days = due(due_days(REGIONAL, date(2027, 5, 11), offered_on=date(2026, 7, 1)))
    assert days["committee_decides"] == date(2026, 8, 30)


def test_a_late_start_compresses_in_proportion() -> None:
    template = Template(
        "short",
        tuple(Step(f"{weeks}", "", Lead.parse(f"T-{weeks} weeks")) for weeks in (40, 20, 10)),
    )
    plan = schedule(template, OPENING, OPENING - 20 * 7 * DAY)
    assert plan.is_compressed
    assert [(OPENING - day).days // 7 for day in due(plan.milestones).values() if day] == [
        20,
        10,
        5,
    ]


def test_a_compressed_plan_stops_at_the_minimum_leads() -> None:
    plan = schedule(SYMPOSIUM, OPENING, OPENING - 80 * DAY)
    leads = {item.key: (OPENING - item.due_on).days for item in plan.milestones if item.due_on}
    assert {key: leads[key] for key in MINIMUM_WEEKS} == {
        "agreement_latest": 70,
        "nominations_close": 56,
        "visa_letters": 56,
    }
    assert leads["call_opens"] == 80
    assert leads["call_opens"] > leads["offers_close"] > leads["agreement_latest"]


def test_what_follows_the_opening_is_not_compressed() -> None:
    plan = due(schedule(SYMPOSIUM, OPENING, OPENING - 100 * DAY).milestones)
    full = due(due_days(SYMPOSIUM, OPENING))
    for key in ("survey", "chair_report", "outcome_reports"):
        assert plan[key] == full[key]


def test_below_the_minimum_it_cannot_be_met_and_says_when_it_could() -> None:
    plan = schedule(SYMPOSIUM, OPENING, date(2030, 1, 1))
    assert (plan.can_be_met, plan.milestones) == (False, ())
    assert plan.earliest_dtstart == date(2030, 3, 12)
    assert plan.problem == (
        "An opening on 5 March 2030 cannot be met: work begins on 1 January 2030, 63 days before "
        "it, and “Host agreement, latest” needs 10 weeks. "
        "The earliest opening that can be met is 12 March 2030."
    )
    assert schedule(SYMPOSIUM, date(2030, 3, 12), date(2030, 1, 1)).can_be_met
    assert not schedule(SYMPOSIUM, date(2030, 3, 11), date(2030, 1, 1)).can_be_met


def test_work_that_begins_after_the_opening_cannot_be_met() -> None:
    plan = schedule(SYMPOSIUM, OPENING, OPENING + DAY)
    assert not plan.can_be_met
    assert "not before it" in plan.problem


def test_progress_is_told_from_records_and_today() -> None:
    milestones = due_days(SYMPOSIUM, OPENING)
    records = [
        Record("call_opens", done_on=date(2027, 9, 1)),
        Record("offers_close", waived_reason="The host is known."),
    ]
    progress = follow(milestones, records, date(2028, 9, 6))
    assert [(item.milestone.key, item.status.value, item.reason) for item in progress][:5] == [
        ("call_opens", "done", ""),
        ("offers_close", "waived", "The host is known."),
        ("committee_decides", "overdue", ""),
        ("agreement_target", "next", ""),
        ("announcement", "later", ""),
    ]


def test_on_its_day_a_milestone_is_next_and_not_overdue() -> None:
    progress = follow(due_days(SYMPOSIUM, OPENING), [], date(2027, 9, 5))
    assert progress[0].status is MilestoneStatus.NEXT


def test_an_optional_milestone_is_never_overdue() -> None:
    milestones = due_days(REGIONAL, date(2027, 5, 11))
    status = {item.milestone.key: item.status for item in follow(milestones, [], date(2027, 5, 1))}
    assert status["contributions_close"] is MilestoneStatus.WAIVED
    assert status["nominations_close"] is MilestoneStatus.OVERDUE
    assert status["call_opens"] is MilestoneStatus.LATER


def test_a_waiver_needs_a_reason() -> None:
    with pytest.raises(MilestoneError, match="a reason to waive it"):
        Record("call_opens", waived_reason="  ")


@pytest.mark.parametrize(
    "text", ["", "30 months", "T-30", "T-3 years", "rolling on", "T-1.5 weeks"]
)
def test_a_lead_out_of_the_notation_is_refused(text: str) -> None:
    with pytest.raises(MilestoneError, match="T-10 weeks"):
        Lead.parse(text, name="Call opens")


def test_a_lead_of_decades_is_refused() -> None:
    with pytest.raises(MilestoneError, match="up to 120 months are accepted"):
        Lead.parse("T-9999 months", name="Call opens")


def test_a_template_below_its_own_minimum_is_refused() -> None:
    with pytest.raises(MilestoneError, match="9 weeks before the opening is later than"):
        Step("agreement_latest", "Agreement", Lead.parse("T-9 weeks"), minimum_weeks=10)


def test_a_template_names_each_step_once() -> None:
    step = Step("survey", "Survey", Lead.parse("T+1 week"))
    with pytest.raises(MilestoneError, match="the key survey twice"):
        Template("symposium", (step, step))


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_leads_survive_being_written_and_read(template: Template) -> None:
    assert [Lead.parse(str(step.lead)) for step in template.steps] == [
        step.lead for step in template.steps
    ]


openings = st.dates(date(2027, 1, 1), date(2060, 1, 1))
units = st.sampled_from(["month", "week", "day"])


@st.composite
def templates(draw: st.DrawFn) -> Template:
    leads = draw(st.lists(st.tuples(st.integers(-100, 20), units), min_size=1, max_size=10))
    steps = []
    for number, (count, unit) in enumerate(leads):
        weeks = -count * {"month": 28, "week": 7, "day": 1}[unit] // 7
        minimum_weeks = draw(st.integers(0, max(0, min(weeks, 12))))
        steps.append(Step(f"step-{number}", f"Step {number}", Lead(count, unit), minimum_weeks))
    return Template("any", tuple(steps))


any_template = st.one_of(st.sampled_from(list(TEMPLATES.values())), templates())


@given(template=any_template, opening=openings, early=st.integers(0, 3650))
def test_a_plan_begun_early_enough_is_the_uncompressed_one(
    template: Template, opening: date, early: int
) -> None:
    milestones = due_days(template, opening)
    first = min([opening, *(item.due_on for item in milestones if item.due_on)])
    plan = schedule(template, opening, first - early * DAY)
    assert (plan.milestones, plan.is_compressed) == (tuple(milestones), False)


@given(template=any_template, opening=openings, left=st.integers(1, 1000))
def test_a_compressed_plan_keeps_order_and_minimum_leads(
    template: Template, opening: date, left: int
) -> None:
    begun_on = opening - left * DAY
    plan = schedule(template, opening, begun_on)
    minima = {step.key: step.minimum_weeks * 7 for step in template.steps}
    if not plan.can_be_met:
        assert left < max(minima.values())
        assert plan.earliest_dtstart is not None
        assert schedule(template, plan.earliest_dtstart, begun_on).can_be_met
        assert not schedule(template, plan.earliest_dtstart - DAY, begun_on).can_be_met
        return
    full = due(due_days(template, opening))
    counted = {step.key for step in template.steps if step.lead.basis is Basis.OPENING}
    dated = [item for item in plan.milestones if item.due_on and item.key in counted]
    for one, other in pairwise(dated):
        assert full[one.key] <= full[other.key]  # type: ignore[operator]
        assert one.due_on <= other.due_on  # type: ignore[operator]
    for item in dated:
        assert item.due_on is not None
        assert item.due_on >= begun_on
        assert (opening - item.due_on).days >= minima[item.key] or not minima[item.key]
        assert item.due_on >= full[item.key]  # type: ignore[operator]
    assert [item.key for item in plan.milestones] == list(full)
