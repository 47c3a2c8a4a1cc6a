"""The door: who is let in, what is counted, and what the network may not lose."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.database import db
from app.documents import service as documents
from app.documents.models import DocumentKind
from app.door import queries, service
from app.door.models import Attendance
from app.registrations import service as registrations
from scheduler.lifecycle import RegistrationStatus
from tests.factories import OPENING, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Registration
    from tests.conftest import Client

FIRST, SECOND = date(2027, 1, 15), date(2027, 1, 16)  # the tests' clock stands on the first
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
BEFORE = OPENING - timedelta(days=10)
R = RegistrationStatus


@pytest.fixture
def edition() -> Edition:
    """Three days that begin today, with registration open until they did."""
    return make_edition(dtstart=FIRST, days=3, title="Fourth Symposium")


@pytest.fixture
def ana(edition: Edition) -> Registration:
    return registrations.register(edition, make_person(name="Ana García"), now=BEFORE)


@pytest.fixture
def keeper(edition: Edition) -> Person:
    return make_person(role=Role.HOST_TEAM, scope=edition.slug)


def came(registration: Registration) -> list[date]:
    return list(
        db.session.scalars(
            select(Attendance.day)
            .filter_by(registration_id=registration.id)
            .order_by(Attendance.day)
        )
    )


def test_a_day_is_counted_once_however_often_somebody_is_scanned(
    ana: Registration, keeper: Person
) -> None:
    news = [
        service.check_in(ana, day, seen_at=now, by=keeper, now=now)
        for day, now in ((FIRST, NOON), (FIRST, NOON), (SECOND, NOON + timedelta(days=1)))
    ]
    assert (news, came(ana), ana.status) == ([True, False, True], [FIRST, SECOND], R.CHECKED_IN)
    assert queries.counts(ana.edition) == {FIRST: 1, SECOND: 1}


def test_a_check_in_by_mistake_is_taken_back_as_if_it_never_was(
    ana: Registration, keeper: Person
) -> None:
    service.check_in(ana, FIRST, seen_at=NOON, by=keeper, now=NOON)
    assert service.take_back(ana, FIRST, by=keeper, now=NOON)
    assert (came(ana), ana.status, ana.holds_seat) == ([], R.CONFIRMED, True)
    assert not service.take_back(ana, FIRST, by=keeper, now=NOON)


def test_the_door_opens_on_the_eve_and_knows_only_the_events_days(
    ana: Registration, keeper: Person
) -> None:
    eve = NOON - timedelta(days=1)
    assert service.day_now(ana.edition, eve) == FIRST
    with pytest.raises(service.NotOpenError):
        service.check_in(ana, FIRST, seen_at=eve, by=keeper, now=eve - timedelta(days=1))
    with pytest.raises(service.NotOpenError):
        service.check_in(ana, FIRST + timedelta(days=3), seen_at=NOON, by=keeper, now=NOON)
    with pytest.raises(service.NotYetError):
        service.check_in(ana, SECOND, seen_at=NOON, by=keeper, now=NOON)
    assert service.check_in(ana, FIRST, seen_at=eve, by=keeper, now=eve)


def test_who_gave_the_place_back_is_not_let_in(ana: Registration, keeper: Person) -> None:
    registrations.cancel(ana, by=ana.person, now=BEFORE)
    with pytest.raises(service.NotAdmittedError, match="Ana García has no place"):
        service.check_in(ana, FIRST, seen_at=NOON, by=keeper, now=NOON)


def test_closing_the_list_notes_who_attended_and_who_did_not(
    edition: Edition, ana: Registration, keeper: Person
) -> None:
    ben = registrations.register(edition, make_person(name="Ben"), now=BEFORE)
    service.check_in(ana, FIRST, seen_at=NOON, by=keeper, now=NOON)
    with pytest.raises(service.NotOverError):
        service.close_list(edition, by=keeper, now=NOON)
    after = NOON + timedelta(days=4)
    assert service.close_list(edition, by=keeper, now=after) == (1, 1)
    assert [each.status for each in (ana, ben)] == [R.ATTENDED, R.NO_SHOW]
    # A door that was offline all the while is heard late, and closing again counts it.
    assert service.check_in(ben, FIRST, seen_at=NOON, by=keeper, now=after)
    assert service.close_list(edition, by=keeper, now=after) == (1, 0)
    assert ben.status is R.ATTENDED
    with pytest.raises(service.ListClosedError):  # a certificate stands on it
        service.take_back(ben, FIRST, by=keeper, now=after)


def test_the_door_is_the_host_teams_and_the_organisers(
    client: Client, edition: Edition, ana: Registration, keeper: Person
) -> None:
    other = make_person(role=Role.HOST_TEAM, scope=make_edition(dtstart=SECOND).slug)
    readers = [
        ana.person,
        make_person(role=Role.COMMITTEE),
        other,
        keeper,
        make_person(role=Role.ORGANISER),
    ]
    seen = [
        (
            client.sign_in(reader).get(f"/door/{edition.slug}").status_code,
            client.get(f"/door/{edition.slug}/guests.json").status_code,
        )
        for reader in readers
    ]
    assert seen == [(404, 404)] * 3 + [(200, 200)] * 2


def test_without_scripts_a_name_is_found_and_checked_in(
    client: Client, edition: Edition, ana: Registration, keeper: Person
) -> None:
    client.sign_in(keeper)
    path = f"/door/{edition.slug}"
    assert "Ana García" in client.get(f"{path}?q=garc").text
    assert "Ana García" in client.get(f"{path}?q=GARCIA").text
    assert "Ana García" not in client.get(f"{path}?q=nobody").text
    answer = client.submit(f"{path}/check-in", guest=ana.public_id, day=FIRST, q="garc")
    assert answer.location == f"{path}?q=garc"
    page = words(client.get(answer.location))
    assert "Ana García is checked in." in page
    assert "Take it back" in page
    client.submit(f"{path}/take-back", guest=ana.public_id, day=FIRST)
    assert came(ana) == []


def test_a_badge_is_found_by_its_code_and_by_the_address_it_shows(
    ana: Registration, edition: Edition
) -> None:
    badge = documents.issue(ana, DocumentKind.BADGE, by=ana.person, now=BEFORE)
    registrations.register(edition, make_person(name=f"{badge.code}"), now=BEFORE)
    found = queries.guests(edition)
    for text in (badge.code, f"http://localhost/verify/{badge.code}", f" {badge.code}/ "):
        assert [guest.name for guest in queries.matching(found, text)] == ["Ana García"]


def test_a_scan_by_the_phones_own_camera_leads_who_keeps_the_door_to_it(
    client: Client, ana: Registration, keeper: Person
) -> None:
    badge = documents.issue(ana, DocumentKind.BADGE, by=ana.person, now=BEFORE)
    pages = [client.get(f"/verify/{badge.code}").text]
    pages.append(client.sign_in(keeper).get(f"/verify/{badge.code}").text)
    assert [f"/door/{ana.edition.slug}?q={badge.code}" in page for page in pages] == [False, True]


def sent(client: Client, edition: Edition, found: list[object]) -> dict[str, object]:
    answer = client.post(
        f"/door/{edition.slug}/sync", json=found, headers={"X-CSRFToken": client.csrf_token()}
    )
    assert answer.status_code == 200
    told: dict[str, object] = answer.json
    return told


def test_what_was_recorded_offline_counts_once_however_often_it_is_sent(
    client: Client, edition: Edition, ana: Registration, keeper: Person
) -> None:
    client.sign_in(keeper)
    item = {"id": ana.public_id, "day": "2027-01-15", "at": "2027-01-15T08:30:00Z"}
    for _ in range(2):
        told = sent(client, edition, [item, item])
        assert (
            told["answers"]
            == [{"id": ana.public_id, "day": "2027-01-15", "ok": True, "words": ""}] * 2
        )
        assert (told["days"], told["came"]) == ({"2027-01-15": 1}, [ana.public_id])
    assert db.session.scalar(select(func.count()).select_from(Attendance)) == 1
    seen_at = db.session.scalars(select(Attendance.seen_at)).one()
    assert seen_at == datetime(2027, 1, 15, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("nonsense", "This is no day or no moment."),
        ({"day": "2027-01-15", "at": "yesterday"}, "This is no day or no moment."),
        ({"day": "2027-01-15", "at": "0001-01-01T00:00:00+14:00"}, "This is no day or no moment."),
        ({"id": "x", "day": "2027-01-15", "at": "2027-01-15T08:30:00Z"}, "has this badge"),
        ({"id": "\ud800", "day": "2027-01-15", "at": "2027-01-15T08:30:00Z"}, "has this badge"),
        ({"id": "\0", "day": "2027-01-15", "at": "2027-01-15T08:30:00Z"}, "has this badge"),
        ({"day": "2027-02-15", "at": "2027-01-15T08:30:00Z"}, "counts its own days"),
        ({"day": "2027-01-16", "at": "2027-01-15T08:30:00Z"}, "has not come"),
    ],
)
def test_one_refusal_costs_no_other_check_in(
    item: object, why: str, client: Client, edition: Edition, ana: Registration, keeper: Person
) -> None:
    client.sign_in(keeper)
    bad = {"id": ana.public_id} | item if isinstance(item, dict) else item
    good = {"id": ana.public_id, "day": "2027-01-15", "at": "2027-01-15T08:30:00Z"}
    answers = sent(client, edition, [bad, good])["answers"]
    assert [answer["ok"] for answer in answers] == [False, True]  # type: ignore[index,attr-defined]
    assert why in answers[0]["words"]  # type: ignore[index]
    assert came(ana) == [FIRST]


def test_another_editions_guest_is_nobody_at_this_door(
    client: Client, edition: Edition, keeper: Person
) -> None:
    stranger = registrations.register(
        make_edition(dtstart=SECOND), make_person(name="Eve"), now=BEFORE
    )
    client.sign_in(keeper)
    item = {"id": stranger.public_id, "day": "2027-01-16", "at": "2027-01-15T08:30:00Z"}
    assert "has this badge" in sent(client, edition, [item])["answers"][0]["words"]  # type: ignore[index]
    answer = client.submit(f"/door/{edition.slug}/check-in", guest=stranger.public_id, day=SECOND)
    assert (answer.status_code, came(stranger)) == (404, [])


def test_a_sync_takes_a_list_of_bounded_length_and_a_token(
    client: Client, edition: Edition, keeper: Person
) -> None:
    client.sign_in(keeper)
    path = f"/door/{edition.slug}/sync"
    token = {"X-CSRFToken": client.csrf_token()}
    assert client.post(path, json=[]).status_code == 400
    assert client.post(path, json={}, headers=token).status_code == 400
    assert client.post(path, json=[1] * 501, headers=token).status_code == 400
    assert client.post(path, data="[", headers=token).status_code == 400
    deep = client.post(path, data="[" * 99_999, content_type="application/json", headers=token)
    assert deep.status_code == 400
