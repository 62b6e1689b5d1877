"""One connected plant, headless: its stores, its link, its sheet, its way to write.

The window's panels and the command line meet a server only through what is in here.
"""

from __future__ import annotations

import re
from pathlib import Path

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.plant.plant import BrowseState, Frame, Plant

__all__ = ["BrowseState", "Frame", "Plant", "audit_file"]


def audit_file(folder: Path, profile: ConnectionProfile) -> Path:
    """Where the writes to one server leave their evidence: one file a server and port."""
    host = re.sub(r"^https?://", "", profile.url).split("/")[0]
    return folder / "audit" / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', host)}.jsonl"
