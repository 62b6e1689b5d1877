"""What the user can ask of the window: what menus, keys and the palette run.

One entry of `runs` for each row of `commands.SHELL_COMMANDS`; what concerns connections is
`connection_commands`' business, and the panels bring commands of their own. Made by the window when
its first picture is painted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QWidget

from tagwerk.ui.connection_commands import ConnectionCommands
from tagwerk.ui.docking import Docking
from tagwerk.ui.errors import Reporter
from tagwerk.ui.shell import Shell

if TYPE_CHECKING:
    from tagwerk.domain.tags import BrowseItem
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.palette import CommandPalette
    from tagwerk.ui.tasks import TaskScope
    from tagwerk.ui.workspace_flow import WorkspaceFlow


class WindowCommands:
    """One for a window.

    Args:
        window: is closed, fills the screen, and is the parent of the dialogs.
        shell, docking: where the commands are shown and what they arrange.
        connections: what is asked about connections.
        report: what went wrong, for the support bundle.
    """

    def __init__(
        self,
        window: QMainWindow,
        shell: Shell,
        docking: Docking,
        connections: ConnectionCommands,
        report: Reporter,
    ) -> None:
        self._window = window
        self._shell = shell
        self._docking = docking
        self._connections = connections
        self._report = report
        self._desk: Desk | None = None
        self._scope: TaskScope | None = None
        self._workspaces: WorkspaceFlow | None = None
        self.palette: CommandPalette | None = None
        """None until it was opened, and when its language is no longer the window's."""

    def serve(self, desk: Desk, scope: TaskScope, workspaces: WorkspaceFlow) -> None:
        """The loop runs.

        Args:
            scope: of the window; what a dialog leaves running ends with it.
        """
        self._desk, self._scope, self._workspaces = desk, scope, workspaces

    def runs(self) -> dict[str, Callable[..., Any]]:
        """What to call, by the command's id."""
        connections = self._connections
        return {
            "file.connect": connections.connect_to,
            "file.demo": connections.start_demo,
            "file.open_workspace": lambda: self._with_workspaces(lambda flow: flow.open()),
            "file.save_workspace": lambda: self._with_workspaces(lambda flow: flow.save()),
            "file.save_workspace_as": lambda: self._with_workspaces(lambda flow: flow.save_as()),
            "file.close": connections.close_plant,
            "file.quit": self._window.close,
            "edit.palette": self.open_palette,
            "view.next_panel": lambda: self._docking.step(1),
            "view.previous_panel": lambda: self._docking.step(-1),
            "view.full_screen": self._full_screen,
            "view.reset_layout": self._docking.reset,
            "connection.reconnect": connections.reconnect,
            "connection.sign_in_as": connections.sign_in_as,
            "connection.disconnect": connections.close_plant,
            "connection.forget": connections.forget_password,
            "connection.edit": connections.edit,
            "connection.manage": connections.manage,
            "connection.doctor": connections.examine,
            "connection.traffic": self.show_traffic,
            "help.keys": self._show_keys,
            "help.support": self._save_support,
            "help.log_folder": self._open_log_folder,
            "help.about": self._show_about,
        }

    def gather(self) -> None:
        """Offer what there is: shell or panels are others than before."""
        self._shell.fill_menus(list(self._docking.panels.values()), self._docking.toggles)
        self.tell()

    def tell(self) -> None:
        """Enable what can be done now, with the reason where it cannot."""
        connections = self._connections
        plant = connections.plant
        self._shell.enable_commands(
            plant,
            is_ready=connections.is_ready,
            is_saved=plant is not None and connections.is_saved(plant.profile),
        )

    def _with_workspaces(self, run: Callable[[WorkspaceFlow], None]) -> None:
        if self._workspaces is not None:
            run(self._workspaces)

    def arm(self) -> None:
        """The setpoint panel arms and disarms; the chip is only a second door to it."""
        panel = self._docking.panels.get("setpointPanel")
        for action in panel.actions() if panel is not None else ():
            if action.shortcut().toString() == "Ctrl+Shift+W":
                self._docking.reveal("setpointPanel")
                action.trigger()
                return

    def show_traffic(self) -> None:
        """The traffic panel, with the keyboard in it."""
        if self._connections.plant is not None:
            self._docking.reveal("trafficPanel")
            self._docking.focus("trafficPanel")

    def _full_screen(self, on: bool) -> None:
        if on:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def show_window_state(self) -> None:
        """The window fills the screen, or no longer, whoever wanted it."""
        action = self._shell.actions_by_id["view.full_screen"]
        action.blockSignals(True)
        action.setChecked(self._window.isFullScreen())
        action.blockSignals(False)

    # Go to a tag or command.

    def open_palette(self) -> None:
        """Ctrl+K: go to a tag or command."""
        from tagwerk.ui.palette import CommandPalette

        if self.palette is None:
            self.palette = CommandPalette(self._window, self._palette_actions, self._search_tags)
            self.palette.tag_chosen.connect(self._go_to_tag)
            self.palette.trend_chosen.connect(self._tag_to_trend)
        field: QWidget = self._shell.tool_bar.go_to
        self.palette.open_below(field if field.isVisible() else self._shell.menu_bar)

    def forget_palette(self) -> None:
        """Language or row height are others: it is made anew when it is opened."""
        if self.palette is not None:
            self.palette.deleteLater()
            self.palette = None

    def _palette_actions(self) -> list[QAction]:
        found = [
            action
            for action in self._all_actions()
            if action.isEnabled() and action.property("command") and action.property("menu")
        ]
        found += self._shell.menu_builder.choices
        return [action for action in found if action.objectName() != "edit.palette"]

    def _search_tags(self, text: str, limit: int) -> list[BrowseItem]:
        plant = self._connections.plant
        return list(plant.tree.search(text, limit=limit).items) if plant is not None else []

    def _go_to_tag(self, name: str) -> None:
        if self._desk is not None:
            self._docking.reveal("tagPanel")
            self._desk.reveal_requested.emit(name)

    def _tag_to_trend(self, name: str) -> None:
        if self._desk is not None:
            self._desk.trend_requested.emit([name])

    # Help.

    def _show_keys(self) -> None:
        from tagwerk.ui.help import KeysDialog

        KeysDialog(self._window, self._all_actions()).open()

    def _save_support(self) -> None:
        from tagwerk.ui.support import SupportDialog

        if self._desk is not None and self._scope is not None:
            SupportDialog(self._window, self._desk, self._scope, self._report).open()

    def _open_log_folder(self) -> None:
        from tagwerk.ui.crash_offer import open_folder

        if self._desk is not None and self._desk.log_folder is not None:
            open_folder(self._desk.log_folder)

    def _show_about(self) -> None:
        from tagwerk.ui.help import AboutDialog

        AboutDialog(self._window).open()

    def _all_actions(self) -> list[QAction]:
        owners: list[QWidget] = [self._shell.holder, *self._docking.panels.values()]
        return [action for owner in owners for action in owner.actions()]
