from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app import audit, clock, database
from app.accounts.models import Role
from app.database import db
from app.desk import queries, rotation, rotation_answers
from app.desk.models import RotationRun, RunStatus
from app.desk.rotation_instance import build
from app.editions import milestone_changes
from app.editions.milestone_templates import PlannedStep
from app.hosting import interests
from scheduler import rotation as engine
from scheduler.lead_times import Lead, Step
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    OPENING,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
    make_series,
)
from tests.pages import CountedQueries, alert, fields, words, words_in

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.models import HostingInterest
    from tests.conftest import Client

S = EditionStatus
TODAY = OPENING.date()
REGIONS = {"XAA": "africa", "XAB": "americas", "XAC": "asia-pacific", "XAD": "europe"}


@pytest.fixture
def organiser() -> Person:
    return make_person("organiser@example.org", name="Olivia", role=Role.ORGANISER)


@pytest.fixture
def symposia() -> dict[int, Edition]:
    """The symposium held in XAD in 2024, and its projections, on the first Tuesday of March."""
    series = make_series()
    for code, region in REGIONS.items():
        make_country(code, name=f"Country {code[-1]}", region=region)
    held = date(2024, 3, 5)
    make_edition(series=series, status=S.COMPLETED, dtstart=held, country_code="XAD")
    days = [date(2027, 3, 2), date(2030, 3, 5), date(2033, 3, 1), date(2036, 3, 4)]
    found = {day.year: make_edition(series=series, status=S.PROJECTED, dtstart=day) for day in days}
    # The first lies a few weeks ahead; here that is time enough.
    steps = [PlannedStep(Step("", "Agreement", Lead.parse("T-4 weeks"), minimum_weeks=4))]
    milestone_changes.change_template(series, steps, by=make_person(), now=OPENING)
    db.session.commit()
    return found


def could_host(code: str, months: tuple[int, ...] = (3,), **facts: object) -> HostingInterest:
    told = {"first_year": 2027, "last_year": 2040, "use_count": 2} | facts
    made = interests.tell(
        make_series(),
        make_country(code),
        interests.InterestFacts(months=months, **told),
        by=make_person(),
        now=OPENING,
    )
    db.session.commit()
    return made


def planned(by: Person, base: RotationRun | None = None, *, and_why: bool = False) -> RotationRun:
    """Ask for a plan, and let the worker make it; its reasons only where the test asks."""
    run = rotation.ask_for_plan(base=base, by=by, now=clock.utcnow())
    db.session.commit()
    if and_why:
        rotation_answers.work(now=clock.real_utcnow, today=TODAY)
    else:
        claimed = rotation_answers.claim(clock.real_utcnow())
        assert claimed == run.id
        rotation_answers.answer_run(claimed, today=TODAY)
    db.session.expire_all()
    return run


def hosts(run: RotationRun) -> dict[int, str | None]:
    """Return host by year."""
    rows = queries.editions_by_id(slot["edition"] for slot in run.result["slots"])
    return {rows[slot["edition"]].dtstart.year: slot.get("country") for slot in run.result["slots"]}


# -- the instance ----------------------------------------------------------------------------


@pytest.mark.usefixtures("symposia")
def test_an_offer_is_usable_in_its_windows_alone() -> None:
    could_host("XAA", (3,), first_year=2030, last_year=2033)
    ground = build(rotation.settings(), TODAY)
    offer = ground.instance.offers["interest:1"]
    days = {
        name: sorted(ground.days_of(name, engine.Choice(offer.id, week))[0] for week in weeks)
        for name, weeks in (offer.only or {}).items()
    }
    # Tuesday to Thursday, within the month, in the years told.
    assert days == {
        "symposium/2": [date(2030, 3, day) for day in (5, 12, 19, 26)],
        "symposium/3": [date(2033, 3, day) for day in (1, 8, 15, 22, 29)],
    }


