"""Nothing that has ended begins again because a backup is put back."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from app import audit_proof, database, outbox
from app.accounts import consents, erased, grants, links, privacy, second_factor
from app.accounts.models import (
    Consent,
    Grant,
    Invitation,
    Person,
    Purpose,
    RecoveryCode,
    Role,
    SignIn,
    SignInLink,
)
from app.clock import real_utcnow, utcnow
from app.database import db
from app.feeds import personal
from app.feeds.models import PersonalFeed
from app.messages import reminders
from app.messages.models import Reminder
from app.outbox import Letter, OutboxMessage
from app.registrations import service as registrations
from tests.conftest import empty_database
from tests.factories import OPENING, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backups.conftest import Run
    from tests.conftest import Client

LETTER = Letter(subject="News", paragraphs=["Read this."])
LOST = "not known here"


@pytest.fixture
def organiser() -> Person:
    return make_person("organiser@example.org", role=Role.ORGANISER, commit=True)


def one(model: type[Any]) -> Any:  # noqa: ANN401 - a row of it
    db.session.expire_all()
    return db.session.scalars(select(model)).one()


@pytest.mark.parametrize("is_lost", [False, True])
def test_who_was_erased_stays_erased(
    flask: Run, file: Path, instance_path: Path, organiser: Person, *, is_lost: bool
) -> None:
    ann = make_person("ann@example.org", name="Ann Example")
    edition = make_edition(commit=True)
    registrations.register(edition, ann, now=utcnow())
    db.session.commit()
    flask("create", file)
    privacy.erase(privacy.find("ann@example.org"), by=None, now=utcnow())
    db.session.commit()
    if is_lost:
        empty_database(instance_path)
    said = flask("restore", file, *([] if is_lost else ["--replace"]))
    assert "1 persons erased again" in said
    assert (LOST in said) == is_lost
    assert list(db.session.scalars(select(Person.email))) == ["organiser@example.org"]
    assert audit_proof.verify().holds
    del organiser


def test_an_erasure_that_failed_is_none(organiser: Person) -> None:
    with pytest.raises(privacy.LastOrganiserError):
        privacy.erase(organiser, by=None, now=utcnow())
    db.session.rollback()
    assert erased.words() == set()
    erased.note(organiser)
    word = organiser.fs_uniquifier
    assert erased.words() == {word}
    assert os.stat(erased.path()).st_mode & 0o777 == 0o600  # noqa: PTH116 - its mode
    db.session.rollback()
    assert erased.words() == set()


def test_sessions_and_links_end_and_old_cookies_open_nothing(
    client: Client, flask: Run, file: Path, organiser: Person
) -> None:
    client.sign_in(organiser)
    links.make_link("organiser@example.org", life=timedelta(days=1), now=real_utcnow())
    db.session.commit()
    assert client.get("/organise/mail").status_code == 200
    flask("create", file)
    said = flask("restore", "--replace", file)
    assert "1 sessions ended" in said
    assert client.get("/organise/mail").status_code == 303
    assert one(SignIn).ended_at is not None
    assert db.session.query(SignInLink).count() == 0


def test_what_ended_since_stays_ended(
    client: Client, flask: Run, file: Path, organiser: Person
) -> None:
    ann = make_person("ann@example.org", role=Role.COMMITTEE, commit=True)
    token = personal.make(ann, "My phone", has_alarms=False, now=real_utcnow())
    consents.give(ann, [Purpose.PHOTO], now=utcnow())
    grants.invite("new@example.org", grants.Offer(Role.COMMITTEE), by=organiser, now=real_utcnow())
    ann.password = "old"
    db.session.commit()
    flask("create", file)

    ann = privacy.find("ann@example.org")
    grant = db.session.scalars(select(Grant).filter_by(person_id=ann.id)).one()
    grants.end(grant, by=db.session.merge(organiser), now=real_utcnow(), reason="Left")
    personal.revoke(one(PersonalFeed), now=real_utcnow())
    consents.withdraw(ann, [Purpose.PHOTO], now=utcnow())
    invitation = one(Invitation)
    database.write(invitation)
    invitation.closed_at = real_utcnow()
    ann.password = "new"
    db.session.commit()
    said = flask("restore", "--replace", file)

    assert LOST not in said
    ann = privacy.find("ann@example.org")
    assert ann.password == "new"
    grant = db.session.scalars(select(Grant).filter_by(person_id=ann.id)).one()
    assert (grant.holds(real_utcnow()), grant.ended_at is None) == (False, False)
    assert one(Consent).withdrawn_at is not None
    assert one(Invitation).closed_at is not None
    assert client.get(f"/feeds/personal/{token}.ics").status_code == 404


def test_who_proves_who_they_are_in_another_way_by_now_goes_on_doing_so(
    client: Client, flask: Run, file: Path
) -> None:
    ann = make_person("ann@example.org", commit=True)
    old = personal.make(ann, "My phone", has_alarms=False, now=real_utcnow())
    second_factor.new_recovery_codes(ann, now=real_utcnow())
    db.session.commit()
    flask("create", file)

    ann = privacy.find("ann@example.org")
    new = personal.rotate(one(PersonalFeed), now=real_utcnow())
    later = personal.make(ann, "My watch", has_alarms=False, now=real_utcnow())
    second_factor.new_recovery_codes(ann, now=real_utcnow())
    db.session.commit()
    codes = set(db.session.scalars(select(RecoveryCode.code_hash)))
    flask("restore", "--replace", file)

    told = [client.get(f"/feeds/personal/{token}.ics").status_code for token in (old, new, later)]
    assert told == [404, 200, 200]
    assert set(db.session.scalars(select(RecoveryCode.code_hash))) == codes
    ann = privacy.find("ann@example.org")
    personal.make(ann, "My car", has_alarms=False, now=real_utcnow())
    db.session.commit()


def test_a_mail_that_left_since_does_not_leave_again(
    flask: Run, file: Path, organiser: Person
) -> None:
    del organiser
    database.write()
    sent, waiting = (outbox.post(f"{name}@example.org", LETTER, now=OPENING) for name in "ab")
    db.session.commit()
    flask("create", file)
    outbox.deliver(sent, now=real_utcnow())
    flask("restore", "--replace", file)
    assert outbox.due(now=real_utcnow()) == [waiting]
    assert outbox.held() == []


def test_where_nobody_knows_what_left_an_organiser_decides(
    client: Client, flask: Run, file: Path, instance_path: Path, organiser: Person
) -> None:
    database.write()
    outbox.post("a@example.org", LETTER, now=OPENING)
    secret = Letter(subject="Sign in", paragraphs=["Link"], is_secret=True)
    outbox.post("a@example.org", secret, now=OPENING)
    grants.invite("new@example.org", grants.Offer(Role.COMMITTEE), by=organiser, now=real_utcnow())
    db.session.commit()
    flask("create", file)
    empty_database(instance_path)
    said = flask("restore", file)
    assert "1 mails held" in said
    assert "1 open invitations to roles withdrawn" in said
    held = one(OutboxMessage)
    assert outbox.due(now=real_utcnow()) == []
    assert one(Invitation).closed_at is not None

    client.sign_in(privacy.find("organiser@example.org"))
    path = f"/organise/mail/{held.id}"
    assert "held" in words(client.get("/organise/mail"))
    assert "may have been sent before" in words(client.get(path))
    assert client.submit(path).status_code == 303
    assert outbox.due(now=real_utcnow()) == [held.id]
    assert "may have been sent before" not in words(client.get(path))
    outbox.deliver(held.id, now=real_utcnow())
    client.submit(path)  # pressed once more in another window
    assert outbox.due(now=real_utcnow()) == []


@pytest.mark.parametrize("is_lost", [False, True])
def test_no_reminder_goes_out_twice(
    flask: Run, file: Path, instance_path: Path, organiser: Person, *, is_lost: bool
) -> None:
    del organiser
    edition = make_edition(dtstart=OPENING.date() + timedelta(days=5), days=2, commit=True)
    registrations.register(edition, make_person("ann@example.org"), now=utcnow())
    db.session.commit()
    flask("create", file)
    assert reminders.work(now=utcnow()) == 1
    if is_lost:
        empty_database(instance_path)
    flask("restore", file, *([] if is_lost else ["--replace"]))
    assert db.session.query(Reminder).count() == 1
    assert reminders.work(now=utcnow()) == 0
