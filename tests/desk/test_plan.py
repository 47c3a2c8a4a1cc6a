"""The plan's page: years ahead by series or region, and another week tried before it is taken."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app import database
from app.accounts.models import Role
from app.database import db
from app.editions import milestone_queries, milestones, override_queries
from app.editions.models import EditionOverride, Precision
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    OPENING,
    make_call,
    make_country,
    make_edition,
    make_person,
    make_series,
)
from tests.pages import alert, fields, words, words_in

if TYPE_CHECKING:
    from pathlib import Path

    from app.editions.models import Edition
    from tests.conftest import Client

S = EditionStatus
IN_RAMADAN, AFTER_EID = date(2027, 3, 2), date(2027, 3, 16)
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext is not installed"
)
TRY = "/organise/plan?until=2033&try=symposium-2027&day={day}"


@pytest.fixture
def organiser(client: Client) -> Client:
    return client.sign_in(make_person("organiser@example.org", role=Role.ORGANISER))


@pytest.fixture
def committee(client: Client) -> Client:
    return client.sign_in(make_person(role=Role.COMMITTEE))


@pytest.fixture
def projected() -> Edition:
    """The projection of the symposium's rule, which falls into Ramadan."""
    return make_edition(
        status=S.PROJECTED, dtstart=IN_RAMADAN, recurrence_id=IN_RAMADAN, commit=True
    )


# -- another week ----------------------------------------------------------------------------


@pytest.mark.usefixtures("projected")
def test_the_plan_offers_to_try_another_week(organiser: Client) -> None:
    page = organiser.get("/organise/plan?until=2033").text
    assert re.findall(r'href="([^"]*try=[^"]*)"', page) == [
        "/organise/plan?until=2033&amp;years=12&amp;try=symposium-2027#what-if"
    ]


@pytest.mark.usefixtures("projected")
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_days_of_a_year_without_events_are_not_taken_and_it_says_why(
    day: str, organiser: Client
) -> None:
    answer = organiser.submit(
        "/organise/plan/what-if/symposium-2027", first_day=day, reason="Because"
    )
    assert (answer.status_code, "year" in alert(answer)) == (422, True)
    assert db.session.query(EditionOverride).count() == 0


@pytest.mark.usefixtures("projected")
def test_another_week_shows_its_clashes_before_and_after(organiser: Client) -> None:
    page = words_in(organiser.get(TRY.format(day=AFTER_EID)), "id", "what-if")
    before, after, weeks = re.split("2 weeks later(?! ?;)|Nearest free weeks:", page)
    assert "Nothing is saved yet." in before
    assert "Tue–Thu, 2–4 March 2027" in before
    assert "Soft clash: 2–4 March 2027 lies in Ramadan" in before
    assert "Tue–Thu, 16–18 March 2027 No clash known." in after
    assert "16–18 March 2027 2 weeks later; no clash known 23–25 March 2027 3 weeks" in weeks


@pytest.mark.usefixtures("projected")
@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("9999-12-31", "between 1900 and 2200"),
        ("0001-01-03", "between 1900 and 2200"),
        ("2027-02-30", "“2027-02-30” is not a day"),
    ],
)
def test_a_day_on_which_nothing_can_lie_is_refused_at_its_field(
    day: str, said: str, organiser: Client
) -> None:
    answer = organiser.get(TRY.format(day=day))
    assert answer.status_code == 200
    assert said in words_in(answer, "id", "what-if")
    assert fields(answer)["day"] == day
    assert words_in(organiser.get(TRY.format(day="")), "id", "what-if").count("between") == 0


@pytest.mark.usefixtures("projected")
def test_the_strip_shows_the_old_place_and_the_new(organiser: Client) -> None:
    page = organiser.get(TRY.format(day=AFTER_EID)).text
    assert page.count('class="strip__old"') == 1
    assert 'data-day="2027-03-16" data-stands="2027-03-02"' in page
    assert 'class="strip__old"' not in organiser.get(TRY.format(day=IN_RAMADAN)).text


@pytest.fixture
def changed_rule(projected: Edition) -> Edition:
    """The projection, and a rule that by now says the third Tuesday; it also asks for 2030."""
    database.write(projected)
    projected.series.rrule = "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=3TU"
    projected.series.dtstart = date(2027, 3, 16)
    db.session.commit()
    return projected


