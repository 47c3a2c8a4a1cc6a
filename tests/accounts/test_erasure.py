from __future__ import annotations

import base64
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from app import audit, audit_proof, clock, database, outbox
from app.accounts import consents, links, privacy
from app.accounts import service as accounts
from app.accounts.models import Consent, Person, Purpose, Role
from app.clock import real_utcnow
from app.database import Model, db
from app.door.models import Attendance
from app.editions import service as editions
from app.messages.models import GroupMessage, GroupMessageRecipient, MessageStatus
from app.registrations import queries as registrations_queries
from app.registrations import questions
from app.registrations import service as registrations
from app.registrations.models import ErasedRegistrations, QuestionKind
from app.surveys.models import SurveyAnswer
from scheduler.lifecycle import RegistrationStatus
from tests.factories import OPENING, PDF, make_edition, make_person, make_question
from tests.pages import alert, words
from tests.processes import content_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conftest import Client

CANARY = "zqcanary"
EMAIL = f"{CANARY}-mail@example.org"
NAME = f"{CANARY.title()} Álvarez-Name"


def use_everything(client: Client) -> Person:
    """Let somebody use every feature that takes words of theirs, by its pages."""
    client.environ_base["HTTP_USER_AGENT"] = f"{CANARY}-device/1.0"
    waiting = make_edition(capacity=1)
    registrations.register(waiting, make_person("first@example.org"), now=OPENING)
    seated = make_edition(series=waiting.series, capacity=1, title="Second")
    next_in_line = make_person("next@example.org")
    past = make_edition(series=waiting.series, title="Third")
    organiser = make_person("organiser@example.org", role=Role.ORGANISER)
    line = make_question(waiting, "Anything else?")
    scan = make_question(waiting, "A scan", QuestionKind.FILE)
    wishes = questions.Wishes(offers_grants=True)
    questions.set_wishes(waiting, wishes, by=organiser, now=OPENING)
    db.session.commit()

    client.submit("/login/link", email=EMAIL.upper(), next=f"/?{CANARY}-path")
    client.post("/login", data={"csrf_token": client.csrf_token(), "email": EMAIL,
                                "password": f"{CANARY}-password"})  # fmt: skip
    token = links.make_link(EMAIL, life=timedelta(minutes=5), now=real_utcnow())
    client.submit(f"/login/link/{token}")
    person = db.session.scalar(select(Person).filter_by(email=EMAIL))
    client.sign_in(person)
    refused = client.submit(
        f"/editions/{waiting.slug}/register",
        **{
            f"q{scan.id}": (
                io.BytesIO(PDF.replace(b"A letter.", CANARY.encode())),
                f"{CANARY}-held.pdf",
            )
        },
    )
    assert f"{CANARY}-held.pdf has arrived and is kept" in words(refused)
    answered = {f"q{line.id}": f"{CANARY}-answer", "grant_request": f"{CANARY}-far-away"}
    for edition in (waiting, seated, past):
        more: dict[str, Any] = {}
        if edition is waiting:
            content = io.BytesIO(PDF.replace(b"A letter.", CANARY.encode()))
            more = answered | {f"q{scan.id}": (content, f"{CANARY}-scan.pdf")}
        answer = client.submit(
            f"/editions/{edition.slug}/register",
            name=NAME,
            dietary_needs=f"{CANARY}-diet",
            accepts_terms="y",
            **more,
        )
        assert answer.status_code == 303
    registrations.register(seated, next_in_line, now=OPENING)
    client.submit("/me", name=NAME, submit="1")
    client.submit("/me/sign-in/password", password=f"{CANARY}-a-long-password")
    client.sign_in(person)
    client.submit("/me/feeds", name=f"{CANARY}-phone")
    for purpose in Purpose:
        client.submit(f"/me/privacy/{purpose.value}", give="1")
    client.submit("/me/privacy/photo", withdraw="1")
    editions.describe(
        past,
        title="Third",
        summary=f"Opened by {NAME} ({EMAIL}).",
        by=organiser,
        now=OPENING,
    )
    database.write(past)
    audit.record("edition.described", past, by=person, now=OPENING, reason=f"As {NAME} asked")
    outbox.post(
        organiser.email,
        outbox.Letter(subject=f"{NAME} has registered", paragraphs=[f"Write to {EMAIL}."]),
        now=OPENING,
    )
    # As they stand in a header and in a body.
    db.session.commit()
    outbox.deliver_due(now=clock.real_utcnow())
    db.session.commit()
    return person


