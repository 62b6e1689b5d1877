"""The version that names and stamps every artefact, and the time that all of them bear.

The version has one source, the program's own ``__version__``, which pyproject.toml reads as well.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The first time that a zip can hold.
EARLIEST_S = 315_532_800


def version() -> str:
    """Of the program, as ``tagwerk --version`` tells it.

    Raises:
        ValueError: the line is not there.
    """
    source = ROOT / "desktop" / "tagwerk" / "__init__.py"
    found = re.search(r'^__version__ = "([^"]+)"$', source.read_text(encoding="utf-8"), re.M)
    if found is None:
        raise ValueError(f'{source} has no line __version__ = "…"')
    return found[1]


def source_date_s() -> int:
    """Unix time of the sources: SOURCE_DATE_EPOCH, else the last commit's, else 1980."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdecimal():
        return max(int(given), EARLIEST_S)
    try:
        done = subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
        )  # fmt: skip
    except OSError:  # no git here
        return EARLIEST_S
    return max(int(done.stdout.strip() or 0), EARLIEST_S)
