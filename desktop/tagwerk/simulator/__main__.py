"""``python -m tagwerk.simulator``: the demo plant alone, with the options of ``tagwerk simulate``."""

from __future__ import annotations

import argparse
import sys

from tagwerk.simulator.options import add_arguments, options_from
from tagwerk.simulator.switches import list_switches


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tagwerk simulate")
    add_arguments(parser)
    parsed = parser.parse_args(arguments)
    if parsed.list_switches:
        sys.stdout.write(list_switches() + "\n")
        return 0
    # The server's libraries are slow to import: not for --help.
    from tagwerk.simulator.main import run

    return run(options_from(parsed))


if __name__ == "__main__":
    sys.exit(main())
