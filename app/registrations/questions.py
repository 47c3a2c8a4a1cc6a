"""Use cases of what an edition asks: questions, their order, and what else it wants to know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from app import audit, database
from app.database import db
from app.editions.models import Edition
from app.registrations import question_queries as queries
from app.registrations.models import CHOOSING, AdmissionSettings, Question, QuestionKind
from app.registrations.seating import settings_of
from scheduler import questions as engine
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person


QUESTIONS_MAX = 60


class TooManyError(DomainError):
    """More questions than anybody answers."""

    message = N_("An application may have at most {most} questions.")


class AnsweredError(ConflictError):
    """A change that would make answers say what nobody said."""

    message = N_(
        "People have answered this question. Retire it: their answers stay for their time."
    )


class KindKeptError(AnsweredError):
    """Another kind of question, once it was answered."""

    message = N_("People have answered this question: its kind stays. Retire it and ask another.")


class PurposeKeptError(AnsweredError):
    """Another purpose, once people have answered for the one they were told."""

    message = N_(
        "People have answered and were told why it is asked: that stays. Retire the question and "
        "ask another."
    )


class KeptShorterError(AnsweredError):
    """A longer time, once people were told a shorter one."""

    message = N_(
        "People have answered and were told how long their answers are kept: {days} days at most."
    )


class OptionKeptError(ConflictError):
    """An answer that was given, or on which another question depends, taken off the list."""

    message = N_("“{option}” has to stay as it is: it was chosen, or decides on a question.")


class DecidesError(ConflictError):
    """A question without which another would never be asked."""

    message = N_("“{label}” is asked depending on it. Change that question first.")


class ConditionError(DomainError):
    """A condition that can never come true."""

    message = N_("Choose an answer to a question that stands before this one.")


class NothingToCopyError(DomainError):
    """A copy from an edition whose questions are all here, or that has none."""

    message = N_("All questions of {edition} are asked here already.")


@dataclass(frozen=True, slots=True)
class QuestionFacts:
    """What an organiser says about a question; the columns of its row."""

    kind: QuestionKind
    label: str
    purpose: str
    help_text: str = ""
    options: tuple[str, ...] = ()
    is_required: bool = False
    depends_on_id: int | None = None
    depends_on_answer: str = ""
    keep_days: int = 30


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an edition wants to know besides its questions, and what it offers."""

    asks_country: bool = False
    offers_visa_letters: bool = False
    offers_grants: bool = False
    grants_per_country: int = 1


def set_wishes(edition: Edition, wishes: Wishes, *, by: Person, now: datetime) -> None:
    """Say what ``edition`` asks of everybody and offers to them."""
    database.write(edition)
    settings = settings_of(edition)
    if db.session.get(AdmissionSettings, edition.id) is None:
        db.session.add(settings)
    told = asdict(wishes)
    changes = {
        name: [getattr(settings, name), value]
        for name, value in told.items()
        if getattr(settings, name) != value
    }
    for name, value in told.items():
        setattr(settings, name, value)
    settings.modified_at = now
    db.session.flush()
    changes.pop("offers_visa_letters", None)  # the log keeps out whatever speaks of visas
    audit.record("edition.application_changed", edition, by=by, now=now, changes=changes)


def add(edition: Edition, facts: QuestionFacts, *, by: Person, now: datetime) -> Question:
    """Ask one question more, after the others.

    Raises:
        TooManyError: there are enough.
        ConditionError: it depends on an answer that nobody can give.
    """
    database.write(edition)
    rows = queries.of_edition(edition)
    if sum(not row.is_retired for row in rows) >= QUESTIONS_MAX:
        raise TooManyError(most=QUESTIONS_MAX)
    _insist_on_condition(facts, [row for row in rows if not row.is_retired])
    question = _add(edition, facts, rows)
    _note("added", edition, question.label, by, now)
    return question


def _add(edition: Edition, facts: QuestionFacts, rows: Sequence[Question]) -> Question:
    last = max((row.sort for row in rows), default=0)
    question = Question(edition_id=edition.id, sort=last + 1, **_columns(facts))
    db.session.add(question)
    db.session.flush()
    return question


def change(question: Question, facts: QuestionFacts, *, by: Person, now: datetime) -> None:
    """Change a question; once people have answered it, only so that their answers stay true.

    Then its kind and its purpose stay, answers that were chosen stay on offer, and it may be kept
    for a shorter time only.

    Raises:
        AnsweredError, OptionKeptError: it would not.
        DecidesError: another question depends on its answer.
        ConditionError: it depends on an answer that nobody can give.
    """
    edition = _lock(question)
    rows = queries.active(edition)
    before = [row for row in rows if row.sort < question.sort]
    _insist_on_condition(facts, before)
    dependents = [row for row in rows if row.depends_on_id == question.id]
    if dependents and facts.kind is not question.kind:
        raise DecidesError(label=dependents[0].label)
    kept = {row.depends_on_answer for row in dependents}
    if queries.answer_counts(edition).get(question.id):
        _insist_on_truth(question, facts)
        kept |= set(queries.chosen_counts(edition)[question.id])
    if facts.kind is not QuestionKind.YES_NO and (gone := sorted(kept - set(facts.options))):
        raise OptionKeptError(option=gone[0])
    for name, value in _columns(facts).items():
        setattr(question, name, value)
    db.session.flush()
    _note("changed", edition, question.label, by, now)


