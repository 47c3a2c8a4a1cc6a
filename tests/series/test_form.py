from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.audit import AuditEntry
from app.database import db
from app.series import queries, service
from app.series.models import Series, SeriesKind
from app.series.service import SeriesFacts, TitleTakenError
from scheduler.errors import RecurrenceRuleError
from tests.factories import OPENING, make_person, make_series
from tests.pages import alert, fields, words, words_in

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.conftest import Client

RHYTHM = {
    "rhythm": "weekday",
    "interval": "3",
    "month": "3",
    "ordinal": "1",
    "weekday": "TU",
    "week_ordinal": "-1",
    "month_day": "5",
    "starts_on": "2024-03-01",
    "length_days": "3",
}
TYPED = {"title": "World Symposium", "kind": "symposium", "region": "", **RHYTHM}


@pytest.fixture
def organiser(client: Client) -> Client:
    """The browser of an organiser."""
    return client.sign_in(make_person(role=Role.ORGANISER))


def found() -> dict[str, tuple[str | None, date | None]]:
    return {row.slug: (row.rrule, row.dtstart) for row in db.session.scalars(select(Series))}


def preview_in(answer: TestResponse) -> str:
    return words_in(answer, "id", "rule-preview")


@pytest.mark.parametrize(
    ("rhythm", "rrule", "dtstart"),
    [
        ({}, "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU", date(2024, 3, 5)),
        ({"interval": "1"}, "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", date(2024, 3, 5)),
        (
            {"ordinal": "-1", "weekday": "FR", "month": "11"},
            "FREQ=YEARLY;INTERVAL=3;BYMONTH=11;BYDAY=-1FR",
            date(2024, 11, 29),
        ),
        (
            {"rhythm": "day", "month": "5", "month_day": "13"},
            "FREQ=YEARLY;INTERVAL=3;BYMONTH=5;BYMONTHDAY=13",
            date(2024, 5, 13),
        ),
        (
            {"rhythm": "rrule", "rrule": " rrule:FREQ=YEARLY;BYMONTH=3;BYDAY=1TU ".upper()},
            "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU",
            date(2024, 3, 5),
        ),
        (
            {"rhythm": "rrule", "rrule": "rrule:freq=yearly", "starts_on": "2027-06-08"},
            "FREQ=YEARLY",
            date(2027, 6, 8),
        ),
        ({"rhythm": "none"}, None, None),
    ],
)
def test_a_rhythm_becomes_a_rule_counted_from_its_first_day(
    rhythm: dict[str, str], rrule: str | None, dtstart: date | None, organiser: Client
) -> None:
    answer = organiser.submit("/organise/series/new", **TYPED | rhythm)
    assert (answer.status_code, answer.location) == (303, "/organise/plan")
    assert found() == {"world-symposium": (rrule, dtstart)}


def test_the_last_full_week_is_said_in_the_words_it_was_chosen_in(organiser: Client) -> None:
    organiser.submit("/organise/series/new", **TYPED | {"rhythm": "week"})
    (row,) = db.session.scalars(select(Series))
    again = fields(organiser.get(f"/organise/series/{row.slug}/edit"))
    assert (again["rhythm"], again["week_ordinal"], again["month"]) == ("week", "-1", "3")
    assert row.dtstart == date(2024, 3, 25)  # 25 to 31 March 2024: Monday to Sunday


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=YEARLY;COUNT=3;UNTIL=20300101",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYDAY=" + ",".join(["1TU"] * 2500),
        "FREQ=SOMETIMES",
        "every third year",
        "BYMONTH=3",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;UNTIL=20200101",
        "FREQ=YEARLY;FREQ=DAILY",
        ";",
        "",
    ],
)
def test_a_rule_that_is_none_is_refused_in_a_sentence_and_kept_as_typed(
    rrule: str, organiser: Client
) -> None:
    typed = TYPED | {"rhythm": "rrule", "rrule": rrule}
    answer = organiser.submit("/organise/series/new", **typed)
    assert answer.status_code == 422
    said = alert(answer)
    assert said.startswith("Recurrence rule (RFC 5545): ")
    assert said.endswith((".", "!"))
    kept = fields(answer)
    assert (kept["rrule"], kept["title"]) == (rrule, "World Symposium")
    assert found() == {}
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 1  # the role alone


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ({"title": ""}, "Title"),
        ({"title": "x" * 201}, "Title"),
        ({"kind": "party"}, "Kind"),
        ({"region": "atlantis"}, "Region"),
        ({"rhythm": "sometimes"}, "It recurs"),
        ({"interval": "0"}, "Every how many years"),
        ({"interval": "three"}, "Every how many years"),
        ({"month": "13"}, "Month"),
        ({"weekday": "XX"}, "Weekday"),
        ({"length_days": "0"}, "Length in days"),
        ({"length_days": "61"}, "Length in days"),
        ({"length_days": ""}, "Length in days"),
        ({"starts_on": "2027-02-30"}, "First edition on or after"),
        ({"starts_on": "10000-01-01"}, "First edition on or after"),
        ({"rhythm": "day", "month": "2", "month_day": "30"}, "Day of the month"),
    ],
)
def test_each_field_says_what_is_wrong_with_it(
    typed: dict[str, str], label: str, organiser: Client
) -> None:
    answer = organiser.submit("/organise/series/new", **TYPED | typed)
    assert (answer.status_code, alert(answer).partition(":")[0]) == (422, label)
    assert found() == {}


