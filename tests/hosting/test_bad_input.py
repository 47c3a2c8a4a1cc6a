"""What no browser would send, and what people paste: refused in words, and nothing is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from app import database
from app.accounts.models import Role
from app.database import db
from app.hosting import queries, sections
from scheduler.lifecycle import OfferStatus
from tests.conftest import POSTGRESQL
from tests.factories import OPENING, make_country, make_offer, make_person
from tests.house import matrix
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from flask import Flask

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.models import HostingOffer
    from tests.conftest import Client

LINE = {"item": "Hall", "amount": "80", "currency": "EUR", "payer": "host"}
MIXED = "قاعة المؤتمرات – אולם – Ħall 👩‍🚀🏛️"  # both directions, and signs of several characters
LONG = "Straße " * 1430
STRANGE = [LONG, MIXED, "sNaN", "9" * 5000, "9999-12-31", "0001-01-01"]
NAMES = re.compile(r'name="([^"]+)"')


@pytest.fixture
def offer(edition: Edition) -> HostingOffer:
    return make_offer(edition, make_country("XAA", name="Alboria"), status=OfferStatus.DRAFT)


def lines(count: int) -> dict[str, str]:
    return {f"rows-{at}-{key}": value for at in range(count) for key, value in LINE.items()}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "NaN"}, "“NaN” is not an amount. Write a number from 0 in at most twelve"),
        ({"amount": "sNaN"}, "“sNaN” is not an amount"),
        ({"amount": "1e999"}, "“1e999” is not an amount"),
        ({"amount": "1e-999999"}, "“1e-999999” is not an amount"),
        ({"amount": "Infinity"}, "“Infinity” is not an amount"),
        ({"amount": "-1"}, "“-1” is not an amount"),
        ({"amount": "0.004"}, "“0.004” is not an amount"),  # and not rounded unasked
        ({"amount": "12,50"}, "“12,50” is not an amount"),
        ({"amount": "1" * 13}, "is not an amount"),
        ({"currency": "XXZ"}, "“XXZ” is no currency that is known. Write its three capital"),
        ({"currency": "eur"}, "“eur” is no currency that is known"),
        ({"currency": "€"}, "“€” is no currency that is known"),
        ({"payer": "nobody"}, "Borne by"),
        ({"item": LONG.strip()}, "longer than 120 characters"),
    ],
)
def test_a_cost_that_is_none_is_refused_and_comes_back(
    typed: dict[str, str], said: str, client: Client, offer: HostingOffer, contact: Person
) -> None:
    client.sign_in(contact)
    whole = {f"rows-0-{key}": value for key, value in (LINE | typed).items()}
    answer = client.submit(f"/hosting/offers/{offer.public_id}/sections/costs", **whole)
    assert (answer.status_code, said in alert(answer)) == (422, True)
    back = fields(answer)
    kept = {key: value for key, value in whole.items() if key != "rows-0-payer"}
    assert {key: back[key] for key in kept} == kept
    db.session.expire_all()
    assert offer.details == {}


@pytest.mark.parametrize(("count", "back"), [(31, 31), (1000, 100)])
def test_lines_of_costs_that_are_too_many_are_refused_and_not_cut_off(
    count: int, back: int, client: Client, offer: HostingOffer, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/offers/{offer.public_id}/sections/costs"
    answer = client.submit(path, **lines(count))
    assert answer.status_code == 422
    assert f"There is room for 30 lines, and these are {count}" in alert(answer)
    assert sum(name.endswith("-item") for name in fields(answer)) == back
    assert client.submit(path, **lines(30)).status_code == 303
    assert len(sections.facts_of(offer)["costs"]["rows"]) == 30


def test_words_of_every_script_come_back_as_they_were_typed(
    client: Client, offer: HostingOffer, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/offers/{offer.public_id}"
    told = {
        "authority": {"authority": MIXED, "signatory": MIXED, "partners": MIXED},
        "venue": {"city": MIXED, "venue": MIXED, "capacity": "80", "hotels": MIXED},
        "programme": {"showcase": MIXED},
        "costs": {f"rows-0-{key}": value for key, value in (LINE | {"item": MIXED}).items()},
    }
    for name, typed in told.items():
        assert client.submit(f"{path}/sections/{name}", **typed).status_code == 303
        form = fields(client.get(f"{path}/sections/{name}"))
        wanted = typed | ({"rows-0-amount": "80.00"} if name == "costs" else {})
        assert {key: form[key] for key in wanted} == wanted
    assert words(client.get(path)).count(MIXED) == 10


@pytest.mark.parametrize("section", ["venue", "access", "assurances", "programme", "contacts"])
def test_a_text_that_is_too_long_is_refused_in_its_section_and_comes_back_whole(
    section: str, client: Client, offer: HostingOffer, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/offers/{offer.public_id}/sections/{section}"
    page = client.get(path)
    names = re.findall(r'<textarea [^>]*name="([^"]+)"', page.text)
    answer = client.submit(path, **dict.fromkeys(names, LONG), next="1")
    assert (answer.status_code, "cannot be longer than" in alert(answer)) == (422, True)
    assert {fields(answer)[name] for name in names} == {LONG.strip()}


def test_a_draft_that_comes_too_late_is_told_so_and_keeps_what_was_typed(
    client: Client, edition: Edition, offer: HostingOffer, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/offers/{offer.public_id}"
    call = queries.call_of(edition)
    assert call is not None
    database.write(call)
    call.closes_at = OPENING
    late = client.submit(f"{path}/sections/venue", city="Port Albor", venue="Hall", capacity="9")
    assert (late.status_code, fields(late)["city"]) == (422, "Port Albor")
    assert "is closed; offers are no longer taken" in alert(late)
    sent = client.submit(f"{path}/send")
    assert (sent.status_code, "is closed" in sent.text) == (409, True)
    db.session.expire_all()
    assert (offer.status, offer.city) == (OfferStatus.DRAFT, "Offerville")


def test_a_foreign_draft_is_not_there_whatever_is_sent(client: Client, offer: HostingOffer) -> None:
    make_country("XAB")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAB"))
    path = f"/hosting/offers/{offer.public_id}"
    for end in ("sections/venue", "send", "annexes", "edit", "withdraw"):
        assert client.submit(f"{path}/{end}", city="Taken", country="XAA").status_code == 404
    db.session.expire_all()
    assert offer.city == "Offerville"


def test_a_window_outside_the_call_is_refused_and_says_which_days_are_asked_for(
    client: Client, edition: Edition, offer: HostingOffer, contact: Person
) -> None:
    call = queries.call_of(edition)
    assert call is not None
    database.write(call)
    call.dates_from, call.dates_until = edition.dtstart, edition.dtend
    client.sign_in(contact)
    typed = {"first_1": edition.dtstart.isoformat(), "last_1": "2199-12-31"}
    answer = client.submit(f"/hosting/offers/{offer.public_id}/sections/dates", **typed)
    assert answer.status_code == 422
    assert f"The call asks for days from {edition.dtstart:%-d %B %Y}" in alert(answer)
    assert {key: fields(answer)[key] for key in typed} == typed


def test_a_choice_that_comes_too_late_says_so_and_keeps_the_reason(
    client: Client, edition: Edition
) -> None:
    offer = make_offer(edition, make_country("XAA"))
    client.sign_in(make_person(role=Role.ORGANISER))
    days = {"first_day": edition.dtstart.isoformat(), "last_day": edition.dtstart.isoformat()}
    typed = {"offer": offer.public_id, **days, "reason": "The best", "weighed": "All of it"}
    answer = client.submit(f"/hosting/calls/{edition.slug}", **typed)
    assert (answer.status_code, "cannot become host selected" in alert(answer)) == (422, True)
    assert {key: fields(answer)[key] for key in typed} == typed


@pytest.mark.skipif(bool(POSTGRESQL), reason="the world is put back as one file")
def test_no_form_falls_over_what_is_typed_and_every_refusal_has_words(
    app: Flask, client: Client
) -> None:
    asker = matrix.Asker(app, client)
    silent: list[str] = []
    forms = 0
    for row in matrix.rows():
        if "POST" not in row.methods or not row.route.startswith("/hosting/"):
            continue
        path = matrix.address(row, asker.world.things) or ""
        able = [name for name, mark in row.expected().items() if mark == "●"]
        if not able:
            continue
        cookie: dict[str, Any] = {"headers": {"Cookie": asker.cookies[able[-1]]}}
        names = set(NAMES.findall(asker.browser.get(path, **cookie).text))
        names -= {"csrf_token", "check", "seen"}
        forms += 1
        for value in STRANGE:
            typed = dict.fromkeys(names, value) | {"csrf_token": asker.tokens[able[-1]]}
            with asker.browser.post(path, data=typed, **cookie) as answer:
                if answer.status_code == 303:
                    asker.put_back()
                elif answer.status_code == 422 and not alert(answer):
                    silent.append(f"{path} {value[:20]}")
    assert (silent, forms > 30) == ([], True)
