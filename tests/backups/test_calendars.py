"""Calendar programs, which have seen what came after a backup, take what it brings back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest

from app.accounts.models import Person
from app.database import db
from app.editions import disruptions
from app.editions import service as editions
from app.editions.models import Edition
from app.feeds import personal
from app.registrations import service as registrations
from scheduler.lifecycle import EditionStatus
from tests.conftest import empty_database
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backups.conftest import Run
    from tests.conftest import Client

    Entry = tuple[int, datetime, date]

FIRST = date(2030, 3, 5)
LATER = OPENING + timedelta(hours=1)


@pytest.fixture
def by() -> Person:
    return make_person("organiser@example.org", commit=True)


@pytest.fixture
def edition(by: Person) -> Edition:
    edition = make_edition(dtstart=FIRST, title="Meeting")
    editions.describe(edition, title="Symposium", summary="", by=by, now=OPENING)
    db.session.commit()
    return edition


def entries(client: Client, path: str = "/feeds/all.ics") -> dict[str, Entry]:
    """Return SEQUENCE, DTSTAMP and DTSTART of everything in a feed, by UID."""
    answer = client.get(path)
    assert answer.status_code == 200
    return {
        str(event["UID"]): (event["SEQUENCE"], event["DTSTAMP"].dt, event["DTSTART"].dt)
        for event in icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
    }


@dataclass
class Backup:
    """A backup, put back in the place of the present database or of one that is lost."""

    flask: Run
    file: Path
    instance_path: Path
    is_lost: bool

    def make(self) -> None:
        self.flask("create", self.file)

    def put_back(self) -> None:
        if self.is_lost:
            db.session.commit()
            db.session.remove()
            empty_database(self.instance_path)
        self.flask("restore", self.file, *([] if self.is_lost else ["--replace"]))


@pytest.fixture(params=[False, True], ids=["replaced", "lost"])
def backup(request: pytest.FixtureRequest, flask: Run, file: Path, instance_path: Path) -> Backup:
    return Backup(flask, file, instance_path, request.param)


def is_newer(entry: Entry, than: Entry) -> bool:
    """Whether a program that has one takes the other, whatever their dates (RFC 5546 §2.1.5)."""
    return entry[0] > than[0]


def test_an_event_that_was_moved_since_is_moved_back_in_every_calendar(
    client: Client, backup: Backup, edition: Edition
) -> None:
    beside = make_edition(dtstart=date(2030, 9, 3), title="Workshop", commit=True)
    untouched = beside.uid
    before = {path: entries(client, path) for path in ("/feeds/all.ics", "/feeds/deadlines.ics")}
    backup.make()
    days = {"dtstart": FIRST + timedelta(days=7), "dtend": FIRST + timedelta(days=10)}
    disruptions.reschedule(
        db.session.merge(edition), reason="Flood", by=make_person(), now=LATER, **days
    )
    db.session.commit()
    told = {path: entries(client, path) for path in before}
    backup.put_back()
    for path, standing in before.items():
        after = entries(client, path)
        assert {uid: day for uid, (_, _, day) in after.items()} == {
            uid: day for uid, (_, _, day) in standing.items()
        }
        moved = [one for one in after if told[path][one][2] != standing[one][2]]
        assert moved
        assert all(is_newer(after[one], told[path][one]) for one in moved)
    # What nobody touched is as it was, where that is known.
    after = entries(client)
    assert (after[untouched] == before["/feeds/all.ics"][untouched]) is not backup.is_lost


def test_an_entry_of_a_person_never_falls(client: Client, backup: Backup, edition: Edition) -> None:
    person, stranger = make_person("ann@example.org"), make_person("ben@example.org")
    registration = registrations.register(edition, person, now=OPENING)
    tokens = [
        personal.make(one, "phone", has_alarms=False, now=OPENING) for one in (person, stranger)
    ]
    mine, theirs = (f"/feeds/personal/{token}.ics" for token in tokens)
    uid, edition_id, stranger_id = edition.uid, edition.id, stranger.id
    backup.make()
    registration = db.session.merge(registration)
    registrations.cancel(registration, by=registration.person, now=LATER)
    for _time in range(2):  # somebody who is not in the backup comes, goes and comes again
        again = registrations.register(registration.edition, db.session.merge(stranger), now=LATER)
        registrations.cancel(again, by=again.person, now=LATER)
    db.session.commit()
    told = {path: entries(client, path) for path in (mine, theirs)}
    backup.put_back()
    after = entries(client, mine)
    assert set(after) == set(told[mine])
    assert all(is_newer(after[one], told[mine][one]) for one in after)
    registrations.register(
        db.session.get_one(Edition, edition_id),
        db.session.get_one(Person, stranger_id),
        now=LATER + timedelta(hours=1),
    )
    db.session.commit()
    assert is_newer(entries(client, theirs)[uid], told[theirs][uid])


def test_words_alone_are_revised_without_a_new_sequence_and_nothing_without_a_change(
    client: Client, flask: Run, file: Path, edition: Edition, by: Person
) -> None:
    uid, before = edition.uid, client.get("/feeds/all.ics").data
    flask("create", file)
    flask("restore", "--replace", file)
    assert client.get("/feeds/all.ics").data == before
    editions.describe(
        db.session.merge(edition), title="Other", summary="", by=db.session.merge(by), now=LATER
    )
    db.session.commit()
    told = entries(client)[uid]
    said = flask("restore", "--replace", file)
    assert "1 events revised" in said
    sequence, dtstamp, _day = entries(client)[uid]
    assert (sequence, dtstamp > told[1]) == (told[0], True)
    assert b"SUMMARY:Symposium\r\n" in client.get("/feeds/all.ics").data


def test_what_was_announced_since_is_newer_once_it_is_announced_again(
    client: Client, flask: Run, file: Path, by: Person
) -> None:
    edition = make_edition(
        dtstart=FIRST, status=EditionStatus.HOST_SELECTED, city="Albor", agreement_waiver="So"
    )
    editions.set_status(edition, EditionStatus.CONFIRMED, by=by, now=OPENING)
    db.session.commit()
    flask("create", file)

    def announce(now: datetime) -> Entry:
        database_row = db.session.merge(edition)
        editions.announce(database_row, by=db.session.merge(by), now=now)
        db.session.commit()
        return entries(client)[database_row.uid]

    told = announce(LATER)
    flask("restore", "--replace", file)
    assert entries(client) == {}
    db.session.expire_all()
    assert is_newer(announce(LATER), told)
