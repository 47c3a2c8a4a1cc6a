"""The application: what is asked of whom, what is kept, who sees it, and when it goes."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from werkzeug.test import encode_multipart

from app import audit, clock, database, retention, uploads
from app.accounts import consents
from app.accounts.models import Purpose, Role
from app.database import db
from app.registrations import (
    answer_erasure,
    answering,
    desk_queries,
    questions,
    selection,
    service,
)
from app.registrations import question_queries as queries
from app.registrations.answering import Given
from app.registrations.desk_queries import Choice
from app.registrations.models import Answer, Profile, QuestionKind, Registration, TravelGrant
from app.registrations.seating import Candidate
from app.uploads import StoredFile
from scheduler.lifecycle import RegistrationStatus
from tests.factories import (
    OPENING,
    PDF,
    make_country,
    make_edition,
    make_person,
    make_question,
    make_series,
)
from tests.pages import CountedQueries, alert, fields, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Question
    from tests.conftest import Client

KIND = QuestionKind
RLO = "\u202e"


@pytest.fixture
def edition() -> Edition:
    return make_edition(title="Fourth Symposium")


@pytest.fixture
def organiser() -> Person:
    return make_person(role=Role.ORGANISER)


@pytest.fixture
def person() -> Person:
    return make_person("ana@example.org", name="Ana García")


def apply(client: Client, edition: Edition, **sent: Any) -> Any:  # noqa: ANN401 - a response
    return client.submit(f"/editions/{edition.slug}/register", accepts_terms="y", **sent)


def q(question: Question) -> str:
    return f"q{question.id}"


def kept(person: Person) -> dict[str, str]:
    """Return what somebody answered, by the question's words."""
    rows = db.session.scalars(
        select(Answer)
        .join(Registration, Registration.id == Answer.registration_id)
        .where(Registration.person_id == person.id)
    )
    return {row.question.label: row.file.name if row.file else row.value for row in rows}


def a_file(name: str = "scan.pdf", content: bytes = PDF) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


# -- answering -------------------------------------------------------------------------------


def test_every_kind_of_answer_is_kept_and_shown(
    client: Client, edition: Edition, person: Person
) -> None:
    asked = {
        "line": make_question(edition, "Shirt", KIND.TEXT),
        "prose": make_question(edition, "About you", KIND.PROSE),
        "choice": make_question(edition, "Day", KIND.CHOICE, options=("Mon", "Tue")),
        "choices": make_question(edition, "Tours", KIND.CHOICES, options=("Mill", "Lab", "Dam")),
        "yes": make_question(edition, "Poster?", KIND.YES_NO),
        "day": make_question(edition, "Arrival", KIND.DATE),
        "file": make_question(edition, "Photo", KIND.FILE),
    }
    told: dict[str, Any] = {
        q(asked["line"]): f"  Größe {RLO}L\x07 👕 ",
        q(asked["prose"]): "One\r\ntwo",
        q(asked["choice"]): "Tue",
        q(asked["choices"]): ["Dam", "Mill"],
        q(asked["yes"]): "no",
        q(asked["day"]): "2027-05-03",
        q(asked["file"]): a_file(f"me{RLO}fdp.exe"),
    }
    client.sign_in(person)
    answer = apply(client, edition, **told)
    assert answer.status_code == 303
    assert kept(person) == {
        "Shirt": "Größe L 👕",
        "About you": "One\ntwo",
        "Day": "Tue",
        "Tours": "Mill\nDam",  # in the order of the list
        "Poster?": "no",
        "Arrival": "2027-05-03",
        "Photo": "mefdp.exe.pdf",
    }
    page = client.get(answer.location)
    assert "Tours Mill; Dam" in words(page)
    assert "Poster? No" in words(page)
    assert "Arrival 3 May 2027" in words(page)
    with client.get(f"{answer.location}/answers/{asked['file'].id}") as file:
        assert (file.data, file.headers["Content-Disposition"]) == (
            PDF,
            "attachment; filename=mefdp.exe.pdf",
        )
    told_again = fields(client.get(f"{answer.location}/edit"))
    assert (told_again[q(asked["day"])], told_again[q(asked["line"])]) == (
        "2027-05-03",
        "Größe L 👕",
    )


