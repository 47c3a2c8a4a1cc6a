"""The agreement with a host: asked for, negotiated, accepted, amended, fulfilled; or waived.

Each act is a row with its day, its words and its letter. The state is the edition's, and moves by
the engine's table alone. When a host leaves, the next one begins anew; what was stays to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import uploads
from app.accounts import grants
from app.accounts.models import Role
from app.database import db
from app.editions import service
from app.editions.models import AgreementAct, AgreementRecord
from scheduler import lifecycle
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import AgreementStatus, EditionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition

_A, _S = AgreementAct, EditionStatus
WITHOUT_A_HOST = frozenset({_S.PROJECTED, _S.CALL_OPEN, _S.UNDER_EVALUATION, _S.CANCELLED})


class NoHostError(ConflictError):
    """An agreement with nobody."""

    message = N_("{edition} has no host at present, so there is no agreement to record.")


class DayToComeError(DomainError):
    """An act on a day that has not come."""

    message = N_("What is recorded has happened: give today or a day before.")


class AmendmentWordsError(DomainError):
    """An amendment that does not say what it changes."""

    message = N_("Say what the amendment changes, in a sentence.")


class LetterWithoutFileError(DomainError):
    """A letter that is not there."""

    message = N_("Choose the letter as a PDF file.")


class NotOverError(ConflictError):
    """An agreement fulfilled before the event."""

    message = N_("{edition} is not over yet. The agreement is fulfilled once it was held.")


@dataclass(frozen=True, slots=True)
class Record:
    """What is told of an act; ``letter`` is a PDF's bytes and its name."""

    on_day: date
    note: str = ""
    letter: tuple[bytes, str] | None = None


def possible(edition: Edition, today: date) -> list[AgreementAct]:
    """Return what can be recorded on ``today``, the next step first."""
    if edition.status in WITHOUT_A_HOST:
        return []
    targets = set(lifecycle.AGREEMENT_MOVES[edition.agreement])
    if AgreementStatus.REQUESTED in targets:
        targets.add(AgreementStatus.ACCEPTED)  # in one act, see `record`
    if edition.dtend > today:
        targets.discard(AgreementStatus.FULFILLED)
    acts = [act for act in AgreementAct if act.value in {target.value for target in targets}]
    return [*acts, _A.LETTER]


def record(
    edition: Edition, act: AgreementAct, facts: Record, *, by: Person, now: datetime
) -> AgreementRecord:
    """Record an act on the agreement with the host of ``edition``.

    An agreement that nobody has asked for is accepted by way of the request, in one act.

    Raises:
        NoHostError: there is nobody to agree with.
        MoveError: the agreement's table of states has no such move.
        DayToComeError, NotOverError, AmendmentWordsError, LetterWithoutFileError: see there.
    """
    if facts.on_day > edition.day_at(now):
        raise DayToComeError
    if act is _A.AMENDED and not facts.note.strip():
        raise AmendmentWordsError
    if act is _A.LETTER and facts.letter is None:
        raise LetterWithoutFileError
    name = "recorded" if act is _A.ACCEPTED else act.value
    reason = facts.note.strip()
    with service.revising(edition, f"edition.agreement_{name}", by=by, now=now, reason=reason):
        _insist_on_a_host(edition)
        if act is _A.FULFILLED and edition.dtend > facts.on_day:
            raise NotOverError(edition=edition.title)
        if act is _A.ACCEPTED and edition.agreement is AgreementStatus.NOT_STARTED:
            _move(edition, _A.REQUESTED)
            _add(edition, _A.REQUESTED, Record(facts.on_day), by, now)
        if act is not _A.LETTER:
            _move(edition, act)
        made = _add(edition, act, facts, by, now)
        if act is _A.ACCEPTED:
            edition.agreement_waiver = ""
    return made


def record_agreement(edition: Edition, *, waiver: str, by: Person, now: datetime) -> None:
    """Record in one act that the agreement with the host is accepted, or why it is waived.

    ``waiver`` is empty where the agreement itself is there.

    Raises:
        NoHostError, MoveError: see `record`.
    """
    today = edition.day_at(now)
    if not waiver:
        record(edition, _A.ACCEPTED, Record(today), by=by, now=now)
        return
    action = "edition.agreement_recorded"
    with service.revising(edition, action, by=by, now=now, reason=waiver):
        _insist_on_a_host(edition)
        edition.agreement_waiver = waiver
        _add(edition, _A.WAIVED, Record(today, waiver), by, now)


def end(edition: Edition, *, reason: str, by: Person, now: datetime) -> None:
    """Let the next host begin anew, and end the host team's roles; inside a revision."""
    if current(records(edition)):  # a letter alone, too, is not for the next host
        _add(edition, _A.ENDED, Record(edition.day_at(now), reason[:1000]), by, now)
    edition.agreement, edition.agreement_waiver = AgreementStatus.NOT_STARTED, ""
    grants.end_all(Role.HOST_TEAM, edition.slug, reason=reason, by=by, now=now)


def records(edition: Edition) -> Sequence[AgreementRecord]:
    """Return every act on the agreement of ``edition``, with whichever host, oldest first."""
    return db.session.scalars(
        select(AgreementRecord).filter_by(edition_id=edition.id).order_by(AgreementRecord.id)
    ).all()


def current(found: Sequence[AgreementRecord]) -> list[AgreementRecord]:
    """Return of these acts those that are with the present host."""
    ends = [at for at, row in enumerate(found) if row.act is _A.ENDED]
    return list(found[ends[-1] + 1 :] if ends else found)


def find(edition: Edition, record_id: int) -> AgreementRecord | None:
    """Return an act on the agreement of ``edition``."""
    return db.session.scalar(select(AgreementRecord).filter_by(edition_id=edition.id, id=record_id))


def _move(edition: Edition, act: AgreementAct) -> None:
    edition.agreement = lifecycle.move(
        lifecycle.AGREEMENT_MOVES, edition.agreement, AgreementStatus(act.value)
    )


def _add(
    edition: Edition, act: AgreementAct, facts: Record, by: Person, now: datetime
) -> AgreementRecord:
    version = None
    if act in {_A.ACCEPTED, _A.AMENDED}:
        version = 1 + sum(row.version is not None for row in current(records(edition)))
    letter = uploads.store(*facts.letter, now=now) if facts.letter else None
    made = AgreementRecord(
        edition_id=edition.id,
        country_code=edition.country_code,
        act=act,
        on_day=facts.on_day,
        version=version,
        note=facts.note.strip(),
        letter=letter,
        person_id=by.id,
        recorded_at=now,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _insist_on_a_host(edition: Edition) -> None:
    if edition.status in WITHOUT_A_HOST:
        raise NoHostError(edition=edition.title)
