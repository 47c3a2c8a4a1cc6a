"""Use cases of one edition on its way: added, hosted, confirmed, announced, open to register.

Every change runs inside :func:`revising`, which keeps the calendar's promises: SEQUENCE rises
when days, place or VEVENT STATUS change (RFC 5545 §3.8.7.4), the revision moment moves on, and
the public revision with it. What nobody planned is in :mod:`app.editions.disruptions`.
"""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from app import audit, database, publication
from app.database import db
from app.editions import milestones, numbering, queries
from app.editions.models import Edition, Precision
from app.editions.signals import edition_changed, edition_revised
from scheduler import lifecycle, timespan
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.known_dates import say_days
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.series.models import Series

UID_DOMAIN = "symposia.example.org"  # part of what is stored; no address setting touches it
LENGTH_MAX_DAYS = 60
YEAR_MIN, YEAR_MAX = 1900, 2200
CAPACITY_MAX = 100_000


class SpanError(DomainError):
    """An end that is not after its start, or a span that no event has."""

    message = N_("The last day must not lie before the first, and an event lasts 60 days at most.")


class YearError(DomainError):
    """A day too far from any plan."""

    message = N_("The year must lie between {first} and {last}.")


class DaysTakenError(ConflictError):
    """An edition added by hand where its series has one already."""

    message = N_(
        "{title} is on {days} already, and two editions of a series cannot share days. Choose "
        "other days, or change that one."
    )


class CapacityError(DomainError):
    """A number of seats that cannot be."""

    message = N_("The capacity is a whole number from 1 to {most}.")


class AgreementMissingError(ConflictError):
    """An announcement without an agreement or a waiver."""

    message = N_(
        "{edition} cannot be announced yet: record the agreement with the host, or a waiver "
        "with its reason."
    )


class PlaceMissingError(DomainError):
    """An edition that would be confirmed without saying where."""

    message = N_("Say in which city and country {edition} takes place.")


class ReasonMissingError(DomainError):
    """A change that people will ask about, without its reason."""

    message = N_("Say why, in a sentence; it stands in the history.")


# -- making editions -------------------------------------------------------------------------


def check_span(dtstart: date, dtend: date) -> None:
    """Insist that ``[dtstart, dtend)`` is a span an event can have.

    Raises:
        SpanError, YearError: it is not.
    """
    check_year(dtstart)
    check_year(dtend)
    if not timedelta(days=1) <= dtend - dtstart <= timedelta(days=LENGTH_MAX_DAYS):
        raise SpanError


def check_year(day: date) -> None:
    """Insist that ``day`` lies where events do.

    Raises:
        YearError: it does not.
    """
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise YearError(first=YEAR_MIN, last=YEAR_MAX)


def new_uid() -> str:
    """Return a UID for a new edition; it is stored and never made again."""
    return f"{uuid.uuid4()}@{UID_DOMAIN}"


def free_slug(series: Series, year: int, taken: set[str] | None = None) -> str:
    """Return ``series-year``, or ``series-year-2``, … where that is taken."""
    stem = f"{series.slug}-{year}"
    taken = queries.slugs_like(stem) if taken is None else taken
    if stem not in taken:
        return stem
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def make(  # noqa: PLR0913 - the columns that every new edition has
    series: Series,
    dtstart: date,
    dtend: date,
    *,
    now: datetime,
    slug: str | None = None,
    status: EditionStatus = EditionStatus.PROJECTED,
    recurrence_id: date | None = None,
    **facts: Any,  # noqa: ANN401 - further columns
) -> Edition:
    """Add an edition to ``series``; ``facts`` are further columns."""
    edition = Edition(
        series=series,
        slug=slug or free_slug(series, dtstart.year),
        uid=new_uid(),
        sequence=0,
        status=status,
        recurrence_id=recurrence_id,
        dtstart=dtstart,
        dtend=dtend,
        created_at=now,
        modified_at=now,
        **facts,
    )
    db.session.add(edition)
    db.session.flush()
    _link(edition)
    milestones.sync(edition, by=None, now=now)
    edition_revised.send(None, edition=edition)
    return edition


def _link(edition: Edition) -> None:
    """Link a public ``edition`` to the one before it, once, so that no other need be revised."""
    if not edition.is_public:
        edition.sibling_uid = None
    elif edition.sibling_uid is None:
        edition.sibling_uid = queries.uid_before(edition)