def test_a_condition_is_judged_on_the_server(
    client: Client, edition: Edition, person: Person
) -> None:
    poster = make_question(edition, "Poster?", KIND.YES_NO, is_required=True)
    size = make_question(
        edition,
        "Size",
        KIND.CHOICE,
        options=("A0", "A1"),
        is_required=True,
        depends_on_id=poster.id,
        depends_on_answer="yes",
    )
    day = make_question(edition, "Day", KIND.DATE, depends_on_id=size.id, depends_on_answer="A0")
    client.sign_in(person)
    answer = apply(client, edition, **{q(poster): "yes"})
    assert (answer.status_code, alert(answer)) == (422, "Size: This needs an answer.")
    assert fields(answer)[q(poster)] == "yes"
    # Whoever says no is asked neither, whatever else is sent, in whatever shape.
    answer = apply(client, edition, **{q(poster): "no", q(size): "A9", q(day): "never"})
    assert (answer.status_code, kept(person)) == (303, {"Poster?": "no"})
    answer = client.submit(
        f"{answer.location}/edit", **{q(poster): "yes", q(size): "A0", q(day): "2027-03-02"}
    )
    assert kept(person) == {"Poster?": "yes", "Size": "A0", "Day": "2027-03-02"}
    client.submit(f"{answer.location}/edit", **{q(poster): "no", q(size): "A0"})
    assert kept(person) == {"Poster?": "no"}


def test_what_cannot_be_an_answer_is_told_at_its_field(
    client: Client, edition: Edition, person: Person
) -> None:
    line = make_question(edition, "Line", KIND.TEXT)
    choice = make_question(edition, "Choice", KIND.CHOICE, options=("A", "B"))
    many = make_question(edition, "Many", KIND.CHOICES, options=tuple("ABCDEFGHIJ"))
    day = make_question(edition, "Day", KIND.DATE)
    file = make_question(edition, "File", KIND.FILE)
    client.sign_in(person)
    told: dict[str, Any] = {
        q(line): "x" * 301,
        q(choice): "C",
        q(many): ["A", "Z"],
        q(day): "soon",
        q(file): a_file("page.html", b"<script>alert(1)</script>"),
        "affiliation": "House of Words",
    }
    answer = apply(client, edition, **told)
    assert (answer.status_code, alert(answer)) == (
        422,
        (
            "Line: At most 300 characters are taken. Shorten it, and send it again. "
            "Choice: Choose among the answers that are shown. "
            "Many: Choose among the answers that are shown. "
            "Day: “soon” is not a day. Write it as 2027-03-02. "
            "File: “page.html” is neither a PDF file nor a picture (PNG or JPEG). Save it as one "
            "of these and choose it again."
        ),
    )
    assert fields(answer)[q(line)] == "x" * 301
    assert fields(answer)["affiliation"] == "House of Words"
    assert queries.answer_counts(edition) == {}


def test_answers_to_what_is_not_asked_here_are_told_and_left_out(
    client: Client, edition: Edition, person: Person, organiser: Person
) -> None:
    other = make_edition(series=make_series("practitioner-workshop"))
    elsewhere, here = make_question(other, "Elsewhere"), make_question(edition, "Here")
    retired = make_question(edition, "Old")
    questions.retire(retired, by=organiser, now=OPENING)
    client.sign_in(person)
    for name in (q(elsewhere), q(retired), "q99999999999999999999"):
        answer = apply(client, edition, **{q(here): "kept", name: "forged"})
        assert (answer.status_code, alert(answer)) == (
            422,
            "One of your answers is to a question that is not asked here. It is left out.",
        )
        assert fields(answer)[q(here)] == "kept"
    assert apply(client, edition, **{q(here): "kept"}).status_code == 303
    assert kept(person) == {"Here": "kept"}


def test_the_service_judges_again_under_the_lock(edition: Edition, organiser: Person) -> None:
    question = make_question(edition, "Day", KIND.CHOICE, options=("Mon", "Tue"))
    registration = service.register(edition, make_person(), now=OPENING)
    questions.retire(question, by=organiser, now=OPENING)
    with pytest.raises(answering.QuestionsChangedError):
        answering.keep(registration, {question.id: Given(("Mon",))}, now=OPENING)
    needed = make_question(edition, "Shirt", is_required=True)
    for given in ({}, {needed.id: Given(("x" * 301,))}, {needed.id: Given(stored_name="1")}):
        with pytest.raises(answering.QuestionsChangedError):
            answering.keep(registration, given, now=OPENING)
    assert queries.answer_counts(edition) == {}