def spellings() -> list[bytes]:
    """Return the forms in which the canary could lie in a row or a file."""
    plain = [word.encode() for word in (CANARY, CANARY.title(), CANARY.upper(), "Álvarez-Name")]
    within_base64 = [
        base64.b64encode(b" " * shift + word)[(shift * 8 + 5) // 6 : (shift + len(word)) * 8 // 6]
        for word in plain
        for shift in range(3)
    ]
    return plain + within_base64 + ["Álvarez-Name".encode("utf-16"), b"\\u00c1lvarez"]


def traces_in_tables() -> list[str]:
    """Return the columns in which the canary still is."""
    return [
        f"{table.name}.{name}: {value!r}"
        for table in Model.metadata.sorted_tables
        for row in db.session.execute(select(table)).mappings()
        for name, value in row.items()
        if _has_trace(value if isinstance(value, bytes) else _json(value))
    ]


def _json(value: object) -> bytes:
    return json.dumps(value, default=str, ensure_ascii=False).encode()


def _has_trace(text: bytes) -> bool:
    return any(spelling in text for spelling in spellings())


def traces_in_files(folder: Path) -> list[str]:
    """Return the files in which the canary still is, databases read as bytes."""
    return sorted(name for name, content in content_of(folder) if _has_trace(content))


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def test_who_is_erased_leaves_no_trace(
    client: Client, instance_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    person = use_everything(client)
    database.scrub()
    assert len({trace.partition(":")[0] for trace in traces_in_tables()}) > 12
    assert len(traces_in_files(instance_path)) > 4
    answer = client.submit("/me/erase", confirms="y")
    assert (answer.status_code, answer.location) == (303, "/")
    db.session.expire_all()
    assert db.session.scalar(select(Person).filter_by(email=EMAIL)) is None
    assert traces_in_tables() == []
    assert traces_in_files(instance_path) == []
    assert CANARY not in caplog.text.lower()
    assert audit_proof.verify().fault == ""
    assert "Sign in" in client.get("/").text  # the session is over, and the cookie names nobody
    assert person is not None


def test_places_of_the_erased_go_to_the_next_in_line_and_their_numbers_stay(
    client: Client,
) -> None:
    use_everything(client)
    next_in_line = db.session.scalar(select(Person).filter_by(email="next@example.org"))
    (waiting,) = registrations_queries.of_person(next_in_line)
    assert waiting.status is RegistrationStatus.WAITLISTED
    client.submit("/me/erase", confirms="y")
    db.session.expire_all()
    assert waiting.status is RegistrationStatus.CONFIRMED
    counts = db.session.scalars(select(ErasedRegistrations.registration_count)).all()
    assert counts == [1, 1, 1]
    assert registrations_queries.erased_count(waiting.edition) == 1


def test_erasing_needs_the_box(client: Client) -> None:
    person = make_person("ann@example.org")
    client.sign_in(person)
    page = client.get("/me/erase")
    assert "How many people registered for an event, as a number." in words(page)
    answer = client.submit("/me/erase")
    assert answer.status_code == 422
    assert alert(answer) == (
        "Erase everything about me: Tick the box to confirm; without it nothing is erased."
    )
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1


def test_an_organiser_erases_who_asked_by_letter(client: Client) -> None:
    organiser = make_person("boss@example.org", role=Role.ORGANISER)
    make_person("ann@example.org", name="Ann Lee")
    client.sign_in(organiser)
    fields = {"email": "Ann@example.org", "reason": "Ann Lee wrote on 2 March", "confirms": "y"}
    answer = client.submit("/organise/people/erase", **fields)
    assert (answer.status_code, answer.location) == (303, "/organise/people")
    entry = audit.latest(1)[0]
    assert (entry.action, entry.person_id, entry.subject_id, entry.reason) == (
        "person.erased",
        organiser.id,
        0,
        "(erased) wrote on 2 March",
    )
    answer = client.submit("/organise/people/erase", **fields)
    assert answer.status_code == 422
    assert alert(answer) == "Their e-mail address: Nobody here has the address Ann@example.org."


def test_the_last_organiser_stays(client: Client) -> None:
    organiser = make_person("boss@example.org", role=Role.ORGANISER)
    client.sign_in(organiser)
    answer = client.submit("/me/erase", confirms="y")
    assert (answer.status_code, alert(answer)) == (
        422,
        "Nobody else is organiser. Make somebody else one first.",
    )


def test_a_newcomer_with_the_same_number_has_no_past() -> None:
    person = make_person("ann@example.org", role=Role.COMMITTEE)
    accounts.rename(person, "Ann Lee", now=OPENING)
    number = person.id
    privacy.erase(person, by=None, now=OPENING)
    db.session.commit()
    newcomer = make_person("new@example.org")
    newcomer_number = newcomer.id
    assert newcomer_number == number or not is_sqlite()
    assert [entry.action for entry in audit.concerning(newcomer)] == []


def test_a_name_in_the_words_of_others_is_taken_out_and_what_looks_like_it_is_not() -> None:
    edition = make_edition(summary="ann@example.org, joann@example.org, ANN LEE, Ann Leeds, Ann")
    person = make_person("ann@example.org", name="Ann Lee")
    privacy.erase(person, by=None, now=OPENING)
    db.session.commit()
    db.session.expire_all()
    assert edition.summary == "(erased), joann@example.org, (erased), Ann Leeds, Ann"


# -- my data ---------------------------------------------------------------------------------


def test_my_data_is_all_that_the_tables_hold_and_no_secret(client: Client) -> None:
    person = use_everything(client)
    answer = client.get("/me/data.json")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/json", "no-store")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    held = answer.get_json()
    assert (held["person"]["email"], held["person"]["name"]) == (EMAIL, NAME)
    assert held["registrations"][0]["answers"] == [
        {"question": "Anything else?", "answer": f"{CANARY}-answer"},
        {"question": "A scan", "answer": f"{CANARY}-scan.pdf"},
    ]
    assert [row["dietary_needs"] for row in held["registrations"]] == [f"{CANARY}-diet"] * 3
    assert [row["name"] for row in held["personal_feeds"]] == [f"{CANARY}-phone"]
    assert {row["purpose"] for row in held["consents"]} == set(Purpose)
    assert f"{CANARY}-device/1.0" in {row["device"] for row in held["sign_ins"]}
    assert "person.renamed" in {row["act"] for row in held["acts"]}
    db.session.refresh(person)
    hidden = [person.password, person.fs_uniquifier, "token_hash", "salt", "login/link/"]
    assert [secret for secret in hidden if secret in answer.text] == []


def test_nobody_elses_data_is_among_mine(client: Client) -> None:
    use_everything(client)
    client.sign_in(make_person("other@example.org"))
    assert CANARY not in client.get("/me/data.json").text.lower()


# -- consents --------------------------------------------------------------------------------


def test_no_consent_is_given_beforehand(client: Client) -> None:
    person = make_person("ann@example.org")
    assert consents.standing(person) == {}
    assert [purpose for purpose in Purpose if consents.gives(person, purpose)] == []
    page = client.sign_in(person).get("/me/privacy")
    assert "Nothing has happened yet." in words(page)
    assert words(page).count("You do not agree at present.") == len(Purpose)


def test_a_consent_is_given_withdrawn_and_given_again_each_time_with_its_words(
    client: Client,
) -> None:
    person = make_person("ann@example.org")
    client.sign_in(person)
    for act in ("give", "give", "withdraw", "withdraw", "give"):
        assert client.submit("/me/privacy/photo", **{act: "1"}).status_code == 303
    rows = db.session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [(row.purpose, row.version, row.withdrawn_at is None) for row in rows] == [
        (Purpose.PHOTO, 1, False),
        (Purpose.PHOTO, 1, True),
    ]
    assert rows[0].text == str(consents.WORDINGS[Purpose.PHOTO].text)
    assert (consents.gives(person, Purpose.PHOTO), consents.gives(person, Purpose.SLIDES)) == (
        True,
        False,
    )
    asked = select(Person.email).where(consents.agreeing(Purpose.PHOTO))
    assert db.session.scalars(asked).all() == ["ann@example.org"]
    assert client.submit("/me/privacy/nonsense", give="1").status_code == 404
    assert "Consent withdrawn, Photographs" in words(client.get("/me/privacy"))


def test_new_words_ask_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    person = make_person()
    consents.give(person, [Purpose.SLIDES], now=OPENING)
    newer = consents.Wording(2, "Slides", "Other words.")
    monkeypatch.setitem(consents.WORDINGS, Purpose.SLIDES, newer)
    assert not consents.gives(person, Purpose.SLIDES)
    consents.give(person, [Purpose.SLIDES], now=OPENING)
    assert consents.standing(person)[Purpose.SLIDES].text == "Other words."


def test_what_hangs_on_a_registration_is_told_with_it_whoever_keeps_it(client: Client) -> None:
    person = make_person("ann@example.org", name="Ann Lee")
    registration = registrations.register(make_edition(), person, now=OPENING)
    database.write()
    day = registration.edition.dtstart
    db.session.add(Attendance(registration=registration, day=day, seen_at=OPENING))
    db.session.commit()
    data = client.sign_in(person).get("/me/data.json").get_json()
    (told,) = data["registrations"]
    assert told["attendance"] == [{"day": str(day), "seen_at": OPENING.isoformat()}]
    assert "attendance" not in data  # once, and there


def test_a_name_is_taken_out_of_answers_and_of_rows_with_two_keys() -> None:
    edition, person = make_edition(), make_person("ann@example.org", name="Ann Lee")
    other = registrations.register(edition, make_person(), now=OPENING)
    database.write()
    answer = SurveyAnswer(
        id="a" * 32, edition_id=edition.id, answers=[4, "Ann Lee and Bo", {"a": ["Ann LEE"]}]
    )
    message = GroupMessage(
        edition=edition,
        subject="Ann Lee",
        body="Write to ann@example.org.",
        statuses=[],
        status=MessageStatus.DRAFT,
        written_at=OPENING,
    )
    db.session.add_all([answer, message])
    db.session.flush()
    db.session.add(GroupMessageRecipient(message_id=message.id, registration=other))
    privacy.erase(person, by=None, now=OPENING)
    db.session.commit()
    db.session.expire_all()
    assert answer.answers == [4, "(erased) and Bo", {"a": ["(erased)"]}]
    assert (message.subject, message.body) == ("(erased)", "Write to (erased).")


# -- what holds for every table, also those to come ------------------------------------------


def test_no_table_keeps_a_person_from_being_erased() -> None:
    """A key to a person or a registration lets go by itself; registrations count themselves out."""
    holding = {
        f"{table.name}.{key.parent.name}"
        for table in Model.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in {"person", "registration"}
        and key.ondelete not in {"CASCADE", "SET NULL"}
    }
    # These are let go by `app/registrations/erasure.py`, as the test below shows.
    own = {"person_id", "nominated_by_id", "replaces_id"}
    assert holding == {f"registration.{name}" for name in own}


def test_who_nominated_others_or_was_replaced_is_erased_too() -> None:
    edition, contact = make_edition(), make_person("contact@example.org")
    first = registrations.register(edition, contact, now=OPENING)
    second = registrations.register(edition, make_person(), now=OPENING)
    second.nominated_by_id, second.replaces_id = contact.id, first.id
    privacy.erase(contact, by=None, now=OPENING)
    db.session.commit()
    db.session.expire_all()
    assert (second.nominated_by_id, second.replaces_id) == (None, None)


def test_each_act_of_mine_says_what_it_was_done_to_and_names_no_other_person(
    client: Client,
) -> None:
    olivia = make_person(role=Role.ORGANISER)
    edition = make_edition(title="Fourth Symposium")
    registrations.register(edition, olivia, now=OPENING)
    other = make_person(name="Ben Other")
    accounts.sign_out(other, by=olivia, now=OPENING)
    page = words(client.sign_in(olivia).get("/me/privacy"))
    assert "Registration: Fourth Symposium · 15 January 2027" in page
    assert ("Signed out everywhere by an organiser Person ·" in page, "Ben" in page) == (
        True,
        False,
    )
