"""Another policy while people have registered: said before, and done as said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.accounts.models import Role
from app.database import db
from app.editions.models import AdmissionPolicy
from app.outbox import OutboxMessage
from app.registrations import delegations, policy, selection, service
from app.registrations.models import Registration
from app.registrations.service import Particulars
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from app.editions.models import Edition
    from tests.conftest import Client

P = AdmissionPolicy


def come(edition: Edition, country: str = "") -> Registration:
    told = Particulars(country_code=country or None)
    return service.register(edition, make_person(), now=OPENING, told=told)


def standing(*rows: Registration) -> list[Status]:
    db.session.expire_all()
    return [db.session.get_one(Registration, row.id).status for row in rows]


def test_who_waits_for_a_decision_gets_a_place_or_a_turn_where_nobody_decides_any_more(
    client: Client,
) -> None:
    edition = make_edition(capacity=2, admission_policy=P.APPROVAL)
    rows = [come(edition) for _ in range(3)]
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/admission"
    told = {"policy": "open", "capacity": "2", "order": "time", "walk_ins": "never"}
    mails = db.session.query(OutboxMessage).count()
    looked = words(client.submit(page, preview="1", **told))
    assert "3 who wait for a decision get a place or a turn now, in order of arrival" in looked
    assert "2 people would move up" in looked
    assert standing(*rows) == [Status.SUBMITTED] * 3
    assert db.session.query(OutboxMessage).count() == mails
    client.submit(page, submit="1", **told)
    assert standing(*rows) == [Status.CONFIRMED, Status.CONFIRMED, Status.WAITLISTED]
    assert db.session.query(OutboxMessage).count() == mails + 3


def test_who_began_first_is_not_before_who_sent_first_however_near_the_two_are() -> None:
    """A draft has an older row, and the clock counts whole seconds."""
    edition = make_edition(capacity=1, admission_policy=P.APPROVAL)
    late = make_person()
    service.save_draft(edition, late, Particulars(), now=OPENING)
    first = come(edition)
    second = service.register(edition, late, now=OPENING)
    policy.change(edition, P.OPEN, 1, by=make_person(), now=OPENING)
    assert [first.status, second.status] == [Status.CONFIRMED, Status.WAITLISTED]


def test_where_somebody_decides_from_now_on_places_and_turns_stay() -> None:
    edition, by = make_edition(capacity=1), make_person()
    rows = [come(edition, "XAA" if make_country("XAA") else "") for _ in range(2)]
    assert policy.consequences(edition, P.NOMINATION) == [
        "1 place stays.",
        "1 in the queue keeps the turn.",
    ]
    policy.change(edition, P.NOMINATION, 1, by=by, now=OPENING)
    assert standing(*rows) == [Status.CONFIRMED, Status.WAITLISTED]
    later = come(edition, "XAA")
    assert later.status is Status.SUBMITTED
    service.cancel(rows[0], by=by, now=OPENING)
    assert standing(*rows, later) == [Status.CANCELLED, Status.CONFIRMED, Status.SUBMITTED]


def test_who_told_no_country_is_named_before_countries_are_to_endorse() -> None:
    edition = make_edition(admission_policy=P.APPROVAL)
    come(edition)
    assert policy.consequences(edition, P.NOMINATION) == [
        "1 who wait for a decision wait for their country, then for you.",
        "1 told no country, so no contact sees them: decide yourself.",
    ]


def test_a_lower_number_of_places_puts_nobody_out_and_a_higher_one_names_who_comes_in(
    client: Client,
) -> None:
    edition = make_edition(capacity=2)
    rows = [come(edition) for _ in range(4)]
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/admission"
    told = {"policy": "open", "order": "time", "walk_ins": "never"}
    assert "Places: 2 of 1 taken: nobody loses a place" in words(
        client.submit(page, preview="1", capacity="1", **told)
    )
    assert "1 person would move up" in words(client.submit(page, preview="1", capacity="3", **told))
    assert standing(*rows) == [*[Status.CONFIRMED] * 2, *[Status.WAITLISTED] * 2]
    client.submit(page, submit="1", capacity="3", **told)
    assert standing(*rows) == [*[Status.CONFIRMED] * 3, Status.WAITLISTED]


def test_who_is_held_stays_held_whatever_the_policy() -> None:
    edition, by = make_edition(admission_policy=P.APPROVAL), make_person()
    row = come(edition)
    selection.decide_many(edition, [row], "wait", reason="", by=by, now=OPENING)
    policy.change(edition, P.OPEN, None, by=by, now=OPENING)
    assert standing(row) == [Status.WAITLISTED]


def test_what_was_returned_and_is_sent_again_where_nobody_decides_gets_a_place_or_a_turn() -> None:
    edition, by = make_edition(capacity=1, admission_policy=P.APPROVAL), make_person()
    rows = [come(edition) for _ in range(2)]
    for row in rows:
        delegations.judge(row, Status.RETURNED, reason="More", by=by, now=OPENING)
    policy.change(edition, P.OPEN, 1, by=by, now=OPENING)
    assert standing(*rows) == [Status.RETURNED] * 2
    for row in rows:
        service.change(row, Particulars(affiliation="More"), by=row.person, now=OPENING)
    assert standing(*rows) == [Status.CONFIRMED, Status.WAITLISTED]