@pytest.mark.parametrize("is_multipart", [True, False])
def test_an_answer_of_ten_megabytes_brings_the_form_back_with_everything_else(
    client: Client, edition: Edition, person: Person, *, is_multipart: bool
) -> None:
    about, line = make_question(edition, "About", KIND.PROSE), make_question(edition, "Line")
    client.sign_in(person)
    told = {q(about): "x" * 10_000_000, q(line): "kept", "dietary_needs": "none"}
    told |= {"csrf_token": client.csrf_token(), "accepts_terms": "y"}
    path = f"/editions/{edition.slug}/register"
    boundary, body = encode_multipart(told)
    content_type = f"multipart/form-data; boundary={boundary}"
    if not is_multipart:
        body, content_type = urlencode(told).encode(), "application/x-www-form-urlencoded"
    answer = client.post(path, data=body, content_type=content_type)
    assert (answer.status_code, alert(answer)) == (
        422,
        "About: At most 5000 characters are taken. Shorten it, and send it again.",
    )
    sent_back = fields(answer)
    assert (sent_back[q(line)], sent_back["dietary_needs"]) == ("kept", "none")
    assert 5000 < len(sent_back[q(about)]) <= 100_000
    assert queries.answer_counts(edition) == {}


# -- files -----------------------------------------------------------------------------------


def test_a_file_is_not_chosen_again_when_something_else_was_wrong(
    client: Client, edition: Edition, person: Person
) -> None:
    scan = make_question(edition, "Scan", KIND.FILE, is_required=True)
    shirt = make_question(edition, "Shirt", is_required=True)
    client.sign_in(person)
    answer = apply(client, edition, **{q(scan): a_file("my scan.pdf")})
    assert alert(answer) == "Shirt: This needs an answer."
    assert "my scan.pdf has arrived and is kept" in words(answer)
    sealed = fields(answer)[f"{q(scan)}_held"]
    # Nobody else can use it, nor for another question, nor with a seal of their own.
    for forged in (sealed[:-2], "nonsense", "é"):
        answer = apply(client, edition, **{q(shirt): "L", f"{q(scan)}_held": forged})
        assert alert(answer) == "Scan: This needs an answer."
    client.sign_in(make_person("other@example.org"))
    answer = apply(client, edition, **{q(shirt): "L", f"{q(scan)}_held": sealed})
    assert alert(answer) == "Scan: This needs an answer."
    client.sign_in(person)
    answer = apply(client, edition, **{q(shirt): "L", f"{q(scan)}_held": sealed})
    assert (answer.status_code, kept(person)["Scan"]) == (303, "my scan.pdf")
    # Nor twice: the place is given back, and the file is another registration's.
    client.submit(f"{answer.location}/cancel")
    answer = apply(client, edition, **{q(shirt): "L", f"{q(scan)}_held": sealed})
    assert "The file is no longer here. Choose it again." in alert(answer)


def test_a_file_that_was_taken_away_leads_to_nobody_elses(
    client: Client, edition: Edition, person: Person
) -> None:
    scan, shirt = make_question(edition, "Scan", KIND.FILE), make_question(edition, "Shirt")
    client.sign_in(person)
    answer = client.submit(f"/editions/{edition.slug}/register", **{q(scan): a_file("mine.pdf")})
    sealed = fields(answer)[f"{q(scan)}_held"]
    place = apply(client, edition, **{f"{q(scan)}_held": sealed}).location
    client.submit(f"{place}/edit", **{f"{q(scan)}_drop": "y"})
    # SQLite gives the number of a deleted row to the next one: another's passport, a letter.
    database.write()
    uploads.store(PDF, "a government's letter.pdf", now=OPENING)
    answer = client.submit(f"{place}/edit", **{q(shirt): "L", f"{q(scan)}_held": sealed})
    assert "The file is no longer here. Choose it again." in alert(answer)
    assert kept(person) == {}