def add_by_hand(
    series: Series, dtstart: date, dtend: date, *, reason: str, by: Person, now: datetime
) -> Edition:
    """Add an edition that no rule asked for; plans leave it alone.

    Raises:
        SpanError, YearError, ReasonMissingError: see there.
        DaysTakenError: another edition of the series is on these days.
    """
    check_span(dtstart, dtend)
    insist_on_reason(reason)
    database.write(series)
    beside = queries.on_days(series, dtstart, dtend)
    if beside is not None:
        raise DaysTakenError(title=beside.title, days=say_days(beside.dtstart, beside.dtend))
    edition = make(series, dtstart, dtend, now=now)
    numbering.renumber(series)
    audit.record("edition.added", edition, by=by, now=now, reason=reason)
    return edition


# -- revising --------------------------------------------------------------------------------


def _facts(edition: Edition) -> dict[str, Any]:
    """Return what the history tells of ``edition``, fit for JSON."""
    return {
        "status": edition.status.value,
        "dtstart": edition.dtstart.isoformat(),
        "dtend": edition.dtend.isoformat(),
        "city": edition.city,
        "country": edition.country_code or "",
        "point": ", ".join(map(str, edition.geo or ())),
        "venue": edition.venue,
        "tzid": edition.tzid,
        "capacity": edition.capacity,
        "agreement": edition.agreement.value,
        "ordinal": edition.ordinal,
    }


def _calendar_facts(edition: Edition) -> tuple[object, ...]:
    """Return what attendees must be told about: a change of these raises SEQUENCE."""
    return (
        edition.dtstart,
        edition.dtend,
        edition.city,
        edition.country_code,
        edition.venue,
        edition.venue_address,
        edition.public_entry_status,
    )


@contextmanager
def revising(
    edition: Edition, action: str, *, by: Person | None, now: datetime, reason: str = ""
) -> Iterator[None]:
    """Lock ``edition``, let the block change it, and keep sequence, revision and history right."""
    database.write(edition)
    was, told, was_public = _facts(edition), _calendar_facts(edition), edition.is_public
    yield
    if (edition.city, edition.country_code or "") != (was["city"], was["country"]):
        edition.geo = None  # it was the other city's
    if _calendar_facts(edition) != told:
        edition.sequence += 1
    edition.modified_at = max(now, edition.modified_at)
    _link(edition)
    if was_public or edition.is_public:
        publication.touch(now=now)
    db.session.flush()
    # The country may have changed by its key alone.
    db.session.expire(edition, ["country"])
    milestones.sync(edition, by=by, now=now)
    edition_revised.send(None, edition=edition)
    now_is = _facts(edition)
    changes = {key: [was[key], now_is[key]] for key in was if was[key] != now_is[key]}
    if changes.keys() & {"dtstart", "dtend"}:
        # A span is told as a whole, though only one of its ends moved.
        changes |= {key: [was[key], now_is[key]] for key in ("dtstart", "dtend")}
    audit.record(action, edition, by=by, now=now, changes=changes, reason=reason)


def move_to(edition: Edition, target: EditionStatus) -> None:
    """Move ``edition`` on to the state ``target``, inside :func:`revising`.

    Raises:
        MoveError: the table of states has no such move.
    """
    edition.status = lifecycle.move(lifecycle.EDITION_MOVES, edition.status, target)


def insist_on_reason(reason: str) -> None:
    """Insist that a change which people will ask about has its reason.

    Raises:
        ReasonMissingError: it has none.
    """
    if not reason.strip():
        raise ReasonMissingError


def tell_change(
    edition: Edition, change: str, reason: str, now: datetime, *, former_host: str | None = None
) -> None:
    """Let higher features tell people of a ``change`` that they feel."""
    edition_changed.send(
        None, edition=edition, change=change, reason=reason, former_host=former_host, now=now
    )


# -- from host to registration ---------------------------------------------------------------


def set_status(edition: Edition, target: EditionStatus, *, by: Person, now: datetime) -> None:
    """Move ``edition`` on where nothing else changes with it.

    Raises:
        MoveError: the table of states has no such move.
    """
    with revising(edition, f"edition.{target.value}", by=by, now=now):
        move_to(edition, target)


