from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app import audit
from app.accounts.models import Role
from app.database import db
from app.editions import disruptions
from app.hosting import calling, queries
from app.hosting.models import CallForHosts
from app.outbox import OutboxMessage
from scheduler.hosting import DEFAULT_WEIGHTS, Criterion
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import OPENING, make_call, make_country, make_edition, make_offer, make_person
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.editions.models import Edition
    from tests.conftest import Client

FIRST = date(2028, 9, 11)
AFTER = OPENING + timedelta(days=61)
WEIGHTS = {"venue": 30, "access": 20, "security": 15, "cost": 15, "balance": 10, "programme": 5,
           "languages": 5}  # fmt: skip


@pytest.fixture
def edition() -> Edition:
    return make_edition(status=EditionStatus.CALL_OPEN, dtstart=FIRST, days=5)


def test_a_call_says_its_conditions_days_and_weights(client: Client) -> None:
    edition = make_edition(status=EditionStatus.PROJECTED, dtstart=FIRST, days=5)
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/organise/editions/{edition.slug}/call"
    form = fields(client.get(path))
    assert [form[criterion.value] for criterion in Criterion] == [
        str(weight) for weight in DEFAULT_WEIGHTS.values()
    ]
    # Offers usually close 24 months before a symposium; the work begins late, so sooner.
    assert form["closes_on"] == "2027-05-17"
    typed = {
        "closes_on": "2027-08-31",
        "conditions": "Two rooms.",
        "dates_first": "2028-09-01",
        "dates_last": "2028-10-15",
        "is_published": "y",
    } | WEIGHTS
    assert client.submit(path, **typed).status_code == 303
    call = db.session.query(CallForHosts).one()
    assert call.weights == {Criterion(name): weight for name, weight in WEIGHTS.items()}
    assert (call.dates_from, call.dates_until) == (date(2028, 9, 1), date(2028, 10, 16))
    client.delete_cookie("session")
    page = words(client.get(f"/hosting/calls/{edition.slug}"))
    assert "Two rooms." in page
    assert "Venue 30" in page


def test_the_closing_day_is_proposed_by_the_milestones(client: Client) -> None:
    edition = make_edition(status=EditionStatus.PROJECTED, dtstart=date(2030, 3, 5))
    client.sign_in(make_person(role=Role.ORGANISER))
    form = fields(client.get(f"/organise/editions/{edition.slug}/call"))
    assert form["closes_on"] == "2028-03-05"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"venue": "40"}, "sum to 100; these sum to 110"),
        ({"venue": "-1"}, "Venue"),
        ({"languages": "five"}, "Languages"),
        ({"dates_first": "2028-09-01"}, "both its first and its last day"),
        ({"dates_first": "2028-09-01", "dates_last": "2028-08-01"}, "lies before the first"),
        ({"dates_first": "2028-09-01", "dates_last": "2028-09-03"}, "Leave room for 5 days"),
    ],
)
def test_terms_that_cannot_be_are_refused_and_stay_typed(
    typed: dict[str, str], said: str, client: Client
) -> None:
    edition = make_edition(status=EditionStatus.PROJECTED, dtstart=FIRST, days=5)
    client.sign_in(make_person(role=Role.ORGANISER))
    whole = {"closes_on": "2027-08-31", **WEIGHTS, **typed}
    answer = client.submit(f"/organise/editions/{edition.slug}/call", **whole)
    assert (answer.status_code, said in alert(answer)) == (422, True)
    assert {key: fields(answer)[key] for key in whole} == {k: str(v) for k, v in whole.items()}
    assert (db.session.query(CallForHosts).count(), edition.status) == (0, EditionStatus.PROJECTED)