def test_a_rule_without_a_day_asks_for_the_first(organiser: Client) -> None:
    typed = {"rhythm": "rrule", "rrule": "FREQ=YEARLY;INTERVAL=2", "starts_on": ""}
    answer = organiser.submit("/organise/series/new", **TYPED | typed)
    assert (answer.status_code, found()) == (422, {})
    assert alert(answer) == (
        "Recurrence rule (RFC 5545): The recurrence rule is not usable: it takes its day from the "
        "first one, which is missing. Give the first day, or say the day in the rule: "
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU."
    )


def test_a_missing_number_is_asked_for(organiser: Client) -> None:
    for missing in ({"interval": ""}, {"rhythm": "day", "month_day": ""}):
        answer = organiser.submit("/organise/series/new", **TYPED | missing)
        assert (answer.status_code, " is missing." in alert(answer)) == (422, True)


def test_the_preview_without_scripts_saves_nothing(organiser: Client) -> None:
    answer = organiser.submit("/organise/series/new", **TYPED, preview="1")
    assert answer.status_code == 200
    assert preview_in(answer).startswith("Every 3 years, first Tuesday of March, 3 days ")
    assert fields(answer)["title"] == "World Symposium"
    assert found() == {}


def test_the_preview_fragment_says_the_next_editions_and_saves_nothing(organiser: Client) -> None:
    answer = organiser.submit("/organise/series/preview", **TYPED)
    assert (answer.status_code, "<html" in answer.text) == (200, False)
    assert answer.text.count("<li>") == 5
    assert "2027" in answer.text
    assert "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU" in answer.text
    assert found() == {}


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"rhythm": "rrule", "rrule": "FREQ=WEEKLY;INTERVAL=0"},
        {"rhythm": "rrule", "rrule": "x" * 10_000},
        {"rhythm": "day", "month_day": "x", "interval": "", "length_days": "-3"},
        {"rhythm": "weekday", "month": "13", "ordinal": "9", "weekday": "<b>"},
        {"rhythm": "unheard of", "starts_on": "never"},
    ],
)
def test_a_half_typed_rule_is_answered_and_never_a_fault(
    typed: dict[str, str], organiser: Client
) -> None:
    answer = organiser.submit("/organise/series/preview", **typed)
    assert (answer.status_code, "<b>" in answer.text) == (200, False)


def test_a_rule_that_has_ended_says_so(organiser: Client) -> None:
    typed = {"rhythm": "rrule", "rrule": "FREQ=YEARLY;COUNT=2", "starts_on": "2020-01-01"}
    answer = organiser.submit("/organise/series/preview", **TYPED | typed)
    assert "the rule has come to its end" in answer.text


