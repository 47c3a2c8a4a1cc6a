"""The engine as a command: JSON in on stdin, JSON out on stdout, no application needed."""

from __future__ import annotations

import sys

USAGE = "usage: python -m scheduler {expand|rotate} < input.json\n"
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
    sys.stderr.write(USAGE)
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