def test_a_file_is_replaced_and_taken_away_with_its_bytes(
    client: Client, edition: Edition, person: Person
) -> None:
    scan = make_question(edition, "Scan", KIND.FILE)
    client.sign_in(person)
    place = apply(client, edition, **{q(scan): a_file("one.pdf")}).location
    first = db.session.scalars(select(StoredFile)).one().path
    client.submit(f"{place}/edit", affiliation="House")  # untouched, it stays
    assert kept(person) == {"Scan": "one.pdf"}
    client.submit(f"{place}/edit", **{q(scan): a_file("two.pdf")})
    second = db.session.scalars(select(StoredFile)).one().path
    assert (kept(person), first.exists(), second.exists()) == ({"Scan": "two.pdf"}, False, True)
    client.submit(f"{place}/edit", **{f"{q(scan)}_drop": "y"})
    assert (kept(person), second.exists()) == ({}, False)


def test_a_file_is_for_its_person_and_organisers_who_are_noted(
    client: Client, edition: Edition, person: Person, organiser: Person
) -> None:
    scan, line = make_question(edition, "Scan", KIND.FILE), make_question(edition, "Line")
    client.sign_in(person)
    place = apply(client, edition, **{q(scan): a_file(), q(line): "words"}).location
    file = f"{place}/answers/{scan.id}"
    make_country("XAB")
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAB")
    host = make_person(role=Role.HOST_TEAM, scope=edition.slug)
    for stranger in (contact, host, make_person(role=Role.COMMITTEE)):
        assert client.sign_in(stranger).get(file).status_code == 404
    with client.sign_in(organiser).get(file) as answer:
        assert (answer.data, answer.headers["Cache-Control"]) == (PDF, "no-store")
    entry = audit.latest(1)[0]
    assert (entry.action, entry.person_id) == ("registration.answer_file_read", organiser.id)
    assert client.get(f"{place}/answers/{line.id}").status_code == 404
    assert client.get(f"{place}/answers/99").status_code == 404


# -- drafts, what is known, grants -----------------------------------------------------------


def test_a_draft_keeps_what_is_typed_and_needs_nothing(
    client: Client, edition: Edition, person: Person
) -> None:
    line = make_question(edition, "Line", is_required=True)
    scan = make_question(edition, "Scan", KIND.FILE, is_required=True)
    day = make_question(edition, "Day", KIND.DATE, is_required=True)
    client.sign_in(person)
    path = f"/editions/{edition.slug}/register"
    answer = client.submit(path, keep="1", **{q(line): "half", q(scan): a_file()})
    assert (answer.status_code, kept(person)) == (303, {"Line": "half", "Scan": "scan.pdf"})
    page = client.get(path)
    assert fields(page)[q(line)] == "half"
    assert "scan.pdf is kept" in words(page)
    answer = apply(client, edition, **{q(line): "half"})
    assert alert(answer) == "Day: This needs an answer."
    answer = apply(client, edition, **{q(line): "whole", q(day): "2027-03-02"})
    assert answer.status_code == 303
    assert kept(person) == {"Line": "whole", "Scan": "scan.pdf", "Day": "2027-03-02"}
    (registration,) = db.session.scalars(select(Registration)).all()
    assert registration.status is RegistrationStatus.CONFIRMED


def test_who_was_let_in_after_the_closing_is_asked_and_can_answer(
    client: Client, edition: Edition, organiser: Person, person: Person
) -> None:
    """A kept place, and that of a colleague, are taken without the questions of the event."""
    question = make_question(edition, "Do you bring a poster?", KIND.YES_NO, is_required=True)
    later = make_question(
        edition, "Its size", is_required=True, depends_on_id=question.id, depends_on_answer="yes"
    )
    database.write(edition)
    edition.registration_closes_at = clock.utcnow() - timedelta(days=1)
    row = selection.invite(
        edition, person.email, Candidate(),
        keeps_place=True, reason="Needed", by=organiser, now=clock.utcnow(),
    )  # fmt: skip
    client.sign_in(person)
    page = f"/registrations/{row.public_id}"
    told = words(client.get(page))
    assert "One question of this event waits for your answer Do you bring a poster?" in told
    assert client.submit(f"{page}/accept", accepts_terms="y").status_code == 303
    assert "One question of this event waits" in words(client.get(page))
    sent = {"name": "Nia", "dietary_needs": "No nuts", q(question): "yes"}
    refused = client.submit(f"{page}/edit", **sent)
    assert (refused.status_code, "Its size: This needs an answer." in alert(refused)) == (422, True)
    sent[q(later)] = "A0"
    assert client.submit(f"{page}/edit", **sent).status_code == 303
    told = words(client.get(page))
    assert ("waits for your answer" in told, "No nuts" in told) == (False, True)
    # Who came in the usual way does not change it any more.
    before = edition.registration_closes_at - timedelta(days=1)
    usual = service.register(edition, make_person(), now=before)
    client.sign_in(usual.person)
    late = client.submit(
        f"/registrations/{usual.public_id}/edit", name="Nia", **{q(question): "no"}
    )
    assert (late.status_code, "closed since" in alert(late)) == (422, True)


