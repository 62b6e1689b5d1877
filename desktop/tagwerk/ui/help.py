"""Two small dialogs of the Help menu: all keys, and what this program is."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, qVersion
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tagwerk import __version__
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.menus import MENUS
from tagwerk.ui.theme import theme
from tagwerk.ui.welcome_drawing import Logo
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars


class _HelpDialog(QDialog):
    def __init__(self, parent: QWidget, name: str, title: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self._ring = FocusRing(self)

    def add_foot(self, first: PushButton | None = None) -> None:
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 12, 16, 12)
        if first is not None:
            row.addWidget(first)
        row.addStretch(1)
        button = PushButton(tr("Close"))
        button.setObjectName("close")
        button.clicked.connect(self.accept)
        row.addWidget(button)
        self.column.addWidget(foot)
        button.setFocus()


class KeysDialog(_HelpDialog):
    """All actions that have a key, by menu. Object name ``keysDialog``."""

    def __init__(self, parent: QWidget, actions: Sequence[QAction]) -> None:
        super().__init__(parent, "keysDialog", tr("Keyboard shortcuts"))
        page = Area("panel")
        grid = QGridLayout(page)
        grid.setContentsMargins(24, 20, 24, 20)
        grid.setHorizontalSpacing(theme().px(32))
        grid.setVerticalSpacing(theme().px(6))
        row = 0
        for menu, title in MENUS.items():
            rows = [a for a in actions if a.property("menu") == menu and a.shortcuts()]
            if not rows:
                continue
            grid.setRowMinimumHeight(row, theme().px(8) if row else 0)
            heading = Label(tr_message(title).replace("&", ""), 12, 600, "text2")
            grid.addWidget(heading, row + 1, 0, 1, 2)
            row += 2
            for action in rows:
                keys = " · ".join(
                    key.toString(QKeySequence.SequenceFormat.NativeText)
                    for key in action.shortcuts()
                )
                grid.addWidget(Label(action.text().replace("&", "")), row, 0)
                grid.addWidget(Label(keys, 13, 500), row, 1)
                row += 1
        grid.setRowStretch(row, 1)
        grid.setColumnStretch(0, 1)
        area = QScrollArea()
        area.setAccessibleName(tr("Keyboard shortcuts"))
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(page)
        use_flat_scroll_bars(area)
        self.column.addWidget(area, 1)
        self.add_foot()
        self.resize(theme().px(520), theme().px(620))


class AboutDialog(_HelpDialog):
    """Name, version, licences. Object name ``aboutDialog``."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "aboutDialog", tr("About Tagwerk"))
        page = Area("panel")
        box = QVBoxLayout(page)
        box.setContentsMargins(24, 24, 24, 24)
        box.setSpacing(theme().px(12))
        head = QHBoxLayout()
        head.setSpacing(theme().px(16))
        head.addWidget(Logo(theme().px(38)))
        head.addWidget(Label(f"Tagwerk {__version__}", 20, 600))
        head.addStretch(1)
        box.addLayout(head)
        for text in (
            tr("The commissioning desk for WinCC: browse, trend, write with care, work the alarms, keep the evidence."),
            tr("MIT licence. The window is drawn with Qt, © The Qt Company Ltd. and other contributors, through PySide6; both are used under the GNU LGPL, version 3, and can be replaced by others of their kind."),
            tr("Typefaces: Inter and JetBrains Mono (OFL). Icons: Lucide (ISC)."),
            tr("Independent of Siemens. WinCC, SIMATIC and TIA Portal are trademarks of Siemens."),
        ):  # fmt: skip
            label = Label(text, 13, 400, "text2", wrap=True)
            label.setMinimumWidth(theme().px(420))
            box.addWidget(label)
        box.addWidget(
            Label(f"Python {platform.python_version()} · Qt {qVersion()} · {platform.system()}", 12, 400, "text3")
        )  # fmt: skip
        box.addStretch(1)
        self.column.addWidget(page, 1)
        self.add_foot(self._licences_button())
        self.setFixedWidth(theme().px(480))

    @staticmethod
    def _licences_button() -> PushButton | None:
        folder = licences_folder()
        if folder is None:
            return None
        button = PushButton(tr("Show all licences"))
        button.setObjectName("licences")
        button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))
        return button


def licences_folder() -> Path | None:
    """Where the packaged program keeps the licences of all its parts; None when not packaged."""
    folder = Path(sys.executable).parent / "licences"
    return folder if getattr(sys, "frozen", False) and folder.is_dir() else None
