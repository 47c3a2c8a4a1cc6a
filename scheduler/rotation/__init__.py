"""Who hosts what, and when: the best assignment of hosts to editions over many years.

The levels of `LEVELS` are minimised one after the other, and each says whether it is proved that
nothing better exists::

    from scheduler import rotation

    instance = rotation.read(json.load(file))
    plan = rotation.solve(instance)
    rotation.explain(instance, plan, editions=["S0000/1"])
"""

from scheduler.rotation.command import main
from scheduler.rotation.conflict import Conflict, Rule, conflict
from scheduler.rotation.explanation import Alternative, Explanation, explain
from scheduler.rotation.instance import (
    Choice,
    Country,
    Edition,
    Instance,
    KnownEvent,
    Offer,
    RotationInstanceError,
    Rules,
    Series,
    read,
)
from scheduler.rotation.model import Pin
from scheduler.rotation.plan import (
    CHANGES,
    LEVELS,
    Assignment,
    Fairness,
    Level,
    LevelResult,
    Plan,
    check,
    fairness,
    score,
)
from scheduler.rotation.search import (
    NoPlanFoundError,
    PinsConflictError,
    changes,
    resolve,
    solve,
)

__all__ = [
    "CHANGES",
    "LEVELS",
    "Alternative",
    "Assignment",
    "Choice",
    "Conflict",
    "Country",
    "Edition",
    "Explanation",
    "Fairness",
    "Instance",
    "KnownEvent",
    "Level",
    "LevelResult",
    "NoPlanFoundError",
    "Offer",
    "Pin",
    "PinsConflictError",
    "Plan",
    "RotationInstanceError",
    "Rule",
    "Rules",
    "Series",
    "changes",
    "check",
    "conflict",
    "explain",
    "fairness",
    "main",
    "read",
    "resolve",
    "score",
    "solve",
]
