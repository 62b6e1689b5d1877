"""The traffic panel's commands as rows of data; menus, buttons and shortcuts are made of them."""

from __future__ import annotations

from tagwerk.ui.commands import Command

PAUSE = Command(
    "traffic.pause", "Hold the list", "", "pause", "Space", window_wide=False, checkable=True,
    tip="Hold the list; recording goes on",
)  # fmt: skip
CLEAR = Command("traffic.clear", "Empty the list", "", "trash-2", window_wide=False)
EXPORT = Command("traffic.export", "Export traffic…", "", "file-down", window_wide=False)
COPY = Command("traffic.copy", "Copy rows", "", "copy", "Ctrl+C", window_wide=False)
COPY_ALL = Command("traffic.copy_texts", "Copy request and answer", "", "copy", window_wide=False)
COPY_REQUEST = Command("traffic.copy_request", "Copy request", "", "copy", window_wide=False)
COPY_ANSWER = Command("traffic.copy_answer", "Copy answer", "", "copy", window_wide=False)
SELECT_ALL = Command("traffic.select_all", "Select all", "", "", "Ctrl+A", window_wide=False)
SEARCH = Command("traffic.search", "Search traffic", "", "search", window_wide=False)
ONLY_THIS = Command("traffic.only_this", "Only this operation", "", "funnel", window_wide=False)
NO_FILTER = Command("traffic.no_filter", "Clear filters", "", "funnel-x", window_wide=False)
NEWEST = Command(
    "traffic.newest", "Go to the newest", "", "arrow-down", "Ctrl+End", window_wide=False
)