def test_what_is_known_is_not_asked_again(client: Client, edition: Edition, person: Person) -> None:
    make_country("XAB", name="Alboria")
    client.sign_in(person)
    told = {"name": "Ana García", "country": "XAB", "affiliation": "House", "consents": ["photo"]}
    page = client.get(f"/editions/{edition.slug}/register")
    assert ("<details" in page.text, "Photographs and recordings" in page.text) == (False, True)
    apply(client, edition, **told)
    later = make_edition(series=edition.series, title="Next")
    page = client.get(f"/editions/{later.slug}/register")
    assert "You come as Ana García, House, Alboria" in words(page)
    assert "Photographs and recordings" not in page.text
    assert fields(page)["country"] == "XAB"
    assert apply(client, later, **told).status_code == 303  # a form from before asks for it again
    assert [row.purpose for row in consents.standing(person).values()] == [Purpose.PHOTO]
    assert db.session.get(Profile, person.id).affiliation == "House"


def test_a_missing_country_is_told_at_its_field(
    client: Client, edition: Edition, person: Person, organiser: Person
) -> None:
    wishes = questions.Wishes(asks_country=True)
    questions.set_wishes(edition, wishes, by=organiser, now=OPENING)
    client.sign_in(person)
    answer = apply(client, edition, affiliation="House")
    assert alert(answer).startswith("Country you come for: Choose your country")
    assert fields(answer)["affiliation"] == "House"


def test_a_grant_is_asked_for_where_it_is_offered_until_it_is_decided(
    client: Client, edition: Edition, person: Person, organiser: Person
) -> None:
    client.sign_in(person)
    place = apply(client, edition, grant_request="Forged: no grants here").location
    assert db.session.scalars(select(TravelGrant)).all() == []
    wishes = questions.Wishes(offers_grants=True)
    questions.set_wishes(edition, wishes, by=organiser, now=OPENING)
    client.submit(f"{place}/edit", grant_request="A long way")
    assert fields(client.get(f"{place}/edit"))["grant_request"] == "A long way"
    client.submit(f"{place}/edit", grant_request="")
    assert db.session.scalars(select(TravelGrant)).all() == []
    client.submit(f"{place}/edit", grant_request="A long way all the same")
    (registration,) = db.session.scalars(select(Registration)).all()
    desk = f"/organise/editions/{edition.slug}/selection"
    client.sign_in(organiser)
    assert "asked for 1" in words_of_aside(client.get(desk).text)
    assert person.email in client.get(f"{desk}?grant=requested").text
    assert person.email not in client.get(f"{desk}?grant=given").text
    selection.decide_grant(
        registration, gives=True, reason="Far", goes_beyond=False, by=organiser, now=OPENING
    )
    client.sign_in(person)
    assert "grant_request" not in fields(client.get(f"{place}/edit"))
    client.submit(f"{place}/edit", grant_request="")  # a form from before takes nothing back
    grant = db.session.scalars(select(TravelGrant)).one()
    assert (grant.status.value, grant.reason) == ("given", "Far")
    log = json.dumps([entry.changes for entry in audit.latest(20)])
    assert "A long way" not in log