@pytest.mark.usefixtures("changed_rule")
def test_what_a_plan_would_change_is_drawn_before_it_is_applied(organiser: Client) -> None:
    page = organiser.get("/organise/plan?until=2030").text
    said = re.findall(r'aria-label="([^"]*not applied yet[^"]*)"', page)
    assert [line.partition(" – ")[0] for line in said] == ["16–18 Mar expected", "19–21 Mar new"]
    assert [line.split(". ")[-1] for line in said] == [
        "Moved by this plan, not applied yet.",
        "New in this plan, not applied yet.",
    ]
    assert page.count('class="strip__old"') == 1
    legend = words_in(organiser.get("/organise/plan?until=2030"), "class", "strip__legend")
    assert legend == "expected by the rule new, not applied yet old place and new, not saved yet"


def test_an_edition_that_a_plan_would_remove_stays_drawn_as_going(organiser: Client) -> None:
    edition = make_edition(
        status=S.PROJECTED, dtstart=date(2029, 6, 5), recurrence_id=date(2029, 6, 5)
    )
    edition.series.rrule = "FREQ=YEARLY;COUNT=1;BYMONTH=3;BYDAY=1TU"
    edition.series.dtstart = IN_RAMADAN
    db.session.commit()
    page = organiser.get("/organise/plan?until=2030").text
    assert "Removed by this plan, not applied yet." in page
    assert "strip__bar--removed" in page


def test_a_discarded_plan_shows_what_stands_and_is_kept_at_hand(
    organiser: Client, changed_rule: Edition
) -> None:
    answer = organiser.get("/organise/plan?until=2030&plan=discarded")
    said = words(answer)
    assert "2 changes discarded" in said
    assert "Soft clash: 2–4 March 2027 lies in Ramadan" in said
    assert ("not applied yet" in answer.text, 'class="strip__old"' in answer.text) == (False, False)
    assert "Apply the plan" not in said
    db.session.expire_all()
    assert changed_rule.dtstart == IN_RAMADAN
    assert "2 changes to apply" in words(organiser.get("/organise/plan?until=2030"))


@pytest.mark.usefixtures("changed_rule")
def test_a_trial_is_told_beside_what_stands_and_what_the_plan_would_do(organiser: Client) -> None:
    address = "/organise/plan?until=2030&try=symposium-2027"
    as_planned = words_in(organiser.get(address), "id", "what-if")
    stands, planned = as_planned.split("As the plan would move it, not applied yet")
    assert "2–4 March 2027 Soft clash: 2–4 March 2027 lies in Ramadan" in stands
    assert "16–18 March 2027 No clash known." in planned
    tried = words_in(organiser.get(f"{address}&day=2027-03-23"), "id", "what-if")
    assert "3 weeks later Tue–Thu, 23–25 March 2027" in tried


def test_what_a_trial_clashes_with_is_told_as_if_the_plan_were_applied(
    organiser: Client, changed_rule: Edition
) -> None:
    other = make_series("forum", title="Forum", rrule=None, dtstart=None)
    make_edition(
        series=other, title="Forum 2027", dtstart=date(2027, 6, 1), status=S.PROJECTED, commit=True
    )
    page = words_in(
        organiser.get("/organise/plan?until=2030&try=forum-2027&day=2027-03-09"), "id", "what-if"
    )
    # The symposium would by then have left 2 March for the 16th.
    assert "16–18 March 2027" in page
    assert changed_rule.title in page


@pytest.mark.usefixtures("projected")
def test_free_weeks_are_told_as_if_the_plan_were_applied(organiser: Client) -> None:
    rule = {"rrule": "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=13", "dtstart": date(2027, 4, 13)}
    make_series("forum", title="Forum", commit=True, **rule)
    page = words_in(organiser.get(TRY.format(day="")), "id", "what-if")
    weeks = page.partition("Nearest free weeks:")[2]
    assert "16–18 March 2027 2 weeks later Close together: 16–18 March 2027 is less" in weeks
    assert "Forum 2027 (13–15 April 2027)" in weeks


