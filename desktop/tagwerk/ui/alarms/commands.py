"""The alarm panel's commands as rows of data; menus, buttons and shortcuts are made of them."""

from __future__ import annotations

from tagwerk.ui.commands import Command

MENU = "Alarms"

ACKNOWLEDGE = Command(
    "alarms.acknowledge", "Acknowledge", MENU, "check", "Ctrl+Shift+A",
    tip="Acknowledge the selected alarms",
)  # fmt: skip
RESET = Command(
    "alarms.reset", "Reset", MENU, "rotate-ccw", "Ctrl+Shift+Z", tip="Reset the selected alarms"
)
TREND = Command(
    "alarms.trend", "Trend of trigger", MENU, "chart-line", "F7",
    tip="Trend of the trigger tag, ten minutes around the alarm",
)  # fmt: skip
SETPOINTS = Command(
    "alarms.setpoints", "Trigger tag to setpoints", "", "pencil-line", window_wide=False
)
REVEAL = Command("alarms.reveal", "Show trigger tag in the tree", "", "search", window_wide=False)
DETAILS = Command("alarms.details", "Details", MENU, "info", window_wide=False)
COPY = Command("alarms.copy", "Copy rows", "", "copy", "Ctrl+C", window_wide=False)
COPY_NAME = Command("alarms.copy_name", "Copy alarm name", "", "copy", window_wide=False)
COPY_TAG = Command("alarms.copy_tag", "Copy trigger tag", "", "copy", window_wide=False)
COPY_TEXT = Command("alarms.copy_text", "Copy text", "", "copy", window_wide=False)
SELECT_ALL = Command("alarms.select_all", "Select all", "", "", "Ctrl+A", window_wide=False)
SEARCH = Command("alarms.search", "Search alarms", "", "search", window_wide=False)
ONLY_AREA = Command("alarms.only_area", "Only this area", "", "funnel", window_wide=False)
ONLY_TAG = Command("alarms.only_tag", "Only this trigger tag", "", "funnel", window_wide=False)
NO_FILTER = Command("alarms.no_filter", "Clear filters", MENU, "funnel-x", window_wide=False)
REFRESH = Command("alarms.refresh", "Read the history again", "", "refresh-cw", window_wide=False)
HISTORY = Command("alarms.history", "History", MENU, "history", window_wide=False)
EXPORT = Command("alarms.export", "Export rows…", MENU, "file-down", window_wide=False)
FLASHING = Command("alarms.flashing", "Flashing", MENU, "bell-ring", checkable=True)
GREYS = Command(
    "alarms.greys", "Greys of ISA-101", MENU, "", checkable=True,
    tip="Greys in place of the server's colours",
)  # fmt: skip