def test_changing_a_series_shows_what_stands_and_keeps_its_address(organiser: Client) -> None:
    make_series()
    form = fields(organiser.get("/organise/series/symposium/edit"))
    assert (form["rhythm"], form["interval"], form["ordinal"], form["weekday"]) == (
        "weekday",
        "3",
        "1",
        "TU",
    )
    del form["csrf_token"]
    changed = form | {"title": "Renamed", "month": "4"}
    answer = organiser.submit("/organise/series/symposium/edit", **changed)
    assert (answer.status_code, answer.location) == (303, "/organise/plan")
    row = queries.find("symposium")
    assert row
    assert (row.title, row.rrule, row.dtstart) == (
        "Renamed",
        "FREQ=YEARLY;INTERVAL=3;BYMONTH=4;BYDAY=1TU",
        date(2024, 4, 2),
    )


def test_saving_what_stands_changes_no_rule(organiser: Client) -> None:
    make_series(rrule="FREQ=YEARLY;INTERVAL=3;BYMONTH=3,9;BYDAY=1TU", dtstart=date(2024, 3, 5))
    form = fields(organiser.get("/organise/series/symposium/edit"))
    del form["csrf_token"]
    assert form["rhythm"] == "rrule"
    organiser.submit("/organise/series/symposium/edit", **form)
    assert found() == {
        "symposium": ("FREQ=YEARLY;INTERVAL=3;BYMONTH=3,9;BYDAY=1TU", date(2024, 3, 5))
    }


def test_a_refused_change_leaves_the_series_as_it_was(organiser: Client) -> None:
    make_series()
    before = found()
    answer = organiser.submit(
        "/organise/series/symposium/edit",
        **TYPED | {"rhythm": "rrule", "rrule": "FREQ=YEARLY;BYMONTH=13"},
    )
    assert (answer.status_code, found()) == (422, before)


def test_a_title_that_leads_to_a_taken_address_is_refused(organiser: Client) -> None:
    organiser.submit("/organise/series/new", **TYPED)
    answer = organiser.submit("/organise/series/new", **TYPED | {"title": "World — Symposium!"})
    assert answer.status_code == 422
    assert alert(answer) == (
        "Title: There is a series called “World — Symposium!” already. Choose another title."
    )
    assert len(found()) == 1


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Practitioner Workshop", "practitioner-workshop"),
        ("Réunion régionale: Afrique", "reunion-regionale-afrique"),
        ("日本", "series"),
        ("--- ???", "series"),
        ("x" * 200, "x" * 80),
    ],
)
def test_an_address_is_made_of_the_title(title: str, slug: str) -> None:
    assert service.slugify(title) == slug


def test_every_series_page_says_its_rule_in_words(organiser: Client) -> None:
    make_series()
    make_series("by-hand", rrule=None, dtstart=None)
    page = words(organiser.get("/organise/series"))
    assert page.count("very 3 years, first Tuesday of March, 3 days") == 1


def facts(**changed: object) -> SeriesFacts:
    values = {
        "title": "Symposium",
        "kind": SeriesKind.SYMPOSIUM,
        "region": None,
        "summary": "",
        "rrule": "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU",
        "dtstart": date(2024, 3, 5),
        "length_days": 3,
    }
    return SeriesFacts(**values | changed)  # type: ignore[arg-type]


def test_the_service_holds_the_laws_that_the_form_holds() -> None:
    service.found(facts(), by=None, now=OPENING)
    with pytest.raises(TitleTakenError):
        service.found(facts(), by=None, now=OPENING)
    with pytest.raises(RecurrenceRuleError):
        service.found(facts(title="Other", rrule="FREQ=DAILY;INTERVAL=0"), by=None, now=OPENING)
    with pytest.raises(RecurrenceRuleError, match="5 March"):
        service.found(facts(title="Other", dtstart=date(2024, 3, 4)), by=None, now=OPENING)
    db.session.rollback()


def test_what_was_changed_is_recorded() -> None:
    series, person = service.found(facts(), by=None, now=OPENING), make_person()
    service.change(series, facts(length_days=5, summary="New words"), by=person, now=OPENING)
    db.session.commit()
    entries = db.session.scalars(
        select(AuditEntry).filter_by(subject_kind="series").order_by(AuditEntry.id)
    ).all()
    assert [(entry.action, entry.person_id) for entry in entries] == [
        ("series.founded", None),
        ("series.changed", person.id),
    ]
    assert entries[1].changes == {"length_days": [3, 5]}


def test_an_unknown_series_is_not_there(organiser: Client) -> None:
    assert organiser.get("/organise/series/nowhere/edit").status_code == 404
