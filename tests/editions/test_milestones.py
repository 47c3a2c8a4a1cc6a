from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import audit, database
from app.accounts.models import Role
from app.clock import utcnow
from app.database import db
from app.editions import (
    agreements,
    disruptions,
    milestone_changes,
    milestone_queries,
    milestone_templates,
    milestones,
    opening,
    progress,
    service,
)
from app.editions.milestone_changes import (
    ByItselfError,
    NotYetError,
    TemplateSizeError,
    WaiverReasonError,
)
from app.editions.milestone_templates import PlannedStep
from app.hosting import calling
from app.hosting import service as hosting
from app.series import service as series_service
from app.series.models import SeriesKind
from scheduler.errors import NotFoundError
from scheduler.lead_times import TEMPLATES, Lead, MilestoneError, Step
from scheduler.lifecycle import EditionStatus
from scheduler.milestones import MilestoneStatus, due_days
from tests.factories import (
    OPENING,
    PDF,
    make_country,
    make_edition,
    make_person,
    make_series,
)
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.editions.models import Edition, EditionMilestone
    from tests.conftest import Client

S, M = EditionStatus, MilestoneStatus
TODAY = OPENING.date()
FAR = date(2030, 3, 5)  # the symposium's template fits before it
MINIMA = {"agreement_latest": 10, "nominations_close": 8, "visa_letters": 8}


def rows_of(edition: Edition) -> dict[str, EditionMilestone]:
    return {row.key: row for row in milestone_queries.of_editions([edition.id])}


def due(edition: Edition) -> dict[str, date | None]:
    return {key: row.due_on for key, row in rows_of(edition).items() if not row.is_dropped}


def standing(edition: Edition, today: date = TODAY) -> dict[str, MilestoneStatus]:
    found = progress.follow(edition, rows_of(edition).values(), today)
    return {item.milestone.key: item.status for item in found}


def called(dtstart: date = FAR) -> Edition:
    """Return an edition whose call for hosts opens at the opening of the test's world."""
    edition = make_edition(status=S.PROJECTED, dtstart=dtstart)
    calling.open_call(
        edition, closes_at=OPENING + timedelta(days=60), text="", is_published=False,
        by=make_person(), now=OPENING,
    )  # fmt: skip
    return edition


# -- laying ----------------------------------------------------------------------------------


def test_the_days_are_counted_from_the_start_day() -> None:
    found = due(make_edition(status=S.ANNOUNCED, dtstart=FAR))
    assert [found[key] for key in ("announcement", "contributions_close", "visa_letters")] == [
        date(2029, 5, 5),
        FAR - timedelta(weeks=30),
        FAR - timedelta(weeks=10),
    ]
    assert found["survey"] == FAR + timedelta(weeks=1)


def test_the_schedule_begins_when_the_call_opens() -> None:
    edition = called(dtstart=TODAY + timedelta(days=365))
    assert due(edition)["call_opens"] == TODAY
    assert progress.headroom(edition, TODAY).is_compressed


def test_a_projected_edition_has_a_preview_and_no_rows() -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=TODAY + timedelta(days=365))
    assert due(edition) == {}
    (first, *_rest) = progress.preview(edition, TODAY)
    assert (first.milestone.key, first.milestone.due_on) == ("call_opens", TODAY)


def test_what_was_recorded_after_it_was_held_has_no_milestones() -> None:
    edition = make_edition(status=S.COMPLETED, dtstart=date(2024, 3, 5))
    assert due(edition) == {}


def test_days_too_near_have_no_plan_but_a_proposal_to_postpone() -> None:
    edition = make_edition(status=S.HOST_SELECTED, dtstart=TODAY + timedelta(weeks=9))
    assert due(edition)["visa_letters"] is None
    assert due(edition)["survey"] == edition.dtstart + timedelta(weeks=1)
    found = progress.headroom(edition, TODAY)
    assert found.earliest_dtstart == TODAY + timedelta(weeks=10)
    assert "needs 10 weeks" in found.problem
    agreements.record_agreement(edition, waiver="Small", by=make_person(), now=OPENING)
    assert progress.headroom(edition, TODAY).problem == ""


