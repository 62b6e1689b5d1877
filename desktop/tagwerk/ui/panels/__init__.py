"""One module a panel. `PANELS` is the registry: the window docks what it lists.

The modules are imported late, by `load_panels`, so that the window paints first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagwerk.ui.panels.base import Panel

PANELS = (
    "tagwerk.ui.panels.browser:BrowserPanel",
    "tagwerk.ui.panels.trend:TrendPanel",
    "tagwerk.ui.panels.setpoints:SetpointPanel",
    "tagwerk.ui.panels.alarms:AlarmPanel",
    "tagwerk.ui.panels.traffic:TrafficPanel",
)
"""Module and class of each panel, in the order of the F6 key."""


def load_panels() -> list[type[Panel]]:
    """Import the panels. Raises ImportError when one is broken: a desk with a hole is no desk."""
    kinds = []
    for entry in PANELS:
        module, _, name = entry.partition(":")
        kinds.append(getattr(import_module(module), name))
    return kinds
