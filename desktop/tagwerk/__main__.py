"""``python -m tagwerk``: the command line, which opens the window when no command is named."""

from __future__ import annotations

import sys

from tagwerk.cli import main

if __name__ == "__main__":
    sys.exit(main())
