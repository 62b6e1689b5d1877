"""Commands as data: menus, toolbars, context menus and the palette come from the same actions.

A panel makes its actions with `make_action` and adds them to itself; the window collects them
by `menu` and order of creation. Shortcuts and texts live only here and in the panels' tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import icon


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a user can do.

    Args:
        id: stable, dotted; becomes the action's objectName (``trend.pause``).
        text: English, translated when the action is made.
        menu: English title of the menu-bar menu it belongs to; "" for none.
        icon: Lucide name or "".
        keys: shortcut as text ("Ctrl+T"), "" for none; several parted by " | ".
        window_wide: the shortcut works everywhere in the window, else only inside the panel.
        checkable: has an on/off state.
        tip: English tooltip; the text when "".
    """

    id: str
    text: str
    menu: str = ""
    icon: str = ""
    keys: str = ""
    window_wide: bool = True
    checkable: bool = False
    tip: str = ""


SHELL_COMMANDS = (
    Command("file.connect", "Connect…", "File", "plug", "Ctrl+N"),
    Command("file.demo", "Start the demo plant", "File", "play"),
    Command("file.open_workspace", "Open workspace…", "File", "folder-open", "Ctrl+O"),
    Command("file.save_workspace", "Save workspace", "File", "save", "Ctrl+S"),
    Command("file.save_workspace_as", "Save workspace as…", "File", "", "Ctrl+Shift+S"),
    Command("file.close", "Close the plant", "File", "x", "Ctrl+F4"),
    Command("file.quit", "Quit", "File", "log-out", "Ctrl+Q"),
    Command("edit.palette", "Go to tag or command…", "Edit", "command", "Ctrl+K"),
    Command("view.next_panel", "Next panel", "View", "", "F6"),
    Command("view.previous_panel", "Previous panel", "View", "", "Shift+F6"),
    Command("view.full_screen", "Full screen", "View", "maximize", "F11", checkable=True),
    Command("view.reset_layout", "Reset layout", "View", "layout-dashboard"),
    Command("connection.reconnect", "Connect now", "Connection", "refresh-cw", "Ctrl+Shift+R"),
    Command("connection.sign_in_as", "Sign in as another user…", "Connection", "user"),
    Command("connection.disconnect", "Disconnect", "Connection", "unplug", "Ctrl+Shift+D"),
    Command("connection.doctor", "Connection doctor…", "Connection", "stethoscope", "F8"),
    Command("connection.traffic", "Show traffic", "Connection", "activity", "F12"),
    Command("connection.forget", "Forget the saved password or token", "Connection", "key-round"),
    Command("connection.edit", "Edit this connection…", "Connection", "pencil"),
    Command("connection.manage", "Saved connections…", "Connection", "list"),
    Command("help.keys", "Keyboard shortcuts", "Help", "keyboard", "F1"),
    Command("help.support", "Save support bundle…", "Help", "life-buoy"),
    Command("help.log_folder", "Open the folder of logs", "Help", "folder-open"),
    Command("help.about", "About Tagwerk", "Help", "info"),
)
"""What the window itself can do; the panels bring their own."""


def make_action(command: Command, run: Callable[..., object], owner: QWidget) -> QAction:
    """Make the action of a command, owned by and added to `owner`."""
    action = QAction(tr(command.text), owner)
    action.setObjectName(command.id)
    action.setToolTip(tr(command.tip or command.text))
    action.setCheckable(command.checkable)
    if command.icon:
        action.setIcon(icon(command.icon))
    if command.keys:
        action.setShortcuts([QKeySequence(keys) for keys in command.keys.split(" | ")])
    context = Qt.ShortcutContext
    action.setShortcutContext(
        context.WindowShortcut if command.window_wide else context.WidgetWithChildrenShortcut
    )
    action.setProperty("command", command.id)
    action.setProperty("menu", command.menu)
    action.setProperty("icon_name", command.icon)
    if command.checkable:
        action.toggled.connect(run)
    else:
        action.triggered.connect(lambda _checked=False: run())
    owner.addAction(action)
    return action


def disable_with_reason(action: QAction, reason: str) -> None:
    """Enable the action when `reason` is "", else disable it and say why in its tooltip.

    `reason` is already translated.
    """
    action.setEnabled(not reason)
    plain = action.text().replace("&", "")
    action.setToolTip(f"{plain}: {reason}" if reason else plain)
