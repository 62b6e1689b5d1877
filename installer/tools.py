"""The tools of the system that packaging needs, brought where they are missing.

As root on Debian and its relatives dev.py installs them; otherwise it prints the line that would.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping

from installer.version import ROOT

sys.path.insert(0, str(ROOT))
import dev


class PackagingError(Exception):
    """Packaging cannot go on; the text says why and what helps."""


class ToolsMissing(PackagingError):
    """Commands that are not there and could not be brought."""


def bring(tools: Mapping[str, str]) -> None:
    """Make sure of commands.

    Args:
        tools: the Debian package by command: ``{"zstd": "zstd", "strip": "binutils"}``.

    Raises:
        ToolsMissing: they are not there and could not be installed.
    """

    def missing() -> list[str]:
        return [command for command in tools if shutil.which(command) is None]

    if missing():
        dev.bring_packages(tuple(sorted({tools[command] for command in missing()})))
    if still := missing():
        raise ToolsMissing(f"packaging needs these commands: {', '.join(still)}")
