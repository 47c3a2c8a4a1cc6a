from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from app.accounts.models import Role
from app.clock import utcnow
from app.database import db
from app.editions import (
    disruptions,
    milestone_changes,
    milestone_queries,
    milestone_templates,
    opening,
    service,
)
from app.editions.milestone_templates import PlannedStep
from app.feeds import service as feeds
from app.series import service as series_service
from scheduler.lead_times import Lead, Step
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person, make_series
from tests.pages import words

if TYPE_CHECKING:
    from app.editions.models import Edition
    from scheduler.ical import EntryStatus
    from tests.conftest import Client

S = EditionStatus
TODAY = OPENING.date()
FIRST = date(2030, 3, 5)
LATER = date(2030, 6, 4)
PUBLIC = [
    "registration_opens",
    "contributions_close",
    "nominations_close",
    "authors_told",
    "provisional_programme",
    "visa_letters",
    "registration_closes",
]


def read(client: Client) -> dict[str, Event]:
    """Return the deadlines by their milestone's key, as another program reads them."""
    answer = client.get("/feeds/deadlines.ics")
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    calendar = Calendar.from_ical(answer.data)
    assert [part.errors for part in calendar.walk()] == [[] for _ in calendar.walk()]
    events = [part for part in calendar.walk("VEVENT") if isinstance(part, Event)]
    return {str(event["UID"]).split("@")[0].split(".")[1]: event for event in events}


def told(edition: Edition) -> dict[str, tuple[date | None, EntryStatus | None, int]]:
    return {
        row.key: (row.told_on, row.told_status, row.sequence)
        for row in milestone_queries.of_editions([edition.id])
        if row.told_on is not None
    }


def announced(**facts: object) -> Edition:
    return make_edition(**{"status": S.ANNOUNCED, "dtstart": FIRST, "title": "Meeting"} | facts)  # type: ignore[arg-type]


def move(edition: Edition, dtstart: date) -> None:
    disruptions.reschedule(
        edition, dtstart=dtstart, dtend=dtstart + timedelta(days=3), reason="x",
        by=make_person(), now=OPENING + timedelta(days=1),
    )  # fmt: skip


def test_a_deadline_is_one_whole_day_beside_its_event(client: Client) -> None:
    edition = announced()
    found = read(client)
    assert sorted(found) == sorted(PUBLIC)
    name, _at, domain = edition.uid.partition("@")
    event = found["visa_letters"]
    assert {field: event[field].to_ical().decode() for field in
            ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "STATUS", "TRANSP", "RELATED-TO",
             "DTSTAMP", "LAST-MODIFIED")} == {
        "UID": f"{name}.visa_letters@{domain}",
        "SEQUENCE": "0",
        "DTSTART": "20291225",
        "DTEND": "20291226",
        "SUMMARY": "Visa letters requested by: Meeting",
        "STATUS": "CONFIRMED",
        "TRANSP": "TRANSPARENT",
        "RELATED-TO": edition.uid,
        "DTSTAMP": "20270115T090000Z",
        "LAST-MODIFIED": "20270115T090000Z",
    }  # fmt: skip
    assert event["DTSTART"].params["VALUE"] == "DATE"


def test_what_is_internal_or_not_public_yet_is_in_no_feed(client: Client) -> None:
    series = make_series()
    for number, status in enumerate((S.PROJECTED, S.CALL_OPEN, S.HOST_SELECTED, S.CONFIRMED)):
        announced(series=series, status=status, dtstart=FIRST + timedelta(days=number))
    assert read(client) == {}
    announced(series=series)
    text = client.get("/feeds/deadlines.ics").text
    for word in ("Committee", "agreement", "report", "Invitations", "Call for hosts", "Survey"):
        assert word not in text


