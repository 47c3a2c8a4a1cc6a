from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from app.database import db
from app.editions import override_queries
from app.editions.actions import ACTS
from app.editions.models import Edition
from scheduler.lifecycle import EditionStatus
from tests.factories import make_country, make_edition, make_person, make_series
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from tests.conftest import Client

S = EditionStatus
FIRST = date(2027, 6, 8)
SPAN = {"first_day": "2027-09-07", "last_day": "2027-09-09"}


@pytest.fixture
def organiser(client: Client) -> Client:
    """The browser of an organiser."""
    return client.sign_in(make_person(role=Role.ORGANISER))


def edition_in(status: EditionStatus, **facts: object) -> Edition:
    country = make_country("XAA")
    facts = {"dtstart": FIRST, "city": "Rabat", "tzid": "Africa/Casablanca"} | facts
    return make_edition(status=status, country_code=country.code, **facts)  # type: ignore[arg-type]


def act(client: Client, edition: Edition, name: str, **typed: str) -> tuple[int, str]:
    answer = client.submit(f"/organise/editions/{edition.slug}/{name}", **typed)
    return answer.status_code, alert(answer) if answer.status_code == 422 else ""


def facts_of(edition: Edition) -> tuple[object, ...]:
    return edition.status, edition.dtstart, edition.dtend, edition.sequence, edition.capacity


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_day": "2027-09-07", "last_day": "2027-09-06"}, "lies before the first"),
        ({"first_day": "0000-01-01", "last_day": "0000-01-02"}, "“0000-01-01” is not a day"),
        ({"first_day": "10000-01-01", "last_day": "10000-01-02"}, "“10000-01-01” is not a day"),
        ({"first_day": "9999-12-31", "last_day": "9999-12-31"}, "between 1900 and 2200"),
        ({"first_day": "0001-01-01", "last_day": "0001-01-02"}, "between 1900 and 2200"),
        ({"first_day": "2027-02-30", "last_day": "2027-03-02"}, "is not a day"),
        ({"first_day": "", "last_day": ""}, "This field is required."),
        ({"first_day": "soon", "last_day": "later"}, "Write it as 2027-03-02."),
        ({"first_day": "2027-01-01", "last_day": "2027-12-31"}, "lasts 60 days at most"),
        (SPAN | {"reason": ""}, "This field is required."),
        (SPAN | {"reason": "x" * 501}, "longer than 500 characters"),
    ],
)
def test_days_that_cannot_be_are_refused_in_words_and_nothing_is_saved(
    typed: dict[str, str], said: str, organiser: Client
) -> None:
    edition = edition_in(S.ANNOUNCED)
    before = facts_of(edition)
    status, told = act(organiser, edition, "move", **{"reason": "Ramadan"} | typed)
    assert (status, said in told, facts_of(edition)) == (422, True, before)


@pytest.mark.parametrize(
    ("latitude", "longitude", "said"),
    [
        ("34,02", "-6.84", "“34,02” is not a number of degrees. Write it like 48.21."),
        ("91", "-6.84", "between -90 and 90"),
        ("34.02", "180.5", "between -180 and 180"),
        ("nan", "inf", "between -90 and 90"),
        ("34.02", "", "Give both, or leave both empty."),
        ("", "-6.84", "Give both, or leave both empty."),
    ],
)
def test_a_point_that_cannot_be_is_refused_in_words_and_the_old_one_stays(
    latitude: str, longitude: str, said: str, organiser: Client
) -> None:
    edition = edition_in(S.ANNOUNCED, latitude=1.0, longitude=2.0)
    status, told = act(organiser, edition, "locate", latitude=latitude, longitude=longitude)
    assert (status, said in told, edition.geo) == (422, True, (1.0, 2.0))


