"""An organiser writes to many, and stops it half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from sqlalchemy import select

from app.accounts.models import Role
from app.clock import real_utcnow, utcnow
from app.database import db
from app.messages import service
from app.outbox import OutboxMessage
from app.registrations import service as registrations
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from playwright.sync_api import Page


def written_to() -> list[str]:
    db.session.rollback()
    return sorted(
        db.session.scalars(
            select(OutboxMessage.to_address).where(OutboxMessage.subject == "The way to the hall")
        )
    )


def work() -> int:
    """Do what the worker does once the message's minute is over."""
    db.session.rollback()
    return service.work(now=utcnow(), real_now=real_utcnow() + service.HOLD)


def test_a_message_that_is_stopped_half_way_says_how_many_were_written_to_and_goes_on(
    new_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    edition = make_edition(commit=True)
    people = [make_person(name=f"Guest {number}") for number in range(5)]
    for person in people:
        registrations.register(edition, person, now=OPENING)
    organiser = make_person(role=Role.ORGANISER, commit=True)
    page = new_page(organiser, viewport={"width": 375, "height": 800})
    page.goto(f"/organise/editions/{edition.slug}/messages/new")
    page.get_by_label("Confirmed").check()
    page.get_by_label("Subject").fill("The way to the hall")
    page.get_by_label("Message", exact=True).fill("Dear {name},\n\ntake the tram.")
    page.get_by_role("button", name="See it before it goes").click()
    expect(page.get_by_text("Dear Guest 0,")).to_be_visible()
    page.get_by_role("button", name="Send it to 5 people").click()
    expect(page.get_by_text("0 of 5 people are written to.")).to_be_visible()

    # The worker has come to the second batch of three when the organiser looks again.
    message_id = int(page.url.rsplit("/", 1)[1])
    db.session.rollback()
    for _batch in range(2):
        service.post_batch(message_id, now=utcnow())
    page.reload()
    expect(page.get_by_text("4 of 5 people are written to.")).to_be_visible()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("Stopped: nobody else is written to.")).to_be_visible()
    expect(page.get_by_text("4 of 5 people were written to.")).to_be_visible()
    assert work() == 0
    assert service.post_batch(message_id, now=utcnow()) == 0
    assert written_to() == sorted(person.email for person in people[:4])
    page.get_by_role("link", name="Messages", exact=False).first.click()
    expect(page.get_by_role("row", name="The way to the hall")).to_contain_text("4 of 5")

    page.get_by_role("link", name="The way to the hall").click()
    page.get_by_role("button", name="Write to the others").click()
    expect(page.get_by_text("The others are written to now.")).to_be_visible()
    assert work() == 1
    page.reload()
    expect(page.get_by_text("5 people were written to.")).to_be_visible()
    assert written_to() == sorted(person.email for person in people)
