"""What an organiser asks: adding, changing, ordering, retiring, copying; and its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from app import audit
from app.accounts.models import Role
from app.database import db
from app.registrations import answering, questions, seating, service
from app.registrations import question_queries as queries
from app.registrations.answering import Given
from app.registrations.models import Question, QuestionKind
from app.registrations.questions import QuestionFacts
from scheduler.questions import OrderError
from tests.factories import OPENING, make_edition, make_person, make_question, make_series
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Registration
    from tests.conftest import Client

KIND = QuestionKind


@pytest.fixture
def edition() -> Edition:
    return make_edition(title="Fourth Symposium")


@pytest.fixture
def organiser() -> Person:
    return make_person(role=Role.ORGANISER)


def answered(question: Question, edition: Edition, *values: str) -> Registration:
    """Register somebody who answers so."""
    registration = service.register(edition, make_person(), now=OPENING)
    answering.keep(registration, {question.id: Given(values)}, now=OPENING)
    return registration


def facts_of(question: Question, **changes: object) -> QuestionFacts:
    told: dict[str, Any] = {
        "kind": question.kind,
        "label": question.label,
        "purpose": question.purpose,
        "options": tuple(question.options),
        "depends_on_id": question.depends_on_id,
        "depends_on_answer": question.depends_on_answer,
        "keep_days": question.keep_days,
    } | changes
    return QuestionFacts(**told)


def labels(edition: Edition) -> list[str]:
    return [question.label for question in queries.active(edition)]


def test_questions_stand_in_the_order_they_are_moved_to(
    edition: Edition, organiser: Person
) -> None:
    first, second, third = (make_question(edition, label) for label in ("A", "B", "C"))
    questions.move(third, -1, by=organiser, now=OPENING)
    questions.move(first, -1, by=organiser, now=OPENING)  # is first already
    questions.move(first, 1, by=organiser, now=OPENING)
    assert labels(edition) == ["C", "A", "B"]
    assert second.sort == 3


def test_a_question_never_passes_the_one_that_decides_on_it(
    edition: Edition, organiser: Person
) -> None:
    first = make_question(edition, "Do you come by car?", KIND.YES_NO)
    second = make_question(edition, "Plate", depends_on_id=first.id, depends_on_answer="yes")
    for question, step in ((first, 1), (second, -1)):
        with pytest.raises(OrderError):
            questions.move(question, step, by=organiser, now=OPENING)
        db.session.expire_all()
    assert labels(edition) == ["Do you come by car?", "Plate"]


def test_a_condition_names_an_answer_that_can_be_given_before(edition: Edition) -> None:
    other = make_question(make_edition(series=edition.series), "Elsewhere?", KIND.YES_NO)
    text = make_question(edition, "In words")
    asks = make_question(edition, "Yes?", KIND.YES_NO)
    for number, answer in ((other.id, "yes"), (text.id, "x"), (asks.id, "maybe"), (999, "yes")):
        with pytest.raises(questions.ConditionError):
            make_question(edition, "If", depends_on_id=number, depends_on_answer=answer)
    with pytest.raises(questions.ConditionError):
        questions.change(
            asks,
            facts_of(asks, depends_on_id=asks.id, depends_on_answer="yes"),
            by=make_person(),
            now=OPENING,
        )


def test_what_was_answered_keeps_its_meaning(edition: Edition, organiser: Person) -> None:
    question = make_question(
        edition, "Which day?", KIND.CHOICE, options=("Monday", "Tuesday", "Friday"), keep_days=20
    )
    answered(question, edition, "Tuesday")
    refused = [
        (questions.KindKeptError, {"kind": KIND.CHOICES}),
        (questions.PurposeKeptError, {"purpose": "to sell it"}),
        (questions.KeptShorterError, {"keep_days": 21}),
        (questions.OptionKeptError, {"options": ("Monday", "Friday")}),
    ]
    for error, changed in refused:
        with pytest.raises(error):
            questions.change(question, facts_of(question, **changed), by=organiser, now=OPENING)
    allowed = {"label": "On which day?", "options": ("Tuesday", "Sunday"), "keep_days": 10}
    questions.change(question, facts_of(question, **allowed), by=organiser, now=OPENING)
    assert (question.label, question.options) == ("On which day?", ["Tuesday", "Sunday"])
    with pytest.raises(questions.AnsweredError):
        questions.delete(question, by=organiser, now=OPENING)
    questions.retire(question, by=organiser, now=OPENING)
    assert (labels(edition), queries.answer_counts(edition)) == ([], {question.id: 1})


def test_what_decides_on_another_question_stays_as_long_as_that_is_asked(
    edition: Edition, organiser: Person
) -> None:
    decisive = make_question(edition, "How?", KIND.CHOICES, options=("Car", "Train"))
    follows = make_question(edition, "Plate", depends_on_id=decisive.id, depends_on_answer="Car")
    for act in (questions.retire, questions.delete):
        with pytest.raises(questions.DecidesError, match="Plate"):
            act(decisive, by=organiser, now=OPENING)
    with pytest.raises(questions.OptionKeptError, match="Car"):
        questions.change(
            decisive, facts_of(decisive, options=("Bus", "Train")), by=organiser, now=OPENING
        )
    questions.retire(follows, by=organiser, now=OPENING)
    questions.retire(decisive, by=organiser, now=OPENING)
    with pytest.raises(questions.ConditionError):  # nobody is asked what it depends on
        questions.ask_again(follows, by=organiser, now=OPENING)
    questions.ask_again(decisive, by=organiser, now=OPENING)
    questions.ask_again(follows, by=organiser, now=OPENING)
    assert labels(edition) == ["How?", "Plate"]


def test_questions_are_copied_with_their_conditions_once(organiser: Person) -> None:
    source = make_edition()
    edition = make_edition(series=source.series, title="Later")
    decisive = make_question(source, "Car?", KIND.YES_NO)
    make_question(source, "Plate", depends_on_id=decisive.id, depends_on_answer="yes")
    gone = make_question(source, "Old")
    questions.retire(gone, by=organiser, now=OPENING)
    here = make_question(edition, "Car?", KIND.YES_NO)
    questions.copy(edition, source, by=organiser, now=OPENING)
    assert labels(edition) == ["Car?", "Plate"]
    assert queries.active(edition)[1].depends_on_id == here.id
    with pytest.raises(questions.NothingToCopyError):
        questions.copy(edition, source, by=organiser, now=OPENING)


def test_a_condition_that_cannot_come_true_here_is_not_copied(organiser: Person) -> None:
    source = make_edition()
    edition = make_edition(series=source.series)
    decisive = make_question(source, "How?", KIND.CHOICE, options=("Car", "Train"))
    make_question(source, "Plate", depends_on_id=decisive.id, depends_on_answer="Car")
    make_question(source, "Size")
    make_question(edition, "How?", KIND.CHOICE, options=("Boat", "Train"))
    questions.copy(edition, source, by=organiser, now=OPENING)
    assert labels(edition) == ["How?", "Size"]


def test_there_is_an_end_to_questions(edition: Edition) -> None:
    for number in range(questions.QUESTIONS_MAX):
        make_question(edition, f"Question {number}")
    with pytest.raises(questions.TooManyError):
        make_question(edition, "One more")


# -- pages -----------------------------------------------------------------------------------


def test_an_organiser_builds_an_application_without_scripts(
    client: Client, edition: Edition, organiser: Person
) -> None:
    client.sign_in(organiser)
    path = f"/organise/editions/{edition.slug}/application"
    assert "Nothing is asked yet" in words(client.get(path))
    asked = {"label": "Do you show a poster?", "kind": "yes_no", "purpose": "to plan the walls"}
    answer = client.submit(f"{path}/questions/new", **asked, keep_days="30")
    assert (answer.status_code, answer.location) == (303, path)
    (decisive,) = queries.active(edition)
    condition = f"{decisive.id}:yes"
    page = client.get(f"{path}/questions/new")
    assert "who says “Yes” to “Do you show a poster?”" in words(page)
    asked = {"label": "Size", "kind": "choice", "purpose": "to plan the walls"}
    client.submit(
        f"{path}/questions/new",
        **asked,
        keep_days="7",
        answers=" A0 \r\n\r\nA1\u202e\r\n",
        condition=condition,
    )
    size = queries.active(edition)[1]
    assert (size.options, size.depends_on_id, size.keep_days) == (["A0", "A1"], decisive.id, 7)
    assert fields(client.get(f"{path}/questions/{size.id}"))["answers"] == "A0\nA1"
    page = words(client.get(path))
    assert "Asked of who says “Yes” to “Do you show a poster?”" in page
    answer = client.submit(f"{path}/questions/{size.id}/up")
    page = client.get(answer.location)
    assert "stands after the one whose answer decides" in page.text
    preview = words(client.get(f"{path}/preview"))
    assert "Only for who says “Yes” to “Do you show a poster?”" in preview
    assert "Why we ask: to plan the walls. Deleted 7 days after the event." in preview
    acts = [(entry.action, entry.changes) for entry in audit.latest(2)]
    assert acts == [
        ("edition.question_added", {"question": [None, "Size"]}),
        ("edition.question_added", {"question": [None, "Do you show a poster?"]}),
    ]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"label": ""}, "Question: This field is required."),
        ({"purpose": "\u200b \x07"}, None),
        ({"kind": "choice"}, "Answers to choose from: Write at least two answers, one a line."),
        (
            {"kind": "choices", "answers": "A\nA"},
            "Answers to choose from: One of the answers stands there twice.",
        ),
        (
            {"kind": "choice", "answers": "A\n" + "x" * 151},
            "Answers to choose from: An answer may have at most 150 characters.",
        ),
        ({"kind": "secret"}, "Answered by: Not a valid choice."),
        ({"condition": "999:yes"}, "Asked of: Choose one from the list."),
        (
            {"keep_days": "-1"},
            "Days after the event until the answers are deleted: Write a number from 0 to 730.",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_comes_back_with_what_is_wrong(
    client: Client, edition: Edition, organiser: Person, sent: dict[str, str], told: str | None
) -> None:
    client.sign_in(organiser)
    asked = {"label": "Size", "kind": "text", "purpose": "to plan", "keep_days": "30"} | sent
    answer = client.submit(f"/organise/editions/{edition.slug}/application/questions/new", **asked)
    if told is None:
        assert answer.status_code in {303, 422}
        return
    assert (answer.status_code, alert(answer)) == (422, told)
    assert fields(answer)["purpose"] == "to plan"
    assert db.session.scalars(select(Question)).all() == []


def test_what_a_change_would_break_is_told_at_its_field(
    client: Client, edition: Edition, organiser: Person
) -> None:
    question = make_question(edition, "Day?", KIND.CHOICE, options=("Monday", "Tuesday"))
    answered(question, edition, "Monday")
    client.sign_in(organiser)
    path = f"/organise/editions/{edition.slug}/application/questions/{question.id}"
    told = fields(client.get(path)) | {"answers": "Friday\nTuesday"}
    answer = client.submit(path, **told)
    assert alert(answer) == (
        "Answers to choose from: “Monday” has to stay as it is: it was chosen, or decides on a "
        "question."
    )
    assert fields(answer)["answers"] == "Friday\nTuesday"
    assert "1 person has answered" in words(answer)


def test_pages_of_other_editions_questions_are_not_there(client: Client, organiser: Person) -> None:
    here, there = make_edition(), make_edition(series=make_series("practitioner-workshop"))
    question = make_question(there, "Elsewhere")
    retired = make_question(here, "Old")
    questions.retire(retired, by=organiser, now=OPENING)
    client.sign_in(organiser)
    path = f"/organise/editions/{here.slug}/application/questions"
    assert client.get(f"{path}/{question.id}").status_code == 404
    assert client.submit(f"{path}/{question.id}/retire").status_code == 404
    assert client.get(f"{path}/{retired.id}").status_code == 404
    assert client.submit(f"{path}/{retired.id}/sideways").status_code == 404
    assert client.submit(f"{path}/{retired.id}/ask-again").status_code == 303


def test_what_an_edition_offers_is_set_on_the_same_page(
    client: Client, edition: Edition, organiser: Person
) -> None:
    client.sign_in(organiser)
    path = f"/organise/editions/{edition.slug}/application"
    client.submit(path, asks_country="y", offers_grants="y", grants_per_country="2")
    settings = seating.settings_of(edition)
    assert (settings.asks_country, settings.offers_grants, settings.grants_per_country) == (
        True,
        True,
        2,
    )
    assert settings.offers_visa_letters is False
    answer = client.submit(path, grants_per_country="many")
    assert answer.status_code == 422
    assert "Grants for each country: “many” is not a whole number." in alert(answer)
