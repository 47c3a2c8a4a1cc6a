"""The rotation of hosts: settings, fixed choices, and the runs that plan and explain it.

A page asks, a worker answers: the row of a run is the question and later its answer. One worker
is at it at a time, so that the mail never waits for the planner.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from app import audit, database
from app.database import db
from app.desk import queries
from app.desk.models import RotationPin, RotationRun, RotationSettings, RunKind, RunStatus
from app.desk.rotation_instance import Settings, build
from app.editions import planning
from scheduler import rotation
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.countries.models import Country
    from app.desk.rotation_instance import Ground
    from app.editions.models import Edition
    from scheduler.rotation import Assignment, Choice, Pin, Plan

CLAIM_LIFE = timedelta(minutes=5)
ATTEMPTS_MAX = 2
EXPLAIN_SECONDS = 10.0
CONFLICT_SECONDS = 20.0


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


class StalePlanError(ConflictError):
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
    database.write(edition)
    ground = build(settings(), now.date())
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
    database.write()
    newest = queries.newest_plan()
    if newest is not None and not newest.status.is_over:
        raise AlreadyPlanningError
    current = settings()
    ground = build(current, now.date())
    if not any(key in ground.sources for key in ground.instance.offers):
        raise NothingToPlanError(until=current.until)
    # What nobody has begun to explain of older plans would only keep the new one waiting.
    for waiting in queries.waiting_explanations():
        db.session.delete(waiting)
    return _ask(
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
    return _ask(RunKind.EXPLANATION, plan, inputs, edition_id=edition.id, by=by, now=now)


def _ask(
    kind: RunKind,
    base: RotationRun | None,
    inputs: Mapping[str, Any],
    *,
    by: Person | None,
    now: datetime,
    edition_id: int | None = None,
) -> RotationRun:
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
        StalePlanError: it was made from what no longer stands.
    """
    database.write(run)
    if run.kind is not RunKind.PLAN or run.status is not RunStatus.DONE:
        raise NotAPlanError
    if not is_current(run, now.date()):
        raise StalePlanError
    before = queries.plan_in_force()
    run.adopted_at, run.adopted_by_id = now, by.id
    db.session.flush()
    changes = {"plan": [before.id if before else None, run.id]}
    audit.record("rotation.adopted", run, by=by, now=now, changes=changes, reason=reason)


def is_current(run: RotationRun, today: date) -> bool:
    """Whether what ``run`` was planned from still stands."""
    return run.digest == build(Settings.of(run.inputs["settings"]), today).digest and (
        Settings.of(run.inputs["settings"]) == settings()
    )


# -- answering -------------------------------------------------------------------------------


def work(*, now: Callable[[], datetime], today: date) -> int:
    """Answer every run that waits, one after the other; commits. Return how many.

    Nothing is done while another worker is at it: that one goes on until nothing waits.
    """
    count = 0
    while (run_id := _claim(now())) is not None:
        _answer(run_id, now=now(), today=today)
        count += 1
    return count


def _claim(now: datetime) -> int | None:
    database.write()
    run = None if queries.is_busy(now) else queries.next_run(now)
    if run is not None and run.attempt_count >= ATTEMPTS_MAX:
        run.status, run.problem = RunStatus.FAILED, N_("The planner was stopped twice. Ask again.")
        db.session.commit()
        return _claim(now)
    if run is not None:
        run.status, run.claimed_until = RunStatus.RUNNING, now + CLAIM_LIFE
        run.attempt_count += 1
    run_id = run.id if run is not None else None
    db.session.commit()
    return run_id


def _answer(run_id: int, *, now: datetime, today: date) -> None:
    run = queries.run(run_id)
    if run is None:
        return
    used = Settings.of(run.inputs["settings"])
    ground = build(used, today)
    asked = _Asked(run, used, ground)
    began = time.monotonic()
    # The read transaction ends here: no lock is held while the solver thinks.
    db.session.rollback()
    try:
        status, result = asked.answer()
        problem = ""
    except DomainError as error:
        status, result, problem = RunStatus.FAILED, {}, str(error)
    seconds = time.monotonic() - began
    database.write()
    run = queries.run(run_id)
    if run is None:  # its edition was removed, or nobody wants to know any more
        db.session.rollback()
        return
    run.status, run.result, run.problem = status, result, problem
    run.seconds, run.claimed_until = round(seconds, 2), None
    run.digest = run.digest or asked.digest
    if run.kind is RunKind.PLAN and status is RunStatus.DONE:
        for slot in result["slots"]:
            if slot["options"]:
                inputs = {**run.inputs, "seconds": EXPLAIN_SECONDS}
                _ask(RunKind.EXPLANATION, run, inputs, by=None, now=now, edition_id=slot["edition"])
    db.session.commit()


