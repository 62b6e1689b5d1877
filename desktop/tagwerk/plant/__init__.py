"""One connected plant, headless: its stores, its link, its sheet, its way to write.

The window's panels and the command line meet a server only through what is in here.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.plant.frame import Frame
from tagwerk.plant.kept import KeptNames
from tagwerk.plant.names import BrowseState
from tagwerk.plant.plant import Plant

__all__ = ["BrowseState", "Frame", "KeptNames", "Plant", "audit_file"]


def audit_file(folder: Path, profile: ConnectionProfile) -> Path:
    """Where the writes to one server leave their evidence: one file a host.

    The window and the command line use the same, whatever the connection is called; the port does
    not matter, since a runtime answers on several and the demo plant on another each time.
    """
    host = urlsplit(profile.url).hostname or "unknown"
    return folder / "audit" / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', host)}.jsonl"
