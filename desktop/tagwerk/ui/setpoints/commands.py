"""The commands of the setpoint panel, one row each."""

from __future__ import annotations

from tagwerk.ui.commands import Command

MENU = "Setpoints"

ARM = Command("setpoints.arm", "Arm or lock writing…", MENU, "lock-open", "Ctrl+Shift+W")
EXTEND = Command("setpoints.extend", "Stay armed 10 minutes longer", MENU, "clock-plus")
WRITE = Command(
    "setpoints.write", "Write staged values…", MENU, "pencil", "Ctrl+Return | Ctrl+Enter"
)
DISCARD = Command("setpoints.discard", "Discard staged values", MENU, "list-x")
UNDO = Command("setpoints.undo", "Undo last write…", MENU, "undo-2", "Ctrl+Z")
AUDIT = Command("setpoints.audit", "Check the audit", MENU, "shield-check")
EDIT = Command("setpoints.edit", "Edit the new value", MENU, "square-pen")
READ_AGAIN = Command("setpoints.read_again", "Read again", "", "refresh-cw")
DISMISS = Command("setpoints.dismiss", "Dismiss the outcome", "", "check")
TO_TREND = Command("setpoints.to_trend", "Add to the trend", "", "chart-line")
REVEAL = Command("setpoints.reveal", "Show in the tree", "", "folder-tree")
COPY_NAME = Command("setpoints.copy_name", "Copy name", "", "copy")
COPY_VALUE = Command("setpoints.copy_value", "Copy value", "")
COPY_ROW = Command("setpoints.copy_row", "Copy rows", "", "", "Ctrl+C", window_wide=False)
UP = Command("setpoints.up", "Move up", "", "arrow-up", "Alt+Up", window_wide=False)
DOWN = Command("setpoints.down", "Move down", "", "arrow-down", "Alt+Down", window_wide=False)
REMOVE = Command("setpoints.remove", "Remove from the list", "", "trash-2")
