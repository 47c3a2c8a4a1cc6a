"""Questions and answers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.registrations.models import QuestionKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.registrations.models import Answer, Question

YES_NO = {"yes": _l("Yes"), "no": _l("No")}


def option_words(question: Question) -> list[tuple[str, str]]:
    """Return the answers one can choose, each with its words."""
    return [
        (option, str(YES_NO[option]) if question.kind is QuestionKind.YES_NO else option)
        for option in question.offered
    ]


def answer_words(answer: Answer) -> str:
    """Return an answer in words; of a file, its name."""
    if answer.file is not None:
        return answer.file.name
    words = dict(option_words(answer.question))
    return "; ".join(words.get(value, value) for value in answer.values)


def condition_words(question: Question, questions: Iterable[Question]) -> str:
    """Say of whom ``question`` is asked, one of ``questions``; nothing where of everybody."""
    for row in questions:
        if row.id == question.depends_on_id:
            words = dict(option_words(row)).get(question.depends_on_answer, "")
            return _("who says “%(answer)s” to “%(question)s”", answer=words, question=row.label)
    return ""
