"""Answers told to their person, erased with them, and let go when their time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import retention
from app.database import db
from app.i18n import lazy_gettext as _l
from app.registrations import question_queries as queries
from app.registrations.answering import drop_file
from app.registrations.models import Answer, Registration
from app.registrations.signals import registration_erased
from scheduler.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

BATCH = 500
DRAFTS_KEPT = timedelta(days=30)  # after the last change; there is nothing to keep them for


def _delete(answers: Iterable[Answer]) -> int:
    count = 0
    for answer in answers:
        drop_file(answer)
        db.session.delete(answer)
        count += 1
    db.session.flush()
    return count


@registration_erased.connect
def _erase(sender: object, *, registration: Registration) -> None:  # noqa: ARG001
    """Erase the answers, and the files among them."""
    _delete(queries.of_registration(registration).values())


@retention.rule(
    _l("Answers to the questions of an event, and files sent with them"),
    _l("as many days after the event as stands beside each question"),
)
def let_go_of_answers(now: datetime) -> int:
    """Delete the answers whose time is over."""
    today = now.date()
    over = [
        number
        for number, keep_days, dtend in queries.ended(today)
        if dtend + timedelta(days=keep_days) <= today
    ]
    return _delete(
        db.session.scalars(select(Answer).where(Answer.question_id.in_(over)).limit(BATCH))
    )


@retention.rule(
    _l("Answers in a draft that was not sent, and files sent with them"),
    _l("30 days after it was last kept"),
)
def _let_go_of_drafts(now: datetime) -> int:
    """Delete what somebody typed and never sent."""
    old = select(Registration.id).where(
        Registration.status == RegistrationStatus.DRAFT,
        Registration.modified_at <= now - DRAFTS_KEPT,
    )
    return _delete(
        db.session.scalars(select(Answer).where(Answer.registration_id.in_(old)).limit(BATCH))
    )