def words_of_aside(page: str) -> str:
    """Return the words of a page, tags taken out."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


# -- who sees answers ------------------------------------------------------------------------


def test_the_selection_desk_counts_answers_and_filters_by_them(
    client: Client, edition: Edition, organiser: Person
) -> None:
    tours = make_question(edition, "Tours", KIND.CHOICES, options=("Mill", "Lab", "Mill 2"))
    other = make_question(make_edition(series=edition.series), "Other", KIND.YES_NO)
    people = []
    for given in (("Mill",), ("Mill", "Lab"), ("Mill 2",), ()):
        registration = service.register(edition, make_person(), now=OPENING)
        answering.keep(registration, {tours.id: Given(given)}, now=OPENING)
        people.append(registration)

    def found(answer: str) -> list[Registration]:
        choice = Choice.of({"answer": answer})
        return list(desk_queries.page(edition, choice, 0, 10))

    assert found(f"{tours.id}:Mill") == people[:2]
    assert found(f"{tours.id}:Lab") == [people[1]]
    assert found(f"{tours.id}:M%") == []
    assert found(f"{other.id}:yes") == found("x:yes") == found(":") == []
    page = client.sign_in(organiser).get(f"/organise/editions/{edition.slug}/selection")
    assert "Tours Mill 2 Lab 1 Mill 2 1" in words_of_aside(page.text)
    page = client.get(f"/organise/editions/{edition.slug}/selection/{people[1].public_id}")
    assert "Tours Mill; Lab" in words(page)
    assert "<dd>Participant</dd>" in page.text


def test_my_data_tells_each_answer_with_its_question(
    client: Client, edition: Edition, person: Person
) -> None:
    line, scan = make_question(edition, "Line"), make_question(edition, "Scan", KIND.FILE)
    client.sign_in(person)
    apply(client, edition, **{q(line): "words", q(scan): a_file()})
    (told,) = client.get("/me/data.json").get_json()["registrations"]
    assert told["answers"] == [
        {"question": "Line", "answer": "words"},
        {"question": "Scan", "answer": "scan.pdf"},
    ]
    assert "answer" not in told


def test_answers_stand_in_no_log(
    client: Client, edition: Edition, person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    line = make_question(edition, "Line")
    client.sign_in(person)
    apply(client, edition, **{q(line): "zqsecret"})
    apply(client, edition, **{q(line): "zqsecret" * 100})
    assert "zqsecret" not in caplog.text
    told = [(entry.changes, entry.reason) for entry in audit.latest(20)]
    assert "zqsecret" not in json.dumps(told)


# -- when they go ----------------------------------------------------------------------------


def test_answers_go_after_as_many_days_as_was_said_and_files_with_them(
    edition: Edition, person: Person
) -> None:
    soon = make_question(edition, "Soon", KIND.FILE, keep_days=5)
    later = make_question(edition, "Later", keep_days=6)
    registration = service.register(edition, person, now=OPENING)
    given = {soon.id: Given(upload=(PDF, "a.pdf")), later.id: Given(("x",))}
    answering.keep(registration, given, now=OPENING)
    path = queries.of_registration(registration)[soon.id].file.path
    db.session.commit()
    counts = []
    for days in (4, 5, 6):
        database.write()
        end = OPENING.replace(
            year=edition.dtend.year, month=edition.dtend.month, day=edition.dtend.day
        )
        counts.append(answer_erasure.let_go_of_answers(end + timedelta(days=days)))
        db.session.commit()
    assert (counts, path.exists(), kept(person)) == ([0, 1, 1], False, {})


def test_what_was_never_sent_goes_a_month_after_it_was_typed(
    client: Client, edition: Edition, person: Person
) -> None:
    line = make_question(edition, "Line")
    client.sign_in(person)
    client.submit(f"/editions/{edition.slug}/register", keep="1", **{q(line): "half"})
    (draft,) = db.session.scalars(select(Registration)).all()
    list(retention.run())
    assert kept(person) == {"Line": "half"}
    database.write(draft)
    draft.modified_at = clock.utcnow() - timedelta(days=31)
    db.session.commit()
    list(retention.run())
    assert kept(person) == {}


# -- cost ------------------------------------------------------------------------------------


def test_questions_cost_a_few_queries_however_many_they_are(
    client: Client, edition: Edition
) -> None:
    counted = []
    asked: dict[str, str] = {}
    for number in (0, 3, 12):
        while len(asked) < number:
            asked[q(make_question(edition, f"Question {len(asked)}"))] = "words"
        client.sign_in(make_person(name="Ana"))
        db.session.commit()
        with CountedQueries() as counter:
            assert apply(client, edition, **asked).status_code == 303
        counted.append(counter.count)
    assert counted[1] == counted[2]
    assert counted[1] <= counted[0] + 4
