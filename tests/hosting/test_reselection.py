from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.models import Role
from app.database import db
from app.editions.disruptions import AnnouncedError
from app.hosting import calling, choosing, service
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import (
    OPENING,
    PDF,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
)


def test_when_the_host_withdraws_another_offer_can_be_selected() -> None:
    edition = make_edition(status=EditionStatus.UNDER_EVALUATION)
    make_call(edition)
    first, second = (make_offer(edition, make_country(code)) for code in ("XAA", "XAB"))
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    organiser = make_person(role=Role.ORGANISER)

    def select(offer: object) -> None:
        choosing.select(
            offer,
            dtstart=edition.dtstart,
            dtend=edition.dtend,
            reason="The best of those that are left.",
            by=organiser,
            now=OPENING,
        )

    select(first)
    service.withdraw(first, reason="The venue burnt down.", by=contact, now=OPENING)
    assert (edition.status, edition.city) == (EditionStatus.UNDER_EVALUATION, "")
    select(second)
    assert [offer.status for offer in (first, second)] == [
        OfferStatus.WITHDRAWN,
        OfferStatus.SELECTED,
    ]
    assert edition.country_code == "XAB"


def test_a_country_that_lost_may_offer_anew_when_the_call_opens_again() -> None:
    edition = make_edition(status=EditionStatus.UNDER_EVALUATION)
    make_call(edition)
    country = make_country("XAA")
    lost = make_offer(edition, country, status=OfferStatus.NOT_SELECTED)
    organiser = make_person(role=Role.ORGANISER)
    calling.open_call(
        edition,
        closes_at=OPENING + timedelta(days=30),
        text="",
        is_published=False,
        by=organiser,
        now=OPENING,
    )
    again = service.submit(
        edition,
        country,
        service.OfferFacts(
            city="Albor",
            venue="Hall",
            capacity=50,
            windows=[(edition.dtstart, edition.dtend)],
        ),
        letter=(PDF, "letter.pdf"),
        by=organiser,
        now=OPENING,
    )
    assert (lost.status, again.status) == (OfferStatus.NOT_SELECTED, OfferStatus.SUBMITTED)


def test_no_host_leaves_an_edition_that_was_announced() -> None:
    host = make_country("XAA")
    edition = make_edition(
        status=EditionStatus.CONFIRMED, announced_at=OPENING, city="Albor", country_code=host.code
    )
    offer = make_offer(edition, host, status=OfferStatus.SELECTED)
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    with pytest.raises(AnnouncedError, match="was announced"):
        service.withdraw(offer, reason="No money.", by=contact, now=OPENING)
    db.session.rollback()


def test_a_save_the_date_goes_with_its_host() -> None:
    host = make_country("XAA")
    edition = make_edition(
        status=EditionStatus.HOST_SELECTED, public_since=OPENING, announced_at=None,
        country_code=host.code,
    )  # fmt: skip
    offer = make_offer(edition, host, status=OfferStatus.SELECTED)
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    service.withdraw(offer, reason="No money.", by=contact, now=OPENING)
    assert (edition.status, edition.is_public) == (EditionStatus.UNDER_EVALUATION, False)
