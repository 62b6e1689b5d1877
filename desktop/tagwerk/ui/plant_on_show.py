"""The plant in the window: what opening, following and closing one changes on the screen.

The connect flow opens and closes plants and says so; here panels, shell, clock and title are made to
show it. Which plant it is stands in `Desk.plant` alone. Made by the window when the loop runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from tagwerk.domain.connection import LinkStatus
from tagwerk.ui.clock import FrameClock, LatenessMeter
from tagwerk.ui.collector import LeftBehind
from tagwerk.ui.connect_flow import ConnectFlow
from tagwerk.ui.desk import Desk
from tagwerk.ui.docking import Docking
from tagwerk.ui.exposure import Exposure
from tagwerk.ui.i18n import language
from tagwerk.ui.panel_building import PanelBuilding
from tagwerk.ui.services import FirstView
from tagwerk.ui.shell import Shell
from tagwerk.ui.window_commands import WindowCommands
from tagwerk.ui.workspace_flow import WorkspaceFlow

if TYPE_CHECKING:
    from tagwerk.plant import Frame, Plant

_ARMED_RATE = 30.0
"""While writing is armed, the lock falls in time and not at the next second."""


class PlantOnShow:
    """One for a window.

    Args:
        window: has the title, and is not painted while a plant opens.
        shell, docking, commands: show the plant, and what can be done with it.
        clock, lateness, exposure: frames and their meter, kept going for a plant.
        desk: tells everybody which plant it is.
        flow: is told how the link stands.
        workspaces: may have something to show of a plant that opens.
    """

    def __init__(
        self,
        window: QWidget,
        *,
        shell: Shell,
        docking: Docking,
        commands: WindowCommands,
        clock: FrameClock,
        lateness: LatenessMeter,
        exposure: Exposure,
        desk: Desk,
        flow: ConnectFlow,
        workspaces: WorkspaceFlow,
    ) -> None:
        self._window = window
        self._shell = shell
        self._docking = docking
        self._commands = commands
        self._clock = clock
        self._lateness = lateness
        self._exposure = exposure
        self._desk = desk
        self._flow = flow
        self._workspaces = workspaces
        self._left_behind = LeftBehind(window)
        self._was_armed = False
        self.building = PanelBuilding(desk, docking, shell, clock, self._panels_built)
        self.watcher: Callable[[LinkStatus], None] | None = None
        """Called with every status of the plant on show (the report's stopwatch)."""

    # Opening and closing.

    def open(self, plant: Plant, view: FirstView | None) -> None:
        """Show a plant.

        Args:
            view: what to show of it first; a workspace that waits for it goes before.
        """
        # The picture comes a turn later: filling the panels and painting them are two pieces then.
        window = self._window
        window.setUpdatesEnabled(False)
        QTimer.singleShot(0, window, lambda: window.setUpdatesEnabled(True))
        plant.language = language()
        self.building.finish()
        self._docking.show(self._shell.stack)
        self._shell.tool_bar.show()
        self._shell.menu_bar.has_line = False
        self._desk.show(plant)
        for panel in self._docking.panels.values():
            panel.set_plant(plant)
        self._clock.set_plant(plant)
        self._exposure.set_plant_open(True)
        self._follow(plant, plant.status)
        if not self._workspaces.plant_opened(plant) and view is not None:
            self._first_view(view)
        self.tell_title()
        self._commands.tell()
        self._docking.focus("tagPanel")

    def _first_view(self, view: FirstView) -> None:
        if view.trend:
            self._desk.trend_requested.emit(list(view.trend))
        if view.setpoints:
            self._desk.setpoints_requested.emit(list(view.setpoints))
        if view.reveal:
            self._desk.reveal_requested.emit(view.reveal)

    def close(self) -> None:
        """The plant is gone: back to the welcome page."""
        self._docking.remember()
        self._clock.set_plant(None)
        self._exposure.set_plant_open(False)
        self._desk.show(None)
        for panel in self._docking.panels.values():
            panel.set_plant(None)
        self._shell.link_banner.forget()
        self._shell.banner.clear()
        self._shell.show_welcome()
        self._docking.hide()
        self._shell.focus_welcome()
        self.tell_title()
        self._commands.tell()
        self.refresh()

    def tell_title(self) -> None:
        """The plant's name, and the workspace's file where it is another."""
        parts = ["Tagwerk"]
        plant, path = self._desk.plant, self._workspaces.path
        if plant is not None:
            parts.insert(0, plant.profile.name)
            if path is not None and path.stem != parts[0]:
                parts.insert(0, path.stem)
        self._window.setWindowTitle(" – ".join(parts))

    # Panels.

    def _panels_built(self) -> None:
        self._clock.listen("window", self._on_frame, self._rest_rate)
        self._commands.gather()

    async def close_panels(self) -> None:
        """End the panels' work and take them out of the window."""
        for name in (*self._docking.panels, "window"):
            self._clock.unlisten(name)
        self._was_armed = False
        self.building.abandon()
        await self._docking.close()

    async def rebuild(self) -> None:
        """Close the panels, make the shell anew in another language or row height, and show the
        same plant in it."""
        plant = self._desk.plant
        self._docking.remember()
        self._clock.set_plant(None)
        # The old panels let go of their curves before the new ones take them: hold them.
        held = tuple(plant.trends.names) if plant is not None else ()
        if plant is not None:
            for name in held:
                plant.trends.open(name, step=False)
        await self.close_panels()
        self._shell.rebuild(self._commands)
        self.refresh()
        if plant is not None and self._desk.plant is plant:
            self.open(plant, None)
        if plant is not None:
            for name in held:
                plant.trends.close(name)

    # Following.

    def _rest_rate(self) -> float:
        plant = self._desk.plant
        armed = self._was_armed or (plant is not None and plant.arming.armed)
        return _ARMED_RATE if armed else 1.0

    def _on_frame(self, frame: Frame) -> None:
        plant = self._desk.plant
        if plant is None:
            return
        if frame.status is not None:
            self._follow(plant, frame.status)
        plant.arming.tick()
        armed = plant.arming.armed
        if armed or self._was_armed:
            self._shell.tool_bar.arm.show_arming(plant.arming)
            if armed != self._was_armed:
                self._docking.set_armed(armed)
            self._was_armed = armed

    def _follow(self, plant: Plant, status: LinkStatus) -> None:
        """The link's state changed."""
        if self.watcher is not None:
            self.watcher(status)
        self._flow.follow(status)
        self._shell.tool_bar.show_status(plant.profile.name, plant.profile.note, status)
        self._shell.link_banner.follow(status, plant.profile)
        self._left_behind.follow(status.state)
        self._commands.tell()
        self.refresh()

    def refresh(self) -> None:
        """What need not follow every frame: status bar, headers, the filled hole."""
        plant = self._desk.plant
        self._shell.status_bar.refresh(plant, self._lateness.recent(), time.time_ns())
        self._workspaces.tell_busy()
        if plant is not None:
            self._docking.refresh_headers()
            self._shell.link_banner.look_at_hole(plant)