class _Asked:
    """A run with all that answering it needs, free of the database."""

    def __init__(self, run: RotationRun, used: Settings, ground: Ground) -> None:
        self.kind, self.edition_id = run.kind, run.edition_id
        self.used, self.ground = used, ground
        self.digest = ground.digest
        self.seconds = float(run.inputs.get("seconds", used.seconds))
        self.pins = _pins(run.inputs.get("pins", ()), ground)
        self.instance = _with_countries(ground.instance, self.pins)
        base = run.base
        self.base_digest = base.digest if base else ""
        self.base_result: Mapping[str, Any] = dict(base.result) if base else {}
        if base is not None and run.kind is RunKind.EXPLANATION and base.base is not None:
            adopted: Mapping[str, Any] = dict(base.base.result)
        else:
            adopted = self.base_result
        self.adopted = _assignment(adopted, ground) if adopted else None

    def answer(self) -> tuple[RunStatus, dict[str, Any]]:
        return self._explain() if self.kind is RunKind.EXPLANATION else self._plan()

    def _plan(self) -> tuple[RunStatus, dict[str, Any]]:
        instance = self.instance
        try:
            if self.adopted is None:
                plan = rotation.solve(
                    instance, order=self.used.levels, pins=self.pins, seconds=self.seconds
                )
            else:
                plan = rotation.resolve(
                    instance,
                    self.adopted,
                    self.pins,
                    order=self.used.levels,
                    seconds=self.seconds,
                )
        except rotation.PinsConflictError:
            return self._conflict()
        faults = rotation.check(instance, plan.assignment)
        if faults:
            problem = N_("The plan found breaks a rule, which is our fault. Please report it.")
            return RunStatus.FAILED, {"faults": faults, "problem": problem}
        return RunStatus.DONE, _document(self.ground, plan)

    def _conflict(self) -> tuple[RunStatus, dict[str, Any]]:
        found = rotation.conflict(self.instance, self.pins, seconds=CONFLICT_SECONDS)
        if found is None:
            raise rotation.PinsConflictError
        slots = {**self.ground.slots, **self.ground.held}
        rules = [
            {
                "kind": rule.kind,
                "about": [slots[item].edition_id if item in slots else item for item in rule.about],
                "held": any(item in self.ground.held for item in rule.about),
            }
            for rule in found.rules
        ]
        return RunStatus.CONFLICT, {
            "rules": rules,
            "minimal": found.is_minimal,
            "start_year": self.ground.instance.start_year,
        }

    def _explain(self) -> tuple[RunStatus, dict[str, Any]]:
        name = self.ground.names.get(self.edition_id or 0, "")
        if self.digest != self.base_digest or name not in self.ground.slots:
            raise StalePlanError
        plan = _plan_of(self.base_result, self.ground)
        found = rotation.explain(
            self.instance,
            plan,
            editions=[name],
            pins=self.pins,
            adopted=self.adopted,
            seconds=self.seconds,
        )[name]
        return RunStatus.DONE, {
            "host": found.country,
            "alternatives": [
                {
                    "country": other.country,
                    "differences": list(other.differences)
                    if other.differences is not None
                    else None,
                    "exact": other.is_exact,
                }
                for other in found.alternatives
            ],
        }


def _pins(stored: Sequence[Mapping[str, Any]], ground: Ground) -> list[Pin]:
    """Return the fixed choices of editions that are still open."""
    found = []
    for pin in stored:
        name = ground.names.get(pin["edition"], "")
        if name not in ground.slots:
            continue
        country, week_of = pin["country"], pin["week_of"]
        week = ground.week_of(date.fromisoformat(week_of)) if week_of else None
        found.append(rotation.Pin(name, country=country, week=week, vacant=country is None))
    return found


def _with_countries(instance: rotation.Instance, pins: Sequence[Pin]) -> rotation.Instance:
    """Add the fixed hosts that offer nothing: no plan keeps them, and the conflict says so."""
    fixed = {pin.country for pin in pins if pin.country is not None} - instance.countries.keys()
    added = {code: rotation.Country(code, "") for code in sorted(fixed)}
    return replace(instance, countries={**instance.countries, **added})


def _document(ground: Ground, plan: Plan) -> dict[str, Any]:
    """Return a plan as it is stored: editions by number, offers by our own ids, weeks as days."""
    instance = ground.instance
    alone = {name: ground.instance.held.get(name) for name in instance.editions}
    fair = rotation.fairness(instance, plan.assignment)
    return {
        "slots": [_slot(ground, name, plan.assignment[name]) for name in ground.slots],
        "levels": [
            {"key": result.level.key, "value": result.value, "bound": result.bound}
            for result in plan.levels
        ],
        "fairness": asdict(fair),
        "held_repeats": rotation.score(instance, alone)[1],
        "held_count": sum(instance.editions[name].series.is_global for name in ground.held),
        "start_year": instance.start_year,
        "left_out": list(ground.left_out),
        "unknown": list(ground.unknown),
    }


def _slot(ground: Ground, name: str, choice: Choice | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "edition": ground.slots[name].edition_id,
        "offer": None,
        "options": len(ground.hosts_for(name)),
    }
    if choice is not None:
        dtstart, dtend = ground.days_of(name, choice)
        pref = ground.instance.editions[name].pref + 52 * ground.instance.editions[name].year
        said |= {
            "offer": choice.offer,
            "source": ground.sources[choice.offer],
            "country": ground.instance.offers[choice.offer].country,
            "week": choice.week,
            "dtstart": dtstart.isoformat(),
            "dtend": dtend.isoformat(),
            "shift": choice.week - pref,
        }
    return said


def _assignment(result: Mapping[str, Any], ground: Ground) -> Assignment:
    """Return a stored plan in the engine's terms, as far as its editions are still open."""
    assignment: dict[str, Choice | None] = dict(ground.instance.held)
    for slot in result.get("slots", ()):
        name = ground.names.get(slot["edition"], "")
        if name in ground.slots:
            offer = slot["offer"]
            if offer is None:
                assignment[name] = None
            elif offer in ground.instance.offers:
                week = ground.week_of(date.fromisoformat(slot["dtstart"]))
                assignment[name] = rotation.Choice(offer, week)
    return assignment


def _plan_of(result: Mapping[str, Any], ground: Ground) -> Plan:
    by_key = {level.key: level for level in (*rotation.LEVELS, rotation.CHANGES)}
    levels = (
        rotation.LevelResult(by_key[level["key"]], level["value"], level["bound"])
        for level in result["levels"]
    )
    return rotation.Plan(_assignment(result, ground), tuple(levels))
