from __future__ import annotations

import os
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app import audit_proof, clock, database, outbox, retention
from app.accounts import consents, links, sessions
from app.accounts.models import Consent, Method, Person, Purpose, Role, SignIn, SignInLink
from app.clock import real_utcnow
from app.database import db
from app.feeds import personal
from app.feeds.models import PersonalFeed
from app.feeds.queries import personal_feeds
from app.registrations import queries as registrations_queries
from app.registrations import service as registrations
from app.registrations.models import Registration, VisaRequest
from app.registrations.service import Particulars
from tests.factories import OPENING, make_country, make_edition, make_person

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from flask import Flask

    from app.database import Model

TODAY = OPENING.date()
DAY = timedelta(days=1)


def run() -> dict[str, int]:
    """Let go of what is due; return how much of what that was."""
    db.session.commit()
    found = {str(rule.data): count for rule, count in retention.run() if count}
    db.session.expire_all()
    return found


def count(table: type[Model]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def register_for(last_day: date) -> Registration:
    """Register somebody for an edition that will have ended on ``last_day``."""
    edition = make_edition(title=f"Until {last_day}")
    person = make_person()
    registration = registrations.register(
        edition, person, now=OPENING, told=Particulars(dietary_needs="No nuts")
    )
    edition.dtstart, edition.dtend = last_day - 2 * DAY, last_day + DAY
    db.session.flush()
    return registration


def test_an_empty_house_lets_nothing_go() -> None:
    assert run() == {}


def test_diet_is_known_until_thirty_days_after_the_event() -> None:
    kept, gone = (register_for(TODAY - days * DAY) for days in (30, 31))
    gone.access_needs = "A ramp"
    db.session.flush()
    assert run() == {"Dietary and access needs": 1}
    assert (kept.dietary_needs, gone.dietary_needs, gone.access_needs) == ("No nuts", "", "")


def test_passports_are_known_until_thirty_days_after_the_event() -> None:
    country = make_country("XAB")
    kept, gone = (register_for(TODAY - days * DAY) for days in (30, 31))
    for registration in (kept, gone):
        db.session.add(
            VisaRequest(
                registration_id=registration.id,
                full_name="Ana",
                nationality_code=country.code,
                passport_number="X1",
                passport_expires_on=TODAY,
                born_on=TODAY,
                requested_at=OPENING,
            )
        )
    db.session.flush()
    assert run()["Passports, told for a visa letter"] == 1
    assert db.session.scalars(select(VisaRequest.registration_id)).all() == [kept.id]


def test_registrations_become_counts_after_two_years() -> None:
    kept, gone = (register_for(TODAY - days * DAY) for days in (730, 731))
    edition, public_id = gone.edition, kept.public_id
    found = run()
    assert found["Registrations"] == 1
    assert db.session.scalars(select(Registration.public_id)).all() == [public_id]
    assert registrations_queries.erased_count(edition) == 1
    assert audit_proof.verify().fault == ""


def test_who_is_idle_is_erased_and_who_is_needed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    make_person("idle@example.org")
    make_person("organiser@example.org", role=Role.ORGANISER)
    registrations.register(make_edition(), make_person("comes@example.org"), now=OPENING)
    seen = make_person("seen@example.org")
    later = max(OPENING, real_utcnow()) + 731 * DAY
    sessions.open_session(seen, method=Method.LINK, device="d", now=later - 100 * DAY)
    monkeypatch.setattr(clock, "real_utcnow", lambda: later)
    assert run()["Accounts"] == 1
    kept = db.session.scalars(select(Person.email).order_by(Person.email)).all()
    assert kept == ["comes@example.org", "organiser@example.org", "seen@example.org"]


def test_sessions_lose_their_device_and_then_themselves() -> None:
    person, now = make_person(), real_utcnow()
    for days in (29, 31, 729, 731):
        sessions.open_session(person, method=Method.LINK, device=f"d{days}", now=now - (days * DAY))
        sessions.end_sessions(person, now=now - days * DAY)
    found = run()
    assert (found["Devices you signed in on"], found["Times of signing in"]) == (3, 1)
    assert db.session.scalars(select(SignIn.device).order_by(SignIn.id)).all() == ["d29", "", ""]


def test_dead_links_and_old_mails_go_with_their_files(instance_path: Path) -> None:
    now = real_utcnow()
    for age in (timedelta(hours=23), timedelta(hours=25)):
        links.make_link("a@example.org", life=timedelta(0), now=now - age)
    for age, secret in ((89 * DAY, False), (91 * DAY, False), (DAY * 2, True), (DAY / 2, True)):
        letter = outbox.Letter(subject=f"{age}", paragraphs=["Words"], is_secret=secret)
        database.write()
        message_id = outbox.post("a@example.org", letter, now=now - age)
        db.session.commit()
        outbox.deliver(message_id, now=now - age)
    database.write()
    waiting = outbox.post("b@example.org", letter, now=now - 400 * DAY)
    stray = instance_path / "mail" / "20200101T000000Z-999999.eml"
    stray.write_text("of nobody")
    os.utime(stray, (0, 0))  # long ago
    others = instance_path / "mail" / "saved by somebody.eml"
    others.write_text("of nobody either")
    os.utime(others, (0, 0))
    found = run()
    assert count(SignInLink) == 1
    assert found == {"Sign-in links": 1, "Mails with a sign-in link": 1, "Other mails we wrote": 2}
    others.unlink()  # it stayed
    assert len(list((instance_path / "mail").iterdir())) == 2
    assert outbox.find(waiting) is not None


def test_withdrawn_consents_are_kept_as_proof_for_two_years() -> None:
    person = make_person()
    for days, purpose in ((729, Purpose.PHOTO), (731, Purpose.SLIDES)):
        consents.give(person, [purpose], now=OPENING - 900 * DAY)
        consents.withdraw(person, [purpose], now=OPENING - days * DAY)
    consents.give(person, [Purpose.MAILING], now=OPENING - 900 * DAY)
    assert run() == {"Withdrawn consents": 1}
    assert count(Consent) == 2


def test_revoked_and_forgotten_addresses_go() -> None:
    person, now = make_person(), real_utcnow()
    for name, made in (("used", 900), ("forgotten", 731), ("new", 1), ("revoked", 40)):
        personal.make(person, name, has_alarms=False, now=now - made * DAY)
    feeds = {feed.name: feed for feed in personal_feeds(person)}
    personal.note_use(feeds["used"], now=now - DAY)
    personal.revoke(feeds["revoked"], now=now - 31 * DAY)
    assert run() == {"Secret calendar addresses": 2}
    names = db.session.scalars(select(PersonalFeed.name).order_by(PersonalFeed.name)).all()
    assert names == ["new", "used"]


def test_the_command_says_what_is_due_and_then_what_it_did(app: Flask) -> None:
    gone = register_for(TODAY - 40 * DAY)
    db.session.commit()
    line = "Dietary and access needs (until 30 days after the event)"
    outputs = []
    for options in (["--dry-run"], [], []):
        found = app.test_cli_runner().invoke(args=["retention", "run", *options])
        assert found.exit_code == 0, found.output
        outputs.append(next(row for row in found.output.splitlines() if line in row).strip())
        db.session.expire_all()
        assert bool(gone.dietary_needs) == (options == ["--dry-run"])
    assert outputs == [f"1 due: {line}", f"1 let go: {line}", f"0 let go: {line}"]
