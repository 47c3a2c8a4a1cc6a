"""Places by country and role, decisions, delegations, offers: from the service to the page."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app import database
from app.accounts.models import Role
from app.database import db
from app.editions import disruptions
from app.editions.models import AdmissionPolicy
from app.editions.service import ReasonMissingError
from app.outbox import OutboxMessage
from app.paging import ROWS_A_PAGE
from app.registrations import (
    delegations,
    parties,
    policy,
    queries,
    seating,
    selection,
    service,
    tally,
    travel_grants,
    waiting,
)
from app.registrations.models import AttendeeRole, QuotaScope, Registration, SeatCount
from app.registrations.seating import Candidate
from app.registrations.service import Particulars
from scheduler.admission import Order
from scheduler.lifecycle import EditionStatus
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, limit, make_country, make_edition, make_person
from tests.pages import alert, words, words_in

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client


def come(edition: Edition, country: str = "", person: Person | None = None) -> Registration:
    told = Particulars(country_code=country or None)
    return service.register(edition, person or make_person(), now=OPENING, told=told)


@pytest.fixture(autouse=True)
def _countries() -> None:
    for code, region in (("XAA", "africa"), ("XAB", "africa"), ("XAC", "europe")):
        make_country(code, region=region)


def statuses(*rows: Registration) -> list[Status]:
    return [row.status for row in rows]


def test_a_full_country_waits_while_another_gets_in_and_moves_up_when_one_leaves() -> None:
    edition = make_edition(capacity=10)
    limit(edition, (QuotaScope.COUNTRY, "", 1))
    first, second, other = come(edition, "XAA"), come(edition, "XAA"), come(edition, "XAB")
    assert statuses(first, second, other) == [
        Status.CONFIRMED,
        Status.WAITLISTED,
        Status.CONFIRMED,
    ]
    service.cancel(other, by=other.person, now=OPENING)
    assert second.status is Status.WAITLISTED
    service.cancel(first, by=first.person, now=OPENING)
    assert second.status is Status.CONFIRMED


def test_a_quota_below_what_is_taken_puts_nobody_out_and_says_so(client: Client) -> None:
    edition = make_edition(capacity=10)
    rows = [come(edition, "XAA") for _ in range(3)]
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/admission"
    asked = {
        "rows-0-scope": "country",
        "rows-0-key": "XAA",
        "rows-0-places": "1",
        "order": "time",
        "policy": "open",
        "walk_ins": "never",
        "capacity": "10",
        "submit": "1",
    }
    assert client.submit(page, **asked).status_code == 303
    assert "Country XAA: 3 of 1 taken: nobody loses a place" in words(client.get(page))
    assert {db.session.get_one(Registration, row.id).status for row in rows} == {Status.CONFIRMED}
    assert come(edition, "XAA").status is Status.WAITLISTED


@pytest.mark.parametrize(
    ("scope", "key", "sentence"),
    [
        ("country", "QQQ", "Choose a country"),
        ("reserved", "", "Choose the role that the places"),
        ("region", "atlantis", "Choose a region"),
    ],
)
def test_a_limit_for_what_there_is_not_comes_back_with_what_would_do(
    client: Client, scope: str, key: str, sentence: str
) -> None:
    edition = make_edition()
    client.sign_in(make_person(role=Role.ORGANISER))
    told = {
        "rows-0-scope": scope,
        "rows-0-key": key,
        "rows-0-places": "3",
        "order": "time",
        "policy": "open",
    }
    answer = client.submit(f"/organise/editions/{edition.slug}/admission", submit="1", **told)
    assert (answer.status_code, sentence in words(answer)) == (422, True)


def test_what_a_limit_would_do_is_named_before_it_is_saved(client: Client) -> None:
    edition = make_edition(capacity=10)
    limit(edition, (QuotaScope.COUNTRY, "XAA", 1))
    come(edition, "XAA")
    waiting = come(edition, "XAA", make_person(name="Nia Next"))
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/admission"
    told = {
        "rows-0-scope": "country",
        "rows-0-key": "XAA",
        "rows-0-places": "2",
        "order": "time",
        "policy": "open",
        "walk_ins": "never",
        "capacity": "10",
    }
    looked = words(client.submit(page, preview="1", **told))
    assert "1 person would move up" in looked
    assert "Nia Next" in looked
    assert db.session.get_one(Registration, waiting.id).status is Status.WAITLISTED
    client.submit(page, submit="1", **told)
    db.session.expire_all()
    assert db.session.get_one(Registration, waiting.id).status is Status.CONFIRMED


Rows = tuple[tuple[str, str, int], ...]
NEXT, ALL = ["Nia Next"], ["Nia Next", "Omar Last"]


@pytest.mark.parametrize(
    ("capacity", "stands", "then_capacity", "tried", "names"),
    [
        ("2", (), "3", (), NEXT),
        ("2", (), "", (), ALL),  # no limit any more
        ("9", (("country", "XAA", 2),), "9", (("country", "XAA", 3),), NEXT),
        ("9", (("country", "", 2),), "9", (("country", "", 3),), NEXT),
        ("9", (("country", "", 2),), "9", (("country", "", 2), ("country", "xaa", 3)), NEXT),
        ("9", (("region", "africa", 2),), "9", (("region", "Africa", 3),), NEXT),
        ("9", (("region", "", 2),), "9", (), ALL),  # the row is dropped
        ("9", (("role", "participant", 2),), "9", (("role", "participant", 3),), NEXT),
        ("5", (("reserved", "speaker", 3),), "5", (("reserved", "speaker", 2),), NEXT),
        ("5", (("reserved", "speaker", 3),), "6", (("reserved", "speaker", 3),), NEXT),
    ],
)
def test_raising_any_kind_of_limit_is_shown_first_and_then_does_just_that(
    client: Client, capacity: str, stands: Rows, then_capacity: str, tried: Rows, names: list[str]
) -> None:
    make_country("XAA", region="africa")
    edition = make_edition(capacity=int(capacity))
    limit(edition, *((QuotaScope(scope), key, places) for scope, key, places in stands))
    for name in ("Ana", "Ben", "Nia Next", "Omar Last"):
        come(edition, "XAA", make_person(name=name))
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/admission"
    fields = {"order": "time", "policy": "open", "walk_ins": "never", "capacity": then_capacity}
    for number, (scope, key, places) in enumerate(tried):
        row = {"scope": scope, "key": key, "places": str(places)}
        fields |= {f"rows-{number}-{name}": value for name, value in row.items()}
    last = outbox_count()
    looked = client.submit(page, preview="1", **fields)
    assert re.findall(r"<li><bdi>([^<]+)</bdi></li>", looked.text) == names
    db.session.expire_all()
    assert (outbox_count(), queries.places(edition).seated_count) == (last, 2)
    assert client.submit(page, submit="1", **fields).status_code == 303
    db.session.expire_all()
    seated = [row.person.name for row in queries.live(edition) if row.holds_seat]
    assert seated == ["Ana", "Ben", *names]
    assert outbox_count() == last + len(names)


def outbox_count() -> int:
    return db.session.query(OutboxMessage).count()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("country", "", "1"), "Country XAA: 2 of 1 taken"),
        (("region", "africa", "1"), "Africa: 2 of 1 taken"),
        (("role", "participant", "0"), "Role participant: 2 of 0 taken"),
        ((), "Places: 2 of 1 taken"),
    ],
)
def test_lowering_any_kind_of_limit_explains_first_and_keeps_everybody(
    client: Client, row: tuple[str, ...], told: str
) -> None:
    make_country("XAA", region="africa")
    edition = make_edition(capacity=9)
    for _each in range(2):
        come(edition, "XAA")
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/admission"
    fields = {"order": "time", "policy": "open", "walk_ins": "never"}
    fields["capacity"] = "9" if row else "1"
    names = ("scope", "key", "places")
    fields |= {f"rows-0-{name}": value for name, value in zip(names, row, strict=False)}
    sentence = f"{told}: nobody loses a place, and nobody comes in before it is below."
    assert sentence in words(client.submit(page, preview="1", **fields))
    assert client.submit(page, submit="1", **fields).status_code == 303
    assert sentence in words(client.get(page))
    db.session.expire_all()
    assert queries.places(edition).seated_count == 2


def test_places_reserved_for_a_role_stay_free_for_it() -> None:
    edition = make_edition(capacity=2)
    limit(edition, (QuotaScope.RESERVED, "host", 1))
    first, second = come(edition), come(edition)
    host = make_person(role=Role.HOST_TEAM, scope=edition.slug)
    assert statuses(first, second, come(edition, person=host)) == [
        Status.CONFIRMED,
        Status.WAITLISTED,
        Status.CONFIRMED,
    ]


def test_nobody_makes_themself_a_speaker_by_a_forged_field(client: Client) -> None:
    edition, person = make_edition(), make_person()
    client.sign_in(person)
    forged = {"accepts_terms": "y", "role": "speaker", "rank": "1", "status": "CHECKED_IN"}
    client.submit(f"/editions/{edition.slug}/register", **forged)
    row = queries.find(edition, person)
    assert (row.role, row.status, row.rank) == (AttendeeRole.PARTICIPANT, Status.CONFIRMED, None)


def test_a_party_is_seated_together_and_overtaken_by_nobody() -> None:
    edition = make_edition(capacity=2, admission_policy=AdmissionPolicy.APPROVAL)
    organiser = make_person()
    rows = [come(edition, "XAA") for _ in range(4)]
    by = {"by": organiser, "now": OPENING}
    selection.decide_many(edition, [rows[0]], "accept", reason="", **by)
    parties.bind(edition, rows[1:3], **by)
    selection.decide_many(edition, rows[1:], "accept", reason="", **by)
    assert statuses(*rows) == [Status.CONFIRMED, *[Status.WAITLISTED] * 3]
    service.cancel(rows[0], by=organiser, now=OPENING)
    assert statuses(*rows[1:]) == [Status.CONFIRMED, Status.CONFIRMED, Status.WAITLISTED]


def test_under_approval_the_desk_looks_first_and_then_does_it_for_many(client: Client) -> None:
    edition = make_edition(capacity=1, admission_policy=AdmissionPolicy.APPROVAL)
    rows = [come(edition) for _ in range(2)]
    assert statuses(*rows) == [Status.SUBMITTED, Status.SUBMITTED]
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/selection"
    told = {"chosen": [row.public_id for row in rows], "act": "accept"}
    mails = db.session.query(OutboxMessage).count()
    assert "nothing is done yet" in words(client.submit(page, preview="1", **told))
    db.session.expire_all()
    assert statuses(*rows) == [Status.SUBMITTED, Status.SUBMITTED]
    assert db.session.query(OutboxMessage).count() == mails
    client.submit(page, submit="1", **told)
    db.session.expire_all()
    assert statuses(*rows) == [Status.CONFIRMED, Status.WAITLISTED]
    assert db.session.query(OutboxMessage).count() == mails + 2
    refused = client.submit(page, submit="1", chosen=[rows[1].public_id], act="decline")
    assert (refused.status_code, "Say why" in words(refused)) == (422, True)


def test_everyone_the_list_shows_is_named_at_the_look_and_nobody_after_it(client: Client) -> None:
    edition = make_edition(capacity=200, admission_policy=AdmissionPolicy.APPROVAL)
    for _ in range(ROWS_A_PAGE + 2):
        come(edition, "XAA")
    come(edition)
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/selection"
    assert "Africa 52 not told 1" in words_in(client.get(page), "class", "page__aside flow")
    told = {"act": "accept", "everyone": "y"}
    looked = client.submit(f"{page}?country=XAA", preview="1", **told)
    assert words(looked).count("Waiting for a decision → Place confirmed") == ROWS_A_PAGE + 2
    assert "2 more are chosen, on other pages of this list." in words(looked)
    chosen = re.findall(r'name="chosen" value="([^"]+)"(?: checked)?>', looked.text)
    late = come(edition, "XAA")
    done = client.submit(f"{page}?country=XAA", submit="1", act="accept", chosen=chosen)
    assert done.location == f"{page}?country=XAA"
    db.session.expire_all()
    assert Counter(row.status for row in queries.live(edition)) == {
        Status.CONFIRMED: ROWS_A_PAGE + 2,
        Status.SUBMITTED: 2,
    }
    assert late.status is Status.SUBMITTED


def test_who_is_held_waits_until_an_organiser_accepts() -> None:
    edition = make_edition(capacity=5, admission_policy=AdmissionPolicy.APPROVAL)
    row, by = come(edition), {"by": make_person(), "now": OPENING, "reason": ""}
    selection.decide_many(edition, [row], "wait", **by)
    assert row.status is Status.WAITLISTED
    selection.decide_many(edition, [row], "accept", **by)
    assert row.status is Status.CONFIRMED


def test_an_offered_place_is_kept_until_its_day_and_then_goes_to_the_next() -> None:
    edition = make_edition(capacity=1)
    limit(edition, answer_days=3)
    holder, first, second = come(edition), come(edition), come(edition)
    service.cancel(holder, by=holder.person, now=OPENING)
    assert statuses(first, second) == [Status.OFFERED, Status.WAITLISTED]
    later = datetime(2027, 1, 19, tzinfo=UTC)  # the third day is over
    assert service.lapse_offers(now=later - timedelta(seconds=1)) == 0
    with pytest.raises(service.OfferOverError):
        service.accept_offer(first, by=first.person, now=later)
    assert service.lapse_offers(now=later) == 1
    assert service.lapse_offers(now=later) == 0
    assert statuses(first, second) == [Status.CANCELLED, Status.OFFERED]
    service.accept_offer(second, by=second.person, now=later)
    assert second.status is Status.CONFIRMED


def test_an_invitation_passes_the_closing_with_a_reason_and_keeps_a_place() -> None:
    edition = make_edition(capacity=1, status=EditionStatus.REGISTRATION_CLOSED)
    by = {"by": make_person(), "now": OPENING}
    with pytest.raises(ReasonMissingError):
        selection.invite(edition, "a@example.org", Candidate(), keeps_place=True, reason="", **by)
    why = {"keeps_place": True, "reason": "Keynote"}
    row = selection.invite(edition, "A@Example.org", Candidate(), **why, **by)
    assert (row.status, row.person.email) == (Status.OFFERED, "a@example.org")
    with pytest.raises(selection.NoPlaceError):
        selection.invite(edition, "b@example.org", Candidate(), **why, **by)
    with pytest.raises(service.AlreadyRegisteredError):
        selection.invite(edition, " a@EXAMPLE.org ", Candidate(), **why, **by)


def test_nobody_is_let_in_to_what_is_cancelled(client: Client) -> None:
    edition, country = make_edition(), make_country("XAA")
    how = {"by": make_person(), "now": OPENING}
    why = {"reason": "Keynote", **how}
    kept = selection.invite(edition, "a@example.org", Candidate("XAA"), keeps_place=True, **why)
    asked = selection.invite(edition, "b@example.org", Candidate(), keeps_place=False, **why)
    asked.person.verified_at = kept.person.verified_at = OPENING
    disruptions.cancel(edition, reason="Flood", **how)
    for act in (
        lambda: selection.invite(edition, "c@example.org", Candidate(), keeps_place=False, **why),
        lambda: service.register(edition, asked.person, now=OPENING),
        lambda: service.change(asked, Particulars(), **how),
        lambda: delegations.replace(kept, "d@example.org", "", **how),
        lambda: delegations.nominate(edition, country, "e@example.org", "", **how),
    ):
        with pytest.raises(service.RegistrationClosedError):
            act()
    with pytest.raises(service.OfferOverError):
        service.accept_offer(kept, **how)
    db.session.commit()
    page = client.sign_in(kept.person).get(f"/registrations/{kept.public_id}")
    assert "Take the place" not in words(page)


def test_nothing_is_decided_about_what_is_cancelled() -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.NOMINATION)
    row, how = come(edition, "XAA"), {"by": make_person(), "now": OPENING}
    disruptions.cancel(edition, reason="Flood", **how)
    mails = db.session.query(OutboxMessage).count()
    for act in (
        lambda: selection.decide_many(edition, [row], "accept", reason="", **how),
        lambda: selection.decide_many(edition, [row], "decline", reason="Full", **how),
        lambda: selection.decide_grant(row, gives=True, reason="Far", goes_beyond=True, **how),
        lambda: delegations.judge(row, Status.ENDORSED, reason="", **how),
    ):
        with pytest.raises(service.CalledOffError):
            act()
    policy.change(edition, AdmissionPolicy.OPEN, 5, **how)
    assert (statuses(row), db.session.query(OutboxMessage).count()) == ([Status.SUBMITTED], mails)


def test_once_the_event_is_over_one_is_declined_and_gets_no_place() -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.APPROVAL, days=3)
    rows = [come(edition), come(edition)]
    how = {"reason": "Late", "by": make_person()}
    start = datetime.combine(edition.dtstart, time(12), UTC)
    selection.decide_many(edition, rows[:1], "accept", now=start + timedelta(days=2), **how)
    after = start + timedelta(days=3)
    with pytest.raises(selection.OverError):
        selection.decide_many(edition, rows[1:], "accept", now=after, **how)
    selection.decide_many(edition, rows[1:], "decline", now=after, **how)
    assert statuses(*rows) == [Status.CONFIRMED, Status.NOT_SELECTED]


def test_who_is_invited_reads_so_and_who_is_nominated_too() -> None:
    edition = make_edition(title="Fourth Symposium")
    how = {"by": make_person(), "now": OPENING}
    why = {"keeps_place": False, "reason": "Keynote"}
    selection.invite(edition, "a@example.org", Candidate(), **why, **how)
    delegations.nominate(edition, make_country("XAA"), "b@example.org", "", **how)
    found = db.session.scalars(select(OutboxMessage.subject).order_by(OutboxMessage.to_address))
    assert list(found) == [
        "You are invited: Fourth Symposium",
        "You are nominated: Fourth Symposium",
    ]


def test_who_began_before_the_closing_is_let_in_with_what_they_typed() -> None:
    edition, person = make_edition(capacity=1), make_person()
    draft = service.save_draft(
        edition, person, Particulars("XAA", dietary_needs="No nuts"), now=OPENING
    )
    database.write(edition)
    edition.registration_closes_at = OPENING
    why = {"reason": "Ill that week", "by": make_person(), "now": OPENING + timedelta(days=1)}
    row = selection.invite(edition, person.email, Candidate(), keeps_place=True, **why)
    assert (row.id, row.status, row.country_code, row.dietary_needs, row.entry_reason) == (
        draft.id, Status.OFFERED, "XAA", "No nuts", "Ill that week",
    )  # fmt: skip
    with pytest.raises(service.TheyAreRegisteredError, match=person.email):
        selection.invite(edition, person.email, Candidate(), keeps_place=True, **why)


def test_a_country_gets_one_grant_and_another_goes_beyond_with_a_tick() -> None:
    edition = make_edition()
    rows = [come(edition, "XAA"), come(edition, "XAA")]
    how = {"gives": True, "reason": "Young", "by": make_person(), "now": OPENING}
    selection.decide_grant(rows[0], goes_beyond=False, **how)
    with pytest.raises(selection.GrantLimitError):
        selection.decide_grant(rows[1], goes_beyond=False, **how)
    assert selection.decide_grant(rows[1], goes_beyond=True, **how).reason == "Young"


def test_the_grant_of_who_does_not_come_is_free_for_another_of_the_country() -> None:
    edition = make_edition()
    rows = [come(edition, "XAA"), come(edition, "XAA")]
    how = {"gives": True, "reason": "Young", "goes_beyond": False, "by": make_person()}
    selection.decide_grant(rows[0], now=OPENING, **how)
    service.cancel(rows[0], by=rows[0].person, now=OPENING)
    assert travel_grants.counts(edition) == {}
    with pytest.raises(selection.GoneError, match=rows[0].person.display_name):
        selection.decide_grant(rows[0], now=OPENING, **how | {"goes_beyond": True})
    assert selection.decide_grant(rows[1], now=OPENING, **how).reason == "Young"
    assert travel_grants.counts(edition) == {"given": 1}


# -- delegations ------------------------------------------------------------------------------


def test_a_nominee_confirms_and_needs_no_further_endorsement() -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.NOMINATION)
    contact, country = make_person(), make_country("XAA")
    row = delegations.nominate(edition, country, "nia@example.org", "Nia", by=contact, now=OPENING)
    assert (row.status, row.rank, row.holds_seat) == (Status.DRAFT, 1, False)
    row.person.verified_at = OPENING
    db.session.flush()
    again = come(edition, "XAB", row.person)  # whatever the form says
    assert (again.id, again.status, again.country_code) == (row.id, Status.ENDORSED, "XAA")


@pytest.mark.parametrize(
    ("was", "now_is"),
    [
        # One step after the other would let somebody in between: by the places there were, or by
        # the limits there were.
        ({"capacity": "3", "key": "participant", "places": "2"}, {"capacity": "1", "places": ""}),
        ({"capacity": "2", "key": "participant", "places": ""}, {"capacity": "3", "places": "2"}),
    ],
    ids=["fewer places, no limit", "more places, a limit"],
)
def test_places_and_limits_that_change_together_let_nobody_in_between(
    client: Client, was: dict[str, str], now_is: dict[str, str]
) -> None:
    edition = make_edition(capacity=int(was["capacity"]))
    if was["places"]:
        limit(edition, (QuotaScope.ROLE, "participant", 2))
    rows = [come(edition) for _ in range(3)]
    before = statuses(*rows)
    assert before == [Status.CONFIRMED, Status.CONFIRMED, Status.WAITLISTED]
    organiser = make_person(role=Role.ORGANISER, commit=True)
    client.sign_in(organiser)
    page = f"/organise/editions/{edition.slug}/admission"
    sent = {
        "policy": "open", "capacity": now_is["capacity"], "order": "time", "walk_ins": "never",
        "rows-0-scope": "role" if now_is["places"] else "", "rows-0-key": "participant",
        "rows-0-places": now_is["places"],
    }  # fmt: skip
    seen = words(client.submit(page, preview="1", **sent))
    assert "Nobody would move up" in seen
    assert client.submit(page, submit="1", **sent).status_code == 303
    db.session.expire_all()
    assert statuses(*rows) == before


def test_no_more_places_are_reserved_than_there_are(client: Client) -> None:
    edition = make_edition(capacity=3)
    client.sign_in(make_person(role=Role.ORGANISER, commit=True))
    sent = {
        "policy": "open", "capacity": "3", "order": "time", "walk_ins": "never",
        "rows-0-scope": "reserved", "rows-0-key": "speaker", "rows-0-places": "2",
        "rows-1-scope": "reserved", "rows-1-key": "host", "rows-1-places": "2", "submit": "1",
    }  # fmt: skip
    answer = client.submit(f"/organise/editions/{edition.slug}/admission", **sent)
    assert "4 places would be reserved, of 3 in all." in words(answer)
    assert (answer.status_code, seating.quotas_of(edition)) == (422, [])


def test_who_gets_a_registration_back_reads_what_to_change(client: Client) -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.NOMINATION)
    row = come(edition, "XAA")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA", commit=True))
    page = f"/delegations/{edition.slug}"
    silent = client.submit(page, id=row.public_id, act="return", reason=" ")
    assert (silent.status_code, "Say what is to be changed" in alert(silent)) == (422, True)
    assert client.submit(page, id=row.public_id, act="return", reason="Position").status_code == 303
    assert statuses(row) == [Status.RETURNED]


def test_a_contact_reads_what_they_typed_until_the_person_confirms(client: Client) -> None:
    """Neither whether an address is known to us, nor what is stored of it, is told."""
    edition = make_edition(capacity=9)
    contact = make_person(role=Role.NATIONAL_CONTACT, scope=make_country("XAA").code)
    make_person("known@example.org", name="Known Elsewhere")
    begun = make_person("begun@example.org", name="Begun Herself")
    service.save_draft(
        edition, begun, Particulars("XAA", affiliation="Secret Institute"), now=OPENING
    )
    page = f"/delegations/{edition.slug}"
    db.session.commit()
    client.sign_in(contact)
    answers = [
        client.submit(page, email=f"{who}@example.org", name="As Typed")
        for who in ("known", "begun", "new")
    ]
    assert {(answer.status_code, answer.location) for answer in answers} == {
        (303, f"{page}?country=XAA")
    }
    client.submit(page, email="nameless@example.org")
    told = words(client.get(page))
    for stored in ("Known Elsewhere", "Begun Herself", "Secret Institute"):
        assert stored not in told
    for who in ("known", "begun", "new"):
        assert f"As Typed {who}@example.org" in told
    row = queries.find(edition, begun)
    assert row
    assert (row.country_code, row.rank, row.affiliation) == ("XAA", 2, "Secret Institute")
    service.register(edition, begun, now=OPENING, told=Particulars(affiliation="Told"))
    db.session.commit()
    assert "Begun Herself begun@example.org · Told" in words(client.get(page))


def test_a_colleague_who_has_begun_on_their_own_brings_what_they_typed() -> None:
    edition, contact = make_edition(capacity=1), make_person()
    seated, colleague = come(edition, "XAA"), make_person()
    draft = service.save_draft(
        edition, colleague, Particulars("XAB", dietary_needs="No nuts"), now=OPENING
    )
    row = delegations.replace(seated, colleague.email, "", by=contact, now=OPENING)
    assert (row.id, row.status, row.country_code, row.dietary_needs) == (
        draft.id, Status.OFFERED, "XAA", "No nuts",
    )  # fmt: skip


def test_a_colleague_takes_over_the_seat_and_nobody_else_does() -> None:
    edition, contact = make_edition(capacity=1), make_person()
    seated, waiting = come(edition, "XAA"), come(edition, "XAB")
    colleague = delegations.replace(seated, "c@example.org", "Cleo", by=contact, now=OPENING)
    assert statuses(seated, colleague, waiting) == [
        Status.REPLACED,
        Status.OFFERED,
        Status.WAITLISTED,
    ]
    turn = delegations.replace(waiting, "d@example.org", "", by=contact, now=OPENING)
    assert (turn.status, turn.queued_at) == (Status.WAITLISTED, waiting.queued_at)


def test_a_colleague_takes_over_the_turn_in_the_middle_of_the_queue() -> None:
    edition = make_edition(capacity=1)
    rows = [come(edition, "XAA") for _ in range(4)]
    by = {"by": make_person(), "now": OPENING + timedelta(days=1)}
    colleague = delegations.replace(rows[2], "new@example.org", "Zoë", **by)
    assert waiting.numbers([rows[1], colleague, rows[3]]) == {
        rows[1].id: 1, colleague.id: 2, rows[3].id: 3,
    }  # fmt: skip
    told = db.session.query(OutboxMessage).filter_by(to_address="new@example.org").one()
    assert "You are number 2 in the queue." in told.text
    for row in (rows[0], rows[1]):
        service.cancel(row, by=row.person, now=OPENING)
    # Nobody has asked the colleague yet: the place is kept until the terms are accepted.
    assert statuses(colleague, rows[3]) == [Status.OFFERED, Status.WAITLISTED]
    assert colleague.answer_by == datetime(2027, 1, 30, tzinfo=UTC)
    service.accept_offer(colleague, by=colleague.person, now=OPENING)
    assert (colleague.status, colleague.accepts_terms) == (Status.CONFIRMED, True)


def test_a_colleague_takes_over_an_offered_place_and_has_the_days_to_answer() -> None:
    edition = make_edition(capacity=1)
    limit(edition, answer_days=3)
    rows = [come(edition, "XAA") for _ in range(3)]
    service.cancel(rows[0], by=rows[0].person, now=OPENING)
    assert statuses(*rows[1:]) == [Status.OFFERED, Status.WAITLISTED]
    later = OPENING + timedelta(days=2)
    colleague = delegations.replace(rows[1], "new@example.org", "", by=make_person(), now=later)
    assert statuses(rows[1], colleague, rows[2]) == [
        Status.REPLACED,
        Status.OFFERED,
        Status.WAITLISTED,
    ]
    assert colleague.answer_by == datetime(2027, 1, 21, tzinfo=UTC)
    service.accept_offer(colleague, by=colleague.person, now=later)
    assert statuses(colleague, rows[2]) == [Status.CONFIRMED, Status.WAITLISTED]


def test_the_ranking_says_who_moves_up() -> None:
    edition, contact = make_edition(capacity=1), make_person()
    limit(edition, order=Order.RANKING)
    holder, first, second = come(edition, "XAA"), come(edition, "XAA"), come(edition, "XAA")
    country = make_country("XAA")
    delegations.put_at(second, country, 1, by=contact, now=OPENING)
    service.cancel(holder, by=holder.person, now=OPENING)
    assert statuses(first, second) == [Status.WAITLISTED, Status.CONFIRMED]


def test_a_contact_sees_and_touches_the_own_country_alone(client: Client) -> None:
    edition = make_edition()
    own = come(edition, "XAA", make_person(name="Ama Own"))
    foreign = come(edition, "XAB", make_person(name="Ben Foreign"))
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    page = f"/delegations/{edition.slug}"
    shown = words(client.get(page))
    assert ("Ama Own" in shown, "Ben Foreign" in shown) == (True, False)
    assert client.get(f"{page}?country=XAB").status_code == 404
    told = {"act": "replace", "email": "x@example.org"}
    assert client.submit(page, id=foreign.public_id, **told).status_code == 404
    assert client.submit(page, id=own.public_id, **told).status_code == 303
    db.session.expire_all()
    assert statuses(own, foreign) == [Status.REPLACED, Status.CONFIRMED]


# -- what people type -------------------------------------------------------------------------


def test_a_draft_holds_no_place_and_comes_back_filled(client: Client) -> None:
    edition, person = make_edition(capacity=1), make_person(name="Ana")
    client.sign_in(person)
    page = f"/editions/{edition.slug}/register"
    client.submit(page, name="Ana", affiliation="Institute", keep="1")
    assert queries.places(edition).seated_count == 0
    assert 'value="Institute"' in client.get(page).text
    client.submit(page, name="Ana", affiliation="Institute", country="XAA", accepts_terms="y")
    db.session.expire_all()
    row = queries.find(edition, person)
    assert (row.status, row.country_code) == (Status.CONFIRMED, "XAA")
    other = client.get(f"/editions/{make_edition().slug}/register").text
    assert 'value="Institute"' in other


def test_names_with_emoji_and_direction_marks_stay_as_they_are(client: Client) -> None:
    edition, person = make_edition(), make_person()
    client.sign_in(person)
    name = "مريم \u200fبن علي 🌍"
    client.submit(f"/editions/{edition.slug}/register", name=name, accepts_terms="y")
    client.sign_in(make_person(role=Role.ORGANISER))
    assert f"<bdi>{name}</bdi>" in client.get(f"/organise/editions/{edition.slug}/selection").text


def test_ten_megabytes_of_answer_are_refused_and_nothing_is_lost(client: Client) -> None:
    edition, person = make_edition(), make_person()
    client.sign_in(person)
    huge = {"dietary_needs": "x" * 10_000_000, "accepts_terms": "y"}
    assert client.submit(f"/editions/{edition.slug}/register", **huge).status_code == 422
    assert queries.find(edition, person) is None
    long = client.submit(
        f"/editions/{edition.slug}/register", dietary_needs="x" * 501, accepts_terms="y"
    )
    assert (long.status_code, "x" * 501 in long.text) == (422, True)


def test_a_forged_country_is_refused_with_what_would_do(client: Client) -> None:
    edition, person = make_edition(), make_person()
    client.sign_in(person)
    told = {"country": "QQQ", "accepts_terms": "y"}
    answer = client.submit(f"/editions/{edition.slug}/register", **told)
    assert (answer.status_code, "Choose a country from the list" in words(answer)) == (422, True)


# -- the counts -------------------------------------------------------------------------------


def test_the_counts_are_those_of_the_rows_after_any_change() -> None:
    edition = make_edition(capacity=3)
    rows = [come(edition, country) for country in ("XAA", "XAA", "", "XAB", "XAC")]
    service.cancel(rows[0], by=rows[0].person, now=OPENING)
    selection.set_role(rows[1], AttendeeRole.SPEAKER, by=make_person(), now=OPENING)
    delegations.replace(rows[3], "r@example.org", "", by=make_person(), now=OPENING)
    db.session.delete(rows[2])
    db.session.flush()
    kept = {
        (row.country_code, row.role, row.seated_count, row.waiting_count)
        for row in db.session.query(SeatCount)
        if row.seated_count or row.waiting_count
    }
    counted = {tuple(row)[1:] for row in db.session.execute(tally.counted())}
    assert kept == counted
    tally.recount(edition)
    assert {tuple(row)[1:] for row in db.session.execute(tally.counted())} == kept


def test_one_registration_reads_no_more_rows_where_thousands_are_registered() -> None:
    edition = make_edition(capacity=2)
    come(edition)
    assert seating.has_seat_for(edition, Candidate()) is True
    for _ in range(3):
        come(edition)
    decision, queue = seating.decide(edition)
    assert (decision.seated, queue.entries) == ([], [])  # nobody behind the free seats is read


def test_a_colleague_of_somebody_who_told_no_country_tells_theirs() -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.NOMINATION)
    make_country("XAB")
    draft = service.save_draft(edition, make_person(), Particulars(), now=OPENING)
    by = {"by": make_person(), "now": OPENING}
    colleague = delegations.replace(draft, "new@example.org", "", **by)
    colleague.person.verified_at = OPENING
    db.session.flush()
    row = come(edition, "XAB", colleague.person)
    assert (row.id, row.status, row.country_code) == (colleague.id, Status.ENDORSED, "XAB")
