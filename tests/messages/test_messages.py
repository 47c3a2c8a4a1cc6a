"""Messages to many: who gets them, once each, and how they are stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app import database
from app.accounts.models import Role
from app.database import db
from app.editions import disruptions
from app.messages import queries, reminders, service
from app.messages.models import MessageStatus
from app.outbox import OutboxMessage
from app.registrations import selection
from app.registrations import service as registrations
from app.registrations.models import AttendeeRole
from app.registrations.service import Particulars
from scheduler.lifecycle import RegistrationStatus
from tests.factories import OPENING, limit, make_country, make_edition, make_person
from tests.pages import CountedQueries, alert, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.messages.models import GroupMessage
    from tests.conftest import Client

LATER = OPENING + service.HOLD
TO_SEATED = service.Words(
    "News of {event}", "Dear {name},\n\nsee you soon.", queries.Group(["confirmed"])
)


@pytest.fixture
def organiser() -> Person:
    return make_person(name="Olivia", role=Role.ORGANISER)


@pytest.fixture
def edition() -> Edition:
    """Two places, both taken, and one person who waits."""
    edition = make_edition(capacity=2, title="Fourth Symposium")
    for name in ("Ana", "Ben", "Cleo"):
        person = make_person(f"{name.lower()}@example.org", name=name)
        registrations.register(edition, person, now=OPENING)
    return edition


@pytest.fixture
def message(edition: Edition, organiser: Person) -> GroupMessage:
    return service.write(edition, TO_SEATED, by=organiser, now=OPENING)


def mailed(subject: str) -> list[str]:
    db.session.expire_all()
    return list(
        db.session.scalars(
            select(OutboxMessage.to_address)
            .filter_by(subject=subject)
            .order_by(OutboxMessage.to_address)
        )
    )


def test_what_is_missing_is_found_out_without_asking_for_each_person(organiser: Person) -> None:
    edition = make_edition()
    for code in ("XAA", "XAB", "XAC"):
        told = Particulars(country_code=make_country(code).code)
        registrations.register(edition, make_person(name=code), now=OPENING, told=told)
    registrations.register(edition, make_person(), now=OPENING)
    written = service.Words("{event}", "Dear {name} of {country}", queries.Group(["confirmed"]))
    message = service.write(edition, written, by=organiser, now=OPENING)
    db.session.commit()
    meant = queries.meant(message.edition, queries.group_of(message))
    with CountedQueries() as counted:
        found = service.gaps(message, meant)
    assert found == [("{country}", 1, "your country"), ("{name}", 1, "participant")]
    assert counted.count == 0


def test_a_message_reaches_those_in_its_states_once_each(
    message: GroupMessage, organiser: Person
) -> None:
    count = service.send(message, by=organiser, now=OPENING, real_now=OPENING)
    assert service.work(now=LATER, real_now=LATER - timedelta(seconds=1)) == 0
    assert [service.work(now=LATER, real_now=LATER) for _ in range(2)] == [2, 0]
    assert mailed("News of Fourth Symposium") == ["ana@example.org", "ben@example.org"]
    assert (count, message.status) == (2, MessageStatus.SENT)
    texts = db.session.scalars(
        select(OutboxMessage.text).filter_by(subject="News of Fourth Symposium")
    )
    assert sorted("Dear Ana," in text for text in texts) == [False, True]


def test_who_cancelled_and_came_back_is_written_to_once_whatever_states_are_meant(
    edition: Edition, organiser: Person
) -> None:
    ana = make_person("twice@example.org")
    first = registrations.register(edition, ana, now=OPENING)
    registrations.cancel(first, by=ana, now=OPENING)
    second = registrations.register(edition, ana, now=OPENING)
    statuses = [first.status.value, second.status.value]
    assert ana.id not in {
        row.person_id for row in queries.meant(edition, queries.Group(statuses[:1]))
    }
    assert queries.counts_by_status(edition).get(first.status) is None
    words = service.Words("Twice", "Hello.", queries.Group(statuses))
    made = service.write(edition, words, by=organiser, now=OPENING)
    service.send(made, by=organiser, now=OPENING, real_now=OPENING)
    service.work(now=LATER, real_now=LATER)
    assert mailed("Twice").count("twice@example.org") == 1


def test_stopped_in_its_minute_a_message_reaches_nobody_and_can_go_on(
    message: GroupMessage, organiser: Person
) -> None:
    service.send(message, by=organiser, now=OPENING, real_now=OPENING)
    service.stop(message, by=organiser, now=OPENING)
    assert service.work(now=LATER, real_now=LATER) == 0
    assert mailed("News of Fourth Symposium") == []
    service.go_on(message, by=organiser, now=LATER, real_now=LATER)
    assert service.work(now=LATER, real_now=LATER) == 2
    with pytest.raises(service.NotStoppableError):
        service.stop(message, by=organiser, now=LATER)


def test_a_message_stopped_half_way_reaches_the_rest_and_nobody_again(
    edition: Edition, organiser: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    everyone = service.Words("All", "Hello.", queries.Group(["confirmed", "waitlisted"]))
    message = service.write(edition, everyone, by=organiser, now=OPENING)
    service.send(message, by=organiser, now=OPENING, real_now=OPENING)
    db.session.commit()
    assert service.post_batch(message.id, now=LATER) == 1
    service.stop(message, by=organiser, now=LATER)
    db.session.commit()
    assert (service.work(now=LATER, real_now=LATER), queries.progress(message)) == (0, (1, 3))
    service.go_on(message, by=organiser, now=LATER, real_now=LATER)
    db.session.commit()
    assert service.work(now=LATER, real_now=LATER) == 2
    assert mailed("All") == ["ana@example.org", "ben@example.org", "cleo@example.org"]


def test_who_comes_to_a_place_after_sending_is_not_written_to(
    edition: Edition, message: GroupMessage, organiser: Person
) -> None:
    service.send(message, by=organiser, now=OPENING, real_now=OPENING)
    ana = next(
        r for r in queries.meant(edition, queries.Group(["confirmed"])) if r.person.name == "Ana"
    )
    registrations.cancel(ana, by=ana.person, now=OPENING)  # Cleo moves up
    service.work(now=LATER, real_now=LATER)
    assert mailed("News of Fourth Symposium") == ["ana@example.org", "ben@example.org"]


def test_what_is_on_its_way_is_not_changed_or_thrown_away(
    edition: Edition, message: GroupMessage, organiser: Person
) -> None:
    service.send(message, by=organiser, now=OPENING, real_now=OPENING)
    with pytest.raises(service.NotADraftError):
        service.write(edition, TO_SEATED, by=organiser, now=OPENING, message=message)
    with pytest.raises(service.NotADraftError):
        service.discard(message)
    with pytest.raises(service.NotADraftError):
        service.send(message, by=organiser, now=OPENING, real_now=OPENING)


def test_an_organiser_sees_the_message_before_it_goes(
    client: Client, edition: Edition, organiser: Person
) -> None:
    client.sign_in(organiser)
    path = f"/organise/editions/{edition.slug}/messages"
    assert (
        "Has a place (2)" in words(client.get(f"{path}/new"))
        or "(2)" in client.get(f"{path}/new").text
    )
    answer = client.submit(
        f"{path}/new", statuses="confirmed", subject="News", body="Dear {name},\n\nwelcome."
    )
    page = words(client.get(answer.location))
    assert "Nothing is sent yet" in page
    assert "2 people would get it." in page
    assert "As Ana reads it News Dear Ana, welcome." in page
    client.submit(f"{answer.location}/send")
    assert "On its way" in words(client.get(answer.location))
    client.submit(f"{answer.location}/stop")
    assert "0 of 2 people were written to." in words(client.get(answer.location))
    assert "News" in words(client.get(path))
    assert mailed("News") == []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"statuses": "confirmed", "body": "Dear {nmae}"}, "Nothing fills {nmae}. You can use"),
        ({"body": "Hello"}, "Choose at least one state."),
        ({"statuses": "attended", "body": "Hello"}, "attended"),
        ({"statuses": "confirmed", "body": ""}, "Message"),
    ],
)
def test_what_cannot_be_sent_comes_back_as_it_was_typed(
    fields: dict[str, str], why: str, client: Client, edition: Edition, organiser: Person
) -> None:
    client.sign_in(organiser)
    path = f"/organise/editions/{edition.slug}/messages/new"
    answer = client.submit(path, subject="A subject of mine", **fields)
    assert answer.status_code == 422
    assert why in alert(answer)
    assert "A subject of mine" in answer.text
    assert queries.of_edition(edition) == []


def test_what_somebody_has_not_told_reads_well_and_is_said_before_it_goes(
    client: Client, edition: Edition, organiser: Person
) -> None:
    client.sign_in(organiser)
    ana, ben = (row.person for row in queries.meant(edition, queries.Group(["confirmed"])))
    database.write(ana)
    ana.name = ""
    db.session.commit()
    body = "Dear {name},\n\n{event} ({days}) looks forward to people of {country} at {place}."
    sent = client.submit(
        f"/organise/editions/{edition.slug}/messages/new",
        statuses="confirmed", subject="News of {country}", body=body,
    )  # fmt: skip
    told = words(client.get(sent.location))
    assert "{country} is not known of 2 people, who read “your country”." in told
    assert "{name} is not known of one person, who reads “participant”." in told
    assert "{days} is not known" not in told
    message = queries.of_edition(edition)[0]
    letters = {
        row.person_id: service.letter(message, row)
        for row in queries.meant(edition, queries.group_of(message))
    }
    assert [letters[person.id].paragraphs[0] for person in (ana, ben)] == [
        "Dear participant,", "Dear Ben,",
    ]  # fmt: skip
    assert letters[ben.id].subject == "News of your country"
    assert not any("{" in part or "  " in part for part in letters[ana.id].paragraphs)


@pytest.mark.parametrize(("days_before", "count"), [(8, 0), (7, 2), (1, 2), (0, 0)])
def test_who_has_a_place_is_reminded_in_the_week_before(
    days_before: int, count: int, edition: Edition
) -> None:
    db.session.commit()
    opening = OPENING.replace(
        year=edition.dtstart.year, month=edition.dtstart.month, day=edition.dtstart.day
    )
    now = opening - timedelta(days=days_before)
    assert [reminders.work(now=now) for _ in range(2)] == [count, 0]


def test_a_reminder_goes_out_again_only_for_new_days(edition: Edition, organiser: Person) -> None:
    db.session.commit()
    now = OPENING + timedelta(days=116)
    assert reminders.work(now=now) == 2
    disruptions.reschedule(
        edition,
        dtstart=edition.dtstart + timedelta(days=30),
        dtend=edition.dtend + timedelta(days=30),
        reason="the hall",
        by=organiser,
        now=now,
    )
    db.session.commit()
    assert reminders.work(now=now) == 0
    assert reminders.work(now=now + timedelta(days=30)) == 2


def test_an_offered_place_is_reminded_of_once_before_it_goes_on_and_never_when_taken() -> None:
    edition = make_edition(capacity=2)
    limit(edition, answer_days=4)
    rows = [registrations.register(edition, make_person(), now=OPENING) for _ in range(5)]
    for row in rows[:2]:
        registrations.cancel(row, by=row.person, now=OPENING)
    first, taken, following = rows[2:]
    registrations.accept_offer(taken, by=taken.person, now=OPENING)
    db.session.commit()

    def subjects(person: Person) -> list[str]:
        mails = db.session.query(OutboxMessage).filter_by(to_address=person.email)
        return [mail.subject.partition(":")[0] for mail in mails.order_by(OutboxMessage.id)]

    hours = [timedelta(hours=hours) for hours in (0, 60, 64, 70, 110)]
    assert [reminders.work(now=OPENING + after) for after in hours] == [0, 0, 1, 0, 0]
    assert subjects(first.person)[-1] == "Still to be taken by you"
    lapse_at = OPENING + timedelta(hours=111)  # the end of the fourth day
    assert registrations.lapse_offers(now=lapse_at - timedelta(seconds=1)) == 0
    assert registrations.lapse_offers(now=lapse_at) == 1
    db.session.commit()
    assert subjects(first.person)[-1] == "The offered place has lapsed"
    assert subjects(following.person)[-1] == "A place is offered to you"
    assert reminders.work(now=lapse_at + timedelta(hours=1)) == 0


def test_an_unfinished_registration_is_reminded_of_the_closing_day(edition: Edition) -> None:
    database.write(edition)
    edition.registration_closes_at = OPENING + timedelta(days=20)
    cleo = queries.meant(edition, queries.Group(["waitlisted"]))[0]
    cleo.status = RegistrationStatus.DRAFT
    db.session.commit()
    assert [reminders.work(now=OPENING + timedelta(days=n)) for n in (5, 14, 15)] == [0, 1, 0]
    assert mailed("Not sent yet: your registration for Fourth Symposium") == ["cleo@example.org"]


def test_a_message_can_be_for_some_countries_and_roles_alone(
    client: Client, organiser: Person
) -> None:
    edition = make_edition(title="Fourth Symposium")
    for code, role in (
        ("XAA", None),
        ("XAA", Role.HOST_TEAM),
        ("XAB", Role.HOST_TEAM),
        (None, None),
    ):
        if code:
            make_country(code)
        person = make_person(role=role, scope=edition.slug if role else "")
        told = registrations.Particulars(country_code=code)
        registrations.register(edition, person, now=OPENING, told=told)
    client.sign_in(organiser)
    page = f"/organise/editions/{edition.slug}/messages/new"
    form = words(client.get(page))
    assert ("Country XAA (2)" in form, "Host (2)" in form) == (True, True)
    told = {"subject": "Hosts", "body": "Hello.", "statuses": ["confirmed"], "roles": ["host"]}
    where = client.submit(page, **told, countries=["XAA"]).headers["Location"]
    assert "One person would get it" in words(client.get(where))
    everybody = client.submit(page, **told).headers["Location"]
    assert "2 people would get it" in words(client.get(everybody))
    nobody = client.submit(page, **told | {"roles": ["host"], "statuses": ["confirmed"]},
                           countries=["XAC"])  # fmt: skip
    assert (nobody.status_code, "Hello." in nobody.text) == (422, True)


def test_whom_a_group_means_is_settled_when_it_is_sent(edition: Edition, organiser: Person) -> None:
    said = service.Words("Participants", "Hello.", queries.Group(["confirmed"], roles=["speaker"]))
    with pytest.raises(service.NobodyError):
        service.write(edition, said, by=organiser, now=OPENING)
    row = queries.meant(edition, queries.Group(["confirmed"]))[0]
    selection.set_role(row, AttendeeRole.SPEAKER, by=organiser, now=OPENING)
    message = service.write(edition, said, by=organiser, now=OPENING)
    assert service.send(message, by=organiser, now=OPENING, real_now=OPENING) == 1
    service.work(now=LATER, real_now=LATER)
    assert mailed("Participants") == [row.person.email]
