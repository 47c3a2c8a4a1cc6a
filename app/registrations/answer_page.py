"""What the selection desk shows of answers and travel grants: filters, and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.registrations import question_queries as queries
from app.registrations import travel_grants
from app.registrations.answer_words import option_words
from app.registrations.models import CHOOSING, GrantStatus

if TYPE_CHECKING:
    from app.editions.models import Edition
    from app.registrations.desk_queries import Choice

GRANT_WORDS = {
    GrantStatus.REQUESTED.value: _l("asked for"),
    GrantStatus.GIVEN.value: _l("given"),
    GrantStatus.DECLINED.value: _l("declined"),
}


def answer_filters(edition: Edition, choice: Choice) -> list[dict[str, object]]:
    """Return filters by an answer and by travel grant, where there is something to choose."""
    answers = [
        (f"{question.id}:{option}", f"{question.label}: {words}")
        for question in queries.of_edition(edition)
        if question.kind in CHOOSING
        for option, words in option_words(question)
    ]
    found: list[dict[str, object]] = []
    if answers:
        found.append(
            {
                "name": "answer",
                "label": _("Answer"),
                "value": choice.answer,
                "options": [("", _("All")), *answers],
            }
        )
    if travel_grants.counts(edition):
        found.append(
            {
                "name": "grant",
                "label": _("Travel grant"),
                "value": choice.grant,
                "options": [("", _("All")), *GRANT_WORDS.items()],
            }
        )
    return found


def answer_tallies(edition: Edition) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return how often each answer one can choose was given, question by question."""
    counts = queries.chosen_counts(edition)
    return [
        (
            question.label,
            [(words, counts[question.id][option]) for option, words in option_words(question)],
        )
        for question in queries.of_edition(edition)
        if question.id in counts
    ]