def test_a_call_that_finds_nobody_is_extended_once_then_countries_are_asked(
    client: Client, edition: Edition
) -> None:
    call = make_call(edition)
    organiser = make_person(role=Role.ORGANISER)
    make_country("XAA", name="Alboria")
    make_country("XAB")
    asked = make_person("asked@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")
    other = make_person(role=Role.NATIONAL_CONTACT, scope="XAB")
    client.sign_in(organiser)
    path = f"/hosting/calls/{edition.slug}"
    early = client.submit(f"{path}/approach", countries="XAA", until="2027-06-30", reason="Nobody.")
    assert "Extend the call by 60 days first" in alert(early)
    was = call.last_day
    assert client.submit(f"{path}/extend", reason="Nobody offered.").status_code == 303
    assert call.last_day == was + timedelta(days=60)
    assert "extended once already" in alert(client.submit(f"{path}/extend", reason="Again."))
    answer = client.submit(
        f"{path}/approach", countries="XAA", until="2027-06-30", reason="They hosted well before."
    )
    assert (answer.status_code, call.approached) == (303, ["XAA"])
    assert "Asked directly: Alboria." in words(client.get(path))
    assert [mail.to_address for mail in db.session.query(OutboxMessage)] == ["asked@example.org"]
    assert client.sign_in(asked).get(f"{path}/offer").status_code == 200
    assert client.sign_in(other).get(f"{path}/offer").status_code == 404
    assert [(entry.action, entry.reason) for entry in audit.history(edition)] == [
        ("edition.call_extended", "Nobody offered."),
        ("edition.hosts_approached", "They hosted well before."),
    ]


def test_a_call_with_an_offer_is_judged_and_not_extended(edition: Edition) -> None:
    call = make_call(edition)
    make_offer(edition, make_country("XAA"))
    organiser = make_person(role=Role.ORGANISER)
    with pytest.raises(calling.OffersThereError, match="There is an offer for"):
        calling.extend(call, reason="More, please.", by=organiser, now=AFTER)
    db.session.rollback()


def test_what_was_offered_for_a_cancelled_edition_is_let_go_and_its_countries_are_told() -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN, title="Symposium")
    make_call(edition)
    status = OfferStatus
    was = (status.SUBMITTED, status.RETURNED, status.DRAFT, status.RESERVE, status.WITHDRAWN)
    offers = []
    for code, one in zip(("XAA", "XAB", "XAC", "XAD", "XAE"), was, strict=True):
        country = make_country(code)
        make_person(f"{code.lower()}@example.org", role=Role.NATIONAL_CONTACT, scope=code)
        offers.append(make_offer(edition, country, status=one))
    disruptions.cancel(edition, reason="No funds", by=make_person(), now=OPENING)
    assert [offer.status for offer in offers] == [
        status.NOT_SELECTED, status.LAPSED, status.LAPSED, status.NOT_SELECTED, status.WITHDRAWN,
    ]  # fmt: skip
    told = db.session.query(OutboxMessage).order_by(OutboxMessage.id).all()
    assert [(one.to_address[:3], one.subject) for one in told] == [
        (code, "Cancelled: Symposium") for code in ("xaa", "xab", "xac", "xad")
    ]
    assert all("The reason: No funds" in one.text for one in told)


def test_a_draft_or_a_withdrawn_offer_is_nobodys_offer(edition: Edition) -> None:
    call = make_call(edition)
    for code, status in (("XAA", OfferStatus.DRAFT), ("XAB", OfferStatus.WITHDRAWN)):
        make_offer(edition, make_country(code), status=status)
    calling.extend(call, reason="Nobody offered.", by=make_person(), now=AFTER)
    assert call.last_day == AFTER.date() + timedelta(days=60)


def test_no_call_reaches_into_its_event() -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN, dtstart=OPENING.date() + timedelta(50))
    call = make_call(edition, closes_at=OPENING + timedelta(days=20), commit=True)
    with pytest.raises(calling.CallClosingError):
        calling.extend(call, reason="Nobody offered.", by=make_person(), now=OPENING)
    db.session.rollback()
    assert queries.call_of(edition).extended_at is None  # type: ignore[union-attr]


def test_who_has_offered_is_led_to_the_offer_and_a_visitor_to_the_sign_in(
    client: Client, edition: Edition
) -> None:
    make_call(edition, is_published=True)
    for path in ("/hosting/", f"/hosting/calls/{edition.slug}"):
        assert "Sign in to offer" in words(client.get(path))
    offer = make_offer(edition, make_country("XAA"))
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    told = words(client.sign_in(contact).get("/hosting/"))
    assert f"See the offer of {offer.country.name}" in told
    assert "Offer to host" not in told
    make_country("XAB")
    other = make_person(role=Role.NATIONAL_CONTACT, scope="XAB")
    told = words(client.sign_in(other).get("/hosting/"))
    assert ("Offer to host" in told, "See the offer" in told) == (True, False)
