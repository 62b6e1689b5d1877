"""What a panel shows when there is nothing to show: an icon, what is the matter, what to do next.

Also for errors (icon role ``bad``): the cause in the server's words, the cure as a button.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton, draw_icon


class Label(QLabel):
    """A label in a theme font and colour role that follows the theme.

    Args:
        text: translated.
        size, weight: as `Theme.font`.
        role: colour role.
        wrap: break lines where needed.
    """

    def __init__(
        self,
        text: str = "",
        size: float = 13,
        weight: int = 400,
        role: str = "text",
        parent: QWidget | None = None,
        *,
        wrap: bool = False,
        mono: bool = False,
    ) -> None:
        super().__init__(text, parent)
        self._look = (size, weight, mono)
        self._role = role
        self.setWordWrap(wrap)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._dress()
        theme().changed.connect(self._dress)

    def set_role(self, role: str) -> None:
        """Another colour role."""
        if role != self._role:
            self._role = role
            self._dress()

    def set_weight(self, weight: int) -> None:
        """Another weight."""
        if weight != self._look[1]:
            self._look = (self._look[0], weight, self._look[2])
            self._dress()

    def _dress(self) -> None:
        size, weight, mono = self._look
        self.setFont(theme().font(size, weight, mono=mono))
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, theme().color(self._role))
        palette.setColor(
            QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText, theme().color("disabled")
        )
        self.setPalette(palette)


class CutLabel(Label):
    """One line that ends in an ellipsis where there is no room; its owner puts the whole text into
    its tip."""

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(self.font())
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            shown = self.fontMetrics().elidedText(
                self.text(), Qt.TextElideMode.ElideRight, self.width()
            )
            side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(self.rect(), side, shown)


class IconLabel(QWidget):
    """A Lucide icon as a widget, in a colour role, following the theme."""

    def __init__(
        self, name: str, size: int = 16, role: str = "text2", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._size, self._role = name, size, role
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        side = theme().px(self._size)
        self.setFixedSize(side, side)
        self.update()

    def set_icon(self, name: str, role: str = "") -> None:
        """Another icon, in another role when given."""
        self._name, self._role = name, role or self._role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._name:
            return
        with QPainter(self) as painter:
            draw_icon(painter, QRectF(self.rect()), self._name, self._role)


class EmptyState(QWidget):
    """A quiet block in the middle of a panel.

    Args:
        icon_name: Lucide name.
        title: translated headline.
        text: translated; what to do next, or the server's words.
        buttons: shown below, wrapped into rows when narrow; the first may be primary.
        icon_role: colour role of the icon; ``bad`` for errors.
    """

    def __init__(
        self,
        icon_name: str,
        title: str,
        text: str = "",
        buttons: Sequence[PushButton] = (),
        parent: QWidget | None = None,
        *,
        icon_role: str = "text2",
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon_name, 20, icon_role)
        self._title = Label(title, 13, 600, wrap=True)
        self._text = Label(text, 12, 400, "text2", wrap=True)
        self._buttons: list[PushButton] = []
        self._block = QWidget(self)
        grid = QGridLayout(self._block)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme().px(12))
        grid.setVerticalSpacing(theme().px(4))
        grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._title, 0, 1)
        grid.addWidget(self._text, 1, 1)
        self._row = QVBoxLayout()
        self._row.setContentsMargins(0, theme().px(8), 0, 0)
        self._row.setSpacing(theme().px(8))
        grid.addLayout(self._row, 2, 1)
        grid.setColumnStretch(1, 1)
        self._block.setMaximumWidth(theme().px(400))
        outer = QHBoxLayout(self)
        outer.setContentsMargins(theme().px(24), theme().px(16), theme().px(24), theme().px(16))
        outer.addStretch(1)
        outer.addWidget(self._block, 1000, Qt.AlignmentFlag.AlignVCenter)
        outer.addStretch(1)
        self.set_buttons(buttons)
        self._text.setVisible(bool(text))

    def set_state(
        self, icon_name: str, title: str, text: str = "", *, icon_role: str = "text2"
    ) -> None:
        """Say something else; the buttons stay."""
        self._icon.set_icon(icon_name, icon_role)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))

    def set_buttons(self, buttons: Sequence[PushButton]) -> None:
        """Replace the buttons; the old ones are deleted unless given again."""
        for old in self._buttons:
            if old not in buttons:
                old.deleteLater()
        self._buttons = list(buttons)
        self._arrange(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._arrange(event.size().width())

    def _arrange(self, width: int) -> None:
        """Put the buttons into rows that fit."""
        while (item := self._row.takeAt(0)) is not None:
            if (inner := item.layout()) is not None:
                while inner.takeAt(0) is not None:
                    pass
                inner.deleteLater()
        row: QHBoxLayout | None = None
        used = 0
        limit = max(min(width - theme().px(2 * 24 + 20 + 12), theme().px(360)), theme().px(80))
        for button in self._buttons:
            button.setMaximumWidth(limit)
            needed = min(button.sizeHint().width(), limit)
            if row is None or used + needed > limit:
                row = QHBoxLayout()
                row.setSpacing(theme().px(8))
                row.addStretch(1)
                self._row.addLayout(row)
                used = 0
            row.insertWidget(row.count() - 1, button)
            used += needed + theme().px(8)
            button.setParent(self._block)
            button.show()