def test_looking_at_another_week_saves_nothing(organiser: Client, projected: Edition) -> None:
    organiser.get(TRY.format(day=AFTER_EID))
    organiser.get(f"/organise/plan/what-if/{projected.slug}?day=2027-03-16")
    db.session.expire_all()
    assert (projected.dtstart, db.session.query(EditionOverride).count()) == (IN_RAMADAN, 0)


@pytest.mark.usefixtures("projected")
def test_each_week_leads_to_the_next(organiser: Client) -> None:
    page = organiser.get(TRY.format(day=AFTER_EID)).text
    steps = re.findall(r'data-step="(-?1)"[^>]*day=([\d-]+)', page)
    assert steps == [("-1", "2027-03-09"), ("1", "2027-03-23")]


def test_the_days_are_taken_with_their_reason(organiser: Client, projected: Edition) -> None:
    answer = organiser.submit(
        "/organise/plan/what-if/symposium-2027?until=2033&years=6&by=region",
        first_day="2027-03-16",
        reason="After Eid.",
    )
    assert (answer.status_code, answer.location) == (
        303,
        "/organise/plan?until=2033&years=6&by=region",
    )
    db.session.expire_all()
    decided = override_queries.of_edition(projected)
    assert decided
    assert (projected.dtstart, projected.dtend) == (AFTER_EID, date(2027, 3, 19))
    assert (decided.dtstart, decided.reason) == (AFTER_EID, "After Eid.")
    page = words(organiser.get("/organise/plan?until=2027"))
    assert "is moved. Plans keep it there." in page
    assert "No change to apply" in page


def test_days_without_a_reason_are_asked_again(organiser: Client, projected: Edition) -> None:
    answer = organiser.submit("/organise/plan/what-if/symposium-2027", first_day="2027-03-16")
    assert (answer.status_code, alert(answer)) == (422, "Reason: This field is required.")
    assert "Tue–Thu, 16–18 March 2027" in words_in(answer, "id", "what-if")
    db.session.expire_all()
    assert projected.dtstart == IN_RAMADAN


def test_days_where_another_was_moved_by_hand_are_refused(organiser: Client) -> None:
    series = make_series()
    for year in (2027, 2030):
        make_edition(
            series=series,
            status=S.PROJECTED,
            dtstart=date(year, 3, 5),
            recurrence_id=date(year, 3, 5),
        )
    organiser.submit(
        "/organise/plan/what-if/symposium-2027", first_day="2028-04-04", reason="A free hall."
    )
    answer = organiser.submit(
        "/organise/plan/what-if/symposium-2030", first_day="2028-04-05", reason="As well."
    )
    assert answer.status_code == 422
    assert "where another edition of the series was moved by hand (A free hall.)" in alert(answer)


def test_the_committee_tries_weeks_and_takes_none(committee: Client, projected: Edition) -> None:
    page = committee.get(TRY.format(day=AFTER_EID))
    assert "Take these days" not in words(page)
    assert "16–18 March 2027 No clash known." in words(page)
    answer = committee.submit(
        "/organise/plan/what-if/symposium-2027", first_day="2027-03-16", reason="x"
    )
    db.session.expire_all()
    assert (answer.status_code, projected.dtstart) == (403, IN_RAMADAN)


@pytest.mark.usefixtures("projected")
@pytest.mark.parametrize("day", ["soon", "2027-02-30", "2027-03"])
def test_what_is_no_day_is_told_and_the_edition_stays(day: str, organiser: Client) -> None:
    page = words_in(organiser.get(TRY.format(day=day)), "id", "what-if")
    assert f"“{day}” is not a day. Write it as 2027-03-02." in page
    assert "weeks later" not in page.partition("Nearest free weeks:")[0]


def test_only_what_follows_the_rule_can_be_tried(organiser: Client) -> None:
    settled = make_edition(status=S.CONFIRMED, dtstart=date(2027, 5, 4))
    assert "Try another week" not in words(organiser.get("/organise/plan"))
    for path in (f"/organise/plan?try={settled.slug}", f"/organise/plan/what-if/{settled.slug}"):
        assert organiser.get(path).status_code == 409
    for path in ("/organise/plan?try=nothing", "/organise/plan/what-if/nothing"):
        assert organiser.get(path).status_code == 404