def test_history_and_what_has_its_host_is_held(symposia: dict[int, Edition]) -> None:
    could_host("XAA")
    database.write(symposia[2033])
    symposia[2033].status = S.HOST_SELECTED
    symposia[2033].country = make_country("XAB")
    db.session.flush()
    ground = build(rotation.settings(), TODAY)
    held = {
        slot.dtstart.year: ground.instance.offers[ground.instance.held[name].offer].country
        for name, slot in ground.held.items()
    }
    assert held == {2024: "XAD", 2033: "XAB"}
    assert [slot.dtstart.year for slot in ground.slots.values()] == [2027, 2030, 2036]


def test_an_offer_for_one_edition_keeps_its_own_days(symposia: dict[int, Edition]) -> None:
    edition = symposia[2030]
    database.write(edition)
    edition.status = S.CALL_OPEN
    make_call(edition)
    offer = make_offer(edition, make_country("XAA"))
    offer.windows[0].dtstart, offer.windows[0].dtend = date(2030, 3, 13), date(2030, 3, 16)
    db.session.flush()
    ground = build(rotation.settings(), TODAY)
    key = f"offer:{offer.id}"
    only = ground.instance.offers[key].only or {}
    [(name, weeks)] = only.items()
    [week] = weeks
    # Not on a Tuesday, since the country offers Wednesday to Friday.
    assert ground.days_of(name, engine.Choice(key, week)) == (
        date(2030, 3, 13),
        date(2030, 3, 16),
    )


def test_an_edition_too_near_for_its_least_times_says_so_and_is_not_filled(
    symposia: dict[int, Edition], organiser: Person, client: Client
) -> None:
    milestone_changes.reset_template(symposia[2027].series, by=organiser, now=OPENING)
    could_host("XAA", (3, 4), first_year=2027, last_year=2027)
    near = could_host("XAB", (3,), first_year=2027, last_year=2027)
    # The agreement alone needs ten weeks: 26 March is the first day that has them.
    ground = build(rotation.settings(), TODAY)
    weeks = ground.instance.offers["interest:1"].only or {}
    assert [str(ground.monday(min(weeks[name]))) for name in sorted(weeks)] == ["2027-03-29"]
    run = planned(organiser)
    said = words(client.sign_in(organiser).get("/organise/rotation/"))
    assert (
        "Too near: the first opening that keeps the least times of its milestones is 26 March 2027"
        in said
    )
    assert "The interest of Country B: what it could host is too near" in said
    assert f'href="/hosting/interests/{near.public_id}"' in client.get("/organise/rotation/").text
    first = run.result["slots"][0]
    assert (first["earliest"], first["country"], first["dtstart"]) == (
        "2027-03-26",
        "XAA",
        "2027-03-30",
    )


@pytest.mark.usefixtures("symposia")
def test_the_load_of_each_year_is_told(organiser: Person, client: Client) -> None:
    could_host("XAA", first_year=2027, last_year=2040)
    planned(organiser)
    said = words(client.sign_in(organiser).get("/organise/rotation/"))
    load = said.split("Load of each year", 1)[1]
    assert "2027 1 " in load
    assert "2028 0 none" in load


def test_old_plans_are_forgotten_but_not_what_was_adopted(
    symposia: dict[int, Edition], organiser: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation_answers, "PLANS_KEPT", 2)
    could_host("XAA")
    first = planned(organiser)
    adopted = planned(organiser, base=first)
    rotation.adopt(adopted, reason="Agreed.", by=organiser, now=OPENING)
    db.session.commit()
    forgotten = planned(organiser)
    rotation.ask_why(forgotten, symposia[2030], by=organiser, now=OPENING)
    db.session.commit()
    newest = [planned(organiser), planned(organiser)]
    plans = db.session.scalars(select(RotationRun.id).filter_by(kind="PLAN")).all()
    assert sorted(plans) == sorted(run.id for run in (first, adopted, *newest))
    asked = db.session.scalars(select(RotationRun.base_id).filter_by(kind="EXPLANATION")).all()
    assert set(asked) <= set(plans)


