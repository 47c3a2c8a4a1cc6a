"""Registration of an edition: let open, changed and closed, on days that the clock then keeps.

Its milestones say when it opens and closes, and until when contacts nominate; an organiser may set
another day. What was let open and set here is judged by :meth:`Edition.takes_registrations`, so no
job has to run for it to be right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app import database, publication
from app.database import db
from app.editions import milestone_queries, milestones
from app.editions.models import AdmissionPolicy, Edition, EditionSchedule
from app.editions.service import check_capacity, move_to, revising
from app.editions.signals import capacity_changed
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.accounts.models import Person


HALF_A_DAY = timedelta(hours=12)
ZONE_CHANGE_MAX = timedelta(hours=3)  # by more no zone has changed its rules in our time


class RegistrationNotOpenError(ConflictError):
    """A change of a registration that does not run."""

    message = N_("Registration for {edition} is not open, so there is nothing to change.")


class ClosingDayError(DomainError):
    """A closing day of registration that no one could use."""

    message = N_("Registration must close after today and not after the last day of the event.")


class OpeningDayError(DomainError):
    """A first day of registration that lies behind, or after the last one."""

    message = N_("Registration opens today or later, and before its last day.")


class NominationsDayError(DomainError):
    """A last day for nominations on which nobody could register any more, or yet."""

    message = N_("Nominations close on a day on which one can register.")


@dataclass(frozen=True, slots=True)
class Window:
    """First day, last day for nominations, last day; ``None`` follows the milestone.

    The first day of what is let open without one is today. Where the milestone's day has passed,
    or there is none, one may register until the event begins, and nominate as long.
    """

    opens_on: date | None = None
    nominations_close_on: date | None = None
    closes_on: date | None = None


def open_registration(
    edition: Edition,
    *,
    capacity: int | None,
    window: Window = Window(),
    by: Person,
    now: datetime,
    policy: AdmissionPolicy = AdmissionPolicy.OPEN,
) -> None:
    """Let registration open for ``capacity`` seats (``None``: no limit), now or on its day.

    Raises:
        MoveError: the edition is not announced, and registration did not close.
        CapacityError, OpeningDayError, ClosingDayError, NominationsDayError: see there.
    """
    check_capacity(capacity)
    with revising(edition, "edition.registration_opened", by=by, now=now):
        # What the clock has closed, or not opened yet, is let open like what people closed.
        edition.status = edition.status_on(edition.day_at(now))
        move_to(edition, EditionStatus.REGISTRATION_OPEN)
        edition.capacity, edition.admission_policy = capacity, policy
        _set_window(edition, window, now)
    capacity_changed.send(None, edition=edition, now=now)


def change_registration(
    edition: Edition,
    *,
    capacity: int | None,
    window: Window = Window(),
    by: Person,
    now: datetime,
) -> None:
    """Change capacity and days while registration runs, or before the day on which it opens.

    Raises:
        RegistrationNotOpenError: it does not.
        CapacityError, OpeningDayError, ClosingDayError, NominationsDayError: see there.
    """
    check_capacity(capacity)
    with revising(edition, "edition.registration_changed", by=by, now=now):
        if edition.status is not EditionStatus.REGISTRATION_OPEN:
            raise RegistrationNotOpenError(edition=edition.title)
        edition.capacity = capacity
        _set_window(edition, window, now)
    capacity_changed.send(None, edition=edition, now=now)


def follow_zones(*, now: datetime) -> int:
    """Put the moments of registration back to midnight at their place; return for how many.

    The days are what people were told. The moment that a day begins at hangs on the rules of its
    zone, which new zone data may change.
    """
    database.write()
    count = 0
    for edition in milestone_queries.editions_with_schedule(now.date()):
        if _off_midnight(edition):
            database.write(edition)  # organisers may set other days in this very moment
            moments = _off_midnight(edition)
            for name, moment in moments.items():
                setattr(edition, name, moment)
            count += bool(moments)
    if count:
        publication.touch(now=now)
    return count


def _off_midnight(edition: Edition) -> dict[str, datetime]:
    """Return the midnights that moments of registration lie beside, by their names."""
    found = {}
    for name in ("registration_opens_at", "nominations_close_at", "registration_closes_at"):
        was: datetime | None = getattr(edition, name)
        if was is not None:
            moment = milestones.midnight(edition.day_at(was + HALF_A_DAY), edition.zone)
            if timedelta() < abs(moment - was) <= ZONE_CHANGE_MAX:
                found[name] = moment
    return found


def milestone_days(edition: Edition) -> Window:
    """Return the days that the milestones of ``edition`` give, whatever is set instead."""
    schedule = db.session.get(EditionSchedule, edition.id)
    if schedule is None:
        return Window()
    laid = milestones.laid_days(edition, schedule)
    waived = {row.key for row in milestone_queries.of_editions([edition.id]) if row.waived_reason}
    keys = (
        milestones.REGISTRATION_OPENS,
        milestones.NOMINATIONS_CLOSE,
        milestones.REGISTRATION_CLOSES,
    )
    return Window(*(None if key in waived else laid.get(key) for key in keys))


def _set_window(edition: Edition, window: Window, now: datetime) -> None:
    """Keep the days that differ from the milestones'; :func:`milestones.sync` makes them hold."""
    if db.session.get(EditionSchedule, edition.id) is None:
        milestones.begin(edition, now)
    schedule = db.session.get_one(EditionSchedule, edition.id)
    today, eve = edition.day_at(now), edition.dtstart - timedelta(days=1)
    usual = milestone_days(edition)
    closes_on = window.closes_on or _ahead(usual.closes_on, today) or max(eve, today)
    if not today <= closes_on < edition.dtend:
        raise ClosingDayError
    opens_on = window.opens_on or min(edition.registration_opens_on or today, today)
    is_new = opens_on != edition.registration_opens_on
    if opens_on > closes_on or (is_new and opens_on < today):
        raise OpeningDayError
    nominations = window.nominations_close_on or _ahead(usual.nominations_close_on, today)
    if nominations is not None and not opens_on <= nominations <= closes_on:
        if window.nominations_close_on:
            raise NominationsDayError
        nominations = None
    nominations = nominations or closes_on
    schedule.registration_opens_on = None if opens_on == usual.opens_on else opens_on
    schedule.registration_closes_on = None if closes_on == usual.closes_on else closes_on
    schedule.nominations_close_on = (
        None if nominations == usual.nominations_close_on else nominations
    )


def _ahead(day: date | None, today: date) -> date | None:
    return day if day is not None and day >= today else None