def test_another_kind_of_series_lays_its_editions_anew() -> None:
    edition, by = make_edition(status=S.ANNOUNCED, dtstart=FAR), make_person()
    was = due(edition)["visa_letters"]
    facts = replace(series_service.facts_of(edition.series), kind=SeriesKind.REGIONAL_ENGAGEMENT)
    series_service.change(edition.series, facts, by=by, now=OPENING)
    now_is = due(edition)["visa_letters"]
    assert (was, now_is) == (FAR - timedelta(weeks=10), FAR - timedelta(weeks=8))
    assert audit.history(edition.series)[-1].changes == {
        "kind": ["symposium", "regional_engagement"]
    }


def test_moving_an_edition_moves_what_is_not_done() -> None:
    edition, by = make_edition(status=S.ANNOUNCED, dtstart=FAR), make_person()
    milestone_changes.mark_done(edition, "invitations_sent", on=TODAY, by=by, now=OPENING)
    was = due(edition)
    later = FAR + timedelta(weeks=4)
    disruptions.reschedule(
        edition, dtstart=later, dtend=later + timedelta(days=3), reason="x", by=by, now=OPENING
    )
    now_is = due(edition)
    assert now_is["visa_letters"] == later - timedelta(weeks=10)
    assert now_is["invitations_sent"] == was["invitations_sent"]


def test_the_closing_days_that_people_set_go_before_the_template() -> None:
    edition, by = called(), make_person()
    assert due(edition)["offers_close"] == TODAY + timedelta(days=60)
    opened = make_edition(
        series=make_series("other"), status=S.ANNOUNCED, dtstart=FAR, tzid="Asia/Manila"
    )
    closes_on = date(2030, 1, 31)
    how = {"capacity": 9, "by": by, "now": OPENING}
    opening.open_registration(opened, window=opening.Window(closes_on=closes_on), **how)
    assert due(opened)["registration_closes"] == closes_on
    opening.change_registration(opened, **how)
    assert due(opened)["registration_closes"] == FAR - timedelta(weeks=8)


def test_the_first_offer_sets_the_day_of_the_decision() -> None:
    make_series(
        "regional", kind=SeriesKind.REGIONAL_ENGAGEMENT, rrule=None, dtstart=None, region="africa"
    )
    edition = make_edition(series=make_series("regional"), status=S.PROJECTED, dtstart=FAR)
    by, country = make_person(), make_country("XAA")
    calling.open_call(
        edition, closes_at=OPENING + timedelta(days=60), text="", is_published=False,
        by=by, now=OPENING,
    )  # fmt: skip
    assert due(edition)["committee_decides"] is None
    facts = hosting.OfferFacts(
        city="Albor", venue="Hall", capacity=9, windows=[(FAR, FAR + timedelta(days=9))]
    )
    offered = OPENING + timedelta(days=5)
    hosting.submit(edition, country, facts, letter=(PDF, "a.pdf"), by=by, now=offered)
    assert due(edition)["committee_decides"] == offered.date() + timedelta(days=60)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days=st.integers(70, 1200))
def test_a_compressed_schedule_keeps_order_and_minimum_leads(days: int) -> None:
    edition = make_edition(status=S.UNDER_EVALUATION, dtstart=TODAY + timedelta(days=days))
    found = {key: day for key, day in due(edition).items() if day is not None}
    in_full = [item.key for item in due_days(TEMPLATES["symposium"], edition.dtstart)]
    assert [found[key] for key in in_full] == sorted(found.values())
    assert min(found.values()) >= TODAY
    for key, weeks in MINIMA.items():
        assert found[key] <= edition.dtstart - timedelta(weeks=weeks)


# -- what is done ----------------------------------------------------------------------------


def test_acts_record_themselves() -> None:
    edition, by = called(), make_person()
    assert [standing(edition)[key] for key in ("call_opens", "offers_close")] == [M.DONE, M.NEXT]
    calling.close_call(edition, by=by, now=OPENING)
    assert standing(edition)["offers_close"] is M.DONE
    service.select_host(
        edition, make_country("XAA"), city="Rabat", venue="Hall", dtstart=FAR,
        dtend=edition.dtend, by=by, now=OPENING,
    )  # fmt: skip
    assert standing(edition)["committee_decides"] is M.DONE
    agreements.record_agreement(edition, waiver="", by=by, now=OPENING)
    assert standing(edition)["agreement_latest"] is M.DONE
    row = rows_of(edition)["agreement_latest"]
    assert (row.done_on, row.person_id, row.recorded_at) == (TODAY, by.id, OPENING)


