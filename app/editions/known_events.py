"""Use cases of the events of others: add one, change it, take it away, import a file of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import audit, database
from app.countries.models import Country
from app.database import db
from app.editions import service
from app.editions.event_files import Fault
from app.editions.models import KnownEvent, Precision
from app.i18n import gettext as _
from app.i18n import ngettext, user_message
from scheduler import recurrence
from scheduler.errors import N_, DomainError, RecurrenceRuleError
from scheduler.known_dates import MAX_LENGTH_DAYS, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.event_files import FoundEvent, Reading

OWN_SERIES = frozenset({"symposium", "practitioner", "regional"})  # as files of events name them
SHORTEST_PERIOD_DAYS = 7
_LONGEST = {"name": 250, "city": 120, "source": 300, "kind": 40, "rrule": 500}


class KnownEventTakenError(DomainError):
    """The same event a second time."""

    message = N_("“{name}” from that day on is known already.")


class LongEventError(DomainError):
    """Days that would block a year and more."""

    message = N_(
        "“{name}” would last {days} days; {most} at most. Where the days are not known, give the "
        "month, the year or a window."
    )


class NeverFreeError(DomainError):
    """A rule that leaves no day between its occurrences."""

    message = N_(
        "“{name}” lasts {days} days, ± {margin}, and falls every {period} days or so: no day would "
        "be free of it. Give a shorter length or less uncertainty."
    )


class LongTextError(DomainError):
    """Words that do not fit."""

    message = N_("The {field} has more than {most} characters.")


class UnknownCountryError(DomainError):
    """A code that names no country."""

    message = N_("“{code}” is no country code (ISO 3166-1).")


class OwnSeriesError(DomainError):
    """An event of ours among those of others."""

    message = N_("“{name}” is of a series of ours: add it under Editions.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEventFacts:
    """What is known of an event: its days ``[dtstart, dtend)``, or a rule counted from ``dtstart``.

    ``dtend`` is none where there is a rule; the rest is as in the table.
    """

    name: str
    dtstart: date
    dtend: date | None
    precision: Precision = Precision.DAY
    rrule: str | None = None
    length_days: int = 1
    margin_days: int = 0
    level: Level = Level.SOFT
    city: str = ""
    country_code: str | None = None
    kind: str = ""
    source: str = ""
    certainty: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a file can be imported, and what is wrong with the rest."""

    facts: Sequence[KnownEventFacts]
    faults: Sequence[Fault]


def add(facts: KnownEventFacts, *, by: Person | None, now: datetime) -> KnownEvent:
    """Add an event of somebody else.

    Raises:
        KnownDateError, RecurrenceRuleError, YearError, LongEventError, NeverFreeError,
            LongTextError: see `check`.
        KnownEventTakenError: it is there already.
    """
    check(facts)
    database.write()
    _insist_it_is_new(facts, None)
    event = KnownEvent(**asdict(facts))
    with _refusing_twins(facts):
        db.session.add(event)
    audit.record("known_event.added", event, by=by, now=now, changes=_told(None, event))
    return event


def change(event: KnownEvent, facts: KnownEventFacts, *, by: Person, now: datetime) -> None:
    """Change what is known of ``event``.

    Raises:
        KnownDateError, RecurrenceRuleError, YearError, LongEventError, NeverFreeError,
            LongTextError: see `check`.
        KnownEventTakenError: another one is like that already.
    """
    check(facts)
    database.write(event)
    _insist_it_is_new(facts, event)
    was = _facts(event)
    with _refusing_twins(facts):
        for name, value in asdict(facts).items():
            setattr(event, name, value)
    db.session.expire(event, ["country"])
    audit.record("known_event.changed", event, by=by, now=now, changes=_told(was, event))


def remove(event: KnownEvent, *, by: Person, now: datetime) -> None:
    """Take ``event`` away: nothing is compared with it any more."""
    database.write(event)
    changes = {"name": [event.name, ""]}
    audit.record("known_event.removed", event, by=by, now=now, changes=changes)
    db.session.delete(event)
    db.session.flush()


def check(facts: KnownEventFacts) -> None:
    """Insist that ``facts`` can be compared with the days of editions.

    Raises:
        KnownDateError: no days, days that end before they start, too uncertain, too long.
        RecurrenceRuleError: the rule is not one we take, or falls nearly all the time.
        YearError: the days are too far from any plan.
        LongEventError, NeverFreeError, LongTextError: see there.
    """
    for name, most in _LONGEST.items():
        if len(getattr(facts, name) or "") > most:
            raise LongTextError(field=name, most=most)
    service.check_year(facts.dtstart)
    # The engine refuses what it cannot use, in its own words.
    known = KnownEvent(**asdict(facts)).known_date
    if known.rule is not None:
        recurrence.validate(known.rule)
        period_days = recurrence.period_days(known.rule)
        if period_days < SHORTEST_PERIOD_DAYS:
            raise RecurrenceRuleError(
                problem=ngettext(
                    "it falls every day.", "it falls every %(num)s days or so.", max(period_days, 1)
                ),
                accepted=_("Give the first day alone, once a week at most, and a length in days."),
            )
        if facts.length_days + 2 * facts.margin_days >= period_days:
            raise NeverFreeError(
                name=facts.name,
                days=facts.length_days,
                margin=facts.margin_days,
                period=period_days,
            )
    if facts.dtend is None:
        return
    service.check_year(facts.dtend - timedelta(days=1))
    days = (facts.dtend - facts.dtstart).days
    if facts.precision is Precision.DAY and days > MAX_LENGTH_DAYS:
        raise LongEventError(name=facts.name, days=days, most=MAX_LENGTH_DAYS)


