"""The rotation of hosts: settings, fixed choices, what is asked of the planner, what is adopted.

A page asks, a worker answers (`rotation_answers`): the row of a run is the question and later
its answer.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from app import audit, database
from app.database import db
from app.desk import queries
from app.desk.models import RotationPin, RotationRun, RotationSettings, RunKind, RunStatus
from app.desk.rotation_ground import Settings
from app.desk.rotation_instance import build
from app.editions import planning
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.database import Model
    from app.desk.rotation_ground import Ground
    from app.editions.models import Edition

EXPLAIN_SECONDS = 10.0


class NothingToPlanError(DomainError):
    """A plan without a single offer or interest."""

    message = N_(
        "There is nothing to plan yet: no offer and no interest meets an open edition up to "
        "{until}. Ask national contacts to tell what they could host."
    )


class AlreadyPlanningError(ConflictError):
    """A second plan while one is being made."""

    message = N_("A plan is being made already. Wait for it, then ask again.")


class NotAPlanError(ConflictError):
    """The adoption, or the explanation, of what holds no plan."""

    message = N_("This run found no plan. Choose one that did.")


class OutdatedRotationError(ConflictError):
    """A plan that was made from what no longer stands."""

    message = N_(
        "Offers, interests, editions or settings have changed since this plan was made. "
        "Plan again, then go on."
    )


class NotOpenError(ConflictError):
    """A choice for an edition that the rotation does not plan."""

    message = N_("{edition} has its host, or lies outside the rotation: nothing is to be fixed.")


class PinReasonError(DomainError):
    """A choice fixed without saying why."""

    message = N_("Say why this is fixed; it is shown beside the plan.")


# -- settings --------------------------------------------------------------------------------


def settings() -> Settings:
    """Return the settings in force."""
    row = queries.settings_row()
    return Settings.of(row.stored if row else {})


def change_settings(wanted: Settings, *, by: Person, now: datetime) -> None:
    """Store other settings.

    Raises:
        HorizonError: no plan reaches that year.
    """
    planning.check_until(wanted.until, now.date())
    database.write()
    row = queries.settings_row()
    if row is None:
        row = RotationSettings(stored={}, modified_at=now)
        db.session.add(row)
    was, stored = asdict(Settings.of(row.stored)), asdict(wanted)
    stored["order"] = list(wanted.order)
    row.stored, row.modified_at = stored, now
    db.session.flush()
    changes = {
        name: [was[name], value]
        for name, value in stored.items()
        if list(was[name] if name == "order" else [was[name]])
        != list(value if name == "order" else [value])
    }
    if changes:
        audit.record("rotation.settings_changed", row, by=by, now=now, changes=changes)


def move_level(key: str, *, up: bool, by: Person, now: datetime) -> None:
    """Let a level count before the one above it, or after the one below."""
    current = settings()
    order = list(current.order)
    if key not in order:
        return
    place = order.index(key)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
        change_settings(replace(current, order=order), by=by, now=now)


# -- fixed choices ---------------------------------------------------------------------------


def fix(
    edition: Edition,
    country: Country | None,
    week_of: date | None,
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> RotationPin:
    """Fix the host of an open edition (none: it stays vacant), and the week that has ``week_of``.

    Raises:
        NotOpenError: the rotation does not plan this edition.
        PinReasonError: no reason is given.
    """
    if not reason.strip():
        raise PinReasonError
    ground = _build_and_lock(edition, now.date())
    if ground.names.get(edition.id) not in ground.slots:
        raise NotOpenError(edition=edition.title)
    pin = queries.pin_of(edition.id) or RotationPin(edition=edition)
    pin.country = country
    pin.week_of = None
    if country is not None and week_of is not None:
        pin.week_of = week_of - timedelta(days=week_of.weekday())
    pin.reason, pin.person_id, pin.made_at = reason, by.id, now
    db.session.add(pin)
    db.session.flush()
    host = country.code if country else ""
    audit.record(
        "rotation.fixed", edition, by=by, now=now, changes={"host": ["", host]}, reason=reason
    )
    return pin


def unfix(pin: RotationPin, *, by: Person, now: datetime) -> None:
    """Leave the choice to the plan again."""
    database.write(pin)
    edition = pin.edition
    db.session.delete(pin)
    db.session.flush()
    audit.record("rotation.unfixed", edition, by=by, now=now)


# -- asking ----------------------------------------------------------------------------------


def ask_for_plan(*, base: RotationRun | None, by: Person, now: datetime) -> RotationRun:
    """Ask for the best plan; with ``base``, for the one that changes it as little as possible.

    Raises:
        AlreadyPlanningError: one is being made.
        NothingToPlanError: nothing could be assigned.
    """
    ground = _build_and_lock(None, now.date())
    newest = queries.newest_plan()
    if newest is not None and not newest.status.is_over:
        raise AlreadyPlanningError
    current = settings()
    if not any(key in ground.sources for key in ground.instance.offers):
        raise NothingToPlanError(until=current.until)
    # What nobody has begun to explain of older plans would only keep the new one waiting.
    for waiting in queries.waiting_explanations():
        db.session.delete(waiting)
    return ask(
        RunKind.PLAN,
        base,
        {
            "settings": {**asdict(current), "order": list(current.order)},
            "pins": [
                {
                    "edition": pin.edition_id,
                    "country": pin.country_code,
                    "week_of": pin.week_of.isoformat() if pin.week_of else None,
                }
                for pin in queries.pins()
            ],
        },
        by=by,
        now=now,
    )


def ask_why(plan: RotationRun, edition: Edition, *, by: Person, now: datetime) -> RotationRun:
    """Ask what every other host of one edition would cost.

    Raises:
        NotAPlanError: the run holds no plan, or none for this edition.
    """
    database.write(plan)
    planned = {slot["edition"] for slot in plan.result.get("slots", [])}
    if plan.status is not RunStatus.DONE or edition.id not in planned:
        raise NotAPlanError
    asked = queries.explanations_of(plan).get(edition.id)
    if asked is not None and not asked.status.is_over:
        return asked
    inputs = {**plan.inputs, "seconds": 3 * EXPLAIN_SECONDS}
    return ask(RunKind.EXPLANATION, plan, inputs, edition_id=edition.id, by=by, now=now)


def ask(
    kind: RunKind,
    base: RotationRun | None,
    inputs: Mapping[str, Any],
    *,
    by: Person | None,
    now: datetime,
    edition_id: int | None = None,
) -> RotationRun:
    """Write down a question to the planner."""
    run = RotationRun(
        kind=kind,
        status=RunStatus.WAITING,
        base_id=base.id if base else None,
        edition_id=edition_id,
        inputs=dict(inputs),
        result={},
        requested_by_id=by.id if by else None,
        requested_at=now,
    )
    db.session.add(run)
    db.session.flush()
    return run


def adopt(run: RotationRun, *, reason: str, by: Person, now: datetime) -> None:
    """Make ``run`` the committee's working plan. Nothing of it is public, and no edition changes.

    Raises:
        NotAPlanError: it found none.
        OutdatedRotationError: it was made from what no longer stands.
    """
    if run.kind is not RunKind.PLAN or run.status is not RunStatus.DONE:
        raise NotAPlanError
    before = queries.stamp()
    is_stale = not is_current(run, now.date())
    database.write(run)
    if is_stale or queries.stamp() != before:
        raise OutdatedRotationError
    in_force = queries.plan_in_force()
    run.adopted_at, run.adopted_by_id = now, by.id
    db.session.flush()
    changes = {"plan": [in_force.id if in_force else None, run.id]}
    audit.record("rotation.adopted", run, by=by, now=now, changes=changes, reason=reason)


def _build_and_lock(row: Model | None, today: date) -> Ground:
    """Return what is planned from as it stands, with the write lock taken.

    Building takes a while, and others wait for the lock: it is built before, and again only if
    something changed meanwhile.
    """
    before = queries.stamp()
    ground = build(settings(), today)
    database.write(row)
    return ground if queries.stamp() == before else build(settings(), today)


def is_current(run: RotationRun, today: date) -> bool:
    """Whether what ``run`` was planned from still stands."""
    return run.digest == build(Settings.of(run.inputs["settings"]), today).digest and (
        Settings.of(run.inputs["settings"]) == settings()
    )
