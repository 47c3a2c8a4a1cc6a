"""Surveys: asked once, answered once, and nobody can tell by whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from app import database
from app.accounts.models import Role
from app.audit import AuditEntry
from app.database import db
from app.outbox import OutboxMessage
from app.registrations import service as registrations
from app.surveys import queries, service
from app.surveys.models import AnswerKind, SurveyAnswer, SurveyTicket
from scheduler.lifecycle import RegistrationStatus
from tests.factories import OPENING, make_edition, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Registration
    from tests.conftest import Client

BEFORE = OPENING - timedelta(days=20)
QUESTIONS = [(AnswerKind.RATING, "The whole"), (AnswerKind.WORDS, "What should change?")]
CLOSES = OPENING + timedelta(days=20)


@pytest.fixture
def organiser() -> Person:
    return make_person(role=Role.ORGANISER)


@pytest.fixture
def edition() -> Edition:
    """Three days that ended yesterday; six people came, a seventh did not."""
    edition = make_edition(dtstart=date(2027, 1, 12), title="Fourth Symposium")
    for number in range(7):
        person = make_person(f"guest{number}@example.org")
        registration = registrations.register(edition, person, now=BEFORE)
        if number < 6:
            database.write(registration)
            registration.status = RegistrationStatus.CHECKED_IN
    db.session.flush()
    return edition


@pytest.fixture
def guests(edition: Edition, organiser: Person) -> list[Registration]:
    """Who came and is asked."""
    service.open_survey(edition, QUESTIONS, closes_at=CLOSES, by=organiser, now=OPENING)
    return list(queries.who_came(edition))


def test_everyone_who_came_is_asked_and_nobody_else(guests: list[Registration]) -> None:
    asked = db.session.scalars(
        select(OutboxMessage.to_address).filter_by(subject="How was it? Fourth Symposium")
    ).all()
    assert sorted(asked) == [f"guest{n}@example.org" for n in range(6)]
    assert len(guests) == 6


def test_an_answer_is_given_once_by_who_came_while_it_is_open(
    edition: Edition, guests: list[Registration]
) -> None:
    service.answer(guests[0], [5, "more"], now=OPENING)
    with pytest.raises(service.AnsweredError):
        service.answer(guests[0], [1, ""], now=OPENING)
    with pytest.raises(service.ClosedError):
        service.answer(guests[1], [1, ""], now=CLOSES)
    absent = next(
        r for r in registrations.queries.live(edition) if r.person.email == "guest6@example.org"
    )
    with pytest.raises(service.NotAskedError):
        service.answer(absent, [1, ""], now=OPENING)
    assert queries.answer_count(edition) == 1


def test_results_are_shown_from_five_answers_on(
    edition: Edition, guests: list[Registration]
) -> None:
    survey = queries.find(edition)
    assert survey
    for number, guest in enumerate(guests):
        assert (queries.results(survey, CLOSES) == []) == (number < 5)
        service.answer(guest, [1 + number % 5, f"words {9 - number}"], now=OPENING)
    whole, change = queries.results(survey, CLOSES)
    assert (whole.counts, whole.mean) == ((2, 1, 1, 1, 1), pytest.approx(16 / 6))
    assert change.words == tuple(f"words {n}" for n in range(4, 10))


def test_nobody_sees_results_change_by_one_answer(
    edition: Edition, guests: list[Registration]
) -> None:
    survey = queries.find(edition)
    assert survey
    for guest in guests:
        service.answer(guest, [5, ""], now=OPENING)
        assert queries.results(survey, CLOSES - timedelta(seconds=1)) == []


def test_a_question_that_few_answered_is_not_shown(
    client: Client, edition: Edition, guests: list[Registration], organiser: Person
) -> None:
    for number, guest in enumerate(guests):
        service.answer(guest, [5, "canary" if number < 4 else ""], now=OPENING)
    survey = queries.find(edition)
    assert survey
    service.close(survey, by=organiser, now=OPENING)
    whole, change = queries.results(survey, OPENING)
    assert (whole.counts, change.words, change.mean) == ((0, 0, 0, 0, 6), (), None)
    page = client.sign_in(organiser).get(f"/organise/editions/{edition.slug}/survey")
    assert "Fewer than 5 people answered this: it is not shown." in words(page)
    assert "canary" not in page.text


def test_nothing_that_is_stored_links_an_answer_to_who_gave_it(
    guests: list[Registration],
) -> None:
    db.session.commit()
    before = db.session.scalar(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1))
    for number, guest in enumerate(guests):
        service.answer(guest, [5, f"canary{number}"], now=OPENING)
        db.session.commit()
    # What a ticket and an answer say at all: a registration, and words under a random key.
    assert set(SurveyTicket.__table__.columns.keys()) == {"registration_id"}
    assert set(SurveyAnswer.__table__.columns.keys()) == {"id", "edition_id", "answers"}
    after = db.session.scalar(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1))
    assert before == after
    # The order in which the database gives them out is that of their random keys.
    given = db.session.execute(text("SELECT id FROM survey_answer")).scalars().all()
    assert given == sorted(given)
    if db.engine.dialect.name == "postgresql":
        # All were last written by one transaction, which wrote one ticket only.
        writers = db.session.execute(
            text("SELECT count(DISTINCT xmin::text) FROM survey_answer")
        ).scalar_one()
        assert writers == 1


def test_a_survey_before_the_end_or_twice_is_refused(
    edition: Edition, guests: list[Registration], organiser: Person
) -> None:
    assert guests
    with pytest.raises(service.OpenedError):
        service.open_survey(edition, QUESTIONS, closes_at=CLOSES, by=organiser, now=OPENING)
    ahead = make_edition()
    with pytest.raises(service.NotOverError):
        service.open_survey(ahead, QUESTIONS, closes_at=CLOSES, by=organiser, now=OPENING)


def test_a_guest_answers_from_their_page_and_an_organiser_cannot_for_them(
    client: Client,
    guests: list[Registration],
    organiser: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    guest = guests[0]
    path = f"/registrations/{guest.public_id}/survey"
    assert client.sign_in(organiser).get(path).status_code == 404
    client.sign_in(guest.person)
    assert path in client.get(f"/registrations/{guest.public_id}").text
    asked = words(client.get(path))
    assert ("No answer" in asked, "Open until" in asked) == (True, True)  # a tick can be taken back
    wrong = client.submit(path, q0="7", q1="kept <b>words</b>")
    assert (wrong.status_code, "kept &lt;b&gt;words" in wrong.text) == (422, True)
    client.submit(path, q0="4", q1="More <b>coffee</b>")
    assert "coffee" not in caplog.text
    assert guest.public_id not in caplog.text
    assert db.session.scalars(select(SurveyAnswer.answers)).all() == [[4, "More <b>coffee</b>"]]
    assert path not in client.get(f"/registrations/{guest.public_id}").text
    again = client.get(path)
    assert (again.status_code, "You have answered already" in again.text) == (409, True)


def test_a_question_can_be_left_open(client: Client, guests: list[Registration]) -> None:
    client.sign_in(guests[0].person)
    path = f"/registrations/{guests[0].public_id}/survey"
    assert client.submit(path, q0="", q1="Only words").status_code == 303
    assert db.session.scalars(select(SurveyAnswer.answers)).all() == [[None, "Only words"]]


def test_an_organiser_asks_and_reads(client: Client, edition: Edition, organiser: Person) -> None:
    client.sign_in(organiser)
    path = f"/organise/editions/{edition.slug}/survey"
    assert "6 people were checked in and would be asked." in words(client.get(path))
    nothing = client.submit(path, ratings="", words=" ", closes_on="2027-02-01")
    assert (nothing.status_code, "Ask at least one question." in alert(nothing)) == (422, True)
    late = client.submit(path, ratings="The whole", words="", closes_on="2027-01-01")
    assert (late.status_code, "is past already" in alert(late)) == (422, True)
    assert queries.find(edition) is None
    client.submit(path, ratings="The whole\n\nThe food", words="Else?", closes_on="2027-02-01")
    survey = queries.find(edition)
    assert survey
    assert survey.asked == [
        (AnswerKind.RATING, "The whole"),
        (AnswerKind.RATING, "The food"),
        (AnswerKind.WORDS, "Else?"),
    ]
    for guest in queries.who_came(edition):
        service.answer(guest, [5, 3, "<i>fine</i>"], now=OPENING)
    page = client.get(path)
    assert "6 of 6 people have answered." in words(page)
    assert "Nothing is shown yet" in words(page)
    client.submit(f"{path}/close")
    page = client.get(path)
    assert "It is closed." in words(page)
    assert "On average 5.0 of 5, from 6 answers." in words(page)
    assert "&lt;i&gt;fine" in page.text
