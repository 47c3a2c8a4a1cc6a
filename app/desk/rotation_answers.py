"""Answering what was asked of the planner: one worker at a time, so that mail never waits.

The row of a run is read and written in moments; while the solver thinks, no lock is held.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from app import database
from app.database import db
from app.desk import queries
from app.desk.models import RunKind, RunStatus
from app.desk.rotation import EXPLAIN_SECONDS, OutdatedRotationError, ask
from app.desk.rotation_ground import Settings
from app.desk.rotation_instance import build
from scheduler import rotation
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from app.desk.models import RotationRun
    from app.desk.rotation_ground import Ground
    from scheduler.rotation import Assignment, Choice, Pin, Plan

CLAIM_LIFE = timedelta(minutes=5)
ATTEMPTS_MAX = 2
PLANS_KEPT = 20  # beside the adopted ones
CONFLICT_SECONDS = 20.0


def work(*, now: Callable[[], datetime], today: date) -> int:
    """Answer every run that waits, one after the other; commits. Return how many.

    Nothing is done while another worker is at it: that one goes on until nothing waits.
    """
    count = 0
    while (run_id := claim(now())) is not None:
        answer_run(run_id, today=today)
        count += 1
    return count


def claim(now: datetime) -> int | None:
    """Take up the next run, unless a worker is at one; commits. Return its number."""
    database.write()
    run = None if queries.is_busy(now) else queries.next_run(now)
    if run is not None and run.attempt_count >= ATTEMPTS_MAX:
        run.status, run.problem = RunStatus.FAILED, N_("The planner was stopped twice. Ask again.")
        db.session.commit()
        return claim(now)
    if run is not None:
        run.status, run.claimed_until = RunStatus.RUNNING, now + CLAIM_LIFE
        run.attempt_count += 1
    run_id = run.id if run is not None else None
    db.session.commit()
    return run_id


def answer_run(run_id: int, *, today: date) -> None:
    """Answer a run that was taken up; commits."""
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
                # It belongs to the plan's question, and was asked when that was.
                ask(
                    RunKind.EXPLANATION,
                    run,
                    inputs,
                    by=None,
                    now=run.requested_at,
                    edition_id=slot["edition"],
                )
        _prune()
    db.session.commit()


def _prune() -> None:
    """Forget old plans that nobody adopted, and what was asked of them."""
    for run in queries.plans_to_forget(keep=PLANS_KEPT):
        for asked in queries.asked_of(run):
            db.session.delete(asked)
        db.session.flush()
        db.session.delete(run)


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
        self.adopted = assignment_of(adopted, ground) if adopted else None

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
            raise OutdatedRotationError
        plan = plan_of(self.base_result, self.ground)
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
        "omitted": [asdict(each) for each in ground.omitted],
        "unknown": list(ground.unknown),
    }


def _slot(ground: Ground, name: str, choice: Choice | None) -> dict[str, Any]:
    slot = ground.slots[name]
    said: dict[str, Any] = {
        "edition": slot.edition_id,
        "earliest": slot.earliest.isoformat() if slot.is_too_near else None,
        "offer": None,
        "options": len(ground.hosts_for(name)),
    }
    if choice is not None:
        dtstart, dtend = ground.days_of(name, choice)
        edition = ground.instance.editions[name]
        pref = edition.first_week + edition.pref
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


def assignment_of(result: Mapping[str, Any], ground: Ground) -> Assignment:
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


def plan_of(result: Mapping[str, Any], ground: Ground) -> Plan:
    """Return a stored plan as the engine made it."""
    by_key = {level.key: level for level in (*rotation.LEVELS, rotation.CHANGES)}
    levels = (
        rotation.LevelResult(by_key[level["key"]], level["value"], level["bound"])
        for level in result["levels"]
    )
    return rotation.Plan(assignment_of(result, ground), tuple(levels))
