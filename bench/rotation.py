"""Solve the medium rotation sample (5 series, 40 years, 600 offers) and print what it took.

    python bench/rotation.py [FILE.json …]

For each file: the value of each level, whether all are proved, CPU and wall seconds. The target is
60 s for the medium sample; one core does it, since the search has one worker.
"""

import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
# A script's own folder heads the path, and bench/rotation/ must not be taken for a package.
sys.path[0] = str(HERE.parent)

from scheduler import rotation  # noqa: E402 - after the path is right


def main(paths: list[str]) -> int:
    failed = False
    for path in paths or [str(HERE / "rotation" / "medium-0.json")]:
        instance = rotation.read(json.loads(Path(path).read_text(encoding="utf-8")))
        cpu, wall = time.process_time(), time.perf_counter()
        plan = rotation.solve(instance)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        faults = rotation.check(instance, plan.assignment)
        print(
            f"{Path(path).stem}: {len(instance.editions)} editions, {len(instance.offers)} offers"
        )
        for result in plan.levels:
            print(f"  {result.level.words}: {result.value} (at least {result.bound})")
        print(f"  proved: {plan.proved}; faults: {faults or 'none'}")
        print(f"  CPU {cpu:.1f} s, wall {wall:.1f} s")
        failed |= bool(faults) or not plan.proved
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
