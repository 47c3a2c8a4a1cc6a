"""The rotation as a filter: an instance in JSON comes in, a plan in JSON goes out."""

import json
import sys
from collections import Counter
from typing import TextIO

from scheduler.errors import DomainError
from scheduler.rotation.instance import RotationInstanceError, read
from scheduler.rotation.plan import check, score
from scheduler.rotation.search import solve


def main(stdin: TextIO, stdout: TextIO) -> int:
    """Read an instance from ``stdin``, write its best plan to ``stdout``, return the exit status.

    Status 1 and a sentence on stderr, with nothing on ``stdout``, when there is no such plan.
    """
    try:
        instance = read(_document(stdin))
        plan = solve(instance)
    except DomainError as error:
        return _refuse(str(error))
    except ImportError:
        return _refuse("The rotation needs the solver: pip install ortools.")
    # The judge has not seen the model; what it does not confirm is not printed.
    faults = check(instance, plan.assignment)
    if faults or score(instance, plan.assignment) != plan.values:
        return _refuse(" ".join(["The plan found is not valid, which is our fault.", *faults]))
    json.dump(plan.document(), stdout)  # in ASCII: an id may be no text that UTF-8 can write
    stdout.write("\n")
    return 0


def _document(stdin: TextIO) -> object:
    try:
        return json.load(stdin, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        problem = f"it is no JSON ({error})."
        raise RotationInstanceError(problem) from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        problem = f"an object has “{twice}” twice."
        raise RotationInstanceError(problem)
    return found


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1
