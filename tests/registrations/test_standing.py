"""The person's page: no state without its sentence, under every policy, at every time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.accounts.models import Role
from app.database import db
from app.editions import disruptions
from app.editions.models import AdmissionPolicy
from app.registrations import delegations, service, standing
from app.registrations.models import Registration
from app.registrations.service import Particulars
from scheduler.admission import Order
from scheduler.lifecycle import REGISTRATION_MOVES, EditionStatus
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, limit, make_country, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from app.editions.models import Edition
    from tests.conftest import Client

P, S = AdmissionPolicy, EditionStatus
OVER = {Status.ATTENDED, Status.CHECKED_IN, Status.CONFIRMED}


def put(edition: Edition, status: Status, *, country: str | None = "XAA") -> Registration:
    """Make a registration that stands in ``status``, however it came there."""
    row = Registration(
        edition_id=edition.id,
        person_id=make_person().id,
        status=status,
        country_code=country,
        registered_at=OPENING,
        queued_at=OPENING,
        modified_at=OPENING,
        confirmed_at=OPENING if status in OVER else None,
        cancelled_at=OPENING if status not in standing.lifecycle.LIVE else None,
        answer_by=OPENING + timedelta(days=3) if status is Status.OFFERED else None,
    )
    db.session.add(row)
    db.session.flush()
    return row


def test_the_table_of_sentences_is_the_table_of_states() -> None:
    assert set(standing.SENTENCES) == set(REGISTRATION_MOVES) == set(Status)
    assert set(standing.ORDERS) == set(Order)


@pytest.mark.parametrize("policy", P)
@pytest.mark.parametrize("country", ["XAA", None])
def test_every_state_says_where_it_stands_who_decides_and_what_comes_next(
    policy: AdmissionPolicy, country: str | None
) -> None:
    make_country("XAA")
    titles = {}
    for edition_status in (S.REGISTRATION_OPEN, S.REGISTRATION_CLOSED, S.CANCELLED, S.POSTPONED):
        edition = make_edition(
            status=edition_status, admission_policy=policy, capacity=1, dtstart=date(2027, 9, 7)
        )
        put(edition, Status.CONFIRMED)
        for status in Status:
            row = put(edition, status, country=country)
            for now in (OPENING, datetime(2027, 9, 8, 12, tzinfo=UTC)):
                told = standing.of(row, now=now)
                assert (bool(told.title), bool(told.decides), bool(told.comes_next)) == (True,) * 3
                if now == OPENING and edition_status is S.REGISTRATION_OPEN:
                    titles[status] = told.title
                    is_over = status in {Status.ATTENDED, Status.NO_SHOW}
                    assert bool(told.by_when) is not is_over
                    assert bool(told.why and told.moves) is (status is Status.WAITLISTED)
    assert len(set(titles.values())) == len(Status)


@pytest.mark.parametrize("policy", P)
def test_the_page_of_every_state_can_be_read(client: Client, policy: AdmissionPolicy) -> None:
    make_country("XAA")
    edition = make_edition(admission_policy=policy, capacity=1)
    for status in Status:
        row = put(edition, status)
        client.sign_in(row.person)
        answer = client.get(f"/registrations/{row.public_id}")
        told = standing.of(row, now=clock.utcnow())
        page = words(answer)
        missing = [text for _term, text in told.facts if " ".join(text.split()) not in page]
        assert (answer.status_code, told.title in page, missing) == (200, True, [])


def test_what_a_page_offers_is_what_its_state_allows(client: Client) -> None:
    make_country("XAA")
    edition = make_edition(admission_policy=P.NOMINATION, capacity=1)
    for status in Status:
        row = put(edition, status)
        client.sign_in(row.person)
        page = client.get(f"/registrations/{row.public_id}").text
        told = words(client.get(f"/registrations/{row.public_id}"))
        can_cancel = Status.CANCELLED in REGISTRATION_MOVES[status]
        assert ("Cancel my registration" in page) == can_cancel
        assert ("a colleague can come in your stead" in told) == can_cancel
        gives_back = status in {Status.CONFIRMED, Status.OFFERED}
        assert ("Give the place back" in told) == gives_back
        assert ("Give up your turn" in told) == (status is Status.WAITLISTED)
        assert ("Put it into my calendar" in told) == (status in standing.lifecycle.LIVE)
        has_place = status in OVER
        assert ('/documents/badge"' in page) == has_place


def test_a_contact_is_offered_what_can_be_done_with_each(client: Client) -> None:
    make_country("XAA")
    edition = make_edition(admission_policy=P.NOMINATION, capacity=1)
    rows = {status: put(edition, status) for status in standing.lifecycle.LIVE - {Status.DRAFT}}
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    page = client.get(f"/delegations/{edition.slug}").text
    offered = {}
    for status, row in rows.items():
        select = re.search(rf'<select[^>]*id="{row.public_id}-act".*?</select>', page, re.DOTALL)
        found = re.findall(r'value="(\w+)"', select.group()) if select else []
        assert found == delegations.acts_on(row, is_in_party=False)
        offered[status] = " ".join(found)
    usual = "rank replace"
    assert offered == {
        Status.SUBMITTED: f"endorse return refuse {usual}",
        Status.RETURNED: f"endorse {usual}",
        Status.ENDORSED: usual,
        Status.CONFIRMED: usual,
        Status.OFFERED: usual,
        Status.WAITLISTED: usual,
        Status.CHECKED_IN: "",
        Status.ATTENDED: "",
    }


def test_who_waits_reads_the_number_the_reason_and_what_would_move_it() -> None:
    edition = make_edition(capacity=1)
    limit(edition, answer_days=2)
    rows = [service.register(edition, make_person(), now=OPENING) for _ in range(3)]
    told = standing.of(rows[2], now=OPENING)
    assert (told.title, told.why) == ("You are number 2 in the queue", "Places: 1 of 1 taken")
    assert (
        told.comes_next == "A place that comes free is offered to you; you take it within 2 days."
    )
    assert told.decides == "Nobody: whoever came first is next."


def test_who_waits_while_the_event_is_postponed_reads_what_they_wait_for() -> None:
    edition = make_edition(capacity=1)
    seated, row, last = (service.register(edition, make_person(), now=OPENING) for _ in range(3))
    disruptions.postpone(
        edition, dtstart=None, dtend=None, reason="Flood", by=make_person(), now=OPENING
    )
    service.cancel(seated, by=seated.person, now=OPENING)
    told = standing.of(row, now=OPENING)
    assert (row.status, told.title) == (
        Status.WAITLISTED,
        "You are on the waiting list, and the event is postponed",
    )
    assert told.why.startswith("A place is free; nobody moves up while the event is postponed")
    assert standing.of(last, now=OPENING).why == "Places: 1 of 1 taken"


def test_who_waits_is_sent_to_the_door_only_while_there_is_one() -> None:
    row = put(make_edition(dtstart=date(2027, 9, 7), days=3), Status.WAITLISTED, country=None)
    days = (datetime(2027, 9, day, 12, tzinfo=UTC) for day in (9, 10))
    last, after = (standing.of(row, now=day) for day in days)
    assert ("door" in last.comes_next, "door" in after.comes_next) == (True, False)
    assert after.title == "The event is over, and this did not become a place"


def test_a_kept_place_says_its_last_day_at_the_place_of_the_event() -> None:
    edition = make_edition(capacity=1, tzid="Pacific/Auckland")
    limit(edition, answer_days=3)
    holder, row = (service.register(edition, make_person(), now=OPENING) for _ in range(2))
    service.cancel(holder, by=holder.person, now=OPENING)
    told = standing.of(row, now=OPENING)
    assert told.by_when == "Monday 18 January 2027, 24:00 (Auckland time), in 3 days"
    assert row.answer_by.astimezone(UTC) == datetime(2027, 1, 18, 11, tzinfo=UTC)


def test_by_when_is_the_day_of_the_milestone_that_decides() -> None:
    make_country("XAA")
    edition = make_edition(
        admission_policy=P.NOMINATION,
        nominations_close_at=datetime(2027, 2, 1, tzinfo=UTC),
        registration_closes_at=datetime(2027, 3, 1, tzinfo=UTC),
    )
    told = Particulars(country_code="XAA")
    row = service.register(edition, make_person(), now=OPENING, told=told)
    said = standing.of(row, now=OPENING)
    assert said.decides == "The national contact of Country XAA first, then the organisers."
    assert said.by_when == (
        "Nominations close on Sunday 31 January 2027, 24:00 (UTC), in 16 days. "
        "Invitations are sent by Saturday 20 March 2027, in 9 weeks."
    )
    draft = service.save_draft(edition, make_person(), told, now=OPENING)
    assert standing.of(draft, now=OPENING).by_when == (
        "Registration closes on Sunday 28 February 2027, 24:00 (UTC), in 6 weeks."
    )