def test_a_host_that_withdraws_undoes_the_decision() -> None:
    edition = make_edition(status=S.HOST_SELECTED, dtstart=FAR)
    assert standing(edition)["committee_decides"] is M.DONE
    disruptions.release_host(edition, reason="Elections", by=make_person(), now=OPENING)
    assert standing(edition)["committee_decides"] is not M.DONE


def test_without_a_call_its_milestones_are_waived_by_themselves() -> None:
    edition = make_edition(status=S.HOST_SELECTED, dtstart=FAR)
    row = rows_of(edition)["call_opens"]
    assert (row.done_on, row.waived_reason) == (None, "The host was named without a call.")
    with pytest.raises(ByItselfError):
        milestone_changes.reopen(edition, "call_opens", by=make_person(), now=OPENING)


def test_registration_closes_by_the_clock() -> None:
    edition = make_edition(status=S.REGISTRATION_OPEN, dtstart=FAR)
    last_day = FAR - timedelta(weeks=8)
    assert standing(edition, last_day)["registration_closes"] is not M.DONE
    assert standing(edition, last_day + timedelta(days=1))["registration_closes"] is M.DONE


def test_once_the_event_has_begun_only_what_follows_it_is_asked_for() -> None:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR)
    found = standing(edition, FAR + timedelta(days=20))
    assert found["visa_letters"] is M.WAIVED
    assert {key for key, status in found.items() if status is M.OVERDUE} == {"survey"}
    assert found["chair_report"] is M.NEXT


def test_a_record_says_who_and_when_and_stands_in_the_history() -> None:
    edition, by = make_edition(status=S.ANNOUNCED, dtstart=FAR), make_person()
    milestone_changes.mark_done(edition, "logistics_note", on=date(2027, 1, 4), by=by, now=OPENING)
    milestone_changes.waive(edition, "survey", reason="Too small", by=by, now=OPENING)
    note, survey = (rows_of(edition)[key] for key in ("logistics_note", "survey"))
    assert (note.done_on, note.person_id, note.recorded_at) == (date(2027, 1, 4), by.id, OPENING)
    assert (survey.done_on, survey.waived_reason) == (None, "Too small")
    told = [(entry.action, entry.changes["milestone"], entry.reason, entry.person_id)
            for entry in audit.history(edition)]  # fmt: skip
    assert told == [
        ("edition.milestone_done", ["", "Logistics note"], "", by.id),
        ("edition.milestone_waived", ["", "Survey"], "Too small", by.id),
    ]
    milestone_changes.reopen(edition, "survey", by=by, now=OPENING)
    assert not rows_of(edition)["survey"].is_recorded


def test_records_that_cannot_be_are_refused() -> None:
    edition, by = make_edition(status=S.ANNOUNCED, dtstart=FAR), make_person()
    with pytest.raises(NotYetError):
        milestone_changes.mark_done(
            edition, "survey", on=TODAY + timedelta(days=1), by=by, now=OPENING
        )
    with pytest.raises(WaiverReasonError):
        milestone_changes.waive(edition, "survey", reason="  ", by=by, now=OPENING)
    for key in ("registration_closes", "announcement"):
        with pytest.raises(ByItselfError):
            milestone_changes.mark_done(edition, key, on=TODAY, by=by, now=OPENING)
    with pytest.raises(NotFoundError):
        milestone_changes.waive(edition, "unknown", reason="x", by=by, now=OPENING)
    assert {key for key, row in rows_of(edition).items() if row.waived_reason} == {
        "call_opens",
        "offers_close",
    }


def test_what_is_sure_to_happen_cannot_be_waived() -> None:
    by = make_person()
    opened = make_edition(status=S.REGISTRATION_OPEN, dtstart=FAR)
    for edition, key in ((called(), "offers_close"), (opened, "registration_closes")):
        with pytest.raises(ByItselfError):
            milestone_changes.waive(edition, key, reason="x", by=by, now=OPENING)
        assert not rows_of(edition)[key].waived_reason


# -- templates -------------------------------------------------------------------------------