@pytest.mark.usefixtures("projected")
def test_the_part_for_scripts_is_the_part_of_the_page(organiser: Client) -> None:
    part = organiser.get("/organise/plan/what-if/symposium-2027?until=2033&day=2027-03-16")
    assert "<html" not in part.text
    assert words_in(part, "data-edition", "symposium-2027") == words_in(
        organiser.get(TRY.format(day=AFTER_EID)), "data-edition", "symposium-2027"
    )


# -- rows, calls ------------------------------------------------------------------------------


def lanes(text: str) -> dict[str, list[str]]:
    """Return the titles of the bars by lane."""
    found = {}
    for lane in text.split('role="group" aria-label="')[1:]:
        names = re.findall(r'aria-label="[^"]*? – ([^,"]*),', lane)
        found[lane.split('"')[0]] = names
    return found


def test_regions_collect_their_editions_from_every_series(organiser: Client) -> None:
    make_country("XAA", region="africa")
    symposium = make_series(rrule=None, dtstart=None)
    regional = make_series("regional-europe", region="europe", rrule=None, dtstart=None)
    make_edition(series=symposium, dtstart=date(2027, 3, 2), country_code="XAA", title="In Africa")
    make_edition(series=symposium, dtstart=date(2030, 3, 5), title="Without a host")
    make_edition(series=regional, dtstart=date(2028, 5, 9), title="In Europe")
    assert lanes(organiser.get("/organise/plan?by=region").text) == {
        "Worldwide": ["Without a host"],
        "Africa": ["In Africa"],
        "Americas": [],
        "Asia and the Pacific": [],
        "Europe": ["In Europe"],
    }
    assert lanes(organiser.get("/organise/plan").text) == {
        "Symposium": ["In Africa", "Without a host"],
        "Regional Europe": ["In Europe"],
    }


def test_a_new_edition_of_the_plan_stands_in_its_region(organiser: Client) -> None:
    make_series(region="africa")
    found = lanes(organiser.get("/organise/plan?by=region&until=2027").text)
    assert found["Africa"] == ["Symposium 2027"]


def test_the_period_of_a_call_is_drawn_and_said(organiser: Client) -> None:
    edition = make_edition(status=S.CALL_OPEN, dtstart=date(2029, 3, 6))
    make_call(
        edition,
        opened_at=datetime(2028, 1, 1, tzinfo=UTC),
        closes_at=datetime(2028, 7, 1, tzinfo=UTC),
    )
    page = organiser.get("/organise/plan?years=6&until=2032").text
    call = re.search(r'class="strip__call [^"]*" x="([\d.]+)%"[^>]* width="([\d.]+)%"', page)
    assert call
    assert call.groups() == ("16.65", "8.3")
    assert "Offers until 30 June 2028." in page


def test_how_far_the_plan_reaches_is_chosen_on_its_page(organiser: Client) -> None:
    make_series(commit=True)
    page = organiser.get("/organise/plan?years=24&by=region")
    assert fields(page)["until"] == "2040"
    assert "2027–2040, where the plan ends By series" in words(page)
    assert "5 changes to apply" in words(page)
    far = organiser.get("/organise/plan?years=24&by=region&until=2126")
    assert fields(far)["until"] == "2126"
    assert "2027–2050 By series" in words(far)
    assert "34 changes to apply" in words(far)


@pytest.mark.parametrize("until", ["2127", "1999", "soon", "9" * 30])
def test_a_year_that_no_plan_reaches_is_refused_at_its_field(until: str, organiser: Client) -> None:
    make_series(commit=True)
    page = organiser.get(f"/organise/plan?until={until}")
    assert page.status_code == 422
    assert fields(page)["until"] == until
    assert "The plan can reach from 2027 to 2126." in words(page)
    assert "5 changes to apply" in words(page)


