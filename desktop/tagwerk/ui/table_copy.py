"""Copying the selected rows of a `PaintedTable` to the clipboard, without a stall however many."""

from __future__ import annotations

import asyncio
from itertools import islice

from PySide6.QtGui import QGuiApplication

from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import tr_n
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.widgets.table import PaintedTable

FEW = 500
_SLICE = 100


def copy_rows(table: PaintedTable, tasks: TaskScope, desk: Desk) -> None:
    """Copy the selected rows as tab-separated lines under a line of titles.

    Many rows are written in slices between events, and the window says when they are there.
    """
    lines = table.selected_lines()
    count = table.selected_count()
    if count <= FEW:
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")
        return

    async def copy() -> None:
        written: list[str] = []
        while part := list(islice(lines, _SLICE)):
            written += part
            await asyncio.sleep(0)
        QGuiApplication.clipboard().setText("\n".join(written) + "\n")
        said = tr_n("{count} row copied", "{count} rows copied", len(written) - 1)
        desk.banner_requested.emit("info", said, "")

    tasks.start(copy(), "copy-rows", replace=True)
