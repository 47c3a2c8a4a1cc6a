from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import audit, database
from app.accounts.models import Role
from app.database import db
from app.hosting import calling, drafts, queries, sections, service
from app.hosting.models import HostingOffer
from app.hosting.sections import Payer, Section
from app.outbox import OutboxMessage
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import (
    OPENING,
    PDF,
    make_country,
    make_edition,
    make_offer,
    make_person,
)
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

FIRST = date(2027, 9, 13)
ONE_PAGE = {
    "country": "XAA",
    "city": "Albor",
    "venue": "Congress Hall",
    "capacity": "120",
    "first_1": "2027-09-13",
    "last_1": "2027-09-24",
}


def begin(client: Client, edition: Edition, **typed: str) -> str:
    """Begin a draft by the one-page form and return its address."""
    path = f"/hosting/calls/{edition.slug}/offer"
    return client.submit(path, country="XAA", draft="1", **typed).location


def the_offer() -> HostingOffer:
    return db.session.query(HostingOffer).one()


def pdf(name: str = "letter.pdf", content: bytes = PDF) -> tuple[BytesIO, str]:
    return BytesIO(content), name


# -- a draft ---------------------------------------------------------------------------------


def test_a_draft_is_begun_with_the_country_alone_and_shared_with_its_deputies(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = begin(client, edition, city="Albor")
    assert (the_offer().status, the_offer().city, the_offer().submitted_at) == (
        OfferStatus.DRAFT,
        "Albor",
        None,
    )
    readers = {
        "deputy": make_person(role=Role.NATIONAL_CONTACT, scope="XAA"),
        "neighbour": make_person(role=Role.NATIONAL_CONTACT, scope=make_country("XAB").code),
        "committee": make_person(role=Role.COMMITTEE),
        "organiser": make_person(role=Role.ORGANISER),
    }
    answers = {name: client.sign_in(one).get(path).status_code for name, one in readers.items()}
    assert answers == {"deputy": 200, "neighbour": 404, "committee": 404, "organiser": 404}
    assert queries.offers_for(edition) == []
    assert queries.count_standing([edition.id]) == {}
    assert db.session.query(OutboxMessage).count() == 0


def test_every_section_is_saved_half_filled_and_comes_back_as_typed(
    client: Client, edition: Edition, contact: Person
) -> None:
    typed = {
        "authority": {"authority": "Nuclear Security Authority", "signatory": "The Minister"},
        "dates": {"first_1": "2027-09-13", "last_1": "2027-09-20"},
        "venue": {"city": "Albor", "venue": "Hall", "capacity": "80", "accessibility": "Lifts."},
        "access": {"airport": "Albor, 12 km", "visa_days": "10", "no_barrier": "y"},
        "assurances": {"legal": "Immunities.", "security_contact": "Captain A."},
        "programme": {"languages": "English, French", "showcase": "A reactor."},
        "contacts": {"contact_name": "A. Person", "contact_email": "a@example.org"},
    }
    client.sign_in(contact)
    path = begin(client, edition)
    for name, values in typed.items():
        answer = client.submit(f"{path}/sections/{name}", **values)
        assert (name, answer.status_code, answer.location) == (name, 303, path)
        form = fields(client.get(f"{path}/sections/{name}"))
        assert {key: form.get(key) for key in values} == values
    page = words(client.get(path))
    for told in ("Captain A.", "Albor, 12 km", "A reactor.", "English, French", "Lifts."):
        assert told in page


def test_saving_can_lead_on_to_the_next_section(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = begin(client, edition)
    answer = client.submit(f"{path}/sections/authority", next="1")
    assert answer.location == f"{path}/sections/dates"
    assert client.get(f"{path}/sections/nothing").status_code == 404


@pytest.mark.parametrize(
    ("section", "typed", "said"),
    [
        ("dates", {"first_1": "2027-09-13", "last_1": "2027-09-14"}, "at least 5 days"),
        ("dates", {"first_1": "2027-09-13"}, "both its first and its last day"),
        ("venue", {"capacity": "0"}, "Seats in the plenary room"),
        ("access", {"visa_days": "-3"}, "Days until a visa is given"),
        ("contacts", {"contact_email": "nobody"}, "An address looks like name@example.org."),
        ("costs", {"rows-0-item": "Hall", "rows-0-payer": "host"}, "both what it is for and"),
        (
            "costs",
            {"rows-0-item": "Hall", "rows-0-amount": "x", "rows-0-payer": "host"},
            "Amount",
        ),
        (
            "costs",
            {
                "rows-0-item": "Hall",
                "rows-0-amount": "9",
                "rows-0-payer": "host",
                "rows-0-currency": "euro",
            },
            "three capital letters",
        ),
    ],
)
def test_a_section_that_cannot_be_is_refused_and_what_was_typed_stays(
    section: str, typed: dict[str, str], said: str, client: Client, edition: Edition,
    contact: Person,
) -> None:  # fmt: skip
    client.sign_in(contact)
    path = begin(client, edition)
    before = sections.facts_of(the_offer())
    answer = client.submit(f"{path}/sections/{section}", **typed)
    assert (answer.status_code, said in alert(answer)) == (422, True)
    assert {key: fields(answer)[key] for key in typed} == typed
    db.session.expire_all()
    assert sections.facts_of(the_offer()) == before


def test_a_letter_that_is_no_pdf_is_refused_in_its_section(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = begin(client, edition)
    answer = client.submit(
        f"{path}/sections/authority", authority="Ministry", letter=pdf("l.docx", b"PK")
    )
    assert (answer.status_code, "“l.docx” is not a PDF file" in alert(answer)) == (422, True)
    assert fields(answer)["authority"] == "Ministry"


def test_costs_are_summed_by_currency_and_payer(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = begin(client, edition)
    rows = [
        ("Hall", "host", "12500", "EUR"),
        ("Lunch", "host", "80.50", "EUR"),
        ("Bus", "group", "900", "USD"),
    ]
    typed = {
        f"rows-{at}-{name}": value
        for at, row in enumerate(rows)
        for name, value in zip(("item", "payer", "amount", "currency"), row, strict=True)
    }
    assert client.submit(f"{path}/sections/costs", **typed, grants="Ten.").status_code == 303
    page = words(client.get(path))
    assert "EUR 12,580.50 0 0" in page
    assert "USD 0 900 0" in page
    form = fields(client.get(f"{path}/sections/costs"))
    assert (form["rows-1-item"], form["rows-1-amount"], form["rows-5-item"]) == (
        "Lunch",
        "80.50",
        "",
    )


amounts = st.decimals(0, 10**9, places=2)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "payer": st.sampled_from([payer.value for payer in Payer]),
            "amount": amounts.map(str),
            "currency": st.sampled_from(["EUR", "USD", "XTS"]),
        }
    )
)


@given(rows)
def test_no_cent_is_lost_in_the_sums(lines: list[dict[str, str]]) -> None:
    sums = sections.cost_sums(lines)
    for currency in {line["currency"] for line in lines}:
        wanted = sum(Decimal(row["amount"]) for row in lines if row["currency"] == currency)
        assert sum(sums[currency].values()) == wanted
    assert sections.cost_sums(reversed(lines)) == sums


def test_days_are_checked_against_clashes_before_anything_is_saved(
    client: Client, edition: Edition, contact: Person
) -> None:
    make_edition(title="The other event", dtstart=date(2027, 9, 27), status=EditionStatus.CONFIRMED)
    client.sign_in(contact)
    path = begin(client, edition)
    typed = {"first_1": "2027-09-20", "last_1": "2027-09-28", "first_2": "2027-09-13",
             "last_2": "2027-09-14"}  # fmt: skip
    answer = client.submit(f"{path}/sections/dates", **typed, check="1")
    assert answer.status_code == 200
    assert "The other event" in words(answer)
    assert "at least 5 days" in words(answer)
    assert fields(answer)["first_1"] == "2027-09-20"
    assert list(the_offer().windows) == []
    fragment = client.submit(f"/hosting/calls/{edition.slug}/days?country=XAA", **typed)
    assert (fragment.status_code, "The other event" in fragment.text) == (200, True)
    assert "<html" not in fragment.text
    one_page = client.submit(
        f"/hosting/calls/{edition.slug}/offer", country="XAA", **typed, check=1
    )
    assert (one_page.status_code, "The other event" in words(one_page)) == (200, True)


def test_annexes_are_added_and_removed(client: Client, edition: Edition, contact: Person) -> None:
    client.sign_in(contact)
    path = begin(client, edition)
    client.submit(f"{path}/annexes", title="Plan of the hall", file=pdf("plan.pdf"))
    (annex,) = queries.annexes_of([the_offer()])[the_offer().id]
    address = f"{path}/annexes/{annex.id}"
    answer = client.get(address)
    assert (answer.status_code, answer.data) == (200, PDF)
    answer.close()
    refused = client.submit(f"{path}/annexes", title="A picture", file=pdf("p.png", b"\x89PNG"))
    assert (refused.status_code, "p.png" in alert(refused)) == (422, True)
    none = client.submit(f"{path}/annexes", title="Nothing")
    assert (none.status_code, "Choose the file to add." in alert(none)) == (422, True)
    untitled = client.submit(f"{path}/annexes", file=pdf("prices.pdf"))
    assert (untitled.status_code, "“prices.pdf” has arrived" in words(untitled)) == (422, True)
    again = fields(untitled) | {"title": "Prices"}
    assert client.submit(f"{path}/annexes", **again).status_code == 303
    (_plan, prices) = queries.annexes_of([the_offer()])[the_offer().id]
    assert (prices.title, prices.file.name) == ("Prices", "prices.pdf")
    client.submit(f"{path}/annexes/{prices.id}/remove")
    client.submit(f"{address}/remove")
    assert queries.annexes_of([the_offer()])[the_offer().id] == []
    assert client.get(address).status_code == 404


# -- sending in, and back --------------------------------------------------------------------


def test_a_draft_is_sent_in_once_place_days_and_letter_are_there(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = begin(client, edition)
    assert "a city, a venue and its capacity" in words(client.submit(f"{path}/send"))
    client.submit(f"{path}/sections/venue", city="Albor", venue="Hall", capacity="80")
    assert "one to three windows" in words(client.submit(f"{path}/send"))
    client.submit(f"{path}/sections/dates", first_1="2027-09-13", last_1="2027-09-20")
    assert "Add the government’s letter" in words(client.submit(f"{path}/send"))
    client.submit(f"{path}/sections/authority", letter=pdf())
    answer = client.submit(f"{path}/send")
    assert (answer.status_code, answer.location) == (303, path)
    offer = the_offer()
    assert (offer.status, offer.submitted_at is not None) == (OfferStatus.SUBMITTED, True)
    assert [row.number for row in queries.versions_of(offer)] == [1]
    assert [mail.subject.partition(":")[0] for mail in db.session.query(OutboxMessage)] == [
        "Offer received"
    ]
    assert client.submit(f"{path}/send").status_code == 409


def test_completeness_is_whole_only_when_nothing_is_missing(edition: Edition) -> None:
    offer = make_offer(edition, make_country("XAA"), authority="Ministry", note="")
    parts = {part.section: part for part in sections.completeness(offer)}
    assert (parts[Section.VENUE].told, parts[Section.VENUE].asked) == (3, 6)
    assert parts[Section.DATES].is_whole
    assert 0 < sections.share_told(parts.values()) < 100


def test_that_nobody_waits_for_a_visa_is_told_by_a_nought(edition: Edition) -> None:
    offer = make_offer(edition, make_country("XAA"), authority="Ministry", note="")
    before = {part.section: part.told for part in sections.completeness(offer)}
    offer.details = {"access": {"visa_days": 0, "no_barrier": False}}
    after = {part.section: part.told for part in sections.completeness(offer)}
    assert after == before | {Section.ACCESS: before[Section.ACCESS] + 1}


def test_an_offer_is_returned_once_with_comments_and_both_versions_are_compared(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = client.submit(f"/hosting/calls/{edition.slug}/offer", **ONE_PAGE, letter=pdf()).location
    calling.close_call(edition, by=contact, now=OPENING)
    deputy = make_person("deputy@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")
    organiser = make_person(role=Role.ORGANISER)
    client.sign_in(organiser)
    assert "Write a comment" in alert(client.submit(f"{path}/return", until="2027-01-29"))
    late = client.submit(f"{path}/return", until="2027-09-13", venue="How many lifts?")
    assert "must lie after today" in alert(late)
    assert fields(late)["venue"] == "How many lifts?"
    done = client.submit(f"{path}/return", until="2027-01-29", venue="How many lifts?")
    assert done.status_code == 303
    mailed = {
        mail.to_address for mail in db.session.query(OutboxMessage) if "returned" in mail.subject
    }
    assert mailed == {"contact@example.org", deputy.email}
    client.sign_in(deputy)
    assert "How many lifts?" in words(client.get(f"{path}/sections/venue"))
    # The call is closed, and the offer can be changed nevertheless.
    client.submit(
        f"{path}/sections/venue", city="Albor", venue="New Hall", capacity="120",
        accessibility="Two lifts.",
    )  # fmt: skip
    assert client.submit(f"{path}/send").status_code == 303
    assert the_offer().status is OfferStatus.SUBMITTED
    page = words(client.sign_in(organiser).get(f"{path}/versions"))
    assert "Congress Hall New Hall" in page
    assert "Accessibility Venue, capacity, accessibility – Two lifts." in page
    assert "Albor Albor" not in page
    again = client.submit(f"{path}/return", until="2027-01-29", venue="And ramps?")
    assert "was returned once already" in alert(again)


def test_a_returned_offer_comes_back_in_time_or_not_at_all(
    edition: Edition, contact: Person
) -> None:
    offer = make_offer(
        edition,
        make_country("XAA"),
        by=contact,
        status=OfferStatus.RETURNED,
        returned_at=OPENING,
        resubmit_until=OPENING.date() + timedelta(days=1),
    )
    with pytest.raises(service.ReturnedLateError, match="could be sent in again until 2027-01-16"):
        drafts.send_in(offer, by=contact, now=OPENING + timedelta(days=2))
    db.session.rollback()


def test_a_draft_lapses_when_the_call_closes(edition: Edition, contact: Person) -> None:
    offer = drafts.begin(edition, make_country("XAA"), by=contact, now=OPENING)
    calling.close_call(edition, by=contact, now=OPENING)
    assert offer.status is OfferStatus.LAPSED
    with pytest.raises(service.CallClosedError):
        drafts.save(offer, Section.CONTACTS, {"note": "Late."}, by=contact, now=OPENING)
    db.session.rollback()


def test_an_offer_that_was_sent_in_keeps_its_place(edition: Edition, contact: Person) -> None:
    offer = make_offer(edition, make_country("XAA"), by=contact, commit=True)
    facts = {"city": "", "venue": "Hall", "capacity": 80}
    with pytest.raises(drafts.PlaceMissingError):
        drafts.save(offer, Section.VENUE, facts, by=contact, now=OPENING)
    db.session.rollback()
    assert the_offer().city == "Offerville"


def test_each_change_of_a_submitted_offer_makes_a_version_and_none_makes_none(
    edition: Edition, contact: Person
) -> None:
    offer = make_offer(edition, make_country("XAA"), by=contact)
    for city in ("Albor", "Albor", "Port Albor"):
        facts = {"city": city, "venue": "Hall", "capacity": 80}
        drafts.save(offer, Section.VENUE, facts, by=contact, now=OPENING)
    assert [row.facts["venue"]["city"] for row in queries.versions_of(offer)] == [
        "Albor",
        "Port Albor",
    ]
    assert [entry.action for entry in audit.history(offer)] == ["offer.changed"] * 3


def test_what_belongs_to_another_country_is_not_there(client: Client, edition: Edition) -> None:
    path = f"/hosting/offers/{make_offer(edition, make_country('XAA')).public_id}"
    make_country("XAB")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAB"))
    answers = [
        client.get(f"{path}/sections/venue").status_code,
        client.submit(f"{path}/sections/venue", city="Mine").status_code,
        client.submit(f"{path}/send").status_code,
        client.get(f"{path}/annexes").status_code,
        client.get(f"{path}/annexes/1").status_code,
        client.get(f"{path}/versions").status_code,
        client.get(f"{path}/return").status_code,
    ]
    assert answers == [404] * 6 + [403]
    assert the_offer().city == "Offerville"


def test_windows_outside_the_calls_days_are_refused(edition: Edition) -> None:
    call = queries.call_of(edition)
    assert call
    database.write(call)
    call.dates_from, call.dates_until = date(2027, 9, 1), date(2027, 10, 1)
    for dtstart, dtend in ((date(2027, 8, 30), date(2027, 9, 10)), (FIRST, date(2027, 10, 2))):
        with pytest.raises(service.WindowOutsideError, match="from 2027-09-01 to 2027-09-30"):
            service.check_windows(edition, [(dtstart, dtend)], OPENING)
    service.check_windows(edition, [(date(2027, 9, 1), date(2027, 10, 1))], OPENING)