def test_a_long_table_is_paged_and_the_strip_is_whole(organiser: Client) -> None:
    make_series(rrule="FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", dtstart=date(2024, 3, 5))
    path = "/organise/plan?until=2070&years=24"
    organiser.submit(path, fingerprint=fields(organiser.get(path))["fingerprint"])
    first, second, far = (organiser.get(f"{path}&page={page}") for page in (1, 2, 99))
    assert first.text.count('data-try="symposium-') == 24
    assert ("1–30 of 44" in words(first), "Symposium 2060" in words(first)) == (True, False)
    assert ("31–44 of 44" in words(second), "Symposium 2060" in words(second)) == (True, True)
    assert words(far) == words(second)


def test_milestones_stand_on_the_close_zoom_with_the_next_in_words(organiser: Client) -> None:
    edition = make_edition(status=S.CONFIRMED, dtstart=date(2029, 3, 6))
    milestones.sync(edition, by=None, now=OPENING)
    rows = [row for row in milestone_queries.of_editions([edition.id]) if row.due_on]
    ahead = [row for row in rows if not row.is_recorded and row.due_on >= OPENING.date()]
    close, usual = (organiser.get(f"/organise/plan?years={years}") for years in (6, 12))
    assert len(ahead) > 5
    assert close.text.count("<title>") - 1 == len(ahead)
    assert f"{len(ahead)} milestones ahead" in words(close)
    assert f">next: {ahead[0].title}, " in close.text
    assert "milestones ahead" not in words(usual)


# -- on paper ---------------------------------------------------------------------------------


def text_of(pdf: bytes, tmp_path: Path) -> str:
    """Return the words of a PDF as poppler reads them, page by page."""
    path = tmp_path / "plan.pdf"
    path.write_bytes(pdf)
    command = ["pdftotext", "-layout", str(path), "-"]
    read = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    return " ".join(read.stdout.split())


@needs_poppler
def test_the_paper_says_what_stands_and_what_would_change(
    organiser: Client, tmp_path: Path
) -> None:
    make_edition(
        status=S.PROJECTED, dtstart=IN_RAMADAN, recurrence_id=IN_RAMADAN, city="Albor", commit=True
    )
    answer = organiser.get("/organise/plan.pdf?until=2030&years=6")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == "inline; filename=plan-2027-01-15.pdf"
    paper = text_of(answer.data, tmp_path)
    assert "Plan of the years ahead" in paper
    assert "Not applied yet" in paper
    assert "5–7 March 2030" in paper
    assert "2–4 March 2027" in paper
    assert "Soft clash: 2–4 March 2027 lies in Ramadan" in paper
    assert "Page 1 / 1" in paper


@needs_poppler
def test_the_paper_says_how_many_clashes_it_leaves_out_and_what_is_not_known(
    organiser: Client, tmp_path: Path
) -> None:
    month = {"dtstart": date(2028, 10, 1), "days": 31, "precision": Precision.MONTH}
    make_edition(series=make_series("forum", rrule=None, dtstart=None), title="Some month", **month)
    for number in range(6):
        make_edition(
            series=make_series(f"other-{number}", rrule=None, dtstart=None),
            dtstart=IN_RAMADAN + timedelta(days=7 * number),
            commit=True,
        )
    paper = text_of(organiser.get("/organise/plan.pdf?until=2028&years=6").data, tmp_path)
    assert "and 2 more" in paper
    assert paper.count("not known without days") == 1


@needs_poppler
def test_what_people_wrote_is_set_as_text(organiser: Client, tmp_path: Path) -> None:
    title = '#panic("x") $ _a_ *b* <c> @d `e` \\ // "f" #{1'
    make_edition(dtstart=date(2028, 3, 7), title=title, city='#read("/etc/passwd")')
    paper = text_of(organiser.get("/organise/plan.pdf?by=region").data, tmp_path)
    assert "#panic(" in paper
    assert "#read(" in paper
    assert "root:" not in paper


def test_an_empty_plan_is_a_paper_too(committee: Client) -> None:
    answer = committee.get("/organise/plan.pdf?until=2027")
    assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")


@needs_poppler
def test_letters_that_the_font_lacks_spoil_no_paper(organiser: Client, tmp_path: Path) -> None:
    make_edition(dtstart=date(2028, 3, 7), title="Москва 北京 مؤتمر", commit=True)
    paper = text_of(organiser.get("/organise/plan.pdf").data, tmp_path)
    assert "Москва" in paper
    assert "北京" in paper
