"""Where the files beside the code lie: icons, fonts, translations, plants.

In a checkout they are in ``resources/`` at the top; in a wheel inside the package; in the frozen
program beside it.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


@cache
def resource_root() -> Path:
    """The folder that holds ``icons/``, ``fonts/``, ``i18n/`` and ``plants/``.

    Raises:
        FileNotFoundError: a broken installation.
    """
    package = Path(__file__).resolve().parent
    candidates = [package / "_resources", package.parents[1] / "resources"]
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen:
        candidates.insert(0, Path(frozen) / "resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no resources folder; looked in {', '.join(map(str, candidates))}")


def resource(*parts: str) -> Path:
    """Path of one resource: ``resource("icons", "search.svg")``."""
    return resource_root().joinpath(*parts)