def select_host(  # noqa: PLR0913 - a host is a country, a place and days
    edition: Edition,
    country: Country,
    *,
    city: str,
    venue: str,
    dtstart: date,
    dtend: date,
    by: Person | None,
    now: datetime,
    reason: str = "",
) -> None:
    """Make ``country`` the host of ``edition``, on the days and at the place it offered.

    Raises:
        MoveError: the edition is not under evaluation (or projected, with its host known).
        SpanError, YearError: the days cannot be.
    """
    check_span(dtstart, dtend)
    with revising(edition, "edition.host_selected", by=by, now=now, reason=reason):
        move_to(edition, EditionStatus.HOST_SELECTED)
        edition.country_code = country.code
        edition.city, edition.venue = city, venue
        edition.dtstart, edition.dtend = dtstart, dtend
        edition.precision = Precision.DAY


def confirm(  # noqa: PLR0913 - days, zone and place are confirmed together
    edition: Edition,
    *,
    dtstart: date,
    dtend: date,
    tzid: str,
    city: str,
    venue: str,
    venue_address: str,
    by: Person,
    now: datetime,
) -> None:
    """Confirm days, zone and place; also brings a postponed edition back.

    Raises:
        MoveError: no host is selected, and it is not postponed.
        SpanError, YearError, UnknownZoneError, PlaceMissingError: see there.
    """
    check_span(dtstart, dtend)
    timespan.find_zone(tzid)
    database.write(edition)
    was_postponed = edition.status is EditionStatus.POSTPONED
    change = "edition.reinstated" if was_postponed else "edition.confirmed"
    with revising(edition, change, by=by, now=now):
        move_to(edition, EditionStatus.CONFIRMED)
        if not city or not edition.country_code:
            raise PlaceMissingError(edition=edition.title)
        edition.dtstart, edition.dtend, edition.tzid = dtstart, dtend, tzid
        edition.precision = Precision.DAY
        edition.city, edition.venue, edition.venue_address = city, venue, venue_address
        edition.dates_to_follow = False
    if was_postponed:
        tell_change(edition, change, "", now)


def publish_save_the_date(edition: Edition, *, by: Person, now: datetime) -> None:
    """Tell the world the days and place before the announcement, as tentative.

    Raises:
        MoveError: no host is selected yet.
    """
    with revising(edition, "edition.save_the_date", by=by, now=now):
        if edition.status not in {EditionStatus.HOST_SELECTED, EditionStatus.CONFIRMED}:
            raise lifecycle.MoveError(
                current=edition.status.value.replace("_", " "), target="a save-the-date"
            )
        edition.public_since = edition.public_since or now


def announce(edition: Edition, *, by: Person, now: datetime) -> None:
    """Tell the world that ``edition`` takes place, once more if it was postponed meanwhile.

    Raises:
        MoveError: it is not confirmed.
        AgreementMissingError: neither agreement nor waiver is recorded.
    """
    change = "edition.announced"
    with revising(edition, change, by=by, now=now):
        move_to(edition, EditionStatus.ANNOUNCED)
        if not edition.has_agreement:
            raise AgreementMissingError(edition=edition.title)
        is_anew = edition.announced_at is not None
        edition.announced_at = edition.announced_at or now
        edition.public_since = edition.public_since or now
    if is_anew:  # in their calendars it is still tentative
        tell_change(edition, change, "", now)


def check_capacity(capacity: int | None) -> None:
    """Insist on a number of seats that can be.

    Raises:
        CapacityError: it cannot.
    """
    if capacity is not None and not 1 <= capacity <= CAPACITY_MAX:
        raise CapacityError(most=CAPACITY_MAX)


def locate(edition: Edition, geo: tuple[float, float] | None, *, by: Person, now: datetime) -> None:
    """Say where the city of ``edition`` is: latitude and longitude in degrees, or nothing.

    Kept to a hundredth, about a kilometre: it is the city's, and the venue is not for the world.

    Raises:
        PlaceMissingError: it has no city yet.
    """
    with revising(edition, "edition.located", by=by, now=now):
        if not edition.city:
            raise PlaceMissingError(edition=edition.title)
        edition.geo = geo and (round(geo[0], 2), round(geo[1], 2))


def describe(edition: Edition, *, title: str, summary: str, by: Person, now: datetime) -> None:
    """Change the words of ``edition``; neither days nor place, so SEQUENCE stays."""
    with revising(edition, "edition.described", by=by, now=now):
        edition.own_title = re.sub(r"\s+", " ", title).strip()
        edition.summary = summary.strip()
