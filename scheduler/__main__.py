"""The engine as a command: JSON in on stdin, JSON out on stdout, no application needed."""

from __future__ import annotations

import sys

USAGE = """usage: python -m scheduler {expand|rotate} < input.json

expand  the occurrences of recurrence rules, as in
        [{"id": "workshop", "dtstart": "20270301", "tz": "DATE",
          "rrule": "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO", "window": [2027, 2030]}]
        (tz: DATE for whole days, else a zone or ""; also rdates, exdates)
rotate  the best hosts over many years; scheduler/rotation/instance.py says what it reads,
        bench/rotation/medium-0.json is an example
"""
USAGE_ERROR = 2


def main(arguments: list[str]) -> int:
    """Run one subcommand and return its exit status."""
    # Imported when asked for: the solver behind `rotate` costs half a second.
    match arguments:
        case ["expand"]:
            from scheduler import expand  # noqa: PLC0415 - see above

            return expand.main(sys.stdin, sys.stdout)
        case ["rotate"]:
            from scheduler import rotation  # noqa: PLC0415 - see above

            return rotation.main(sys.stdin, sys.stdout)
        case ["-h" | "--help"] | [_, "-h" | "--help"]:
            sys.stdout.write(USAGE)
            return 0
    sys.stderr.write(USAGE)
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