def check_file(reading: Reading, *, level: Level) -> Checked:
    """Sort the events of a file into those that can be imported and those that cannot."""
    codes = country_codes()
    facts, faults = list[KnownEventFacts](), list(reading.faults)
    for found in reading.events:
        try:
            facts.append(_checked(found, codes, level))
        except DomainError as error:
            faults.append(Fault(found.line, user_message(error)))
    return Checked(facts, sorted(faults))


def add_all(
    facts: Iterable[KnownEventFacts], *, name: str, by: Person, now: datetime
) -> tuple[int, int]:
    """Add the events of the file of that ``name``; return how many are new, how many were known.

    An event that is there already, by its name and first day, is left as it is.
    """
    every = list(facts)
    database.write()
    there = {(event.name, event.dtstart) for event in db.session.scalars(select(KnownEvent))}
    new: dict[tuple[str, date], KnownEventFacts] = {}
    known_count = 0
    for each in every:
        key = each.name, each.dtstart
        if key in there or key in new:
            known_count += 1
        else:
            new[key] = each
    try:
        with db.session.begin_nested():
            db.session.add_all(KnownEvent(**asdict(each)) for each in new.values())
    except IntegrityError:
        # PostgreSQL lets two transactions look at once; the other one was first to write.
        return add_all(every, name=name, by=by, now=now)
    if new:
        told = {"event_count": [len(there), len(there) + len(new)]}
        audit.record("known_event.imported", by, by=by, now=now, changes=told, reason=name)
    return len(new), known_count


def facts_of(found: FoundEvent, codes: Mapping[str, str], *, level: Level) -> KnownEventFacts:
    """Return what a file tells, as the service takes it.

    Raises:
        UnknownCountryError: it names a country that is none.
    """
    code = codes.get(found.country.upper())
    if found.country and code is None:
        raise UnknownCountryError(code=found.country[:40])
    return KnownEventFacts(
        name=found.name,
        dtstart=found.dtstart,
        dtend=None if found.rrule else found.dtend,
        precision=found.precision,
        rrule=found.rrule or None,
        length_days=(found.dtend - found.dtstart).days if found.rrule else 1,
        level=level,
        city=found.city,
        country_code=code,
        kind=found.series,
        source=found.source,
        certainty=found.certainty,
    )


def _checked(found: FoundEvent, codes: Mapping[str, str], level: Level) -> KnownEventFacts:
    if found.series in OWN_SERIES:
        raise OwnSeriesError(name=found.name)
    facts = facts_of(found, codes, level=level)
    check(facts)
    return facts


def country_codes() -> dict[str, str]:
    """Return the alpha-3 code for every code that a file may use."""
    rows = db.session.execute(select(Country.code, Country.alpha2)).all()
    codes = {code: code for code, _alpha2 in rows}
    return codes | {alpha2: code for code, alpha2 in rows if alpha2}


def _insist_it_is_new(facts: KnownEventFacts, event: KnownEvent | None) -> None:
    there = db.session.scalar(select(KnownEvent).filter_by(name=facts.name, dtstart=facts.dtstart))
    if there is not None and there is not event:
        raise KnownEventTakenError(name=facts.name)


@contextmanager
def _refusing_twins(facts: KnownEventFacts) -> Iterator[None]:
    """Write what the block changes, unless somebody else was first with the same event."""
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        # PostgreSQL lets two transactions look at once: only writing tells.
        raise KnownEventTakenError(name=facts.name) from error


def _facts(event: KnownEvent) -> dict[str, str]:
    """Return what the history tells of ``event``, fit for JSON."""
    return {
        "name": event.name,
        "dtstart": event.dtstart.isoformat(),
        "dtend": event.dtend.isoformat() if event.dtend else "",
        "rrule": event.rrule or "",
        "level": event.level.value,
        "margin_days": str(event.margin_days),
        "city": event.city,
    }


def _told(was: Mapping[str, str] | None, event: KnownEvent) -> dict[str, list[str]]:
    now_is = _facts(event)
    before = was or dict.fromkeys(now_is, "")
    changes = {key: [before[key], now_is[key]] for key in now_is if before[key] != now_is[key]}
    # Which event it was must be told even where its name stayed.
    return {"name": [before["name"], now_is["name"]]} | changes
