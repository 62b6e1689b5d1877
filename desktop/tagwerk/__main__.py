"""``python -m tagwerk``: the command line, which opens the window when no command is named."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run what the command line says; returns the exit code."""
    # Imports make much and throw nothing away. Commands and the window let it collect again.
    gc.disable()
    from tagwerk.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