def step(title: str, lead: str, key: str = "", *, weeks: int = 0) -> PlannedStep:
    return PlannedStep(Step(key, title, Lead.parse(lead), weeks), is_public=True)


def test_a_series_has_the_defaults_of_its_kind_until_it_is_given_its_own() -> None:
    series, edition = make_series(), make_edition(status=S.ANNOUNCED, dtstart=FAR)
    assert len(due(edition)) == 18
    own = [step("Survey", "T+2 weeks", "survey"), step("Visit the venue", "T-5 months")]
    milestone_changes.change_template(series, own, by=make_person(), now=OPENING)
    assert due(edition) == {
        "visit_the_venue": date(2029, 10, 5),
        "survey": FAR + timedelta(weeks=2),
    }
    milestone_changes.reset_template(series, by=make_person(), now=OPENING)
    assert len(due(edition)) == 18
    assert due(edition)["survey"] == FAR + timedelta(weeks=1)


def test_an_internal_milestone_never_becomes_public() -> None:
    series = make_series()
    own = [step("Committee decides", "T-9 months", "committee_decides"), step("Visit", "T-1 week")]
    milestone_changes.change_template(series, own, by=make_person(), now=OPENING)
    found = {one.step.key: one.is_public for one in milestone_templates.template_of(series)}
    assert found == {"committee_decides": False, "visit": True}


def test_new_steps_of_one_name_get_keys_of_their_own() -> None:
    series = make_series()
    own = [step("Visit", "T-5 weeks"), step("Visit!", "T-4 weeks"), step("…", "T-3 weeks")]
    milestone_changes.change_template(series, own, by=make_person(), now=OPENING)
    keys = [one.step.key for one in milestone_templates.template_of(series)]
    assert keys == ["visit", "visit_2", "milestone"]


def test_a_template_of_nothing_is_refused() -> None:
    with pytest.raises(TemplateSizeError):
        milestone_changes.change_template(make_series(), [], by=make_person(), now=OPENING)


def test_what_was_held_keeps_the_milestones_it_had() -> None:
    series = make_series()
    edition = make_edition(status=S.ANNOUNCED, dtstart=TODAY + timedelta(days=200))
    was = due(edition)
    after = OPENING + timedelta(days=300)
    milestone_changes.change_template(
        series, [step("Visit", "T-5 weeks")], by=make_person(), now=after
    )
    assert due(edition) == was


def test_editions_from_before_the_upgrade_are_laid_by_the_command() -> None:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR)
    was = due(edition)
    for row in rows_of(edition).values():
        db.session.delete(row)
    db.session.commit()
    assert [milestones.lay_all(now=OPENING), milestones.lay_all(now=OPENING)] == [1, 0]
    assert due(edition) == was


def test_a_lead_below_its_minimum_is_refused() -> None:
    with pytest.raises(MilestoneError):
        step("Visit", "T-3 weeks", weeks=4)


# -- the pages -------------------------------------------------------------------------------


@pytest.fixture
def organiser(client: Client) -> Client:
    return client.sign_in(make_person("organiser@example.org", role=Role.ORGANISER))


TEMPLATE = "/organise/series/symposium/milestones"


def test_the_template_is_edited_by_its_form(organiser: Client) -> None:
    series = make_series()
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR)
    typed = fields(organiser.get(TEMPLATE))
    assert (typed["steps-0-title"], typed["steps-0-lead"]) == (
        "Call for hosts opens",
        "T-30 months",
    )
    blank = max(int(name.split("-")[1]) for name in typed if name.startswith("steps-"))
    typed |= {
        f"steps-{blank}-title": "Visit the venue",
        f"steps-{blank}-lead": "T-5 months",
        "steps-1-is_removed": "y",
    }
    answer = organiser.submit(TEMPLATE, **typed)
    assert (answer.status_code, answer.location) == (303, TEMPLATE)
    keys = {one.step.key for one in milestone_templates.template_of(series)}
    assert ("visit_the_venue" in keys, "offers_close" in keys) == (True, False)
    assert due(edition)["visit_the_venue"] == date(2029, 10, 5)
    page = organiser.get(TEMPLATE)
    assert "Editions ahead follow them" in page.text
    token = {"defaults-csrf_token": organiser.csrf_token()}
    assert organiser.submit(TEMPLATE, **token, **{"defaults-submit": "1"}).status_code == 303
    assert not milestone_templates.has_own_template(series)


