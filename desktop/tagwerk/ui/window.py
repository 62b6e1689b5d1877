"""The main window: makes its parts, puts them together, and ends them.

Shell (`shell`), docks (`docking`), look and language (`appearance`), what the user can ask
(`connection_commands`, `window_commands`), the plant on the screen (`plant_on_show`) and what goes
on while somebody looks (`exposure`) each know what they are for; here stands which of them there is
when. Built by `ui.loop` before anything heavy is imported, in two parts: what the first picture
shows (menu titles, welcome page, status bar), and behind it what that picture needs not
(`complete`). Panels and plots come with the first plant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow

from tagwerk.ui import layout_memory
from tagwerk.ui.appearance import Appearance
from tagwerk.ui.connection_commands import ConnectionCommands
from tagwerk.ui.errors import Reporter, in_words
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.settings import Settings
from tagwerk.ui.shell import Shell
from tagwerk.ui.theme import icon, theme

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tagwerk.domain.connection import LinkStatus
    from tagwerk.ui.connect_flow import ConnectFlow
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.panels.base import Panel
    from tagwerk.ui.plant_on_show import PlantOnShow
    from tagwerk.ui.services import Services
    from tagwerk.ui.tasks import TaskScope
    from tagwerk.ui.window_commands import WindowCommands
    from tagwerk.ui.workspace_flow import WorkspaceFlow


class MainWindow(QMainWindow):
    """Object name ``mainWindow``.

    Args:
        settings: what is remembered between runs.
        report: the error reporter; its news appear as a banner.
        keep_size: do not restore size and place (``--size``).
        at_once: build everything; False builds what the first picture shows, and whoever shows it
            calls `complete` behind it.

    Signals:
        first_painted: once, after the first paint.
        close_requested: the user wants to quit; the main coroutine then shuts down in order.
    """

    first_painted = Signal()
    close_requested = Signal()

    def __init__(
        self,
        settings: Settings,
        report: Reporter,
        *,
        keep_size: bool = False,
        at_once: bool = True,
    ) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Tagwerk")
        self.settings = settings
        self.report = report
        self.desk: Desk | None = None
        self.flow: ConnectFlow | None = None
        self.workspaces: WorkspaceFlow | None = None
        self._commands: WindowCommands | None = None
        self._on_show: PlantOnShow | None = None
        self._scope: TaskScope | None = None
        self._painted = False
        self._may_close = False
        self._rebuild_again = False
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        self.appearance = Appearance(self, settings)
        self.connections = ConnectionCommands(self, settings)
        choosers = {
            "theme": self.appearance.choose_theme,
            "density": self.appearance.choose_density,
            "language": self.appearance.choose_language,
        }
        self.shell = Shell(self, choosers, self.connections)
        self.shell.focus_welcome()
        if not keep_size:
            layout_memory.restore_geometry(self, settings)
        theme().changed.connect(self._theme_changed)
        self.appearance.theme_chosen.connect(self.shell.show_theme)
        self.appearance.language_chosen.connect(self._language_chosen)
        self.appearance.outdated.connect(self._rebuild_soon)
        report.reported.connect(self._show_error)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        if at_once:
            self.complete()

    # Building.

    def complete(self) -> WindowCommands:
        """Build what the first picture does not show, once; returns what can be asked then."""
        if self._commands is not None:
            return self._commands
        from tagwerk.ui.clock import FrameClock, LatenessMeter
        from tagwerk.ui.docking import Docking
        from tagwerk.ui.exposure import Exposure
        from tagwerk.ui.widgets.focus import FocusRing
        from tagwerk.ui.widgets.gutters import GutterStyle
        from tagwerk.ui.window_commands import WindowCommands

        self._ring = FocusRing(self)
        self._gutters = GutterStyle()
        self._gutters.setParent(self)
        self.setStyle(self._gutters)
        self.clock = FrameClock(self.report, self)
        self.docking = Docking(self, self.settings, self.report)
        self.lateness = LatenessMeter(self)
        self.clock.pace_changed.connect(self.lateness.follow_pace)
        self.exposure = Exposure(self, self.clock, self.lateness)
        self.exposure.watch()
        commands = WindowCommands(self, self.shell, self.docking, self.connections, self.report)
        self.shell.complete(commands)
        commands.gather()
        self._commands = commands
        return commands

    def serve(self, desk: Desk, services: Services) -> ConnectFlow:
        """Take what reaches beyond the screen; the loop runs by now."""
        commands = self.complete()
        from tagwerk.ui.connect_flow import ConnectFlow
        from tagwerk.ui.plant_on_show import PlantOnShow
        from tagwerk.ui.workspace_flow import WorkspaceFlow

        self.desk = desk
        self._scope = desk.scope("window")
        flow = self.flow = ConnectFlow(self, desk, services)
        workspaces = self.workspaces = WorkspaceFlow(self, desk, flow, self.docking)
        self.connections.serve(desk, flow)
        commands.serve(desk, self._scope, workspaces)
        on_show = self._on_show = PlantOnShow(
            self,
            shell=self.shell,
            docking=self.docking,
            commands=commands,
            clock=self.clock,
            lateness=self.lateness,
            exposure=self.exposure,
            desk=desk,
            flow=flow,
            workspaces=workspaces,
        )
        workspaces.file_changed.connect(on_show.tell_title)
        workspaces.busy_changed.connect(self.shell.show_busy)
        flow.plant_opened.connect(on_show.open)
        flow.plant_closed.connect(on_show.close)
        flow.demo_progress.connect(self.shell.show_demo_progress)
        flow.connections_changed.connect(self.shell.show_recent)
        flow.examine_requested.connect(self.connections.examine)
        desk.banner_requested.connect(self.shell.say)
        desk.traffic_requested.connect(commands.show_traffic)
        self._scope.start(on_show.building.prepare(), "panels")
        self.exposure.begin(on_show.refresh)
        commands.tell()
        if self.settings.problem is not None:
            self._tell_settings_problem()
        return flow

    @property
    def panels(self) -> dict[str, Panel]:
        """The panels by object name; empty before the first plant."""
        return self.docking.panels

    async def panels_built(self) -> None:
        """Wait until the panels are there: a plant opened before makes them in one go."""
        if self._on_show is not None:
            await self._on_show.building.wait()

    def called_again(self, path: Path | None) -> None:
        """The program was started once more: come forward, and open the file that it was given."""
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        if path is not None and self.workspaces is not None:
            self.workspaces.open_from_outside(path)

    def watch_status(self, saw: Callable[[LinkStatus], None]) -> None:
        """Call `saw` with every status of the plant on show (the report's stopwatch)."""
        if self._on_show is not None:
            self._on_show.watcher = saw

    # Another language or row height.

    def _theme_changed(self) -> None:
        for action in self.findChildren(QAction):
            name = action.property("icon_name")
            if name:
                action.setIcon(icon(str(name)))
        self.update()

    def _language_chosen(self, code: str) -> None:
        if self.desk is not None and self.desk.plant is not None:
            self.desk.plant.language = code

    def _rebuild_soon(self) -> None:
        if self._scope is None or self._on_show is None:
            self.shell.rebuild(self._commands)
        elif self._scope.is_running("rebuild"):
            self._rebuild_again = True
        else:
            self._scope.start(self._rebuild(self._on_show), "rebuild")

    async def _rebuild(self, on_show: PlantOnShow) -> None:
        while True:
            self._rebuild_again = False
            await on_show.rebuild()
            if not self._rebuild_again:
                return

    # Messages.

    def _tell_settings_problem(self) -> None:
        from tagwerk.ui.banner import Banner

        self.shell.banner.put("settings", Banner(
            "info", tr("The settings could not be read"),
            tr("The last good copy or the defaults are used.")))  # fmt: skip

    def _show_error(self, error: object, where: str, count: int) -> None:
        if not isinstance(error, BaseException):
            return
        from tagwerk.ui.banner import Banner

        self.complete()
        headline, cure = in_words(error)
        if count > 1:
            cure = f"{cure} {tr_n('{count} time', '{count} times', count)}".strip()
        report = self.report.report_of(error, where)
        if report is None:
            banner = Banner("bad", headline, cure)
        else:
            from tagwerk.ui.crash_offer import banner_of_error

            banner = banner_of_error(report, headline, cure, self.settings)
        self.shell.banner.put(f"error:{where}:{headline}", banner)

    # Remembering and closing.

    def remember(self) -> None:
        """Note everything that is kept between runs, and write it."""
        self.docking.remember()
        layout_memory.remember(self, self.settings, None)
        self.settings.save()

    async def close_panels(self) -> None:
        """End the panels' work and take them out of the window."""
        if self._on_show is not None:
            await self._on_show.close_panels()

    async def end(self) -> None:
        """Stop what still runs in the window itself; the last step before it closes."""
        self.exposure.stop()
        await self.connections.close()
        if self.workspaces is not None:
            await self.workspaces.close()
        if self._scope is not None:
            await self._scope.close()

    def close_for_good(self) -> None:
        """Called by the main coroutine at the very end."""
        self._may_close = True
        self.close()

    # What the window system asks.

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
            return
        event.ignore()
        if self.workspaces is None or not self.workspaces.hold_end(self.close_requested.emit):
            self.close_requested.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._commands is not None:
            self.exposure.watch()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and self._commands is not None:
            self.exposure.look()
            self._commands.show_window_state()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), theme().color("window"))
        if not self._painted:
            self._painted = True
            # With the window as its context: it may be gone by then.
            QTimer.singleShot(0, self, lambda: self.first_painted.emit())