def test_a_point_is_taken_back_and_goes_with_its_city(organiser: Client) -> None:
    edition = edition_in(S.ANNOUNCED, latitude=34.02, longitude=-6.84)
    place = {"country": "XAA", "venue": "Hall", "tzid": "Africa/Casablanca", "reason": "Strike"}
    assert act(organiser, edition, "relocate", city="Rabat", **place)[0] == 303
    assert edition.geo == (34.02, -6.84)
    assert act(organiser, edition, "relocate", city="Fez", **place)[0] == 303
    assert edition.geo is None
    assert act(organiser, edition, "locate", latitude="34.03", longitude="-5")[0] == 303
    assert edition.geo == (34.03, -5)
    assert act(organiser, edition, "locate", latitude="", longitude="")[0] == 303
    assert edition.geo is None


def test_without_a_city_there_is_no_point(organiser: Client) -> None:
    edition = edition_in(S.ANNOUNCED, city="")
    page = f"/organise/editions/{edition.slug}"
    assert "Put the city on the map" not in organiser.get(page).text
    assert organiser.get(f"{page}/locate").status_code == 303


def test_a_refused_form_keeps_what_was_typed(organiser: Client) -> None:
    edition = edition_in(S.ANNOUNCED)
    answer = organiser.submit(
        f"/organise/editions/{edition.slug}/move",
        first_day="2027-09-07",
        last_day="2027-09-xx",
        reason="The venue is <b>closed</b>",
    )
    assert (answer.status_code, "<b>closed" in answer.text) == (422, False)
    kept = fields(answer)
    assert (kept["first_day"], kept["last_day"], kept["reason"]) == (
        "2027-09-07",
        "2027-09-xx",
        "The venue is <b>closed</b>",
    )


@pytest.mark.parametrize("capacity", ["-1", "0", "1.5", "many", "100001", "9" * 40])
def test_a_capacity_that_cannot_be_is_refused(capacity: str, organiser: Client) -> None:
    edition = edition_in(S.ANNOUNCED)
    before = facts_of(edition)
    status, told = act(organiser, edition, "open-registration", capacity=capacity)
    assert (status, told.partition(":")[0], facts_of(edition)) == (422, "Capacity", before)


def test_an_unknown_zone_is_refused_with_an_example(organiser: Client) -> None:
    edition = edition_in(S.HOST_SELECTED)
    before = facts_of(edition)
    status, told = act(organiser, edition, "confirm", **SPAN, city="Rabat", tzid="Mars/Olympus")
    assert (status, "“Mars/Olympus”" in told, "Europe/Paris" in told) == (422, True, True)
    assert facts_of(edition) == before


def test_half_a_new_date_is_no_date(organiser: Client) -> None:
    edition = edition_in(S.ANNOUNCED)
    status, told = act(
        organiser, edition, "postpone", first_day="2027-09-07", last_day="", reason="Flood"
    )
    assert (status, told) == (422, "New last day: Give both days, or leave both empty.")


def test_a_waiver_needs_its_reason(organiser: Client) -> None:
    edition = edition_in(S.CONFIRMED)
    status, told = act(organiser, edition, "agreement", kind="waived", waiver=" ")
    assert (status, told) == (422, "Reason of the waiver: Say why the agreement is waived.")


def test_announcing_without_an_agreement_says_what_is_missing(organiser: Client) -> None:
    edition = edition_in(S.CONFIRMED)
    status, told = act(organiser, edition, "announce")
    assert (status, "record the agreement with the host" in told) == (422, True)
    assert edition.status is S.CONFIRMED