@pytest.mark.usefixtures("symposia")
def test_all_that_is_asked_at_once_bears_one_moment_of_the_domains_clock(
    organiser: Person,
) -> None:
    could_host("XAA")
    run = planned(organiser)
    moments = {asked.requested_at for asked in queries.asked_of(run)}
    assert moments == {run.requested_at}


@pytest.mark.usefixtures("symposia")
def test_a_change_of_anything_that_is_planned_from_changes_the_stamp() -> None:
    before = queries.stamp()
    assert queries.stamp() == before
    could_host("XAA")
    told = queries.stamp()
    assert told != before
    rotation.change_settings(
        replace(rotation.settings(), cooldown=1), by=make_person(), now=OPENING
    )
    assert queries.stamp() != told


@pytest.mark.usefixtures("symposia")
def test_a_national_holiday_closes_the_week_and_ramadan_costs() -> None:
    make_country("AUT", name="Austria", alpha2="AT", region="europe")
    could_host("AUT", (12,), first_year=2030)
    could_host("XAA", (3,), first_year=2027)
    ground = build(rotation.settings(), TODAY)
    edition = ground.instance.editions["symposium/2"]
    starts = engine.instance.Offer.starts(ground.instance.offers["interest:1"], edition)
    free = [week for week in starts if ground.instance.countries["AUT"].takes(edition, week)]
    # 24 to 26 December 2030 are holidays there; the other weeks of the month are free.
    assert [str(ground.monday(week)) for week in set(starts) - set(free)] == ["2030-12-23"]
    ramadan = ground.week_of(date(2027, 3, 2))
    costs = {event.week: event.cost for event in ground.instance.intl}
    assert costs[ramadan] == rotation.settings().soft_weeks


def test_what_lies_before_today_or_beyond_the_horizon_is_no_slot(
    symposia: dict[int, Edition], organiser: Person
) -> None:
    could_host("XAA")
    wanted = replace(rotation.settings(), until=2033)
    rotation.change_settings(wanted, by=organiser, now=OPENING)
    ground = build(rotation.settings(), date(2027, 6, 1))
    assert {slot.edition_id for slot in ground.slots.values()} == {
        symposia[2030].id,
        symposia[2033].id,
    }


def test_the_53rd_week_of_a_long_year_is_a_week_of_its_own(organiser: Person) -> None:
    last = date(2032, 12, 28)  # in 2032-W53
    make_country("XAA", region="africa")
    edition = make_edition(series=make_series(), status=S.PROJECTED, dtstart=last)
    before = make_edition(
        series=make_series("workshop"),
        status=S.HOST_SELECTED,
        dtstart=date(2032, 12, 21),
        country_code=make_country("XAB", region="africa").code,
    )
    make_edition(series=before.series, status=S.PROJECTED, dtstart=date(2035, 3, 6))
    could_host("XAA", (12,))
    run = planned(organiser)
    (slot,) = (slot for slot in run.result["slots"] if slot["edition"] == edition.id)
    assert (slot["country"], slot["dtstart"]) == ("XAA", "2032-12-28")


@pytest.mark.usefixtures("symposia")
@pytest.mark.parametrize("day", [date(2026, 12, 29), date(2031, 12, 24)])
def test_what_is_held_over_the_end_of_a_year_hinders_no_plan(organiser: Person, day: date) -> None:
    workshop = make_series("workshop", length_days=8)
    host = make_country("XAB").code
    make_edition(series=workshop, status=S.HOST_SELECTED, dtstart=day, days=8, country_code=host)
    make_edition(series=workshop, status=S.PROJECTED, dtstart=date(2035, 12, 26), days=8)
    could_host("XAA")
    run = planned(organiser)
    assert run.status is RunStatus.DONE
    assert all(level["value"] == level["bound"] for level in run.result["levels"])
    assert list(hosts(run).values()).count("XAA") == 2


# -- the plan --------------------------------------------------------------------------------


