"""Saves and copies a trend: asks for the file without blocking, writes, tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from tagwerk.domain.errors import TagwerkError
from tagwerk.export.csv_table import write_csv
from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import tr
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.trend import export
from tagwerk.ui.trend.axes import local_time
from tagwerk.ui.trend.page import TrendPage


class TrendExports:
    """The panel's exports.

    Args:
        parent: of the file dialogs.
        desk: takes errors and says what was saved.
        tasks: scope of the panel.
    """

    def __init__(self, parent: QWidget, desk: Desk, tasks: TaskScope) -> None:
        self._parent = parent
        self._tasks = tasks
        self._desk = desk

    def picture(self, page: TrendPage) -> QImage:
        """The trend with its legend."""
        legend = page.legend if page.model.legend_on and page.model.pens else None
        return export.picture(page.view, legend, page.model.title)

    def copy_picture(self, page: TrendPage) -> None:
        """The picture to the clipboard."""
        QGuiApplication.clipboard().setImage(self.picture(page))

    def save_picture(self, page: TrendPage) -> None:
        """Ask for a file, then write the picture as it was when asked."""
        image = self.picture(page)
        self._ask_file(
            page, tr("Save picture"), "png", tr("Pictures (*.png)"),
            lambda path: export.save_picture(image, path),
        )  # fmt: skip

    def save_csv(self, page: TrendPage) -> None:
        """Ask for a file, then write the samples in view as they were when asked."""
        rows, profile = export.sample_rows(page.model), export.csv_profile()
        self._ask_file(
            page, tr("Save samples"), "csv", tr("Tables (*.csv)"),
            lambda path: write_csv(path, export.COLUMNS, rows, profile),
        )  # fmt: skip

    def _ask_file(
        self,
        page: TrendPage,
        title: str,
        suffix: str,
        kinds: str,
        write: Callable[[Path], object],
    ) -> None:
        dialog = QFileDialog(self._parent, title)
        dialog.setObjectName("trendSaveDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(kinds)
        dialog.setDefaultSuffix(suffix)
        stamp = local_time(page.model.left_ns).strftime("%Y-%m-%d_%H-%M-%S")
        name = "".join(c if c.isalnum() or c in " -_." else "_" for c in page.model.title)
        dialog.selectFile(f"{name}_{stamp}.{suffix}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(
            lambda chosen: self._tasks.start(self.write_file(Path(chosen), write), "export")
        )
        dialog.open()

    async def write_file(self, path: Path, write: Callable[[Path], object]) -> None:
        """Write in a thread, and say that it is done or why not."""
        try:
            await asyncio.to_thread(write, path)
        except TagwerkError as error:
            self._desk.report(error, "trend.export")
            return
        self._desk.banner_requested.emit("info", tr("Saved {file}", file=path.name), str(path))
