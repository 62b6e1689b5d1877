"""The main window: menu bar, tool bar, banner, docks and status bar around whatever plant is on show.

It arranges and wires; connecting is `connect_flow`'s business, values are the panels'. Built by
`ui.loop` before anything heavy is imported, in two parts: what the first picture shows (menu
titles, welcome page, status bar), and behind it what that picture needs not (`complete`). Panels
and plots come with the first plant.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from tagwerk.ui import layout_memory
from tagwerk.ui.errors import Reporter, in_words
from tagwerk.ui.i18n import language, set_language, tr, tr_n
from tagwerk.ui.menu_builder import MenuBuilder
from tagwerk.ui.menus import MenuBar
from tagwerk.ui.settings import Settings
from tagwerk.ui.statusbar import StatusBar
from tagwerk.ui.theme import icon, the_application, theme
from tagwerk.ui.welcome import WelcomePage

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from tagwerk.domain.connection import ConnectionProfile, LinkStatus
    from tagwerk.domain.tags import BrowseItem
    from tagwerk.plant import Frame, Plant
    from tagwerk.ui.connect_flow import ConnectFlow
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.doctor.flow import DoctorFlow
    from tagwerk.ui.palette import CommandPalette
    from tagwerk.ui.panels.base import Panel
    from tagwerk.ui.saved_connections import SavedConnections
    from tagwerk.ui.services import FirstView, Services
    from tagwerk.ui.tasks import TaskScope
    from tagwerk.ui.workspace_flow import WorkspaceFlow

_MS = 1_000_000
_SECOND_MS = 1000
_INPUT = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.Wheel,
    QEvent.Type.Drop,
)
_BETWEEN_PANELS_S = 0.005


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
        self.doctor: DoctorFlow | None = None
        self.workspaces: WorkspaceFlow | None = None
        self._plant: Plant | None = None
        self._scope: TaskScope | None = None
        self._palette: CommandPalette | None = None
        self._painted = False
        self._is_complete = False
        self._watches_handle = False
        self._may_close = False
        self._was_armed = False
        self._rebuild_again = False
        self._building: Iterator[Panel] | None = None
        self._preparing: asyncio.Event | None = None
        self._status_watcher: Callable[[LinkStatus], None] | None = None
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.timeout.connect(self._second_passed)
        self._is_exposed = True
        self._build_first()
        self.welcome.demo_button.setFocus(Qt.FocusReason.OtherFocusReason)
        if not keep_size:
            layout_memory.restore_geometry(self, settings)
        theme().changed.connect(self._theme_changed)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_scheme_changed)
        report.reported.connect(self._show_error)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        if at_once:
            self.complete()

    # Building.

    def complete(self) -> None:
        """Build what the first picture does not show; nothing when that was done."""
        if self._is_complete:
            return
        from tagwerk.ui.clock import FrameClock, LatenessMeter
        from tagwerk.ui.collector import LeftBehind
        from tagwerk.ui.docking import Docking
        from tagwerk.ui.widgets.focus import FocusRing
        from tagwerk.ui.widgets.gutters import GutterStyle

        self._ring = FocusRing(self)
        self._gutters = GutterStyle()
        self._gutters.setParent(self)
        self.setStyle(self._gutters)
        self.clock = FrameClock(self.report, self)
        self.docking = Docking(self, self.settings, self.report)
        self.lateness = LatenessMeter(self)
        self._left_behind = LeftBehind(self)
        self.clock.pace_changed.connect(self.lateness.follow_pace)
        self._build_rest()
        self._is_complete = True

    def _build_first(self) -> None:
        """What the first picture shows; built anew when the language or the row height changes."""
        self._holder = QWidget(self)
        self.menu_bar = MenuBar()
        choosers = {
            "theme": self.choose_theme,
            "density": self.choose_density,
            "language": self.choose_language,
        }
        self.menu_builder = MenuBuilder(
            self.menu_bar, self._holder, choosers, self._saved_connections, self._open_profile
        )
        self.menu_builder.outline()
        top = QWidget()
        top.setObjectName("topArea")
        self._top_column = QVBoxLayout(top)
        self._top_column.setContentsMargins(0, 0, 0, 0)
        self._top_column.setSpacing(0)
        self._top_column.addWidget(self.menu_bar)
        self.setMenuWidget(top)
        self._holder.setParent(top)
        self._holder.setFixedSize(0, 0)
        self.stack = QStackedWidget()
        self.stack.setObjectName("centre")
        self.welcome = WelcomePage(language(), theme().mode, theme().density)
        self._show_recent()
        self.welcome.demo_requested.connect(self._start_demo)
        self.welcome.demo_cancelled.connect(self._cancel_demo)
        self.welcome.connect_requested.connect(self._connect_to)
        self.welcome.profile_requested.connect(self._open_profile)
        self.welcome.manage_requested.connect(self._manage_connections)
        self.welcome.examine_requested.connect(self._examine)
        self.welcome.language_chosen.connect(self.choose_language)
        self.welcome.theme_chosen.connect(self.choose_theme)
        self.welcome.density_chosen.connect(self.choose_density)
        self.stack.addWidget(self.welcome)
        self.setCentralWidget(self.stack)
        self.status_bar = StatusBar(self)
        self.setStatusBar(self.status_bar)

    def _build_rest(self) -> None:
        """Commands, menus, tool bar and banner; built anew as well."""
        from tagwerk.ui.banner import BannerBar
        from tagwerk.ui.commands import SHELL_COMMANDS, make_action
        from tagwerk.ui.link_banner import LinkBanner
        from tagwerk.ui.toolbar import ToolBar

        self.actions_by_id: dict[str, QAction] = {}
        runs = self._command_runs()
        for command in SHELL_COMMANDS:
            run = runs[command.id]
            self.actions_by_id[command.id] = make_action(command, run, self._holder)
        self.tool_bar = ToolBar(self.actions_by_id["connection.disconnect"])
        self.tool_bar.chooser_clicked.connect(self._open_chooser)
        self.tool_bar.go_to_clicked.connect(self.open_palette)
        self.tool_bar.arm_clicked.connect(self._arm_clicked)
        self.tool_bar.setVisible(False)
        self.banner = BannerBar()
        self.link_banner = LinkBanner(
            self.banner,
            self._reconnect,
            self._repair,
            self._go_to_partner,
            self._enter_partner,
            self._examine,
        )
        self._top_column.addWidget(self.tool_bar)
        self._top_column.addWidget(self.banner)
        self.tool_bar.setVisible(self._plant is not None)
        self._fill_menus()
        self._tell_actions()

    def _command_runs(self) -> dict[str, Any]:
        return {
            "file.connect": lambda: self._connect_to(""),
            "file.demo": self._start_demo,
            "file.open_workspace": lambda: self._with_workspaces(lambda flow: flow.open()),
            "file.save_workspace": lambda: self._with_workspaces(lambda flow: flow.save()),
            "file.save_workspace_as": lambda: self._with_workspaces(lambda flow: flow.save_as()),
            "file.close": self._close_plant,
            "file.quit": self.close,
            "edit.palette": self.open_palette,
            "view.next_panel": lambda: self.docking.step(1),
            "view.previous_panel": lambda: self.docking.step(-1),
            "view.full_screen": self._full_screen,
            "view.reset_layout": self.docking.reset,
            "connection.reconnect": self._reconnect,
            "connection.sign_in_as": self._sign_in_as,
            "connection.disconnect": self._close_plant,
            "connection.forget": self._forget_password,
            "connection.edit": self._edit_connection,
            "connection.manage": self._manage_connections,
            "connection.doctor": self._examine,
            "connection.traffic": self._show_traffic,
            "help.keys": self._show_keys,
            "help.support": self._save_support,
            "help.log_folder": self._open_log_folder,
            "help.about": self._show_about,
        }

    def _fill_menus(self) -> None:
        panels = list(self.docking.panels.values())
        self.menu_builder.fill(panels, self.docking.toggles)
        tools = [
            action for panel in panels for action in panel.actions() if action.property("toolbar")
        ]
        self.tool_bar.set_actions(tools)

    # Services and plants.

    def serve(self, desk: Desk, services: Services) -> ConnectFlow:
        """Take what reaches beyond the screen; the loop runs by now."""
        self.complete()
        import asyncio

        from tagwerk.ui.banner import Banner
        from tagwerk.ui.connect_flow import ConnectFlow
        from tagwerk.ui.workspace_flow import WorkspaceFlow

        self.desk = desk
        self._scope = desk.scope("window")
        self.flow = ConnectFlow(self, desk, services)
        self.workspaces = WorkspaceFlow(self, desk, self.flow, self.docking)
        self.workspaces.file_changed.connect(self._tell_title)
        self.flow.plant_opened.connect(self._plant_opened)
        self.flow.plant_closed.connect(self._plant_closed)
        self.flow.demo_progress.connect(self._demo_progress)
        self.flow.connections_changed.connect(self._connections_changed)
        care, recent = self.flow.care, self.welcome.recent
        recent.edited.connect(care.edit)
        recent.duplicated.connect(care.duplicate)
        recent.removed.connect(care.remove)
        recent.password_forgotten.connect(care.forget_password)
        recent.kept_at_top.connect(care.keep_at_top)
        desk.banner_requested.connect(self._panel_banner)
        desk.traffic_requested.connect(self._show_traffic)
        self.flow.examine_requested.connect(self._examine)
        self._preparing = asyncio.Event()
        self._scope.start(self._prepare_panels(self._preparing), "panels")
        self._keep_lateness()
        self._second_passed()
        self._tell_actions()
        if self.settings.problem is not None:
            self.banner.put("settings", Banner(
                "info", tr("The settings could not be read"),
                tr("The last good copy or the defaults are used.")))  # fmt: skip
        return self.flow

    @property
    def panels(self) -> dict[str, Panel]:
        """The panels by object name; empty before the first plant."""
        return self.docking.panels

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
        self._status_watcher = saw

    async def end(self) -> None:
        """Stop what still runs in the window itself; the last step before it closes."""
        self._slow.stop()
        self.lateness.stop()
        if self.doctor is not None:
            await self.doctor.close()
        if self._scope is not None:
            await self._scope.close()

    def _plant_opened(self, plant: Plant, view: FirstView | None) -> None:
        if self.desk is None:
            return
        # The picture comes a turn later: filling the panels and painting them are two pieces then.
        self.setUpdatesEnabled(False)
        QTimer.singleShot(0, self, lambda: self.setUpdatesEnabled(True))
        self._plant = plant
        plant.language = language()
        self._make_panels()
        self.docking.show(self.stack)
        self.tool_bar.show()
        self.menu_bar.has_line = False
        self.desk.show(plant)
        for panel in self.docking.panels.values():
            panel.set_plant(plant)
        self.clock.set_plant(plant)
        self._keep_lateness()
        self._follow(plant.status)
        from_workspace = self.workspaces is not None and self.workspaces.plant_opened(plant)
        if view is not None and not from_workspace:
            self._first_view(view)
        self._tell_title()
        self._tell_actions()
        self.docking.focus("tagPanel")

    def _first_view(self, view: FirstView) -> None:
        if self.desk is None:
            return
        if view.trend:
            self.desk.trend_requested.emit(list(view.trend))
        if view.setpoints:
            self.desk.setpoints_requested.emit(list(view.setpoints))
        if view.reveal:
            self.desk.reveal_requested.emit(view.reveal)

    def _plant_closed(self) -> None:
        self.docking.remember()
        self._plant = None
        self.clock.set_plant(None)
        self._keep_lateness()
        if self.desk is not None:
            self.desk.show(None)
        for panel in self.docking.panels.values():
            panel.set_plant(None)
        self.link_banner.forget()
        self.banner.clear()
        self._show_welcome()
        self._tell_title()
        self._tell_actions()
        self._refresh_slowly()

    def _make_panels(self) -> None:
        """Build what is missing of the panels, at once."""
        if self.desk is None:
            return
        if self._building is None and not self.docking.panels:
            self._building = self.docking.build(self.desk, self.stack)
        while self._building is not None:
            self._build_a_panel()

    def _build_a_panel(self) -> None:
        if self._building is None:
            return
        panel = next(self._building, None)
        if panel is not None:
            self.clock.listen(panel.object_name, panel.on_frame, panel.rest_rate, panel.frame_turn)
            return
        self._building = None
        self.clock.listen("window", self._on_frame, self._rest_rate)
        self._fill_menus()
        self._tell_actions()

    async def _prepare_panels(self, ready: asyncio.Event) -> None:
        """Build the panels while the welcome page is on show, one a turn, so that nothing stalls."""
        try:
            await self._build_panels_slowly()
        finally:
            ready.set()

    async def _build_panels_slowly(self) -> None:
        import asyncio

        if self.desk is None or self.docking.panels:
            return
        self._building = self.docking.build(self.desk, self.stack)
        while self._building is not None:
            await asyncio.sleep(_BETWEEN_PANELS_S)
            self._build_a_panel()
        for name in tuple(self.docking.panels):
            await asyncio.sleep(_BETWEEN_PANELS_S)
            panel = self.docking.panels.get(name)
            if panel is None or self._plant is not None:
                return
            # Painted once unseen: fonts, icons and styles are then there when a plant opens, where
            # all panels are laid out and painted in one go.
            panel.grab()

    async def panels_built(self) -> None:
        """Wait until the panels are there: a plant opened before makes them in one go."""
        if self._preparing is not None:
            await self._preparing.wait()

    def _show_welcome(self) -> None:
        self._show_recent()
        self.welcome.set_busy(False)
        self.stack.setCurrentWidget(self.welcome)
        self.docking.hide()
        self.tool_bar.hide()
        self.menu_bar.has_line = True
        self.welcome.demo_button.setFocus(Qt.FocusReason.OtherFocusReason)

    # Frames.

    def _rest_rate(self) -> float:
        """While writing is armed, the lock falls in time and not at the next second."""
        armed = self._was_armed or (self._plant is not None and self._plant.arming.armed)
        return 30.0 if armed else 1.0

    def _on_frame(self, frame: Frame) -> None:
        if frame.status is not None:
            self._follow(frame.status)
        plant = self._plant
        if plant is None:
            return
        plant.arming.tick()
        armed = plant.arming.armed
        if armed or self._was_armed:
            self.tool_bar.arm.show_arming(plant.arming)
            if armed != self._was_armed:
                self.docking.set_armed(armed)
            self._was_armed = armed

    def _follow(self, status: LinkStatus) -> None:
        """The link's state changed."""
        plant = self._plant
        if plant is None:
            return
        if self._status_watcher is not None:
            self._status_watcher(status)
        if self.flow is not None:
            self.flow.follow(status)
        self.tool_bar.show_status(plant.profile.name, plant.profile.note, status)
        self.link_banner.follow(status, plant.profile)
        self._left_behind.follow(status.state)
        self._tell_actions()
        self._refresh_slowly()

    def _second_passed(self) -> None:
        """Once a second, when the clock's second changes, and not while nobody can see it."""
        if not self._is_exposed:
            return
        self._refresh_slowly()
        self._slow.start(_SECOND_MS - time.time_ns() // _MS % _SECOND_MS)

    def _set_exposed(self, exposed: bool) -> None:
        """Hidden, minimised, on another desktop: only the stores are kept from running over."""
        if exposed == self._is_exposed or not self._is_complete:
            return
        self._is_exposed = exposed
        self.clock.set_visible(exposed)
        self._keep_lateness()
        if self.desk is not None:
            self._second_passed()

    def _keep_lateness(self) -> None:
        """Lateness is told beside a plant, and measured only where somebody may look at it."""
        wanted = self._plant is not None and self._is_exposed
        self.lateness.set_running(wanted or self.lateness.thorough)

    def _refresh_slowly(self) -> None:
        """What need not follow every frame: status bar, headers, the filled hole."""
        self.status_bar.refresh(self._plant, self.lateness.recent(), time.time_ns())
        if self._plant is None:
            return
        self.docking.refresh_headers()
        self.link_banner.look_at_hole(self._plant)

    # Commands.

    def _tell_actions(self) -> None:
        """Enable what can be done now, with the reason where it cannot."""
        from tagwerk.ui.commands import disable_with_reason

        ready = self.flow is not None
        plant = self._plant
        reason = "" if plant is not None else tr("no plant is open")
        if not ready:
            reason = tr("still starting")
        for name in ("file.close", "file.save_workspace", "file.save_workspace_as",
                     "connection.reconnect", "connection.sign_in_as",
                     "connection.disconnect", "connection.forget", "connection.edit", "connection.traffic",
                     "view.next_panel", "view.previous_panel", "view.reset_layout"):  # fmt: skip
            disable_with_reason(self.actions_by_id[name], reason)
        if plant is not None and self._saved().find(plant.profile.name) is None:
            disable_with_reason(self.actions_by_id["connection.edit"], tr("not a saved connection"))
        if plant is not None and plant.status.state.is_live:
            disable_with_reason(self.actions_by_id["connection.reconnect"], tr("already connected"))
        for name in ("file.connect", "file.demo", "file.open_workspace", "connection.doctor",
                     "connection.manage"):  # fmt: skip
            disable_with_reason(self.actions_by_id[name], "" if ready else tr("still starting"))
        for name in ("Trend", "Setpoints", "Alarms"):
            menu = self.menu_builder.menus.get(name)
            if menu is not None:
                menu.menuAction().setEnabled(plant is not None and not menu.isEmpty())

    def _with_workspaces(self, run: Callable[[WorkspaceFlow], None]) -> None:
        if self.workspaces is not None:
            run(self.workspaces)

    def _tell_title(self) -> None:
        """The plant's name, and the workspace's file where it is another."""
        parts = ["Tagwerk"]
        if self._plant is not None:
            parts.insert(0, self._plant.profile.name)
            path = self.workspaces.path if self.workspaces is not None else None
            if path is not None and path.stem != parts[0]:
                parts.insert(0, path.stem)
        self.setWindowTitle(" – ".join(parts))

    def _start_demo(self) -> None:
        if self.flow is not None:
            self.flow.start_demo()

    def _cancel_demo(self) -> None:
        if self.flow is not None:
            self.flow.cancel_demo()

    def _demo_progress(self, running: bool, text: str, error: bool) -> None:
        if error:
            self.welcome.set_error(text)
            if self._plant is not None:
                from tagwerk.ui.banner import Banner

                self.banner.put("demo", Banner("bad", tr("The demo plant did not start"), text))
        else:
            self.banner.drop("demo")
            self.welcome.set_busy(running, text)

    def _connect_to(self, address: str) -> None:
        if self.flow is not None:
            self.flow.open_dialog(address)

    def _open_profile(self, profile: ConnectionProfile) -> None:
        if self.flow is not None:
            self.flow.open_saved(profile)

    def _saved(self) -> SavedConnections:
        from tagwerk.ui.saved_connections import SavedConnections

        return SavedConnections(self.settings)

    def _show_recent(self) -> None:
        if not self.settings.get("connections"):
            # The first picture of a new user: without the vocabulary of connections.
            self.welcome.set_recent((), ())
            return
        saved = self._saved()
        profiles = saved.all()
        self.welcome.set_recent(profiles, [p.name for p in profiles if saved.is_at_top(p.name)])

    def _manage_connections(self) -> None:
        if self.flow is not None:
            self.flow.care.manage()

    def _edit_connection(self) -> None:
        if self.flow is not None and self._plant is not None:
            self.flow.care.edit(self._plant.profile.name)

    def _enter_partner(self) -> None:
        """The fields of the connection; one that is not saved yet is saved by signing in anew."""
        if self._plant is None:
            return
        if self._saved().find(self._plant.profile.name) is None:
            self._repair()
        else:
            self._edit_connection()

    def _connections_changed(self) -> None:
        self._show_recent()

    def _close_plant(self) -> None:
        if self.flow is not None:
            self.flow.close_plant()

    def _reconnect(self) -> None:
        if self.flow is not None:
            self.flow.reconnect()

    def _go_to_partner(self) -> None:
        if self._plant is not None:
            self._plant.link.go_to_partner()

    def _repair(self) -> None:
        if self.flow is not None:
            self.flow.repair()

    def _examine(self, whom: object = None) -> None:
        """The connection doctor, for whom `DoctorFlow.examine` takes; None: the plant on show."""
        if self.desk is None or self.flow is None:
            return
        if self.doctor is None:
            from tagwerk.ui.doctor.flow import DoctorFlow

            self.doctor = DoctorFlow(self, self.desk, self.flow)
        self.doctor.examine(whom)

    def _sign_in_as(self) -> None:
        if self.flow is not None:
            self.flow.sign_in_as()

    def _forget_password(self) -> None:
        if self.flow is not None:
            self.flow.forget_password()

    def _arm_clicked(self) -> None:
        """The setpoint panel arms and disarms; the chip is only a second door to it."""
        panel = self.docking.panels.get("setpointPanel")
        for action in panel.actions() if panel is not None else ():
            if action.shortcut().toString() == "Ctrl+Shift+W":
                self.docking.reveal("setpointPanel")
                action.trigger()
                return

    def _open_chooser(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("connectionMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu_builder.add_connections(menu)
        menu.addSeparator()
        for name in ("file.connect", "file.demo", "connection.disconnect"):
            menu.addAction(self.actions_by_id[name])
        chooser = self.tool_bar.chooser
        menu.setMinimumWidth(chooser.width())
        menu.popup(chooser.mapToGlobal(chooser.rect().bottomLeft()))

    def _saved_connections(self) -> tuple[list[ConnectionProfile], str]:
        current = self._plant.profile.name if self._plant is not None else ""
        return self._saved().all(), current

    def open_palette(self) -> None:
        """Ctrl+K: go to a tag or command."""
        from tagwerk.ui.palette import CommandPalette

        if self._palette is None:
            self._palette = CommandPalette(self, self._palette_actions, self._search_tags)
            self._palette.tag_chosen.connect(self._go_to_tag)
            self._palette.trend_chosen.connect(self._tag_to_trend)
        field: QWidget = self.tool_bar.go_to
        self._palette.open_below(field if field.isVisible() else self.menu_bar)

    def _palette_actions(self) -> list[QAction]:
        found = [
            action
            for owner in (self._holder, *self.docking.panels.values())
            for action in owner.actions()
            if action.isEnabled() and action.property("command") and action.property("menu")
        ]
        found += self.menu_builder.choices
        return [action for action in found if action.objectName() != "edit.palette"]

    def _search_tags(self, text: str, limit: int) -> list[BrowseItem]:
        if self._plant is None:
            return []
        return list(self._plant.tree.search(text, limit=limit).items)

    def _go_to_tag(self, name: str) -> None:
        if self.desk is None:
            return
        self.docking.reveal("tagPanel")
        self.desk.reveal_requested.emit(name)

    def _tag_to_trend(self, name: str) -> None:
        if self.desk is not None:
            self.desk.trend_requested.emit([name])

    def _full_screen(self, on: bool) -> None:
        if on:
            self.showFullScreen()
        else:
            self.showNormal()

    # Look and language.

    def choose_theme(self, mode: str) -> None:
        """``light``, ``dark`` or ``system``, at once."""
        self._apply_look(mode, theme().density)
        self.welcome.theme_choice.set_current(mode)
        self.menu_builder.check("theme", mode)

    def choose_density(self, density: str) -> None:
        """``compact``, ``normal`` or ``gloves``; the window's contents are built anew."""
        self.settings.set("density", density)
        if density != theme().density:
            self._apply_look(theme().mode, density)
            self._rebuild_soon()

    def choose_language(self, code: str) -> None:
        """``en`` or ``de``; the window's contents are built anew, the plant stays."""
        if code == language():
            return
        set_language(code)
        self.settings.set("language", code)
        if self._plant is not None:
            self._plant.language = code
        self._rebuild_soon()

    def _apply_look(self, mode: str, density: str) -> None:
        theme().apply(the_application(), mode, density)
        self.settings.set("theme", mode)

    def _system_scheme_changed(self) -> None:
        if theme().mode == "system":
            self._apply_look("system", theme().density)

    def _theme_changed(self) -> None:
        for action in self.findChildren(QAction):
            name = action.property("icon_name")
            if name:
                action.setIcon(icon(str(name)))
        self.update()

    def _rebuild_soon(self) -> None:
        if self._scope is None:
            self._rebuild_now()
        elif self._scope.is_running("rebuild"):
            self._rebuild_again = True
        else:
            self._scope.start(self._rebuild(), "rebuild")

    async def _rebuild(self) -> None:
        """Close the panels, build everything again in the new language, show the same plant."""
        while True:
            self._rebuild_again = False
            plant = self._plant
            self.docking.remember()
            self.clock.set_plant(None)
            # The old panels let go of their curves before the new ones take them: hold them.
            held = tuple(plant.trends.names) if plant is not None else ()
            if plant is not None:
                for name in held:
                    plant.trends.open(name, step=False)
            await self.close_panels()
            self._rebuild_now()
            if plant is not None and self._plant is plant:
                self._plant_opened(plant, None)
            if plant is not None:
                for name in held:
                    plant.trends.close(name)
            if not self._rebuild_again:
                return

    def _rebuild_now(self) -> None:
        if self._palette is not None:
            self._palette.deleteLater()
            self._palette = None
        old_centre, old_top = self.takeCentralWidget(), self.menuWidget()
        self._build_first()
        self._build_rest()
        for old in (old_centre, old_top):
            if old is not None:
                old.hide()
                old.deleteLater()
        if self.flow is not None:
            self._tell_actions()
        self._refresh_slowly()

    async def close_panels(self) -> None:
        """End the panels' work and take them out of the window."""
        for name in (*self.docking.panels, "window"):
            self.clock.unlisten(name)
        self._was_armed = False
        self._building = None
        await self.docking.close()

    # Messages.

    def _panel_banner(self, kind: str, headline: str, detail: str) -> None:
        from tagwerk.ui.banner import Banner

        kind = kind if kind in ("info", "warning", "bad") else "info"
        self.banner.put(f"panel:{headline}", Banner(kind, headline, detail))

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
        self.banner.put(f"error:{where}:{headline}", banner)

    def _show_keys(self) -> None:
        from tagwerk.ui.help import KeysDialog

        KeysDialog(self, self._all_actions()).open()

    def _show_traffic(self) -> None:
        if self._plant is not None:
            self.docking.reveal("trafficPanel")
            self.docking.focus("trafficPanel")

    def _save_support(self) -> None:
        from tagwerk.ui.support import SupportDialog

        if self.desk is not None and self._scope is not None:
            SupportDialog(self, self.desk, self._scope, self.report).open()

    def _open_log_folder(self) -> None:
        from tagwerk.ui.crash_offer import open_folder

        if self.desk is not None and self.desk.log_folder is not None:
            open_folder(self.desk.log_folder)

    def _show_about(self) -> None:
        from tagwerk.ui.help import AboutDialog

        AboutDialog(self).open()

    def _all_actions(self) -> list[QAction]:
        owners: list[QWidget] = [self._holder, *self.docking.panels.values()]
        return [action for owner in owners for action in owner.actions()]

    # Remembering and closing.

    def remember(self) -> None:
        """Note everything that is kept between runs, and write it."""
        self.docking.remember()
        layout_memory.remember(self, self.settings, None)
        self.settings.save()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.close_requested.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        handle = self.windowHandle()
        if handle is not None and not self._watches_handle:
            self._watches_handle = True
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What comes from the window system: whether anything can be seen, and what the user does."""
        kind = event.type()
        if kind in _INPUT:
            self.clock.wake()
        elif kind == QEvent.Type.Expose:
            handle = self.windowHandle()
            self._set_exposed(handle is not None and handle.isExposed() and not self.isMinimized())
        return False

    def close_for_good(self) -> None:
        """Called by the main coroutine at the very end."""
        self._may_close = True
        self.close()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and self._is_complete:
            self._set_exposed(not self.isMinimized())
            action = self.actions_by_id["view.full_screen"]
            action.blockSignals(True)
            action.setChecked(self.isFullScreen())
            action.blockSignals(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), theme().color("window"))
        if not self._painted:
            self._painted = True
            # With the window as its context: it may be gone by then.
            QTimer.singleShot(0, self, lambda: self.first_painted.emit())