@pytest.mark.usefixtures("symposia")
def test_a_plan_is_proved_allowed_and_keeps_the_cooldown(organiser: Person) -> None:
    for code in REGIONS:
        could_host(code)
    run = planned(organiser)
    assert (run.status, run.is_proved, run.problem) == (RunStatus.DONE, True, "")
    found = hosts(run)
    # XAD held 2024: with two editions in between it returns in 2033 at the earliest.
    assert found[2027] != "XAD" != found[2030]
    assert None not in found.values()
    assert len({found[2027], found[2030], found[2033]}) == 3
    assert len({found[2030], found[2033], found[2036]}) == 3
    ground = build(rotation.settings(), TODAY)
    plan = rotation_answers.plan_of(run.result, ground)
    assert engine.check(ground.instance, plan.assignment) == []
    assert engine.score(ground.instance, plan.assignment) == plan.values
    assert run.digest == ground.digest


@pytest.mark.usefixtures("symposia")
def test_every_slot_is_told_why_and_a_runner_up_costs_what_it_costs(organiser: Person) -> None:
    for code in REGIONS:
        could_host(code, (3,) if code != "XAB" else (6,))
    run = planned(organiser, and_why=True)
    asked = queries.explanations_of(run)
    assert {one.status for one in asked.values()} == {RunStatus.DONE}
    assert len(asked) == 4
    ground = build(rotation.settings(), TODAY)
    plan = rotation_answers.plan_of(run.result, ground)
    checked = 0
    for edition_id, one in asked.items():
        name = ground.names[edition_id]
        for other in one.result["alternatives"]:
            pin = engine.Pin(name, country=other["country"], vacant=other["country"] is None)
            if other["differences"] is None:
                with pytest.raises(engine.PinsConflictError):
                    engine.solve(ground.instance, pins=[pin])
                continue
            forced = engine.solve(ground.instance, pins=[pin])
            told = [there - here for there, here in zip(forced.values, plan.values, strict=True)]
            assert told == other["differences"]
            checked += 1
    assert checked >= 8


def test_a_fixed_host_is_kept_and_little_else_changes(
    symposia: dict[int, Edition], organiser: Person
) -> None:
    for code in REGIONS:
        could_host(code)
    first = planned(organiser)
    rotation.adopt(first, reason="", by=organiser, now=OPENING)
    before = hosts(first)
    wanted = next(code for code in ("XAA", "XAB", "XAC") if code != before[2030])
    rotation.fix(
        symposia[2030], make_country(wanted), date(2030, 3, 12), reason="A wish.",
        by=organiser, now=OPENING,
    )  # fmt: skip
    db.session.commit()
    again = planned(organiser, first)
    slot = next(s for s in again.result["slots"] if s["edition"] == symposia[2030].id)
    assert (slot["country"], slot["dtstart"]) == (wanted, "2030-03-12")
    changes = again.result["levels"][0]
    assert changes["key"] == "changes"
    assert changes["value"] == changes["bound"]
    # The best plan with this host, made without regard to the one in force, changes no less.
    ground = build(rotation.settings(), TODAY)
    name = ground.names[symposia[2030].id]
    pin = engine.Pin(name, country=wanted, week=ground.week_of(date(2030, 3, 12)))
    adopted = rotation_answers.assignment_of(first.result, ground)
    anew = engine.solve(ground.instance, pins=[pin])
    assert 0 < changes["value"] <= engine.changes(adopted, anew.assignment)
    assert (
        engine.changes(adopted, rotation_answers.assignment_of(again.result, ground))
        == changes["value"]
    )


def test_a_choice_against_the_rules_says_which_ones(
    symposia: dict[int, Edition], organiser: Person, client: Client
) -> None:
    for code in REGIONS:
        could_host(code)
    rotation.fix(
        symposia[2027], make_country("XAD"), None, reason="Again.", by=organiser, now=OPENING
    )
    db.session.commit()
    run = planned(organiser)
    assert run.status is RunStatus.CONFLICT
    said = words(client.sign_in(organiser).get("/organise/rotation/"))
    assert "No assignment keeps all of this" in said
    assert "Symposium 2024 has its host: Country D, 5–7 March 2024." in said
    assert "Symposium 2027 is fixed in Country D." in said
    assert "A country returns to Symposium after 2 other editions." in said


