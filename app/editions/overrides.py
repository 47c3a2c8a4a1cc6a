"""What people decide of a projected edition's occurrence: its days, a free week, or none at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import audit, database
from app.database import db
from app.editions import clashing, numbering, override_queries, service
from app.editions.models import EditionOverride
from scheduler.errors import N_, ConflictError
from scheduler.known_dates import Level, say_days
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition


class NotProjectedError(ConflictError):
    """An override for an edition that only people move."""

    message = N_("{edition} is settled: move it on its own page, with its reason.")


class OverlappingOverrideError(ConflictError):
    """Two editions of a series moved by hand onto the same days."""

    message = N_(
        "{days} overlaps {other}, where another edition of the series was moved by hand "
        "({reason}). Choose other days, or let that one follow its rule again."
    )


class NoOccurrenceError(ConflictError):
    """A skip of what no rule proposes."""

    message = N_("{edition} was added by hand: there is no occurrence to skip. Cancel it instead.")


class WeekTakenError(ConflictError):
    """A free week that is free no more."""

    message = N_("The week is no longer free: {reason}. Choose another one.")


def override(
    edition: Edition,
    *,
    dtstart: date,
    dtend: date,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Move one projected edition to other days; plans keep it there.

    Raises:
        NotProjectedError: the edition is settled.
        OverlappingOverrideError: another one of its series was moved there by hand.
        SpanError, YearError, ReasonMissingError: see ``editions.service``.
    """
    service.check_span(dtstart, dtend)
    if not reason.strip():
        raise service.ReasonMissingError
    with service.revising(edition, "edition.overridden", by=by, now=now, reason=reason):
        if edition.status is not EditionStatus.PROJECTED:
            raise NotProjectedError(edition=edition.title)
        if edition.recurrence_id is not None:
            _insist_on_room(edition, dtstart, dtend)
            _decide(edition, dtstart, dtend, reason=reason, by=by, now=now)
        edition.dtstart, edition.dtend = dtstart, dtend
    numbering.renumber(edition.series)


def release(edition: Edition, *, by: Person, now: datetime) -> None:
    """Let a projected edition follow its rule again, from the next plan on.

    Raises:
        NotProjectedError: the edition is settled.
    """
    with service.revising(edition, "edition.override_released", by=by, now=now):
        if edition.status is not EditionStatus.PROJECTED:
            raise NotProjectedError(edition=edition.title)
        standing = override_queries.of_edition(edition)
        if standing is not None:
            db.session.delete(standing)


def take_week(edition: Edition, dtstart: date, *, reason: str, by: Person, now: datetime) -> None:
    """Move one projected edition to the week of ``dtstart`` that was offered as free.

    Raises:
        WeekTakenError: something lies there by now.
        NotProjectedError, OverlappingOverrideError, YearError, ReasonMissingError: see `override`.
    """
    service.check_year(dtstart)
    # Looked at before the lock, too: expanding what is known of those years takes a while, and is
    # kept, so that what is looked at again under the lock is only what may have changed.
    _insist_on_free(edition, dtstart)
    database.write(edition)
    _insist_on_free(edition, dtstart)
    dtend = dtstart + (edition.dtend - edition.dtstart)
    override(edition, dtstart=dtstart, dtend=dtend, reason=reason, by=by, now=now)


def skip(edition: Edition, *, reason: str, by: Person, now: datetime) -> None:
    """Skip the occurrence of a projected ``edition``: it goes at once, and no plan brings it back.

    Raises:
        NotProjectedError: the edition is settled.
        NoOccurrenceError: it was added by hand.
        ReasonMissingError: see ``editions.service``.
    """
    if not reason.strip():
        raise service.ReasonMissingError
    database.write(edition)
    if edition.status is not EditionStatus.PROJECTED:
        raise NotProjectedError(edition=edition.title)
    if edition.recurrence_id is None:
        raise NoOccurrenceError(edition=edition.title)
    series, day = edition.series, edition.recurrence_id.isoformat()
    _decide(edition, None, None, reason=reason, by=by, now=now)
    db.session.delete(edition)
    db.session.flush()
    numbering.renumber(series)
    # Told of the series: the edition is gone, and its number may be given again.
    audit.record(
        "series.occurrence_skipped",
        series,
        by=by,
        now=now,
        changes={"occurrence": ["", day]},
        reason=reason,
    )


def take_up(skipped: EditionOverride, *, by: Person, now: datetime) -> None:
    """Take up a skipped occurrence again; the next plan proposes it."""
    database.write(skipped)
    series, day = skipped.series, skipped.recurrence_id.isoformat()
    db.session.delete(skipped)
    db.session.flush()
    numbering.renumber(series)
    changes = {"occurrence": [day, day]}
    audit.record("series.occurrence_taken_up", series, by=by, now=now, changes=changes)


def _decide(
    edition: Edition,
    dtstart: date | None,
    dtend: date | None,
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Record what was decided of the occurrence of ``edition``; a second decision replaces it."""
    decided = override_queries.of_edition(edition) or EditionOverride(
        series_id=edition.series_id, recurrence_id=edition.recurrence_id
    )
    decided.dtstart, decided.dtend = dtstart, dtend
    decided.reason, decided.made_at = reason, now
    decided.person_id = by.id
    db.session.add(decided)


def _insist_on_room(edition: Edition, dtstart: date, dtend: date) -> None:
    """Refuse days that another edition of the series was moved to by hand."""
    for other in override_queries.in_force(edition.series_id):
        if other.recurrence_id == edition.recurrence_id:
            continue
        if other.dtstart and other.dtend and other.dtstart < dtend and dtstart < other.dtend:
            raise OverlappingOverrideError(
                days=say_days(dtstart, dtend),
                other=say_days(other.dtstart, other.dtend),
                reason=other.reason,
            )


def _insist_on_free(edition: Edition, dtstart: date) -> None:
    for clash in clashing.clashes_on(edition, dtstart, dtstart + (edition.dtend - edition.dtstart)):
        if clash.level is Level.HARD:
            raise WeekTakenError(reason=clash.reason)
