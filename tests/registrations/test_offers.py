"""Taking an offered place: what is asked of whom, and what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.accounts import consents
from app.accounts.models import Purpose, Role
from app.database import db
from app.registrations import delegations, models, selection, service
from app.registrations.seating import Candidate
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import limit, make_edition, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Registration
    from tests.clients import Client

TERMS = "I accept the terms"
LIST = "My name, country and organisation may stand in the list"


@pytest.fixture
def edition(client: Client) -> Edition:  # noqa: ARG001 - what is asked for needs the application
    now = clock.utcnow()
    return make_edition(
        capacity=2,
        dtstart=now.date() + timedelta(days=90),
        registration_opens_at=now - timedelta(days=9),
        registration_closes_at=now + timedelta(days=9),
    )


def invite(edition: Edition, person: Person, *, keeps_place: bool = True) -> Registration:
    return selection.invite(
        edition, person.email, Candidate(),
        keeps_place=keeps_place, reason="Keynote", by=make_person(), now=clock.utcnow(),
    )  # fmt: skip


def address(row: Registration) -> str:
    db.session.commit()
    return f"/registrations/{row.public_id}"


def test_who_is_invited_accepts_the_terms_as_they_take_the_place(
    client: Client, edition: Edition
) -> None:
    person = make_person(name="")
    person.name = ""
    consents.give(person, [Purpose.PHOTO], now=clock.utcnow())
    row = invite(edition, person)
    page = address(row)
    client.sign_in(person)
    told = words(client.get(page))
    assert [TERMS in told, LIST in told, "Photographs and recordings" in told] == [
        True, True, False,
    ]  # fmt: skip
    refused = client.submit(f"{page}/accept", name="Nia Åberg", consents="participants_list")
    assert refused.status_code == 422
    assert "Tick the box to accept the terms" in alert(refused)
    assert 'value="Nia Åberg"' in refused.text
    assert refused.text.count(" checked") == 1
    assert db.session.get_one(models.Registration, row.id).status is Status.OFFERED
    taken = client.submit(
        f"{page}/accept", name="Nia Åberg", consents="participants_list", accepts_terms="y"
    )
    assert taken.status_code == 303
    db.session.expire_all()
    assert (row.status, row.accepts_terms, row.person.name) == (Status.CONFIRMED, True, "Nia Åberg")
    assert set(consents.standing(row.person)) == {Purpose.PHOTO, Purpose.PARTICIPANTS_LIST}


def test_who_registered_is_not_asked_again_unless_the_terms_have_changed(
    client: Client, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(edition, answer_days=3, now=clock.utcnow())
    first, _second, last = [
        service.register(edition, make_person(name=name), now=clock.utcnow()) for name in "ABC"
    ]
    service.cancel(first, by=first.person, now=clock.utcnow())
    assert last.status is Status.OFFERED
    page = address(last)
    client.sign_in(last.person)
    assert TERMS not in words(client.get(page))
    monkeypatch.setattr(models, "TERMS_VERSION", 2)
    assert TERMS in words(client.get(page))
    assert client.submit(f"{page}/accept").status_code == 422
    monkeypatch.undo()
    assert client.submit(f"{page}/accept").status_code == 303
    db.session.expire_all()
    assert last.status is Status.CONFIRMED


def test_nobody_accepts_the_terms_for_somebody_else(client: Client, edition: Edition) -> None:
    row = invite(edition, make_person())
    page = address(row)
    client.sign_in(make_person(role=Role.ORGANISER))
    assert "Only the person can take it" in words(client.get(page))
    assert client.submit(f"{page}/accept", accepts_terms="y").status_code == 404
    db.session.expire_all()
    assert row.status is Status.OFFERED


def test_a_colleague_who_comes_up_in_the_queue_is_told_that_the_place_is_to_be_taken(
    client: Client, edition: Edition
) -> None:
    rows = [service.register(edition, make_person(), now=clock.utcnow()) for _ in range(3)]
    colleague = delegations.replace(
        rows[2], "cleo@example.org", "Cleo", by=make_person(), now=clock.utcnow()
    )
    colleague.person.verified_at = clock.utcnow()
    page = address(colleague)
    client.sign_in(colleague.person)
    assert "you take it within 14 days" in words(client.get(page))
    service.cancel(rows[0], by=rows[0].person, now=clock.utcnow())
    told = words(client.get(address(colleague)))
    assert ("A place is kept for you" in told, TERMS in told) == (True, True)