def _insist_on_truth(question: Question, facts: QuestionFacts) -> None:
    if facts.kind is not question.kind:
        raise KindKeptError
    if facts.purpose != question.purpose:
        raise PurposeKeptError
    if facts.keep_days > question.keep_days:
        raise KeptShorterError(days=question.keep_days)


def move(question: Question, step: int, *, by: Person, now: datetime) -> None:
    """Move a question up (-1) or down (1).

    Raises:
        OrderError: it would pass a question it is bound to.
    """
    edition = _lock(question)
    rows = {row.id: row for row in queries.active(edition)}
    if question.id not in rows:
        return  # retired in the meantime
    order = engine.moved([row.ask for row in rows.values()], question.id, step)
    was = list(rows)
    for place, ask in enumerate(order, 1):
        rows[ask.id].sort = place
    for place, row in enumerate(queries.of_edition(edition), len(order) + 1):
        if row.is_retired:
            row.sort = place
    db.session.flush()
    if [ask.id for ask in order] != was:
        _note("moved", edition, question.label, by, now)


def retire(question: Question, *, by: Person, now: datetime) -> None:
    """Ask a question no longer; what was answered stays for its time.

    Raises:
        DecidesError: another question depends on its answer.
    """
    edition = _lock(question)
    _insist_on_no_dependent(edition, question)
    if not question.is_retired:
        question.is_retired = True
        db.session.flush()
        _note("retired", edition, question.label, by, now)


def ask_again(question: Question, *, by: Person, now: datetime) -> None:
    """Ask a retired question again, after the others.

    Raises:
        TooManyError: there are enough.
        ConditionError: the question it depends on is no longer asked.
    """
    edition = _lock(question)
    rows = queries.active(edition)
    if question.is_retired:
        if len(rows) >= QUESTIONS_MAX:
            raise TooManyError(most=QUESTIONS_MAX)
        _insist_on_condition(_facts(question), rows)
        question.is_retired = False
        question.sort = max((row.sort for row in queries.of_edition(edition)), default=0) + 1
        db.session.flush()
        _note("asked_again", edition, question.label, by, now)


def delete(question: Question, *, by: Person, now: datetime) -> None:
    """Take a question away that nobody has answered.

    Raises:
        AnsweredError: somebody has.
        DecidesError: another question depends on its answer.
    """
    edition = _lock(question)
    _insist_on_no_dependent(edition, question)
    if queries.answer_counts(edition).get(question.id):
        raise AnsweredError
    label = question.label
    db.session.delete(question)
    db.session.flush()
    _note("deleted", edition, label, by, now)


def copy(edition: Edition, source: Edition, *, by: Person, now: datetime) -> list[Question]:
    """Ask what ``source`` asks, too; what stands here already under the same words is left alone.

    Raises:
        NothingToCopyError: nothing was left to copy.
        TooManyError: there would be too many.
    """
    database.write(edition)
    rows = list(queries.of_edition(edition))
    here = {row.label: row for row in rows if not row.is_retired}
    made, of_source = [], queries.active(source)
    same = {row.id: here[row.label] for row in of_source if row.label in here}
    for row in of_source:
        if row.id in same:
            continue
        decisive = same.get(row.depends_on_id) if row.depends_on_id is not None else None
        if row.depends_on_id is not None and (
            decisive is None or row.depends_on_answer not in decisive.offered
        ):
            continue  # the answer it depends on cannot be given here
        facts = _facts(row, depends_on_id=decisive.id if decisive else None)
        same[row.id] = _add(edition, facts, rows)
        rows.append(same[row.id])
        made.append(same[row.id])
    if not made:
        raise NothingToCopyError(edition=source.title)
    if len(here) + len(made) > QUESTIONS_MAX:
        raise TooManyError(most=QUESTIONS_MAX)
    _note("copied", edition, source.title, by, now)
    return made


def _facts(question: Question, depends_on_id: int | None = None) -> QuestionFacts:
    return QuestionFacts(
        kind=question.kind,
        label=question.label,
        purpose=question.purpose,
        help_text=question.help_text,
        options=tuple(question.options),
        is_required=question.is_required,
        depends_on_id=depends_on_id or question.depends_on_id,
        depends_on_answer=question.depends_on_answer,
        keep_days=question.keep_days,
    )


def _columns(facts: QuestionFacts) -> dict[str, object]:
    return asdict(facts) | {"options": list(facts.options)}


def _insist_on_condition(facts: QuestionFacts, before: Sequence[Question]) -> None:
    if facts.depends_on_id is None:
        return
    decisive = next((row for row in before if row.id == facts.depends_on_id), None)
    if (
        decisive is None
        or decisive.kind not in CHOOSING
        or facts.depends_on_answer not in decisive.offered
    ):
        raise ConditionError


def _insist_on_no_dependent(edition: Edition, question: Question) -> None:
    for row in queries.active(edition):
        if row.depends_on_id == question.id:
            raise DecidesError(label=row.label)


def _lock(question: Question) -> Edition:
    """Lock the edition whose questions they are: whoever answers holds the same lock."""
    edition = db.session.get_one(Edition, question.edition_id)
    database.write(edition)
    db.session.refresh(question)
    return edition


def _note(what: str, edition: Edition, label: str, by: Person, now: datetime) -> None:
    audit.record(
        f"edition.question_{what}", edition, by=by, now=now, changes={"question": [None, label]}
    )