def test_an_edition_is_led_by_forms_from_its_host_to_its_end(organiser: Client) -> None:
    edition = edition_in(S.PROJECTED, city="")
    place = {"city": "Fez", "venue": "Hall", "tzid": "Africa/Casablanca"}
    told = []
    for name, typed in (
        ("name-host", SPAN | {"country": "XAA", "city": "Fez", "reason": "Known"}),
        ("confirm", SPAN | place),
        ("agreement", {"kind": "accepted"}),
        ("save-the-date", {}),
        ("announce", {}),
        ("open-registration", {"capacity": "40", "closes_on": "2027-08-01"}),
        ("change-registration", {"capacity": "", "closes_on": ""}),
        ("close-registration", {}),
        ("relocate", place | {"country": "XAA", "city": "Rabat", "reason": "Strike"}),
        ("locate", {"latitude": "34.0209", "longitude": "\N{MINUS SIGN}6.8417"}),
        ("describe", {"title": "The one", "summary": "Words"}),
        ("postpone", {"first_day": "", "last_day": "", "reason": "Flood"}),
        ("cancel", {"reason": "No funds"}),
    ):
        assert organiser.get(f"/organise/editions/{edition.slug}/{name}").status_code == 200
        status, _alert = act(organiser, edition, name, **typed)
        told.append((name, status, edition.status.value, edition.sequence))
    assert told == [
        ("name-host", 303, "host_selected", 1),
        ("confirm", 303, "confirmed", 2),
        ("agreement", 303, "confirmed", 2),
        ("save-the-date", 303, "confirmed", 2),
        ("announce", 303, "announced", 3),
        ("open-registration", 303, "registration_open", 3),
        ("change-registration", 303, "registration_open", 3),
        ("close-registration", 303, "registration_closed", 3),
        ("relocate", 303, "registration_closed", 4),
        ("locate", 303, "registration_closed", 4),
        ("describe", 303, "registration_closed", 4),
        ("postpone", 303, "postponed", 5),
        ("cancel", 303, "cancelled", 6),
    ]
    history = words(organiser.get(f"/organise/editions/{edition.slug}"))
    assert "from 8–10 June 2027 to 7–9 September 2027" in history
    assert "Point on the map 34.02, -6.84" in history


def test_a_projection_is_moved_off_its_rule_and_back(organiser: Client) -> None:
    edition = edition_in(S.PROJECTED, recurrence_id=FIRST)
    status, _alert = act(organiser, edition, "override", **SPAN, reason="Ramadan")
    assert (status, edition.dtstart) == (303, date(2027, 9, 7))
    manage = words(organiser.get(f"/organise/editions/{edition.slug}"))
    assert "Moved by hand The rule says Tuesday 8 June 2027. Ramadan" in manage
    assert act(organiser, edition, "release-override")[0] == 303
    assert override_queries.of_edition(edition) is None


@pytest.mark.parametrize("status", sorted(S))
def test_every_state_has_its_page_and_its_acts_open(
    status: EditionStatus, organiser: Client
) -> None:
    edition = edition_in(status)
    base = f"/organise/editions/{edition.slug}"
    assert organiser.get(base).status_code == 200
    answers = {name: organiser.get(f"{base}/{name}").status_code for name in ACTS}
    today = date(2027, 1, 15)
    assert answers == {
        name: 200 if found.is_open_to(edition, today) else 303 for name, found in ACTS.items()
    }


def test_an_act_that_its_state_does_not_allow_leads_back_with_a_word(organiser: Client) -> None:
    edition = edition_in(S.CANCELLED)
    answer = organiser.submit(f"/organise/editions/{edition.slug}/move", **SPAN, reason="x")
    assert (answer.status_code, answer.location) == (
        303,
        f"/organise/editions/{edition.slug}",
    )
    assert "is not possible at present" in words(organiser.get(answer.location))
    assert organiser.get(f"/organise/editions/{edition.slug}/nonsense").status_code == 404
    assert organiser.get("/organise/editions/nowhere").status_code == 404


def test_an_edition_is_added_by_hand(organiser: Client) -> None:
    make_series()
    form = fields(organiser.get("/organise/editions/new?series=symposium"))
    assert form["series"] == "symposium"
    typed = SPAN | {"series": "symposium", "reason": "The committee asked for one more."}
    answer = organiser.submit("/organise/editions/new", **typed)
    assert answer.location == "/organise/editions/symposium-2027"
    edition = db.session.query(Edition).one()
    assert (edition.dtstart, edition.dtend, edition.recurrence_id, edition.status) == (
        date(2027, 9, 7),
        date(2027, 9, 10),
        None,
        S.PROJECTED,
    )
    for wrong in ({"series": "nowhere"}, {"last_day": "2027-09-01"}, {"first_day": "0001-01-01"}):
        assert organiser.submit("/organise/editions/new", **typed | wrong).status_code == 422
    assert db.session.query(Edition).count() == 1
