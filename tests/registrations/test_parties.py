"""People who come together or not at all: made, joined, left, bound; under every policy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.accounts import privacy
from app.accounts.models import Role
from app.database import db
from app.editions.models import AdmissionPolicy
from app.outbox import OutboxMessage
from app.registrations import delegations, parties, queries, selection, service, waiting
from app.registrations.models import Party, QuotaScope, Registration
from app.registrations.seating import Candidate
from app.registrations.service import Particulars
from scheduler.lifecycle import EditionStatus
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, limit, make_country, make_edition, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

P = AdmissionPolicy
LATER = OPENING + timedelta(hours=1)


def come(edition: Edition, person: Person | None = None, country: str = "") -> Registration:
    told = Particulars(country_code=country or None)
    return service.register(edition, person or make_person(), now=OPENING, told=told)


def together(edition: Edition, count: int, *, sent: int = 0) -> list[Registration]:
    """Make a party of ``count``, of whom the first ``sent`` have registered."""
    first = parties.form(edition, make_person(), count, now=OPENING)
    party = db.session.get_one(Party, first.party_id)
    rows = [first, *(parties.join(party, make_person(), now=OPENING) for _ in range(count - 1))]
    for row in rows[:sent]:
        come(edition, row.person)
    return rows


def standing(*rows: Registration) -> list[str]:
    return [db.session.get_one(Registration, row.id).status.value for row in rows]


def mails(person: Person) -> list[str]:
    found = db.session.query(OutboxMessage).filter_by(to_address=person.email)
    return [mail.subject.partition(":")[0] for mail in found.order_by(OutboxMessage.id)]


def test_where_places_are_given_at_once_a_party_gets_them_when_its_last_has_registered() -> None:
    edition = make_edition(capacity=3)
    rows = together(edition, 3, sent=2)
    assert standing(*rows) == ["waitlisted", "waitlisted", "draft"]
    assert waiting.waits(edition, rows[:1])[rows[0].id] == (
        "The rest of the party: 2 of 3 have registered"
    )
    come(edition, rows[2].person)
    assert standing(*rows) == ["confirmed"] * 3
    assert [mails(row.person)[-1] for row in rows] == ["You now have a place"] * 3


def test_a_party_that_does_not_fit_says_how_many_places_are_free_and_is_overtaken_by_nobody() -> (
    None
):
    edition = make_edition(capacity=4)
    holder = come(edition)
    come(edition)
    rows = together(edition, 3, sent=3)
    alone = come(edition)
    assert standing(*rows, alone) == ["waitlisted"] * 4
    told = waiting.waits(edition, [rows[0], alone])
    assert told[rows[0].id] == "Party of 3, seated together: Places: 2 of 4 taken, 2 free"
    assert told[alone.id] == "Places: 2 of 4 taken, kept for who is ahead"
    assert waiting.numbers([*rows, alone]) == {
        row.id: number for number, row in enumerate([*rows, alone], start=1)
    }
    service.cancel(holder, by=holder.person, now=LATER)
    assert standing(*rows, alone) == ["confirmed"] * 3 + ["waitlisted"]


def test_a_party_that_can_never_come_in_whole_says_so_and_keeps_nobody_out() -> None:
    edition = make_edition(capacity=3)
    rows = together(edition, 4, sent=4)
    assert standing(*rows) == ["waitlisted"] * 4
    assert waiting.waits(edition, rows)[rows[0].id] == (
        "Party of 4, more than can ever come in together: Places: 0 of 3 taken"
    )
    holder = come(edition)
    assert holder.status is Status.CONFIRMED
    parties.leave(rows[3], by=rows[3].person, now=LATER)
    assert standing(*rows) == ["waitlisted"] * 4
    service.cancel(holder, by=holder.person, now=LATER)
    assert standing(*rows) == ["confirmed"] * 3 + ["waitlisted"]


def test_a_quota_counts_the_whole_party() -> None:
    edition = make_edition(capacity=9)
    for code in ("XAA", "XAB"):
        make_country(code)
    limit(edition, (QuotaScope.COUNTRY, "", 2))
    holder = come(edition, country="XAA")
    rows = together(edition, 3)
    for row, code in zip(rows, ("XAA", "XAA", "XAB"), strict=True):
        come(edition, row.person, code)
    other = come(edition, country="XAB")
    assert standing(*rows, other) == ["waitlisted"] * 3 + ["confirmed"]
    assert waiting.waits(edition, rows, waiting.everything)[rows[2].id] == (
        "Party of 3, seated together: Country XAA: 1 of 2 taken, 1 free"
    )
    service.cancel(holder, by=holder.person, now=LATER)
    assert standing(*rows) == ["confirmed"] * 3


def test_of_the_others_countries_no_member_reads_anything_and_organisers_read_it_all(
    client: Client,
) -> None:
    edition = make_edition(capacity=9)
    for code in ("XAA", "XAB"):
        make_country(code)
    limit(edition, (QuotaScope.COUNTRY, "XAA", 2), (QuotaScope.COUNTRY, "XAB", 1))
    come(edition, country="XAA")
    come(edition, country="XAB")
    rows = together(edition, 3)
    for row, code in zip(rows, ("XAA", "XAA", "XAB"), strict=True):
        come(edition, row.person, code)
    hidden = "a quota without room for the whole party"
    told = waiting.waits(edition, rows)
    # "1 free" would say that the others are of the same country.
    assert told[rows[0].id] == f"Party of 3, seated together: {hidden}"
    assert told[rows[2].id] == f"Party of 3, seated together: Country XAB: 1 of 1 taken; {hidden}"
    client.sign_in(rows[0].person)
    own = words(client.get(f"/registrations/{rows[0].public_id}"))
    assert (hidden in own, "Country XAB" in own) == (True, False)
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    delegation = words(client.get(f"/delegations/{edition.slug}"))
    assert f"Country XAA: 1 of 2 taken, 1 free; {hidden}" in delegation
    assert "XAB" not in delegation
    client.sign_in(make_person(role=Role.ORGANISER))
    desk = words(client.get(f"/organise/editions/{edition.slug}/selection"))
    assert "Country XAA: 1 of 2 taken, 1 free; Country XAB: 1 of 1 taken" in desk


def test_before_registering_nobody_reads_of_the_others_countries() -> None:
    edition = make_edition(capacity=9)
    for code in ("XAA", "XAB"):
        make_country(code)
    limit(edition, (QuotaScope.COUNTRY, "XAB", 0))
    rows = together(edition, 2)
    come(edition, rows[1].person, "XAB")
    rows[0].country_code = "XAA"
    assert waiting.prospect(edition, rows[0].person, rows[0]).waits_for == (
        "Party of 2, more than can ever come in together: a quota without room for the whole party"
    )


def test_the_desk_shows_who_comes_together_seated_or_waiting(client: Client) -> None:
    edition = make_edition(capacity=2)
    people = [make_person(name=name) for name in ("Ana", "Ben", "Cleo")]
    first = parties.form(edition, people[0], 2, now=OPENING)
    parties.join(db.session.get_one(Party, first.party_id), people[1], now=OPENING)
    for person in people:
        come(edition, person)
    assert first.holds_seat
    client.sign_in(make_person(role=Role.ORGANISER))
    desk = f"/organise/editions/{edition.slug}/selection"
    assert words(client.get(desk)).count("In a party of 2") == 2
    shown = client.get(f"{desk}?party={first.public_id}").text
    assert [f"<bdi>{name}</bdi>" in shown for name in ("Ana", "Ben", "Cleo")] == [True, True, False]
    assert 'name="party" value="' in shown  # a further filter keeps it
    assert "Comes in a party of 2 with Ben" in words(client.get(f"{desk}/{first.public_id}"))
    assert client.get(f"{desk}?party=none").status_code == 200


def test_who_leaves_stands_alone_at_the_own_turn_and_the_rest_are_a_party_of_one_less() -> None:
    edition = make_edition(capacity=1)
    come(edition)
    early = come(edition)
    middle = come(edition)
    parties.form(edition, early.person, 2, now=OPENING)
    party = db.session.get_one(Party, early.party_id)
    last = come(edition)
    parties.join(party, last.person, now=OPENING)
    assert waiting.numbers([early, middle, last]) == {middle.id: 1, early.id: 2, last.id: 3}
    parties.leave(last, by=last.person, now=LATER)
    assert waiting.numbers([early, middle, last]) == {early.id: 1, middle.id: 2, last.id: 3}
    assert queries.party_of(early).size == 1


def test_who_cancels_leaves_the_others_a_smaller_party_that_may_fit() -> None:
    edition = make_edition(capacity=3)
    come(edition)
    rows = together(edition, 3, sent=3)
    assert standing(*rows) == ["waitlisted"] * 3
    service.cancel(rows[1], by=rows[1].person, now=LATER)
    assert standing(*rows) == ["confirmed", "cancelled", "confirmed"]
    service.cancel(rows[0], by=rows[0].person, now=LATER)
    assert standing(*rows) == ["cancelled", "cancelled", "confirmed"]


def test_who_has_registered_can_go_on_without_who_has_not() -> None:
    edition = make_edition(capacity=3)
    rows = together(edition, 3, sent=2)
    code = queries.party_of(rows[0]).code
    parties.go_on(rows[0], by=rows[0].person, now=LATER)
    assert standing(*rows) == ["confirmed", "confirmed", "draft"]
    assert (rows[2].party_id, queries.party_by_code(code)) == (None, None)
    assert mails(rows[2].person) == ["You come alone now"]


def test_who_made_no_draft_in_time_holds_the_party_up_no_longer_once_registration_closes() -> None:
    edition = make_edition(capacity=3, registration_closes_at=OPENING + timedelta(days=9))
    rows = together(edition, 3, sent=2)
    assert parties.close_late(now=OPENING + timedelta(days=8)) == 0
    later = OPENING + timedelta(days=9)
    assert (parties.close_late(now=later), parties.close_late(now=later)) == (1, 0)
    assert standing(*rows) == ["confirmed", "confirmed", "draft"]


@pytest.mark.parametrize("policy", [P.APPROVAL, P.NOMINATION])
def test_where_somebody_decides_a_party_is_seated_when_its_last_is_accepted(
    policy: AdmissionPolicy,
) -> None:
    edition = make_edition(capacity=5, admission_policy=policy)
    country, by = make_country("XAA"), {"by": make_person(), "now": LATER}
    rows = together(edition, 3)
    for row in rows:
        come(edition, row.person, country.code)
    assert standing(*rows) == ["submitted"] * 3
    if policy is P.NOMINATION:
        for row in rows[:2]:
            delegations.judge(row, Status.ENDORSED, reason="", **by)
    selection.decide_many(edition, rows[:2], "accept", reason="", **by)
    assert standing(*rows) == ["waitlisted", "waitlisted", "submitted"]
    assert waiting.waits(edition, rows)[rows[0].id] == (
        "The rest of the party: 1 of 3 wait for a decision"
    )
    if policy is P.NOMINATION:
        delegations.judge(rows[2], Status.REFUSED, reason="No", **by)
        assert standing(*rows) == ["confirmed", "confirmed", "refused"]
    else:
        selection.decide_many(edition, rows[2:], "accept", reason="", **by)
        assert standing(*rows) == ["confirmed"] * 3


def test_a_party_whose_policy_becomes_open_is_seated_whole() -> None:
    from app.registrations import policy  # noqa: PLC0415 - the name is a parameter above

    edition = make_edition(capacity=2, admission_policy=P.APPROVAL)
    rows = together(edition, 2, sent=2)
    policy.change(edition, P.OPEN, 2, by=make_person(), now=LATER)
    assert standing(*rows) == ["confirmed"] * 2


def test_a_place_offered_to_a_party_is_answered_by_each_for_themself() -> None:
    edition = make_edition(capacity=2)
    limit(edition, answer_days=2)
    holder = come(edition)
    rows = together(edition, 2, sent=2)
    next_one = come(edition)
    service.cancel(holder, by=holder.person, now=OPENING)
    assert standing(*rows, next_one) == ["offered", "offered", "waitlisted"]
    service.accept_offer(rows[0], by=rows[0].person, now=OPENING)
    assert service.lapse_offers(now=OPENING + timedelta(days=4)) == 1
    assert standing(*rows, next_one) == ["confirmed", "cancelled", "offered"]


def test_who_is_let_in_alone_or_for_a_colleague_leaves_no_party_without_people() -> None:
    edition, country = make_edition(capacity=9), make_country("XAA")
    invited, colleague = (parties.form(edition, make_person(), 3, now=OPENING) for _ in range(2))
    delegate = come(edition, country=country.code)
    by = {"by": make_person(), "now": OPENING}
    selection.invite(
        edition, invited.person.email, Candidate(), keeps_place=True, reason="Keynote", **by
    )
    delegations.replace(delegate, colleague.person.email, "", **by)
    assert standing(invited, colleague) == ["offered", "offered"]
    assert db.session.query(Party).count() == 0


def test_who_completes_a_party_is_told_that_a_place_is_offered(client: Client) -> None:
    edition = make_edition(capacity=2)
    limit(edition, answer_days=2)
    last = together(edition, 2, sent=1)[1]
    db.session.commit()
    client.sign_in(last.person)
    client.submit(f"/editions/{edition.slug}/register", name="Ana", accepts_terms="y")
    assert standing(last) == ["offered"]
    page = words(client.get(f"/registrations/{last.public_id}"))
    assert f"A place at {edition.title} is offered to you: take it on this page." in page


def test_a_contact_reads_of_a_party_that_is_none_of_theirs_once_the_person_confirms(
    client: Client,
) -> None:
    edition = make_edition(capacity=9)
    make_country("XAA")
    row = together(edition, 2)[0]
    db.session.commit()
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    page = f"/delegations/{edition.slug}"
    client.submit(page, email=row.person.email, name="As Typed")
    told = words(client.get(page))
    assert "As Typed" in told
    assert ("a party of 2" in told, "Take out of the party" in told) == (False, False)
    come(edition, row.person, "XAA")
    db.session.commit()
    told = words(client.get(page))
    assert "The rest of the party: 1 of 2 have registered" in told
    assert "Take out of the party" in told


def test_a_contact_binds_people_of_the_own_country_alone_and_takes_them_out_again(
    client: Client,
) -> None:
    edition = make_edition(capacity=4, admission_policy=P.APPROVAL)
    for code in ("XAA", "XAB"):
        make_country(code)
    own = [come(edition, make_person(name=f"Own {n}"), "XAA") for n in range(2)]
    foreign = come(edition, country="XAB")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    page = f"/delegations/{edition.slug}"
    ids = [row.public_id for row in own]
    forged = client.submit(page, together=[ids[0], foreign.public_id], bind="1")
    assert forged.status_code == 404
    alone = client.submit(page, together=ids[:1] * 2, bind="1")
    assert (alone.status_code, "at least two people" in alert(alone)) == (422, True)
    assert "checked" in alone.text
    assert client.submit(page, together=ids, bind="1").status_code == 303
    assert words(client.get(page)).count("comes in a party of 2") == 2
    assert mails(own[0].person)[-1] == "You come as a party"
    assert client.submit(page, id=ids[0], act="part").status_code == 303
    assert mails(own[0].person)[-1] == "You come alone now"
    again = client.submit(page, id=ids[0], act="part")
    assert (again.status_code, "None of them waits in a party" in alert(again)) == (422, True)
    assert words(client.get(page)).count("comes in a party") == 0


def test_a_colleague_takes_over_the_place_in_the_party() -> None:
    edition = make_edition(capacity=2)
    come(edition)
    rows = together(edition, 2, sent=2)
    colleague = delegations.replace(rows[0], "new@example.org", "", by=make_person(), now=LATER)
    state = queries.party_of(rows[1])
    assert (state.people, state.size, colleague.status) == (2, 2, Status.WAITLISTED)


def test_what_cannot_be_is_refused_in_words() -> None:
    edition = make_edition(capacity=9)
    rows = together(edition, 2)
    party = db.session.get_one(Party, rows[0].party_id)
    with pytest.raises(parties.PartySizeError, match="2 to 10 people"):
        parties.form(edition, make_person(), 11, now=OPENING)
    with pytest.raises(parties.PartyFullError, match="all 2 are in it"):
        parties.join(party, make_person(), now=OPENING)
    seated = come(edition)
    with pytest.raises(parties.PlaceAlreadyError):
        parties.join(party, seated.person, now=OPENING)
    other = parties.form(edition, make_person(), 2, now=OPENING)
    with pytest.raises(parties.OtherPartyError):
        parties.join(party, other.person, now=OPENING)
    for row in rows:
        come(edition, row.person)
    with pytest.raises(parties.PartySeatedError):
        parties.join(party, make_person(), now=OPENING)
    with pytest.raises(parties.NoPartyError):
        parties.leave(rows[0], by=rows[0].person, now=OPENING)
    closed = make_edition(status=EditionStatus.REGISTRATION_CLOSED)
    with pytest.raises(service.RegistrationClosedError):
        parties.form(closed, make_person(), 2, now=OPENING)


def test_of_an_erased_member_nothing_stays_and_the_party_goes_with_its_last() -> None:
    edition = make_edition(capacity=2)
    come(edition)
    rows = together(edition, 2, sent=2)
    assert standing(*rows) == ["waitlisted"] * 2
    for row in rows:
        privacy.erase(row.person, by=None, now=LATER)
    assert db.session.query(Party).count() == 0


# -- pages ------------------------------------------------------------------------------------


def test_a_party_is_made_shared_joined_and_seated_on_pages_that_name_nobody(
    client: Client,
) -> None:
    edition = make_edition(capacity=5)
    people = [make_person(name=f"Person {n}") for n in "ABC"]
    client.sign_in(people[0])
    asked = words(client.get(f"/editions/{edition.slug}/register"))
    assert "Make a party first" in asked
    made = client.submit(f"/editions/{edition.slug}/party", size="3")
    assert (made.status_code, made.location.endswith("#party")) == (303, True)
    first = queries.find(edition, people[0])
    link = f"/parties/{queries.party_of(first).code}"
    assert link in client.get(made.location).text
    client.submit(f"/editions/{edition.slug}/register", name="Person A", accepts_terms="y")
    page = f"/registrations/{first.public_id}"
    told = words(client.get(page))
    assert "Your party is not complete yet" in told
    assert "In the party 1 of 3 Have registered 1 of 3" in told
    for person in people[1:]:
        client.sign_in(person)
        assert "1 of 3" in words(client.get(link)) or "2 of 3" in words(client.get(link))
        joined = client.submit(link, submit="1")
        assert joined.location == f"/editions/{edition.slug}/register"
        asked = words(client.get(joined.location))
        assert "You come as a party" in asked or person is people[2]
        client.submit(joined.location, name=person.name, accepts_terms="y")
        assert "Person A" not in client.get(link, follow_redirects=True).text
    client.sign_in(people[0])
    told = words(client.get(page))
    assert "You have your places, all 3" in told
    assert not {name for name in ("Person B", "Person C") if name in told}
    assert not {person.email for person in people[1:] if person.email in told}


def test_leaving_and_going_on_are_buttons_of_ones_own_page(client: Client) -> None:
    edition = make_edition(capacity=5)
    rows = together(edition, 3, sent=1)
    client.sign_in(rows[0].person)
    page = f"/registrations/{rows[0].public_id}"
    assert "Go on as we are" in words(client.get(page))
    other = f"/registrations/{rows[1].public_id}/party"
    assert client.submit(other, leave="1").status_code == 404
    assert client.submit(f"{page}/party", go_on="1").status_code == 303
    assert standing(*rows) == ["confirmed", "draft", "draft"]
    client.sign_in(rows[1].person)
    page = f"/registrations/{rows[1].public_id}"
    assert "Leave the party" not in words(client.get(page))


def test_a_code_that_is_none_leads_nowhere(client: Client) -> None:
    client.sign_in(make_person())
    assert client.get("/parties/AAAAAAAAAAAAAAAA").status_code == 404
    edition = make_edition()
    wrong = client.submit(f"/editions/{edition.slug}/party", size="one hundred")
    assert wrong.status_code == 422
    assert client.submit(f"/editions/{edition.slug}/party", size="99").status_code == 422


def test_who_registers_into_a_party_reads_for_whom_it_waits_and_no_number(client: Client) -> None:
    edition = make_edition(capacity=5)
    first = parties.form(edition, make_person(), 3, now=OPENING)
    client.sign_in(first.person)
    page = f"/editions/{edition.slug}/register"
    sent = client.submit(page, name="Ana", accepts_terms="y")
    told = client.get(sent.location).text
    assert "The rest of the party: 1 of 3 have registered" in told


def test_a_contact_with_one_delegate_left_reads_why_they_are_no_party(client: Client) -> None:
    edition = make_edition(admission_policy=P.APPROVAL)
    make_country("XAA")
    row = come(edition, make_person(name="Own"), "XAA")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    answer = client.submit(f"/delegations/{edition.slug}", together=[row.public_id], bind="1")
    assert (answer.status_code, "at least two people" in alert(answer)) == (422, True)
