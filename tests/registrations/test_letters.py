"""Every change of state is told once: what happened, what comes next, by when, and the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import icalendar
import pytest

from app.accounts import service as accounts
from app.database import db
from app.door import service as door
from app.editions import disruptions
from app.editions.models import AdmissionPolicy
from app.outbox import OutboxMessage
from app.registrations import delegations, parties, selection, service
from app.registrations.models import TERMS_VERSION, QuotaScope, Registration
from app.registrations.service import Particulars
from scheduler.lifecycle import LIVE, REGISTRATION_MOVES
from scheduler.lifecycle import RegistrationStatus as S
from tests.factories import OPENING, limit, make_country, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.accounts.models import Person
    from app.editions.models import Edition

P = AdmissionPolicy
CLOSES = "Registration closes on Sunday 28 February 2027, 24:00 (UTC)."
AGAIN = f"You may register again, behind all who wait. {CLOSES}"
DECISION = "The organisers decide by Tuesday 13 July 2027, and we write to you"
CANNOT = "If you cannot come, cancel on that page before Tuesday 7 September 2027"
QUEUE = "the queue moves until the event begins, on Tuesday 7 September 2027."
NO_DAY = "There is nothing more to do. The organisers can still invite you."


class Case(NamedTuple):
    """How somebody comes from one state to another, and what they read of it."""

    policy: AdmissionPolicy
    act: Callable[[Registration], object]
    subject: str
    says: str
    method: str = ""
    is_full: bool = False
    is_nominee: bool = False
    days: int | None = None  # to answer an offer


def by() -> dict[str, object]:
    return {"by": make_person(), "now": OPENING}


def register(row: Registration) -> object:
    told = Particulars(country_code="XAA")
    return service.register(row.edition, row.person, now=OPENING, told=told)


def edit(row: Registration) -> None:
    service.change(row, Particulars(country_code="XAA"), **by())


def cancel(row: Registration) -> None:
    service.cancel(row, **by())


def replace(row: Registration) -> None:
    delegations.replace(row, "colleague@example.org", "", **by())


def judge(target: S) -> Callable[[Registration], object]:
    return lambda row: delegations.judge(row, target, reason="Why", **by())


def decide(act: str) -> Callable[[Registration], object]:
    return lambda row: selection.decide_many(row.edition, [row], act, reason="Why", **by())


def free_a_seat(row: Registration) -> None:
    (holder,) = db.session.query(Registration).filter(
        Registration.edition_id == row.edition_id, Registration.id != row.id
    )
    service.cancel(holder, **by())


def lapse(_row: Registration) -> None:
    service.lapse_offers(now=OPENING + timedelta(days=9))


def over(row: Registration) -> None:
    row.edition.dtstart, row.edition.dtend = date(2027, 1, 10), date(2027, 1, 13)
    db.session.flush()
    door.close_list(row.edition, **by())


CASES = {
    (S.DRAFT, S.SUBMITTED): Case(P.APPROVAL, register, "We have your registration", DECISION),
    (S.DRAFT, S.ENDORSED): Case(
        P.NOMINATION, register, "We have your registration", DECISION, is_nominee=True
    ),
    (S.DRAFT, S.CONFIRMED): Case(P.OPEN, register, "You have a place", CANNOT, "REQUEST"),
    (S.DRAFT, S.WAITLISTED): Case(
        P.OPEN, register, "You are on the waiting list", QUEUE, is_full=True
    ),
    (S.DRAFT, S.CANCELLED): Case(P.OPEN, cancel, "Registration cancelled", AGAIN),
    (S.DRAFT, S.REPLACED): Case(P.NOMINATION, replace, "Replaced", AGAIN, is_nominee=True),
    (S.SUBMITTED, S.ENDORSED): Case(
        P.NOMINATION, judge(S.ENDORSED), "Your country endorses you", DECISION
    ),
    (S.SUBMITTED, S.RETURNED): Case(
        P.NOMINATION, judge(S.RETURNED), "Your registration is returned for changes", CLOSES
    ),
    (S.SUBMITTED, S.REFUSED): Case(
        P.NOMINATION, judge(S.REFUSED), "Your country does not endorse you", AGAIN
    ),
    (S.RETURNED, S.SUBMITTED): Case(P.APPROVAL, edit, "We have your registration", DECISION),
    (S.RETURNED, S.ENDORSED): Case(
        P.NOMINATION, edit, "We have your registration", DECISION, is_nominee=True
    ),
    (S.RETURNED, S.CANCELLED): Case(P.APPROVAL, cancel, "Registration cancelled", AGAIN),
    (S.RETURNED, S.REPLACED): Case(P.NOMINATION, replace, "Replaced", AGAIN),
    (S.CONFIRMED, S.CANCELLED): Case(P.OPEN, cancel, "Registration cancelled", AGAIN, "CANCEL"),
    (S.CONFIRMED, S.REPLACED): Case(P.OPEN, replace, "Replaced", AGAIN, "CANCEL"),
    (S.CONFIRMED, S.NO_SHOW): Case(P.OPEN, over, "Nobody saw you", "If you were there, write to"),
    (S.CHECKED_IN, S.ATTENDED): Case(P.OPEN, over, "You took part", "Your certificate"),
    (S.WAITLISTED, S.CONFIRMED): Case(
        P.OPEN, free_a_seat, "You now have a place", CANNOT, "REQUEST", is_full=True
    ),
    (S.WAITLISTED, S.OFFERED): Case(
        P.OPEN, free_a_seat, "A place is offered to you",
        "Please take it by Monday 18 January 2027, 24:00 (UTC); after that", is_full=True, days=3,
    ),
    (S.OFFERED, S.CONFIRMED): Case(
        P.OPEN, lambda row: service.accept_offer(row, **by()), "You have a place", CANNOT, "REQUEST"
    ),
    (S.OFFERED, S.WAITLISTED): Case(P.OPEN, decide("wait"), "You are on the waiting list", QUEUE),
    (S.OFFERED, S.CANCELLED): Case(
        P.OPEN, lapse,
        "The offered place has lapsed", AGAIN,
    ),
    (S.OFFERED, S.REPLACED): Case(P.OPEN, replace, "Replaced", AGAIN),
    **{
        (was, target): case
        for was in (S.SUBMITTED, S.ENDORSED)
        for target, case in {
            S.CONFIRMED: Case(
                P.APPROVAL, decide("accept"), "You now have a place", CANNOT, "REQUEST"
            ),
            S.WAITLISTED: Case(
                P.APPROVAL, decide("accept"), "You are on the waiting list", QUEUE, is_full=True
            ),
            S.NOT_SELECTED: Case(P.APPROVAL, decide("decline"), "You were not selected", NO_DAY),
            S.CANCELLED: Case(P.APPROVAL, cancel, "Registration cancelled", AGAIN),
            S.REPLACED: Case(P.NOMINATION, replace, "Replaced", AGAIN),
        }.items()
    },
    **{
        (S.WAITLISTED, target): case
        for target, case in {
            S.NOT_SELECTED: Case(
                P.OPEN, decide("decline"), "You were not selected", NO_DAY, is_full=True
            ),
            S.CANCELLED: Case(P.OPEN, cancel, "Registration cancelled", AGAIN, is_full=True),
            S.REPLACED: Case(P.OPEN, replace, "Replaced", AGAIN, is_full=True),
        }.items()
    },
}  # fmt: skip
AT_THE_DOOR = {(S.CONFIRMED, S.CHECKED_IN), (S.CHECKED_IN, S.CONFIRMED), (S.NO_SHOW, S.CHECKED_IN)}
"""Changes that happen while the person stands at the door; nobody is written to there."""


def standing_in(edition: Edition, status: S, *, is_nominee: bool) -> Registration:
    row = Registration(
        edition_id=edition.id,
        person_id=make_person("ana@example.org").id,
        status=status,
        country_code="XAA",
        nominated_by_id=make_person().id if is_nominee else None,
        registered_at=OPENING,
        queued_at=OPENING,
        modified_at=OPENING,
        answer_by=OPENING + timedelta(days=3) if status is S.OFFERED else None,
        terms_version=TERMS_VERSION,
    )
    db.session.add(row)
    db.session.flush()
    return row


def mails_to(email: str) -> list[OutboxMessage]:
    return list(
        db.session.query(OutboxMessage).filter_by(to_address=email).order_by(OutboxMessage.id)
    )


def test_every_move_of_the_table_is_told_or_happens_at_the_door() -> None:
    moves = {(was, target) for was, targets in REGISTRATION_MOVES.items() for target in targets}
    assert set(CASES) | AT_THE_DOOR == moves


@pytest.mark.parametrize(
    ("move", "case"), CASES.items(), ids=[f"{was}-{target}" for was, target in CASES]
)
def test_a_change_of_state_is_one_mail_with_what_comes_next_and_by_when(
    move: tuple[S, S], case: Case
) -> None:
    was, target = move
    make_country("XAA")
    edition = make_edition(
        admission_policy=case.policy,
        capacity=1,
        dtstart=date(2027, 9, 7),
        registration_closes_at=OPENING.replace(month=3, day=1, hour=0),
        title="Fourth Symposium",
    )
    if case.is_full:
        service.register(edition, make_person(), now=OPENING, told=Particulars("XAA"))
        holder = db.session.query(Registration).one()
        holder.status, holder.confirmed_at = S.CONFIRMED, OPENING
        db.session.flush()
    if case.days:
        limit(edition, answer_days=case.days)
    row = standing_in(edition, was, is_nominee=case.is_nominee)
    before = row.sequence
    case.act(row)
    assert row.status is target
    (mail,) = mails_to("ana@example.org")
    assert mail.subject == f"{case.subject}: Fourth Symposium"
    assert case.says in " ".join(mail.text.split())
    assert case.says in mail.html.replace("&#39;", "'")
    assert mail.calendar_method == case.method
    if case.method:
        (event,) = icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT")
        assert event["SEQUENCE"] == edition.sequence + row.sequence
        assert (row.sequence > before) == (was is not S.DRAFT)
        assert str(event["ATTENDEE"]) == "mailto:ana@example.org"
        assert (target in LIVE) == (case.method == "REQUEST")
    if target is S.REPLACED:
        (told,) = mails_to("colleague@example.org")
        taken = {S.CONFIRMED: "A place is offered", S.OFFERED: "A place is offered"}
        taken[S.WAITLISTED] = "You take the turn of a colleague"
        assert told.subject.startswith(taken.get(was, "You are nominated"))


def test_after_the_closing_no_mail_says_that_one_may_register_again() -> None:
    edition = make_edition(registration_closes_at=OPENING + timedelta(days=1))
    row = service.register(edition, make_person("ana@example.org"), now=OPENING)
    service.cancel(row, by=row.person, now=OPENING + timedelta(days=2))
    assert "registration is not open" in mails_to("ana@example.org")[-1].text


def test_while_new_dates_are_to_follow_no_mail_shows_the_old_ones() -> None:
    edition = make_edition()
    row = service.register(edition, make_person("ana@example.org"), now=OPENING)
    disruptions.postpone(edition, dtstart=None, dtend=None, reason="Flood", **by())
    service.cancel(row, by=row.person, now=OPENING)
    before, *after = [mail.text for mail in mails_to("ana@example.org")]
    assert ["15–17 May 2027" in text for text in (before, *after)] == [True, False, False]


def test_who_waits_reads_for_what_even_where_places_are_free() -> None:
    edition = make_edition(capacity=9)
    make_country("XAA")
    limit(edition, (QuotaScope.COUNTRY, "", 1))
    for email in ("first@example.org", "ana@example.org"):
        told = Particulars(country_code="XAA")
        service.register(edition, make_person(email), now=OPENING, told=told)
    said = " ".join(mails_to("ana@example.org")[-1].text.split())
    assert "You are number 1 in the queue." in said
    assert "Why you wait: Country XAA: 1 of 1 taken." in said


def test_whose_party_is_not_complete_reads_no_number() -> None:
    edition = make_edition(capacity=9)
    first = parties.form(edition, make_person("ana@example.org"), 3, now=OPENING)
    service.register(edition, first.person, now=OPENING)
    said = " ".join(mails_to("ana@example.org")[-1].text.split())
    assert "You are on the waiting list for" in said
    assert "Why you wait: The rest of the party: 1 of 3 have registered." in said


def test_whose_place_is_only_offered_has_it_in_no_calendar_whatever_happens() -> None:
    edition = make_edition(capacity=1)
    make_country("XAA")
    row = standing_in(edition, S.OFFERED, is_nominee=False)
    days = {"dtstart": edition.dtstart + timedelta(days=7), "dtend": edition.dtend}
    days["dtend"] += timedelta(days=7)
    disruptions.reschedule(edition, **days, reason="Why", **by())
    disruptions.cancel(edition, reason="Why", **by())
    service.cancel(row, by=row.person, now=OPENING)
    assert [mail.calendar_method for mail in mails_to("ana@example.org")] == ["", "", ""]


def test_who_comes_goes_and_returns_has_one_entry_whose_sequence_rises() -> None:
    edition = make_edition(capacity=1)
    person: Person = accounts.find_or_create("ana@example.org", now=OPENING)
    person.verified_at = OPENING
    for _time in range(3):
        row = service.register(edition, person, now=OPENING)
        service.cancel(row, by=person, now=OPENING)
    events = [
        (mail.calendar_method, *icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT"))
        for mail in mails_to("ana@example.org")
    ]
    assert [method for method, _event in events] == ["REQUEST", "CANCEL"] * 3
    sequences = [event["SEQUENCE"] for _method, event in events]
    assert sequences == sorted(set(sequences))
    assert {str(event["UID"]) for _method, event in events} == {edition.uid}
