"""The window's shell: all of it that is not a panel. Menu bar, tool bar, banners, welcome page,
centre and status bar.

Made in two parts: what the first picture shows (`Shell` itself), and behind it what that picture
needs not (`complete`). Another language or row height makes the widgets anew (`rebuild`), so whoever
works with one asks the shell for it each time and keeps none. It decides nothing: what the user asks
goes to `connection_commands` and `window_commands`, what a plant brings comes from `plant_on_show`.
Made by the window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from tagwerk.ui.i18n import language, tr
from tagwerk.ui.menu_builder import MenuBuilder
from tagwerk.ui.menus import MenuBar
from tagwerk.ui.statusbar import StatusBar
from tagwerk.ui.theme import theme
from tagwerk.ui.welcome import WelcomePage

if TYPE_CHECKING:
    from tagwerk.plant import Plant
    from tagwerk.ui.banner import Banner, BannerBar
    from tagwerk.ui.connection_commands import ConnectionCommands
    from tagwerk.ui.link_banner import LinkBanner
    from tagwerk.ui.toolbar import ToolBar
    from tagwerk.ui.window_commands import WindowCommands

_WITH_A_PLANT = (
    "file.close", "file.save_workspace", "file.save_workspace_as",
    "connection.reconnect", "connection.sign_in_as",
    "connection.disconnect", "connection.forget", "connection.edit", "connection.traffic",
    "view.next_panel", "view.previous_panel", "view.reset_layout",
)  # fmt: skip
"""Commands that need an open plant."""
_ONCE_STARTED = (
    "file.connect", "file.demo", "file.open_workspace", "connection.doctor", "connection.manage",
)  # fmt: skip
"""Commands that need the running loop."""


class Shell:
    """The shell of one window.

    Args:
        window: whose edges and centre it fills.
        choosers: what to call for ``theme``, ``density`` and ``language``.
        connections: what is asked about connections.
    """

    tool_bar: ToolBar
    banner: BannerBar
    link_banner: LinkBanner

    def __init__(
        self,
        window: QMainWindow,
        choosers: dict[str, Callable[[str], None]],
        connections: ConnectionCommands,
    ) -> None:
        self._window = window
        self._choosers = choosers
        self._connections = connections
        self.actions_by_id: dict[str, QAction] = {}
        """The window's own actions, by their commands' ids; empty before `complete`."""
        self._busy: set[str] = set()
        self._build()

    # Building.

    def _build(self) -> None:
        """What the first picture shows."""
        connections, choosers = self._connections, self._choosers
        self.holder = QWidget(self._window)
        self.menu_bar = MenuBar()
        self.menu_builder = MenuBuilder(
            self.menu_bar, self.holder, choosers, connections.listed, connections.open_saved
        )
        self.menu_builder.outline()
        top = QWidget()
        top.setObjectName("topArea")
        self._top_column = QVBoxLayout(top)
        self._top_column.setContentsMargins(0, 0, 0, 0)
        self._top_column.setSpacing(0)
        self._top_column.addWidget(self.menu_bar)
        self._window.setMenuWidget(top)
        self.holder.setParent(top)
        self.holder.setFixedSize(0, 0)
        self.stack = QStackedWidget()
        self.stack.setObjectName("centre")
        self.welcome = self._new_welcome()
        self.stack.addWidget(self.welcome)
        self._window.setCentralWidget(self.stack)
        self.status_bar = StatusBar(self._window)
        self._window.setStatusBar(self.status_bar)

    def _new_welcome(self) -> WelcomePage:
        connections = self._connections
        page = WelcomePage(language(), theme().mode, theme().density)
        page.set_recent(*connections.recent())
        page.demo_requested.connect(connections.start_demo)
        page.demo_cancelled.connect(connections.cancel_demo)
        page.connect_requested.connect(connections.connect_to)
        page.profile_requested.connect(connections.open_saved)
        page.manage_requested.connect(connections.manage)
        page.examine_requested.connect(connections.examine)
        page.recent.edited.connect(connections.edit)
        page.recent.duplicated.connect(connections.duplicate)
        page.recent.removed.connect(connections.remove)
        page.recent.password_forgotten.connect(connections.forget_password)
        page.recent.kept_at_top.connect(connections.keep_at_top)
        page.language_chosen.connect(self._choosers["language"])
        page.theme_chosen.connect(self._choosers["theme"])
        page.density_chosen.connect(self._choosers["density"])
        return page

    def complete(self, commands: WindowCommands) -> None:
        """Commands, menus, tool bar and banner."""
        from tagwerk.ui.banner import BannerBar
        from tagwerk.ui.commands import SHELL_COMMANDS, make_action
        from tagwerk.ui.link_banner import LinkBanner
        from tagwerk.ui.toolbar import ToolBar

        connections = self._connections
        runs = commands.runs()
        self.actions_by_id = {
            command.id: make_action(command, runs[command.id], self.holder)
            for command in SHELL_COMMANDS
        }
        self.tool_bar = ToolBar(self.actions_by_id["connection.disconnect"])
        self.tool_bar.chooser_clicked.connect(self._open_chooser)
        self.tool_bar.go_to_clicked.connect(commands.open_palette)
        self.tool_bar.arm_clicked.connect(commands.arm)
        self.tool_bar.setVisible(False)
        self.banner = BannerBar()
        self.link_banner = LinkBanner(
            self.banner,
            connections.reconnect,
            connections.repair,
            connections.go_to_partner,
            connections.enter_partner,
            connections.examine,
        )
        self._top_column.addWidget(self.tool_bar)
        self._top_column.addWidget(self.banner)
        self.tool_bar.setVisible(connections.plant is not None)

    def rebuild(self, commands: WindowCommands | None) -> None:
        """Make all widgets anew; None while the second part is not there yet."""
        old_centre, old_top = self._window.takeCentralWidget(), self._window.menuWidget()
        self._build()
        if commands is not None:
            commands.forget_palette()
            self.complete(commands)
            commands.gather()
        for old in (old_centre, old_top):
            if old is not None:
                old.hide()
                old.deleteLater()

    # Menus and commands.

    def fill_menus(self, panels: Sequence[QWidget], toggles: Sequence[QAction]) -> None:
        """Assemble menus and tool bar from the own actions and those of the panels.

        Args:
            toggles: show and hide the docks.
        """
        self.menu_builder.fill(panels, toggles)
        tools = [
            action for panel in panels for action in panel.actions() if action.property("toolbar")
        ]
        self.tool_bar.set_actions(tools)

    def enable_commands(self, plant: Plant | None, *, is_ready: bool, is_saved: bool) -> None:
        """Enable what can be done now, with the reason where it cannot.

        Args:
            plant: the one on show.
            is_ready: the loop runs.
            is_saved: the plant's connection is among the saved ones.
        """
        from tagwerk.ui.commands import disable_with_reason

        actions = self.actions_by_id
        starting = "" if is_ready else tr("still starting")
        reason = starting or ("" if plant is not None else tr("no plant is open"))
        for name in _WITH_A_PLANT:
            disable_with_reason(actions[name], reason)
        if plant is not None and not is_saved:
            disable_with_reason(actions["connection.edit"], tr("not a saved connection"))
        if plant is not None and plant.status.state.is_live:
            disable_with_reason(actions["connection.reconnect"], tr("already connected"))
        for name in _ONCE_STARTED:
            disable_with_reason(actions[name], starting)
        for name in ("Trend", "Setpoints", "Alarms"):
            menu = self.menu_builder.menus.get(name)
            if menu is not None:
                menu.menuAction().setEnabled(plant is not None and not menu.isEmpty())

    def _open_chooser(self) -> None:
        menu = QMenu(self._window)
        menu.setObjectName("connectionMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu_builder.add_connections(menu)
        menu.addSeparator()
        for name in ("file.connect", "file.demo", "connection.disconnect"):
            menu.addAction(self.actions_by_id[name])
        chooser = self.tool_bar.chooser
        menu.setMinimumWidth(chooser.width())
        menu.popup(chooser.mapToGlobal(chooser.rect().bottomLeft()))

    # What is said and shown.

    def show_theme(self, mode: str) -> None:
        """Tick the theme that was chosen, wherever it can be chosen."""
        self.welcome.theme_choice.set_current(mode)
        self.menu_builder.check("theme", mode)

    def show_recent(self) -> None:
        """The saved connections are others."""
        self.welcome.set_recent(*self._connections.recent())

    def show_welcome(self) -> None:
        """The welcome page instead of a plant, ready for the next connection."""
        self.show_recent()
        self.welcome.set_busy(False)
        self.stack.setCurrentWidget(self.welcome)
        self.tool_bar.hide()
        self.menu_bar.has_line = True

    def focus_welcome(self) -> None:
        """The keyboard onto what a new user wants first."""
        self.welcome.demo_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_demo_progress(self, running: bool, text: str, error: bool) -> None:
        """How the start of the demo plant goes; beside another plant only its failure is told."""
        from tagwerk.ui.banner import Banner

        if not error:
            self.banner.drop("demo")
            self.welcome.set_busy(running, text)
            return
        self.welcome.set_error(text)
        if self._connections.plant is not None:
            self.banner.put("demo", Banner("bad", tr("The demo plant did not start"), text))

    def say(self, kind: str, headline: str, detail: str) -> None:
        """One line under the tool bar: ``info``, ``warning`` or ``bad``."""
        from tagwerk.ui.banner import Banner

        kind = kind if kind in ("info", "warning", "bad") else "info"
        self.banner.put(f"panel:{headline}", Banner(kind, headline, detail))

    def show_busy(self, key: str, banner: Banner | None) -> None:
        """What something waits for that can be given up; None: no longer."""
        if banner is None:
            self._busy.discard(key)
            self.banner.drop(key)
            return
        self._busy.add(key)
        self.banner.put(key, banner)
        before = self.banner.current
        if before is None or before.kind != banner.kind:
            return
        # What can be given up must not wait behind one of the same weight that came later. Two of
        # them stay as they are: a button that is made anew every second cannot be pressed.
        if not any(before is self.banner.banner(busy) for busy in self._busy):
            self.banner.drop(key)
            self.banner.put(key, banner)
