"""The trend's commands as data; the panel makes the actions and runs them."""

from __future__ import annotations

from tagwerk.ui.commands import Command

_MENU = "Trend"
COMMANDS = (
    Command("trend.new", "New trend", _MENU, "plus", "Ctrl+Shift+T"),
    Command("trend.rename", "Rename trend", _MENU, "", "F2", window_wide=False),
    Command("trend.close", "Close trend", _MENU, "", "Ctrl+W", window_wide=False),
    Command("trend.pause", "Pause or go on", _MENU, "pause", "Space", window_wide=False),
    Command("trend.live", "Back to live", _MENU, "", "Home", window_wide=False),
    Command("trend.cursors", "Cursors", _MENU, "ruler", checkable=True, tip="Cursors A and B"),
    Command("trend.fit", "Fit axes", _MENU, "arrow-up-down", tip="Fit all axes to what is shown"),
    Command("trend.split", "A pane for each axis", _MENU, "rows-3", checkable=True),
    Command("trend.legend", "Legend", _MENU, "table-2", checkable=True),
    Command("trend.alarms", "Alarms on the trend", _MENU, "bell", checkable=True),
    Command("trend.writes", "Writes on the trend", _MENU, "pencil", checkable=True),
    Command("trend.copy", "Copy statistics", _MENU, "copy", "Ctrl+C", window_wide=False),
    Command("trend.picture", "Save picture…", _MENU, "camera"),
    Command("trend.copy_picture", "Copy picture", _MENU),
    Command("trend.csv", "Save samples as CSV…", _MENU, "file-down"),
    Command("trend.ask_again", "Read the log again", _MENU, "refresh-cw"),
    Command("trend.remove", "Remove tag from trend", _MENU, "trash-2", "Del", window_wide=False),
)
GROUPS = (
    ("trend.cursors", "trend.fit", "trend.split", "trend.legend"),
    ("trend.alarms", "trend.writes"),
    ("trend.copy", "trend.picture", "trend.csv"),
)
VIEW_KEYS = ("trend.pause", "trend.live", "trend.copy", "trend.remove")
"""Their keys work only where the trend itself has the keyboard: Space presses buttons elsewhere."""
