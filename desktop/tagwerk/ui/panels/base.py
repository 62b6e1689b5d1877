"""What every panel is to the window."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tagwerk.plant import Frame, Plant
from tagwerk.ui.desk import Desk


class Panel(QWidget):
    """A dockable panel. Subclasses set the class attributes and override what they need.

    Class attributes:
        object_name: stable name of the panel widget.
        title: English title of the dock.
        icon_name: Lucide icon.
        frame_turn: panels that paint much take a frame of values one after the other: their turn
            (`ui.clock`).
    """

    object_name = ""
    title = ""
    icon_name = ""
    frame_turn = 0

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName(self.object_name)
        self.tasks = desk.scope(self.object_name)

    def set_plant(self, plant: Plant | None) -> None:
        """Show another plant, or none. Called once after construction too."""

    def on_frame(self, frame: Frame) -> None:
        """Update what is visible of what changed; called about 30 times a second."""

    def rest_rate(self) -> float:
        """Frames a second that this panel needs while nothing changes: for ages, one is enough."""
        return 1.0

    def header_text(self) -> str:
        """Second, grey text in the dock's header, translated ("18 412")."""
        return ""

    def header_widget(self) -> QWidget | None:
        """A row of its own (tabs) in place of title and grey text in the dock's header."""
        return None

    def header_actions(self) -> list[QAction]:
        """Actions shown as icon buttons in the dock's header, before float and close."""
        return []

    def save_state(self) -> dict[str, Any]:
        """What to remember between runs, as JSON-able data."""
        return {}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Take back what `save_state` gave, also from an older version: check everything."""

    def plant_state(self) -> dict[str, Any]:
        """What a workspace keeps of the plant on show, as JSON-able data without secrets."""
        return {}

    def show_plant_state(self, state: dict[str, Any]) -> None:
        """Show what `plant_state` gave in place of what is shown; check everything."""

    @property
    def unwritten(self) -> int:
        """How many values were typed and not written: they are lost with another workspace."""
        return 0

    async def close_panel(self) -> None:
        """End all work; the window waits for it, bounded."""
        await self.tasks.close()
