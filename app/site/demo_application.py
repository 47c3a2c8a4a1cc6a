"""What the demonstration asks of everybody who applies, and what its people answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.registrations import answering, queries, questions, travel_grants
from app.registrations.answering import Given
from app.registrations.models import QuestionKind
from app.registrations.questions import QuestionFacts, Wishes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Question

LANGUAGES = ("English", "French", "Portuguese", "Arabic")
GROUPS = ("Regulation and licensing", "Training", "Transport", "Working across borders")
GRANTS = {
    4: "My office pays the stay, but not the flight.",
    11: "I come from the smallest of our stations, which has no travel budget.",
}


def ask(edition: Edition, organiser: Person, now: datetime) -> None:
    """Ask a few questions at ``edition``, and let whoever is in have answered them.

    Who accepts the terms need say no more: only a poster must have its title.
    """
    wishes = Wishes(offers_visa_letters=True, offers_grants=True)
    questions.set_wishes(edition, wishes, by=organiser, now=now)
    poster = QuestionFacts(QuestionKind.YES_NO, "Do you bring a poster?", "to plan the walls.")
    rows: dict[str, Question] = {}
    for key, facts in {
        "language": QuestionFacts(
            QuestionKind.CHOICE,
            "In which language do you follow the sessions?",
            "to order interpretation.",
            options=LANGUAGES,
        ),
        "groups": QuestionFacts(
            QuestionKind.CHOICES,
            "Which working groups do you want to join?",
            "to give each group a room of its size.",
            help_text="As many as you like; two meet at the same time.",
            options=GROUPS,
        ),
        "poster": poster,
    }.items():
        rows[key] = questions.add(edition, facts, by=organiser, now=now)
    for key, facts in {
        "title": QuestionFacts(
            QuestionKind.TEXT,
            "Title of the poster",
            "to print the list of posters.",
            is_required=True,
            depends_on_id=rows["poster"].id,
            depends_on_answer="yes",
        ),
        "arrival": QuestionFacts(
            QuestionKind.DATE,
            "On which day do you arrive?",
            "to send a bus to the airport.",
            keep_days=7,
        ),
        "remarks": QuestionFacts(
            QuestionKind.PROSE,
            "What would you like to be talked about?",
            "to prepare the round tables.",
            help_text="No classified or sensitive nuclear information, please.",
        ),
        "letter": QuestionFacts(
            QuestionKind.FILE,
            "Letter of the organisation that sends you",
            "to print its name on your certificate.",
            keep_days=60,
        ),
    }.items():
        rows[key] = questions.add(edition, facts, by=organiser, now=now)
    for number, registration in enumerate(queries.live(edition)):
        answering.keep(registration, _answers(number, rows, edition), now=now)
        if number in GRANTS:
            travel_grants.ask(registration, GRANTS[number], by=registration.person, now=now)


def _answers(number: int, rows: Mapping[str, Question], edition: Edition) -> dict[int, Given]:
    """Return what the delegate of this number answered."""
    brings_poster = number % 5 == 0
    told = {
        "language": (LANGUAGES[(number * 3 + number // 5) % 4],),
        "groups": tuple(GROUPS[place] for place in range(4) if (number + place) % 3 == 0),
        "poster": ("yes" if brings_poster else "no",),
        "arrival": (edition.dtstart.isoformat(),) if number % 4 == 0 else (),
    }
    if brings_poster:
        told["title"] = (f"Demonstration poster {number // 5 + 1}",)
    return {rows[key].id: Given(values) for key, values in told.items() if values}