def test_a_host_that_offers_nothing_is_a_conflict_too(
    symposia: dict[int, Edition], organiser: Person, client: Client
) -> None:
    could_host("XAA")
    rotation.fix(
        symposia[2030], make_country("XAC"), None, reason="Hope.", by=organiser, now=OPENING
    )
    db.session.commit()
    assert planned(organiser).status is RunStatus.CONFLICT
    said = words(client.sign_in(organiser).get("/organise/rotation/"))
    assert "Symposium 2030 is fixed in Country C." in said


@pytest.mark.usefixtures("symposia")
def test_the_order_of_levels_is_the_organisers(organiser: Person) -> None:
    could_host("XAA")
    rotation.move_level("dates", up=True, by=organiser, now=OPENING)
    rotation.move_level("vacancies", up=True, by=organiser, now=OPENING)  # the first already
    assert list(rotation.settings().order) == [
        "vacancies",
        "repeats",
        "dates",
        "balance",
        "offers",
    ]
    db.session.commit()
    run = planned(organiser)
    assert [level["key"] for level in run.result["levels"]] == list(rotation.settings().order)


def test_a_plan_from_what_no_longer_stands_is_not_adopted(
    symposia: dict[int, Edition], organiser: Person, client: Client
) -> None:
    could_host("XAA")
    run = planned(organiser)
    could_host("XAB")
    with pytest.raises(rotation.OutdatedRotationError):
        rotation.adopt(run, reason="", by=organiser, now=OPENING)
    assert "Made from what stood before" in words(
        client.sign_in(organiser).get("/organise/rotation/")
    )
    assert symposia[2030].country_code is None


@pytest.mark.usefixtures("symposia")
def test_one_plan_is_made_at_a_time_and_a_lost_one_is_taken_up_again(organiser: Person) -> None:
    could_host("XAA")
    run = rotation.ask_for_plan(base=None, by=organiser, now=OPENING)
    db.session.commit()
    with pytest.raises(rotation.AlreadyPlanningError):
        rotation.ask_for_plan(base=None, by=organiser, now=OPENING)
    db.session.rollback()
    start = clock.real_utcnow()
    assert rotation_answers.claim(start) == run.id
    assert rotation_answers.work(now=lambda: start, today=TODAY) == 0
    later = start + rotation_answers.CLAIM_LIFE
    assert rotation_answers.work(now=lambda: later, today=TODAY) > 0
    db.session.expire_all()
    assert run.status is RunStatus.DONE


# -- the pages -------------------------------------------------------------------------------


def test_without_offers_the_page_says_what_comes_first(client: Client, organiser: Person) -> None:
    client.sign_in(organiser)
    page = client.get("/organise/rotation/")
    assert "No offers yet" in words(page)
    assert "Find the best plan" not in page.text
    answer = client.submit("/organise/rotation/runs", mode="best")
    assert "There is nothing to plan yet" in words_in(client.get(answer.location), "role", "alert")


