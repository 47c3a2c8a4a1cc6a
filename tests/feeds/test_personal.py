"""A person's own calendar: theirs alone, behind an address that can die at once."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest
import segno
from markupsafe import escape
from sqlalchemy import event

from app import database
from app.database import db
from app.editions import agreements, disruptions, opening
from app.editions import service as editions
from app.editions.models import AdmissionPolicy
from app.feeds import personal
from app.feeds.models import PersonalFeed
from app.outbox import OutboxMessage
from app.registrations import delegations, selection, service
from app.registrations.service import Particulars
from scheduler.lifecycle import EditionStatus, RegistrationStatus
from tests.factories import OPENING, limit, make_country, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.accounts.models import Person
    from tests.conftest import Client


def feed_of(person: Person, *, has_alarms: bool = False) -> str:
    token = personal.make(person, "my phone", has_alarms=has_alarms, now=OPENING)
    db.session.commit()
    return f"/feeds/personal/{token}.ics"


def everything(client: Client, path: str) -> list[icalendar.Event]:
    answer = client.get(path)
    assert answer.status_code == 200
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert [component.errors for component in calendar.walk()] == [[]] * len(list(calendar.walk()))
    return list(calendar.walk("VEVENT"))


def events(client: Client, path: str) -> list[icalendar.Event]:
    return [event for event in everything(client, path) if "RELATED-TO" not in event]


def deadlines(client: Client, path: str) -> list[icalendar.Event]:
    return [event for event in everything(client, path) if "RELATED-TO" in event]


def test_it_shows_own_registrations_with_the_venue_once_there_is_a_place(client: Client) -> None:
    facts = {"city": "Albor", "venue": "Congress Hall", "venue_address": "1 Example Street"}
    taken = make_edition(title="Taken", capacity=1, **facts)
    full = make_edition(title="Full", capacity=1, dtstart=taken.dtend, **facts)
    person, other = make_person(), make_person()
    service.register(taken, person, now=OPENING)
    service.register(full, other, now=OPENING)
    service.register(full, person, now=OPENING)
    make_edition(title="Not mine")
    mine = events(client, feed_of(person))
    assert [(str(event["SUMMARY"]), str(event["STATUS"])) for event in mine] == [
        ("Taken", "CONFIRMED"),
        ("Full (waiting list)", "TENTATIVE"),
    ]
    assert [str(event["LOCATION"]) for event in mine] == [
        "Congress Hall, 1 Example Street, Albor",
        "Albor",
    ]
    assert [str(event["UID"]) for event in mine] == [taken.uid, full.uid]


def test_moving_up_cancelling_and_coming_back_never_lower_the_sequence(client: Client) -> None:
    edition, person, holder = make_edition(capacity=1), make_person(), make_person()
    first = service.register(edition, holder, now=OPENING)
    waiting = service.register(edition, person, now=OPENING)
    path = feed_of(person)
    told = [events(client, path)[0]]
    service.cancel(first, by=holder, now=OPENING)
    db.session.commit()
    told.append(events(client, path)[0])
    service.cancel(waiting, by=person, now=OPENING)
    db.session.commit()
    told.append(events(client, path)[0])
    service.register(edition, person, now=OPENING)
    db.session.commit()
    told.append(events(client, path)[0])
    disruptions.reschedule(
        edition,
        dtstart=edition.dtstart + timedelta(days=7),
        dtend=edition.dtend + timedelta(days=7),
        reason="Because",
        by=holder,
        now=OPENING,
    )
    db.session.commit()
    told.append(events(client, path)[0])
    states = [str(event["STATUS"]) for event in told]
    assert states == ["TENTATIVE", "CONFIRMED", "CANCELLED", "CONFIRMED", "CONFIRMED"]
    sequences = [event["SEQUENCE"] for event in told]
    assert sequences == sorted(set(sequences))


def test_what_others_decide_of_a_registration_reaches_the_calendar(client: Client) -> None:
    edition = make_edition(admission_policy=AdmissionPolicy.NOMINATION)
    told = Particulars(country_code=make_country("XAA").code)
    by = {"by": make_person(), "now": OPENING}
    states: list[list[str]] = [[], [], []]
    for seen, end in zip(states, ("refuse", "decline", "replace"), strict=True):
        person = make_person()
        row = service.register(edition, person, now=OPENING, told=told)
        path = feed_of(person)

        def look(path: str = path, seen: list[str] = seen) -> None:
            db.session.commit()
            seen.extend(str(event["STATUS"]) for event in events(client, path))

        look()
        delegations.judge(row, RegistrationStatus.RETURNED, reason="A word is missing", **by)
        look()
        service.change(row, told, **by)
        if end == "refuse":
            delegations.judge(row, RegistrationStatus.REFUSED, reason="Another goes", **by)
        else:
            delegations.judge(row, RegistrationStatus.ENDORSED, reason="", **by)
            look()
            if end == "decline":
                selection.decide_many(edition, [row], "decline", reason="Full", **by)
            else:
                delegations.replace(row, "colleague@example.org", "", **by)
        look()
    off = ["TENTATIVE", "TENTATIVE", "TENTATIVE", "CANCELLED"]
    assert states == [off[1:], off, off]


def test_a_mailed_invitation_says_what_the_calendar_says(client: Client) -> None:
    make_edition(title="The one before")
    start = OPENING.date() + timedelta(days=800)
    facts = {"city": "Albor", "venue": "Hall", "country_code": make_country("XAA").code}
    edition = make_edition(dtstart=start, **facts)
    person, by = make_person(), {"by": make_person(), "now": OPENING}
    editions.locate(edition, (6.5, 3.4), **by)
    agreements.record_agreement(edition, waiver="None is needed", **by)
    path, why = feed_of(person), {"reason": "Because", **by}
    days = {"dtstart": edition.dtstart, "dtend": edition.dtend + timedelta(days=1)}
    place = {"city": "Albor", "venue": "Forum", "venue_address": "", "tzid": "Africa/Lagos"}
    acts: list[Callable[[], object]] = [
        lambda: service.register(edition, person, now=OPENING),
        lambda: disruptions.reschedule(edition, **days, **why),
        lambda: disruptions.relocate(edition, make_country("XAA"), **place, **why),
        lambda: disruptions.postpone(edition, dtstart=None, dtend=None, **why),
        lambda: editions.confirm(edition, **days, **place, **by),
        lambda: editions.announce(edition, **by),
        lambda: disruptions.cancel(edition, **why),
    ]
    for number, act in enumerate(acts, start=1):
        act()
        db.session.commit()
        mails = db.session.query(OutboxMessage).filter_by(to_address=person.email)
        *earlier, mail = mails.order_by(OutboxMessage.id)
        assert (len(earlier) + 1, mail.calendar is not None) == (number, True)
        (mailed,) = icalendar.Calendar.from_ical(mail.calendar or b"").walk("VEVENT")
        (told,) = events(client, path)
        del mailed["ORGANIZER"], mailed["ATTENDEE"]
        assert mailed.to_ical() == told.to_ical()


def test_an_offered_place_has_its_last_day_in_the_calendar_until_it_is_taken(
    client: Client,
) -> None:
    edition = make_edition(capacity=1)
    limit(edition, answer_days=7)
    holder, person = make_person(), make_person()
    first = service.register(edition, holder, now=OPENING)
    row = service.register(edition, person, now=OPENING)
    service.cancel(first, by=holder, now=OPENING)
    path = feed_of(person, has_alarms=True)
    (offered,) = events(client, path)
    assert str(offered["SUMMARY"]) == f"{edition.title} (place offered)"
    uid = f"{row.public_id}.answer@symposia.example.org"
    (last,) = [event for event in deadlines(client, path) if event["UID"] == uid]
    assert str(last["SUMMARY"]) == f"Last day to take your place: {edition.title}"
    assert last.start == OPENING.date() + timedelta(days=7)
    assert (str(last["STATUS"]), "LOCATION" in last) == ("CONFIRMED", False)
    assert len(last.walk("VALARM")) == 1
    service.accept_offer(row, by=person, now=OPENING)
    db.session.commit()
    assert uid not in {event["UID"] for event in deadlines(client, path)}
    assert str(events(client, path)[0]["SUMMARY"]) == edition.title


def test_nothing_rings_before_days_that_do_not_stand(client: Client) -> None:
    edition, person = make_edition(dtstart=OPENING.date() + timedelta(days=800)), make_person()
    service.register(edition, person, now=OPENING)
    path = feed_of(person, has_alarms=True)
    assert b"BEGIN:VALARM" in client.get(path).data
    disruptions.postpone(
        edition, dtstart=None, dtend=None, reason="Because", by=make_person(), now=OPENING
    )
    db.session.commit()
    assert b"BEGIN:VALARM" not in client.get(path).data


def test_it_is_private_conditional_and_tells_no_address(client: Client) -> None:
    person = make_person()
    service.register(make_edition(), person, now=OPENING)
    path = feed_of(person)
    answer = client.get(path)
    token = path.split("/")[-1].removesuffix(".ics")
    assert token.encode() not in answer.data
    assert b"ATTENDEE" not in answer.data
    assert {
        name: answer.headers[name]
        for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy", "Content-Type")
    } == {
        "Cache-Control": "private, max-age=300",
        "X-Robots-Tag": "noindex",
        "Referrer-Policy": "no-referrer",
        "Content-Type": "text/calendar; charset=utf-8",
    }
    assert "Set-Cookie" not in answer.headers
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-Match": '"other"'}).status_code == 412


def test_it_is_packed_for_who_asks_for_it(client: Client) -> None:
    person = make_person()
    service.register(make_edition(), person, now=OPENING)
    path, asked = feed_of(person), {"Accept-Encoding": "gzip"}
    plain, packed = client.get(path), client.get(path, headers=asked)
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert {answer.headers["Vary"] for answer in (plain, packed)} == {"Accept-Encoding"}
    head = client.head(path, headers=asked)
    assert (head.data, head.headers) == (b"", packed.headers)
    known = {"If-None-Match": packed.headers["ETag"]}
    assert client.get(path, headers=asked | known).headers["Vary"] == "Accept-Encoding"


def test_wrong_old_revoked_and_orphaned_tokens_all_read_the_same(client: Client) -> None:
    person = make_person()
    old, revoked, orphaned = feed_of(person), feed_of(person), feed_of(person)
    feeds = db.session.query(PersonalFeed).order_by(PersonalFeed.id).all()
    personal.rotate(feeds[0], now=OPENING)
    personal.revoke(feeds[1], now=OPENING)
    db.session.commit()
    assert client.get(orphaned).status_code == 200
    database.write(person)
    person.active = False
    db.session.commit()
    read: list[PersonalFeed] = []

    def note(feed: PersonalFeed, context: object) -> None:
        del context
        read.append(feed)

    event.listen(PersonalFeed, "load", note)
    try:
        paths = (old, revoked, orphaned, "/feeds/personal/wrong.ics")
        answers = [client.get(path) for path in paths]
    finally:
        event.remove(PersonalFeed, "load", note)
    assert read == []  # what takes longer would tell one from another
    assert {(a.status_code, a.mimetype, a.data) for a in answers} == {
        (404, "text/plain", answers[0].data)
    }


def test_an_address_is_made_for_a_device_shown_once_and_renewed(client: Client) -> None:
    person = make_person(commit=True)
    client.sign_in(person)
    page = client.submit("/me/feeds", name="my phone", has_alarms="y")
    path = re.search(r"/feeds/personal/[\w-]{43}\.ics", page.text)
    assert path is not None
    assert client.get(path[0]).status_code == 200
    for way in (f"webcal://localhost:8000{path[0]}", "calendar.google.com", "outlook.live.com"):
        assert f'href="{way}' in page.text or f'href="https://{way}' in page.text
    code = segno.make(f"webcal://localhost:8000{path[0]}", error="m", micro=False)
    assert escape(code.svg_data_uri(light="#fff", omitsize=True)) in page.text
    assert page.headers["Cache-Control"] == "no-store"
    listed = client.get("/me/feeds").text
    assert ("my phone" in listed, path[0] in listed) == (True, False)
    feed = db.session.query(PersonalFeed).one()
    renewed = client.submit(f"/me/feeds/{feed.id}/rotate")
    fresh = re.search(r"/feeds/personal/[\w-]{43}\.ics", renewed.text)
    assert fresh is not None
    assert [client.get(p).status_code for p in (path[0], fresh[0])] == [404, 200]
    client.submit(f"/me/feeds/{feed.id}/revoke")
    assert client.get(fresh[0]).status_code == 404


def test_another_persons_feed_cannot_be_touched(client: Client) -> None:
    feed_of(make_person())
    feed_id = db.session.query(PersonalFeed).one().id
    client.sign_in(make_person(commit=True))
    assert client.submit(f"/me/feeds/{feed_id}/revoke").status_code == 404
    assert client.submit(f"/me/feeds/{feed_id}/rotate").status_code == 404


@pytest.mark.parametrize("has_alarms", [True, False])
def test_alarms_are_for_who_asked_for_them(client: Client, *, has_alarms: bool) -> None:
    person = make_person()
    service.register(make_edition(), person, now=OPENING)
    (event,) = events(client, feed_of(person, has_alarms=has_alarms))
    assert len(event.walk("VALARM")) == int(has_alarms)


def test_the_deadlines_of_my_events_stand_beside_them(client: Client) -> None:
    far = {"status": EditionStatus.ANNOUNCED, "dtstart": OPENING.date() + timedelta(days=800)}
    edition, person = make_edition(title="Mine", **far), make_person()
    make_edition(title="Other", **far)
    opening.open_registration(edition, capacity=9, by=person, now=OPENING)
    path = feed_of(person, has_alarms=True)
    assert deadlines(client, path) == []
    service.register(edition, person, now=OPENING)
    own = deadlines(client, path)
    public = [
        event
        for event in everything(client, "/feeds/deadlines.ics")
        if event["RELATED-TO"] == edition.uid
    ]
    assert {str(event["UID"]) for event in own} == {str(event["UID"]) for event in public}
    assert {event["STATUS"] for event in own} == {"CONFIRMED"}
    assert "Registration closes: Mine" in [str(event["SUMMARY"]) for event in own]
    assert [len(event.walk("VALARM")) for event in own] == [1] * len(own)
    quiet = deadlines(client, feed_of(person))
    assert [len(event.walk("VALARM")) for event in quiet] == [0] * len(own)


def test_who_cancels_has_the_deadlines_called_off(client: Client) -> None:
    edition, person = make_edition(dtstart=OPENING.date() + timedelta(days=800)), make_person()
    registration = service.register(edition, person, now=OPENING)
    path = feed_of(person)
    before = deadlines(client, path)
    service.cancel(registration, by=person, now=OPENING)
    after = deadlines(client, path)
    service.register(edition, person, now=OPENING)
    again = deadlines(client, path)
    assert before != []
    assert [{str(event["STATUS"]) for event in told} for told in (before, after, again)] == [
        {"CONFIRMED"}, {"CANCELLED"}, {"CONFIRMED"},
    ]  # fmt: skip
    sequences = [[event["SEQUENCE"] for event in told] for told in (before, after, again)]
    assert sequences == sorted(sequences)
    assert sequences[0] != sequences[1] != sequences[2]
