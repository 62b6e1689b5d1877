"""What the panels share: the plant they show, and the requests that go from one to another.

Panels never know each other. They emit a request here; whoever serves it has connected.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tagwerk.domain.ports import Connector
from tagwerk.ui.settings import Settings
from tagwerk.ui.tasks import ErrorReporter, TaskScope

if TYPE_CHECKING:
    from tagwerk.plant import Plant


class Desk(QObject):
    """The desk of one window.

    Args:
        connector: looks at servers and opens links.
        settings: what is remembered between runs.
        report: the one error reporter (shows a bar, logs once).
    """

    plant_changed = Signal(object)
    """The new `Plant`, or None. Panels show it from now on."""
    trend_requested = Signal(object)
    """list[str]: full names of tags to add to the current trend."""
    setpoints_requested = Signal(object)
    """list[str]: full names of tags to add to the setpoint list."""
    reveal_requested = Signal(str)
    """Full name of a tag to show in the tree."""
    moment_requested = Signal(str, object)
    """Full name of a tag and a time in ns: trend of that tag ten minutes around that time."""
    traffic_requested = Signal()
    """Show the traffic panel."""
    banner_requested = Signal(str, str, str)
    """Kind (``info``, ``warning``, ``bad``), headline, detail: one line under the toolbar."""

    def __init__(self, connector: Connector, settings: Settings, report: ErrorReporter) -> None:
        super().__init__()
        self.connector = connector
        self.settings = settings
        self.report = report
        self.plant: Plant | None = None
        self.doctor_report = ""
        """The last one as text, for the support bundle; whoever makes one puts it here."""
        self.log_folder: Path | None = None
        """Where this program's logs lie; None when none are kept."""

    def scope(self, name: str) -> TaskScope:
        """A new scope for the tasks of a panel or dialog; its owner closes it."""
        return TaskScope(name, self.report)

    def show(self, plant: Plant | None) -> None:
        """Change the plant on show."""
        self.plant = plant
        self.plant_changed.emit(plant)