def test_equal_content_gives_equal_bytes_and_a_304(client: Client) -> None:
    announced()
    first = client.get("/feeds/deadlines.ics")
    again = client.get("/feeds/deadlines.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    jcal = client.get("/feeds/deadlines.json")
    assert jcal.content_type == "application/calendar+json"
    assert len([part for part in jcal.json[2] if part[0] == "vevent"]) == len(PUBLIC)


def test_a_move_raises_the_sequence_and_keeps_the_uid(client: Client) -> None:
    edition = announced()
    before = read(client)
    move(edition, LATER)
    after = read(client)
    assert [str(event["UID"]) for event in before.values()] == [
        str(event["UID"]) for event in after.values()
    ]
    assert {key: (event["SEQUENCE"], event["DTSTART"].dt) for key, event in after.items()}[
        "visa_letters"
    ] == (1, LATER - timedelta(weeks=10))
    assert after["visa_letters"]["DTSTAMP"].dt > before["visa_letters"]["DTSTAMP"].dt


def test_words_alone_leave_the_sequence(client: Client) -> None:
    edition = announced()
    now = OPENING + timedelta(days=1)
    service.describe(edition, title="Congress", summary="", by=make_person(), now=now)
    event = read(client)["visa_letters"]
    assert (str(event["SUMMARY"]), event["SEQUENCE"], event["LAST-MODIFIED"].dt) == (
        "Visa letters requested by: Congress",
        0,
        now,
    )


def test_a_series_under_its_new_name_revises_its_deadlines(client: Client) -> None:
    edition, now = announced(title=""), OPENING + timedelta(days=1)
    before = read(client)["visa_letters"]
    facts = replace(series_service.facts_of(edition.series), title="Congress")
    series_service.change(edition.series, facts, by=make_person(), now=now)
    after = read(client)["visa_letters"]
    assert (str(after["SUMMARY"]), after["SEQUENCE"]) == (
        "Visa letters requested by: Congress 2030",
        before["SEQUENCE"],
    )
    assert after["DTSTAMP"].dt > before["DTSTAMP"].dt


def test_what_is_waived_dropped_or_made_internal_is_called_off(client: Client) -> None:
    edition, by = announced(), make_person()
    milestone_changes.waive(edition, "authors_told", reason="None came", by=by, now=OPENING)
    rest = [
        PlannedStep(one.step, one.is_public and one.step.key != "contributions_close")
        for one in milestone_templates.template_of(edition.series)
        if one.step.key != "provisional_programme"
    ]
    milestone_changes.change_template(edition.series, rest, by=by, now=OPENING)
    found = {key: (event["STATUS"], event["SEQUENCE"]) for key, event in read(client).items()}
    assert found == {
        "registration_opens": ("CONFIRMED", 0),
        "contributions_close": ("CANCELLED", 1),
        "nominations_close": ("CONFIRMED", 0),
        "authors_told": ("CANCELLED", 1),
        "provisional_programme": ("CANCELLED", 1),
        "visa_letters": ("CONFIRMED", 0),
        "registration_closes": ("CONFIRMED", 0),
    }
    milestone_changes.reset_template(edition.series, by=by, now=OPENING)
    assert read(client)["provisional_programme"]["SEQUENCE"] == 2
    assert str(read(client)["authors_told"]["SUMMARY"]).startswith("CANCELLED: ")


def test_deadlines_share_the_fate_of_their_edition(client: Client) -> None:
    edition, by = announced(), make_person()
    disruptions.postpone(edition, dtstart=None, dtend=None, reason="Flood", by=by, now=OPENING)
    event = read(client)["visa_letters"]
    assert (event["STATUS"], event["SEQUENCE"]) == ("TENTATIVE", 1)
    assert "new dates to follow" in event["SUMMARY"]
    disruptions.cancel(edition, reason="No funds", by=by, now=OPENING)
    assert {event["STATUS"] for event in read(client).values()} == {"CANCELLED"}
    stays = edition.dtend + timedelta(days=179)
    assert [len(feeds.deadlines(day)) for day in (stays, stays + timedelta(days=1))] == [7, 0]


def test_a_deadline_of_a_template_is_public_only_if_it_says_so(client: Client) -> None:
    edition = announced()
    own = [
        PlannedStep(Step("", "Abstracts due", Lead.parse("T-9 weeks")), is_public=True),
        PlannedStep(Step("", "Pay the hotel", Lead.parse("T-8 weeks")), is_public=False),
    ]
    milestone_changes.change_template(edition.series, own, by=make_person(), now=OPENING)
    standing = [key for key, event in read(client).items() if event["STATUS"] == "CONFIRMED"]
    assert standing == ["abstracts_due"]


def test_the_closing_day_of_registration_is_the_real_one(client: Client) -> None:
    edition = announced(tzid="Asia/Manila")
    closes_on = FIRST - timedelta(days=20)
    opening.open_registration(
        edition,
        capacity=9,
        window=opening.Window(closes_on=closes_on),
        by=make_person(),
        now=OPENING,
    )
    assert read(client)["registration_closes"]["DTSTART"].dt == closes_on


def test_the_subscribe_page_offers_the_deadlines(client: Client) -> None:
    announced()
    seen = words(client.get("/subscribe"))
    assert "7 so far. 5 August 2029 Registration opens: Meeting" in seen
    assert "http://localhost:8000/feeds/deadlines.ics" in client.get("/subscribe").text


def titles(client: Client, query: str) -> set[str]:
    answer = client.get(f"/feeds/deadlines.ics?{query}")
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    return {str(event["SUMMARY"]).rpartition(": ")[2] for event in events}


def test_deadlines_can_be_had_for_a_series_or_a_region(client: Client) -> None:
    make_country("XAA", region="africa")
    announced(title="S", country_code="XAA", city="Albor")
    announced(title="E", series=make_series("regional-europe", region="europe"))
    assert {
        query: titles(client, query)
        for query in (
            "", "series=&region=", "series=symposium", "region=africa", "region=europe",
            "series=symposium&region=europe",
        )
    } == {
        "": {"S", "E"},
        "series=&region=": {"S", "E"},
        "series=symposium": {"S"},
        "region=africa": {"S"},
        "region=europe": {"E"},
        "series=symposium&region=europe": set(),
    }  # fmt: skip
    both = [
        client.get(f"/feeds/deadlines.ics?{query}")
        for query in ("series=symposium&region=africa", "region=africa&series=symposium")
    ]
    assert both[0].headers["ETag"] == both[1].headers["ETag"]
    assert "X-WR-CALNAME:Symposia: Deadlines: Symposium: Africa" in both[0].text


def test_deadlines_of_nothing_are_no_empty_calendar(client: Client) -> None:
    announced()
    for query in ("series=nowhere", "region=atlantis", "colour=red"):
        answer = client.get(f"/feeds/deadlines.ics?{query}")
        assert (answer.status_code, answer.mimetype) == (404, "text/plain")


def test_a_waiver_on_the_desk_reaches_the_kept_feed(client: Client) -> None:
    edition = announced(dtstart=utcnow().date() + timedelta(days=400))
    assert read(client)["visa_letters"]["STATUS"] == "CONFIRMED"
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/organise/editions/{edition.slug}/milestones/visa_letters/waive"
    assert client.submit(path, reason="Nobody needs one").status_code == 303
    assert read(client)["visa_letters"]["STATUS"] == "CANCELLED"


# Without what forms take away: PostgreSQL stores no U+0000.
TITLES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(90, 900)),
        st.tuples(st.sampled_from(["waive", "reopen", "done"]), st.sampled_from(PUBLIC)),
        st.tuples(st.just("lead"), st.integers(1, 40)),
        st.tuples(st.just("postpone"), st.none()),
        st.tuples(st.just("confirm"), st.none()),
        st.tuples(st.just("describe"), TITLES),
    ),
    max_size=8,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS)
