"""Use cases of series: found one, change it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database, publication
from app.database import db
from app.series.models import Series, SeriesKind
from app.series.signals import series_changed
from scheduler import recurrence
from scheduler.errors import N_, DomainError, RecurrenceRuleError
from scheduler.recurrence import RecurrenceRule

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person

RHYTHM_YEARS = 3
EDITIONS_MAX = 53 * RHYTHM_YEARS


class TooOftenError(RecurrenceRuleError):
    """A rule for something else than events that countries host."""

    message = N_("Editions recur once a week at most, such as FREQ=WEEKLY;BYDAY=TU.")

    def __init__(self) -> None:
        """Say what would be accepted."""
        super().__init__(problem="")


class TitleTakenError(DomainError):
    """A second series under the same address."""

    message = N_("There is a series called “{title}” already. Choose another title.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """What an organiser says of a series. ``rrule`` is none where editions are added by hand."""

    title: str
    kind: SeriesKind
    region: str | None
    summary: str
    rrule: str | None
    dtstart: date | None
    length_days: int
    rule_note: str = ""


def found(
    facts: SeriesFacts, *, by: Person | None, now: datetime, slug: str | None = None
) -> Series:
    """Found a new series.

    Raises:
        RecurrenceRuleError: the rule is not one we take.
        TitleTakenError: the title leads to an address that is taken.
    """
    checked(facts)
    database.write()
    slug = slug or slugify(facts.title)
    if db.session.scalar(select(Series.id).filter_by(slug=slug)):
        raise TitleTakenError(title=facts.title)
    series = Series(slug=slug, created_at=now, modified_at=now, **asdict(facts))
    db.session.add(series)
    db.session.flush()
    publication.touch(now=now)
    audit.record("series.founded", series, by=by, now=now, changes=_told(None, series))
    return series


def change(series: Series, facts: SeriesFacts, *, by: Person, now: datetime) -> None:
    """Change ``series``; its editions follow when the plan is next applied.

    Raises:
        RecurrenceRuleError: the rule is not one we take.
    """
    checked(facts)
    database.write(series)
    was = _facts(series)
    for field, value in asdict(facts).items():
        setattr(series, field, value)
    series.modified_at = now
    db.session.flush()
    publication.touch(now=now)
    series_changed.send(None, series=series, by=by, now=now)
    audit.record("series.changed", series, by=by, now=now, changes=_told(was, series))


def facts_of(series: Series) -> SeriesFacts:
    """Return what stands of ``series``."""
    return SeriesFacts(**{each.name: getattr(series, each.name) for each in fields(SeriesFacts)})


def checked(facts: SeriesFacts) -> RecurrenceRule | None:
    """Return the rule that ``facts`` describe.

    Raises:
        RecurrenceRuleError: it is not one we take.
        TooOftenError: it recurs more often than editions can.
    """
    if facts.rrule is None or facts.dtstart is None:
        return None
    rule = RecurrenceRule(facts.rrule, facts.dtstart)
    check_rule(rule)
    return rule


def check_rule(rule: RecurrenceRule) -> None:
    """Insist on a rule by which events can be held.

    Raises:
        RecurrenceRuleError: it is not one we take.
        TooOftenError: it recurs more often than editions can.
    """
    recurrence.validate(rule)
    first = rule.dtstart.year
    last = min(first + RHYTHM_YEARS - 1, date.max.year)
    if len(recurrence.occurrences_of_years(rule, first, last)) > EDITIONS_MAX:
        raise TooOftenError


def slugify(title: str) -> str:
    """Return ``title`` as it stands in an address.

    >>> slugify("Réunion régionale: Afrique")
    'reunion-regionale-afrique'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "series"


def _facts(series: Series) -> dict[str, object]:
    """Return what the history tells of ``series``, fit for JSON."""
    return {
        "title": series.title,
        "kind": series.kind.value,
        "region": series.region or "",
        "rrule": series.rrule or "",
        "dtstart": series.dtstart.isoformat() if series.dtstart else "",
        "length_days": series.length_days,
    }


def _told(was: dict[str, object] | None, series: Series) -> dict[str, list[object]]:
    now_is = _facts(series)
    before = was or dict.fromkeys(now_is)
    return {key: [before[key], now_is[key]] for key in now_is if before[key] != now_is[key]}
