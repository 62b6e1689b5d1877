"""Help → Save support bundle: says what goes in, lets leave out what need not, and writes it."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal, qVersion
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.domain.errors import TagwerkError
from tagwerk.export.support import Cancelled, SupportFacts, write_bundle
from tagwerk.ui.errors import Reporter, in_words
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import CheckBox
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area

if TYPE_CHECKING:
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.tasks import TaskScope


class _Progress(QObject):
    """Carries the progress from the writing thread to the window's."""

    moved = Signal(int, int)


class SupportDialog(QDialog):
    """Object name ``supportDialog``.

    Args:
        desk: the plant on show, settings, the last doctor report.
        scope: where the writing runs.
        report: what was reported in this run.
    """

    def __init__(self, parent: QWidget, desk: Desk, scope: TaskScope, report: Reporter) -> None:
        super().__init__(parent)
        self.setObjectName("supportDialog")
        self.setWindowTitle(tr("Save support bundle"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self._scope = scope
        self._report = report
        self._cancelled = threading.Event()
        self._written: Path | None = None
        self._build()
        self._ring = FocusRing(self)

    def _build(self) -> None:
        tokens = theme()
        page = Area("panel")
        box = QVBoxLayout(page)
        box.setContentsMargins(tokens.px(24), tokens.px(20), tokens.px(24), tokens.px(20))
        box.setSpacing(tokens.px(10))
        box.addWidget(Label(tr("One file for whoever is to help"), 16, 600))
        for text in (
            tr("It holds versions, settings, the log, the state of the link, the traffic of this run and the last doctor report."),
            tr("Passwords and session tokens are blacked out. The journal of writes and tag sheets are not in it. README.txt in the file lists what is."),
        ):  # fmt: skip
            box.addWidget(Label(text, 13, 400, "text2", wrap=True))
        self.with_texts = CheckBox(tr("With texts of requests and answers"))
        self.with_texts.setObjectName("supportTexts")
        box.addSpacing(tokens.px(4))
        box.addWidget(self.with_texts)
        box.addWidget(
            Label(tr("Names and values of tags stand in them."), 12, 400, "text3", wrap=True)
        )
        self.said = Label("", 13, 400, "text2", wrap=True)
        self.said.setObjectName("supportState")
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.addWidget(self.said)
        box.addStretch(1)
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(tokens.px(16), tokens.px(12), tokens.px(16), tokens.px(12))
        row.setSpacing(tokens.px(8))
        self.show_folder = PushButton(tr("Open the folder"), "folder-open")
        self.show_folder.setObjectName("supportFolder")
        self.show_folder.clicked.connect(lambda _on=False: self._open_folder())
        self.show_folder.hide()
        row.addWidget(self.show_folder)
        row.addStretch(1)
        self.cancel = PushButton(tr("Cancel"))
        self.cancel.setObjectName("supportCancel")
        self.cancel.clicked.connect(lambda _on=False: self._cancel())
        self.save = PushButton(tr("Save…"), "file-down", "primary")
        self.save.setObjectName("supportSave")
        self.save.clicked.connect(lambda _on=False: self.choose_file())
        row.addWidget(self.cancel)
        row.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(page, 1)
        column.addWidget(foot)
        self.setMinimumWidth(tokens.px(480))
        self.resize(tokens.px(520), self.sizeHint().height())
        self.save.setFocus()

    # Writing.

    def choose_file(self) -> None:
        """Ask where to, then write."""
        dialog = QFileDialog(self, tr("Save support bundle"))
        dialog.setObjectName("supportFileDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(tr("Archive (*.zip)"))
        dialog.setDefaultSuffix("zip")
        dialog.selectFile(time.strftime("tagwerk-support-%Y%m%d-%H%M.zip"))
        dialog.fileSelected.connect(lambda path: self.save_to(Path(path)))
        dialog.open()

    def save_to(self, path: Path) -> None:
        """Write the bundle; progress and outcome are shown here."""
        if self._scope.is_running("support bundle"):
            return
        self._cancelled.clear()
        self.save.setEnabled(False)
        self.with_texts.setEnabled(False)
        self.show_folder.hide()
        self._say(tr("Collecting…"))
        self._scope.start(self._write(path), "support bundle")

    async def _write(self, path: Path) -> None:
        facts = self._facts()
        progress = _Progress()
        progress.moved.connect(
            lambda done, of: self._say(tr("{done} of {count} parts", done=done, count=of))
        )
        try:
            await asyncio.to_thread(
                write_bundle,
                path,
                facts,
                on_progress=progress.moved.emit,
                is_cancelled=self._cancelled.is_set,
            )
        except Cancelled:
            self._say(tr("Cancelled; nothing was written."))
        except TagwerkError as error:
            headline, cure = in_words(error)
            self._say(f"{headline} {cure}".strip(), "bad")
        else:
            self._written = path
            self._say(tr("Written to {path}", path=str(path)))
            self.show_folder.show()
            self.cancel.setText(tr("Close"))
        finally:
            progress.moved.disconnect()
            self.save.setEnabled(True)
            self.with_texts.setEnabled(True)

    def _facts(self) -> SupportFacts:
        plant = self._desk.plant
        link = plant.link if plant is not None and plant.has_link else None
        return SupportFacts(
            time.time_ns(),
            settings=self._desk.settings.parts(),
            log_folder=self._desk.log_folder,
            status=plant.status if plant is not None else None,
            counters=link.counters if link is not None else None,
            traffic=tuple(plant.traffic.all()) if plant is not None else (),
            with_texts=self.with_texts.isChecked(),
            doctor_report=self._desk.doctor_report,
            problems=tuple(self._report.messages),
            more={"qt": qVersion()},
        )

    def _say(self, text: str, role: str = "text2") -> None:
        self.said.set_role(role)
        self.said.setText(text)

    def _cancel(self) -> None:
        if self._scope.is_running("support bundle"):
            self._cancelled.set()
        else:
            self.reject()

    def _open_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written.parent)))

    def reject(self) -> None:
        """Escape: while it writes, cancels; else closes."""
        if self._scope.is_running("support bundle"):
            self._cancelled.set()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._scope.is_running("support bundle"):
            self._cancelled.set()
            event.ignore()
        else:
            super().closeEvent(event)
