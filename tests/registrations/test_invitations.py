"""What goes with the letters: one event, one attendee, in step with the feeds."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest

from app import outbox
from app.clock import real_utcnow
from app.database import db
from app.editions import agreements, disruptions
from app.editions import service as editions
from app.outbox import OutboxMessage
from app.registrations import service
from tests.factories import OPENING, make_country, make_edition, make_person

if TYPE_CHECKING:
    from pathlib import Path

    from app.accounts.models import Person
    from tests.conftest import Client


def invitations(person: Person) -> list[tuple[str, icalendar.Event]]:
    """The invitations written to ``person`` so far: METHOD and event."""
    found = []
    messages = db.session.query(OutboxMessage).filter_by(to_address=person.email)
    for message in messages.order_by(OutboxMessage.id):
        if message.calendar is not None:
            calendar = icalendar.Calendar.from_ical(message.calendar)
            assert [part.errors for part in calendar.walk() if part.errors] == []
            assert len(calendar.walk("VTIMEZONE")) == 1
            assert str(calendar["METHOD"]) == message.calendar_method
            (event,) = calendar.walk("VEVENT")
            found.append((message.calendar_method, event))
    return found


def test_a_place_is_an_invitation_and_giving_it_back_takes_it_away() -> None:
    edition = make_edition(
        capacity=1, city="Albor", venue="Congress Hall", tzid="Africa/Casablanca"
    )
    holder, waiting = make_person(name="Ana"), make_person()
    first = service.register(edition, holder, now=OPENING)
    service.register(edition, waiting, now=OPENING)
    assert invitations(waiting) == []
    service.cancel(first, by=holder, now=OPENING)
    (asked, request), (taken, cancel) = invitations(holder)
    assert (asked, taken) == ("REQUEST", "CANCEL")
    assert str(request["UID"]) == str(cancel["UID"]) == edition.uid
    assert cancel["SEQUENCE"] > request["SEQUENCE"]
    assert str(cancel["STATUS"]) == "CANCELLED"
    assert str(request["LOCATION"]) == "Congress Hall, Albor"
    for event in (request, cancel):
        assert str(event["ATTENDEE"]) == f"mailto:{holder.email}"
        assert str(event["ORGANIZER"]) == f"mailto:{outbox.settings().mail_from}"
    for message in db.session.query(OutboxMessage).filter_by(to_address=holder.email):
        assert b"\r\nTZID:Africa/Casablanca\r\n" in (message.calendar or b"")
    ((moved_up, seat),) = invitations(waiting)
    assert (moved_up, str(seat["ATTENDEE"])) == ("REQUEST", f"mailto:{waiting.email}")


def test_the_name_told_with_a_registration_stands_in_its_first_entry(client: Client) -> None:
    ana, edition = make_person(commit=True), make_edition()
    client.sign_in(ana).submit(f"/editions/{edition.slug}/register", name="Ana", accepts_terms="y")
    ((method, event),) = invitations(ana)
    assert (method, event["ATTENDEE"].params["CN"]) == ("REQUEST", "Ana")


def test_every_change_of_days_or_place_is_told_with_a_higher_sequence() -> None:
    edition, person, organiser = make_edition(city="Albor"), make_person(), make_person()
    service.register(edition, person, now=OPENING)
    by = {"reason": "Because", "by": organiser, "now": OPENING}
    days = {
        "dtstart": edition.dtstart + timedelta(days=7),
        "dtend": edition.dtend + timedelta(days=7),
    }
    disruptions.reschedule(edition, **days, **by)
    disruptions.postpone(edition, dtstart=None, dtend=None, **by)
    disruptions.cancel(edition, **by)
    told = invitations(person)
    assert [(method, str(event["STATUS"])) for method, event in told] == [
        ("REQUEST", "CONFIRMED"),
        ("REQUEST", "CONFIRMED"),
        ("REQUEST", "TENTATIVE"),
        ("CANCEL", "CANCELLED"),
    ]
    sequences = [event["SEQUENCE"] for _method, event in told]
    assert sequences == sorted(set(sequences))
    assert told[1][1].start == days["dtstart"]


def test_what_is_announced_again_is_tentative_in_no_calendar_any_more() -> None:
    edition = make_edition(city="Albor", country_code=make_country("XAA").code)
    person, by = make_person(), {"by": make_person(), "now": OPENING}
    service.register(edition, person, now=OPENING)
    agreements.record_agreement(edition, waiver="None is needed", **by)
    disruptions.postpone(edition, dtstart=None, dtend=None, reason="Because", **by)
    place = {"city": "Albor", "venue": "", "venue_address": "", "tzid": "Africa/Lagos"}
    editions.confirm(edition, dtstart=edition.dtstart, dtend=edition.dtend, **place, **by)
    editions.announce(edition, **by)
    told = invitations(person)[1:]
    assert [(method, str(event["STATUS"])) for method, event in told] == [
        ("REQUEST", "TENTATIVE"),
        ("REQUEST", "TENTATIVE"),
        ("REQUEST", "CONFIRMED"),
    ]
    assert told[2][1]["SEQUENCE"] == edition.sequence > told[1][1]["SEQUENCE"]


@pytest.mark.parametrize(
    "name",
    [
        "Zoë 🌍🏳️‍🌈",
        "مريم \u200fبن علي",
        "王小明",
        "Дмитрий Иванович",
        'Ana "Nan" García; Director, Dr: X',
        "Ana^nBen ^'Cleo",
        "ATTENDEE:mailto:other@example.org",
        "W" * 200,
    ],
)
def test_a_name_of_any_script_goes_through_mail_and_calendar(
    name: str, instance_path: Path
) -> None:
    person = make_person(name=name)
    row = service.register(make_edition(), person, now=OPENING)
    ((_method, event),) = invitations(person)
    told = str(event["ATTENDEE"].params["CN"])
    assert told.replace("'", '"') == name.replace("'", '"')  # no parameter holds a double quote
    db.session.commit()
    outbox.deliver_due(now=real_utcnow())
    (path,) = (instance_path / "mail").glob("*.eml")
    assert max(len(line) for line in path.read_bytes().splitlines()) <= 998
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert [part.defects for part in mail.walk()] == [[]] * len([*mail.walk()])
    assert (mail["To"], mail["Cc"]) == (person.email, None)
    calendars = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    for part in calendars:
        (sent,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
        assert str(sent["ATTENDEE"]) == f"mailto:{row.person.email}"


def test_mail_programs_find_it_in_the_body_and_as_a_file(instance_path: Path) -> None:
    person = make_person()
    service.register(make_edition(title="Über alles"), person, now=OPENING)
    db.session.commit()
    assert outbox.deliver_due(now=real_utcnow()) == 1
    (path,) = (instance_path / "mail").glob("*.eml")
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    parts = {
        part.get_content_type() + (":" + part.get_filename() if part.get_filename() else ""): part
        for part in mail.walk()
        if not part.is_multipart()
    }
    assert list(parts) == [
        "text/plain",
        "text/html",
        "text/calendar",
        "text/calendar:invite.ics",
    ]
    body, file = parts["text/calendar"], parts["text/calendar:invite.ics"]
    assert body.get_param("method") == file.get_param("method") == "REQUEST"
    assert body.get_payload(decode=True) == file.get_payload(decode=True)