def test_a_plan_is_asked_for_read_adopted_and_changed_by_its_pages(
    symposia: dict[int, Edition], client: Client, organiser: Person
) -> None:
    for code in REGIONS:
        could_host(code)
    client.sign_in(organiser)
    assert client.submit("/organise/rotation/runs", mode="best").status_code == 303
    waiting = client.get("/organise/rotation/")
    assert "The plan is being made" in words(waiting)
    run = db.session.query(RotationRun).one()
    assert client.get(f"/organise/rotation/runs/{run.id}/state").json == {
        "is_over": False, "answered": 0, "open": 0,
    }  # fmt: skip
    rotation_answers.work(now=clock.real_utcnow, today=TODAY)
    assert client.get(f"/organise/rotation/runs/{run.id}/state").json == {
        "is_over": True, "answered": 4, "open": 0,
    }  # fmt: skip
    page = words(client.get("/organise/rotation/"))
    assert "Proved: no plan is better" in page
    assert "Runner-up Country" in page
    assert "proved: nothing better is possible" in page

    client.submit(f"/organise/rotation/runs/{run.id}/adopt", reason="Meeting of May.")
    assert "The plan in force" in words(client.get("/organise/rotation/"))
    assert [entry.action for entry in audit.history(run)] == ["rotation.adopted"]
    assert "Rotation of hosts adopted" in words(client.get("/organise/audit"))

    slot = "/organise/rotation/slots/symposium-2030"
    shown = client.get(slot)
    assert "Every other host" in words(shown)
    assert alert(client.submit(slot, host="XAB", reason="")).startswith("Reason: Say why")
    other = "XAB" if fields(shown)["host"] != "XAB" else "XAA"
    assert client.submit(slot, host=other, reason="A promise.").status_code == 303
    rotation_answers.work(now=clock.real_utcnow, today=TODAY)
    page = words(client.get("/organise/rotation/"))
    assert "it is marked" in page or "they are marked" in page
    assert "Fixed: A promise." in page
    client.submit(f"{slot}/unfix")
    assert queries.pins() == []
    # Nothing of it is public.
    client.sign_in(make_person())
    assert "Country" not in words(client.get("/editions/symposium-2030"))
    assert symposia[2030].country_code is None


def test_settings_are_checked_and_say_what_would_do(client: Client, organiser: Person) -> None:
    client.sign_in(organiser)
    path = "/organise/rotation/settings"
    typed = {**fields(client.get(path)), "cooldown": "1"}
    typed.pop("level", None)
    assert client.submit(path, **typed).status_code == 303
    assert rotation.settings().cooldown == 1
    for name, value, said in (
        ("cooldown", "-1", "Write a whole number from 0 to 20."),
        ("until", "1999", "The plan can reach from 2027 to 2126."),
        ("week_cap", "many", "“many” is not a whole number. Write it in digits."),
    ):
        answer = client.submit(path, **{**typed, name: value})
        assert (answer.status_code, said in alert(answer)) == (422, True)
    assert client.submit(f"{path}/order", level="dates", up="0").status_code == 303
    assert rotation.settings().order[-1] == "dates"


@pytest.mark.usefixtures("symposia")
def test_the_committee_reads_and_nobody_else_does(client: Client, organiser: Person) -> None:
    could_host("XAA")
    run = planned(organiser)
    paths = ["/organise/rotation/", "/organise/rotation/slots/symposium-2030"]
    client.sign_in(make_person(role=Role.COMMITTEE))
    pages = [client.get(path) for path in paths]
    assert [page.status_code for page in pages] == [200, 200]
    assert not any('method="post" action="/organise' in page.text for page in pages)
    acts = ["runs", f"runs/{run.id}/adopt", "settings", "settings/order"]
    acts += [f"slots/symposium-2030/{act}" for act in ("why", "unfix")]
    refused = [client.submit(f"/organise/rotation/{act}").status_code for act in acts]
    assert refused == [403] * len(acts)
    fix = client.submit(paths[1], host="XAA", reason="Mine.")
    assert (fix.status_code, queries.pins()) == (404, [])
    make_country("XAB")
    for person in (make_person(), make_person(role=Role.NATIONAL_CONTACT, scope="XAB")):
        client.sign_in(person)
        assert [client.get(path).status_code for path in paths] == [403, 403]


def test_the_plan_asks_as_often_for_many_editions_as_for_few(
    client: Client, organiser: Person
) -> None:
    series = make_series()
    counts = []
    for code, region in REGIONS.items():
        make_country(code, region=region)
    for year in (2030, 2033):
        for shift in (0, 6):
            make_edition(series=series, status=S.PROJECTED, dtstart=date(year + shift, 3, 5))
        could_host("XAA" if year == 2030 else "XAB")
        planned(organiser, and_why=True)
        client.sign_in(organiser)
        client.get("/organise/rotation/")
        with CountedQueries() as asked:
            assert client.get("/organise/rotation/").status_code == 200
        counts.append(asked.count)
    assert counts[0] == counts[1]
