"""Menu bar and menus of the design: flat, in the chrome colour, filled from actions."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from tagwerk.domain.message import Message, message
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_box

MENUS: dict[str, Message] = {
    "File": message("&File"),
    "Edit": message("&Edit"),
    "View": message("&View"),
    "Connection": message("&Connection"),
    "Trend": message("&Trend"),
    "Setpoints": message("&Setpoints"),
    "Alarms": message("&Alarms"),
    "Help": message("&Help"),
}
"""The menus of the menu bar in their order: the name that commands give, and the title with its access
key."""


class MenuBar(QMenuBar):
    """A menu bar in the chrome colour; object name ``menuBar``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("menuBar")
        self.setNativeMenuBar(False)
        self.note = ""
        self.has_line = True
        self.setContentsMargins(theme().px(8), 0, 0, 0)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFont(theme().font(13))
        self.setFixedHeight(theme().px(28))

    def set_note(self, note: str) -> None:
        """Grey text at the right end."""
        self.note = note
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme().px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), tokens.color("chrome"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            active = self.activeAction()
            for action in self.actions():
                if not action.isVisible():
                    continue
                area = QRect(self.actionGeometry(action))
                area.setTop(0)
                area.setBottom(self.height() - 1)
                if action is active and action.isEnabled():
                    inset = tokens.px(3)
                    draw_box(
                        painter,
                        area.adjusted(1, inset, -1, -inset),
                        tokens.color("selection"),
                        None,
                    )
                painter.setPen(tokens.color("text" if action.isEnabled() else "disabled"))
                # Access keys are underlined while the keyboard is in the bar, as on Windows.
                by_keyboard = self.hasFocus() or active is not None
                shown = (
                    Qt.TextFlag.TextShowMnemonic if by_keyboard else Qt.TextFlag.TextHideMnemonic
                )
                flags = Qt.AlignmentFlag.AlignCenter | shown
                painter.drawText(area, flags, action.text())
            if self.has_line:
                painter.fillRect(0, self.height() - 1, self.width(), 1, tokens.color("border"))
            if self.note:
                painter.setPen(tokens.color("text2"))
                area = self.rect().adjusted(0, 0, -tokens.px(16), 0)
                painter.drawText(
                    area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.note
                )


def fill_menu(menu: QMenu, actions: Iterable[QAction]) -> None:
    """Append actions, with a line before each one whose property ``separated`` is set."""
    for action in actions:
        if action.property("separated") and not menu.isEmpty():
            menu.addSeparator()
        menu.addAction(action)
