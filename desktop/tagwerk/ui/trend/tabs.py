"""The tabs of the trend panel: names, a plus, rename in place, close. Shown in the dock's header."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QTabBar, QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton


class _NameField(QLineEdit):
    """Editor over a tab; Escape leaves the old name."""

    cancelled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)


class TrendTabBar(QTabBar):
    """Flat tabs with an accent line above the current one.

    Signals:
        renamed: index and the new name.
        close_requested: index.
        menu_requested: index and a global position.
    """

    renamed = Signal(int, str)
    close_requested = Signal(int)
    menu_requested = Signal(int, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("trendTabs")
        self.setAccessibleName(tr("Trends"))
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setMovable(True)
        self.setUsesScrollButtons(True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self._editor: _NameField | None = None
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()

    def tabSizeHint(self, index: int) -> QSize:
        width = theme().metrics(13, 600).horizontalAdvance(self.tabText(index))
        return QSize(min(round(width), theme().px(220)) + theme().px(24), theme().px(30))

    def sizeHint(self) -> QSize:
        width = sum(self.tabSizeHint(index).width() for index in range(self.count()))
        return QSize(width, theme().px(30))

    def minimumTabSizeHint(self, index: int) -> QSize:
        return QSize(theme().px(64), theme().px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            for index in range(self.count()):
                rect, current = self.tabRect(index), index == self.currentIndex()
                if current:
                    painter.fillRect(rect, tokens.color("panel"))
                    line = QRect(rect.left(), rect.top(), rect.width(), 2)
                    painter.fillRect(line, tokens.color("accent"))
                    if self.hasFocus():
                        painter.setPen(tokens.color("accent"))
                        painter.drawRect(rect.adjusted(1, 1, -2, -2))
                painter.setFont(tokens.font(13, 600 if current else 400))
                painter.setPen(tokens.color("text" if current else "text2"))
                area = rect.adjusted(tokens.px(12), 0, -tokens.px(8), 0)
                text = painter.fontMetrics().elidedText(
                    self.tabText(index), Qt.TextElideMode.ElideRight, area.width() + tokens.px(4)
                )
                painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), text)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.close_requested.emit(index)
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if index >= 0:
            self.rename(index)
            event.accept()

    def _menu(self, at: QPoint) -> None:
        index = self.tabAt(at)
        if index >= 0:
            self.menu_requested.emit(index, self.mapToGlobal(at))

    def rename(self, index: int) -> None:
        """Edit the name in place: Enter takes it, Escape leaves the old one."""
        self._close_editor()
        field = self._editor = _NameField(self.tabText(index), self)
        field.setObjectName("trendTabName")
        field.setAccessibleName(tr("Name of the trend"))
        field.setMaxLength(80)
        field.setFont(theme().font(13, 600))
        field.setGeometry(self.tabRect(index).adjusted(4, 3, -4, -3))
        field.selectAll()
        field.show()
        field.setFocus()
        field.editingFinished.connect(lambda: self._take_name(index, field))
        field.cancelled.connect(self._close_editor)

    def _take_name(self, index: int, field: _NameField) -> None:
        if field is self._editor:
            name = field.text().strip()
            self._close_editor()
            if name:
                self.renamed.emit(index, name)

    def _close_editor(self) -> None:
        field, self._editor = self._editor, None
        if field is not None:
            field.hide()
            field.deleteLater()


class TrendTabs(QWidget):
    """Tab bar and the plus behind it."""

    new_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = TrendTabBar()
        self.plus = IconButton("plus", tr("New trend"))
        self.plus.setObjectName("trendNewTab")
        self.plus.clicked.connect(lambda _checked=False: self.new_requested.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(4))
        row.addWidget(self.bar)
        row.addWidget(self.plus)
        row.addStretch(1)