def test_a_bad_lead_is_refused_with_what_would_be_accepted(organiser: Client) -> None:
    series = make_series()
    typed = fields(organiser.get(TEMPLATE))
    wrong = {
        "steps-2-lead": "eighteen months before",
        "steps-3-title": "",
        "steps-4-minimum_weeks": "60",
        "steps-6-title": "Offers close",
        "steps-7-minimum_weeks": "many",
    }
    answer = organiser.submit(TEMPLATE, **typed | wrong)
    assert answer.status_code == 422
    said = alert(answer)
    for sentence in (
        "“eighteen months before” is no lead time; T-30 months, T-10 weeks, T+1 week, rolling",
        "offer+60 days are accepted.",
        "Say what is due.",
        "later than its minimum, 60 weeks.",
        "There is a milestone of this name already.",
        "“many” is not a whole number. Write it in digits.",
    ):
        assert sentence in said
    kept = fields(answer)
    assert {name: kept[name] for name in wrong} == wrong
    assert not milestone_templates.has_own_template(series)


def test_another_line_is_added_without_losing_what_was_typed(organiser: Client) -> None:
    make_series()
    typed = fields(organiser.get(TEMPLATE))
    blank = max(int(name.split("-")[1]) for name in typed if name.startswith("steps-"))
    typed |= {f"steps-{blank}-title": "Visit", "add": "1"}
    answer = organiser.submit(TEMPLATE, **typed)
    assert answer.status_code == 200
    kept = fields(answer)
    assert kept[f"steps-{blank}-title"] == "Visit"
    assert kept[f"steps-{blank + 1}-title"] == ""
    assert alert(answer) == ""


def test_a_milestone_is_marked_waived_and_taken_back_by_forms(organiser: Client) -> None:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR)
    page = f"/organise/editions/{edition.slug}"
    path = f"{page}/milestones/logistics_note"
    assert fields(organiser.get(f"{path}/done"))["done_on"] == utcnow().date().isoformat()
    answer = organiser.submit(f"{path}/done", done_on="2099-01-01")
    assert (answer.status_code, alert(answer)) == (
        422,
        "A milestone can be done today or before, not on a day to come.",
    )
    answer = organiser.submit(f"{path}/done", done_on="2027-01-05")
    assert (answer.status_code, answer.location) == (303, f"{page}#milestones")
    assert "Logistics note Done Tuesday 5 January 2027" in words(organiser.get(page))
    assert organiser.submit(f"{path}/reopen").status_code == 303
    answer = organiser.submit(f"{path}/waive", reason="")
    assert answer.status_code == 422
    organiser.submit(f"{path}/waive", reason="Everybody lives there")
    seen = words(organiser.get(page))
    assert "Logistics note Waived Everybody lives there" in seen
    assert "Milestone waived, Logistics note. Everybody lives there" in seen
    assert organiser.get(f"{page}/milestones/unknown/done").status_code == 404


def test_the_committee_reads_and_changes_nothing(client: Client) -> None:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR)
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = f"/organise/editions/{edition.slug}"
    seen = words(client.get(page))
    assert ("Visa letters requested by" in seen, "Mark as done" in seen) == (True, False)
    assert client.get(f"{page}/milestones/survey/done").status_code == 403
    assert client.get(TEMPLATE).status_code == 403


def test_too_little_time_is_said_on_the_editions_page(organiser: Client) -> None:
    edition = make_edition(status=S.CONFIRMED, dtstart=utcnow().date() + timedelta(weeks=9))
    seen = words(organiser.get(f"/organise/editions/{edition.slug}"))
    assert "There is not enough time before these days" in seen
    assert "The earliest opening that can be met is" in seen


def test_the_public_reads_only_what_concerns_it(client: Client) -> None:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR)
    seen = words(client.get(f"/editions/{edition.slug}"))
    assert "Visa letters requested by Tuesday 25 December 2029" in seen
    for internal in ("Committee", "agreement", "report", "Invitations", "Survey", "Mark as done"):
        assert internal not in seen
    database.write(edition)
    milestone_changes.waive(edition, "visa_letters", reason="None", by=make_person(), now=OPENING)
    assert "Visa letters" not in words(client.get(f"/editions/{edition.slug}"))