def test_sequences_never_fall_and_rise_with_every_change_of_day_or_status(
    acts: list[tuple[str, object]],
) -> None:
    edition = announced(country_code=make_country("XAA").code, city="Albor", tzid="UTC")
    by = make_person()
    was = told(edition)
    uids = {row.key: row.uid for row in milestone_queries.of_editions([edition.id])}
    for number, (act, value) in enumerate(acts):
        now = OPENING + timedelta(hours=number)
        db.session.commit()
        try:
            do(edition, act, value, by, now)
        except service.DomainError:
            db.session.rollback()
        now_is = told(edition)
        assert was.keys() <= now_is.keys()
        for key, (day, status, sequence) in was.items():
            changed = (day, status) != now_is[key][:2]
            assert now_is[key][2] == sequence + changed
        was = now_is
    rows = {row.key: row.uid for row in milestone_queries.of_editions([edition.id])}
    assert {key: rows[key] for key in uids} == uids


def do(edition: Edition, act: str, value: object, by: object, now: object) -> None:
    who: dict = {"by": by, "now": now}
    dtstart = TODAY + timedelta(days=value) if act == "move" else edition.dtstart  # type: ignore[arg-type]
    span = {"dtstart": dtstart, "dtend": dtstart + timedelta(days=3)}
    match act:
        case "move":
            disruptions.reschedule(edition, **span, reason="x", **who)
        case "waive":
            milestone_changes.waive(edition, str(value), reason="x", **who)
        case "reopen":
            milestone_changes.reopen(edition, str(value), **who)
        case "done":
            milestone_changes.mark_done(edition, str(value), on=TODAY, **who)
        case "postpone":
            disruptions.postpone(edition, dtstart=None, dtend=None, reason="x", **who)
        case "confirm":
            service.confirm(edition, **span, tzid="UTC", city="Albor", venue="", venue_address="",
                            **who)  # fmt: skip
        case "describe":
            service.describe(edition, title=str(value), summary="", **who)
        case _:
            told = Step("authors_told", "Authors are told", Lead.parse(f"T-{value} weeks"))
            others = [
                one
                for one in milestone_templates.template_of(edition.series)
                if one.step.key != told.key
            ]
            steps = [*others, PlannedStep(told, is_public=True)]
            milestone_changes.change_template(edition.series, steps, **who)
